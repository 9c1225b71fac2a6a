"""Second derivatives of games, by products with vectors.

ξ are the stacked selfish gradients ∂U_i/∂θ_i, H = ∂ξ/∂θ their Jacobian and H_o its blocks between
different players. A product takes one more derivative of the gradients for each player.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.sparse.linalg import gmres
from jaxtyping import Array, PyTree

from glasshouse.errors import InputError
from glasshouse.parametric.capabilities import capabilities
from glasshouse.parametric.protocol import AbstractParametricGame, Layout, Params, RandomKey

MOST_ELIMINATED = 40
"""Coordinates up to which elimination is quicker than a search for the solution."""


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


def along(
    game: AbstractParametricGame, params: Params, vector: Params, key: RandomKey = None
) -> Params:
    """H v: how everyone's selfish gradient changes when all move along `vector`."""
    return jax.jvp(lambda x: game.selfish_gradients(x, key), (params,), (vector,))[1]


def pulled(
    game: AbstractParametricGame, params: Params, vector: Params, key: RandomKey = None
) -> Params:
    """Hᵀ v: the gradient of ⟨ξ, v⟩, v held fixed."""
    return jax.vjp(lambda x: game.selfish_gradients(x, key), params)[1](vector)[0]


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


def shaped(
    game: AbstractParametricGame,
    params: Params,
    key: RandomKey = None,
    believed: Callable[[Params], Params] = lambda effect: effect,
) -> Params:
    """χ_i = Σ_j≠i (∂ξ_j/∂θ_i)ᵀ ∂U_i/∂θ_j: what player i gains by moving the others' gradients.

    **Arguments:** `believed`, which scales what belongs to player j by the step of j.
    """
    payoffs, effects = jax.vjp(lambda x: game.payoffs(x, key), params)
    _, pull_back = jax.vjp(lambda x: game.selfish_gradients(x, key), params)

    def own(i: int) -> PyTree:
        (effect,) = effects(jnp.zeros_like(payoffs).at[i].set(1.0))
        none = jax.tree.map(jnp.zeros_like, effect[i])
        return pull_back(believed((*effect[:i], none, *effect[i + 1 :])))[0][i]

    return tuple(own(i) for i in range(len(params)))


def plus(one: Params, *others: Params) -> Params:
    """The sum of params."""
    return jax.tree.map(lambda x, *more: x + sum(more), one, *others)


def minus(one: Params, other: Params) -> Params:
    """The difference of params."""
    return jax.tree.map(lambda x, y: x - y, one, other)


def inner(one: Params, other: Params) -> Array:
    """⟨v, w⟩ over all coordinates of all players."""
    products = jax.tree.map(lambda x, y: jnp.sum(x * y), one, other)
    return jnp.sum(jnp.stack(jax.tree.leaves(products)))


def solved(operator: Callable[[Params], Params], vector: Params) -> Params:
    """x with operator(x) = v, operator linear, by products with it; NaN where it is singular.

    Up to `MOST_ELIMINATED` coordinates by elimination of the matrix whose columns are products with
    unit vectors, beyond by GMRES.
    """
    flat, unflatten = ravel_pytree(vector)

    def product(x: Array) -> Array:
        return ravel_pytree(operator(unflatten(x)))[0]

    if flat.size <= MOST_ELIMINATED:
        matrix = jax.vmap(product, out_axes=1)(jnp.eye(flat.size, dtype=flat.dtype))
        return unflatten(jnp.linalg.solve(matrix, flat))
    found, _ = gmres(product, flat, tol=1e-12, restart=MOST_ELIMINATED, maxiter=MOST_ELIMINATED)
    left = jnp.linalg.norm(product(found) - flat)
    return unflatten(jnp.where(left <= 1e-8 * jnp.linalg.norm(flat), found, jnp.nan))
