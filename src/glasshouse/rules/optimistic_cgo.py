"""Competitive gradients taken one competitive step ahead of where the players are."""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, not_negative
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions, ascend
from glasshouse.rules.cgd import Cgd


class OptimisticCgo(AbstractAnticipating):
    """Competitive gradients found where all would be after a step by competitive gradients.

    Definition: c(project(θ + ηc(θ))) with c = (I - αH_o)^{-1} ξ, which is `Cgd`. The step of the
    run is another number; its authors take η for it, too. At α = 0 it is an extragradient. It keeps
    all rest points of selfish learning, and is also stuck where θ + ηc is one. Undefined (NaN)
    where I - αH_o is singular, unless ξ = 0.

    **Arguments:** `look_ahead` and `believed_step_sizes` as of `AbstractAnticipating`;
    `extrapolation` η, how far ahead, in units of a step size.
    **Raises:** `InputError` as `AbstractAnticipating`, and for another extrapolation.
    **Cost:** twice that of `Cgd`.
    **Source:** Vyas et al. 2023, Competitive gradient optimization, as in its authors' code.
    """

    extrapolation: Float[RealArray, ""]

    words: ClassVar[str] = "optimistic competitive gradients"
    study_name: ClassVar[str] = "ocgo"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "c(θ + η c), c = (I - α H_o)^{-1} ξ"
    cost: ClassVar[str] = "twice that of cgd"
    listed: ClassVar[int] = 12
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "extrapolation": Key(
            'Of "ocgo": how far ahead competitive gradients are taken; default 1.', 1.0, symbol="η"
        ),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        extrapolation: Numbers = 1.0,
        believed_step_sizes: Numbers | None = None,
    ):
        super().__init__(look_ahead, believed_step_sizes)
        self.extrapolation = not_negative(extrapolation, "extrapolation")

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        competitive = Cgd(self.look_ahead, self.believed_step_sizes)
        first = competitive.towards(game, params, key)
        return competitive.towards(game, ascend(game, params, first, self.extrapolation), key)

    @classmethod
    def example(cls) -> "OptimisticCgo":
        return cls(0.2, 0.3)
