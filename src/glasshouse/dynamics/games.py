"""Many games that differ in numbers only, held as one pytree of arrays."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import equinox as eqx
import jax
import jax.core
import numpy as np
from jaxtyping import PyTree


@final
class Games(Sequence):
    """A list of games alike in structure, stored as arrays: a game is made when it is asked for.

    Analyses take it where they take a list of games. Learning and counting outcomes make no object
    for a game, unless all boxes or payoff ranges have to be looked at one by one.

    **Arguments:** `tree`, a game whose arrays have a leading axis over games; `count`, how many.
    """

    def __init__(self, tree: PyTree, count: int):
        self.tree = tree
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(self._count))]
        k = range(self._count)[index]
        return jax.tree.map(lambda x: x[k] if eqx.is_array(x) else x, self.tree)

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(self._count))

    def __repr__(self) -> str:
        return f"Games({self._count} × {type(self.tree).__name__})"

    def alike(self, of: Callable[[Any], PyTree]) -> bool:
        """Whether `of(game)` is known to be the same for all of them."""
        if self._count == 1:
            return True
        moving, fixed = eqx.partition(self.tree, lambda x: eqx.is_array(x) and not repeats(x))
        fixed = jax.tree.map(lambda x: x[0] if eqx.is_array(x) else x, fixed)
        depends: list[bool] = []

        def traced(game: PyTree) -> PyTree:
            found = jax.tree.leaves(of(eqx.combine(game, fixed)))
            depends.append(any(isinstance(x, jax.core.Tracer) for x in found))
            return game

        try:
            jax.vmap(traced)(moving)
        except Exception:  # what cannot be traced may look at anything
            return False
        return not depends[0]


def repeats(x: np.ndarray) -> bool:
    """Whether the leading axis shows one member again and again (it has no stride)."""
    return len(x) > 1 and x.strides[0] == 0
