"""Text as wide as the terminal: prose broken between words, tables in columns or line by line."""

import re
import textwrap
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console

COLUMN_GAP = 2
"""Spaces between columns."""

NARROWEST_PROSE = 18
"""Columns of prose that would have to be narrower are given up."""

JOIN = "\N{NO-BREAK SPACE}"

NO_BREAK = re.compile(
    r"(?<=\S) (?=±)|(?<=±) (?=\S)"  # a number and what is not known of it
    r"|(?<=\d) (?=%|(?:steps|starts|runs|points|values|players?|actions|digits)\b)"  # its unit
    r"|(?<=[=<>≥≤]) (?=\S)|(?<=\S) (?=[=<>≥≤]+ \S)"  # 0 < κ = 0.5
    r"|(?<=\d,) (?=[-+]?[\d.]+(?:e[-+]?\d+)?\])"  # [0.1, 0.2]
)
"""The spaces at which no line is broken."""


def terminal_width() -> int | None:
    """How many columns the terminal has; None where nobody watches one, and nothing is broken."""
    console = Console()
    return console.width if console.is_terminal else None


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """Prose in lines of the terminal, which begin with `first` and then with `rest`.

    No line is broken within a word, or between a number and its unit or what follows ±.
    """
    rest = first if rest is None else rest
    width = terminal_width()
    return f"{first}{text}" if width is None else "\n".join(_lines(text, width, first, rest))


def table(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> str:
    """Aligned columns, as wide as they need to be where nobody watches a terminal.

    On a terminal that is too narrow for columns, each row is a paragraph.
    """
    everything = [*([header] if header else []), *rows]
    width = terminal_width()
    widths = _widths(everything, width)
    if widths is None:
        assert width is not None
        return "\n".join(line for row in rows for line in _paragraph(row, header, width))
    return "\n".join(line for row in everything for line in _in_columns(row, widths))


def _lines(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    joined = NO_BREAK.sub(JOIN, text)
    found = textwrap.wrap(
        joined,
        max(width, len(rest) + 1),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(JOIN, " ") for line in found] or [first.rstrip()]


def _widths(rows: Sequence[Sequence[str]], width: int | None) -> list[int] | None:
    """How wide each column is; None where they do not fit next to each other."""
    columns = list(zip(*rows, strict=True))
    natural = [max(map(cell_len, column)) for column in columns]
    if width is None or sum(natural) + COLUMN_GAP * (len(natural) - 1) <= width:
        return natural
    words = [max(map(_longest, column)) for column in columns]
    least = [min(n, max(w, NARROWEST_PROSE)) for n, w in zip(natural, words, strict=True)]
    left = width - COLUMN_GAP * (len(least) - 1) - sum(least)
    if left < 0:
        return None
    found = list(least)
    for k in sorted(range(len(found)), key=lambda k: natural[k] - least[k]):
        # What is left is shared among those that want more, those first that want little.
        wanting = sum(natural[j] > found[j] for j in range(len(found)))
        more = min(natural[k] - found[k], left // max(wanting, 1))
        found[k], left = found[k] + more, left - more
    return found


def _longest(text: str) -> int:
    """How wide the longest piece is that cannot be broken."""
    return max(map(cell_len, NO_BREAK.sub(JOIN, text).split(" ")), default=0)


def _in_columns(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [_lines(text, width) for text, width in zip(row, widths, strict=True)]
    for k in range(max(map(len, cells))):
        texts = [lines[k] if k < len(lines) else "" for lines in cells]
        padded = [f"{t}{' ' * (w - cell_len(t))}" for t, w in zip(texts, widths, strict=True)]
        yield (" " * COLUMN_GAP).join(padded).rstrip()


def _paragraph(row: Sequence[str], header: Sequence[str], width: int) -> Iterator[str]:
    """A row as its first cell, and the others below it with the names of their columns."""
    yield from _lines(row[0], width, "", "  ") if row[0] else ()
    for k, text in enumerate(row[1:], 1):
        name = f"{header[k].lower()}: " if header and header[k] else ""
        if text:
            yield from _lines(f"{name}{text}", width, "  ", "    ")
