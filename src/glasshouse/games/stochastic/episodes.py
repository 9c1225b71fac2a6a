"""Playing games in steps: many episodes at once, every random choice from a number given."""

from collections.abc import Callable
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from glasshouse._foundation.random import key_uniforms
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation

Act: TypeAlias = Callable[[PyTree, Observation], tuple[Float[Array, "players actions"], PyTree]]
"""From what all remember and see to the logarithms of everyone's probabilities, and the memory."""


class Episodes(eqx.Module):
    """What was seen, done and paid, steps first and then episodes.

    **Arguments:** `observations`, before each step; `actions`; `rewards`, in units of the game;
    `events`, by name; `last`, what is seen after the last step.
    """

    observations: Observation
    actions: Int[Array, "steps episodes players"]
    rewards: Float[Array, "steps episodes players"]
    events: dict[str, Float[Array, "steps episodes players"]]
    last: Observation


def play_episodes(
    game: AbstractStochasticGame, act: Act, memory: PyTree, uniforms: Float[Array, "episodes draws"]
) -> Episodes:
    """Play as many episodes as there are rows of uniform numbers, in their precision.

    **Arguments:** `act`; `memory`, what all remember at the beginning; `uniforms`, from
    `episode_uniforms`.
    """
    axes: Any = (1, 1, 1, 1, 0)  # what is seen last has no axis of steps
    parts = jax.vmap(lambda row: _episode(game, act, memory, row), out_axes=axes)(uniforms)
    return Episodes(*parts)


def episode_uniforms(
    game: AbstractStochasticGame, key: PRNGKeyArray, episodes: int, dtype: jnp.dtype | None = None
) -> Float[Array, "episodes draws"]:
    """What `play_episodes` draws from, a row for each: what its beginning takes, then each step."""
    beginning, step = game.draws
    columns = beginning + game.horizon * (game.players + step)
    return key_uniforms(key, episodes * columns, dtype).reshape(episodes, columns)


def _episode(
    game: AbstractStochasticGame, act: Act, memory: PyTree, uniforms: Float[Array, "draws"]
) -> tuple[Any, ...]:
    beginning = game.draws[0]
    rows = uniforms[beginning:].reshape(game.horizon, -1)

    def step(carry: tuple, row: Float[Array, "draws"]) -> tuple:
        state, memory = carry
        seen = _in_precision(game.observe(state), row.dtype)
        log_mixes, memory = act(memory, seen)
        actions = jax.vmap(drawn_action)(row[: game.players], log_mixes)
        state, paid, events = game.advance(state, actions, row[game.players :])
        return (state, memory), (seen, actions, paid, events)

    start = game.begin(uniforms[:beginning])
    (state, _), (seen, actions, paid, events) = jax.lax.scan(step, (start, memory), rows)
    return seen, actions, paid, events, _in_precision(game.observe(state), rows.dtype)


def drawn_action(uniform: Float[Array, ""], log_mix: Float[Array, "actions"]) -> Int[Array, ""]:
    """The action that a uniform number stands for: actions take their shares in order."""
    upto = jnp.cumsum(jnp.exp(log_mix))[:-1]
    return jnp.sum(uniform >= upto).astype(jnp.int32)


def _in_precision(seen: Observation, dtype: jnp.dtype) -> Observation:
    return Observation(jnp.asarray(seen.features, dtype), seen.situations)
