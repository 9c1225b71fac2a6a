"""Players that are networks and read each other's weights."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats, is_traced
from glasshouse._foundation.numbers import (
    Numbers,
    Whole,
    checked_bound,
    finite_number,
    number_array,
    whole,
)
from glasshouse._foundation.random import Purpose, Seed, normals, uniforms
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, Product
from glasshouse.semantics.neural.base import (
    AbstractNeural,
    by_players,
    check_logits,
    checked_actions,
    count_weights,
    cut_off,
    drawn,
    each_drawn,
    in_each_state,
    mixed_where,
    squared_norm,
    states_of,
    tanh_shape,
    weights_box,
    weights_of,
    with_weights,
    without_numbers,
)
from glasshouse.semantics.states import counts_of


class Policies(AbstractNeural):
    """Every player is a network; its input is what it reads of the others' weights.

    Definition: logits_i = f(x_i; θ_i) with x_i = κ · mean over j ≠ i of P θ_j: θ_i are the weights
    and biases of player i's network, P a fixed matrix that all share; player i plays
    softmax(logits_i, 0). `params[i]` is the network without what is not an array. In a repeated
    game the input goes on with the player's information state as a unit vector. At the neutral
    profile, all weights 0, networks are dead: start from `initial(key)`.

    **Arguments:** `actions`, the same number m for each of at least two players, or the game (of
    repeated ones always); `network`, a differentiable callable pytree from `features` inputs (and
    the states) to m - 1 logits, of which only the architecture counts; `projection` P, of shape
    `(features, weights of a network)`; `gain` κ; `bound` M > 0 of all weights.
    **Raises:** `InputError` for other actions, outputs, shapes and bounds, and infinite gains.
    **Cost:** a forward pass per player, features × weights operations per pair of players.
    """

    words: ClassVar[str] = "policies that read weights"
    formula: ClassVar[str] = "everybody is a network: f(κ · mean of the others' P θ_j; θ_i)"

    projection: Float[RealArray, "features weights"]
    gain: Float[RealArray, ""]
    bound: Float[RealArray, ""]
    network: PyTree = eqx.field(repr=False)
    actions: tuple[int, ...] = eqx.field(static=True)
    states: int | None = eqx.field(static=True, metadata={UNLESS_NONE: True})

    def __init__(
        self,
        actions: Numbers | AbstractGame,
        network: PyTree,
        projection: Numbers,
        gain: Numbers,
        bound: Numbers = math.inf,
    ):
        self.states = states_of(actions)
        self.actions = checked_actions(counts_of(actions), "Policies")
        self.network = without_numbers(network)
        self.projection = _checked_projection(projection, self.weights)
        self.gain = finite_number(gain, "gain")
        self.bound = checked_bound(bound)
        own = as_floats(weights_of(drawn(self._uniforms(0, 1)[0], self.network)))
        features = jnp.zeros(self.projection.shape[0] + (self.states or 0))
        check_logits(
            lambda x: with_weights(self.network, own)(x),
            features,
            self.actions[0],
            "for random weights",
        )

    @classmethod
    def random(
        cls,
        key: Seed,
        actions: Numbers | AbstractGame = (2, 2),
        *,
        gain: Numbers,
        features: Whole = 10,
        width: Whole = 8,
        depth: Whole = 1,
        bound: Numbers = math.inf,
    ) -> "Policies":
        """With a random projection and an `eqx.nn.MLP`: `depth` hidden layers of tanh units.

        The entries of P are normal, scaled so that P θ_j has entries of variance 1 where θ_j is
        what `initial` draws. The same `key`, a whole-number seed or a JAX key, gives the
        same projection under any setting of JAX.
        """
        outputs = checked_actions(counts_of(actions), "Policies")[0] - 1
        features = whole(features, "features")
        width, depth = whole(width, "width"), whole(depth, "depth")
        network = tanh_shape(features + (states_of(actions) or 0), outputs, width, depth)
        normal = normals(key, Purpose.PROJECTION, features, count_weights(network))
        return cls(actions, network, normal * squared_norm(network) ** -0.5, gain, bound)

    @property
    def weights(self) -> int:
        """How many weights and biases each player has."""
        return count_weights(self.network)

    @property
    def spaces(self) -> tuple[Box, ...]:
        return (weights_box(self.network, self.bound),) * len(self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        gain = jnp.asarray(self.gain, dtype=float)
        projection = jnp.asarray(self.projection, dtype=float)

        def logits(player: int) -> Array:
            rows = [_row(shown) for j, shown in enumerate(seen[player]) if j != player]
            mean = sum(rows[1:], start=rows[0]) / len(rows)
            network = with_weights(self.network, as_floats(params[player]))
            return in_each_state(network, gain * (projection @ mean), self.states)

        return mixed_where([logits(i) for i in range(len(self.actions))], self.actions, self.states)

    def initial(self, key: Seed, same: bool = False) -> tuple[PyTree, ...]:
        """Uniform weights with variance 1/(inputs of their layer), cut off at the bound.

        Biases follow the matrix before them. Networks drawn one by one are not alike, and the
        profile is not symmetric; with `same` it is.
        """
        players, shapes = len(self.actions), weights_of(self.network)
        rows = self._uniforms(key, 1 if same else players)
        return cut_off((drawn(rows[0 if same else i], shapes) for i in range(players)), self.bound)

    def initials(self, key: Seed, count: int) -> tuple[PyTree, ...]:
        players, shapes = len(self.actions), weights_of(self.network)
        rows = by_players(self._uniforms(key, count * players), players)
        return cut_off((each_drawn(own, shapes) for own in rows), self.bound)

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Policies":
        return cls.random(1, actions, gain=0.5, features=2, width=3, bound=3.0)

    def _uniforms(self, key: Seed, players: int) -> np.ndarray:
        return uniforms(key, Purpose.PROFILE, players, self.weights)


def _row(weights: PyTree) -> Array:
    """All weights of a network one after the other."""
    return jnp.concatenate([jnp.ravel(x) for x in jax.tree.leaves(as_floats(weights))])


def _checked_projection(projection: Numbers, weights: int) -> RealArray:
    array = number_array(projection, "projection", shapes=None)
    if array.ndim != 2 or array.shape[1] != weights or not array.size:
        raise InputError(
            f"projection has shape {array.shape}: it must have one row per input of the network "
            f"and one column for each of its {weights} weights"
        )
    if not is_traced(array) and not np.all(np.isfinite(np.asarray(array))):
        raise InputError("projection has entries that are not finite: give finite numbers")
    return array
