"""Analyses compute in float64 whatever the caller's setting."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax

from glasshouse._processes import warn_if_forked

P = ParamSpec("P")
T = TypeVar("T")


def in_float64(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` with 64-bit JAX arrays, leaving the global setting as it was."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        warn_if_forked()
        with jax.enable_x64(True):
            return function(*args, **kwargs)

    return wrapped
