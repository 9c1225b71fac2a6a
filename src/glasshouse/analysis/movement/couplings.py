"""Couplings at which something switches, found by trying couplings."""

import dataclasses
from collections.abc import Callable

import jax
import jax.flatten_util
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.numbers import Numbers, Pair, Whole, number, pair, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import few
from glasshouse.analysis.movement.first_order import (
    SLOWEST_MOVEMENT,
    Quantity,
    check_selfish,
    counted_by,
    function_of_params,
    is_drawn,
    margin_from,
    mean_cooperation,
    observed_by,
)
from glasshouse.analysis.movement.switch import Search, Switch, find_switch
from glasshouse.analysis.movement.windows import shortest_window
from glasshouse.analysis.sampling.counted import EachStep
from glasshouse.analysis.sampling.switch import SAMPLED_BRACKET, SAMPLED_POINTS, sampled_switch
from glasshouse.dynamics import Learning, batch_map
from glasshouse.dynamics.doors import check_params
from glasshouse.dynamics.driver import end_of
from glasshouse.dynamics.learning import check_learning, payoff_range
from glasshouse.errors import InputError
from glasshouse.families.along import games_along
from glasshouse.families.family import HIGHEST
from glasshouse.parametric import AbstractParametricGame, Params, require_exact
from glasshouse.parametric.capabilities import Capability, require_smooth, unit_of
from glasshouse.parametric.protocol import RandomKey
from glasshouse.rules.base import AbstractDirection, AbstractRule, check_direction, of_words
from glasshouse.rules.gradient import Gradient
from glasshouse.theory.symmetric import lowest_coupling

Family = Callable[[float], AbstractParametricGame]
"""A parametric game for every coupling."""

SMALLEST_RISE = 1e-12
"""A smaller rise of mean cooperation counts as none: games can keep it constant by symmetry."""

MOST_WRITTEN_OUT = 4
"""So many players' starts are written out, where each has several numbers."""

WINDOW_STEPS = 8
"""Of a measured first movement: enough that learners answer each other."""

WINDOWS = 1e-2, 1e-6
"""The longest and the shortest that are tried until halving one changes nothing."""

WINDOW_ROUNDING = 32 * float(np.finfo(float).eps)
"""A smaller change of mean cooperation in a window, which is a few steps, counts as none."""

LONG_RUN = Learning(steps=1000, step_size=None)
"""What is called a long run unless the caller says otherwise."""

SWITCH = "a switch of cooperation"

SEARCH_POINTS = 64
"""Couplings tried at once: eight vectors of eight, the same shape at every narrowing."""


@in_float64
def first_movement(
    family: Family,
    start: Params | None = None,
    *,
    quantity: Quantity | EachStep | str = mean_cooperation,
    rule: AbstractDirection = Gradient(),
    bracket: Pair | None = None,
    points: Whole | None = None,
    tolerance: Numbers = 1e-9,
    key: RandomKey = None,
    episodes: Whole | None = None,
) -> Switch:
    """From which coupling on mean cooperation starts to rise: where its `first_order_margin` turns.

    Computed from the derivative, without learning. `measured_first_movement` asks the same of
    learners; `long_run_switch` asks where they have come to, which is another question.

    **Arguments:** `family(coupling)`, the game at a coupling (a `LogisticFamily`, an
    `AffineFamily`, or any function of yours); `start`, params (default neutral); `quantity`, in
    place of mean cooperation, as in `first_order_margin`; `rule`, by which all learn; `bracket`,
    couplings to search (default the family's `lowest` to `highest`; for a function, from just above
    -1/(n-1) to 3); `points`, couplings tried at once; `tolerance`, width of the final bracket. Of
    games played in episodes: `key`; `episodes`, a multiple of 32, by default 4096, at each point.
    **Returns:** a `Switch`; margins below 1e-12 of the payoff range count as zero, and couplings
    that they leave open are in its bracket. `result` is "several switches" when more than one
    change is seen among the first `points` couplings. Of games played in episodes the bracket's
    ends clearly fall and rise, by three standard errors; that of `value` is in `settings`.
    **Raises:** `InputError` for a bracket that is not increasing, or a start outside the boxes.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(round(gh.first_movement(family).value, 6))  # 0.428571
    """
    check_direction(rule, "a first movement")
    if key is not None and is_drawn(_lowest_game(family), key):
        check_selfish(rule)
        asked = SAMPLED_BRACKET if bracket is None else bracket
        count = SAMPLED_POINTS if points is None else points
        return sampled_switch(family, start, counted_by(quantity), key, episodes, asked, count)
    quantity = function_of_params(quantity)
    points = SEARCH_POINTS if points is None else points
    low, high, start, scale = _asked(family, bracket, start, quantity)

    def margins(couplings: np.ndarray) -> np.ndarray:
        games = games_along(family, couplings)
        return batch_map(margin_from, games, start, rule, quantity)

    detail = f"{_from(start)}{of_words(rule)}, at {points} values in [{low:g}, {high:g}], narrowed"
    search = search_of(low, high, points, tolerance)
    settings = {"start": _start(start), "tolerance": search.tolerance}
    return find_switch(margins, search, SLOWEST_MOVEMENT * scale, "derivative", detail, settings)


