"""When players are at rest."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from glasshouse._arrays import UNDEFINED, RealArray, is_traced
from glasshouse._numbers import Numbers, Whole, number_array, whole
from glasshouse._precision import in_float64_unless_traced
from glasshouse._results import described
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params


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
    """Stop when no player's selfish gradient is more than `tolerance` of what it could be.

    Gradients vanish where behaviour saturates, at rest or not, so a small gradient proves
    nothing. Rest is judged by the gradient relative to `gradient_scales`; see `rest_residual`.

    **Arguments:** `tolerance`, relative, in (0, 1), raised to what the precision in use can tell
    (64 ε: 1.4e-14, and 7.6e-6 where your own transformation computes in 32 bits); `every`, steps
    between two checks.
    """

    tolerance: RealArray | float = eqx.field(default=1e-8, converter=_tolerance)
    every: int = eqx.field(static=True, default=100, converter=_every)

    __pdoc__ = described

    @in_float64_unless_traced
    def met(self, residual: Float[RealArray, "*batch"]) -> Bool[RealArray, "*batch"]:
        """Whether a `rest_residual` is small enough; infinite and NaN ones are not."""
        return residual <= jnp.maximum(self.tolerance, 64 * jnp.finfo(residual.dtype).eps)


@in_float64_unless_traced
def rest_residual(game: AbstractParametricGame, params: Params) -> Float[RealArray, ""]:
    """How far the players are from rest, 0 at rest and at most 1, whatever the saturation.

    Definition: the largest |g| / scale over all coordinates, g the selfish gradient with its
    outward part removed at active bounds and scale the game's `gradient_scales`. Coordinates that
    move nobody's behaviour are passed over; if all coordinates of a player are such (behaviour
    saturated until it underflowed) rest cannot be told and the residual is infinite.
    """
    gradients = game.selfish_gradients(params)
    scales = game.gradient_scales(params)
    players = zip(params, gradients, scales, game.spaces, strict=True)
    return jnp.max(jnp.stack([_player_residual(*player) for player in players]))


def relative_gradient(gradient: Array, scale: Array) -> Array:
    """gradient / scale, in [-1, 1]; `UNDEFINED` where rounding has the last word about both."""
    # Where the scale nears the smallest number, the gradient may have vanished before it.
    lost = scale <= 1024 * jnp.finfo(scale.dtype).tiny
    return jnp.where(lost, UNDEFINED, _quotient(gradient, jnp.where(lost, 1.0, scale)))


@jax.custom_jvp
def _quotient(gradient: Array, scale: Array) -> Array:
    """gradient / scale; its derivative does not square a scale whose square is 0."""
    return gradient / scale


@_quotient.defjvp
def _(primals, tangents):
    (_, scale), (gradient_change, scale_change) = primals, tangents
    ratio = _quotient(*primals)
    return ratio, (gradient_change - ratio * scale_change) / scale


def _player_residual(params, gradients, scales, box) -> Array:
    def ratios(x, g, scale, lower, upper):
        inward = jnp.where(x >= upper, jnp.minimum(g, 0.0), g)
        inward = jnp.where(x <= lower, jnp.maximum(inward, 0.0), inward)
        ratio = jnp.abs(relative_gradient(inward, scale))
        return jnp.max(jnp.where(ratio == UNDEFINED, -math.inf, ratio), initial=-math.inf)

    if not any(jnp.size(x) for x in jax.tree.leaves(params)):
        return jnp.zeros(())
    tree = jax.tree.map(ratios, params, gradients, scales, box.lower, box.upper)
    largest = jnp.max(jnp.stack(jax.tree.leaves(tree)))
    return jnp.where(largest == -math.inf, math.inf, largest)
