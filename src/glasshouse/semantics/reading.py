"""Who reads whom: a directed graph whose weights are couplings."""

from collections.abc import Hashable, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import (
    Numbers,
    Whole,
    checked_weights,
    number_array,
    shown,
    whole,
)
from glasshouse._foundation.results import described
from glasshouse.errors import InputError
from glasshouse.games.network.graphs import both_ways, check_pairs, edges_of, numbered

MOST_DENSE = 10_000
"""Players up to which `matrix` fills a matrix: 800 megabytes."""


class Reading(eqx.Module):
    """Who reads whom, and with which weight: one entry for each pair that reads.

    `readers[e]` reads `owners[e]` with `weights[e]`. Entries are kept sorted by reader, then owner.

    **Arguments:** `readers`, `owners`, players' numbers from 0, shape `(edges,)`; `weights`, one
    number each; `players`, how many there are.
    **Raises:** `InputError` for numbers that are no players, a player that reads itself, pairs
    that occur twice, and weights that are not finite.
    """

    readers: Int[RealArray, "edges"]
    owners: Int[RealArray, "edges"]
    weights: Float[RealArray, "edges"]
    players: int = eqx.field(static=True)

    __pdoc__ = described

    def __init__(self, readers: Numbers, owners: Numbers, weights: Numbers, players: Whole):
        first, second = (
            _player_numbers(x, name) for x, name in ((readers, "readers"), (owners, "owners"))
        )
        values = checked_weights(weights, "weights", shapes=None)
        players = whole(players, "players", least=2)
        _check_shapes(first, second, values, players)
        check_pairs(first, second, range(players), "reads", _OWN_WEIGHT)
        order = np.lexsort((second, first))
        self.readers, self.owners = numbered(first[order]), numbered(second[order])
        self.weights = values[order]
        self.players = players

    @classmethod
    def from_graph(
        cls, graph: Any, players: Sequence[Hashable] | None = None, weight: str | None = "weight"
    ) -> "Reading":
        """Who reads whom in a NetworkX graph.

        **Arguments:** `graph`, directed, where an edge from i to j means that i reads j, or
        undirected, where both read each other; `players`, the nodes in player order, for example
        `game.labels.players`, or None where the nodes are 0, 1, …; `weight`, the edge attribute
        with the weights (edges without it have weight 1), or None for weight 1 everywhere.
        **Raises:** `InputError` where the nodes are not the players, a node reads itself, two
        edges are parallel, or a weight is no finite number.
        **Cost:** linear in the edges; half a million take about a second.
        """
        edges = edges_of(graph, players, weight)
        low, high = edges.first, edges.second
        if not edges.directed:
            low, high = np.minimum(low, high), np.maximum(low, high)
        check_pairs(low, high, edges.names, "reads", _OWN_WEIGHT)
        arrays = edges[:3] if edges.directed else both_ways(edges)
        return cls(*arrays, players=len(edges.names))

    def matrix(self) -> Float[RealArray, "players players"]:
        """Couplings as `Logistic` takes them: entry [i, j] is the weight with which i reads j.

        **Raises:** `InputError` beyond 10 000 players, whom a matrix would not suit.
        """
        if self.players > MOST_DENSE:
            raise InputError(
                f"a matrix of {self.players} × {self.players} couplings takes too much memory: "
                "use NetworkParametricGame, which needs none"
            )
        shape = (self.players, self.players)
        if isinstance(self.weights, np.ndarray):
            dense = np.zeros(shape)
            dense[self.readers, self.owners] = self.weights
            return dense
        return jnp.zeros(shape, self.weights.dtype).at[self.readers, self.owners].set(self.weights)

    def scaled(self, factor: Numbers) -> "Reading":
        """The same readers and owners, all weights multiplied by `factor`, a number."""
        weights = self.weights * number_array(factor, "factor")
        checked_weights(weights, "weights", shapes=None)
        return eqx.tree_at(lambda reading: reading.weights, self, weights)


_OWN_WEIGHT = ", and use own_weight for a player's own parameter"


def _player_numbers(values: Numbers, name: str) -> np.ndarray:
    number_array(values, name, shapes=None)  # refuses truth values and masked entries
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise InputError(f"{name} must be numbers of players, from 0, not {shown(values)}")
    return array.astype(np.int64)


def _check_shapes(
    readers: np.ndarray, owners: np.ndarray, weights: RealArray, players: int
) -> None:
    shapes = {readers.shape, owners.shape, weights.shape}
    if len(shapes) != 1 or len(readers.shape) != 1:
        raise InputError(
            f"readers, owners and weights have shapes {readers.shape}, {owners.shape} and "
            f"{weights.shape}: give one of each for every pair that reads"
        )
    for name, numbers in (("readers", readers), ("owners", owners)):
        wrong = numbers[(numbers < 0) | (numbers >= players)]
        if wrong.size:
            raise InputError(
                f"{name} name player {wrong[0]}: the {players} players have numbers 0 to "
                f"{players - 1}"
            )
