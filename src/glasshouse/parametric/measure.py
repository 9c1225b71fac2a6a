"""Numbers of each player that somebody wants to see beside cooperation."""

import abc
from typing import Any, ClassVar

import equinox as eqx
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import AbstractDeclared
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.precision import in_float64_unless_traced


class AbstractMeasure(AbstractDeclared, eqx.Module):
    """An observable of one's own: a number of each player, such as its regret.

    A registered one stands in `game.observables(params)` by its name.
    """

    words: ClassVar[str]
    """What it is called in sentences."""
    formula: ClassVar[str]
    """Its definition, for reports."""

    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def measure(self, game: Any, params: Any) -> Float[RealArray, "players"]:
        """Everybody's number at these parameters: a pure function, in terms of JAX."""


@in_float64_unless_traced
def measured(game: Any, params: Any) -> dict[str, Float[RealArray, "players"]]:
    """What all registered observables give here, by name."""
    from glasshouse.parametric.registry import OBSERVABLES  # which need this module

    return {name: cls().measure(game, params) for name, cls in OBSERVABLES.items()}
