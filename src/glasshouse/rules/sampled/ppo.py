"""Proximal policy optimisation."""

from collections.abc import Mapping
from typing import ClassVar, Unpack

import equinox as eqx
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole
from glasshouse.rules.sampled.clipped import (
    CLIP,
    CRITIC_KEYS,
    EPOCHS,
    TRACE,
    AbstractActor,
    AbstractUnshaped,
    CriticSettings,
    checked_clip,
)


class Ppo(AbstractUnshaped):
    """Actor and critic by clipped steps, several with the same episodes; all players at once: IPPO.

    Definition: (1/T) Σ_t ∇ min(ρ_t A_t, clip(ρ_t, 1-ε, 1+ε) A_t), ρ_t the probability of what was
    done at today's parameters over that with which it was played. New episodes are played at every
    `epochs`-th step.

    **Arguments:** `clip` ε; `epochs`; `trace`, `critic_step`, `scaled`, `targets`, `entropy` and
    `normalised` as of `ActorCritic`.
    **Raises:** `InputError` for numbers that cannot be.
    **Cost:** all episodes played once in `epochs` steps, and their probabilities differentiated in
    each; memory for a batch.
    **Source:** Schulman et al. 2017, Proximal policy optimization algorithms; de Witt et al. 2020.
    """

    clip: Float[RealArray, ""]
    epochs: int = eqx.field(static=True)

    words: ClassVar[str] = "PPO"
    formula: ClassVar[str] = "Σ_t ∇ min(ρ_t A_t, clip(ρ_t, 1-ε, 1+ε) A_t)"
    listed: ClassVar[int] = 32
    keys: ClassVar[Mapping[str, Key]] = {
        "clip": CLIP,
        "epochs": EPOCHS,
        "trace": TRACE,
        **CRITIC_KEYS,
    }

    def __init__(
        self,
        clip: Numbers = 0.2,
        epochs: Whole = 4,
        trace: Numbers = 0.95,
        **critic: Unpack[CriticSettings],
    ):
        AbstractActor.__init__(self, trace, **critic)
        self.clip, self.epochs = checked_clip(clip, epochs)

    @property
    def clipped(self) -> tuple[RealArray, int]:
        return self.clip, self.epochs

    @classmethod
    def example(cls) -> "Ppo":
        return cls()
