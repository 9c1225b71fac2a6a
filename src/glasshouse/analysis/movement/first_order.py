"""First movement: how a quantity starts to change when everybody learns selfishly."""

import math
from collections.abc import Callable
from typing import Any, overload

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from glasshouse._foundation.arrays import RealArray, as_floats, is_traced
from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import (
    fresh,
    in_float64,
    in_float64_unless_traced,
    inside_transformation,
)
from glasshouse._foundation.programs import program
from glasshouse.analysis.sampling.counted import EachStep
from glasshouse.analysis.sampling.estimates import Estimate
from glasshouse.analysis.sampling.margins import sampled_margin
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params, require, require_exact
from glasshouse.parametric.capabilities import Capability, capabilities, require_smooth
from glasshouse.parametric.measure import COOPERATION, observed
from glasshouse.parametric.protocol import RandomKey
from glasshouse.rules.base import AbstractDirection, check_direction, velocity
from glasshouse.rules.gradient import Gradient

SLOWEST_MOVEMENT = 1e-12
"""First movements slower than this, per unit of payoff range, count as none: they are rounding."""

Quantity = Callable[[AbstractParametricGame, Params], Float[RealArray, ""]]


def cooperation(game: AbstractParametricGame, params: Params) -> Float[RealArray, "players"]:
    """Everyone's probability of action 0.

    **Raises:** `InputError` for a game that has none.
    """
    observable = require(game, "observables", "cooperation")
    if callable(getattr(game, "cooperation", None)):
        return observed(game, params, "cooperation")
    found = observable.observables(params)
    if "cooperation" not in found:
        raise InputError(
            f"{type(game).__name__} has no cooperation, but {' and '.join(sorted(found))}: "
            "name one of these"
        )
    return found["cooperation"]


@in_float64_unless_traced
def mean_cooperation(game: AbstractParametricGame, params: Params) -> Float[RealArray, ""]:
    """The players' mean probability of action 0."""
    return cooperation(game, params).mean()


def observed_by(quantity: Quantity) -> tuple[Capability, ...]:
    """What a quantity needs of a game, as far as that is known."""
    return ("observables",) if quantity is mean_cooperation else ()


@overload
def first_order_margin(
    game: AbstractParametricGame,
    params: Params,
    quantity: Quantity = ...,
    rule: AbstractDirection = ...,
    *,
    key: None = None,
    episodes: None = None,
) -> Any: ...  # a float, or an array inside transformations


@overload
def first_order_margin(
    game: AbstractParametricGame,
    params: Params,
    quantity: Quantity | EachStep | str = ...,
    rule: AbstractDirection = ...,
    *,
    key: PRNGKeyArray,
    episodes: Whole | None = None,
) -> Estimate: ...


def first_order_margin(
    game: AbstractParametricGame,
    params: Params,
    quantity: Quantity | EachStep | str = mean_cooperation,
    rule: AbstractDirection = Gradient(),
    *,
    key: RandomKey = None,
    episodes: Whole | None = None,
) -> Any:
    """How fast `quantity` changes at `params` when everybody learns by a rule.

    Definition: ∇_θ m(θ) · v(θ), with m the quantity and v everyone's directions, by default the
    selfish gradients: the change of m per unit time of dθ/dt = v. Positive means that m starts to
    rise; where it ends is another question.

    **Arguments:** `quantity(game, params)`, differentiable, a scalar: mean cooperation, one
    player's cooperation, welfare, a payoff, …; `rule`, one that gives a direction. Of games played
    in episodes: `key`; `episodes`, a multiple of 32, by default 4096; in place of the quantity the
    name of an event, its share of steps, "welfare", "payoff of 1" or "probability of ACTION".
    **Returns:** a float; inside your `jit`, `vmap` or `grad` an array, whose value is not checked;
    of games played in episodes an `Estimate` with its standard error.
    **Raises:** `InputError` when `params` do not fit the boxes, or the derivative is not finite
    there.
    **Cost:** one gradient and one forward derivative, compiled once per structure for a `quantity`
    of the module level; exact to rounding.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        game = family(0.8)
        print(round(gh.first_order_margin(game, game.neutral()), 6))  # 0.14625
    """
    check_direction(rule, "the first-order margin")
    if is_drawn(game, key):
        check_selfish(rule)
        return sampled_margin(game, params, counted_by(quantity), key, episodes)
    quantity = function_of_params(quantity)
    require_exact(game, "the first-order margin", *observed_by(quantity))
    require_smooth(game, "the first-order margin")
    given = (game, check_params(game, params), quantity, rule)
    if is_traced(given) or inside_transformation():
        return flow_derivative(*fresh(given))
    # A function made on the spot is another one each time: compiling it would serve once.
    is_lasting = "<" not in getattr(quantity, "__qualname__", "<")
    margin = float((_compiled if is_lasting else _uncompiled)(*given))
    if not math.isfinite(margin):
        raise InputError(
            f"the derivative is {margin} at these params: check the semantics there, above all "
            "square roots, logarithms and quotients, also in branches that are not taken"
        )
    return margin


def is_drawn(game: AbstractParametricGame, key: RandomKey) -> bool:
    """Whether to estimate: of a game whose payoffs are drawn, where there is a key to do so.

    **Raises:** `InputError` for a key where payoffs are exact.
    """
    if key is not None and "sampled" not in capabilities(game):
        raise InputError(
            f"the payoffs of {type(game).__name__} are exact, and nothing is drawn: leave key out"
        )
    return key is not None


def check_selfish(rule: AbstractDirection) -> None:
    """Refuse other rules than selfish learning, whose first movement is not estimated.

    **Raises:** `InputError` naming the rule.
    """
    if rule != Gradient():
        raise InputError(
            f"first movements are estimated of players who ascend their own payoffs, not of "
            f"{rule.words}: leave rule out"
        )


def function_of_params(quantity: Any) -> Quantity:
    """The quantity of an exact game, which is no name of what is counted in episodes.

    **Raises:** `InputError` saying what to give instead.
    """
    if isinstance(quantity, str):
        raise InputError(
            f"quantity={quantity!r:.60} names what is counted in episodes, which needs a key and a "
            "game that plays them: of an exact game give a function of game and parameters"
        )
    return quantity


def counted_by(quantity: Any) -> Any:
    """What is counted in episodes in place of a quantity of exact games."""
    return COOPERATION if quantity is mean_cooperation else quantity


def cooperation_margin(
    game: AbstractParametricGame,
    start: Params | None = None,
    rule: AbstractDirection = Gradient(),
) -> Float[Array, ""]:
    """`first_order_margin` of mean cooperation as a traceable array, by default where neutral."""
    return margin_from(game, start, rule, mean_cooperation)


def margin_from(
    game: AbstractParametricGame, start: Params | None, rule: AbstractDirection, quantity: Quantity
) -> Float[Array, ""]:
    """`first_order_margin` as a traceable array, without a start where neutral."""
    return flow_derivative(game, game.neutral() if start is None else start, quantity, rule)


def flow_derivative(
    game: AbstractParametricGame,
    params: Params,
    quantity: Quantity,
    rule: AbstractDirection = Gradient(),
) -> Float[Array, ""]:
    """`first_order_margin` as a traceable array."""
    params = as_floats(params)
    moves = velocity(game, params, rule)
    return jax.jvp(lambda p: quantity(game, p), (params,), (moves,))[1]


_uncompiled, _compiled = in_float64(flow_derivative), in_float64(program(flow_derivative))
