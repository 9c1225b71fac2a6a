"""Games in steps as games in parameters: payoffs and gradients are estimated from episodes."""

from collections.abc import Sequence
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.interpreters import partial_eval as pe
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.box import Box
from glasshouse.channels.full import Full
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation
from glasshouse.games.stochastic.episodes import Episodes, episode_uniforms, play_episodes
from glasshouse.parametric.capabilities import (
    AbstractPlayed,
    AbstractSampled,
    innermost_sampled,
    needs_key,
)
from glasshouse.parametric.protocol import (
    SEPARATE,
    AbstractParametricGame,
    Layout,
    Params,
    RandomKey,
)
from glasshouse.semantics.policies.base import AbstractPolicy, log_mix
from glasshouse.semantics.policies.transparency import AbstractTransparency, Opaque

PRECISIONS = {"single": np.float32, "double": np.float64}
"""In what episodes are played and differentiated; parameters keep the precision in use."""

MOST_EPISODES_PLAYED = 1_000_000
"""That one estimate plays."""


class SampledParametricGame(AbstractParametricGame, AbstractSampled, AbstractPlayed):
    """A game in steps whose players' policies have parameters, which others may read.

    Definition: U_i(θ) = E Σ_t γ^t r_i,t / Σ_t γ^t over the episodes of the horizon: payoffs per
    step. Others read θ_i, and so its gradient is that of everyone's probabilities,
    ∂U_i/∂θ_i = E Σ_t G_i,t ∇_θi log π(a_t | o_t; θ), π being that of all actions together and G_i,t
    what is still to come. Estimates are means over episodes; before taking them, the mean of G_i,t
    over all other episodes is taken off, which changes no expectation.

    **Arguments:** `game`; `policies`, one for all players or one each; `transparency`, how weights
    enter play, `Opaque()` or `MirroredWeights(κ)`; `channel`, what players see of each other's
    weights; `episodes` of an estimate; `precision`, "single" or "double", of the episodes.
    **Raises:** `InputError` for what does not fit; from the methods, without a key.
    **Cost:** an estimate plays all episodes and differentiates their probabilities once, for each
    player where weights are read.

        import glasshouse as gh
        import jax
        from glasshouse.games.stochastic import IteratedMatrix
        from glasshouse.semantics.policies import TablePolicy

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=20)
        sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=64)
        print(sampled.payoffs(sampled.neutral(), jax.random.key(0)).round(1))  # [2.3 2.2]
    """

    game: AbstractStochasticGame
    policies: tuple[AbstractPolicy, ...]
    transparency: AbstractTransparency
    channel: AbstractChannel
    episodes: int = eqx.field(static=True)
    precision: str = eqx.field(static=True)

    def __init__(
        self,
        game: AbstractStochasticGame,
        policies: AbstractPolicy | Sequence[AbstractPolicy],
        transparency: AbstractTransparency = Opaque(),
        channel: AbstractChannel = Full(),
        *,
        episodes: Whole = 128,
        precision: str = "single",
    ):
        if not isinstance(game, AbstractStochasticGame):
            raise InputError(
                f"SampledParametricGame plays games in steps, such as CoinGame(), not "
                f"{type(game).__name__}: finite games have exact payoffs, take ParametricGame"
            )
        self.game = game
        self.policies = _each(policies, game)
        if not isinstance(transparency, AbstractTransparency):
            raise InputError(
                "transparency must say what of weights enters play, such as MirroredWeights(0.5), "
                f"not {type(transparency).__name__}"
            )
        transparency.check(self.policies)
        self.transparency = transparency
        _check_channel(channel, tuple(policy.space for policy in self.policies))
        self.channel = channel
        self.episodes = whole(episodes, "episodes", least=2, most=MOST_EPISODES_PLAYED)
        if precision not in PRECISIONS:
            raise InputError(f"precision={precision!r:.40} must be 'single' or 'double'")
        self.precision = precision

    @property
    def players(self) -> int:
        return self.game.players

    @property
    def layout(self) -> Layout:
        return SEPARATE

    @property
    def spaces(self) -> tuple[Box, ...]:
        return self.channel.spaces(self._boxes)

    @property
    def estimate(self) -> str:
        return f"the mean of {self.episodes} episodes"

    @in_float64_unless_traced
    def payoffs(self, params: Params, key: RandomKey = None) -> Float[RealArray, "players"]:
        played = self.estimates(params, key)
        weighted = jnp.tensordot(self._shares(), played.rewards.mean(axis=1), axes=1)
        return jnp.asarray(weighted, dtype=float)

    @in_float64_unless_traced
    def selfish_gradients(self, params: Params, key: RandomKey = None) -> Params:
        played = self.estimates(params, key)
        counted = played.rewards * self._shares()[:, None, None]
        onward = jnp.cumsum(counted[::-1], axis=0)[::-1]
        return self.scores(params, played, onward - others_mean(onward))

    @in_float64_unless_traced
    def estimates(self, params: Params, key: RandomKey = None) -> Episodes:
        """Episodes played at these parameters.

        **Raises:** `InputError` without a key.
        """
        needs_key(self, key, "playing it")
        uniforms = episode_uniforms(self.game, cast(PRNGKeyArray, key), self.episodes, self.dtype)
        return self.played(params, uniforms)

    @in_float64_unless_traced
    def played(self, params: Params, uniforms: Float[RealArray, "episodes draws"]) -> Episodes:
        """Episodes played at these parameters, chance being as given; see `episode_uniforms`."""
        own, read = self._shown(params)
        table = self._by_situation(own, read, len(uniforms) * self.game.horizon)

        def act(memory: PyTree, observation: Observation) -> tuple[Array, PyTree]:
            if table is not None:
                return table[observation.situations, jnp.arange(self.players)], memory
            logits, memory = self._logits(own, read, memory, observation)
            return log_mix(logits), memory

        return play_episodes(self.game, act, self._begin(), jnp.asarray(uniforms))

    @in_float64_unless_traced
    def log_probabilities(
        self, params: Params, played: Episodes
    ) -> Float[RealArray, "steps episodes players"]:
        """The logarithm of the probability of each action taken, at these parameters."""
        mixes = self.log_mixes(params, played)
        taken = jnp.asarray(played.actions)[..., None]
        return jnp.take_along_axis(jnp.asarray(mixes), taken, axis=-1)[..., 0]

    @in_float64_unless_traced
    def log_mixes(
        self, params: Params, played: Episodes
    ) -> Float[RealArray, "steps episodes players actions"]:
        """The logarithms of the probabilities of all actions wherever players were."""
        own, read = self._shown(params)
        observations = jax.tree.map(jnp.asarray, played.observations)
        if not jax.tree.leaves(self._begin()):  # nothing is remembered: all steps at once

            def once(observation: Observation) -> Array:
                return log_mix(self._logits(own, read, self._begin(), observation)[0])

            return jax.vmap(jax.vmap(once))(observations)

        def step(memory: PyTree, observation: Observation) -> tuple[PyTree, Array]:
            logits, memory = self._logits(own, read, memory, observation)
            return memory, log_mix(logits)

        def episode(rows: Observation) -> Array:
            return jax.lax.scan(step, self._begin(), rows)[1]

        return jax.vmap(episode, in_axes=1, out_axes=1)(observations)

    @in_float64_unless_traced
    def scores(
        self, params: Params, played: Episodes, weights: Float[RealArray, "steps episodes players"]
    ) -> Params:
        """For each player i, the mean over episodes of Σ_t w_i,t ∇_θi log π(a_t | o_t; θ).

        π is the probability of what all did together, for θ_i may move what others do.
        """
        params = as_floats(params)
        _, pull_back = jax.vjp(lambda x: self.log_probabilities(x, played), params)
        weights = jnp.asarray(weights) / weights.shape[1]
        if not self.transparency.reads:  # one's weights move one's own actions alone
            return pull_back(weights.astype(self.dtype))[0]
        found = []
        for i in range(self.players):
            together = jnp.broadcast_to(weights[..., i : i + 1], weights.shape)
            found.append(pull_back(together.astype(self.dtype))[0][i])
        return tuple(found)

    @property
    def _boxes(self) -> tuple[Box, ...]:
        return tuple(policy.space for policy in self.policies)

    @property
    def dtype(self) -> Any:
        """Of episodes: 32 or 64 bits."""
        return PRECISIONS[self.precision]

    def _shares(self) -> Float[Array, "steps"]:
        return jnp.asarray(self.game.episode.shares(), self.dtype)

    def _by_situation(
        self, own: Params, read: Any, steps: int
    ) -> Float[Array, "situations players actions"] | None:
        """The logarithms of everyone's probabilities in all situations, for so many steps.

        None where they depend on something else: on what is remembered, or on features. Asking at
        every step took a quarter of the time in which an iterated game was played, and gave the
        same to the bit. Where there are more situations than steps, most are never asked.
        """
        count, begun = self.game.situations, self._begin()
        if count is None or count > steps or jax.tree.leaves(begun):
            return None

        def mixes(features: Array, situation: Array) -> Array:
            everywhere = jnp.broadcast_to(situation, (self.players,))
            observation = Observation(features, everywhere)
            return log_mix(self._logits(own, read, begun, observation)[0])

        features = jnp.zeros((self.players, self.game.features), self.dtype)
        jaxpr = jax.make_jaxpr(mixes)(features, jnp.asarray(0, jnp.int32)).jaxpr
        _, (asks, _) = pe.dce_jaxpr(jaxpr, [True] * len(jaxpr.outvars))
        if asks:
            return None
        return jax.vmap(lambda k: mixes(features, k))(jnp.arange(count, dtype=jnp.int32))

    def _begin(self) -> PyTree:
        memory = self.transparency.begin(self.policies)
        return jax.tree.map(
            lambda x: x.astype(self.dtype) if jnp.issubdtype(x.dtype, jnp.inexact) else x, memory
        )

    def _shown(self, params: Params) -> tuple[Params, Any]:
        """The weights played and what everybody reads of them, in the precision of episodes."""
        params = jax.tree.map(lambda x: x.astype(self.dtype), as_floats(params))
        seen = self.channel.look(params, self._boxes).seen
        seen = jax.tree.map(lambda x: jnp.asarray(x, self.dtype), seen)
        read = [
            [x if j == i else self.transparency.read(x) for j, x in enumerate(row)]
            for i, row in enumerate(seen)
        ]
        return self.channel.played(params), read

    def _logits(
        self, own: Params, read: Any, memory: PyTree, observation: Observation
    ) -> tuple[Float[Array, "players logits"], PyTree]:
        return self.transparency.logits(self.policies, own, read, memory, observation)


