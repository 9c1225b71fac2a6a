"""What every game offers, and how behaviours are handed to it."""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.results import described

UNROLL_LIMIT = 64
"""Up to this many players × action profiles, tiny axes are unrolled into scalars while tracing.

The batch is then the only array axis, which is what makes large ensembles fast; above the limit
a contraction compiles faster.
"""


def unrolls(actions: tuple[int, ...]) -> bool:
    """Whether a game with these numbers of actions is unrolled while tracing."""
    return len(actions) * math.prod(actions) <= UNROLL_LIMIT


class Product(eqx.Module):
    """Behaviours of players who mix independently: one probability vector per player.

    Each player's distribution is either one array or, in small games, a tuple of scalars (see
    `UNROLL_LIMIT`). Read it with `product[player]`, which is always an array, or with `entries`.

    **Arguments:** `distributions`, one per player, non-negative and summing to 1.
    """

    distributions: tuple[RealArray | tuple[RealArray, ...], ...]

    __pdoc__ = described

    def __getitem__(self, player: int) -> Float[RealArray, "actions"]:
        distribution = self.distributions[player]
        if not isinstance(distribution, tuple):
            return distribution
        stack = jnp.stack if any(isinstance(x, jax.Array) for x in distribution) else np.stack
        return stack(distribution)

    def entries(self, player: int) -> tuple[Float[RealArray, ""], ...]:
        """The probabilities of one player's actions, as scalars."""
        distribution = self.distributions[player]
        if isinstance(distribution, tuple):
            return distribution
        return tuple(distribution[a] for a in range(distribution.shape[-1]))


class AbstractGame(eqx.Module):
    """A finite game: who plays, how many actions each has, and what a mixed profile pays."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @property
    @abc.abstractmethod
    def actions(self) -> tuple[int, ...]:
        """Number of actions of each player."""

    @abc.abstractmethod
    def payoff(self, player: Whole | RealArray, behaviours: Product) -> Float[RealArray, ""]:
        """Expected payoff of one player, in the units of the game's payoffs."""

    @abc.abstractmethod
    def effects(self, behaviours: Product) -> tuple[Product, ...]:
        """For each player i, ∂u_i/∂σ_j(a): how i's payoff changes with everyone's probabilities."""

    @property
    @abc.abstractmethod
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        """Largest minus smallest payoff of each player."""

    @property
    @abc.abstractmethod
    def midpoints(self) -> Float[RealArray, "players"]:
        """The middle between the largest and the smallest payoff of each player."""

    @abc.abstractmethod
    def centred(self) -> "AbstractGame":
        """The same game with each player's `midpoints` taken from all of its payoffs.

        Differences between payoffs are the same, and do not drown in a large common part.
        """

    @abc.abstractmethod
    def unlabelled(self) -> "AbstractGame":
        """The same game without names, so that names never reach compiled code."""

    @property
    def players(self) -> int:
        """Number of players."""
        return len(self.actions)

    @in_float64_unless_traced
    def payoffs(self, behaviours: Product) -> Float[RealArray, "players"]:
        """Expected payoffs of all players."""
        return jnp.stack([self.payoff(i, behaviours) for i in range(self.players)])
