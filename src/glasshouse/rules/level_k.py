"""Gradients among others who think so many levels deep, and one less each."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import numpy as np

from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, whole
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import APART, Directions, ascend
from glasshouse.rules.calculus import each_among

HIGHEST_LEVEL = 1000


class LevelK(AbstractAnticipating):
    """Every player follows its gradient where the others will be who think one level less deep.

    Definition: Δ^k_i / α with Δ^k_i = α ξ_i(θ_i, project(θ + Δ^{k-1})_-i) and Δ^0 = 0: level 1 is
    selfish, level 2 LookAhead without its expansion. That one's own step moves what the others do
    is not considered. Where levels converge (α times the others' influence on ξ_i below 1), their
    limit is the semi-proximal point Δ_i = α ξ_i(θ_i, θ_-i + Δ_-i), which in bilinear games is that
    of `Cgd`. It keeps all rest points of selfish learning, and adds some: in bilinear games at
    level 2 where I + αH_o is singular.

    **Arguments:** `look_ahead` and `believed_step_sizes` as of `AbstractAnticipating`; `level` k,
    from 1 to 1000.
    **Raises:** `InputError` as `AbstractAnticipating`, and for another level.
    **Cost:** k gradient steps with two players, (k - 1) n + 1 with n.
    **Source:** Liu & Pavel 2022, Recursive reasoning in minimax games: a level k gradient play
    method; any number of players and any sums are an extension.
    """

    level: int = eqx.field(static=True)

    words: ClassVar[str] = "level-k gradients"
    keeps_rest_points: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({APART})
    formula: ClassVar[str] = "ξ_i(θ_i, θ_{-i} + Δ^{k-1}_{-i}), Δ^k = α times this, Δ^0 = 0"
    cost: ClassVar[str] = "(k - 1) n + 1 gradient steps among n"
    listed: ClassVar[int] = 14
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "level": Key(
            'Of "levelk": how many levels deep all think, 1 being selfish; default 2.',
            2,
            int,
            least=1,
            most=HIGHEST_LEVEL,
        ),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        level: Whole = 2,
        believed_step_sizes: Numbers | None = None,
    ):
        super().__init__(look_ahead, believed_step_sizes)
        self.level = whole(level, "level", most=HIGHEST_LEVEL)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        def deeper(found: Params, _: None) -> tuple[Params, None]:
            others = ascend(game, params, self.expected(found), np.array(1.0))
            return each_among(game, params, others, key), None

        selfish = game.selfish_gradients(params, key)
        return jax.lax.scan(deeper, selfish, length=self.level - 1)[0]

    @classmethod
    def example(cls) -> "LevelK":
        return cls(0.3, 3)
