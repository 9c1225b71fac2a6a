"""Who plays games in steps without learning: maps from what a player sees to what it does."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import PROBABILITY_TOLERANCE, number_array
from glasshouse._foundation.results import described
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation


class AbstractPlayer(eqx.Module):
    """Somebody who plays by what it sees, and does not learn.

    What it sees has its own things first, and so it plays any seat. The same player is sampled by
    `play_episodes` and, where it remembers nothing, followed exactly through all states.
    """

    remembers: ClassVar[bool]
    """Whether what it does depends on more than what it sees now."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def begin(self) -> PyTree:
        """What it remembers at the beginning of an episode; () of one that remembers nothing."""

    @abc.abstractmethod
    def log_mix(self, memory: PyTree, seen: Observation) -> tuple[Float[Array, "actions"], PyTree]:
        """The logarithms of the probabilities of its actions, and what it remembers from now on.

        **Arguments:** `seen`, one player's: a vector of features, and the number of the situation.
        """


class TablePlayer(AbstractPlayer):
    """A row of probabilities for each situation.

    **Arguments:** `mixes`, not negative, rows summing to 1.
    **Raises:** `InputError` for rows that do not.

        import numpy as np
        from glasshouse.games.stochastic import Commons, TablePlayer, exact_payoffs

        patient = np.where(np.arange(13)[:, None] > 8, [0.0, 1.0], [1.0, 0.0])
        print(exact_payoffs(Commons(), [TablePlayer(patient)] * 2).round(3))  # [0.773 0.773]
    """

    mixes: Float[RealArray, "situations actions"]

    remembers: ClassVar[bool] = False

    def __init__(self, mixes: Any):
        array = number_array(mixes, "mixes", shapes=None)
        if array.ndim != 2 or not array.size:
            raise InputError(
                f"mixes have shape {array.shape}: give a row of probabilities for each situation"
            )
        if isinstance(array, np.ndarray):
            wrong = ~(np.abs(array.sum(axis=1) - 1) <= PROBABILITY_TOLERANCE)
            wrong |= (array < 0).any(axis=1)
            if wrong.any():
                row = int(np.argmax(wrong))
                raise InputError(
                    f"row {row} of mixes, {array[row].tolist()}, is no probabilities: they must "
                    "not be negative and sum to 1"
                )
        self.mixes = array

    def begin(self) -> tuple[()]:
        return ()

    def log_mix(
        self, memory: tuple[()], seen: Observation
    ) -> tuple[Float[Array, "actions"], tuple[()]]:
        rows = jnp.asarray(self.mixes, seen.features.dtype)
        return jnp.log(rows[seen.situations]), ()


class Always(AbstractPlayer):
    """Does the same whatever it sees.

    **Arguments:** `actions`, how many there are; `action`, which one.
    """

    actions: int = eqx.field(static=True)
    action: int = eqx.field(static=True)

    remembers: ClassVar[bool] = False

    def begin(self) -> tuple[()]:
        return ()

    def log_mix(
        self, memory: tuple[()], seen: Observation
    ) -> tuple[Float[Array, "actions"], tuple[()]]:
        found = np.full(self.actions, -np.inf)
        found[self.action] = 0.0
        return jnp.asarray(found, seen.features.dtype), ()


class Evenly(AbstractPlayer):
    """Draws each of so many actions alike, whatever it sees.

    **Arguments:** `actions`, how many there are.
    """

    actions: int = eqx.field(static=True)

    remembers: ClassVar[bool] = False

    def begin(self) -> tuple[()]:
        return ()

    def log_mix(
        self, memory: tuple[()], seen: Observation
    ) -> tuple[Float[Array, "actions"], tuple[()]]:
        even = -np.log(self.actions)
        return jnp.full(self.actions, even, seen.features.dtype), ()


def always(game: AbstractStochasticGame, action: int) -> Always:
    """Who always does the same, counted from the end where it is negative."""
    return Always(game.actions[0], action)


def evenly(game: AbstractStochasticGame) -> Evenly:
    """Who draws each action alike."""
    return Evenly(game.actions[0])
