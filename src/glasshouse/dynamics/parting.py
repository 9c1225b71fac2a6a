"""How fast learners who start side by side part: the largest Lyapunov exponent of a rule."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.rules.base import AbstractRule

NEVER_BACK = 1e-300
"""A difference that shrinks to less in a step is gone: at a bound steps forget their beginning."""


def parting(
    game: AbstractParametricGame,
    rule: AbstractRule,
    params: Params,
    state: Any,
    step_size: RealArray,
    *,
    blocks: int,
    length: int,
) -> Float[Array, " blocks"]:
    """Growth of a small difference in params and the rule's state, per step, block by block.

    Definition: the mean over a block's steps of ln |J v|, J the derivative of one step and v the
    difference before it, of length 1. Over ever more steps it tends to the largest Lyapunov
    exponent: positive where runs part exponentially, 0 on turns that never close, negative where
    they come together.

    **Arguments:** `params` and `state`, from where the run goes on; `blocks`, of `length` steps.
    A block before them, in which the difference turns into its fastest direction, is left out.
    """

    def step(point: PyTree, other: PyTree) -> tuple[PyTree, PyTree]:
        here, held = eqx.combine(point, other)
        moved = rule.step(game, here, held, step_size, None)
        return eqx.partition(moved, eqx.is_inexact_array)

    def once(carry: tuple[PyTree, PyTree, PyTree], _: None) -> tuple[Any, Array]:
        point, other, ahead = carry
        point, ahead, other = jax.jvp(lambda x: step(x, other), (point,), (ahead,), has_aux=True)
        squares = [jnp.sum(jnp.square(x)) for x in jax.tree.leaves(ahead)]
        norm = jnp.sqrt(sum(squares, start=jnp.asarray(0.0)))
        gone = norm <= NEVER_BACK
        divisor = jnp.where(gone, 1.0, norm)
        ahead = jax.tree.map(lambda x, x0: jnp.where(gone, x0, x / divisor), ahead, first)
        return (point, other, ahead), jnp.log(jnp.maximum(norm, NEVER_BACK))

    point, other = eqx.partition((params, state), eqx.is_inexact_array)
    first = _uneven(point)
    _, grown = jax.lax.scan(once, (point, other, first), length=(blocks + 1) * length)
    return grown.reshape(blocks + 1, length)[1:].mean(axis=1)


def _uneven(point: PyTree) -> PyTree:
    """A difference of length 1 along no symmetry: players who do the same would stay together."""
    numbers, put_together = ravel_pytree(point)
    flat = 1.0 / (1.0 + jnp.arange(numbers.size))
    return put_together(flat / jnp.linalg.norm(flat))
