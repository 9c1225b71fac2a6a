"""Tabular Q-learning."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, number_within, positive
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import Observation
from glasshouse.parametric.protocol import Params, RandomKey
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.sampled.base import AbstractEpisodic
from glasshouse.semantics.policies.base import count_logits
from glasshouse.semantics.policies.table import TablePolicy


class Learnt(NamedTuple):
    """What each action in each situation is worth to each player, and how it has just changed."""

    values: Float[RealArray, "players situations actions"]
    change: Float[RealArray, "players situations actions"]


class QLearning(AbstractEpisodic):
    """Every player learns what actions are worth, and moves its table towards the softmax of that.

    Definition: δ = r + γ max_a Q(s', a) - Q(s, a); ΔQ ← α mean δ + μ ΔQ, the mean over all visits
    of an action in a situation, Q ← Q + ΔQ; the direction is Q/τ - θ, so that with a step size of 1
    players do softmax(Q/τ). Q begins as τθ.

    **Arguments:** `rate` α; `momentum` μ, heavy ball; `temperature` τ, in units of discounted sums.
    **Raises:** `InputError` for numbers that cannot be, and where policies are no tables.
    **Cost:** all episodes played once; nothing is differentiated.
    **Source:** Watkins and Dayan 1992; heavy ball as of Polyak 1964.
    """

    rate: Float[RealArray, ""]
    momentum: Float[RealArray, ""]
    temperature: Float[RealArray, ""]

    words: ClassVar[str] = "Q-learning"
    formula: ClassVar[str] = "Q/τ - θ, Q ← Q + α mean(r + γ max Q' - Q) + μ ΔQ"
    cost: ClassVar[str] = "all episodes played once"
    listed: ClassVar[int] = 33
    keys: ClassVar[Mapping[str, Key]] = {
        "rate": Key('Of "qlearning": what of an error is learned; default 0.1.', 0.1, symbol="α"),
        "momentum": Key('Of "qlearning": what remains of the last change; default 0.', 0.0),
        "temperature": Key(
            'Of "qlearning": τ of its softmax, in units of discounted sums; default 0.5.',
            0.5,
            symbol="τ",
        ),
    }

    def __init__(self, rate: Numbers = 0.1, momentum: Numbers = 0.0, temperature: Numbers = 0.5):
        self.rate = number_within(rate, "rate", most=1.0)
        self.momentum = number_within(momentum, "momentum", most=1.0)
        self.temperature = positive(temperature, "temperature")

    def begin(self, game: SampledParametricGame, params: Params) -> Learnt:
        learners = [policy for policy in game.policies if policy.learns]
        if not all(isinstance(policy, TablePolicy) for policy in learners):
            raise InputError(
                f"{self.words} counts what each action is worth in each situation: give all "
                "players a TablePolicy"
            )
        shape = (game.game.situations, count_logits(game.game.actions[0]))
        tables = jnp.stack(
            [
                jnp.asarray(own, game.dtype) if policy.learns else jnp.zeros(shape, game.dtype)
                for own, policy in zip(params, game.policies, strict=True)
            ]
        )
        if count_logits(game.game.actions[0]) == 1:
            tables = jnp.concatenate([tables / 2, -tables / 2], axis=-1)
        values = tables * self.temperature.astype(game.dtype)
        return Learnt(values, jnp.zeros_like(values))

    def learned(
        self, game: SampledParametricGame, params: Params, state: Learnt, key: RandomKey
    ) -> tuple[Params, Learnt]:
        played = game.estimates(params, key)
        values = state.values
        players = jnp.arange(len(values))

        def best(seen: Observation) -> Array:
            return values[players, jnp.asarray(seen.situations)].max(axis=-1)

        onward, last = best(played.observations), best(played.last)
        last = last if game.game.ending == "truncated" else jnp.zeros_like(last)
        onward = jnp.concatenate([onward[1:], last[None]])
        taken = players, jnp.asarray(played.observations.situations), jnp.asarray(played.actions)
        errors = jnp.asarray(played.rewards) + game.game.discount * onward - values[taken]
        visits = jnp.zeros_like(values).at[taken].add(1.0)
        mean = jnp.zeros_like(values).at[taken].add(errors) / jnp.maximum(visits, 1.0)
        rate, momentum = (x.astype(game.dtype) for x in (self.rate, self.momentum))
        change = rate * mean + momentum * state.change
        values = values + change
        wanted = values / self.temperature.astype(game.dtype)
        if count_logits(game.game.actions[0]) == 1:
            wanted = wanted[..., :1] - wanted[..., 1:]
        else:
            wanted = wanted - wanted.mean(axis=-1, keepdims=True)
        directions = tuple(
            goal.astype(jnp.result_type(own)) - own if policy.learns else jnp.zeros_like(own)
            for goal, own, policy in zip(wanted, params, game.policies, strict=True)
        )
        return directions, Learnt(values, change)

    @classmethod
    def example(cls) -> "QLearning":
        return cls(momentum=0.5)
