"""When players are at rest."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, PRNGKeyArray

from glasshouse._foundation.arrays import RealArray, as_arrays, as_floats, is_traced
from glasshouse._foundation.numbers import Numbers, Whole, number_array, whole
from glasshouse._foundation.precision import fresh, in_float64, inside_transformation
from glasshouse._foundation.programs import program
from glasshouse._foundation.results import described
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.capabilities import needs_key
from glasshouse.rules.base import AbstractRule
from glasshouse.rules.conditional import check_suits
from glasshouse.rules.gradient import Gradient

NO_GRADIENT = (
    "a run that stops at rest has no gradient backwards: leave stop out for a fixed number of "
    "steps, or differentiate forwards, by jax.jacfwd or jax.jvp"
)


def _tolerance(value: Numbers) -> RealArray | float:
    array = number_array(value, "tolerance")
    if is_traced(array):
        return array
    found = float(array)
    if not 0 < found < 1:
        raise InputError(f"tolerance={found:g} must lie between 0 and 1")
    return found


def _every(value: Whole) -> int:
    return whole(value, "every")


class Rest(eqx.Module):
    """Stop where players rest under the rule by which they learn, to a relative `tolerance`.

    Gradients vanish where behaviour saturates, at rest or not, so a small gradient proves
    nothing. Rest is judged by the rule's direction relative to `gradient_scales`; see
    `rest_residual`.

    **Arguments:** `tolerance`, relative, in (0, 1), raised to what the precision in use can tell
    (64 ε: 1.4e-14, and 7.6e-6 where your own transformation computes in 32 bits); `every`, steps
    between two checks.
    """

    tolerance: RealArray | float = eqx.field(default=1e-8, converter=_tolerance)
    every: int = eqx.field(static=True, default=100, converter=_every)

    __pdoc__ = described

    @property
    def in_words(self) -> str:
        """When runs stop, as the end of a sentence."""
        return f"stopped at rest to {float(self.tolerance):g}"

    def met(self, residual: Float[RealArray, "*batch"]) -> Bool[RealArray, "*batch"]:
        """Whether a `rest_residual` is small enough; infinite and NaN ones are not."""
        least = 64 * jnp.finfo(residual.dtype).eps
        if is_traced(residual, self.tolerance):
            return residual <= jnp.maximum(self.tolerance, least)
        return np.asarray(np.asarray(residual) <= max(float(self.tolerance), float(least)))


def rest_residual(
    game: AbstractParametricGame,
    params: Params,
    rule: AbstractRule = Gradient(),
    key: PRNGKeyArray | None = None,
) -> Float[RealArray, ""]:
    """How far the players are from resting under a rule: 0 at rest, whatever the saturation.

    Definition: the largest |d| / scale over all coordinates, d the rule's direction (of one who has
    always been there) with its outward part removed at active bounds, and scale the game's
    `gradient_scales`, or max(1, |payoff|) where it has none; with the selfish gradient it is at
    most 1. Coordinates that move nobody's behaviour are passed over; if all coordinates of a player
    are such (behaviour saturated until it underflowed) rest cannot be told and the residual is
    infinite. Of a game whose payoffs are drawn it is that of the draw by `key`.

    **Raises:** `InputError` for such a game without a key, and one in which the rule cannot learn.
    """
    needs_key(game, key, "rest_residual")
    given = (game, as_arrays(params), rule, key)
    if is_traced(given) or inside_transformation():
        return _residual(*fresh(given))
    check_suits(rule, game)
    return _compiled(*given)


def _residual(
    game: AbstractParametricGame, params: Params, rule: AbstractRule, key: PRNGKeyArray | None
) -> Float[RealArray, ""]:
    params = as_floats(params)
    return rule.residual(game, params, rule.init(game, params, key), jnp.ones(()), key)


_compiled = in_float64(program(_residual))
"""One program for each structure of game and rule, in 64 bits."""
