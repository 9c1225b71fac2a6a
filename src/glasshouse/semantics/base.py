"""What every semantics offers."""

import abc
from typing import Any, ClassVar, Literal

import equinox as eqx
from jaxtyping import PyTree

from glasshouse._foundation.declared import AbstractDeclared, Strength
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.results import described, fields_of, plain
from glasshouse.channels.box import Box
from glasshouse.games.base import Product


class AbstractSemantics(AbstractDeclared, eqx.Module):
    """What a parameter vector means: the map from all parameters to everyone's mixed action."""

    actions: eqx.AbstractVar[tuple[int, ...]]
    """Number of actions of each player whose behaviour this semantics gives."""

    proper: ClassVar[Literal["everywhere", "in boxes", "unchecked"]] = "unchecked"
    """Where it gives probabilities by construction, so that none need checking while learning."""
    kinks: ClassVar[str] = ""
    """Where slopes of behaviour differ on either side, in words: nowhere unless said."""
    words: ClassVar[str]
    """What it is called in sentences: "logistic"."""
    formula: ClassVar[str]
    """What players do, for reports: θ_i and e^{x} are set as indices and powers."""
    strength: ClassVar[Strength | None] = None
    """Which of its numbers says how strongly all read each other, and where it is studied."""
    spread: ClassVar[float] = 1.0
    """Usual standard deviation of starts about the neutral parameters."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @property
    @abc.abstractmethod
    def spaces(self) -> tuple[Box, ...]:
        """The parameters each player may choose."""

    @abc.abstractmethod
    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        """Everyone's mixed action.

        **Arguments:** `params[i]`, player i's own parameters; `seen[i][j]`, what player i sees
        of player j's, as the channel shows it; `seen[i][i]` are player i's own.
        """

    def to_dict(self) -> dict[str, Any]:
        """The kind of semantics and its settings as plain data, ready for JSON."""
        settings = {name: plain(value) for name, value in fields_of(self)}
        return {"kind": type(self).__name__.lower(), **settings}

    @classmethod
    @abc.abstractmethod
    def example(cls, actions: tuple[int, ...]) -> "AbstractSemantics":
        """A small instance for these numbers of actions, for tests and documentation."""
