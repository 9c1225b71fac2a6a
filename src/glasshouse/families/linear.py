"""One game under the linear semantics at every coupling."""

import dataclasses
import math
from typing import ClassVar

from glasshouse._foundation.numbers import HeldSetting, HeldVector, Numbers
from glasshouse.channels import AbstractChannel, Full
from glasshouse.errors import InputError
from glasshouse.families.family import HIGHEST, AbstractDenseFamily, as_setting
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.linear import Linear
from glasshouse.theory.access import lowest_searched, rise_under
from glasshouse.theory.parametric import neutral_threshold, of_linear
from glasshouse.theory.registry import Known, Unknown, known, knows


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
    direction: HeldVector
    bound: HeldSetting = math.inf
    channel: AbstractChannel = dataclasses.field(default_factory=Full)

    def __post_init__(self):
        if self.game.players < 2:
            raise InputError(f"{self.game.title}: one player has nobody to read; give at least two")
        semantics = self._semantics(0.0)  # whose numbers are checked
        ParametricGame(self.game, semantics, self.channel)
        object.__setattr__(self, "direction", semantics.direction)
        object.__setattr__(self, "bound", as_setting(semantics.bound))

    def __call__(self, coupling: Numbers) -> ParametricGame:
        return ParametricGame(self.game, self._semantics(coupling), self.channel)

    def _semantics(self, coupling: Numbers) -> Linear:
        return Linear(self.game.actions, coupling, self.direction, self.bound)

    @property
    def lowest(self) -> float:
        return lowest_searched(self.channel, self.game.players)

    @property
    def highest(self) -> float:
        return HIGHEST


@knows("thresholds", LinearFamily, channel=Full)
def _(family: LinearFamily) -> Known | Unknown:
    return of_linear(known("thresholds", family.game))


@knows("thresholds", LinearFamily)
def _(family: LinearFamily) -> Known | Unknown:
    return of_linear(neutral_threshold(family.channel, family.game, family.direction))


@knows("access", LinearFamily)
def _(family: LinearFamily) -> Known | Unknown:
    return rise_under(family.channel, family.game, family.direction)
