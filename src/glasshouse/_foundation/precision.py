"""Exact games compute in 64 bits, whatever JAX is set to; inside a user's transformation, as it is.

Two facts about JAX shape this. The setting belongs to the process, and people have other programs
in it: it is entered for one call and left again. And a NumPy array that was a constant of a
compiled 32-bit program is remembered, by identity, as the 32-bit buffer it became: as an argument
of a 64-bit program it is then refused (E0102). Arrays therefore enter computations as new views of
themselves, on either side.
"""

import contextlib
import contextvars
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.arrays import is_traced
from glasshouse._foundation.processes import warn_if_forked
from glasshouse.errors import InputError

P = ParamSpec("P")
T = TypeVar("T")

_computing = contextvars.ContextVar("computing in 64 bits", default=False)


def in_float64(function: Callable[P, T]) -> Callable[P, T]:
    """Compute in 64 bits and give NumPy arrays, leaving JAX's setting as it was.

    For functions that need values: what they are given must not be traced. Called by another one
    they give JAX arrays, which it goes on computing with.
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        # Both: a context may be copied to another thread, and JAX's setting is not copied with it.
        if _computing.get() and jnp.result_type(float) == np.float64:
            return function(*args, **kwargs)
        if is_traced(args, kwargs):
            raise InputError(
                f"{function.__name__} computes with values, and was given some that jit, vmap or "
                "grad is tracing: call it outside (run without stop, rest_residual and "
                "first_order_margin work inside)"
            )
        warn_if_forked()
        args, kwargs = fresh((args, kwargs))
        entered = _computing.set(True)
        try:
            # Inside somebody's trace all is computed now all the same: these 64 bits never meet it.
            # Elsewhere not: what certificates trace would lose its constants' computations.
            traced = inside_transformation()
            now = jax.ensure_compile_time_eval() if traced else contextlib.nullcontext()
            with now, jax.enable_x64(True):
                return as_numpy(function(*args, **kwargs))
        finally:
            _computing.reset(entered)

    return wrapped


def in_float64_unless_traced(function: Callable[P, T]) -> Callable[P, T]:
    """The same for functions that can be transformed: there the caller's precision holds."""
    computed = in_float64(function)

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        if is_traced(args, kwargs) or inside_transformation():
            args, kwargs = fresh((args, kwargs))
            return function(*args, **kwargs)
        return computed(*args, **kwargs)

    return wrapped


def inside_transformation() -> bool:
    """Whether somebody's `jit`, `vmap` or `grad` is under way, whatever it traces.

    Tracers may hide in the closure of a semantics' function, where no argument shows them.
    """
    with jax.extend.core.take_current_trace() as trace:
        return type(trace).__name__ != "EvalTrace"


def fresh(tree: PyTree) -> PyTree:
    """The same tree with a new view in place of every NumPy array."""
    return jax.tree.map(lambda x: x[...] if isinstance(x, np.ndarray) else x, tree)


def as_numpy(tree: PyTree) -> PyTree:
    """JAX arrays as NumPy arrays; traced ones and random keys as they are."""

    def converted(x: Any) -> Any:
        if not isinstance(x, jax.Array) or is_traced(x):
            return x
        return x if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else np.asarray(x)

    return jax.tree.map(converted, tree)
