"""One two-player game played with every neighbour on a graph."""

from collections.abc import Hashable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import NotRealError, RealArray, as_array, is_traced
from glasshouse._foundation.numbers import LARGEST_PAYOFF, Numbers
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.errors import InputError
from glasshouse.games.network.base import AbstractNetworkGame, Mixes, sum_by
from glasshouse.games.network.graphs import both_ways, edges_of, numbered, undirected
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import is_symmetric
from glasshouse.games.tables import check_square


class PairwiseGame(AbstractNetworkGame):
    """A symmetric two-player game, played with every neighbour; payoffs are totals.

    Definition: u_i = Σ_j w_ij σ_iᵀ M σ_j over the neighbours j of i, M the row player's payoffs.

    **Arguments:** `payoffs`, a symmetric two-player `NormalFormGame`, or the matrix M, own action
    by rows and the other's by columns; `graph`, an undirected NetworkX graph: who plays with
    whom; `players`, its nodes in player order, or None where they are 0, 1, …; `weight`, the edge
    attribute that multiplies payoffs (missing: 1), or None for 1 everywhere.
    **Raises:** `InputError` for another game, a graph that is directed, has loops or other nodes,
    and numbers that are not finite.
    """

    table: Float[RealArray, "actions actions"]
    payees: Int[RealArray, "edges"]
    others: Int[RealArray, "edges"]
    weights: Float[RealArray, "edges"]
    players: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)

    def __init__(
        self,
        payoffs: NormalFormGame | Numbers,
        graph: Any,
        players: Sequence[Hashable] | None = None,
        weight: str | None = "weight",
    ):
        edges = undirected(edges_of(graph, players, weight), ": nobody plays with itself")
        payees, others, self.weights = both_ways(edges)
        self.table = _matrix(payoffs)
        self.payees, self.others = numbered(payees), numbered(others)
        self.players, self.actions = len(edges.names), self.table.shape[0]
        _check_size(self.table, np.bincount(payees, np.abs(self.weights)))

    @in_float64_unless_traced
    def payoffs(self, mixes: Mixes) -> Float[RealArray, "players"]:
        return (mixes * self.own_effects(mixes)).sum(axis=1)

    @in_float64_unless_traced
    def own_effects(self, mixes: Mixes) -> Mixes:
        others, weights = jnp.asarray(self.others), jnp.asarray(self.weights)
        met = [
            sum_by(weights * mixes[:, a][others], self.payees, self.players)
            for a in range(self.actions)
        ]
        return _product(jnp.stack(met, axis=1), jnp.asarray(self.table).T)

    @in_float64_unless_traced
    def cross_effects(self, mixes: Mixes) -> Mixes:
        return _product(mixes, jnp.asarray(self.table))

    def meetings(self, payees: np.ndarray, movers: np.ndarray) -> Float[np.ndarray, "pairs"]:
        known = np.asarray(self.payees, np.int64) * self.players + np.asarray(self.others)
        weights = np.append(np.asarray(self.weights), 0.0)
        wanted = np.asarray(payees, np.int64) * self.players + np.asarray(movers)
        place = np.searchsorted(known, wanted)
        found = np.append(known, -1)[place] == wanted
        return np.where(found, weights[place], 0.0)

    @property
    def midpoints(self) -> Float[RealArray, "players"]:
        """What every meeting pays at least, and at most, halfway between: over all of them."""
        weights = np.bincount(np.asarray(self.payees), np.asarray(self.weights), self.players)
        return self._middle() * weights

    def centred(self) -> "PairwiseGame":
        return eqx.tree_at(lambda game: game.table, self, self.table - self._middle())

    def _middle(self) -> Any:
        return 0.5 * self.table.max() + 0.5 * self.table.min()

    @property
    @in_float64_unless_traced
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        """Exact: neighbours can do the best and the worst whatever a player does."""
        weights = jnp.asarray(self.weights)
        gains, losses = (
            sum_by(jnp.maximum(signed, 0.0), self.payees, self.players)[:, None]
            for signed in (weights, -weights)
        )
        table = jnp.asarray(self.table)
        best, worst = table.max(axis=1), table.min(axis=1)
        highest, lowest = gains * best - losses * worst, gains * worst - losses * best
        return highest.max(axis=1) - lowest.min(axis=1)

    @classmethod
    def example(cls) -> "PairwiseGame":
        import networkx

        graph = networkx.Graph([(0, 1, {"weight": -0.5}), (1, 2), (2, 3), (3, 1)])
        return cls([[3.0, 0.0, 1.0], [5.0, 1.0, -1.0], [0.5, 2.0, 0.0]], graph)


def _product(left: RealArray, right: RealArray) -> RealArray:
    return jnp.matmul(left, right, precision=jax.lax.Precision.HIGHEST)


def _matrix(payoffs: NormalFormGame | Numbers) -> RealArray:
    if isinstance(payoffs, NormalFormGame):
        tensor = payoffs.tensor
        wrong = payoffs.players != 2 or len(set(payoffs.actions)) != 1
        if wrong or not (is_traced(tensor) or is_symmetric(np.asarray(tensor))):
            raise InputError(
                f"{payoffs.title}: neighbours have equal roles, so the game must be a symmetric "
                "one of two players; give one, or the row player's matrix of payoffs"
            )
        return tensor[0]
    check_square(payoffs)
    try:
        table = as_array(payoffs)
    except NotRealError as error:
        raise InputError(
            f"payoffs must be a square matrix of numbers, or a game: {error}"
        ) from error
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.shape[0] < 2:
        raise InputError(
            f"payoffs have shape {table.shape}: give a square matrix, own action by rows and the "
            "other's by columns"
        )
    if not is_traced(table) and not np.all(np.isfinite(np.asarray(table))):
        own, other = np.argwhere(~np.isfinite(np.asarray(table)))[0].tolist()
        raise InputError(
            f"payoffs must be finite numbers, but that of action {own} against {other}, counted "
            f"from 0, is {float(table[own, other]):g}"
        )
    return table


def _check_size(table: RealArray, weights: np.ndarray) -> None:
    if is_traced(table):
        return
    largest = float(np.abs(np.asarray(table)).max() * weights.max(initial=0.0))
    if not largest <= LARGEST_PAYOFF:
        raise InputError(
            f"total payoffs reach {largest:g}, and products of them would overflow: rescale the "
            f"payoffs or the weights below {LARGEST_PAYOFF:g}, which changes no threshold"
        )
