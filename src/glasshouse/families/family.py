"""One game at every coupling."""

import abc
import dataclasses
from typing import Any, ClassVar

import numpy as np

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import (
    HeldArray,
    HeldSetting,
    Numbers,
    checked_bound,
    checked_weights,
    number_array,
)
from glasshouse._foundation.results import UNLESS_NONE, Result
from glasshouse.channels import AbstractChannel, Full
from glasshouse.errors import InputError
from glasshouse.games.normal_form import is_normal_form
from glasshouse.games.repeated import Played, is_repeated
from glasshouse.parametric import NetworkParametricGame, ParametricGame
from glasshouse.semantics import Affine, Logistic
from glasshouse.semantics.states import checked_reading
from glasshouse.theory.access import lowest_searched, rise_under
from glasshouse.theory.parametric import neutral_threshold, neutral_weight
from glasshouse.theory.registry import Known, Unknown, known, knows, value_of
from glasshouse.theory.symmetric import Thresholds, known_affine_thresholds

HIGHEST = 3.0
"""Logistic couplings are searched up to here unless the caller says otherwise."""


class AbstractFamily(Result, abc.ABC):
    """A game under one semantics, as a function of how strongly all read each other."""

    symbol: ClassVar[str]
    """What people call that strength: κ or w."""
    is_dense: ClassVar[bool] = False
    """Whether its games are in normal form, which analyses of equilibrium need."""

    __init_subclass__ = final_unless_abstract

    @abc.abstractmethod
    def __call__(self, coupling: Numbers) -> ParametricGame | NetworkParametricGame:
        """The parametric game at this coupling (or weight).

        **Raises:** `InputError` for values the semantics refuses.
        """

    @property
    @abc.abstractmethod
    def lowest(self) -> float:
        """Switches are searched from here unless the caller says otherwise."""

    @property
    @abc.abstractmethod
    def highest(self) -> float:
        """Switches are searched up to here unless the caller says otherwise."""

    @property
    def readers(self) -> np.ndarray | None:
        """How many read each player, or None where that is not known."""
        return None

    def closed_form(self) -> Thresholds:
        """The thresholds in closed form: the value of `known("thresholds", family)`.

        **Raises:** `InputError` where there is none, saying why.
        """
        return value_of(known("thresholds", self))


