"""Couplings at which something switches, found by trying couplings."""

import dataclasses
from collections.abc import Callable
from typing import Literal

import jax
import jax.flatten_util
import numpy as np
from jaxtyping import Float

from glasshouse._arrays import RealArray, as_floats
from glasshouse._numbers import Numbers, Pair, Whole, number, pair, whole
from glasshouse._results import Result, few
from glasshouse.analysis.closed_form import lowest_coupling
from glasshouse.analysis.deviations import SATURATED, boundary_tests
from glasshouse.analysis.family import HIGHEST, AbstractFamily
from glasshouse.analysis.first_order import RESTS, cooperation_margin, mean_cooperation
from glasshouse.analysis.precision import in_float64
from glasshouse.dynamics.batch import batch_map, stack
from glasshouse.dynamics.driver import check_params, known_options, run
from glasshouse.errors import InputError
from glasshouse.networked import NetworkParametricGame
from glasshouse.parametric import AbstractParametricGame, ParametricGame, Params
from glasshouse.rules.gradient import Gradient

Family = Callable[[float], ParametricGame | NetworkParametricGame]
"""A parametric game for every coupling."""

ROUNDING = 1e-12
"""A smaller rise of mean cooperation counts as none: games can keep it constant by symmetry."""

MOST_PLAYERS = 4
"""So many players' starts are written out, where each has several numbers."""

POINTS = 64
"""Couplings tried at once: eight vectors of eight, the same shape at every narrowing."""


@dataclasses.dataclass(frozen=True, repr=False)
class Switch(Result):
    """The coupling at which a property switches on, with the bracket that contains it.

    **Arguments:** `value`, the middle of `bracket`, or None; `bracket`, lower and upper end;
    `result`: "found", "not bracketed" (the property does not change in the range searched),
    "several switches" (all of them in `brackets`) or "not finite"; `method`; `detail`, the
    settings that produced it; `holds`: where the property holds, as far as was tried; `learned`,
    the steps taken before the property was looked at, empty where nothing was learned;
    `searched`, from where to where.
    """

    value: float | None
    bracket: tuple[float, float] | None
    result: Literal["found", "not bracketed", "several switches", "not finite"]
    brackets: tuple[tuple[float, float], ...]
    holds: Literal["above", "below", "everywhere", "nowhere", "unclear"]
    method: str
    detail: str
    learned: str = ""
    searched: tuple[float, float] | None = None


@in_float64
def critical_coupling(
    family: Family,
    start: Params | None = None,
    *,
    bracket: Pair | None = None,
    steps: Whole = 1000,
    step_size: Numbers | None = None,
    points: Whole = POINTS,
    tolerance: Numbers = 1e-6,
) -> Switch:
    """The measured switch: from which coupling on selfish learning has raised mean cooperation.

    Definition: the boundary of {κ : mean cooperation after `steps` steps > mean cooperation at
    the start}, strict (rises up to 1e-12 are rounding). It is found by learning at many
    couplings, not from a gradient.

    **Arguments:** `family(coupling)`, the game at a coupling (a `LogisticFamily`, an
    `AffineFamily`, or any function of yours); `start`, params (default neutral); `step_size`,
    default ½ over the payoff range, so that payoffs may be in any unit; `bracket`, couplings to
    search, which may be negative (default the family's `lowest` to `highest`; for a function,
    from just above -1/(n-1) to 3); `points`, couplings tried at once; `tolerance`, width of the
    final bracket.
    **Returns:** a `Switch`; `result` is "several switches" when more than one change is seen
    among the first `points` couplings.
    **Raises:** `InputError` for a bracket that is not increasing.
    """
    low, high = _range_searched(family, bracket)
    start = _checked(family, low, start)
    if step_size is None:
        step_size = 0.5 / (_payoff_range(family, low, high) or 1.0)
    steps, step_size = known_options(steps, step_size)

    def rises(couplings: np.ndarray) -> np.ndarray:
        games = stack([family(float(k)) for k in couplings])
        change = batch_map(_cooperation_change, games, start, steps, step_size)
        return _above(change, ROUNDING)

    learned = f"{steps} steps of {step_size:g}"
    detail = f"{learned} {_from(start)}, {points} values in [{low:g}, {high:g}], narrowed"
    switch = _switch(rises, low, high, points, tolerance, "learned", detail)
    return dataclasses.replace(switch, learned=learned)


@in_float64
def first_movement_switch(
    family: Family,
    start: Params | None = None,
    *,
    bracket: Pair | None = None,
    points: Whole = POINTS,
    tolerance: Numbers = 1e-9,
) -> Switch:
    """From which coupling on mean cooperation starts to rise: where its `first_order_margin` turns.

    Where it starts to go is not yet where it is after some learning: from the neutral start of a
    symmetric game both switch at the same coupling, elsewhere `critical_coupling` may differ.

    **Arguments:** as in `critical_coupling`.
    **Returns:** a `Switch`; margins below 1e-12 of the payoff range count as zero: no rise.
    **Raises:** `InputError` for a bracket that is not increasing, or a start outside the boxes.
    """
    low, high = _range_searched(family, bracket)
    start = _checked(family, low, start)
    smallest = RESTS * _payoff_range(family, low, high)

    def rises(couplings: np.ndarray) -> np.ndarray:
        games = stack([family(float(k)) for k in couplings])
        return _above(batch_map(cooperation_margin, games, start), smallest)

    detail = f"derivative {_from(start)} at {points} values in [{low:g}, {high:g}], narrowed"
    return _switch(rises, low, high, points, tolerance, "numerical", detail)


