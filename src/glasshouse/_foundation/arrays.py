"""Numbers on their way in: whatever they come in as, NumPy float64 until JAX computes."""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

RealArray: TypeAlias = jax.Array | np.ndarray

DEEPEST = 64
"""NumPy arrays have no more axes than this, so that lists nested deeper are no array."""

BOOLS = "truth values are not numbers; convert them with float if 1 and 0 are meant"
COMPLEX = "complex numbers have no order; take the real part if that is meant"
MASKED = "a masked entry has no value; fill it first, as by .filled(0.0)"
RAGGED = "its rows differ in length or are no rows at all"
BEYOND = "numbers beyond 1.8e308 have no double-precision value; rescale it"


class NotRealError(TypeError):
    """What was given is no array of real numbers; the message says why, and what to do."""


UNDEFINED = math.inf
"""What stands for "no value" while JAX computes, where users may ask it to stop at NaN."""


def with_nan(values: RealArray) -> np.ndarray:
    """The numbers with NaN in place of `UNDEFINED`."""
    numbers = np.asarray(values)
    return np.where(np.isinf(numbers), np.nan, numbers)


def as_array(value: Any) -> RealArray:
    """Real numbers as a NumPy array of float64 that nobody can change; traced ones as floats.

    Integers, fractions, decimals and arrays of any library and type become the nearest doubles
    here, before anything is computed in a type that would wrap, round or drop digits. They are
    converted to whatever precision the computation they enter uses.

    **Raises:** `NotRealError` for truth values, complex numbers, masked entries, text, rows of
    different lengths, and numbers that no double is near to.
    """
    if isinstance(value, jax.core.Tracer):
        return _traced(value)
    if isinstance(value, list | tuple) and _holds_traced(value):
        leaves = [as_array(x) for x in value]
        if len({np.shape(leaf) for leaf in leaves}) > 1:
            raise NotRealError(RAGGED)
        return jnp.stack([jnp.asarray(leaf, dtype=float) for leaf in leaves])
    array = _doubles(value, 0)
    array.setflags(write=False)
    return array


def as_floats(tree: PyTree) -> PyTree:
    """All leaves as JAX arrays of the default float type; a list of numbers is one leaf."""
    return jax.tree.map(lambda x: jnp.asarray(as_array(x), dtype=float), tree, is_leaf=is_vector)


def as_arrays(tree: PyTree) -> PyTree:
    """All leaves as `as_array` gives them; a list of numbers is one leaf."""
    return jax.tree.map(as_array, tree, is_leaf=is_vector)


def is_vector(tree: PyTree) -> bool:
    """Whether this is a list of numbers, which people mean as a vector and JAX as a pytree."""
    return isinstance(tree, list) and all(_is_single(x) for x in tree)


def is_traced(*trees: PyTree) -> bool:
    """Whether some leaf has no value yet, being traced by `jit`, `vmap` or `grad`."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(trees))


def _holds_traced(rows: list | tuple) -> bool:
    try:
        return is_traced(rows)
    except (SystemError, RecursionError):
        raise NotRealError("lists that hold themselves are no array") from None


def _is_single(value: Any) -> bool:
    """Whether this is one number and no array, nor a pytree."""
    is_array = isinstance(value, jax.Array | np.ndarray)
    return isinstance(value, int | float | np.generic) or (
        not is_array and hasattr(value, "__float__")
    )


def _traced(value: jax.Array) -> jax.Array:
    """A traced array whose computations neither wrap nor lack digits that were asked for."""
    _check_type(value.dtype)
    wide = jnp.issubdtype(value.dtype, np.floating) and value.dtype.itemsize >= 4
    return value if wide else jnp.asarray(value, dtype=float)


def _check_type(dtype: Any) -> None:
    if np.dtype(bool) == dtype:
        raise NotRealError(BOOLS)
    if jnp.issubdtype(dtype, np.complexfloating):
        raise NotRealError(COMPLEX)
    if not jnp.issubdtype(dtype, np.number) or dtype.kind == "m":
        raise NotRealError(f"entries of type {dtype} are no real numbers")


def _doubles(value: Any, depth: int) -> np.ndarray:
    """The nearest doubles, as a new array."""
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.getmaskarray(value).any():
            raise NotRealError(MASKED)
        return _of_array(value.data)
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        return _of_array(value)
    if isinstance(value, list | tuple):
        return _of_rows(value, depth)
    if isinstance(value, bytes | bytearray | memoryview):
        raise NotRealError(f"{type(value).__name__} are no numbers")
    if hasattr(value, "__array__"):  # pandas, xarray and others, without importing them
        try:
            held = np.asarray(value)
        except (TypeError, ValueError, RuntimeError) as error:  # as PyTorch's that need gradients
            raise NotRealError(f"{type(value).__name__} gives no array: {error}") from error
        return _of_array(held)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return _of_rows(list(value), depth)
    return np.array(_double(value))


def _of_array(array: np.ndarray | np.generic | jax.Array) -> np.ndarray:
    if not isinstance(array, np.ndarray):
        _check_type(array.dtype)  # random keys have no NumPy array
        array = np.asarray(array)
    if array.dtype == object:
        numbers = [_double(x) for x in array.flat]
        return np.array(numbers, dtype=np.float64).reshape(array.shape)
    _check_type(array.dtype)
    with np.errstate(over="ignore"):
        found = array.astype(np.float64, subok=False)
    if array.dtype.itemsize > 8 and np.any(np.isinf(found) & np.isfinite(array)):
        raise NotRealError(BEYOND)
    return found


def _of_rows(rows: list | tuple, depth: int) -> np.ndarray:
    if depth >= DEEPEST:
        raise NotRealError(f"lists nested more than {DEEPEST} deep are no array")
    kinds = set(map(type, rows))
    try:
        if kinds <= {int, float}:  # which is quick, and usual
            return np.array(rows, dtype=np.float64)
        return np.array([_doubles(row, depth + 1) for row in rows], dtype=np.float64)
    except OverflowError:
        raise NotRealError(BEYOND) from None
    except ValueError:
        raise NotRealError(RAGGED) from None


def _double(value: Any) -> float:
    """One number of any kind as the nearest double."""
    if isinstance(value, np.ma.MaskedArray):
        raise NotRealError(MASKED)
    if isinstance(value, bool):
        raise NotRealError(BOOLS)
    if isinstance(value, complex):
        raise NotRealError(COMPLEX)
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        if np.ndim(value):
            raise NotRealError(RAGGED)
        return float(_of_array(value))
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        raise NotRealError(f"{type(value).__name__} is no real number")
    try:
        number = float(value)
    except OverflowError:
        raise NotRealError(BEYOND) from None
    except (TypeError, ValueError):
        raise NotRealError(f"{type(value).__name__} without a value is no real number") from None
    if math.isinf(number) and value != number:  # as decimals end that are too large
        raise NotRealError(BEYOND)
    return number
