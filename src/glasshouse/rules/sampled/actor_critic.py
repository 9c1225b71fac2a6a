"""Actors with critics."""

from collections.abc import Mapping
from typing import ClassVar, Unpack

from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers
from glasshouse.rules.sampled.clipped import (
    CRITIC_KEYS,
    TRACE,
    AbstractActor,
    AbstractUnclipped,
    AbstractUnshaped,
    CriticSettings,
)


class ActorCritic(AbstractUnclipped, AbstractUnshaped):
    """Every player ascends the scores of what was done, times how much better than expected it was.

    Definition: (1/T) Σ_t A_t ∇_θi log π(a_t | o_t; θ), A_t generalised advantages of a critic that
    learns beside the players, the same for all: see `estimated_advantages` and `Critic`.

    **Arguments:** `trace` λ of advantages; `critic_step`, the critic's step size; `scaled`, whether
    it counts in units of 1/(1-γ); `targets`, what it learns, "td" or "returns"; `entropy`, paid for
    each nat per step; `normalised`, whether advantages have mean 0 and deviation 1.
    **Raises:** `InputError` for numbers that cannot be.
    **Cost:** all episodes played once, and their probabilities differentiated.
    **Source:** Mnih et al. 2016, Asynchronous methods for deep reinforcement learning.
    """

    words: ClassVar[str] = "actor and critic"
    formula: ClassVar[str] = "Σ_t A_t ∇ log π(a_t)"
    listed: ClassVar[int] = 31
    keys: ClassVar[Mapping[str, Key]] = {"trace": TRACE, **CRITIC_KEYS}

    def __init__(self, trace: Numbers = 0.95, **critic: Unpack[CriticSettings]):
        AbstractActor.__init__(self, trace, **critic)

    @classmethod
    def example(cls) -> "ActorCritic":
        return cls()
