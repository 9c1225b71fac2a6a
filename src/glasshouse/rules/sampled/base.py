"""What rules share that learn from episodes: where they play, and whose gradients count."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.capabilities import needs_key
from glasshouse.parametric.protocol import (
    SHARED,
    AbstractParametricGame,
    Params,
    RandomKey,
    one_each,
)
from glasshouse.parametric.sampled import SampledParametricGame, playing
from glasshouse.parametric.tied import mean_of_params
from glasshouse.rules.base import ANEW, EPISODES, AbstractDirection, Directions


class AbstractEpisodic(AbstractDirection):
    """A rule that plays episodes at every step and learns from them.

    Whatever all saw, did and were paid in them is known to everybody who learns. Players who share
    one parameter (`Tied`) contribute a direction each, of which the mean is taken. At a rest point
    such a rule rests in expectation at most, and so keeps none.
    """

    keeps_rest_points: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({EPISODES})
    draws: ClassVar[str] = ANEW

    @abc.abstractmethod
    def begin(self, game: SampledParametricGame, params: Params) -> Any:
        """What it keeps from step to step, before the first.

        **Raises:** `InputError` for a game in which the rule cannot learn.
        """

    @abc.abstractmethod
    def learned(
        self, game: SampledParametricGame, params: Params, state: Any, key: RandomKey
    ) -> tuple[Params, Any]:
        """Everyone's direction of ascent from episodes played with `key`, and what is kept."""

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        return self.begin(self._playing(game), one_each(game, params))

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        needs_key(game, key, self.words)
        found, state = self.learned(self._playing(game), one_each(game, params), state, key)
        return (mean_of_params(found),) if game.layout is SHARED else found, state

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        return self.direction(game, params, state, key)[0]

    def _playing(self, game: AbstractParametricGame) -> SampledParametricGame:
        return playing(game, f"{self.words} learns", "use Gradient() there")


def own_gradients(
    game: SampledParametricGame,
    params: Params,
    function: Callable[[Params], Float[RealArray, "players"]],
) -> Params:
    """∂f_i/∂θ_i of one number for each player, of which only what all read depends on others."""
    found, pull_back = jax.vjp(function, params)
    if not game.transparency.reads:  # one's weights move one's own number alone
        return pull_back(jnp.ones_like(found))[0]
    rows = jnp.eye(len(found), dtype=found.dtype)
    return tuple(pull_back(row)[0][i] for i, row in enumerate(rows))


def mean_entropies(
    game: SampledParametricGame, params: Params, played: Episodes
) -> Float[RealArray, "players"]:
    """Of each player, the mean entropy of what it does, in nats per step."""
    log_mixes = jnp.asarray(game.log_mixes(params, played))
    return -(jnp.exp(log_mixes) * log_mixes).sum(axis=-1).mean(axis=(0, 1))


def direction_lengths(params: Params) -> Float[RealArray, "players"]:
    """How long each player's direction is."""
    squares = [sum(jnp.sum(jnp.asarray(x) ** 2) for x in jax.tree.leaves(own)) for own in params]
    return jnp.sqrt(jnp.stack([jnp.asarray(x) for x in squares]))
