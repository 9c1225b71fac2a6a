"""What every policy for games in steps offers."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.declared import AbstractDeclared
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.random import Seed
from glasshouse._foundation.results import described
from glasshouse.channels.box import Box
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation


class AbstractPolicy(AbstractDeclared, eqx.Module):
    """One player's map from parameters and what it sees to logits, and what it remembers.

    Of two actions there is one logit, that of the first against the second, as in one-shot games;
    of more there is one each, so that learning treats all alike.
    """

    actions: eqx.AbstractVar[int]

    words: ClassVar[str]
    """What it is called in sentences."""
    formula: ClassVar[str]
    learns: ClassVar[bool] = True
    """Whether it has parameters, which rules can move and others read."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @property
    @abc.abstractmethod
    def space(self) -> Box:
        """The parameters that a player may choose."""

    @abc.abstractmethod
    def begin(self) -> PyTree:
        """What it remembers at the beginning of an episode; () of one that remembers nothing."""

    @abc.abstractmethod
    def logits(
        self, weights: PyTree, memory: PyTree, seen: Observation
    ) -> tuple[Float[Array, "logits"], PyTree]:
        """What it does, and what it remembers from now on.

        **Arguments:** `seen`, one player's: a vector of features, and the number of the situation.
        """

    @abc.abstractmethod
    def initials(self, seed: Seed, count: int) -> PyTree:
        """`count` random parameters to start from, along a leading axis.

        **Returns:** the k-th is the same whatever the count.
        """

    @classmethod
    @abc.abstractmethod
    def example(cls, game: AbstractStochasticGame) -> "AbstractPolicy":
        """A small instance for the game, for tests and documentation."""


def count_logits(actions: int) -> int:
    """How many logits stand for so many actions."""
    return 1 if actions == 2 else actions


def log_mix(logits: Float[Array, "logits"]) -> Float[Array, "actions"]:
    """The logarithms of the probabilities of all actions."""
    if logits.shape[-1] == 1:
        return jnp.concatenate([-jax.nn.softplus(-logits), -jax.nn.softplus(logits)], axis=-1)
    return jax.nn.log_softmax(logits, axis=-1)
