"""Games in parameters for many players: everything stacked, memory linear in edges."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import RealArray, as_floats, is_traced
from glasshouse._foundation.numbers import Numbers, check_ranges, checked_bound, checked_weights
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.network.base import AbstractNetworkGame, sum_by
from glasshouse.games.network.graphs import numbered
from glasshouse.parametric.capabilities import AbstractObservable, AbstractScaled
from glasshouse.parametric.measure import measured
from glasshouse.parametric.protocol import (
    STACKED,
    AbstractParametricGame,
    Layout,
    Params,
    RandomKey,
)
from glasshouse.semantics.probabilities import sigmoid_pair, softmax
from glasshouse.semantics.reading import Reading


class NetworkParametricGame(AbstractParametricGame, AbstractObservable, AbstractScaled):
    """A network game whose players read the parameters of those to whom a graph leads.

    Definition: player i plays softmax(ω_i θ_i + κ Σ_j k_ij θ_j, 0), k the weights of the reading,
    as with the `Logistic` semantics; with two actions θ_i is a single number. What being read adds
    to a player's gradient is summed over its readers, ∂U_i/∂θ_i = ω_i S_iᵀ own_i
    + κ Σ_j k_ji w_ij S_jᵀ x_i, with S the Jacobian of the softmax, w_ij the game's `meetings` and
    x_i its `cross_effects`.

    `params` is a tuple of one array with everybody's parameters, of shape `(players,)` for two
    actions and `(players, actions - 1)` for more.

    **Arguments:** `game`; `reading`, who reads whom; `bound` M > 0, every parameter lies in
    [-M, M]; `own_weight` ω, a number or one per player; `coupling` κ, a number that multiplies all
    weights of the reading.
    **Raises:** `InputError` when game and reading disagree on the number of players, for a bound
    that is not positive, other numbers that are not finite, and payoffs of a player that differ by
    less than 1e-100 or more than 1e100.
    **Cost:** a gradient takes a few passes over the edges; no tensor over players.

        import networkx as nx

        import glasshouse as gh
        from glasshouse.games import NeighbourhoodPublicGoods
        from glasshouse.semantics import Reading

        ring = nx.circulant_graph(1000, [1])
        game = NeighbourhoodPublicGoods(ring, 2.0)
        read = Reading.from_graph(ring)
        parametric = gh.NetworkParametricGame(game, read, bound=3.0, coupling=0.9)
        end = gh.run(parametric, steps=100, step_size=0.1)
        print(end.params[0].shape, bool((end.params[0] > 0).all()))  # (1000,) True
    """

    game: AbstractNetworkGame
    reading: Reading
    coupling: Float[RealArray, ""]
    bound: Float[RealArray, ""]
    own_weight: Float[RealArray, ""] | Float[RealArray, "players"]
    order: Int[RealArray, "edges"] = eqx.field(repr=False)
    audience: Int[RealArray, "edges"] = eqx.field(repr=False)
    owners: Int[RealArray, "edges"] = eqx.field(repr=False)
    incentives: Float[RealArray, "edges"] = eqx.field(repr=False)
    centred: AbstractNetworkGame = eqx.field(repr=False)
    midpoints: Float[RealArray, "players"] = eqx.field(repr=False)

    def __init__(
        self,
        game: AbstractNetworkGame,
        reading: Reading,
        bound: Numbers = math.inf,
        own_weight: Numbers = 1.0,
        coupling: Numbers = 1.0,
    ):
        if game.players != reading.players:
            raise InputError(
                f"the game has {game.players} players, but the reading is for {reading.players}"
            )
        if not is_traced(game):
            check_ranges(np.asarray(game.payoff_ranges))
        self.game, self.reading = game, reading
        self.centred, self.midpoints = game.centred(), game.midpoints
        self.bound = checked_bound(bound)
        self.own_weight = checked_weights(own_weight, "own_weight", [(), (game.players,)])
        self.coupling = checked_weights(coupling, "coupling")
        # The same edges a second time, sorted by who is read.
        order = np.argsort(np.asarray(reading.owners), kind="stable")
        self.order = numbered(order)
        self.audience = numbered(np.asarray(reading.readers)[order])
        self.owners = numbered(np.asarray(reading.owners)[order])
        self.incentives = reading.weights[order] * game.meetings(self.owners, self.audience)

    @property
    def players(self) -> int:
        return self.game.players

    @property
    def layout(self) -> Layout:
        return STACKED

    @property
    def spaces(self) -> tuple[Box, ...]:
        players, logits = self.game.players, self.game.actions - 1
        bound = self.bound * np.ones((players,) if logits == 1 else (players, logits))
        return (Box(-bound, bound),)

    def at(self, coupling: Numbers) -> "NetworkParametricGame":
        """The same game at another coupling κ, sharing all that does not depend on it."""
        number = checked_weights(coupling, "coupling")
        return eqx.tree_at(lambda game: game.coupling, self, number)

    @in_float64_unless_traced
    def mixes(self, params: Params) -> Float[RealArray, "players actions"]:
        """Everyone's mixed action, one row each."""
        (theta,) = as_floats(params)
        columns = jnp.reshape(theta, (self.game.players, -1)).T
        own_weight = jnp.asarray(self.own_weight)
        logits = [own_weight * x + self.coupling * self._read(x) for x in columns]
        if len(logits) == 1:
            return jnp.stack(jax.vmap(sigmoid_pair)(logits[0]), axis=1)
        return jax.vmap(softmax)(jnp.stack([*logits, jnp.zeros_like(logits[0])], axis=1))

    @in_float64_unless_traced
    def cooperation(self, params: Params) -> Float[RealArray, "players"]:
        """Everyone's probability of action 0."""
        return self.mixes(params)[:, 0]

    def observables(self, params: Params) -> dict[str, Float[RealArray, "players"]]:
        return {"cooperation": self.cooperation(params), **measured(self, params)}

    @in_float64_unless_traced
    def payoffs(self, params: Params, key: RandomKey = None) -> Float[RealArray, "players"]:
        return self.centred.payoffs(self.mixes(params)) + self.midpoints

    @in_float64_unless_traced
    def selfish_gradients(self, params: Params, key: RandomKey = None) -> Params:
        mixes = self.mixes(params)
        own, cross = self.centred.own_effects(mixes), self.centred.cross_effects(mixes)
        incentives, last = jnp.asarray(self.incentives), self.game.actions - 1
        gradients = [jnp.zeros(self.game.players, mixes.dtype)] * last
        # Products of two probabilities instead of p (1 - p), which cancels where p is near 1.
        for a in range(last):
            for b in range(a + 1, last + 1):
                moves = mixes[:, a] * mixes[:, b]
                change = self.own_weight * moves * (own[:, a] - own[:, b])
                moved = self.coupling * self._by_readers(moves, incentives)
                change = change + moved * (cross[:, a] - cross[:, b])
                gradients[a] = gradients[a] + change
                if b < last:
                    gradients[b] = gradients[b] - change
        return (self._like_params(gradients),)

    @in_float64_unless_traced
    def gradient_scales(self, params: Params) -> Params:
        mixes = self.mixes(params)
        weights = jnp.abs(jnp.asarray(self.reading.weights)[jnp.asarray(self.order)])
        own_weight, coupling = jnp.abs(self.own_weight), jnp.abs(self.coupling)
        ranges, scales = jnp.asarray(self.centred.payoff_ranges), []
        for a in range(self.game.actions - 1):
            others = [mixes[:, b] for b in range(self.game.actions) if b != a]
            # Σ_b |∂σ(b)/∂logit_a| is twice this; halves and doubles cancel.
            moves = mixes[:, a] * sum(others[1:], start=others[0])
            total = own_weight * moves + coupling * self._by_readers(moves, weights)
            scales.append(jnp.where(ranges > 0, ranges * total, jnp.inf))
        return (self._like_params(scales),)

    def _read(self, values: Float[RealArray, "players"]) -> Float[RealArray, "players"]:
        """What each player reads of the others' values, weighted and summed."""
        seen = values[jnp.asarray(self.reading.owners)] * jnp.asarray(self.reading.weights)
        return sum_by(seen, self.reading.readers, self.game.players)

    def _by_readers(
        self, values: Float[RealArray, "players"], weights: Float[RealArray, "edges"]
    ) -> Float[RealArray, "players"]:
        """Sums over each player's readers of their values, weighted."""
        reached = values[jnp.asarray(self.audience)] * weights
        return sum_by(reached, self.owners, self.game.players)

    def _like_params(self, columns: Sequence[Float[RealArray, "players"]]) -> RealArray:
        return columns[0] if len(columns) == 1 else jnp.stack(list(columns), axis=1)
