"""The bracket in which a property switches, found by trying values."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from glasshouse._foundation.digits import headline
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import fields_of, plain

ROUNDING_UNITS = 64
"""Numbers below so many units of rounding of the largest one seen count as zero."""

CLEAR = 32
"""So many times what counts as zero is far from it."""


@dataclasses.dataclass(frozen=True, repr=False)
class Switch(Evidenced):
    """The coupling at which a property switches on, with the bracket that contains it.

    **Arguments:** `value`, the middle of `bracket`, or None; `bracket`, lower and upper end, beyond
    which the property clearly fails and clearly holds: what rounding leaves open lies between;
    `result`: "found", "not bracketed" (the property does not change in the range searched),
    "several switches" (all of them in `brackets`), "not settled" (it depends on the window of
    learning) or "not finite"; `method`; `detail`, the settings in words; `holds`: where the
    property holds, as far as was tried; `learned`, the steps taken before the property was looked
    at, empty where nothing was learned; `searched`, from where to where; `settings`, by name.
    """

    value: float | None
    bracket: tuple[float, float] | None
    result: Literal["found", "not bracketed", "several switches", "not settled", "not finite"]
    brackets: tuple[tuple[float, float], ...]
    holds: Literal["above", "below", "everywhere", "nowhere", "unclear"]
    method: str
    detail: str
    learned: str = ""
    searched: tuple[float, float] | None = None
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def lower(self) -> float | None:
        """The lower end of the bracket, or None."""
        return None if self.bracket is None else self.bracket[0]

    @property
    def upper(self) -> float | None:
        """The upper end of the bracket, or None."""
        return None if self.bracket is None else self.bracket[1]

    @property
    def words(self) -> str:
        """Where the property holds: "above 0.2468", or "at no value tried from 0 to 3"."""
        if self.bracket is not None:
            return f"{self.holds} {headline(*self.bracket)}"
        which = {"everywhere": "every", "nowhere": "no"}.get(self.holds)
        if self.result == "not finite":
            return "unknown: it is not finite at some of the values tried"
        if which is None:
            return f"at values that one number does not tell ({self.result})"
        low, high = self.searched or (math.nan, math.nan)
        return f"at {which} value tried" + (f" from {low:g} to {high:g}" if self.searched else "")

    def to_dict(self) -> dict[str, Any]:
        """All fields, and the ends of the bracket as `lower` and `upper`."""
        ends = {"lower": plain(self.lower), "upper": plain(self.upper)}
        found = {name: plain(value) for name, value in fields_of(self)}
        return {"value": found.pop("value"), **ends, **found}


class Search(NamedTuple):
    """Where to look for a switch: `points` values in [low, high], until `tolerance` wide."""

    low: float
    high: float
    points: int
    tolerance: float


Margins = Callable[[np.ndarray], np.ndarray]
"""By how much a property holds at each of several values: below zero it fails; NaN is an error."""


def find_switch(
    margins: Margins,
    search: Search,
    smallest: float,
    method: str,
    detail: str,
    settings: Mapping[str, Any],
) -> Switch:
    """Where `margins` turn positive, between a value with a clear no and one with a clear yes.

    **Arguments:** `smallest`: margins up to this are none, neither yes nor no; rounding of the
    largest margin seen is never less. A switch from rest, which has no clear no, is bracketed by
    how fast the margin grows beyond it.
    """
    grid = np.linspace(search.low, search.high, search.points)
    seen = margins(grid)
    seen = np.where(np.isfinite(seen), seen, np.nan)
    how = {
        "method": method,
        "detail": detail,
        "searched": (search.low, search.high),
        "settings": {"searched": (search.low, search.high), "points": search.points, **settings},
    }
    if np.any(np.isnan(seen)):
        return Switch(None, None, "not finite", (), "unclear", **how)
    none = max(smallest, ROUNDING_UNITS * float(np.finfo(float).eps * np.abs(seen).max()))
    holds = seen > none
    changes = np.flatnonzero(holds[1:] != holds[:-1])
    if not len(changes):
        where = "everywhere" if holds[0] else "nowhere"
        return Switch(None, None, "not bracketed", (), where, **how)
    brackets = tuple(_cell(grid, seen, none, int(k)) for k in changes)
    if len(changes) > 1:
        return Switch(None, None, "several switches", brackets, "unclear", **how)
    low, high = _narrowed(margins, search, grid, seen, none)
    where = "below" if holds[0] else "above"
    return Switch((low + high) / 2, (low, high), "found", brackets, where, **how)


def _cell(grid: np.ndarray, seen: np.ndarray, none: float, k: int) -> tuple[float, float]:
    """From grid point k to the next; one more where the property neither holds nor fails at one."""
    rising = seen[k + 1] > none
    fails = _failing(seen, none, k if rising else k + 1, -1 if rising else 1)
    first, last = (fails, k + 1) if rising else (k, fails)
    return float(grid[first]), float(grid[last])


def _failing(seen: np.ndarray, none: float, start: int, step: int) -> int:
    """The grid point of a clear no next to a yes, if need be one further; else where it is none."""
    further = start + step
    if seen[start] < -none or not 0 <= further < len(seen):
        return start
    return further if seen[further] < -none else start


def _narrowed(
    margins: Margins, search: Search, grid: np.ndarray, seen: np.ndarray, none: float
) -> tuple[float, float]:
    """The ends of the only switch on the grid: one with a clear no, one with a clear yes."""
    holds = seen > none
    k = int(np.flatnonzero(holds[1:] != holds[:-1])[0])
    rising = bool(holds[k + 1])
    beyond = k + 1 if rising else k  # where it holds
    start, step = (k, -1) if rising else (k + 1, 1)
    away, there = float(grid[start]), float(grid[beyond])
    while abs(there - away) > search.tolerance / 2:
        tried = np.linspace(away, there, max(search.points, 3))  # of two, none is between
        if tried[1] == away or tried[-2] == there:  # neighbouring floats: nothing is narrower
            break
        holds_at = margins(tried) > none
        holds_at[0], holds_at[-1] = False, True  # as was seen, whatever rounding says this time
        first = int(np.argmax(holds_at))
        away, there = float(tried[first - 1]), float(tried[first])
    fails = _failing(seen, none, start, step)
    if seen[fails] < -none:
        away = _clear_no(margins, away, float(grid[fails]), none, search)
    else:
        far = search.high if rising else search.low
        away = _before_the_rise(margins, there, far, away, none, search)
        away = max(away, float(grid[fails])) if rising else min(away, float(grid[fails]))
    return (away, there) if rising else (there, away)


def _clear_no(margins: Margins, away: float, far: float, none: float, search: Search) -> float:
    """The nearest of a few values from `away` to `far` at which the property clearly fails."""
    reach = abs(far - away)
    if reach <= search.tolerance:
        return far
    offsets = np.geomspace(search.tolerance / search.points, reach, search.points - 1)
    tried = away + math.copysign(1.0, far - away) * np.concatenate([[0.0], offsets])
    tried[-1] = far
    fails = margins(tried) < -none
    return float(tried[int(np.argmax(fails))])


def _before_the_rise(
    margins: Margins, there: float, far: float, away: float, none: float, search: Search
) -> float:
    """How far before its first clear yes a margin that grows from nothing may have begun to.

    It has grown to `none` there. Where it has grown to many times as much, the same distance back
    is before its beginning, whether it grows in proportion or with a power up to the fifth. Where
    it never does, up to the end of the search, nothing is known: infinitely far.
    """
    reach, side = abs(far - there), math.copysign(1.0, there - away)
    if reach <= search.tolerance:
        return -side * math.inf
    offsets = np.geomspace(search.tolerance / search.points, reach, search.points)
    tried = there + math.copysign(1.0, far - there) * offsets
    clear = margins(tried) > CLEAR * none
    if not clear.any():
        return -side * math.inf
    return away - float(tried[int(np.argmax(clear))] - there)
