"""What every learning rule offers."""

import abc
from typing import Any

import equinox as eqx
from jaxtyping import PRNGKeyArray

from glasshouse._final import final_unless_abstract
from glasshouse._results import described
from glasshouse.parametric import AbstractParametricGame, Params


class AbstractRule(eqx.Module):
    """How players change their parameters: directions for all players at once, no loop."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def init(self, game: AbstractParametricGame, params: Params, key: PRNGKeyArray | None) -> Any:
        """The rule's state before the first step."""

    @abc.abstractmethod
    def update(
        self, game: AbstractParametricGame, params: Params, state: Any, key: PRNGKeyArray | None
    ) -> tuple[Params, Any]:
        """Everyone's direction of ascent at `params`, and the next state."""

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractRule":
        """An instance with typical settings, for tests and documentation."""
