"""Gradients taken one step ahead of where the players are."""

from typing import ClassVar

import numpy as np

from glasshouse._foundation.numbers import Numbers
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions, ascend


class Extragradient(AbstractAnticipating):
    """Every player follows the gradient found where all would be after a selfish step.

    Definition: ξ(project(θ + αξ(θ))), one's own step included. It keeps all rest points of selfish
    learning, and is also stuck where θ + αξ is one.

    **Arguments:** as `AbstractAnticipating`.
    **Raises:** `InputError` for numbers that are negative or not finite.
    **Source:** Korpelevich 1976, The extragradient method for finding saddle points.
    """

    words: ClassVar[str] = "extragradient"
    keeps_rest_points: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset()
    formula: ClassVar[str] = "ξ(θ + α ξ)"
    cost: ClassVar[str] = "2 gradient steps"
    listed: ClassVar[int] = 10

    def __init__(self, look_ahead: Numbers = 1.0, believed_step_sizes: Numbers | None = None):
        super().__init__(look_ahead, believed_step_sizes)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        ahead = self.expected(game.selfish_gradients(params, key))
        return game.selfish_gradients(ascend(game, params, ahead, np.array(1.0)), key)

    @classmethod
    def example(cls) -> "Extragradient":
        return cls(0.5)
