"""What learning rules and drivers need of a game in parameters, and no more."""

import abc
import enum
from typing import TypeAlias

import equinox as eqx
from jaxtyping import Float, PRNGKeyArray, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.results import described
from glasshouse.channels.box import Box

Params = tuple[PyTree, ...]
"""Everybody's parameters: one pytree for each entry of a game's `spaces`."""

RandomKey: TypeAlias = PRNGKeyArray | None
"""With what a game draws its payoffs; None where they are exact."""


class Layout(enum.Enum):
    """Who owns which part of `params`."""

    separate = "one entry for each player"
    shared = "one entry, which all players share"
    stacked = "one entry, an array whose first axis counts the players"


SEPARATE, SHARED, STACKED = Layout


class AbstractParametricGame(eqx.Module):
    """Players, what each may choose, and payoffs and selfish gradients as functions of it.

    Anything else that a game can say of itself is a capability, which it has or lacks: see
    `glasshouse.parametric.capabilities`. Called outside of JAX's transformations, the methods of
    glasshouse's own games compute in 64 bits and give NumPy arrays; inside, they compute in the
    caller's precision.
    """

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @property
    @abc.abstractmethod
    def players(self) -> int:
        """How many players there are."""

    @property
    @abc.abstractmethod
    def layout(self) -> Layout:
        """Who owns which part of `params`."""

    @property
    @abc.abstractmethod
    def spaces(self) -> tuple[Box, ...]:
        """The box of each pytree in `params`."""

    @in_float64_unless_traced
    def neutral(self) -> Params:
        """The neutral profile: every box in its middle, or nearest to zero where unbounded."""
        return tuple(box.neutral() for box in self.spaces)

    @abc.abstractmethod
    def payoffs(self, params: Params, key: RandomKey = None) -> Float[RealArray, "players"]:
        """Everyone's expected payoff, in the units of the base game."""

    @abc.abstractmethod
    def selfish_gradients(self, params: Params, key: RandomKey = None) -> Params:
        """∂U_i/∂θ_i for every player i: payoff per unit of parameter."""


def one_each(game: AbstractParametricGame, params: Params) -> Params:
    """The same params, with a copy for each player where all share them."""
    return params * game.players if game.layout is SHARED else params
