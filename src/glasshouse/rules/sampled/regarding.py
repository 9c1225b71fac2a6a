"""Actors who care for what the others are paid."""

from collections.abc import Mapping
from typing import ClassVar, Unpack

import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, finite_number
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.protocol import RandomKey
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.sampled.advantages import of_the_others
from glasshouse.rules.sampled.clipped import (
    CRITIC_KEYS,
    TRACE,
    AbstractActor,
    AbstractUnclipped,
    CriticSettings,
    Shaped,
)


class OtherRegarding(AbstractUnclipped):
    """Actors with critics to whom the others' payments count as well: spiteful, or kind.

    Definition: (1/T) Σ_t (A^i_t + w Σ_{j≠i} A^j_t) ∇_θi log π(a_t). With w = -1 one of two wants to
    be paid more than the other, with w = 1 that all together are paid most; w = 0 is `ActorCritic`.

    **Arguments:** `weight` w; the rest as of `ActorCritic`.
    **Raises:** `InputError` for numbers that cannot be.
    **Cost:** as `ActorCritic`, and once more differentiated.
    """

    weight: Float[RealArray, ""]

    words: ClassVar[str] = "other-regarding actor and critic"
    formula: ClassVar[str] = "Σ_t (A^i_t + w Σ_{j≠i} A^j_t) ∇ log π(a_t)"
    listed: ClassVar[int] = 37
    keys: ClassVar[Mapping[str, Key]] = {
        "weight": Key(
            'Of "otherregarding": how much the others\' payments count; default -1, spite.',
            -1.0,
            symbol="w",
        ),
        "trace": TRACE,
        **CRITIC_KEYS,
    }

    def __init__(
        self, weight: Numbers = -1.0, trace: Numbers = 0.95, **critic: Unpack[CriticSettings]
    ):
        AbstractActor.__init__(self, trace, **critic)
        self.weight = finite_number(weight, "weight")

    def shaping(
        self,
        game: SampledParametricGame,
        played: Episodes,
        advantages: RealArray,
        key: RandomKey,
    ) -> Shaped:
        theirs = of_the_others(advantages)
        known = jnp.ones(advantages.shape[-1], advantages.dtype)
        return Shaped(self.weight.astype(advantages.dtype) * theirs, known)

    @classmethod
    def example(cls) -> "OtherRegarding":
        return cls()
