"""Sensitivities as traceable arrays: products with the Jacobian, which itself is never formed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import UNDEFINED, RealArray, as_floats, with_nan
from glasshouse.analysis.movement.first_order import Quantity, mean_cooperation
from glasshouse.games.base import Product
from glasshouse.parametric import Params
from glasshouse.parametric.dense import DenseGame

Rows = list[Params]
"""The derivative of every action's probability in everybody's parameters."""


class Terms(NamedTuple):
    """What sensitivities are made of, at one profile or, with leading axes, at many.

    **Arguments:** `cooperation`, `norms`, `alignment`, `own_effect`, `other_effect` and `margins`
    as in `Sensitivity`; `own`, `across` and `cross` are |a|², a·b and |b|² of each owner, with b
    summed over the readers; `at_bound`, 1 where some parameter is
    at the bound of its box, else 0.
    """

    cooperation: Float[Any, "*points owners"]
    norms: Float[Any, "*points owners readers"]
    alignment: Float[Any, "*points owners readers"]
    own: Float[Any, "*points owners"]
    across: Float[Any, "*points owners"]
    cross: Float[Any, "*points owners"]
    own_effect: Float[Any, "*points owners"]
    other_effect: Float[Any, "*points owners"]
    margins: Float[Any, "*points owners readers"]
    at_bound: Float[Any, "*points"]


def defined(terms: Terms) -> Terms:
    """The same terms with NaN where they are not defined."""
    may_lack = ("alignment", "own", "across", "cross", "own_effect", "other_effect")
    found = {name: with_nan(getattr(terms, name)) for name in may_lack}
    return Terms(*(np.asarray(x, dtype=np.float64) for x in terms))._replace(**found)


def all_terms(params: Params, game: DenseGame) -> Terms:
    """All terms at one profile, `UNDEFINED` as `defined` takes it."""
    params = as_floats(params)
    behaviours, pull_back = jax.vjp(game.behaviours, params)
    actions, players = game.game.actions, range(len(game.game.actions))
    proper = game.semantics.proper != "unchecked"
    rows = [_rows(behaviours, pull_back, j, count, proper) for j, count in enumerate(actions)]
    norms = jnp.stack(
        [jnp.stack([jnp.sqrt(_product(rows[j], rows[j], i)) for j in players]) for i in players]
    )
    products = [[_alike_product(rows, i, j) for j in players] for i in players]
    alignment = jnp.stack([jnp.stack(own) for own in products])
    sizes = jnp.diagonal(norms)[:, None] * norms
    alignment = jnp.where(sizes > 0, alignment / jnp.where(sizes > 0, sizes, 1.0), UNDEFINED)
    own_effect, other_effect = _effects(game, behaviours)
    own, across, cross = _against_all_readers(rows, actions)
    return Terms(
        cooperation=jnp.stack([behaviours.entries(i)[0] for i in players]),
        norms=norms,
        alignment=alignment,
        own=own,
        across=across,
        cross=cross,
        own_effect=own_effect,
        other_effect=other_effect,
        margins=reader_margins(game, params, mean_cooperation),
        at_bound=_at_bound(game, params),
    )


def reader_margins(
    game: DenseGame, params: Params, quantity: Quantity
) -> Float[Array, "owners readers"]:
    """`margin_by_reader` as a traceable array."""
    params = as_floats(params)
    behaviours, push_forward = jax.linearize(game.behaviours, params)
    effects = game.centred.effects(behaviours)
    steepest = jax.grad(lambda p: quantity(game, p))(params)
    still = jax.tree.map(jnp.zeros_like, params)
    players = range(len(params))

    def through(owner: int, moved: Product, reader: int) -> RealArray:
        pairs = zip(effects[owner].entries(reader), moved.entries(reader), strict=True)
        terms = [effect * change for effect, change in pairs]
        return sum(terms[1:], start=terms[0])

    margins = []
    for i in players:
        # By transposition ⟨∇m, Jᵀg⟩ = ⟨J ∇m, g⟩: one forward product serves all readers.
        moved = push_forward((*still[:i], steepest[i], *still[i + 1 :]))
        margins.append(jnp.stack([through(i, moved, j) for j in players]))
    return jnp.stack(margins)


def _rows(
    behaviours: Product, pull_back: Callable[..., Any], player: int, actions: int, proper: bool
) -> Rows:
    """∂σ_player(a)/∂θ for all actions a; the last follows where they are known to sum to 1."""
    leaves, structure = jax.tree.flatten(behaviours)
    zeros = jax.tree.unflatten(structure, [jnp.zeros_like(leaf) for leaf in leaves])
    counted = range(actions - 1 if proper else actions)
    rows = [pull_back(_unit(zeros, player, action))[0] for action in counted]
    if not proper:
        return rows
    if not rows:
        return [jax.tree.map(jnp.zeros_like, pull_back(zeros)[0])]
    rest = jax.tree.map(lambda *parts: -sum(parts[1:], start=parts[0]), *rows)
    return [*rows, rest]


def _unit(zeros: Product, player: int, action: int) -> Product:
    own = zeros.distributions[player]
    if isinstance(own, tuple):
        unit = tuple(jnp.ones_like(x) if a == action else x for a, x in enumerate(own))
    else:
        unit = jnp.asarray(own).at[action].set(1.0)
    everyone = zeros.distributions
    return Product((*everyone[:player], unit, *everyone[player + 1 :]))


def _product(first: Rows, second: Rows, owner: int) -> Array:
    """Half the Frobenius product of two blocks of the Jacobian: for two actions, of gradients."""
    terms = [_dot(x[owner], y[owner]) for x, y in zip(first, second, strict=True)]
    return 0.5 * sum(terms[1:], start=terms[0])


def _alike_product(rows: list[Rows], owner: int, reader: int) -> Array:
    if len(rows[owner]) != len(rows[reader]):
        return jnp.full((), UNDEFINED)
    return _product(rows[owner], rows[reader], owner)


def _against_all_readers(rows: list[Rows], actions: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """|a|², a·b and |b|² of every owner, with b summed over the readers."""
    players = range(len(actions))
    if set(actions) != {2} or len(actions) < 2:
        nothing = jnp.full(len(actions), UNDEFINED)
        return nothing, nothing, nothing
    found = []
    for i in players:
        own = rows[i][0][i]
        others = [rows[j][0][i] for j in players if j != i]
        read = jax.tree.map(lambda *parts: sum(parts[1:], start=parts[0]), *others)
        found.append(jnp.stack([_dot(own, own), _dot(own, read), _dot(read, read)]))
    own, across, cross = jnp.stack(found, axis=1)
    return own, across, cross


def _effects(game: DenseGame, behaviours: Product) -> tuple[Array, Array]:
    """A = ∂u_i/∂p_i, and the mean of ∂u_i/∂p_j over the others, of every player i."""
    players = range(len(game.game.actions))
    if set(game.game.actions) != {2} or len(players) < 2:
        nothing = jnp.full(len(players), UNDEFINED)
        return nothing, nothing
    own, other = [], []
    for i, effect in enumerate(game.centred.effects(behaviours)):
        gains = [effect.entries(j)[0] - effect.entries(j)[1] for j in players]
        own.append(gains[i])
        other.append(jnp.stack([gain for j, gain in enumerate(gains) if j != i]).mean())
    return jnp.stack(own), jnp.stack(other)


def _at_bound(game: DenseGame, params: Params) -> Array:
    def touches(x: Array, low: RealArray, high: RealArray) -> Array:
        return jnp.any((x <= low) | (x >= high))

    touched = [
        jax.tree.map(touches, own, box.lower, box.upper)
        for own, box in zip(params, game.spaces, strict=True)
    ]
    return jnp.any(jnp.stack(jax.tree.leaves(touched))).astype(float)


def _dot(first: PyTree, second: PyTree) -> Array:
    pairs = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    terms = [jnp.sum(x * y) for x, y in pairs]
    return sum(terms[1:], start=terms[0]) if terms else jnp.zeros(())
