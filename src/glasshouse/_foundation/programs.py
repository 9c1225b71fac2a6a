"""The library's own compiled programs, and what is traced once in each of them."""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

import equinox as eqx
import jax

from glasshouse._foundation.arrays import is_traced
from glasshouse._foundation.precision import P, T

_inside = contextvars.ContextVar("a program of the library is being traced", default=False)


def program(function: Callable[P, T]) -> Any:
    """`function` compiled once per structure of what it is given, as `eqx.filter_jit` does.

    What is marked `once_in_programs` is traced once in it.
    """

    @functools.wraps(function)
    def traced(*args: P.args, **kwargs: P.kwargs) -> T:
        with inside_program():
            return function(*args, **kwargs)

    return eqx.filter_jit(traced)


@contextlib.contextmanager
def inside_program() -> Iterator[None]:
    """For what is traced to become a program of the library."""
    before = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(before)


def once_in_programs(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, traced once in each of the library's programs, and its derivatives, too.

    Learners take a game's gradients in a handful of places, a league of twelve in some forty:
    tracing it anew in each took longer than compiling, which inlines them all the same. Programs
    of the library are kept by structure anyway. In somebody else's transformation nothing is kept:
    there a function may be another one with the same name each time, or hold their tracers.
    """
    kept = eqx.filter_jit(function)

    @functools.wraps(function)
    def chosen(*args: P.args, **kwargs: P.kwargs) -> T:
        return (kept if _inside.get() else function)(*args, **kwargs)

    return chosen


def traced_once(function: Callable[P, T]) -> Callable[P, T]:
    """`function` of arrays alone, of which every program holds a copy of what was traced once.

    To JAX each operation on what is being traced is a function of its own, which takes some ten
    times as long to enter as a copy of the operation: the few lines of a probability and of a
    payoff were a quarter of tracing a study, and as long again with derivatives and batches, which
    are now made of one copy. Programs stay the same. Where nothing is traced, nothing is compiled.
    """
    kept = jax.jit(function, inline=True)

    @functools.wraps(function)
    def chosen(*args: P.args, **kwargs: P.kwargs) -> T:
        return (kept if is_traced(args, kwargs) else function)(*args, **kwargs)

    return chosen
