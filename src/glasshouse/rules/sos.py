"""Shaping that keeps the rest points of selfish learning."""

from collections.abc import Mapping
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, number_within
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions
from glasshouse.rules.calculus import anticipated, inner, plus


class Sos(AbstractAnticipating):
    """LOLA whose shaping fades where it would fight the look-ahead, and near rest points.

    Definition: ξ_0 + p α χ with ξ_0 = (I + αH_o) ξ and p = min(p_1, p_2): p_1 = 1 where
    ⟨αχ, ξ_0⟩ ≥ 0, else min(1, -a ‖ξ_0‖² / ⟨αχ, ξ_0⟩); p_2 = ‖ξ‖² where ‖ξ‖ < b, else 1. So it is
    LOLA while p = 1, and rests where every selfish gradient vanishes.

    **Arguments:** `look_ahead` and `believed_step_sizes` as of `AbstractAnticipating`; `a` in
    [0, 1], how much of the look-ahead remains; `b` in [0, 1], the size of ξ below which shaping
    fades, in units of payoff per unit of parameter: it changes with `unit`.
    **Raises:** `InputError` for numbers out of range, and where players' parameters are not apart.
    **Source:** Letcher et al. 2019, Stable opponent shaping, Algorithm 1.
    """

    a: Float[RealArray, ""]
    b: Float[RealArray, ""]

    words: ClassVar[str] = "SOS"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "ξ + α H_o ξ + p α χ"
    cost: ClassVar[str] = "as LOLA"
    listed: ClassVar[int] = 6
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "a": Key('Of "sos": the share of the look-ahead that remains; default 0.5.', 0.5),
        "b": Key('Of "sos": the size of ξ below which shaping fades; default 0.1.', 0.1),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        a: Numbers = 0.5,
        b: Numbers = 0.1,
        believed_step_sizes: Numbers | None = None,
    ):
        super().__init__(look_ahead, believed_step_sizes)
        self.a, self.b = number_within(a, "a", 0.0, 1.0), number_within(b, "b", 0.0, 1.0)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        selfish, across, shaping = anticipated(game, params, key, self.expected)
        ahead = plus(selfish, across)
        agree, size, squared = inner(shaping, ahead), inner(ahead, ahead), inner(selfish, selfish)
        against = agree < 0
        # Where they agree nothing is divided, also in derivatives.
        kept = jnp.where(against, -self.a * size / jnp.where(against, agree, -1.0), 1.0)
        near = jnp.where(squared < self.b**2, squared, 1.0)
        share = jnp.minimum(jnp.minimum(kept, 1.0), near)
        return jax.tree.map(lambda x, y: x + share * y, ahead, shaping)

    @classmethod
    def example(cls) -> "Sos":
        return cls(0.5)
