"""Players whose network is read by putting the same input through the others' networks, too."""

import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.numbers import Numbers, Whole, checked_bound, finite_number, whole
from glasshouse._foundation.random import Purpose, Seed, normals
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, Product
from glasshouse.games.behaviour import count_states
from glasshouse.semantics.neural.base import (
    AbstractNeural,
    by_players,
    check_logits,
    checked_actions,
    count_weights,
    cut_off,
    drawn,
    each_drawn,
    mixed_actions,
    tanh_shape,
    weights_box,
    weights_of,
    with_weights,
    without_numbers,
)
from glasshouse.semantics.states import checked_reading, counts_of, matching_rows, mixed_in_states


class Mirrored(AbstractNeural):
    """Every player is a network, and reads the others by running theirs on its own situation.

    Definition: logits_i(s) = f(s; θ_i) + κ Σ_j≠i f(s_j; θ_j), s one of the player's information
    states as a unit vector (in a one-shot game the single entry 1) and s_j the same situation or,
    with `reading="state"`, the same state of play; player i plays softmax(logits_i(s), 0). So what
    a parameter does to the other's logits is κ times what it does to one's own, wherever learning
    has led.

    **Arguments:** `network`, a callable pytree from vectors of as many entries as there are states
    to m - 1 logits, of which only the architecture counts; `coupling` κ; `actions`, those of each
    player, all m, or the game that has them (a repeated one must be given itself); `bound` M > 0,
    all weights lie in [-M, M]; `reading`, in repeated games "situation" (the default) or "state".
    **Raises:** `InputError` for networks that do not fit, and numbers that cannot be.
    **Cost:** one forward pass per player and state.
    """

    words: ClassVar[str] = "mirrored policies"
    formula: ClassVar[str] = "everybody is a network: f(s; θ_i) + κ Σ_{j≠i} f(s; θ_j)"

    gain: Float[RealArray, ""]
    bound: Float[RealArray, ""]
    network: PyTree = eqx.field(repr=False)
    actions: tuple[int, ...] = eqx.field(static=True)
    reading: str | None = eqx.field(static=True, metadata={UNLESS_NONE: True})

    def __init__(
        self,
        network: PyTree,
        coupling: Numbers,
        actions: Numbers | AbstractGame = (2, 2),
        bound: Numbers = math.inf,
        *,
        reading: str | None = None,
    ):
        self.reading = checked_reading(actions, reading)
        self.actions = checked_actions(counts_of(actions), "Mirrored")
        self.network = without_numbers(network)
        self.gain = finite_number(coupling, "coupling")
        self.bound = checked_bound(bound)
        if not count_weights(self.network):
            raise InputError("network has no weights that players could choose")
        own = as_floats(self.initial(0)[0])
        check_logits(
            lambda x: with_weights(self.network, own)(x),
            jnp.zeros(self.states),
            self.actions[0],
            "for random weights",
        )

    @classmethod
    def tanh(
        cls,
        coupling: Numbers,
        actions: Numbers | AbstractGame = (2, 2),
        *,
        width: Whole = 8,
        bound: Numbers = math.inf,
        reading: str | None = None,
    ) -> "Mirrored":
        """With one hidden layer of tanh units, without biases."""
        counts = checked_actions(counts_of(actions), "Mirrored")
        states = count_states(counts) if checked_reading(actions, reading) else 1
        shape = tanh_shape(states, counts[0] - 1, whole(width, "width"), 1, biases=False)
        return cls(shape, coupling, actions, bound, reading=reading)

    @property
    def coupling(self) -> Float[RealArray, ""]:
        """κ."""
        return self.gain

    @property
    def states(self) -> int:
        """How many information states each player has."""
        return 1 if self.reading is None else count_states(self.actions)

    @property
    def spaces(self) -> tuple[Box, ...]:
        return (weights_box(self.network, self.bound),) * len(self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        coupling = jnp.asarray(self.coupling, dtype=float)
        players = range(len(self.actions))

        def logits(player: int) -> Float[Array, "states logits"]:
            found = self._table(params[player])
            for j in players:
                if j != player:
                    read = self._table(seen[player][j])
                    if self.reading == "state":
                        read = read[matching_rows(self.actions, player, j)]
                    found = found + coupling * read
            return found

        each = [logits(i) for i in players]
        if self.reading is None:
            return mixed_actions([x[0] for x in each], self.actions)
        return Product(tuple(map(mixed_in_states, each)))

    def initial(self, key: Seed, same: bool = False) -> tuple[PyTree, ...]:
        """Normal weights with variance 1/(inputs of their unit), cut off at the bound."""
        players, shapes = len(self.actions), weights_of(self.network)
        rows = normals(key, Purpose.PROFILE, 1 if same else players, count_weights(self.network))
        each = (drawn(rows[0 if same else i], shapes, normal=True) for i in range(players))
        return cut_off(each, self.bound)

    def initials(self, key: Seed, count: int) -> tuple[PyTree, ...]:
        players, shapes = len(self.actions), weights_of(self.network)
        rows = normals(key, Purpose.PROFILE, count * players, count_weights(self.network))
        each = (each_drawn(own, shapes, normal=True) for own in by_players(rows, players))
        return cut_off(each, self.bound)

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Mirrored":
        return cls.tanh(0.5, actions, width=3, bound=3.0)

    def _table(self, weights: PyTree) -> Float[Array, "states logits"]:
        """The logits that a network gives in every state."""
        network = with_weights(self.network, as_floats(weights))
        each = jax.vmap(lambda x: jnp.reshape(network(x), -1))
        return each(jnp.eye(self.states))
