"""Payoffs as people write them: one number or two in a cell, with points or commas.

What a cell says may depend on how its writer writes numbers: "1,500" is 1500, 1.5 or two payoffs.
A table is read in every way in which all of its cells can be read; where two of them give
different payoffs, nobody guesses.
"""

import math
import numbers
import re
from typing import Any, NamedTuple

import numpy as np

from glasshouse.interop.tables.sheet import Grid

GROUPING = " '’"
"""Group the digits of large numbers wherever people write."""

MINUS = re.compile(r"[−﹣－–](?=[0-9.,])")
"""A minus as typeset, in front of a number."""

BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}

SEPARATORS = ";/|"
"""Between two payoffs, whatever the decimal mark."""

MONTHS = "jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]"
DATE = re.compile(rf"([0-9]{{1,4}}[-./ ]+)?({MONTHS})[a-zé.]*([-./ ]+[0-9]{{1,4}})?", re.IGNORECASE)
CURRENCY = re.compile(r"[$€£¥₹¢]|\b(USD|EUR|GBP|CHF|JPY)\b")
NO_NUMBER = re.compile(r"[+-]?(inf|infinity|∞|nan|n/?a|null|none|#.*)", re.IGNORECASE)


class Convention(NamedTuple):
    """How numbers are written: the decimal mark, and what groups digits by three."""

    mark: str
    groups: str

    def number(self, text: str) -> float | None:
        """The float nearest to what is written, or None where that is no number."""
        if (found := _PATTERNS[self].fullmatch(text)) is None:
            return None
        whole = re.sub(f"[{re.escape(self.groups)}]", "", found["whole"] or "0")
        part = found["part"] or found["alone"] or "0"
        value = float(f"{found['sign']}{whole}.{part}e{found['power'] or '0'}")
        return value if math.isfinite(value) else None


POINT = Convention(".", GROUPING)
GROUPED = Convention(".", GROUPING + ",")
COMMA = Convention(",", GROUPING)
COMMA_GROUPED = Convention(",", GROUPING + ".")


def _pattern(convention: Convention) -> re.Pattern[str]:
    mark, groups = (re.escape(characters) for characters in convention)
    grouped = rf"[1-9][0-9]{{0,2}}(?P<between>[{groups}])[0-9]{{3}}(?:(?P=between)[0-9]{{3}})*"
    whole = rf"(?P<whole>{grouped}|0|[1-9][0-9]*)(?:{mark}(?P<part>[0-9]*))?"
    power = r"(?:[eE](?P<power>[+-]?[0-9]{1,4}))?"
    return re.compile(rf"(?P<sign>[+-]?)(?:{whole}|{mark}(?P<alone>[0-9]+)){power}")


_PATTERNS = {each: _pattern(each) for each in (POINT, GROUPED, COMMA, COMMA_GROUPED)}


class Way(NamedTuple):
    """How all cells are read: so many payoffs in each, written so."""

    payoffs: int
    convention: Convention

    def read(self, cell: Any) -> tuple[float, ...] | None:
        """The payoffs in a cell, or None where they cannot be read so."""
        if isinstance(cell, tuple | list):
            found = [self.convention.number(x) if isinstance(x, str) else _held(x) for x in cell]
        elif isinstance(cell, str):
            found = self._written(MINUS.sub("-", cell))
        else:
            found = [_held(cell)]
        known = tuple(x for x in found if x is not None)
        return known if len(known) == len(found) == self.payoffs else None

    def _written(self, text: str) -> list[float | None]:
        if self.payoffs == 1:
            return [self.convention.number(text)]
        inside = bare(text)
        for separator in SEPARATORS:
            if separator in inside:
                return self._numbers(inside.split(separator))
        spaced = re.split(r" *, +| +,", inside)
        if len(spaced) == 2:
            return self._numbers(spaced)
        if self.convention == POINT and "," in inside:
            return self._numbers(inside.split(","))
        return self._numbers(inside.split(" "))

    def _numbers(self, texts: list[str]) -> list[float | None]:
        return [self.convention.number(text.strip()) for text in texts]


