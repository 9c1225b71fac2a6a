"""What learning ends in: rest, a cycle with its period, or neither as far as can be proved."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, PyTree

from glasshouse._foundation.numbers import number
from glasshouse._foundation.results import Result
from glasshouse.dynamics.rest import Rest
from glasshouse.dynamics.solution import Solution
from glasshouse.errors import InputError

TURNS_IN_A_ROW = 3
"""So many turns in a row come back to one point, and take the same time."""

CROSSINGS_OF_A_TURN = 8
"""A turn may cross the section so many times before it closes."""

LAST_POINTS = 100_000
"""Of a path, so many last points are looked at."""

SHORTEST_TURN = 1e-9
"""Shorter turns, relative to the largest parameter or 1, may be rounding."""

PERIODS_TRIED = 50
"""Periods of whole steps that are tried, those of the nearest return first."""

Kind = Literal["rest", "cycle", "moving"]


@dataclasses.dataclass(frozen=True, repr=False)
class Ending(Result):
    """What learning ends in.

    **Arguments:** `kind`, "rest", "cycle" or "moving", which is all that is not shown to be one of
    the others; `period` of a cycle, in `unit`; `unit`, "steps" of a run or "time" of a flow, which
    is steps times their size; `distance`, the largest between a point and where it is one, two or
    three periods later, in lengths of the turn, None unless a cycle; `reason`, in words.
    """

    kind: Kind
    period: float | None
    unit: Literal["steps", "time"]
    distance: float | None
    reason: str


class Crossing(NamedTuple):
    """Where a path crosses the section: how long after it was at the end, or before, and after
    what way."""

    time: float
    point: Float[np.ndarray, "parameters"]
    length: float


def ending(solution: Solution, *, tolerance: float = 1e-6, rest: Rest = Rest()) -> Ending:
    """Whether a run ends at rest, in a cycle, or neither as far as its path shows.

    Definition: at rest where `rest` is met. Otherwise a cycle where the path was three times in a
    row within `tolerance` of its last point, after equal times, in lengths of the turn between:
    after whole steps, or where it crosses the plane through its last point across its last step, in
    the direction of that step, between steps by cubic splines. A spiral that gains or loses less
    than that in three turns is not told from a cycle.

    **Arguments:** `solution`, of one run with `save="path"`.
    **Returns:** an `Ending`; "moving" wherever nothing else is shown.
    **Raises:** `InputError` without a path, or for a batch.

        import glasshouse as gh
        from glasshouse.dynamics import ending

        line = gh.channels.Box(-10.0, 10.0)
        over = gh.DifferentiableGame(lambda p: [-(p[0] ** 2), -(p[1] ** 2)], [line, line])
        end = gh.run(over, params=(1.0, 0.5), steps=20, step_size=1.0, save="path")
        print(ending(end).kind, ending(end).period)  # cycle 2.0
    """
    tolerance = number(tolerance, "tolerance", most=0.1, above=0.0)
    if not isinstance(solution, Solution) or solution.path is None:
        raise InputError(
            "ending takes the Solution of a run with its path: run(…, save='path'); flows have "
            "theirs in .ending"
        )
    if np.ndim(solution.steps):
        raise InputError("ending takes one run, and this is a batch of them: take them one by one")
    residual = float(solution.residual)
    points = flat_path(solution.path)[: int(solution.steps) + 1][-LAST_POINTS:]
    if bool(rest.met(np.asarray(residual))):
        return at_rest(residual, "steps")
    if not np.all(np.isfinite(points)):
        return moving("a parameter is not finite", "steps")
    found = _whole_period(points, tolerance)
    return found or returned(_crossings(points), points[-1], tolerance, "steps")


def at_rest(residual: float, unit: Literal["steps", "time"]) -> Ending:
    """The ending of who rests."""
    return Ending("rest", None, unit, None, f"the residual is {residual:.3g}")


def moving(reason: str, unit: Literal["steps", "time"]) -> Ending:
    """The ending of who may do anything."""
    return Ending("moving", None, unit, None, reason)


def returned(
    crossings: Iterator[Crossing],
    end: Float[np.ndarray, "parameters"],
    tolerance: float,
    unit: Literal["steps", "time"],
) -> Ending:
    """A cycle where crossings 1, 2 and 3 come back to the end, or 2, 4 and 6, and so on.

    **Arguments:** `crossings`, in the order in which they follow, or precede, the end.
    """
    seen: list[Crossing] = []
    for crossing in crossings:
        seen.append(crossing)
        loops, left = divmod(len(seen), TURNS_IN_A_ROW)
        if not left and (found := _closed(seen[loops - 1 :: loops], end, tolerance, unit)):
            return found
        if len(seen) == CROSSINGS_OF_A_TURN and not any(
            _distance(x, end) <= tolerance for x in seen
        ):
            break
        if len(seen) == TURNS_IN_A_ROW * CROSSINGS_OF_A_TURN:
            break
    if not seen:
        return moving("the path does not come back across the section through its end", unit)
    nearest = min(_distance(crossing, end) for crossing in seen)
    return moving(
        f"of {len(seen)} returns to the section through the end, no {TURNS_IN_A_ROW} in a row "
        f"agree to {tolerance:.3g} of the turn's length: the nearest is {nearest:.3g} of it away",
        unit,
    )


def _distance(crossing: Crossing, end: np.ndarray) -> float:
    away = float(np.linalg.norm(crossing.point - end))
    return away / crossing.length if crossing.length else math.inf


def _closed(
    turns: Sequence[Crossing], end: np.ndarray, tolerance: float, unit: Literal["steps", "time"]
) -> Ending | None:
    """A cycle, if these are one, two and three turns of it."""
    first, last = turns[0], turns[-1]
    if not first.length > SHORTEST_TURN * max(1.0, float(np.abs(end).max())):
        return None
    distance = max(float(np.linalg.norm(x.point - end)) for x in turns) / first.length
    period = last.time / TURNS_IN_A_ROW
    uneven = max(abs(x.time - k * period) for k, x in enumerate(turns, start=1)) / period
    if distance > tolerance or uneven > 100 * tolerance:
        return None
    reason = f"{TURNS_IN_A_ROW} turns come back to within {distance:.3g} of their length"
    return Ending("cycle", period, unit, distance, reason)


def flat_path(path: PyTree) -> Float[np.ndarray, "points parameters"]:
    """A path as one row of numbers for each point."""
    leaves = [np.asarray(x, dtype=np.float64) for x in jax.tree.leaves(path)]
    return np.concatenate([x.reshape(len(x), -1) for x in leaves], axis=1)


def _whole_period(points: np.ndarray, tolerance: float) -> Ending | None:
    """A cycle of two or more whole steps."""
    end, last = points[-1], len(points) - 1
    lengths = np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)[::-1])
    distances = np.linalg.norm(points[-2::-1] - end, axis=1)
    periods = np.flatnonzero(
        distances[1 : last // TURNS_IN_A_ROW] <= tolerance * lengths[1 : last // TURNS_IN_A_ROW]
    )
    for period in (periods[:PERIODS_TRIED] + 2).tolist():
        turns = [
            Crossing(float(k * period), points[last - k * period], float(lengths[k * period - 1]))
            for k in range(1, TURNS_IN_A_ROW + 1)
        ]
        if found := _closed(turns, end, tolerance, "steps"):
            return found
    return None


def _crossings(points: np.ndarray) -> Iterator[Crossing]:
    """Backwards from the end, where the path crosses the section through it."""
    from scipy.interpolate import CubicSpline
    from scipy.optimize import brentq

    if len(points) < 4:
        return
    end, across, last = points[-1], points[-1] - points[-2], len(points) - 1
    heights = (points - end) @ across
    through = np.flatnonzero((heights[:-2] < 0) & (heights[1:-1] >= 0))[::-1]
    if not len(through):
        return
    # Those farther back are not asked for.
    begin = max(0, int(through[: TURNS_IN_A_ROW * CROSSINGS_OF_A_TURN][-1]) - 4)
    curve = CubicSpline(np.arange(begin, last + 1), points[begin:])
    lengths = np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)[::-1])
    for k in map(int, through[: TURNS_IN_A_ROW * CROSSINGS_OF_A_TURN]):
        found: Any = brentq(lambda t: (curve(t) - end) @ across, k, k + 1, xtol=1e-13)
        at = float(found)
        yield Crossing(last - at, curve(at), float(lengths[last - k - 1]))
