"""Second derivatives of games, by products only: no matrix is ever built.

ξ are the stacked selfish gradients ∂U_i/∂θ_i, H = ∂ξ/∂θ their Jacobian and H_o its blocks between
different players. A product takes one more derivative of the gradients for each player.
"""

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from glasshouse.errors import InputError
from glasshouse.parametric.capabilities import capabilities
from glasshouse.parametric.protocol import AbstractParametricGame, Layout, Params, RandomKey


def check_exact(game: AbstractParametricGame, who: str) -> None:
    """Refuse games whose gradients are drawn: derivatives of a draw estimate none of the game's.

    **Raises:** `InputError` naming the rule and the game.
    """
    if "sampled" in capabilities(game):
        raise InputError(
            f"{who} needs second derivatives of exact payoffs, and those of {type(game).__name__} "
            "are drawn: use Gradient() there"
        )


def check_separate(game: AbstractParametricGame, who: str) -> None:
    """Refuse games that do not tell the players' parameters apart.

    **Raises:** `InputError` naming the rule and what the game's params are.
    """
    if game.layout is not Layout.separate:
        raise InputError(
            f"{who} needs params with one entry for each player; those of {type(game).__name__} "
            f"are {game.layout.value}: use Gradient() there, or the game that is inside"
        )


def across(
    game: AbstractParametricGame, params: Params, vector: Params, key: RandomKey = None
) -> Params:
    """H_o v: how everyone's selfish gradient changes when the *others* move along `vector`."""

    # One forward derivative per player: less work for two or three than linearising once.
    def own(i: int) -> PyTree:
        still = jax.tree.map(jnp.zeros_like, vector[i])
        moves = (*vector[:i], still, *vector[i + 1 :])
        return jax.jvp(lambda x: game.selfish_gradients(x, key)[i], (params,), (moves,))[1]

    return tuple(own(i) for i in range(len(params)))


def shaped(game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Params:
    """χ_i = Σ_j≠i (∂ξ_j/∂θ_i)ᵀ ∂U_i/∂θ_j: what player i gains by moving the others' gradients."""
    payoffs, effects = jax.vjp(lambda x: game.payoffs(x, key), params)
    _, pull_back = jax.vjp(lambda x: game.selfish_gradients(x, key), params)

    def own(i: int) -> PyTree:
        (effect,) = effects(jnp.zeros_like(payoffs).at[i].set(1.0))
        none = jax.tree.map(jnp.zeros_like, effect[i])
        return pull_back((*effect[:i], none, *effect[i + 1 :]))[0][i]

    return tuple(own(i) for i in range(len(params)))
