"""What a run is given, checked at the door: params, steps, step sizes, and numbers of 32 bits."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.arrays import NotRealError, RealArray, as_arrays, is_traced
from glasshouse._foundation.numbers import (
    Numbers,
    Whole,
    check_ranges,
    number,
    number_array,
    shown,
    whole,
)
from glasshouse._foundation.precision import in_float64
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params

LEAST_IN_32 = 1e-30
"""Payoffs of a player that differ by less cannot be learned from with numbers of 32 bits."""

SHAPES_SAID = 4
"""In messages of parameters that do not fit."""

MOST_STEPS = 1_000_000_000
"""More steps than this are taken for a slip of the finger."""


def check_precision(game: Any) -> None:
    """Refuse payoffs that 32 bits cannot compute with, where that is what the caller computes in.

    **Raises:** `InputError` saying how large or small they are.
    """
    numbers = jnp.finfo(jnp.result_type(float))
    game = innermost(game)
    if numbers.bits >= 64 or is_traced(game) or not hasattr(game, "payoff_ranges"):
        return
    where = f" with numbers of {numbers.bits} bits"
    advice = "rescale them, or use batch_map, which computes in 64 bits, for jit or vmap"
    for array in jax.tree.leaves(eqx.filter(game, eqx.is_array)):
        largest = float(np.max(np.abs(np.asarray(array, dtype=np.float64)), initial=0.0))
        if largest * array.size > float(numbers.max):
            raise InputError(
                f"payoffs reach {largest:g}, and sums of them overflow{where}: {advice}"
            )
    check_ranges(np.asarray(_payoff_ranges(game)), LEAST_IN_32, where)


def innermost(game: Any) -> Any:
    """The game inside of others: that of a tied or parametric one, which is the game played."""
    while hasattr(game, "game"):
        game = game.game
    return game


@in_float64
def _payoff_ranges(game: Any) -> RealArray:
    return game.payoff_ranges


def check_params(game: AbstractParametricGame, params: Params) -> Params:
    """Params as arrays of the boxes' shapes; values known already must lie inside the boxes.

    **Raises:** `InputError` when they do not fit the boxes or lie outside them.
    """
    spaces = game.spaces
    if not isinstance(params, tuple) or len(params) != len(spaces):
        shapes = [jax.tree.map(jnp.shape, box.lower) for box in spaces]
        wanted = f"for each of {len(shapes)} players"
        if len(shapes) == 1:
            wanted = f"that holds everybody's parameters, of shape {shapes[0]}"
        raise InputError(f"params must be a tuple of one entry {wanted}, but is {shown(params)}")
    checked = []
    for i, (box, own) in enumerate(zip(spaces, params, strict=True)):
        try:
            own = as_arrays(own)
        except NotRealError as error:
            raise InputError(
                f"params of player {i + 1} must be real numbers, but are {shown(own)}: {error}"
            ) from error
        alike = jax.tree.structure(own) == jax.tree.structure(box.lower)
        shapes, wanted = (jax.tree.map(jnp.shape, tree) for tree in (own, box.lower))
        if not alike or shapes != wanted:
            raise InputError(
                f"params of player {i + 1} must be {_form(box.lower)}, but are {_form(own)}"
                f"{_example(box, len(spaces))}"
            )
        _check_inside(f"player {i + 1}" if len(spaces) > 1 else None, own, box)
        checked.append(own)
    return tuple(checked)


def _form(own: PyTree) -> str:
    """In words what arrays a player's parameters are."""
    if jax.tree.structure(own) != jax.tree.structure(0.0):
        shapes = [jnp.shape(leaf) for leaf in jax.tree.leaves(own)]
        what = f"array{'s' * (len(shapes) != 1)} of shapes {_listed(shapes)}"
        if not any(shapes):
            what = f"number{'s' * (len(shapes) != 1)}"
        return f"a {type(own).__name__} of {len(shapes)} {what}"
    shape = jnp.shape(own)
    if not shape:
        return "a single number"
    if len(shape) == 1:
        return f"an array of {shape[0]} number{'s' * (shape[0] != 1)}"
    return f"an array of shape {shape}"


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join([*map(str, shapes[:SHAPES_SAID]), *["…"] * (len(shapes) > SHAPES_SAID)])


def _example(box: Any, players: int) -> str:
    """How parameters of that form are written."""
    if jax.tree.structure(box.lower) != jax.tree.structure(0.0):
        return (
            ": give them as the semantics was given its own, or the semantics a box of their "
            "form, as Box.like(params, -math.inf, math.inf)"
        )
    if jnp.size(box.lower) > SHAPES_SAID:
        return f", such as numpy.zeros({jnp.shape(box.lower)})"
    own = shown(np.zeros(jnp.shape(box.lower)).tolist())
    others = ", …" if players > 2 else ""
    return f", as in params = ({', '.join([own] * min(players, 2))}{others})" if players > 1 else ""


def _check_inside(owner: str | None, own: PyTree, box: Any) -> None:
    """Refuse values outside the box; without an owner it is that of all players together."""
    if is_traced(own, box):
        return
    for x, low, high in zip(*map(jax.tree.leaves, (own, box.lower, box.upper)), strict=True):
        low, high = (np.asarray(bound, dtype=x.dtype) for bound in (low, high))
        outside = ~((np.asarray(x) >= low) & (np.asarray(x) <= high))
        if np.any(outside):
            where = tuple(int(k) for k in np.argwhere(outside)[0])
            value, low, high = (np.broadcast_to(v, outside.shape)[where] for v in (x, low, high))
            number = f"player number {where[0]}, counted from 0," if len(where) else "all players"
            raise InputError(
                f"parameter {value:g} of {owner or number} lies outside its box "
                f"[{low:g}, {high:g}]: move it inside or widen the bound"
            )


def check_options(steps: Whole, step_size: Numbers) -> tuple[int, RealArray | float]:
    """The number of steps, and the step size as a float (or traced, and so without a value yet).

    **Raises:** `InputError` unless `steps` is a positive whole number and `step_size` is positive
    and finite.
    """
    size = number_array(step_size, "step_size")
    if is_traced(size):
        return check_steps(steps), size
    return known_options(steps, size)


def known_options(steps: Whole, step_size: Numbers) -> tuple[int, float]:
    """The number of steps and the step size, for what computes with their values.

    **Raises:** `InputError` as `check_options`, and for a step size that is traced.
    """
    return check_steps(steps), number(step_size, "step_size", above=0.0)


def check_steps(steps: Whole) -> int:
    """The number of steps.

    **Raises:** `InputError` unless it is a positive whole number.
    """
    return whole(steps, "steps", most=MOST_STEPS)
