"""Players who do not learn."""

from typing import Any, ClassVar

from jaxtyping import PRNGKeyArray

from glasshouse.parametric.protocol import AbstractParametricGame, Params
from glasshouse.rules.base import AbstractDirection, Directions


class Fixed(AbstractDirection):
    """Stays where it starts: one player of a line-up, met by others who learn."""

    words: ClassVar[str] = "no learning"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "0"
    cost: ClassVar[str] = "nothing"

    def init(
        self, game: AbstractParametricGame, params: Params, key: PRNGKeyArray | None = None
    ) -> Any:
        return None

    def direction(
        self,
        game: AbstractParametricGame,
        params: Params,
        state: Any,
        key: PRNGKeyArray | None = None,
    ) -> tuple[Directions, Any]:
        return (None,) * len(params), state

    def resting_direction(
        self,
        game: AbstractParametricGame,
        params: Params,
        state: Any,
        key: PRNGKeyArray | None = None,
    ) -> Directions:
        return (None,) * len(params)

    @classmethod
    def example(cls) -> "Fixed":
        return cls()
