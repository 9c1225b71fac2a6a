"""The affine semantics: mixed actions as weighted means of parameters that are probabilities."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key, Strength
from glasshouse._foundation.numbers import Numbers, action_counts, number_within
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, Product, unrolls
from glasshouse.games.behaviour import count_states
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.states import READING, checked_reading, counts_of, matching_rows


class Affine(AbstractSemantics):
    """Everyone's probability of action 0 is a mean of their own parameter and the others'.

    Definition: p_i = (1-w) θ_i + w · mean of θ_j over the others j ≠ i, with θ_i in [0, 1]: as if
    each met its own kind with probability w (assortment). At w = 0 nobody reads anybody; at w = 1
    everyone does what the others' parameters say. In a repeated game this holds in every state, and
    one reads the others' parameters of the same situation (own action first) or state of play.

    **Arguments:** `actions`, number of actions of each player: two each, any number of players
    from two; or a game that has them (a repeated one must be given itself); `weight` w in [0, 1], a
    number; `reading`, in repeated games "situation" (the default) or "state".
    **Raises:** `InputError` for other numbers of actions, or a weight that is not such a number.
    """

    proper = "in boxes"
    words: ClassVar[str] = "affine"
    formula: ClassVar[str] = (
        "player i cooperates with probability (1 − w) θ_i + w · mean of the others' θ_j"
    )
    strength: ClassVar[Strength | None] = Strength("weight", 0.0, 1.0, 51)
    spread: ClassVar[float] = 0.2
    listed: ClassVar[int] = 2
    section: ClassVar[Any] = "glasshouse.study.spec.semantics:AffineSection"
    keys: ClassVar[Mapping[str, Key]] = {
        "weight": Key(
            "w, the weight of what one reads; the weight of one's own parameter is 1 - w.",
            0.25,
            symbol="w",
            axis="weight w (of what each reads)",
            least=0,
            most=1,
        ),
        "reading": READING,
    }

    weight: Float[RealArray, ""]
    actions: tuple[int, ...] = eqx.field(static=True)
    reading: str | None = eqx.field(static=True, metadata={UNLESS_NONE: True})

    def __init__(
        self, actions: Numbers | AbstractGame, weight: Numbers, *, reading: str | None = None
    ):
        self.reading = checked_reading(actions, reading)
        self.actions = action_counts(counts_of(actions))
        if len(self.actions) < 2 or set(self.actions) != {2}:
            raise InputError(
                "the affine semantics needs two actions for each of at least two players, but is "
                f"given {self.actions}: use Logistic"
            )
        self.weight = number_within(weight, "weight", most=1.0)

    @property
    def spaces(self) -> tuple[Box, ...]:
        if self.reading is not None:
            states = count_states(self.actions)
            return (Box(np.zeros(states), np.ones(states)),) * len(self.actions)
        return (Box(0.0, 1.0),) * len(self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        players = range(len(self.actions))
        if self.reading is not None:
            seen = [[self._placed(x, i, j) for j, x in enumerate(seen[i])] for i in players]
            each = (self._pair(i, params[i], seen[i]) for i in players)
            return Product(tuple(jnp.stack(pair, axis=1) for pair in each))
        pairs = tuple(self._pair(i, params[i], seen[i]) for i in players)
        return Product(pairs if unrolls(self.actions) else tuple(map(jnp.stack, pairs)))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Affine":
        return cls(actions, weight=0.25)

    def _placed(self, numbers: ArrayLike, player: int, owner: int) -> Array:
        """What the player reads of the owner in each of its own states."""
        read = jnp.asarray(numbers)
        is_situation = self.reading == "situation"
        return read if is_situation else read[matching_rows(self.actions, player, owner)]

    def _pair(self, player: int, own: ArrayLike, seen: Any) -> tuple[Array, Array]:
        """One player's probabilities of both actions, as scalars or in each state."""
        others = [jnp.asarray(x) for j, x in enumerate(seen) if j != player]
        mean = sum(others[1:], start=others[0]) / len(others)
        weight = jnp.asarray(self.weight)
        # θ_i + w (mean - θ_i) would lose a small mean beside a large θ_i at w = 1.
        first = (1 - weight) * jnp.asarray(own) + weight * mean
        return first, 1 - first