@in_float64
def equilibrium_threshold(
    family: Family,
    *,
    bracket: Pair | None = None,
    points: Whole = POINTS,
    tolerance: Numbers = 1e-9,
) -> Switch:
    """The smallest coupling from which the cooperative corner passes the boundary test.

    **Arguments:** `family(coupling)`, a game whose players have one bounded parameter each;
    `bracket`, couplings to search (default as in `critical_coupling`); `points`, couplings
    tried at once; `tolerance`, width of the final bracket.
    **Returns:** a `Switch`. A pass that begins and ends between two of the couplings tried first is
    not seen, and nothing is proved about the couplings between them.
    """
    low, high = _range_searched(family, bracket)

    def holds(couplings: np.ndarray) -> np.ndarray:
        tests = boundary_tests([_dense(family(float(k))) for k in couplings])
        saturated = [test.reason for test in tests if test.reason == SATURATED]
        if saturated:
            raise InputError(saturated[0])
        return np.array([test.passes for test in tests], dtype=float)  # None becomes NaN

    detail = f"boundary test at {points} values in [{low:g}, {high:g}]"
    return _switch(holds, low, high, points, tolerance, "numerical", detail)


def _dense(game: AbstractParametricGame) -> ParametricGame:
    if not isinstance(game, ParametricGame):
        raise InputError(
            f"the boundary test needs a ParametricGame, not {type(game).__name__}: large "
            "jumps are not searched on networks"
        )
    return game


def _cooperation_change(
    game: AbstractParametricGame, start: Params | None, steps: int, step_size: float
) -> Float[RealArray, ""]:
    begin = as_floats(game.neutral() if start is None else start)
    end = run(game, Gradient(), begin, steps=steps, step_size=step_size, throw=False).params
    return mean_cooperation(game, end) - mean_cooperation(game, begin)


def _checked(family: Family, coupling: float, start: Params | None) -> Params | None:
    return None if start is None else check_params(family(coupling), start)


def _above(values: np.ndarray, smallest: float) -> np.ndarray:
    return np.where(np.isfinite(values), (values > smallest).astype(float), np.nan)


def _payoff_range(family: Family, low: float, high: float) -> float:
    return max(float(np.max(family(x).game.payoff_ranges)) for x in (low, high))


def _range_searched(family: Family, bracket: Pair | None) -> tuple[float, float]:
    default = _default_bracket(family)  # refuses what is no family
    return pair(default if bracket is None else bracket, "the bracket of couplings")


def _default_bracket(family: Family) -> tuple[float, float]:
    if not callable(family):
        raise InputError(
            f"a family gives a game for every coupling, which {type(family).__name__} does not: "
            "use LogisticFamily(game, bound) or a function of the coupling"
        )
    if isinstance(family, AbstractFamily):
        return family.lowest, family.highest
    return 0.9 * lowest_coupling(family(0.0).game.players), HIGHEST


def _from(start: Params | None) -> str:
    if start is None:
        return "from the neutral start"
    each = [jax.flatten_util.ravel_pytree(own)[0] for own in start]
    if all(own.size == 1 for own in each):
        return f"from the start {few(np.concatenate(each))}"
    more = [f"… {len(each) - MOST_PLAYERS} more"] * (len(each) > MOST_PLAYERS)
    return f"from the start ({', '.join([*map(few, each[:MOST_PLAYERS]), *more])})"


def _switch(
    holds: Callable[[np.ndarray], np.ndarray],
    low: float,
    high: float,
    points: Whole,
    tolerance: Numbers,
    method: str,
    detail: str,
) -> Switch:
    """Narrow the first change of `holds` (1, 0, or NaN) among evenly spaced couplings."""
    points, tolerance = whole(points, "points", least=2), number(tolerance, "tolerance", least=0.0)
    searched = (low, high)
    couplings = np.linspace(low, high, points)
    values = holds(couplings)
    if np.any(np.isnan(values)):
        return Switch(None, None, "not finite", (), "unclear", method, detail, "", searched)
    at_low = bool(values[0])
    changes = np.flatnonzero(values[1:] != values[:-1])
    brackets = tuple((float(couplings[k]), float(couplings[k + 1])) for k in changes)
    if not brackets:
        where = "everywhere" if at_low else "nowhere"
        return Switch(None, None, "not bracketed", (), where, method, detail, "", searched)
    if len(changes) > 1:
        return Switch(
            None, None, "several switches", brackets, "unclear", method, detail, "", searched
        )
    low, high = float(couplings[changes[0]]), float(couplings[changes[0] + 1])
    while high - low > tolerance:
        couplings = np.linspace(low, high, points)
        if couplings[1] <= low:  # neighbouring floats: no narrower bracket exists
            break
        first = max(1, int(np.argmax(holds(couplings) != at_low)))
        low, high = float(couplings[first - 1]), float(couplings[first])
    where = "below" if at_low else "above"
    return Switch(
        (low + high) / 2, (low, high), "found", brackets, where, method, detail, "", searched
    )
