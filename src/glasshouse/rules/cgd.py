"""Each step is the equilibrium of a local game, in which all expect each other's step."""

from typing import ClassVar

from glasshouse._foundation.numbers import Numbers
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions
from glasshouse.rules.calculus import across, minus, solved


class Cgd(AbstractAnticipating):
    """Competitive gradients: the step that all would take who expect all to take it.

    Definition: (I - αH_o)^{-1} ξ, the equilibrium of the game's bilinear approximation with a
    quadratic cost of moving; to first order in α it is LookAhead. With a look-ahead other than the
    step size it is also called CGO. Undefined (NaN) where I - αH_o is singular, unless ξ = 0.

    **Arguments, Raises:** as `AbstractAnticipating`.
    **Cost:** a linear system in all parameters: eliminated up to 40, GMRES beyond.
    **Source:** Schäfer & Anandkumar 2019, Competitive gradient descent, eq. 3.
    """

    words: ClassVar[str] = "competitive gradients"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "(I - α H_o)^{-1} ξ"
    cost: ClassVar[str] = "a linear system in all parameters, one gradient step for each product"
    listed: ClassVar[int] = 7

    def __init__(self, look_ahead: Numbers = 1.0, believed_step_sizes: Numbers | None = None):
        super().__init__(look_ahead, believed_step_sizes)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        def left(vector: Params) -> Params:
            return minus(vector, across(game, params, self.expected(vector), key))

        return solved(left, game.selfish_gradients(params, key))

    @classmethod
    def example(cls) -> "Cgd":
        return cls(0.2)
