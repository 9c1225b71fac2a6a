"""Players who do not learn."""

from typing import ClassVar

from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import AbstractMemoryless, Directions


class Fixed(AbstractMemoryless):
    """Stays where it starts: one player of a line-up, met by others who learn."""

    words: ClassVar[str] = "no learning"
    keeps_rest_points: ClassVar[bool] = True
    formula: ClassVar[str] = "0"
    cost: ClassVar[str] = "nothing"
    listed: ClassVar[int] = 4

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        return (None,) * len(params)

    @classmethod
    def example(cls) -> "Fixed":
        return cls()
