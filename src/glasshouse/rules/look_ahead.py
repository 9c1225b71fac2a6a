"""Gradients where the others are expected to be after their next step."""

from typing import ClassVar

from glasshouse._foundation.numbers import Numbers
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions


class LookAhead(AbstractAnticipating):
    """Every player follows its gradient where the others will be after a selfish step.

    Definition: (I + αH_o) ξ, to first order in the look-ahead α: the others' step is expected, and
    that one's own parameters shape it is not considered. Where every selfish gradient
    vanishes it rests, and also where I + αH_o is singular.

    **Arguments, Raises:** as `AbstractAnticipating`.
    **Source:** Zhang & Lesser 2010, Multi-agent learning with policy prediction, eq. 3.
    """

    words: ClassVar[str] = "LookAhead"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "ξ + α H_o ξ"
    cost: ClassVar[str] = "about 2 gradient steps with two players"
    listed: ClassVar[int] = 5

    def __init__(self, look_ahead: Numbers = 1.0, believed_step_sizes: Numbers | None = None):
        super().__init__(look_ahead, believed_step_sizes)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        return self.ahead(game, params, game.selfish_gradients(params, key), key)

    @classmethod
    def example(cls) -> "LookAhead":
        return cls(0.5)