def playing(game: Any, who: str, instead: str) -> SampledParametricGame:
    """The game that plays episodes, inside of those that are made of it.

    **Arguments:** `who` learns from them, "REINFORCE learns"; `instead`, what to do without.
    **Raises:** `InputError` saying so where there is none.
    """
    inside = innermost_sampled(game)
    if not isinstance(inside, SampledParametricGame):
        raise InputError(
            f"{who} from episodes of play, and a {type(inside).__name__} plays none: {instead}, or "
            "make a SampledParametricGame of a game in steps"
        )
    return inside


def others_mean(values: Float[Array, "steps episodes players"]) -> Float[Array, "..."]:
    """The mean over all other episodes."""
    return (values.sum(axis=1, keepdims=True) - values) / (values.shape[1] - 1)


def _each(policies: Any, game: AbstractStochasticGame) -> tuple[AbstractPolicy, ...]:
    """A policy for each player."""
    found = policies if isinstance(policies, list | tuple) else [policies] * game.players
    if len(found) != game.players or not all(isinstance(x, AbstractPolicy) for x in found):
        raise InputError(
            f"policies must be one for all or one for each of the {game.players} players, such as "
            f"TablePolicy(game), not {policies!r:.60}"
        )
    for policy in found:
        if policy.actions != game.actions[0] or len(set(game.actions)) > 1:
            raise InputError(
                f"a policy has {policy.actions} actions, and the players of {game.name} have "
                f"{game.actions}: make it for this game"
            )
    return tuple(found)


def _check_channel(channel: Any, boxes: tuple[Box, ...]) -> None:
    if not isinstance(channel, AbstractChannel):
        raise InputError(
            f"channel must say what players see, such as Full(), but is {channel!r:.60}"
        )
    channel.check(boxes)
    neutral = tuple(box.neutral() for box in boxes)
    if channel.look(neutral, boxes).weights is not None:
        raise InputError(
            f"{type(channel).__name__} shows one of several views by chance, which games played in "
            "samples do not know: take Full, OneSided or Mask"
        )
