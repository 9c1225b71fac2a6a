"""How far players are from rest, told from saturation."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import UNDEFINED, RealArray, as_floats
from glasshouse.parametric.capabilities import AbstractScaled, capabilities, kinks_of
from glasshouse.parametric.protocol import AbstractParametricGame, Layout, Params, RandomKey


def residual_of(
    game: AbstractParametricGame,
    params: Params,
    direction: tuple[Any, ...],
    key: RandomKey = None,
) -> Float[RealArray, ""]:
    """The largest |d| / scale over all coordinates: 0 at rest, whatever the saturation.

    Definition: d the direction with its outward part removed at active bounds; scale the game's
    `gradient_scales` or, where it has none, max(1, |u_i - u_i(neutral)|), which cannot tell rest
    from saturation nor know the payoffs' unit. Coordinates that move nobody's behaviour, and that
    the rule does not move either, are passed over; if all coordinates of a player are such
    (behaviour saturated until it underflowed) rest cannot be told and the residual is infinite, as
    it is of games whose slopes differ on either side, for there one derivative decides nothing.
    This is the limit of
    |project(θ + h d) - θ| / (h · scale) for small h: at a finite h rounding swallows the d of
    behaviour that is saturated, and moving slowly would look like rest.

    **Arguments:** `direction`, what moves each entry of `params`; None where it does not move.
    """
    if kinks_of(game):
        return jnp.full((), math.inf)
    scales = _scales(game, params, key)
    players = zip(params, direction, scales, game.spaces, strict=True)
    found = [_player_residual(*player) for player in players if player[1] is not None]
    return jnp.max(jnp.stack(found)) if found else jnp.zeros(())


def scale_of(game: AbstractParametricGame) -> str:
    """What residuals are relative to: "gradient_scales" or "payoffs"."""
    return "gradient_scales" if "scales" in capabilities(game) else "payoffs"


def inward(x: Any, d: Any, lower: RealArray, upper: RealArray) -> Array:
    """A direction at `x` without what points out of the box."""
    kept = jnp.where(x >= upper, jnp.minimum(d, 0.0), d)
    return jnp.where(x <= lower, jnp.maximum(kept, 0.0), kept)


def relative_gradient(gradient: Array, scale: Array) -> Array:
    """gradient / scale, in [-1, 1]; `UNDEFINED` where rounding has the last word about both."""
    # Where the scale nears the smallest number, the gradient may have vanished before it.
    lost = scale <= 1024 * jnp.finfo(scale.dtype).tiny
    return jnp.where(lost, UNDEFINED, _quotient(gradient, jnp.where(lost, 1.0, scale)))


def _scales(game: AbstractParametricGame, params: Params, key: RandomKey) -> Params:
    if isinstance(game, AbstractScaled) and scale_of(game) == "gradient_scales":
        return game.gradient_scales(params)
    gained = game.payoffs(params, key) - game.payoffs(as_floats(game.neutral()), key)
    sizes = jnp.maximum(1.0, jnp.abs(gained))
    if game.layout is Layout.separate:
        each = [sizes[i] for i in range(game.players)]
    else:
        each = [jnp.max(sizes)] * len(params)
    return tuple(
        jax.tree.map(lambda x, size=size: jnp.broadcast_to(size, jnp.shape(x)), own)
        for own, size in zip(params, each, strict=True)
    )


@jax.custom_jvp
def _quotient(gradient: Array, scale: Array) -> Array:
    """gradient / scale; its derivative does not square a scale whose square is 0."""
    return gradient / scale


@_quotient.defjvp
def _(primals, tangents):
    (_, scale), (gradient_change, scale_change) = primals, tangents
    ratio = _quotient(*primals)
    return ratio, (gradient_change - ratio * scale_change) / scale


def _player_residual(params, direction, scales, box) -> Array:
    def ratios(x, d, scale, lower, upper):
        move = inward(x, d, lower, upper)
        ratio = jnp.abs(relative_gradient(move, scale))
        # A selfish gradient vanishes with its scale; what another rule adds to it need not.
        moves = jnp.abs(move) > 1024 * jnp.finfo(scale.dtype).tiny
        ratio = jnp.where((ratio == UNDEFINED) & moves, jnp.finfo(scale.dtype).max, ratio)
        return jnp.max(jnp.where(ratio == UNDEFINED, -math.inf, ratio), initial=-math.inf)

    if not any(jnp.size(x) for x in jax.tree.leaves(params)):
        return jnp.zeros(())
    tree = jax.tree.map(ratios, params, direction, scales, box.lower, box.upper)
    largest = jnp.max(jnp.stack(jax.tree.leaves(tree)))
    return jnp.where(largest == -math.inf, math.inf, largest)
