"""The linear semantics: the logit is a linear function of parameter vectors."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key, Strength
from glasshouse._foundation.numbers import (
    Numbers,
    action_counts,
    checked_bound,
    finite_number,
    number_array,
)
from glasshouse._foundation.results import few
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import Product, unrolls
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.probabilities import sigmoid_pair


class Linear(AbstractSemantics):
    """Everyone's logit is linear in its own parameter vector and in what it reads of the others'.

    Definition: p_i = s(w·θ_i + κ Σ_j≠i w·θ_j), with one direction w for all and θ_i in [-M, M]^d:
    the logistic semantics of two actions, where the parameter has several coordinates. It is the
    simplest in which readers may see some coordinates and not others.

    **Arguments:** `actions`, two for each player; `coupling` κ, a number; `direction` w, one number
    per coordinate, finite and not all zero; `bound` M > 0.
    **Raises:** `InputError` for other numbers of actions, a direction that is no such vector, a
    coupling that is not finite or a bound that is not positive.
    """

    proper = "everywhere"
    words: ClassVar[str] = "linear"
    formula: ClassVar[str] = (
        "player i cooperates with probability s(w·θ_i + κ Σ_{j≠i} w·θ_j), s(x) = 1/(1 + e^{−x})"
    )
    strength: ClassVar[Strength | None] = Strength("coupling", 0.0, 1.2, 61)
    listed: ClassVar[int] = 3
    section: ClassVar[Any] = "glasshouse.study.spec.semantics:LinearSection"
    keys: ClassVar[Mapping[str, Key]] = {
        "coupling": Key(
            "κ, the weight with which each reads the others.",
            0.5,
            symbol="κ",
            axis="coupling κ (weight of what each reads)",
        ),
        "direction": Key("w, one number per coordinate, not all zero.", several=True, symbol="w"),
        "bound": Key(
            "M: every coordinate lies in [-M, M]; inf for no bound.",
            3.0,
            symbol="M",
            axis="bound M (parameters lie in [-M, M])",
            above=0,
            infinite=True,
        ),
    }

    coupling: Float[RealArray, ""]
    direction: Float[RealArray, "coordinates"]
    bound: Float[RealArray, ""]
    actions: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self, actions: Numbers, coupling: Numbers, direction: Numbers, bound: Numbers = math.inf
    ):
        self.actions = action_counts(actions)
        if set(self.actions) != {2}:
            raise InputError(
                f"the linear semantics needs two actions for each player, but is given "
                f"{self.actions}: use Logistic"
            )
        self.coupling = finite_number(coupling, "coupling")
        self.direction = _checked_direction(direction)
        self.bound = checked_bound(bound)

    @property
    def spaces(self) -> tuple[Box, ...]:
        most = self.bound * np.ones(self.direction.shape)
        return (Box(-most, most),) * len(self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        pairs = tuple(self._pair(i, own, seen[i]) for i, own in enumerate(params))
        return Product(pairs if unrolls(self.actions) else tuple(map(jnp.stack, pairs)))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Linear":
        return cls(actions, coupling=0.5, direction=[1.0, -0.5, 2.0], bound=3.0)

    def _pair(self, player: int, own: ArrayLike, seen: Any) -> tuple[Array, Array]:
        direction = jnp.asarray(self.direction)
        logit = direction @ jnp.asarray(own)
        for owner, shown in enumerate(seen):
            if owner != player:
                logit = logit + self.coupling * (direction @ jnp.asarray(shown))
        return sigmoid_pair(logit)


def _checked_direction(direction: Numbers) -> RealArray:
    array = number_array(direction, "direction", shapes=None)
    if array.ndim != 1 or not array.size:
        raise InputError(f"direction has shape {array.shape}: it must be one number per coordinate")
    if not is_traced(array):
        values = np.asarray(array)
        if not np.all(np.isfinite(values)) or not np.any(values):
            raise InputError(f"direction {few(values)} must be finite and not zero")
    return array
