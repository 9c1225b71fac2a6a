"""One fixed network that reads everybody's parameters."""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import Numbers, Whole, checked_bound, finite_number, whole
from glasshouse._foundation.random import Purpose, Seed, normals
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.channels.box import Box
from glasshouse.games.base import AbstractGame, Product
from glasshouse.semantics.neural.base import (
    AbstractNeural,
    by_players,
    check_logits,
    checked_actions,
    in_each_state,
    in_use,
    mixed_where,
    states_of,
    stored,
    tanh_network,
)
from glasshouse.semantics.states import counts_of


class Interpreter(AbstractNeural):
    """One fixed network gives everyone's behaviour from all parameter vectors.

    Definition: logits_i = f([θ_i, κ θ_i+1, κ θ_i+2, …]), player i's own vector first and what it
    sees of the others in turn after its own place, with the same network f for all players; player
    i plays softmax(logits_i, 0), the last action being the reference. Players learn θ, not f. In a
    repeated game the input goes on with the player's information state as a unit vector.

    **Arguments:** `actions`, the same number m for each of at least two players, or the game that
    has them (a repeated one must be given itself); `network`, a differentiable function from
    vectors of length players × `size` (plus the number of states) to m - 1 logits, any Equinox
    module or other callable pytree, in whatever float type; `gain` κ, a number, also negative;
    `size`, how many parameters each player has; `bound` M > 0, all of them lie in [-M, M].
    **Raises:** `InputError` for other actions, a network whose output is not m - 1 finite numbers
    at θ = 0, a gain that is not finite or a bound that is not positive.
    """

    words: ClassVar[str] = "interpreted"
    formula: ClassVar[str] = "one network reads everybody's parameters: f([θ_i, κ θ_{i+1}, …])"

    network: Callable[[Array], Array]
    gain: Float[RealArray, ""]
    bound: Float[RealArray, ""]
    size: int = eqx.field(static=True)
    actions: tuple[int, ...] = eqx.field(static=True)
    states: int | None = eqx.field(static=True, metadata={UNLESS_NONE: True})

    def __init__(
        self,
        actions: Numbers | AbstractGame,
        network: Callable[[Array], Array],
        gain: Numbers,
        size: Whole,
        bound: Numbers = math.inf,
    ):
        self.states = states_of(actions)
        self.actions = checked_actions(counts_of(actions), "Interpreter")
        self.network = stored(network)
        self.gain = finite_number(gain, "gain")
        self.bound = checked_bound(bound)
        self.size = whole(size, "size")
        neutral = jnp.zeros(self.size * len(self.actions) + (self.states or 0))
        check_logits(
            in_use(self.network), neutral, self.actions[0], "where all parameters are 0", network
        )

    @classmethod
    def random(
        cls,
        key: Seed,
        actions: Numbers | AbstractGame = (2, 2),
        *,
        gain: Numbers,
        size: Whole = 8,
        width: Whole = 16,
        depth: Whole = 1,
        bound: Numbers = math.inf,
    ) -> "Interpreter":
        """With a random `eqx.nn.MLP`: `depth` hidden layers of `width` tanh units.

        Weights and biases are uniform around 0 with variance 1/(inputs of their layer). The same
        `key`, a whole-number seed or a JAX key, gives the same network under any setting of JAX.
        """
        counts = checked_actions(counts_of(actions), "Interpreter")
        size, width, depth = whole(size, "size"), whole(width, "width"), whole(depth, "depth")
        inputs = len(counts) * size + (states_of(actions) or 0)
        network = tanh_network(key, inputs, counts[0] - 1, width, depth)
        return cls(actions, network, gain, size, bound)

    @property
    def spaces(self) -> tuple[Box, ...]:
        most = self.bound * np.ones(self.size)
        return (Box(-most, most),) * len(self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        network, gain = in_use(self.network), jnp.asarray(self.gain, dtype=float)
        players = len(self.actions)

        def logits(player: int) -> Array:
            others = [(player + k) % players for k in range(1, players)]
            read = [gain * jnp.asarray(seen[player][j], dtype=float) for j in others]
            given = jnp.concatenate([jnp.asarray(params[player], dtype=float), *read])
            return in_each_state(network, given, self.states)

        return mixed_where([logits(i) for i in range(players)], self.actions, self.states)

    def initial(self, key: Seed, same: bool = False) -> tuple[PyTree, ...]:
        """Standard normal parameters, cut off at the bound."""
        players, most = len(self.actions), np.asarray(self.bound)
        drawn = normals(key, Purpose.PROFILE, 1 if same else players, self.size)
        return tuple(np.clip(drawn[0 if same else i], -most, most) for i in range(players))

    def initials(self, key: Seed, count: int) -> tuple[PyTree, ...]:
        players, most = len(self.actions), np.asarray(self.bound)
        rows = normals(key, Purpose.PROFILE, count * players, self.size)
        return tuple(np.clip(own, -most, most) for own in by_players(rows, players))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Interpreter":
        return cls.random(1, actions, gain=0.5, size=2, width=4, bound=3.0)
