"""Shaping the others' whole learning, not their next step alone."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, whole
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions

LONGEST = 10_000
"""Of horizons: what is differentiated backwards keeps every step."""


class MetaShaper(AbstractAnticipating):
    """Every player ascends what it is paid on average while the others learn from it.

    Definition: ∇_i (1/T) Σ_{t=1..T} U_i(θ_i, θ_-i^t) with θ_-i^0 = θ_-i and θ_-i^{t+1} =
    project(θ_-i^t + α ξ_-i(θ_i, θ_-i^t)): θ_i is held while all others take T selfish steps, and
    their whole learning is differentiated. T = 1 is exact LOLA of order 1 inside the boxes.
    In M-FOS a meta-policy chooses θ_i anew at every step of the others' learning, from what all
    did before, and is trained by reinforcement over many such learnings. Here one θ_i is
    planned with exact derivatives, and planned again after every step.

    **Arguments:** `look_ahead` and `believed_step_sizes` as of `AbstractAnticipating`; `horizon` T,
    steps of the others.
    **Raises:** `InputError` for numbers that cannot be, and where parameters are not apart.
    **Cost:** T steps of the others for each player, and back through them; memory for T points.
    **Source:** Lu et al. 2022, Model-free opponent shaping, section 3, for the game of learning.
    """

    horizon: int = eqx.field(static=True)

    words: ClassVar[str] = "meta-shaping"
    keeps_rest_points: ClassVar[bool] = False
    formula: ClassVar[str] = "∇_i (1/T) Σ_t U_i(θ_i, θ_-i^t), θ_-i^{t+1} = θ_-i^t + α ξ_-i"
    cost: ClassVar[str] = "about 4 T gradient steps for each player"
    listed: ClassVar[int] = 20
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "horizon": Key(
            'Of "metashaper": how many steps of the others it thinks ahead; default 10.',
            10,
            int,
            symbol="T",
            least=1,
            most=LONGEST,
        ),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        horizon: Whole = 10,
        believed_step_sizes: Numbers | None = None,
    ):
        super().__init__(look_ahead, believed_step_sizes)
        self.horizon = whole(horizon, "horizon", least=1, most=LONGEST)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        def paid(mine: PyTree, i: int) -> RealArray:
            return self.paid_while_they_learn(game, params, i, mine, self.horizon, key)

        return tuple(jax.grad(paid)(own, i) for i, own in enumerate(params))

    @classmethod
    def example(cls) -> "MetaShaper":
        return cls(0.5, horizon=3)
