"""One game under a neural semantics, at every gain."""

import dataclasses
from typing import ClassVar

from glasshouse._foundation.numbers import HeldPair, Numbers, pair
from glasshouse.channels import AbstractChannel, Full
from glasshouse.errors import InputError
from glasshouse.families.family import HIGHEST, AbstractFamily
from glasshouse.games.repeated import Played
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.neural.base import AbstractNeural
from glasshouse.theory.registry import Unknown, knows

FULL = Full()


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class GainFamily(AbstractFamily):
    """A game under a neural semantics, as a function of the gain κ with which its networks read.

    Its games differ in the gain alone, so that `stack` makes a batch of them; those of families
    whose networks have the same architecture can be stacked, too.

    **Arguments:** `game`; `semantics`, such as an `Interpreter`, `Policies` or `Modules`, whose own
    gain does not matter; `channel`, what players see of each other; `searched`, the gains among
    which switches are searched unless the caller says otherwise.
    **Raises:** `InputError` for a semantics without a gain or a range that is not increasing and,
    when called, for gains that are not finite.
    """

    symbol: ClassVar[str] = "κ"

    game: Played
    semantics: AbstractNeural
    channel: AbstractChannel = FULL
    searched: HeldPair = (0.0, HIGHEST)

    def __post_init__(self):
        if not hasattr(self.semantics, "with_gain"):
            raise InputError(
                f"GainFamily takes a neural semantics, not {type(self.semantics).__name__}: use "
                "LogisticFamily, LinearFamily or AffineFamily"
            )
        object.__setattr__(self, "searched", pair(self.searched, "the range of gains searched"))
        self(self.searched[0])

    def __call__(self, coupling: Numbers) -> ParametricGame:
        return ParametricGame(self.game, self.semantics.with_gain(coupling), self.channel)

    @property
    def lowest(self) -> float:
        return self.searched[0]

    @property
    def highest(self) -> float:
        return self.searched[1]


@knows("thresholds", GainFamily)
def _(family: GainFamily) -> Unknown:
    return Unknown("thresholds of a neural semantics have no closed form: measure them")
