"""Somebody who plays by what it sees, in a place where others learn."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.random import Seed
from glasshouse.channels.box import Box
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation
from glasshouse.games.stochastic.players import AbstractPlayer
from glasshouse.games.stochastic.scripted import player_of
from glasshouse.semantics.policies.base import AbstractPolicy, count_logits
from glasshouse.semantics.policies.table import common_actions

LOG_OF_NONE = -1e30
"""The logarithm of a probability of 0: finite, so that 0 times it is 0."""


class Scripted(AbstractPolicy):
    """A player of a game in steps as a policy without parameters, met by others who learn.

    **Arguments:** `game`; `plays`, a player, the name of a script, or the probabilities of its
    actions in each situation (of the first action alone where there are two); `settings` of the
    script.
    **Raises:** `InputError` for what is none of these in this game.

        import jax
        import glasshouse as gh
        from glasshouse.games.stochastic import IteratedMatrix
        from glasshouse.semantics.policies import Scripted, TablePolicy

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=20)
        line_up = [TablePolicy(game), Scripted(game, "alld")]
        sampled = gh.SampledParametricGame(game, line_up, episodes=64)
        print(sampled.payoffs(sampled.neutral(), jax.random.key(0)).round(1))  # [0.5 3. ]
    """

    player: AbstractPlayer
    actions: int = eqx.field(static=True)

    words: ClassVar[str] = "a script"
    formula: ClassVar[str] = "π(o)"
    learns: ClassVar[bool] = False
    in_studies: ClassVar[bool] = False

    def __init__(self, game: AbstractStochasticGame, plays: Any, **settings: Any):
        self.actions = common_actions(game)
        is_player = isinstance(plays, AbstractPlayer)
        self.player = plays if is_player else player_of(game, plays, **settings)

    @property
    def space(self) -> Box:
        return Box(np.zeros(0), np.zeros(0))

    def begin(self) -> PyTree:
        return self.player.begin()

    def logits(
        self, weights: PyTree, memory: PyTree, seen: Observation
    ) -> tuple[Float[Array, "logits"], PyTree]:
        found, memory = self.player.log_mix(memory, seen)
        found = jnp.maximum(found, LOG_OF_NONE)
        return found[:1] - found[1:] if count_logits(self.actions) == 1 else found, memory

    def initials(self, seed: Seed, count: int) -> np.ndarray:
        return np.zeros((count, 0))

    @classmethod
    def example(cls, game: AbstractStochasticGame) -> "Scripted":
        return cls(game, "random")
