"""Plain selfish gradient ascent."""

from typing import Any

from jaxtyping import PRNGKeyArray

from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.rules.base import AbstractRule


class Gradient(AbstractRule):
    """Every player follows the gradient of its own payoff in its own parameters.

    Definition: ξ_i = ∂U_i/∂θ_i, all players at once.
    """

    def init(self, game: AbstractParametricGame, params: Params, key: PRNGKeyArray | None) -> Any:
        return None

    def update(
        self, game: AbstractParametricGame, params: Params, state: Any, key: PRNGKeyArray | None
    ) -> tuple[Params, Any]:
        return game.selfish_gradients(params, key), state

    @classmethod
    def example(cls) -> "Gradient":
        return cls()
