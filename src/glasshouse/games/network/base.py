"""Games of many players on a network: payoffs are sums over those whom a player meets."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.results import described

Mixes = Float[RealArray, "players actions"]
"""Everyone's mixed action, or a number for each of their actions."""


class AbstractNetworkGame(eqx.Module):
    """Many players with the same few actions, each of whom others affect pair by pair.

    Definition: player i's payoff depends on its own mixed action σ_i and is linear in everyone
    else's, ∂u_i/∂σ_j = w_ij · x_i(σ_i): how often j meets i (`meetings`), and what one meeting does
    (`cross_effects`). Nothing here is larger than players × actions, or edges.
    """

    players: eqx.AbstractVar[int]
    """Number of players."""

    actions: eqx.AbstractVar[int]
    """Number of actions, the same for all; action 0 is "cooperate"."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def payoffs(self, mixes: Mixes) -> Float[RealArray, "players"]:
        """Everyone's expected payoff when all mix independently."""

    @abc.abstractmethod
    def own_effects(self, mixes: Mixes) -> Mixes:
        """∂u_i/∂σ_i(a): what each of its actions pays player i."""

    @abc.abstractmethod
    def cross_effects(self, mixes: Mixes) -> Mixes:
        """What each action of another pays player i if they meet once."""

    @abc.abstractmethod
    def meetings(self, payees: np.ndarray, movers: np.ndarray) -> Float[np.ndarray, "pairs"]:
        """How often each mover meets each payee: w with ∂u_payee/∂σ_mover = w · cross effect.

        **Arguments:** `payees`, `movers`, players' numbers, never the same in one pair.
        **Cost:** on the host, once for a game; memory linear in pairs and edges.
        """

    @property
    @abc.abstractmethod
    def midpoints(self) -> Float[RealArray, "players"]:
        """What `centred` takes from all payoffs of each player."""

    @abc.abstractmethod
    def centred(self) -> "AbstractNetworkGame":
        """The same game without a part common to all payoffs of a player, which may be large."""

    @property
    @abc.abstractmethod
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        """Largest minus smallest payoff of each player, over everybody's actions."""

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractNetworkGame":
        """A small instance, for tests and documentation."""


def sum_by(
    values: Float[RealArray, "edges"], players: RealArray, count: int
) -> Float[RealArray, "players"]:
    """Sums of the values at each player, whose numbers rise along the edges."""
    return jax.ops.segment_sum(values, jnp.asarray(players), count, indices_are_sorted=True)
