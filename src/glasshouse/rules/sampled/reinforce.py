"""Scores times what was paid afterwards."""

from typing import ClassVar

import jax.numpy as jnp

from glasshouse.parametric.protocol import Params, RandomKey
from glasshouse.parametric.sampled import SampledParametricGame, others_mean
from glasshouse.rules.sampled.advantages import discounted_returns
from glasshouse.rules.sampled.base import AbstractEpisodic


class Reinforce(AbstractEpisodic):
    """Every player ascends the scores of what was done, times what it was paid from then on.

    Definition: (1/T) Σ_t (G_t - b_t) ∇_θi log π(a_t | o_t; θ), G_t = Σ_{k≥t} γ^{k-t} r_k and b_t
    its mean over all other episodes; a mean over episodes. In contrast to `Gradient`, which ascends
    payoffs per step from the beginning on, all steps count alike.

    **Cost:** all episodes played once, and their probabilities differentiated.
    **Source:** Williams 1992, Simple statistical gradient-following algorithms.
    """

    words: ClassVar[str] = "REINFORCE"
    formula: ClassVar[str] = "Σ_t (G_t - b_t) ∇ log π(a_t)"
    cost: ClassVar[str] = "all episodes played once, and their probabilities differentiated"
    listed: ClassVar[int] = 30

    def begin(self, game: SampledParametricGame, params: Params) -> tuple[()]:
        return ()

    def learned(
        self, game: SampledParametricGame, params: Params, state: tuple[()], key: RandomKey
    ) -> tuple[Params, tuple[()]]:
        played = game.estimates(params, key)
        onward = jnp.asarray(discounted_returns(played.rewards, game.game.discount))
        weights = (onward - others_mean(onward)) / game.game.horizon
        return game.scores(params, played, weights), ()

    @classmethod
    def example(cls) -> "Reinforce":
        return cls()
