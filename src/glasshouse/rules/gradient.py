"""Plain selfish gradient ascent."""

from typing import ClassVar

from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import AbstractMemoryless, Directions


class Gradient(AbstractMemoryless):
    """Every player follows the gradient of its own payoff in its own parameters.

    Definition: ξ_i = ∂U_i/∂θ_i, all players at once.
    """

    words: ClassVar[str] = "selfish gradients"
    selfish: ClassVar[bool] = True
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "ξ_i = ∂U_i/∂θ_i"
    cost: ClassVar[str] = "one gradient of each player's payoff"
    listed: ClassVar[int] = 1

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        return game.selfish_gradients(params, key)

    @classmethod
    def example(cls) -> "Gradient":
        return cls()
