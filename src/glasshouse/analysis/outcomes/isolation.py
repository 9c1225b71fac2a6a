"""Whether rest points stand alone, or belong to a continuum of them, and of which dimension."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from glasshouse._foundation.random import Purpose, normals
from glasshouse.dynamics.batch import batch_map
from glasshouse.parametric import AbstractParametricGame, Params, require
from glasshouse.rules.base import AbstractDirection, velocity
from glasshouse.rules.gradient import Gradient
from glasshouse.rules.residual import relative_gradient

RANK = 1e-8
"""Singular values below this share of the largest one count as zero."""

ROUNDED_GRADIENT = 1e-11
"""They do, too, below this: relative gradients are at most 1, and this is their rounding."""

POLISHED = 1e-4
"""Directions in which the gradient changes less than this share are left alone while polishing."""

HELD = 1e-6
"""A relative gradient that pushes outward by more than this holds a parameter at its bound."""

STEP = 0.02
"""So far along a direction without slope, there must be a rest point if there is a continuum; in
boxes narrower than 1, this share of the narrowest side."""

CONTINUUM_GRADIENT = 1e-9
"""What is left there of the relative gradient; of an isolated double or triple root more is."""

POLISHINGS, CORRECTIONS, TRIES = 6, 16, 4


class _Field(NamedTuple):
    """Whose directions they are: those of a game with such params, by a rule."""

    game: AbstractParametricGame
    template: Params
    rule: AbstractDirection


def dimensions(
    game: AbstractParametricGame, points: Sequence[Params], rule: AbstractDirection = Gradient()
) -> list[int | None]:
    """For each rest point, the dimension of the set of rest points around it: 0 if it is alone.

    Definition: the number of free parameters less the rank of the Jacobian of the rule's direction
    in them. Free are those that no outward gradient holds at a bound; gradients are relative to
    what they could be. Where the rank is not full, rest points a small step away confirm that this
    is a continuum and no double root.

    **Returns:** None where directions without slope exist and only some of them lead to rest
    points.
    **Cost:** for each point a Jacobian and its singular values, a few times.
    """
    if not points:
        return []
    field, box = _Field(game, points[0], rule), bounds(game)
    flat = brought_to_rest(game, np.stack(list(map(in_a_row, points))), points[0], rule, POLISHINGS)
    moves, jacobians = batch_map(_linearised, flat, field)
    each = zip(flat, moves, jacobians, strict=True)
    return [_dimension(field, x, slopes, _free(x, move, *box), box) for x, move, slopes in each]


def brought_to_rest(
    game: AbstractParametricGame,
    flat: Float[np.ndarray, "points parameters"],
    template: Params,
    rule: AbstractDirection,
    steps: int,
) -> Float[np.ndarray, "points parameters"]:
    """Points after some Newton steps towards rest points, within their boxes.

    Parameters that an outward gradient holds at a bound stay there.

    **Arguments:** `flat`, one point a row; `template`, params of whose structure they are.
    """
    flat, field, box = flat.copy(), _Field(game, template, rule), bounds(game)
    for _ in range(steps):
        moves, jacobians = batch_map(_linearised, flat, field)
        for x, move, jacobian in zip(flat, moves, jacobians, strict=True):
            free = _free(x, move, *box)
            step = _solve(jacobian, free) @ move[free]
            x[free] = np.clip(x[free] - step, *(bound[free] for bound in box))
    return flat


def inward_moves(
    game: AbstractParametricGame,
    flat: Float[np.ndarray, "points parameters"],
    template: Params,
    rule: AbstractDirection,
) -> Float[np.ndarray, "points parameters"]:
    """Relative directions at points, without what points out of the box: zero where all rest."""
    lower, upper = bounds(game)
    return _inward(flat, batch_map(_moves, flat, _Field(game, template, rule)), lower, upper)


def bounds(game: AbstractParametricGame) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper bounds of all parameters, one after the other."""
    boxes = game.spaces
    return in_a_row(tuple(box.lower for box in boxes)), in_a_row(tuple(box.upper for box in boxes))


def _dimension(
    field: _Field,
    x: np.ndarray,
    jacobian: np.ndarray,
    free: np.ndarray,
    box: tuple[np.ndarray, np.ndarray],
) -> int | None:
    """The number of directions without slope, if rest points lie there."""
    null, (lower, upper) = _null_space(jacobian, free), box
    count = null.shape[1]
    if not count:
        return 0
    mixed = normals(0, Purpose.DIRECTIONS, count, TRIES)
    towards = np.concatenate([null @ mixed, null], axis=1).T
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    begin = np.repeat(x[None], 2 * len(towards), axis=0)
    step = STEP * min(1.0, *(upper - lower)[free])
    begin[:, free] += step * np.concatenate([towards, -towards])
    tried, back = np.clip(begin, lower, upper), _solve(jacobian, free)
    for _ in range(CORRECTIONS):
        moves = batch_map(_moves, tried, field)
        tried[:, free] -= moves[:, free] @ back.T
        tried = np.clip(tried, lower, upper)
    moves = batch_map(_moves, tried, field)
    inward = _inward(tried, moves, lower, upper)
    rests = np.all(np.abs(inward[:, free]) <= CONTINUUM_GRADIENT, axis=1)
    rests &= np.linalg.norm(tried - x, axis=1) >= step / 2
    either = rests[: len(towards)] | rests[len(towards) :]
    if either[:TRIES].any():
        return count
    return None if either.any() else 0


def _inward(
    flat: np.ndarray, moves: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    inward = np.where(flat >= upper, np.minimum(moves, 0), moves)
    return np.where(flat <= lower, np.maximum(inward, 0), inward)


def _linearised(flat: Array, field: _Field) -> tuple[Float[Array, "n"], Float[Array, "n n"]]:
    return _moves(flat, field), jax.jacfwd(lambda z: _moves(z, field))(flat)


def _moves(flat: Array, field: _Field) -> Float[Array, "n"]:
    """Everyone's direction relative to what a gradient could be, 0 where that cannot be told."""
    game, template, rule = field
    params = ravel_pytree(template)[1](flat)
    scales = require(game, "scales", "telling whether rest points are isolated")
    relative = jax.tree.map(
        relative_gradient, velocity(game, params, rule), scales.gradient_scales(params)
    )
    return jnp.nan_to_num(ravel_pytree(relative)[0], nan=0.0)


def _free(x: np.ndarray, field: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The indices of the parameters that no outward gradient holds at a bound."""
    held = ((x >= upper) & (field > HELD)) | ((x <= lower) & (field < -HELD))
    return np.flatnonzero(~held)


def _solve(jacobian: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The inverse in the free directions that have a slope."""
    own = jacobian[np.ix_(free, free)]
    largest = float(np.linalg.norm(own, 2)) if own.size else 0.0
    if largest <= ROUNDED_GRADIENT:
        return np.zeros_like(own)
    return np.linalg.pinv(own, rcond=max(POLISHED, ROUNDED_GRADIENT / largest))


def _null_space(jacobian: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Free directions along which no gradient changes, one per column."""
    own = jacobian[np.ix_(free, free)]
    if not own.size:
        return own
    _, sizes, directions = np.linalg.svd(own)
    return directions[sizes <= max(RANK * sizes[0], ROUNDED_GRADIENT)].T


def in_a_row(params: Params) -> Float[np.ndarray, "parameters"]:
    """All parameters, one after the other."""
    leaves = jax.tree.leaves(params)
    return np.concatenate([np.ravel(np.asarray(leaf, np.float64)) for leaf in leaves])
