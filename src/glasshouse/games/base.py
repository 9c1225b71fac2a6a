"""What every game offers, and how behaviours are handed to it."""

import abc
import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.results import described
from glasshouse.games.behaviour import Product as Product

UNROLL_LIMIT = 64
"""Up to this many players × action profiles, tiny axes are unrolled into scalars while tracing.

The batch is then the only array axis, which is what makes large ensembles fast; above the limit
a contraction compiles faster.
"""


def unrolls(actions: tuple[int, ...]) -> bool:
    """Whether a game with these numbers of actions is unrolled while tracing."""
    return len(actions) * math.prod(actions) <= UNROLL_LIMIT


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

    @abc.abstractmethod
    def differences(self) -> Any:
        """What `advantages` need of the payoffs, for who asks for them again and again.

        It is what does not change while players learn, and so is not computed in every step.
        """

    @abc.abstractmethod
    def advantages(self, behaviours: Product, differences: Any) -> tuple[Product, ...]:
        """`effects` less that of each player's last action, in each state: there they are 0.

        They say as much of behaviours whose probabilities sum to 1, and cost less.

        **Arguments:** `differences` of this game.
        """

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
    @abc.abstractmethod
    def counted_in(self) -> str | None:
        """The unit of payoffs of many rounds: "step" or "sum"; None in one round."""

    @property
    @abc.abstractmethod
    def behaviour_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each player's behaviour: `(actions,)`, or `(states, actions)`."""

    @abc.abstractmethod
    def visits(self, behaviours: Product) -> tuple[Float[RealArray, "states"], ...] | None:
        """How often each player comes into each of its states; None where it is in one, once."""

    @abc.abstractmethod
    def cooperation(self, behaviours: Product) -> Float[RealArray, "players"]:
        """How often each player takes action 0: its probability, or in many rounds its rate."""

    @abc.abstractmethod
    def observables(self, behaviours: Product) -> dict[str, Float[RealArray, "players"]]:
        """What else is seen of each player, by name: in many rounds, how often what is done."""

    @abc.abstractmethod
    def check_learnable(self) -> None:
        """Refuse to be learned in where gradients would lose too many digits.

        **Raises:** `InputError` saying where that begins.
        """

    @property
    def players(self) -> int:
        """Number of players."""
        return len(self.actions)

    @in_float64_unless_traced
    def payoffs(self, behaviours: Product) -> Float[RealArray, "players"]:
        """Expected payoffs of all players."""
        return jnp.stack([self.payoff(i, behaviours) for i in range(self.players)])


class AbstractOneShotGame(AbstractGame):
    """A game in which all players act once, knowing nothing of what the others do."""

    @property
    def counted_in(self) -> None:
        return None

    @property
    def behaviour_shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple((count,) for count in self.actions)

    def visits(self, behaviours: Product) -> None:
        return None

    def cooperation(self, behaviours: Product) -> Float[RealArray, "players"]:
        return jnp.stack([behaviours.entries(i)[0] for i in range(self.players)])

    def observables(self, behaviours: Product) -> dict[str, Float[RealArray, "players"]]:
        """Nothing but cooperation."""
        return {}

    def check_learnable(self) -> None:
        """Such a game always is."""


class AbstractSequentialGame(AbstractGame):
    """A game in which players act again and again, knowing something of what happened before.

    A player's behaviour has one row for each of its information states. Games of this kind have
    payoffs, gradients and cooperation like any other; deviations, portraits and proofs are of
    one-shot games.
    """

    @property
    @abc.abstractmethod
    def states(self) -> tuple[tuple[int, ...], ...]:
        """The information states: what a player remembers, own action first; () at the start."""

    @property
    def behaviour_shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple((len(self.states), count) for count in self.actions)
