"""Functions of somebody else's that say what players do: called, and what they give looked at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats, is_traced
from glasshouse._foundation.numbers import PROBABILITY_TOLERANCE
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.results import few
from glasshouse.errors import InputError

Function = Callable[[tuple[PyTree, ...], Any], Sequence[Array]]
"""Everyone's mixed action from everyone's parameters, and from what each sees of the others'."""

WRONG_USE = AttributeError, IndexError, KeyError, TypeError, ValueError
"""How a function fails that was given what it cannot take."""


@in_float64_unless_traced
def evaluated(function: Function, params: tuple[PyTree, ...]) -> tuple[RealArray, ...]:
    """What it gives where everybody sees everything."""
    params = as_floats(params)
    return tuple(map(jnp.asarray, function(params, (params,) * len(params))))


def actions_given(
    function: Function, params: tuple[PyTree, ...], what: str, refusal: Callable[[Exception], str]
) -> tuple[int, ...]:
    """To how many actions of each player it gives probabilities.

    **Arguments:** `what` it is, for errors; `refusal`, what to say where it fails.
    **Raises:** `InputError` where it fails, or gives anything else.
    """
    try:
        shapes = jax.eval_shape(lambda p: evaluated(function, p), params)
    except WRONG_USE as error:
        raise InputError(refusal(error)) from error
    if len(shapes) != len(params) or any(len(s.shape) not in (1, 2) for s in shapes):
        raise InputError(
            f"{what} returned arrays of shapes {[s.shape for s in shapes]}: it must return one "
            f"vector of action probabilities for each of {len(params)} players; in a repeated game "
            "one such row for each state"
        )
    return tuple(s.shape[-1] for s in shapes)


def check_probabilities(
    function: Function, what: str, where: Mapping[str, tuple[PyTree, ...]]
) -> None:
    """Refuse a function that gives no probabilities somewhere.

    **Arguments:** `where`, params by what they are called; infinite ones are left out.
    """
    for place, params in where.items():
        leaves = jax.tree.leaves(params)
        if is_traced(params, function) or not all(np.all(np.isfinite(x)) for x in leaves):
            continue
        for i, vector in enumerate(evaluated(function, params)):
            if not (
                np.all(vector >= -PROBABILITY_TOLERANCE)
                and np.all(np.abs(np.asarray(vector.sum(axis=-1)) - 1) <= PROBABILITY_TOLERANCE)
            ):
                raise InputError(
                    f"{what} gives player {i + 1} {few(vector)} at "
                    f"{place}: action probabilities must be non-negative and sum to 1"
                )