first_movement_switch = first_movement
"""The name of `first_movement` in earlier versions."""


@in_float64
def measured_first_movement(
    family: Family,
    start: Params | None = None,
    *,
    rule: AbstractRule = Gradient(),
    window: Numbers | None = None,
    bracket: Pair | None = None,
    points: Whole = SEARCH_POINTS,
    tolerance: Numbers = 1e-5,
) -> Switch:
    """From which coupling on learners set out toward cooperation, learning for a short window.

    Definition: the boundary of {κ : mean cooperation after the window > mean cooperation at the
    start}, the window so short that halving it changes nothing: the limit of that boundary for
    short windows is `first_movement`.

    **Arguments:** `window`, steps × step size × payoff range, which has no unit of payoff (8 steps
    are taken, of whatever size that makes); by default 1/100, or as much shorter as it takes, down
    to 1e-6, until two halvings move the switch by no more than a quarter of `tolerance`; the others
    as in `first_movement`.
    **Returns:** a `Switch` whose bracket also holds the switches after a half and a quarter of the
    window, and what they tend to; where its halves do not come closer, `detail` says so, and
    `result` is "not settled" if one half has a switch and another has none.
    **Raises:** `InputError` as `first_movement`, or for a window that is not positive and finite.
    **Cost:** three searches of 8 steps for each window tried.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(round(gh.measured_first_movement(family).value, 4))  # 0.4286
    """
    low, high, start, scale = _asked(family, bracket, start)
    if window is not None:
        window = number(window, "window (steps × step size × payoff range)", above=0.0)
    tolerance = number(tolerance, "tolerance", least=0.0)
    search = search_of(low, high, points, tolerance / 8)

    unit = _unit(family, low)

    def after(length: float) -> Switch:
        step_size = length / (WINDOW_STEPS * (scale or 1.0))
        learned = f"{WINDOW_STEPS} steps of {step_size:.6g}{of_words(rule)}"
        detail = f"{learned} {_from(start)}, {points} values in [{low:g}, {high:g}], narrowed"
        steps = {"steps": WINDOW_STEPS, "step_size": step_size, "window": length}
        settings = {"start": _start(start), "tolerance": tolerance, **steps, **unit}
        margins = _changes(family, start, rule, WINDOW_STEPS, step_size)
        found = find_switch(margins, search, WINDOW_ROUNDING, "learned", detail, settings)
        return dataclasses.replace(found, learned=learned)

    longest, shortest = WINDOWS if window is None else (window, window)
    return shortest_window(after, longest, shortest, tolerance)


@in_float64
def long_run_switch(
    family: Family,
    start: Params | None = None,
    *,
    learning: Learning = LONG_RUN,
    bracket: Pair | None = None,
    points: Whole = SEARCH_POINTS,
    tolerance: Numbers = 1e-6,
) -> Switch:
    """From which coupling on a long run of learning leaves mean cooperation higher.

    Definition: the boundary of {κ : mean cooperation after the steps of `learning` > mean
    cooperation at the start}, strict (changes up to 1e-12 are rounding). It is found by learning at
    many couplings and depends on how long and in which steps is learned. From the neutral start of
    a symmetric game with two actions it is `first_movement`; elsewhere it need not be.

    **Arguments:** `learning`, the rule and its steps, by default 1000 steps of selfish gradients,
    of ½ over the payoff range, so that payoffs may be in any unit (where it starts is `start`, for
    all players alone); the others as in `first_movement`.
    **Returns:** a `Switch`.
    **Raises:** `InputError` as `first_movement`.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(round(gh.long_run_switch(family, (1.0, -1.0)).value, 4))  # 0.4473
    """
    check_learning(learning, "long_run_switch", alone=True)
    low, high, start, scale = _asked(family, bracket, start)
    steps, step_size = learning.steps, learning.step_size_for(scale)
    learned = learning.paced(step_size)
    detail = f"{learned} {_from(start)}, {points} values in [{low:g}, {high:g}], narrowed"
    settings = {"start": _start(start), "steps": steps, "step_size": step_size}
    settings |= _unit(family, low)
    settings |= {"tolerance": number(tolerance, "tolerance", least=0.0)}
    margins = _changes(family, start, learning.rule, steps, step_size)
    search = search_of(low, high, points, tolerance)
    found = find_switch(margins, search, SMALLEST_RISE, "learned", detail, settings)
    return dataclasses.replace(found, learned=learned)


