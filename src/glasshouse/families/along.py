"""Many games of one family at once, built as arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.core
import numpy as np
from jaxtyping import Float, PyTree

from glasshouse.dynamics.batch import stack
from glasshouse.dynamics.games import repeats

BUILT_ALIKE = 1e-12
"""Numbers built for all values at once and for one of them by itself differ by rounding only."""


def games_along(family: Callable[[float], Any], values: Float[np.ndarray, "values"]) -> PyTree:
    """`stack([family(value) for value in values])`, traced once where the family can be.

    Checking and building a game takes half a millisecond, more than many analyses of it. What does
    not depend on the value comes out once, repeated without being stored again. A family that looks
    at its value, or that builds another game when it is traced, is called for each value instead.
    """
    return games_over(family, [values])


def games_over(build: Callable[..., Any], columns: Sequence[Any]) -> PyTree:
    """`stack([build(*row) for row in rows])`, traced once where `build` can be.

    **Arguments:** `columns`, each numbers or a pytree of arrays, with one common leading axis over
    the rows.
    """
    count = len(jax.tree.leaves(columns[0])[0])
    if count <= 2:
        return stack([build(*_row(columns, k)) for k in range(count)])
    probes = (0, count // 2, count - 1)
    alone = [build(*_row(columns, k)) for k in probes]  # with the checks that look at numbers
    together = _traced(build, columns)
    if together is not None and all(
        _alike(jax.tree.map(lambda x, k=k: _member(x, k), together), game)
        for k, game in zip(probes, alone, strict=True)
    ):
        return together
    known = dict(zip(probes, alone, strict=True))
    return stack([known.get(k) or build(*_row(columns, k)) for k in range(count)])


def _row(columns: Sequence[Any], k: int) -> list[Any]:
    """One value of each column, numbers as Python has them."""
    return [
        float(column[k])
        if isinstance(column, np.ndarray)
        else jax.tree.map(lambda x: _member(x, k), column)
        for column in columns
    ]


def _traced(build: Callable[..., Any], columns: Sequence[Any]) -> PyTree | None:
    """The games as one, or None where they cannot be traced."""
    constant: list[PyTree] = []
    moving, fixed = eqx.partition(columns, lambda x: eqx.is_array(x) and not repeats(x))
    fixed = jax.tree.map(lambda x: _member(x, 0), fixed)

    def varying(row: Any) -> PyTree:
        found, rest = eqx.partition(
            build(*eqx.combine(row, fixed)), lambda x: isinstance(x, jax.core.Tracer)
        )
        constant.append(rest)
        return found

    try:
        mapped = jax.vmap(varying)(moving)
    except Exception:  # whatever it was: called for one value after another it says so, or works
        return None
    count = len(jax.tree.leaves(columns[0])[0])

    def repeated(x: Any) -> Any:
        return np.broadcast_to(np.asarray(x), (count, *np.shape(x))) if eqx.is_array(x) else x

    same = jax.tree.map(repeated, constant[0])
    return eqx.combine(jax.tree.map(np.asarray, mapped), same)


def _member(x: Any, k: int) -> Any:
    return x[k] if eqx.is_array(x) else x


def _alike(one: PyTree, other: PyTree) -> bool:
    """Whether these are the same game but for rounding."""
    (first, structure), (second, another) = map(jax.tree.flatten, (one, other))
    return structure == another and all(map(_same, first, second))


def _same(x: Any, y: Any) -> bool:
    if not (eqx.is_array(x) and eqx.is_array(y)):
        return not eqx.is_array(x) and not eqx.is_array(y) and x == y
    return x.shape == y.shape and np.allclose(x, y, rtol=BUILT_ALIKE, atol=0.0, equal_nan=True)
