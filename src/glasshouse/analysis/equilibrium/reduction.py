"""Games whose parameter vectors matter through one number each, as games of one parameter."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.channels.full import Full
from glasshouse.parametric import ParametricGame
from glasshouse.parametric.dense import DenseGame
from glasshouse.semantics.linear import Linear
from glasshouse.semantics.logistic import Logistic

REDUCED = (
    "; of a parameter vector only t = w·θ_i matters, which takes every value in [-M|w|_1, M|w|_1]"
)
"""What a result says that was found so."""


class Reduction(NamedTuple):
    """A game of one parameter t per player, and how it is one of several.

    **Arguments:** `game`; `direction`, what a player's parameters are at t = 1; `detail`, why;
    `bound` of the parameters.
    """

    game: DenseGame
    direction: Float[RealArray, "coordinates"] | None
    detail: str
    bound: float = np.inf

    def restored(self, t: float) -> float | Float[np.ndarray, "coordinates"]:
        """Parameters of the game itself for which the number is t."""
        if self.direction is None:
            return t
        found = np.asarray(self.direction) * t
        return np.clip(found, -self.bound, self.bound)  # which rounding may pass by a hair


def reduction(game: DenseGame) -> Reduction:
    """The same game in one parameter per player, where that is proved to be all that matters.

    Under the linear semantics and full access every probability is a function of the numbers
    t_i = w·θ_i alone, which over the box [-M, M]^d take exactly the values of [-M|w|_1, M|w|_1]:
    it is the logistic semantics of that bound. Whoever sees some coordinates only reads another
    number than the one that moves the player itself, and nothing is reduced. By exact classes,
    since nothing is known of others.

    **Returns:** the game itself where there is nothing to reduce.
    """
    known = type(game) is ParametricGame and type(game.channel) is Full
    if not known or type(game.semantics) is not Linear:
        return Reduction(game, None, "")
    linear = game.semantics
    size = jnp.sum(jnp.abs(jnp.asarray(linear.direction)))
    logistic = Logistic(linear.actions, coupling=linear.coupling, bound=linear.bound * size)
    towards = jnp.sign(jnp.asarray(linear.direction)) / size
    reduced = ParametricGame(game.game, logistic)
    return Reduction(reduced, towards, REDUCED, float(linear.bound))