critical_coupling = long_run_switch
"""The name of `long_run_switch` in earlier versions."""


def _unit(family: Family, coupling: float) -> dict[str, str]:
    """In what step sizes count, of repeated games."""
    unit = unit_of(family(coupling))
    return {} if unit is None else {"unit": unit}


def _cooperation_change(
    game: AbstractParametricGame,
    start: Params | None,
    rule: AbstractRule,
    steps: int,
    step_size: RealArray,
) -> Float[RealArray, ""]:
    begin = as_floats(game.neutral() if start is None else start)
    end, _ = end_of(game, rule, begin, step_size, None, None, steps)
    return mean_cooperation(game, end) - mean_cooperation(game, begin)


def _changes(
    family: Family, start: Params | None, rule: AbstractRule, steps: int, step_size: float
) -> Callable[[np.ndarray], np.ndarray]:
    """How much higher mean cooperation stands after learning, at each of several couplings."""

    def margins(couplings: np.ndarray) -> np.ndarray:
        games = games_along(family, couplings)
        return batch_map(_cooperation_change, games, start, rule, steps, np.asarray(step_size))

    return margins


def _asked(
    family: Family,
    bracket: Pair | None,
    start: Params | None,
    quantity: Quantity = mean_cooperation,
) -> tuple[float, float, Params | None, float]:
    """Both ends of what is searched, the start, if it fits, and the range of payoffs."""
    low, high = range_searched(family, bracket, SWITCH, *observed_by(quantity))
    start = None if start is None else check_params(family(low), start)
    return low, high, start, max(payoff_range(family(x)) for x in (low, high))


def range_searched(
    family: Family, bracket: Pair | None, purpose: str, *needed: Capability
) -> tuple[float, float]:
    """The couplings to search, of a family whose games have what is needed."""
    if not callable(family):
        raise InputError(
            f"a family gives a game for every coupling, which {type(family).__name__} does not: "
            "use LogisticFamily(game, bound) or a function of the coupling"
        )
    ends = _known_ends(family)
    given = None if bracket is None else pair(bracket, "the bracket of couplings")
    # A function need not have a game at 0, where it is searched elsewhere.
    game = family(given[0]) if ends is None and given is not None else _lowest_game(family)
    require_exact(game, purpose, *needed)
    require_smooth(game, purpose)
    ends = (0.9 * lowest_coupling(game.players), HIGHEST) if ends is None else ends
    return pair(ends, "the bracket of couplings") if given is None else given


def _known_ends(family: Family) -> tuple[float, float] | None:
    """Both ends of the couplings of a family that says them; None of a function."""
    low, high = (getattr(family, end, None) for end in ("lowest", "highest"))
    return None if low is None or high is None else (low, high)


def _lowest_game(family: Family) -> AbstractParametricGame:
    """The game at the lowest coupling, of a function at 0."""
    return family(getattr(family, "lowest", 0.0))


def search_of(low: float, high: float, points: Whole, tolerance: Numbers) -> Search:
    """Where to look for a switch, checked."""
    least = number(tolerance, "tolerance", above=0.0)
    return Search(low, high, whole(points, "points", least=2), least)


def _start(start: Params | None) -> str:
    return _from(start).removeprefix("from the ")


def _from(start: Params | None) -> str:
    if start is None:
        return "from the neutral start"
    each = [jax.flatten_util.ravel_pytree(own)[0] for own in start]
    if all(own.size == 1 for own in each):
        return f"from the start {few(np.concatenate(each))}"
    more = [f"… {len(each) - MOST_WRITTEN_OUT} more"] * (len(each) > MOST_WRITTEN_OUT)
    return f"from the start ({', '.join([*map(few, each[:MOST_WRITTEN_OUT]), *more])})"
