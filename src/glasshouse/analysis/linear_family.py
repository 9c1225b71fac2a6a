"""One game under the linear semantics at every coupling."""

import dataclasses
import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from glasshouse.analysis.access import lowest_searched, thresholds_under
from glasshouse.analysis.closed_form import Thresholds
from glasshouse.analysis.family import HIGHEST, AbstractDenseFamily
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.channel import AbstractChannel, Full
from glasshouse.semantics.linear import Linear


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LinearFamily(AbstractDenseFamily):
    """A game under the linear semantics, as a function of the coupling.

    Under full access only w·θ matters, and its thresholds are those of the logistic semantics.

    **Arguments:** `game`, two actions for each of at least two players; `direction` w, one number
    per coordinate; `bound` M > 0 of every coordinate; `channel`, what players see of each other.
    **Raises:** `InputError` for any other game, and what the semantics refuses.
    """

    symbol: ClassVar[str] = "κ"

    game: NormalFormGame
    direction: np.ndarray | Sequence[float]
    bound: float = math.inf
    channel: AbstractChannel = dataclasses.field(default_factory=Full)

    def __post_init__(self):
        if self.game.players < 2:
            raise InputError(f"{self.game.title}: one player has nobody to read; give at least two")
        self(0.0)

    def __call__(self, coupling: float) -> ParametricGame:
        direction = np.asarray(self.direction, dtype=np.float64)
        semantics = Linear(self.game.actions, coupling, direction, self.bound)
        return ParametricGame(self.game, semantics, self.channel)

    @property
    def lowest(self) -> float:
        return lowest_searched(self.channel, self.game.players)

    @property
    def highest(self) -> float:
        return HIGHEST

    def closed_form(self) -> Thresholds:
        found = thresholds_under(self.channel, self.game, np.asarray(self.direction))
        return dataclasses.replace(
            found, conditions=found.conditions.replace("logistic semantics", "linear semantics")
        )
