"""Gradient ascent that extrapolates the last gradient."""

from typing import Any, ClassVar

import jax

from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import AbstractDirection, Directions


class Optimistic(AbstractDirection):
    """Every player follows its gradient plus the change of it since the last step.

    Definition: 2 ξ_t - ξ_{t-1}, with ξ_{-1} = ξ_0; it damps the cycles of zero-sum games.

    **Source:** Daskalakis et al. 2018, Training GANs with optimism, eq. 3.
    """

    words: ClassVar[str] = "optimistic gradients"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "2 ξ_t - ξ_{t-1}"
    cost: ClassVar[str] = "one gradient of each player's payoff, and one kept"
    listed: ClassVar[int] = 3

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        return game.selfish_gradients(params, key)

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        now = game.selfish_gradients(params, key)
        return jax.tree.map(lambda new, old: 2 * new - old, now, state), now

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        return game.selfish_gradients(params, key)

    @classmethod
    def example(cls) -> "Optimistic":
        return cls()
