"""One game at every coupling."""

import dataclasses

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import Symmetric2x2
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.logistic import Logistic


@dataclasses.dataclass(frozen=True, eq=False)
class LogisticFamily:
    """A game under the logistic semantics, as a function of the coupling.

    **Arguments:** `game`; `bound` M > 0, every parameter lies in [-M, M]; `pattern`, None when all
    read all alike, or an array of shape `(players, players)` that the coupling multiplies: who
    reads whom, with zeros on the diagonal; `own_weight`, the weight of one's own parameter.
    **Raises:** `InputError` for a game of one player and, when called, for values the semantics
    refuses.
    """

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
    def has_closed_forms(self) -> bool:
        """Whether all read all alike with own weight 1, as the closed forms require."""
        return self.pattern is None and bool(np.all(np.asarray(self.own_weight) == 1))

    @property
    def symmetric_payoffs(self) -> Symmetric2x2 | None:
        """T, R, P, S where the closed forms for symmetric 2×2 games apply, None elsewhere."""
        tensor = np.asarray(self.game.tensor)
        return Symmetric2x2.from_tensor(tensor) if self.has_closed_forms else None
