"""Many games of one family at once, built as arrays."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.core
import numpy as np
from jaxtyping import Float, PyTree

from glasshouse.dynamics.batch import stack

CLOSE = 1e-12
"""Numbers built for all values at once and for one of them by itself differ by rounding only."""


def games_along(family: Callable[[float], Any], values: Float[np.ndarray, "values"]) -> PyTree:
    """`stack([family(value) for value in values])`, traced once where the family can be.

    Checking and building a game takes half a millisecond, more than many analyses of it. What does
    not depend on the value comes out once, repeated without being stored again. A family that looks
    at its value, or that builds another game when it is traced, is called for each value instead.
    """
    if len(values) <= 2:
        return stack([family(float(value)) for value in values])
    probes = (0, len(values) // 2, len(values) - 1)
    alone = [family(float(values[k])) for k in probes]  # with the checks that look at numbers
    together = _traced(family, values)
    if together is not None and all(
        _alike(jax.tree.map(lambda x, k=k: _member(x, k), together), game)
        for k, game in zip(probes, alone, strict=True)
    ):
        return together
    known = dict(zip(probes, alone, strict=True))
    return stack([known.get(k) or family(float(x)) for k, x in enumerate(values)])


def _traced(family: Callable[[float], Any], values: np.ndarray) -> PyTree | None:
    """The games as one, or None where the family cannot be traced."""
    constant: list[PyTree] = []

    def varying(value: Any) -> PyTree:
        found, rest = eqx.partition(family(value), lambda x: isinstance(x, jax.core.Tracer))
        constant.append(rest)
        return found

    try:
        mapped = jax.vmap(varying)(values)
    except Exception:  # whatever it was: called for one value after another it says so, or works
        return None
    fixed = jax.tree.map(lambda x: _repeated(x, len(values)), constant[0])
    return eqx.combine(jax.tree.map(np.asarray, mapped), fixed)


def _repeated(x: Any, count: int) -> Any:
    return np.broadcast_to(np.asarray(x), (count, *np.shape(x))) if eqx.is_array(x) else x


def _member(x: Any, k: int) -> Any:
    return x[k] if eqx.is_array(x) else x


def _alike(one: PyTree, other: PyTree) -> bool:
    """Whether these are the same game but for rounding."""
    (first, structure), (second, another) = map(jax.tree.flatten, (one, other))
    return structure == another and all(map(_same, first, second))


def _same(x: Any, y: Any) -> bool:
    if not (eqx.is_array(x) and eqx.is_array(y)):
        return not eqx.is_array(x) and not eqx.is_array(y) and x == y
    return x.shape == y.shape and np.allclose(x, y, rtol=CLOSE, atol=0.0, equal_nan=True)
