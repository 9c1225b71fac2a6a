"""Numbers on their way in: NumPy float64 until JAX computes, JAX arrays left as they are."""

import math
from typing import Any, TypeAlias

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

RealArray: TypeAlias = jax.Array | np.ndarray


UNDEFINED = math.inf
"""What stands for "no value" while JAX computes, where users may ask it to stop at NaN."""


def with_nan(values: RealArray) -> np.ndarray:
    """The numbers with NaN in place of `UNDEFINED`."""
    numbers = np.asarray(values)
    return np.where(np.isinf(numbers), np.nan, numbers)


def as_array(value: Any) -> RealArray:
    """A JAX array as it is, anything else as a NumPy array of float64 that nobody can change.

    Fields kept this way lose no digits where JAX computes in 32 bits by default, and are
    converted to whatever precision the computation they enter uses.
    """
    if isinstance(value, jax.Array):
        return value
    array = np.array(value, dtype=np.float64)
    array.setflags(write=False)
    return array


def as_floats(tree: PyTree) -> PyTree:
    """All leaves as JAX arrays of the default float type; a list of numbers is one leaf."""
    return jax.tree.map(lambda x: jnp.asarray(x, dtype=float), tree, is_leaf=is_vector)


def as_numbers(tree: PyTree) -> PyTree:
    """All leaves as NumPy arrays of float64, or where traced as in `as_floats`."""

    def number(x: Any) -> RealArray:
        return as_floats(x) if is_traced(x) else np.asarray(x, dtype=np.float64)

    return jax.tree.map(number, tree, is_leaf=is_vector)


def is_vector(tree: PyTree) -> bool:
    """Whether this is a list of numbers, which people mean as a vector and JAX as a pytree."""
    return isinstance(tree, list) and all(isinstance(x, int | float) for x in tree)


def is_traced(*trees: PyTree) -> bool:
    """Whether some leaf has no value yet, being traced by `jit`, `vmap` or `grad`."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(trees))
