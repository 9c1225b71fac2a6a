"""A policy with its parameters, as somebody who plays and does not learn."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse.games.stochastic.base import Observation
from glasshouse.games.stochastic.players import AbstractPlayer
from glasshouse.semantics.policies.base import AbstractPolicy, log_mix


class PolicyPlayer(AbstractPlayer):
    """Plays by a policy whose parameters stay as they are, and reads nobody's.

    **Arguments:** `policy`; `weights`, its parameters, such as those that training ended at.

        import numpy as np
        from glasshouse.games.stochastic import CoinGame, sampled_league
        from glasshouse.semantics.policies import PolicyPlayer, TablePolicy

        game = CoinGame()
        drawn = PolicyPlayer(TablePolicy(game), np.zeros((game.situations, 4)))
        found = sampled_league(game, {"untrained": drawn, "alld": "alld"}, seeds=4)
        print(found.of("alld", "untrained")[0] > 0.4)  # True
    """

    policy: AbstractPolicy
    weights: PyTree

    remembers: ClassVar[bool] = True

    def __init__(self, policy: AbstractPolicy, weights: PyTree):
        self.policy = policy
        self.weights = jax.tree.map(np.asarray, weights)

    def begin(self) -> PyTree:
        return self.policy.begin()

    def log_mix(self, memory: PyTree, seen: Observation) -> tuple[Float[Array, "actions"], PyTree]:
        dtype = seen.features.dtype
        weights = jax.tree.map(lambda x: jnp.asarray(x, dtype), self.weights)
        logits, memory = self.policy.logits(weights, memory, seen)
        return log_mix(logits), memory
