"""Channels: what players may choose to show, and what each sees of the others' parameters."""

import abc
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.declared import AbstractDeclared
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.results import described, fields_of, plain
from glasshouse.channels.box import Box


class Views(NamedTuple):
    """What players may see: one view, or several and how likely each of them is.

    **Arguments:** `seen[i][j]`, what reader i sees of owner j; with several views every array in
    it has a leading axis over them; `weights`, None for one view, else their probabilities. No
    player's view depends on another's.
    """

    seen: Any
    weights: Float[Array, "views"] | None = None


def shown_to_others(own: tuple[PyTree, ...], shown: tuple[PyTree, ...]) -> tuple:
    """What everybody sees: what the others show, and its own."""
    return tuple((*shown[:i], x, *shown[i + 1 :]) for i, x in enumerate(own))


class _ByItsClass:
    """The words of a channel that does not say its own."""

    def __get__(self, channel: Any, kind: type) -> str:
        return f"access by {kind.__name__}"


class AbstractChannel(AbstractDeclared, eqx.Module):
    """What each player sees of the others' parameters, and what it may choose to show."""

    if TYPE_CHECKING:

        @property
        def words(self) -> str:
            """What it is called in sentences, such as "seen with probability 0.7"."""
            ...

    else:  # a property could not be replaced by another: no concrete method is overridden
        words = _ByItsClass()

    is_full: ClassVar[bool] = False
    """Whether everybody sees everybody's parameters as they are."""

    has_one_switch: ClassVar[bool] = False
    """Whether there is one switch at most along the coupling, negative couplings included."""

    stays_in_boxes: ClassVar[bool] = False
    """Whether all that it shows is known to lie in the boxes of the semantics."""
    kinks: ClassVar[str] = ""
    """Where slopes of what it shows differ on either side, in words: nowhere unless said."""
    meaning: ClassVar[str]
    """What it means for players, in words, for reports."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def check(self, boxes: tuple[Box, ...]) -> None:
        """Refuse semantics with these parameters if the channel does not fit them.

        **Raises:** `InputError` naming the player and what does not fit.
        """

    @abc.abstractmethod
    def spaces(self, boxes: tuple[Box, ...]) -> tuple[Box, ...]:
        """What players choose from, where `boxes` are those of the semantics."""

    @abc.abstractmethod
    def played(self, params: tuple[PyTree, ...]) -> tuple[PyTree, ...]:
        """The semantics' parameters among those that players have chosen."""

    @abc.abstractmethod
    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        """What everybody may see.

        **Arguments:** `params`, as players have chosen them; `boxes`, those of the semantics. What
        is hidden is shown as the neutral parameter of its box.
        """

    def to_dict(self) -> dict[str, Any]:
        """The kind of channel and its settings as plain data, ready for JSON."""
        settings = {name: plain(value) for name, value in fields_of(self)}
        return {"kind": type(self).__name__.lower(), **settings}

    @classmethod
    @abc.abstractmethod
    def example(cls, boxes: tuple[Box, ...]) -> "AbstractChannel":
        """A small instance for semantics with these parameters, for tests and documentation."""


class AbstractAccess(AbstractChannel):
    """Channels that show what is played, as far as they show it."""

    def spaces(self, boxes: tuple[Box, ...]) -> tuple[Box, ...]:
        return boxes

    def played(self, params: tuple[PyTree, ...]) -> tuple[PyTree, ...]:
        return params