class AbstractDenseFamily(AbstractFamily):
    """A family of games in normal form, which analyses of equilibrium need."""

    is_dense: ClassVar[bool] = True

    game: Any
    """What is played: of some families once, of others perhaps round after round."""
    channel: AbstractChannel

    @abc.abstractmethod
    def __call__(self, coupling: Numbers) -> ParametricGame:
        """As for every family."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LogisticFamily(AbstractDenseFamily):
    """A game under the logistic semantics, as a function of the coupling.

    **Arguments:** `game`, also a repeated one; `bound` M > 0, every parameter lies in [-M, M];
    `pattern`, None when all read all alike, or an array of shape `(players, players)` that the
    coupling multiplies: who reads whom, with zeros on the diagonal; `own_weight`, the weight of
    one's own parameter, a number or one for each player; `channel`, what players see of each other;
    `reading`, in repeated games, as of `Logistic`.
    **Raises:** `InputError` for a game of one player and, when called, for values the semantics
    refuses.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        print(family(0.5).payoffs((0.0, 0.0)))  # [2.25 2.25]
    """

    symbol: ClassVar[str] = "κ"

    game: Played
    bound: HeldSetting
    pattern: HeldArray | None = None
    own_weight: HeldSetting = 1.0
    channel: AbstractChannel = dataclasses.field(default_factory=Full)
    reading: str | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})

    def __post_init__(self):
        if not is_normal_form(self.game) and not is_repeated(self.game):
            raise InputError(
                "LogisticFamily takes a game in normal form, or a repeated one, not "
                f"{type(self.game).__name__}: use NetworkFamily for games on a network"
            )
        object.__setattr__(self, "reading", checked_reading(self.game, self.reading))
        if self.game.players < 2:
            raise InputError(f"{self.game.title}: one player has nobody to read; give at least two")
        players = self.game.players
        object.__setattr__(self, "bound", as_setting(checked_bound(self.bound)))
        own = checked_weights(self.own_weight, "own_weight", [(), (players,)])
        object.__setattr__(self, "own_weight", as_setting(own))
        if self.pattern is not None:
            object.__setattr__(self, "pattern", _checked_pattern(self.pattern, players))

    def __call__(self, coupling: Numbers) -> ParametricGame:
        weights = number_array(coupling, "coupling")
        weights = weights if self.pattern is None else weights * self.pattern
        semantics = Logistic(self.game, weights, self.bound, self.own_weight, reading=self.reading)
        return ParametricGame(self.game, semantics, self.channel)

    @property
    def lowest(self) -> float:
        return lowest_searched(self.channel, self.game.players)

    @property
    def highest(self) -> float:
        return HIGHEST

    @property
    def has_closed_forms(self) -> bool:
        """Whether all read all alike with own weight 1 under full access.

        Under partial access `closed_form` knows the threshold at the neutral start alone.
        """
        return self.is_alike and self.channel.is_full

    @property
    def readers(self) -> np.ndarray | None:
        players = self.game.players
        if not self.channel.is_full:
            return None
        if self.pattern is None:
            return np.full(players, players - 1)
        return np.count_nonzero(self.pattern, axis=0)

    @property
    def is_alike(self) -> bool:
        """Whether all read all alike with own weight 1, as far as they see each other."""
        alike = self.pattern is None or np.array_equal(self.pattern, 1 - np.eye(self.game.players))
        return alike and bool(np.all(np.asarray(self.own_weight) == 1))


UNLIKE = "closed forms need one coupling for all and own weight 1"
REPEATED = "closed forms of repeated games need full access"
AFFINE_REPEATED = "no closed form is known of repeated games under affine semantics"


@knows("thresholds", LogisticFamily, channel=Full)
def _(family: LogisticFamily) -> Known | Unknown:
    return known("thresholds", family.game) if family.is_alike else Unknown(UNLIKE)


@knows("thresholds", LogisticFamily)
def _(family: LogisticFamily) -> Known | Unknown:
    if not family.is_alike:
        return Unknown(UNLIKE)
    if not is_normal_form(family.game):
        return Unknown(REPEATED)
    return neutral_threshold(family.channel, family.game)


@knows("access", LogisticFamily)
def _(family: LogisticFamily) -> Known | Unknown:
    if not is_normal_form(family.game):
        return Unknown(REPEATED)
    return rise_under(family.channel, family.game) if family.is_alike else Unknown(UNLIKE)


@knows("corner limits", LogisticFamily, channel=Full)
def _(family: LogisticFamily) -> Known | Unknown:
    found = known("thresholds", family)
    return found if isinstance(found, Unknown) else known("corner limits", family.game)


def as_setting(array: RealArray) -> RealArray | float:
    """One number as a Python float, for messages and figures; several, or traced ones, as are."""
    return array if array.ndim or is_traced(array) else float(array)


def _checked_pattern(pattern: Numbers, players: int) -> RealArray:
    try:
        return checked_weights(pattern, "pattern", [(players, players)])
    except InputError as error:
        raise InputError(
            f"pattern must be an array of numbers of shape {(players, players)}: {error}; from a "
            "graph, Reading.from_graph(graph, names).matrix()"
        ) from error


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class AffineFamily(AbstractDenseFamily):
    """A game under the affine semantics, as a function of the weight w in [0, 1].

    **Arguments:** `game`, two actions for each of at least two players, also a repeated one;
    `channel`, what players see of each other; `reading`, in repeated games, as of `Affine`.
    **Raises:** `InputError` for any other game, reports that may leave [0, 1] and, when called, for
    other weights.
    """

    symbol: ClassVar[str] = "w"

    game: Played
    channel: AbstractChannel = dataclasses.field(default_factory=Full)
    reading: str | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})

    def __post_init__(self):
        object.__setattr__(self, "reading", checked_reading(self.game, self.reading))
        self(0.0)

    def __call__(self, coupling: Numbers) -> ParametricGame:
        semantics = Affine(self.game, coupling, reading=self.reading)
        return ParametricGame(self.game, semantics, self.channel)

    @property
    def lowest(self) -> float:
        return 0.0

    @property
    def highest(self) -> float:
        return 1.0


@knows("thresholds", AffineFamily, channel=Full)
def _(family: AffineFamily) -> Known | Unknown:
    if not is_normal_form(family.game):
        return Unknown(AFFINE_REPEATED)
    return known_affine_thresholds(family.game)


@knows("thresholds", AffineFamily)
def _(family: AffineFamily) -> Known | Unknown:
    if not is_normal_form(family.game):
        return Unknown(AFFINE_REPEATED)
    return neutral_weight(family.channel, family.game)
