"""Second derivatives of games, by products with vectors.

ξ are the stacked selfish gradients ∂U_i/∂θ_i, H = ∂ξ/∂θ their Jacobian and H_o its blocks between
different players. A product takes one more derivative of the gradients.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.sparse.linalg import gmres
from jaxtyping import Array, Float, PyTree

from glasshouse.errors import InputError
from glasshouse.parametric.capabilities import AbstractDense, capabilities
from glasshouse.parametric.protocol import AbstractParametricGame, Layout, Params, RandomKey

MOST_ELIMINATED = 40
"""Coordinates up to which elimination is quicker than a search for the solution."""


MOST_ONE_BY_ONE = 8
"""Coordinates up to which products with several vectors are quicker one by one."""


def check_exact(game: AbstractParametricGame, who: str) -> None:
    """Refuse games whose gradients are drawn: derivatives of a draw estimate none of the game's.

    **Raises:** `InputError` naming the rule and the game.
    """
    if "sampled" in capabilities(game):
        raise InputError(
            f"{who} needs second derivatives of exact payoffs, and those of {type(game).__name__} "
            "are drawn: use Gradient() there, or a rule of episodes, as LolaDice(), in files "
            'rule = "loladice"'
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


def check_behaviours(game: AbstractParametricGame, who: str) -> None:
    """Refuse games that are functions of parameters alone, in which nobody acts.

    **Raises:** `InputError` naming the rule and the game.
    """
    if not isinstance(game, AbstractDense):
        raise InputError(
            f"{who} compares what players do in every state, and {type(game).__name__} does not "
            "say it: make a game in normal form, or a RepeatedGame, a ParametricGame"
        )


def gradients(
    game: AbstractParametricGame, params: Params, key: RandomKey = None
) -> tuple[Params, ...]:
    """∂U_i/∂θ of every player i, by everybody's parameters."""
    known = getattr(game, "gradients", None)
    if known is not None:  # for less than by its payoffs
        return known(params, key)
    payoffs, pull_back = jax.vjp(lambda x: game.payoffs(x, key), params)
    return tuple(pull_back(row)[0] for row in jnp.eye(len(payoffs), dtype=payoffs.dtype))


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

    def moved(moves: Params) -> Params:
        return jax.jvp(lambda x: game.selfish_gradients(x, key), (params,), (moves,))[1]

    alone = [_without(vector, i) for i in range(len(params))]
    if _are_few(params):
        return tuple(moved(moves)[i] for i, moves in enumerate(alone))
    return own_of_each(jax.vmap(moved)(_stacked(alone)))


def each_among(
    game: AbstractParametricGame, params: Params, others: Params, key: RandomKey = None
) -> Params:
    """∂U_i/∂θ_i at (θ_i, others_-i) of every player i, who alone is where `params` say."""
    profiles = [(*others[:i], own, *others[i + 1 :]) for i, own in enumerate(params)]
    if _are_few(params):
        return tuple(game.selfish_gradients(x, key)[i] for i, x in enumerate(profiles))
    return own_of_each(jax.vmap(lambda x: game.selfish_gradients(x, key))(_stacked(profiles)))


def shaped(
    game: AbstractParametricGame,
    params: Params,
    key: RandomKey = None,
    believed: Callable[[Params], Params] = lambda effect: effect,
) -> Params:
    """χ_i = Σ_j≠i (∂ξ_j/∂θ_i)ᵀ ∂U_i/∂θ_j: what player i gains by moving the others' gradients.

    **Arguments:** `believed`, which scales what belongs to player j by the step of j.
    """
    return anticipated(game, params, key, believed)[2]


def anticipated(
    game: AbstractParametricGame,
    params: Params,
    key: RandomKey = None,
    believed: Callable[[Params], Params] = lambda effect: effect,
) -> tuple[Params, Params, Params]:
    """ξ, H_o v with v what is `believed` of ξ, and χ: for less than the work of one by one.

    Second derivatives being symmetric, χ_i of two players is how ∂U_j/∂θ_i changes along
    ∂U_i/∂θ_j, so that all are derivatives forwards of the same gradients.
    """
    effects = gradients(game, params, key)
    selfish = tuple(own[i] for i, own in enumerate(effects))
    moves, steps = believed(selfish), [believed(effect) for effect in effects]
    if len(params) == 2 and not _are_few(params):
        return selfish, *_turned(game, params, moves, (steps[1][0], steps[0][1]), key)
    _, pull_back = jax.vjp(lambda x: game.selfish_gradients(x, key), params)
    others = [_without(step, i) for i, step in enumerate(steps)]
    if _are_few(params):
        shaping = tuple(pull_back(other)[0][i] for i, other in enumerate(others))
    else:
        shaping = own_of_each(jax.vmap(lambda x: pull_back(x)[0])(_stacked(others)))
    return selfish, across(game, params, moves, key), shaping


