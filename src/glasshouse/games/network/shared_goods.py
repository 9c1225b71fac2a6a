"""Public goods shared by everybody, or by the neighbourhoods of a graph."""

from collections.abc import Hashable, Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import Numbers, Whole, positive, whole
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.games.network.base import AbstractNetworkGame, Mixes, sum_by
from glasshouse.games.network.graphs import both_ways, edges_of, numbered, undirected

MEMBERS_TOGETHER = 2**21
"""Members of groups looked up at once: some tens of megabytes."""


class GlobalPublicGoods(AbstractNetworkGame):
    """Everybody contributes c or keeps it; contributions times r are shared by all.

    Definition: u_i = (r c / n) Σ_j p_j - c p_i, p the probabilities of contributing (action 0). It
    is the catalogue's `public_goods` without its tensor, for any number of players.

    **Arguments:** `players` n; `multiplier` r > 0; `cost` c > 0.
    **Raises:** `InputError` for fewer than two players, or numbers that are not positive.
    """

    multiplier: Float[RealArray, ""]
    cost: Float[RealArray, ""]
    players: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)

    def __init__(self, players: Whole, multiplier: Numbers, cost: Numbers = 1.0):
        self.multiplier = positive(multiplier, "multiplier")
        self.cost = positive(cost, "cost")
        self.players, self.actions = whole(players, "players", least=2), 2

    @in_float64_unless_traced
    def payoffs(self, mixes: Mixes) -> Float[RealArray, "players"]:
        multiplier, cost = jnp.asarray(self.multiplier), jnp.asarray(self.cost)
        return cost * (multiplier / self.players * mixes[:, 0].sum() - mixes[:, 0])

    @in_float64_unless_traced
    def own_effects(self, mixes: Mixes) -> Mixes:
        own = self.multiplier * self.cost / self.players - self.cost
        return _of_contributing(jnp.full(self.players, own, mixes.dtype))

    @in_float64_unless_traced
    def cross_effects(self, mixes: Mixes) -> Mixes:
        return _of_contributing(jnp.full(self.players, self.multiplier * self.cost, mixes.dtype))

    def meetings(self, payees: np.ndarray, movers: np.ndarray) -> Float[np.ndarray, "pairs"]:
        return np.full(len(payees), 1 / self.players)

    @property
    def midpoints(self) -> Float[np.ndarray, "players"]:
        return np.zeros(self.players)

    def centred(self) -> "GlobalPublicGoods":
        """The same game: cost and share of what is contributed are all that it pays."""
        return self

    @property
    @in_float64_unless_traced
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        share = jnp.asarray(self.multiplier * self.cost / self.players)
        own = jnp.abs(share - self.cost)
        return jnp.full(self.players, own + (self.players - 1) * share)

    @classmethod
    def example(cls) -> "GlobalPublicGoods":
        return cls(5, multiplier=2.0, cost=1.5)


