"""Programs that run each other: with some probability, so that it ends, each runs the other."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, action_counts, positive
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import Product
from glasshouse.semantics.base import AbstractSemantics


class Grounded(AbstractSemantics):
    """Everyone either acts by itself or runs the other's program on its own source and copies it.

    Definition: a program is (θ, w): with probability w it runs the other one, else it plays action
    0 with probability θ, so p_i = (1-w_i) θ_i + w_i p_j, and
    p_i = ((1-w_i) θ_i + w_i (1-w_j) θ_j) / (1 - w_i w_j). No w is above 1 - ε, so that all of this
    ends. (1, 1-ε) is the ε-grounded FairBot; (q, 0) plays action 0 with probability q. Where both
    keep one w, this is the affine semantics of weight w/(1+w).

    **Arguments:** `actions`, two for each of two players; `epsilon` ε in (0, 1].
    **Raises:** `InputError` for other numbers of actions or players, or another ε.
    **Source:** Oesterheld 2019, Robust program equilibrium.
    """

    proper = "in boxes"
    words: ClassVar[str] = "grounded"
    formula: ClassVar[str] = (
        "player i cooperates with probability p_i = (1 − w_i) θ_i + w_i p_j: with probability w_i "
        "it runs the other's program and copies it"
    )
    spread: ClassVar[float] = 0.2
    keys: ClassVar[Mapping[str, Key]] = {
        "epsilon": Key(
            "ε: everyone acts by itself with at least this probability.",
            0.25,
            symbol="ε",
            axis="grounding ε (least probability of acting by oneself)",
            above=0,
            most=1,
        ),
    }

    epsilon: Float[RealArray, ""]
    actions: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, actions: Numbers, epsilon: Numbers):
        self.actions = action_counts(actions)
        if self.actions != (2, 2):
            raise InputError(
                "the grounded semantics needs two players with two actions each, but is given "
                f"{self.actions}: use Logistic"
            )
        self.epsilon = positive(epsilon, "epsilon", most=1.0)

    @property
    def spaces(self) -> tuple[Box, ...]:
        return (Box(np.zeros(2), 1 - self.epsilon * np.array([0.0, 1.0])),) * 2

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        return Product(tuple(_pair(params[i], seen[i][1 - i]) for i in (0, 1)))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Grounded":
        return cls(actions, epsilon=0.25)


def _pair(own: ArrayLike, other: ArrayLike) -> tuple[Array, Array]:
    """One player's probabilities of both actions."""
    (own_part, runs), (other_part, other_runs) = (jnp.asarray(x) for x in (own, other))
    alone, passed_on = 1 - runs, runs * (1 - other_runs)
    ends = 1 - runs * other_runs
    first = alone * own_part + passed_on * other_part
    second = alone * (1 - own_part) + passed_on * (1 - other_part)
    return first / ends, second / ends
