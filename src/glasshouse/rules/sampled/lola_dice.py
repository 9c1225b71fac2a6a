"""LOLA from samples."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, cast

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, not_negative, number_within, whole
from glasshouse.errors import InputError
from glasshouse.games.stochastic.episodes import Episodes, episode_uniforms
from glasshouse.parametric.protocol import Params, RandomKey
from glasshouse.parametric.sampled import MOST_EPISODES_PLAYED, SampledParametricGame
from glasshouse.rules.anticipating import LOOK_AHEAD
from glasshouse.rules.sampled.advantages import discounted_returns, estimated_advantages
from glasshouse.rules.sampled.base import AbstractEpisodic
from glasshouse.rules.sampled.clipped import CRITIC_STEP, TRACE
from glasshouse.rules.sampled.critics import Critic, explained, new_critic, values_of
from glasshouse.rules.sampled.report import Report, new_report
from glasshouse.rules.sampled.surrogates import loaded_dice
from glasshouse.semantics.policies.table import TablePolicy

HALF_COUNT = 0.5
"""For how many times an action counts that was never seen: its logit stays finite."""

MOST_LOOKS = 100
"""Steps of the others that are thought ahead."""


class Shaper(NamedTuple):
    """What one who looks ahead keeps: a critic, which is a baseline, and a report."""

    critic: Critic
    report: Report


class LolaDice(AbstractEpisodic):
    """Every player ascends what it is paid after the others have taken a step by episodes.

    Definition: θ_j' = θ_j + α ∇_θj L_j at (θ_i, θ_j), as many times as said, from new episodes each
    time; the direction is ∇_θi L_i at (θ_i, θ_j'), θ_i moving θ_j' too. L is Loaded DiCE of the
    discounted sum, with advantages of a critic that learns beside the players. With a model, θ_j is
    the most likely table after so many episodes, and not what j is.

    **Arguments:** `look_ahead` α, of a step of the discounted sum; `looks`, steps of the others;
    `decay` λ of Loaded DiCE; `trace` λ of advantages, 1 for returns less values; `critic_step` of
    the baseline; `modelled`, episodes from which the others' parameters are guessed, 0 to see them.
    **Raises:** `InputError` for numbers that cannot be; with a model, where policies are no tables
    or weights are read.
    **Cost:** for each player `looks` + 1 batches, differentiated, and twice those of the looks.
    **Source:** Foerster et al. 2018, DiCE, algorithm 1; Farquhar et al. 2019, Loaded DiCE.
    """

    look_ahead: Float[RealArray, ""]
    looks: int = eqx.field(static=True)
    decay: Float[RealArray, ""]
    trace: Float[RealArray, ""]
    critic_step: Float[RealArray, ""]
    modelled: int = eqx.field(static=True)

    words: ClassVar[str] = "LOLA-DiCE"
    formula: ClassVar[str] = "∇_i L_i(θ_i, θ_j + α ∇_j L_j), L by Loaded DiCE"
    cost: ClassVar[str] = "for each player looks + 1 batches of episodes, differentiated"
    listed: ClassVar[int] = 34
    keys: ClassVar[Mapping[str, Key]] = {
        "look_ahead": LOOK_AHEAD,
        "looks": Key(
            'Of "loladice": steps of the others; default 1.', 1, int, least=1, most=MOST_LOOKS
        ),
        "decay": Key('Of "loladice": λ of Loaded DiCE; default 1.', 1.0),
        "trace": dataclasses.replace(TRACE, default=1.0),
        "critic_step": CRITIC_STEP,
        "modelled": Key(
            'Of "loladice": episodes that others are guessed from; default 0, they are seen.',
            0,
            int,
            least=0,
            most=MOST_EPISODES_PLAYED,
        ),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        looks: Whole = 1,
        decay: Numbers = 1.0,
        trace: Numbers = 1.0,
        critic_step: Numbers = 0.1,
        modelled: Whole = 0,
    ):
        self.look_ahead = not_negative(look_ahead, "look_ahead")
        self.looks = whole(looks, "looks", most=MOST_LOOKS)
        self.decay = number_within(decay, "decay", most=1.0)
        self.trace = number_within(trace, "trace", most=1.0)
        self.critic_step = not_negative(critic_step, "critic_step")
        self.modelled = whole(modelled, "modelled", least=0, most=MOST_EPISODES_PLAYED)

    def begin(self, game: SampledParametricGame, params: Params) -> Shaper:
        tables = all(isinstance(policy, TablePolicy) for policy in game.policies)
        if self.modelled and (not tables or game.transparency.reads):
            raise InputError(
                f"{self.words} guesses the others' tables from what they did, where nobody reads "
                "weights: give all players a TablePolicy, or leave modelled out"
            )
        return Shaper(new_critic(game, True), new_report(game.players, game.dtype))

    def learned(
        self, game: SampledParametricGame, params: Params, state: Shaper, key: RandomKey
    ) -> tuple[Params, Shaper]:
        first, seen, *later = jax.random.split(cast(PRNGKeyArray, key), self.looks + 2)
        played = game.estimates(params, first)
        believed = params
        if self.modelled:
            believed = guessed(game, params, self.modelled, seen)
        directions = []
        for i in range(game.players):
            others = (*believed[:i], params[i], *believed[i + 1 :])

            def paid(own: PyTree, i: int = i, others: Params = others) -> RealArray:
                here = (*others[:i], own, *others[i + 1 :])
                now = played if not self.modelled else None
                for k in range(self.looks):
                    if now is None:
                        now = _episodes(game, here, first if k == 0 else later[k - 1])
                    here, now = self._moved(game, here, now, state.critic, i), None
                after = _episodes(game, here, later[self.looks - 1])
                return self._sum(game, here, after, state.critic)[i]

            directions.append(jax.grad(paid)(jax.tree.map(jnp.asarray, params[i])))
        values, last = values_of(game, state.critic, played)
        returns = discounted_returns(jnp.asarray(played.rewards), game.game.discount, last)
        critic = state.critic.learned(played.observations, returns, self.critic_step)
        none = jnp.full(game.players, jnp.nan, game.dtype)
        report = state.report.noted(explained(returns, values), none)
        return tuple(directions), Shaper(critic, report)

    def _sum(
        self, game: SampledParametricGame, params: Params, played: Episodes, critic: Critic
    ) -> Float[RealArray, "players"]:
        """What has all derivatives of everyone's discounted sum."""
        values, last = values_of(game, critic, played)
        rewards, discount = jnp.asarray(played.rewards), game.game.discount
        trace = self.trace.astype(game.dtype)
        advantages = estimated_advantages(rewards, values, last, discount, trace)
        log_probabilities = jnp.asarray(game.log_probabilities(params, played))
        decay = self.decay.astype(game.dtype)
        return loaded_dice(log_probabilities, advantages, discount, decay).mean(axis=0)

    def _moved(
        self, game: SampledParametricGame, here: Params, played: Episodes, critic: Critic, i: int
    ) -> Params:
        """Where the others are after a step of their own, by these episodes."""
        moved = list(here)
        for j in range(game.players):
            if j == i:
                continue

            def paid(theirs: PyTree, j: int = j) -> Array:
                return self._sum(game, (*here[:j], theirs, *here[j + 1 :]), played, critic)[j]

            step = jax.grad(paid)(here[j])
            there = jax.tree.map(
                lambda x, d: x + self.look_ahead.astype(x.dtype) * d, here[j], step
            )
            moved[j] = game.spaces[j].project(there)
        return tuple(moved)

    @classmethod
    def example(cls) -> "LolaDice":
        return cls(0.3)


def guessed(game: SampledParametricGame, params: Params, episodes: int, key: Any) -> Params:
    """The most likely tables of all after so many episodes; an action never seen counts half."""
    uniforms = episode_uniforms(game.game, key, episodes, game.dtype)
    played = game.played(params, uniforms)
    situations, taken = (jnp.asarray(x) for x in (played.observations.situations, played.actions))
    found = []
    for i, own in enumerate(params):
        rows, logits = jnp.shape(own)
        counts = jnp.zeros((rows, game.game.actions[i]), game.dtype)
        counts = counts.at[situations[..., i], taken[..., i]].add(1.0)
        logs = jnp.log(jnp.maximum(counts, HALF_COUNT))
        table = logs[:, :1] - logs[:, 1:] if logits == 1 else logs - logs.mean(1, keepdims=True)
        found.append(game.spaces[i].project(table.astype(jnp.result_type(own))))
    return tuple(found)


def _episodes(game: SampledParametricGame, params: Params, key: RandomKey) -> Episodes:
    """Episodes played there, of which only the probabilities are differentiated."""
    return jax.lax.stop_gradient(game.estimates(jax.lax.stop_gradient(params), key))
