"""One game at every coupling."""

import abc
import dataclasses
from typing import ClassVar

import numpy as np

from glasshouse._results import Result
from glasshouse.analysis.closed_form import (
    Thresholds,
    affine_thresholds,
    lowest_coupling,
    thresholds,
)
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.affine import Affine
from glasshouse.semantics.logistic import Logistic

HIGHEST = 3.0
"""Logistic couplings are searched up to here unless the caller says otherwise."""


class AbstractFamily(Result, abc.ABC):
    """A game under one semantics, as a function of how strongly all read each other."""

    symbol: ClassVar[str]
    """What people call that strength: κ or w."""

    game: NormalFormGame

    @abc.abstractmethod
    def __call__(self, coupling: float) -> ParametricGame:
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

    @abc.abstractmethod
    def closed_form(self) -> Thresholds:
        """The thresholds in closed form.

        **Raises:** `InputError` where there is none, saying why.
        """


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LogisticFamily(AbstractFamily):
    """A game under the logistic semantics, as a function of the coupling.

    **Arguments:** `game`; `bound` M > 0, every parameter lies in [-M, M]; `pattern`, None when all
    read all alike, or an array of shape `(players, players)` that the coupling multiplies: who
    reads whom, with zeros on the diagonal; `own_weight`, the weight of one's own parameter.
    **Raises:** `InputError` for a game of one player and, when called, for values the semantics
    refuses.
    """

    symbol: ClassVar[str] = "κ"

    game: NormalFormGame
    bound: float
    pattern: np.ndarray | None = None
    own_weight: float = 1.0

    def __post_init__(self):
        if self.game.players < 2:
            raise InputError(f"{self.game.title}: one player has nobody to read; give at least two")

    def __call__(self, coupling: float) -> ParametricGame:
        weights = coupling if self.pattern is None else coupling * np.asarray(self.pattern)
        semantics = Logistic(self.game.actions, weights, self.bound, self.own_weight)
        return ParametricGame(self.game, semantics)

    @property
    def lowest(self) -> float:
        return 0.9 * lowest_coupling(self.game.players)

    @property
    def highest(self) -> float:
        return HIGHEST

    @property
    def has_closed_forms(self) -> bool:
        """Whether all read all alike with own weight 1, as the closed forms require."""
        alike = self.pattern is None or np.array_equal(self.pattern, 1 - np.eye(self.game.players))
        return alike and bool(np.all(np.asarray(self.own_weight) == 1))

    def closed_form(self) -> Thresholds:
        if not self.has_closed_forms:
            raise InputError("closed forms need one coupling for all and own weight 1")
        return thresholds(self.game)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class AffineFamily(AbstractFamily):
    """A game under the affine semantics, as a function of the weight w in [0, 1].

    **Arguments:** `game`, two actions for each of at least two players.
    **Raises:** `InputError` for any other game and, when called, for other weights.
    """

    symbol: ClassVar[str] = "w"

    game: NormalFormGame

    def __post_init__(self):
        Affine(self.game.actions, 0.0)

    def __call__(self, coupling: float) -> ParametricGame:
        return ParametricGame(self.game, Affine(self.game.actions, coupling))

    @property
    def lowest(self) -> float:
        return 0.0

    @property
    def highest(self) -> float:
        return 1.0

    def closed_form(self) -> Thresholds:
        return affine_thresholds(self.game)
