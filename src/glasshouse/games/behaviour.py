"""Behaviour over information states: what each player does wherever it may find itself."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.results import described


class Product(eqx.Module):
    """Behaviours of players who mix independently: one probability vector per information state.

    In a one-shot game there is one state, and each player's distribution is either one vector or,
    in small games, a tuple of scalars (see `UNROLL_LIMIT`). In a repeated game it is an array with
    one row for each state, in the player's own frame (see `own_frame`). Read it with
    `product[player]`, which is always an array, or with `entries`.

    **Arguments:** `distributions`, one per player, non-negative, those of a state summing to 1.
    """

    distributions: tuple[RealArray | tuple[RealArray, ...], ...]

    __pdoc__ = described

    def __getitem__(self, player: int) -> Float[RealArray, "*states actions"]:
        distribution = self.distributions[player]
        if not isinstance(distribution, tuple):
            return distribution
        stack = jnp.stack if any(isinstance(x, jax.Array) for x in distribution) else np.stack
        return stack(distribution)

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape that each player's distribution has as an array."""
        each = self.distributions
        return tuple((len(x),) if isinstance(x, tuple) else jnp.shape(x) for x in each)

    def entries(self, player: int) -> tuple[Float[RealArray, ""], ...]:
        """The probabilities of one player's actions in a one-shot game, as scalars."""
        distribution = self.distributions[player]
        if isinstance(distribution, tuple):
            return distribution
        return tuple(distribution[a] for a in range(distribution.shape[-1]))

    def less_last(self) -> "Product":
        """The same numbers less that of the last action, in every state."""

        def less(own: RealArray | tuple[RealArray, ...]) -> RealArray | tuple[RealArray, ...]:
            return (
                tuple(x - own[-1] for x in own) if isinstance(own, tuple) else own - own[..., -1:]
            )

        return Product(tuple(map(less, self.distributions)))

    def over_last(self, free: list[tuple[RealArray, ...]]) -> "Product":
        """Numbers of all actions but the last, and 0 for that one, in the form of this product.

        **Arguments:** `free`, of every player in a one-shot game.
        """
        found = []
        for i, given in enumerate(free):
            numbers = (*given, jnp.zeros_like(self.entries(i)[-1]))
            unrolled = isinstance(self.distributions[i], tuple)
            found.append(numbers if unrolled else jnp.stack(numbers))
        return Product(tuple(found))


def count_states(actions: tuple[int, ...]) -> int:
    """How many states memory one has: the start, and every joint action of the last round."""
    return 1 + math.prod(actions)


def own_frame(actions: tuple[int, ...], player: int) -> Int[np.ndarray, "states"]:
    """Where a player with memory one keeps each state: the row of its behaviour.

    States are the start and then the joint actions, in the order of player 1; each player puts its
    own action first and then those of the next ones in turn. With two players and two actions the
    second keeps (C, D) where the first keeps (D, C).
    """
    order = [(player + k) % len(actions) for k in range(len(actions))]
    own = np.arange(math.prod(actions)).reshape([actions[j] for j in order])
    return np.concatenate([[0], 1 + own.transpose(np.argsort(order)).ravel()])
