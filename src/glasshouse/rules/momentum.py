"""Gradient ascent that remembers where it went."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, number_within
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import AbstractDirection, Directions


class Momentum(AbstractDirection):
    """Every player follows a sum of its gradients, in which older ones count less.

    Definition: m ← β m + ξ from m = 0. One who stays where ξ does not change moves by ξ/(1-β).

    **Arguments:** `decay` β in [0, 1).
    **Raises:** `InputError` for another decay.
    **Source:** Polyak 1964, Some methods of speeding up the convergence of iteration methods.
    """

    decay: Float[RealArray, ""]

    words: ClassVar[str] = "momentum"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "m ← β m + ξ"
    cost: ClassVar[str] = "one gradient of each player's payoff, and one kept"
    listed: ClassVar[int] = 11
    keys: ClassVar[Mapping[str, Key]] = {
        "decay": Key(
            'Of "momentum": what remains of older gradients; default 0.5.', 0.5, symbol="β"
        )
    }

    def __init__(self, decay: Numbers = 0.5):
        self.decay = number_within(decay, "decay", 0.0, 1.0)
        if not is_traced(self.decay) and float(self.decay) == 1.0:
            raise InputError("decay must be less than 1, or nothing is ever forgotten")

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        return jax.tree.map(jnp.zeros_like, game.selfish_gradients(params, key))

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        now = game.selfish_gradients(params, key)
        found = jax.tree.map(lambda x, m: self.decay * m + x, now, state)
        return found, found

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        return jax.tree.map(lambda x: x / (1 - self.decay), game.selfish_gradients(params, key))

    @classmethod
    def example(cls) -> "Momentum":
        return cls()
