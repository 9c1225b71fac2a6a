"""Players who read a few numbers made of the others' weights, and not the weights themselves."""

import functools
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, finite_number, whole
from glasshouse._foundation.random import Purpose, normals
from glasshouse.errors import InputError
from glasshouse.semantics.policies.transparency import AbstractMirrored

LARGEST_SEED = 2**31 - 1


class ProjectedWeights(AbstractMirrored):
    """Everybody reads a few numbers of the others' weights, and runs the networks made of these.

    Definition: logits_i(o) = f(o; θ_i) + κ Σ_j≠i f(o; Pᵀ z_j), z_j = P θ_j the `dimensions` numbers
    that are read of θ_j, o what player i sees. The rows of P are orthonormal, drawn once for all
    from `seed`. So Pᵀ z_j is the nearest to θ_j that the numbers can say, and with as many numbers
    as weights this is `MirroredWeights(κ)`. Of random weights a share of dimensions / weights of
    the squared length is seen.

    **Arguments:** `coupling` κ; `dimensions`, at most as many as there are weights; `seed` of P.
    **Raises:** `InputError` for numbers that cannot be.

        from glasshouse.semantics.policies import ProjectedWeights

        print(ProjectedWeights(0.5, dimensions=2).words)  # projected weights
    """

    coupling: Float[RealArray, ""]
    dimensions: int = eqx.field(static=True)
    seed: int = eqx.field(static=True)

    words: ClassVar[str] = "projected weights"
    study_name: ClassVar[str] = "projected"
    listed: ClassVar[int] = 3
    formula: ClassVar[str] = "f(o_i; θ_i) + κ Σ_{j≠i} f(o_i; PᵀP θ_j)"
    keys: ClassVar[Mapping[str, Key]] = {
        "coupling": Key("κ, the weight of the others' networks.", symbol="κ", axis="coupling κ"),
        "dimensions": Key("How many numbers are read of the others' weights.", 4, int, least=1),
        "seed": Key("Of the projection.", 0, int, least=0, most=LARGEST_SEED),
    }

    def __init__(self, coupling: Numbers, dimensions: Whole = 4, seed: Whole = 0):
        self.coupling = finite_number(coupling, "coupling")
        self.dimensions = whole(dimensions, "dimensions", least=1)
        self.seed = whole(seed, "seed", least=0, most=LARGEST_SEED)

    def read(self, weights: PyTree) -> PyTree:
        """The weights nearest to these among all that the numbers read can say."""
        flat, rebuilt = jax.flatten_util.ravel_pytree(weights)
        if self.dimensions > flat.size:
            raise InputError(
                f"dimensions={self.dimensions} must be at most {flat.size}, the numbers that a "
                "player's parameters have"
            )
        rows = jnp.asarray(projection(self.seed, self.dimensions, flat.size), flat.dtype)
        return rebuilt(rows.T @ (rows @ flat))

    @classmethod
    def example(cls) -> "ProjectedWeights":
        return cls(0.5, 2)


@functools.lru_cache(maxsize=32)
def projection(seed: int, dimensions: int, weights: int) -> Float[np.ndarray, "dimensions weights"]:
    """Orthonormal rows in a direction drawn evenly, the same for a seed and these two sizes."""
    drawn = normals(seed, Purpose.PROJECTION, dimensions, weights)
    columns, corner = np.linalg.qr(drawn.T)
    # Without the signs LAPACK's choice of reflections would show in P.
    return (columns * np.where(np.diagonal(corner) < 0, -1.0, 1.0)).T