def ways(payoffs: int, points: bool) -> list[Way]:
    """All ways to read so many payoffs in every cell."""
    comma = COMMA if points else COMMA_GROUPED
    return [Way(payoffs, each) for each in (POINT, GROUPED, comma)]


def bare(text: str) -> str:
    """What stands in brackets."""
    closed = BRACKETS.get(text[:1])
    return text[1:-1].strip() if closed and text.endswith(closed) and len(text) > 1 else text


class Read(NamedTuple):
    """A way to read all cells, and the payoffs: cells by rows and columns, then payoffs."""

    way: Way
    payoffs: np.ndarray


def read_every_way(body: Grid, choices: list[Way]) -> list[Read]:
    """All ways in which every cell can be read.

    **Raises:** `InputError` for the first cell that cannot be, read in the way in which most can.
    """
    found, most = [], (-1, choices[0])
    for way in choices:
        cells = [[way.read(cell) for cell in row] for row in body.rows]
        readable = sum(cell is not None for row in cells for cell in row)
        if readable == sum(map(len, cells)):
            found.append(Read(way, np.array(cells, dtype=np.float64)))
        elif readable > most[0]:
            most = readable, way
    if not found:
        for r, row in enumerate(body.rows):
            for c, cell in enumerate(row):
                if most[1].read(cell) is None:
                    raise body.error(r, c, wrong(cell, most[1], choices))
    return found


def looks_like_payoffs(cell: Any) -> bool:
    """Whether a cell could hold one payoff or two."""
    each = [way for count in (1, 2) for way in ways(count, points=False)]
    return cell is not None and any(way.read(cell) for way in each)


def wrong(cell: Any, way: Way, choices: list[Way]) -> str:
    """What is wrong with a cell that cannot be read, and what to do."""
    one, two = "one number, such as -2.5", "two numbers, such as '3; 0'"
    wanted = two if way.payoffs == 2 else one
    if len({each.payoffs for each in choices}) == 2 and way.payoffs == 1 and cell is None:
        wanted = f"{one}, or {two}"
    if cell is None:
        return f"is empty: every cell of payoffs holds {wanted}"
    if hasattr(cell, "isoformat"):
        return (
            f"is a date ({cell.isoformat()[:10]}), perhaps made of 1/2 or 1-2 by the spreadsheet: "
            f"format the cell as text and write {wanted}"
        )
    shown = f"'{cell!s:.40}'"
    said = _sign_of(str(cell))
    if said:
        return f"{shown} {said}; a cell here holds {wanted}"
    if any(each.read(cell) for each in ways(way.payoffs, points=False)):
        return f"{shown} is written with another decimal mark than other cells: write {wanted}"
    if any(other.read(cell) for other in choices if other.payoffs != way.payoffs):
        number = "one payoff" if way.payoffs == 2 else "two payoffs"
        return f"{shown} is {number}, unlike other cells: write {wanted} in each"
    return f"{shown} cannot be read: a cell here holds {wanted}"


def _sign_of(text: str) -> str:
    """What a text holds that is no plain number, and how to write it."""
    if "%" in text:
        return "has a percent sign: write 0.5 or 50 for '50%', whichever is meant"
    if CURRENCY.search(text):
        return "has a sign of currency: leave it out"
    if NO_NUMBER.fullmatch(text):
        return "is no finite number: give the payoff itself"
    if DATE.fullmatch(text):
        return "looks like a date that a spreadsheet made of 1/2 or 1-2: write the payoffs again"
    if text.startswith("="):
        return "is a formula: save its value"
    if re.search(r"[0-9] ?/ ?[0-9].*/|^[+-]?[0-9]+/[0-9]+$", text):
        return "has a slash, which stands between two payoffs: write fractions as 0.5 for 1/2"
    if re.fullmatch(r"[+-]?0[0-9]+([.,][0-9]*)?", text):
        return "begins with 0: leave it out"
    if re.fullmatch(r"\([^ ;,/|]*\)", text):
        return "is one number in brackets: write -3 where that is meant, 3 otherwise"
    return ""


def _held(cell: Any) -> float | None:
    """A number that is held as one."""
    if isinstance(cell, bool) or not isinstance(cell, numbers.Number):
        return None
    try:
        value = float(cell)  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        return None
    return value if math.isfinite(value) else None
