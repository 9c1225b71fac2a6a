"""Seeing how alike: nobody sees parameters, only how far the others' are from its own."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse.channels.base import AbstractAccess, Views
from glasshouse.channels.box import Box


class Distance(AbstractAccess):
    """Everybody sees how far the others' parameters are from its own, and nothing else of them.

    Definition: in place of θ_j player i sees |θ_i - θ_j|, coordinate by coordinate; coordinates
    that only one of the two has count as 0 of the other. With `Cutoff` this is similarity-based
    cooperation: what one sees of others is how similar they are.

    Where parameters agree, slopes on either side differ: what follows derivatives (first movement,
    sensitivities, the boundary test, phase portraits, branches) refuses such games; learning from
    starts apart, deviations and certificates take them.

        import glasshouse as gh
        from glasshouse.channels import Distance
        from glasshouse.semantics import Cutoff

        game = gh.ParametricGame(
            gh.load_game("prisoners_dilemma"), Cutoff((2, 2), noise=1.0, bound=1.0), Distance()
        )
        print(round(gh.best_deviation(game, (1.0, 1.0), 0).gain, 6))  # 0.125
    """

    kinks: ClassVar[str] = "where players' parameters agree"
    meaning: ClassVar[str] = "everybody sees how far the others' parameters are from its own"
    listed: ClassVar[int] = 8

    @property
    def words(self) -> str:
        return "only distances seen"

    def check(self, boxes: tuple[Box, ...]) -> None:
        return

    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        def seen_by(i: int) -> tuple[PyTree, ...]:
            return tuple(
                own if j == i else _distances(params[i], own) for j, own in enumerate(params)
            )

        return Views(tuple(map(seen_by, range(len(params)))))

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Distance":
        return cls()


def _distances(own: PyTree, other: PyTree) -> PyTree:
    """How far each coordinate of another is from one's own, in the other's structure."""
    shapes = [jax.tree.map(jnp.shape, tree) for tree in (own, other)]
    if jax.tree.structure(own) == jax.tree.structure(other) and shapes[0] == shapes[1]:
        return jax.tree.map(_apart, own, other)
    numbers, _ = ravel_pytree(own)
    theirs, put_together = ravel_pytree(other)
    short = max(0, len(theirs) - len(numbers))
    return put_together(_apart(jnp.pad(numbers, (0, short))[: len(theirs)], theirs))


@jax.custom_jvp
def _apart(x: RealArray, y: RealArray) -> Array:
    return jnp.abs(jnp.asarray(x) - jnp.asarray(y))


@_apart.defjvp
def _(primals, tangents):
    """The mean of both slopes where x = y: JAX's own is one of them, and not the same for both
    players, so that from equal parameters each would seem to be followed upward."""
    (x, y), (dx, dy) = primals, tangents
    return _apart(x, y), jnp.sign(jnp.asarray(x) - jnp.asarray(y)) * (dx - dy)