class NeighbourhoodPublicGoods(AbstractNetworkGame):
    """Everybody shares a public good with its neighbours, and one with those of each neighbour.

    Definition: each player with its neighbours forms a group. A contributor (action 0) pays c into
    each of its d_i + 1 groups; what a group receives, times r, is shared equally by its members:
    u_i = Σ_g∋i (r c / |g|) Σ_j∈g p_j - c (d_i + 1) p_i.

    **Arguments:** `graph`, an undirected NetworkX graph, whose edge weights do not matter;
    `multiplier` r > 0; `cost` c > 0; `players`, its nodes in player order, or None where they are
    0, 1, ….
    **Raises:** `InputError` for a graph that is directed, has loops, or other nodes than the
    players, and for numbers that are not positive.
    **Source:** the spatial public goods games of evolutionary game theory; groups as in Santos,
    Santos & Pacheco 2008, Social diversity promotes the emergence of cooperation in public goods
    games, Nature 454.
    """

    multiplier: Float[RealArray, ""]
    cost: Float[RealArray, ""]
    centres: Int[RealArray, "memberships"]
    members: Int[RealArray, "memberships"]
    sizes: Float[RealArray, "players"]
    shares: Float[RealArray, "players"]
    players: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)

    def __init__(
        self,
        graph: Any,
        multiplier: Numbers,
        cost: Numbers = 1.0,
        players: Sequence[Hashable] | None = None,
    ):
        fix = ": all belong to their own groups anyway"
        edges = undirected(edges_of(graph, players, None), fix)
        first, second, _ = both_ways(edges)
        everybody = np.arange(len(edges.names))
        first, second = np.append(first, everybody), np.append(second, everybody)
        order = np.lexsort((second, first))
        self.centres, self.members = numbered(first[order]), numbered(second[order])
        self.sizes = np.bincount(first).astype(np.float64)
        # Whose groups one is in are the members of one's own group.
        self.shares = np.bincount(self.centres, 1 / self.sizes[self.members])
        self.multiplier = positive(multiplier, "multiplier")
        self.cost = positive(cost, "cost")
        self.players, self.actions = len(edges.names), 2

    @in_float64_unless_traced
    def payoffs(self, mixes: Mixes) -> Float[RealArray, "players"]:
        sizes, multiplier = jnp.asarray(self.sizes), jnp.asarray(self.multiplier)
        contributed = self._sum_over_group(mixes[:, 0])
        received = self._sum_over_group(multiplier * contributed / sizes)
        return jnp.asarray(self.cost) * (received - sizes * mixes[:, 0])

    @in_float64_unless_traced
    def own_effects(self, mixes: Mixes) -> Mixes:
        own = jnp.asarray(self.multiplier) * self.shares - self.sizes
        return _of_contributing(jnp.asarray(self.cost) * own)

    @in_float64_unless_traced
    def cross_effects(self, mixes: Mixes) -> Mixes:
        return _of_contributing(jnp.full(self.players, self.multiplier * self.cost, mixes.dtype))

    def meetings(self, payees: np.ndarray, movers: np.ndarray) -> Float[np.ndarray, "pairs"]:
        """For each pair the sum of 1/|g| over the groups both belong to.

        The groups of the one in fewer groups are looked up among those of the other, a chunk of
        pairs at a time, so that hubs cost no more memory than others.
        """
        sizes, members = np.asarray(self.sizes), np.asarray(self.members)
        degrees = sizes.astype(np.int64)
        begins = np.cumsum(degrees) - degrees
        known = np.asarray(self.centres, np.int64) * self.players + members
        swap = degrees[payees] > degrees[movers]
        few, many = np.where(swap, movers, payees), np.where(swap, payees, movers)
        ends = np.cumsum(degrees[few])
        found, begin = np.zeros(len(few)), 0
        while begin < len(few):
            before = ends[begin - 1] if begin else 0
            end = max(
                begin + 1, int(np.searchsorted(ends, before + MEMBERS_TOGETHER, side="right"))
            )
            counts = degrees[few[begin:end]]
            pair = np.repeat(np.arange(end - begin), counts)
            within = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
            groups = members[begins[few[begin:end]][pair] + within]
            wanted = many[begin:end][pair].astype(np.int64) * self.players + groups
            place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            shared = np.where(known[place] == wanted, 1 / sizes[groups], 0.0)
            found[begin:end] = np.bincount(pair, shared, end - begin)
            begin = end
        return found

    @property
    def midpoints(self) -> Float[np.ndarray, "players"]:
        return np.zeros(self.players)

    def centred(self) -> "NeighbourhoodPublicGoods":
        """The same game: cost and share of what is contributed are all that it pays."""
        return self

    @property
    @in_float64_unless_traced
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        sizes, shares = jnp.asarray(self.sizes), jnp.asarray(self.shares)
        own = jnp.abs(self.multiplier * shares - sizes)
        return self.cost * (own + self.multiplier * (sizes - shares))

    @classmethod
    def example(cls) -> "NeighbourhoodPublicGoods":
        import networkx

        return cls(networkx.Graph([(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)]), 2.5, cost=0.5)

    def _sum_over_group(self, values: RealArray) -> RealArray:
        return sum_by(values[jnp.asarray(self.members)], self.centres, self.players)


def _of_contributing(effects: Float[RealArray, "players"]) -> Mixes:
    """Effects of contributing beside those of keeping, which are none."""
    return jnp.stack([effects, jnp.zeros_like(effects)], axis=1)
