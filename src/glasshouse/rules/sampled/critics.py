"""Critics: what is expected from where a player is, learned beside the players."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse.games.stochastic.base import Observation
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.sampled import SampledParametricGame
from glasshouse.rules.transformed import scaling_by_adam

TARGETS = ("td", "returns")
"""What a critic learns: one step and its own value after it, or all that was paid."""


class Critic(eqx.Module):
    """Each player's values, a number for each situation or linear in what it sees, by Adam.

    Values are `outputs` × 1/(1-γ) where it is scaled, so that numbers of the size of one step's
    payoffs stand for discounted sums, which Adam's steps of one size otherwise reach only late.

    **Arguments:** `weights`, one row for each situation, or for each feature and a constant;
    `memory`, of the optimiser; `scale`, 1/(1-γ) or 1.
    """

    weights: Float[RealArray, "players rows outputs"]
    memory: PyTree
    scale: float = eqx.field(static=True)
    counted: bool = eqx.field(static=True)

    def values(
        self, seen: Observation, weights: RealArray | None = None
    ) -> Float[RealArray, "*batch players outputs"]:
        """What each player expects from where it is, in discounted sums."""
        weights = self.weights if weights is None else weights
        players = jnp.arange(len(weights))
        if self.counted:
            return self.scale * weights[players, jnp.asarray(seen.situations)]
        ones = jnp.ones((*seen.features.shape[:-1], 1), weights.dtype)
        features = jnp.concatenate([jnp.asarray(seen.features, weights.dtype), ones], axis=-1)
        return self.scale * jnp.einsum("...pf,pfo->...po", features, weights)

    def learned(
        self,
        seen: Observation,
        targets: Float[RealArray, "*batch players"],
        step: Float[RealArray, ""],
        taken: RealArray | None = None,
    ) -> "Critic":
        """The critic after one step of Adam towards the targets, of the actions taken if said."""

        def loss(weights: Array) -> Array:
            found = self.values(seen, weights)
            if taken is None:
                found = found[..., 0]
            else:
                found = jnp.take_along_axis(found, taken[..., None], axis=-1)[..., 0]
            return 0.5 * jnp.mean(((found - targets) / self.scale) ** 2)

        descent = -jax.grad(loss)(self.weights)
        update: Any
        update, memory = scaling_by_adam().update(descent, self.memory)
        weights = self.weights + jnp.asarray(step, descent.dtype) * update
        return Critic(weights, memory, self.scale, self.counted)


def new_critic(game: SampledParametricGame, scaled: bool, outputs: int = 1) -> Critic:
    """A critic that expects nothing yet."""
    played = game.game
    counted = played.situations is not None
    rows = played.situations if counted else played.features + 1
    weights = jnp.zeros((game.players, rows, outputs), game.dtype)
    scale = round(1 / (1 - played.discount), 9) if scaled and played.discount < 1 else 1.0
    return Critic(weights, scaling_by_adam().init(weights), scale, counted)


def values_of(
    game: SampledParametricGame, critic: Critic, played: Episodes
) -> tuple[Float[RealArray, "steps episodes players"], Float[RealArray, "episodes players"]]:
    """A critic's values at every step and after the last one, where nothing comes if it ended."""
    values, last = critic.values(played.observations)[..., 0], critic.values(played.last)[..., 0]
    return values, last if game.game.ending == "truncated" else jnp.zeros_like(last)


def explained(
    returns: Float[RealArray, "steps episodes players"],
    values: Float[RealArray, "steps episodes players"],
) -> Float[RealArray, "players"]:
    """Of each player, the share of the variance of returns that values explain, offsets included.

    Definition: 1 - mean (G-V)² / Var G. It is 1 for a perfect critic, 0 for the best constant, and
    negative for worse than that: with `1 - Var(G-V)/Var G` a critic that is far off, by the same
    amount everywhere, would look as good as a constant. None is left where nothing varies.
    """
    axes = tuple(range(returns.ndim - 1))
    wrong, varies = jnp.mean((returns - values) ** 2, axis=axes), jnp.var(returns, axis=axes)
    return 1 - wrong / jnp.maximum(varies, jnp.finfo(varies.dtype).tiny)
