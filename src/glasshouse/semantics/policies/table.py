"""A policy with a row of logits for each situation."""

import math
from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, checked_bound, number_within
from glasshouse._foundation.random import Purpose, Seed, normals
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation
from glasshouse.semantics.policies.base import AbstractPolicy, count_logits


class TablePolicy(AbstractPolicy):
    """Logits θ[s, a] for each situation s, with nothing shared between situations.

    In an iterated game with two actions θ is that of the logistic semantics with memory one.

    **Arguments:** `game`, whose situations are counted; `bound` M > 0, all logits lie in [-M, M];
    `spread`, the standard deviation of random parameters to start from.
    **Raises:** `InputError` where they are not, and for numbers that cannot be.
    """

    situations: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)
    bound: Float[RealArray, ""]
    spread: float = eqx.field(static=True)

    words: ClassVar[str] = "a table"
    study_name: ClassVar[str] = "table"
    listed: ClassVar[int] = 1
    formula: ClassVar[str] = "softmax(θ[s])"
    keys: ClassVar[Mapping[str, Key]] = {
        "bound": Key("All logits lie in [-bound, bound].", math.inf, above=0, infinite=True),
        "spread": Key("Standard deviation of random logits to start from.", 1.0, least=0),
    }

    def __init__(
        self, game: AbstractStochasticGame, bound: Numbers = math.inf, spread: Numbers = 1.0
    ):
        if game.situations is None:
            raise InputError(
                f"a table has a row for each situation, and those of {game.name} are not counted: "
                "take MlpPolicy or GruPolicy"
            )
        self.situations = game.situations
        self.actions = common_actions(game)
        self.bound = checked_bound(bound)
        self.spread = float(number_within(spread, "spread"))

    @property
    def space(self) -> Box:
        most = self.bound * np.ones((self.situations, count_logits(self.actions)))
        return Box(-most, most)

    def begin(self) -> tuple[()]:
        return ()

    def logits(
        self, weights: Float[Array, "situations logits"], memory: tuple[()], seen: Observation
    ) -> tuple[Float[Array, "logits"], tuple[()]]:
        return jnp.asarray(weights)[seen.situations], ()

    def initials(self, seed: Seed, count: int) -> np.ndarray:
        shape = (self.situations, count_logits(self.actions))
        drawn = normals(seed, Purpose.PROFILE, count, math.prod(shape)) * self.spread
        most = float(np.asarray(self.bound))
        return np.clip(drawn, -most, most).reshape(count, *shape)

    @classmethod
    def example(cls, game: AbstractStochasticGame) -> "TablePolicy":
        return cls(game, bound=3.0)


def common_actions(game: AbstractStochasticGame) -> int:
    """The number of actions that all players have.

    **Raises:** `InputError` where they have different ones.
    """
    if len(set(game.actions)) > 1:
        raise InputError(
            f"players of {game.name} have {game.actions} actions: policies are for games in which "
            "all have as many"
        )
    return game.actions[0]