def among_learners(
    game: AbstractParametricGame,
    params: Params,
    steps: Callable[[Params], Params],
    key: RandomKey = None,
    *,
    expanded: bool,
) -> Params:
    """∇_i U_i(θ_i, θ_-i + s_-i(θ)) of every player i, where the others step by `steps` s.

    **Arguments:** `expanded`, whether to first order in s: (ξ + H_o s)_i + (∂s_-i/∂θ_i)ᵀ ∂_-i U_i.
    """
    moves, pull_back = jax.vjp(steps, params)
    if expanded:
        effects = gradients(game, params, key)
        own = plus(tuple(x[i] for i, x in enumerate(effects)), across(game, params, moves, key))
    else:
        there = _stacked([plus(params, _without(moves, i)) for i in range(len(params))])
        found = jax.vmap(lambda x: gradients(game, x, key))(there)
        effects = tuple(_at(x, i) for i, x in enumerate(found))
        own = tuple(x[i] for i, x in enumerate(effects))
    others = _stacked([_without(x, i) for i, x in enumerate(effects)])
    return plus(own, own_of_each(jax.vmap(lambda x: pull_back(x)[0])(others)))


def _turned(
    game: AbstractParametricGame, params: Params, moves: Params, wanted: Params, key: RandomKey
) -> tuple[Params, Params]:
    """Of two players, how ∂U_i/∂θ_i changes along the other's `moves`, and ∂U_j/∂θ_i along what i
    has `wanted` the other to move."""

    def changes(move: Params) -> tuple[Params, ...]:
        return jax.jvp(lambda x: gradients(game, x, key), (params,), (move,))[1]

    alone = [_without(each, i) for each in (moves, wanted) for i in range(2)]
    (own, of_first), (of_second, own_2) = jax.vmap(changes)(_stacked(alone))
    return (_at(own, 0), _at(own_2, 1)), (_at(of_second, 2), _at(of_first, 3))


def _are_few(params: Params) -> bool:
    """Whether products are taken one by one: small games are unrolled while tracing, and an axis of
    vectors would be the only one beside the batch."""
    return sum(jnp.size(x) for x in jax.tree.leaves(params)) <= MOST_ONE_BY_ONE


def _without(vector: Params, player: int) -> Params:
    none = jax.tree.map(jnp.zeros_like, vector[player])
    return (*vector[:player], none, *vector[player + 1 :])


def _stacked(vectors: Sequence[Params]) -> Params:
    return jax.tree.map(lambda *x: jnp.stack(x), *vectors)


def own_of_each(stacked: Params) -> Params:
    """What is player i's of the i-th vector."""
    return tuple(_at(own, i) for i, own in enumerate(stacked))


def _at(stacked: PyTree, k: int) -> PyTree:
    return jax.tree.map(lambda x: x[k], stacked)


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

    Of v = 0 it is 0, also where the operator is singular: who has nowhere to go rests. Up to
    `MOST_ELIMINATED` coordinates by elimination of the matrix whose columns are products with unit
    vectors, beyond by GMRES.
    """
    flat, unflatten = ravel_pytree(vector)

    def product(x: Array) -> Array:
        return ravel_pytree(operator(unflatten(x)))[0]

    if flat.size <= MOST_ELIMINATED:
        matrix = jax.vmap(product, out_axes=1)(jnp.eye(flat.size, dtype=flat.dtype))
        return unflatten(_eliminated(matrix, flat))
    found, _ = gmres(product, flat, tol=1e-12, restart=MOST_ELIMINATED, maxiter=MOST_ELIMINATED)
    left = jnp.linalg.norm(product(found) - flat)
    return unflatten(jnp.where(left <= 1e-8 * jnp.linalg.norm(flat), found, jnp.nan))


def _eliminated(matrix: Float[Array, "n n"], vector: Float[Array, "n"]) -> Float[Array, "n"]:
    """The solution of a linear system by Gauss and Jordan with pivots, NaN where there is none.

    Array operations only: LAPACK would be called once for each member of a batch, and two batches
    that call it at the same time wait for each other for ever.
    """
    rows = jnp.arange(len(vector))

    def eliminate(k: int | Array, both: Array) -> Array:
        best = jnp.argmax(jnp.where(rows >= k, jnp.abs(both[:, k]), -1.0))
        top, other = both[best], both[k]
        swapped = jnp.where((rows == best)[:, None], other, both)
        pivot = top / top[k]
        rest = swapped - swapped[:, k, None] * pivot
        return jnp.where((rows == k)[:, None], pivot, rest)

    both = jnp.concatenate([matrix, vector[:, None]], axis=1)
    found = jax.lax.fori_loop(0, len(vector), eliminate, both)[:, -1]
    none = jnp.where(jnp.any(vector != 0), jnp.nan, 0.0)
    return jnp.where(jnp.all(jnp.isfinite(found)), found, none)
