"""How far behaviour moves with everybody's parameters where players come to be."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from glasshouse._foundation.arrays import as_floats
from glasshouse._foundation.random import key_uniforms
from glasshouse.games.stochastic.base import Observation
from glasshouse.games.stochastic.episodes import Episodes, drawn_action, episode_uniforms
from glasshouse.parametric import Params


@eqx.filter_jit
def squares_where_played(
    game: Any, params: Params, key: PRNGKeyArray, episodes: int
) -> tuple[
    Float[Array, "episodes owners readers"], Float[Array, "episodes owners readers products"]
]:
    """Squared sensitivities and products of logits' derivatives, at one step of each episode.

    The step is drawn as often as it counts in payoffs per step.

    **Returns:** ½ Σ_a |∂π_j(a)/∂θ_i|², and of the derivatives of centred logits in θ_i, those of
    the owner's play (if it were where j is) and the reader's: |a|², ⟨a, b⟩, |b|².
    """
    params = as_floats(params)
    first, second = jax.random.split(key)
    rows = episode_uniforms(game.game, first, episodes, game.dtype)
    chosen = key_uniforms(second, episodes, game.dtype)
    shares = jnp.log(jnp.asarray(game.game.episode.shares(), game.dtype))
    steps = jax.vmap(lambda x: drawn_action(x, shares))(chosen)

    def one(given: tuple[Array, Array]) -> tuple[Array, Array]:
        row, step = given
        played = game.played(params, row[None])
        return _squares(game, params, played, step)

    return jax.lax.map(one, (rows, steps), batch_size=32)


def _squares(game: Any, params: Params, played: Episodes, step: Array) -> tuple[Array, Array]:
    players = range(game.players)

    def at_step(x: Params, observations: Observation) -> Float[Array, "players actions"]:
        shown = eqx.tree_at(lambda p: p.observations, played, observations)
        return jnp.asarray(game.log_mixes(x, shown))[step, 0]

    def squared(rows: Any, others: Any) -> Array:
        """Summed over actions and parameters."""
        pairs = zip(jax.tree.leaves(rows), jax.tree.leaves(others), strict=True)
        return jnp.stack([jnp.sum(x * y) for x, y in pairs]).sum()

    seen = played.observations
    mixes = jnp.exp(at_step(params, seen))
    moved = jax.jacrev(at_step)(params, seen)  # one for each owner; leaves: players, actions, …

    def of_reader(j: Array) -> tuple[Array, Array]:
        # What all would do where j is: the owner's own play there is what j's is compared with.
        there = jax.tree.map(lambda x: jnp.broadcast_to(x[:, :, j][:, :, None], x.shape), seen)
        mirrored = jax.jacrev(at_step)(params, there)
        norms, products = [], []
        for i in players:
            rows = jax.tree.map(lambda x: jax.vmap(jnp.multiply)(x[j], mixes[j]), moved[i])
            a, b = (jax.tree.map(lambda x, k=k: _centred(x[k]), mirrored[i]) for k in (i, j))
            norms.append(0.5 * squared(rows, rows))
            products.append(jnp.stack([squared(a, a), squared(a, b), squared(b, b)]))
        return jnp.stack(norms), jnp.stack(products)

    return jax.vmap(of_reader, out_axes=1)(jnp.arange(game.players))


def _centred(rows: Array) -> Array:
    """Logits have no level of their own: only differences between actions count."""
    return rows - rows.mean(axis=0)
