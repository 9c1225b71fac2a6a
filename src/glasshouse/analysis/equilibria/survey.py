"""What there is to say of a game's equilibria: which, whether any must exist, who ends there."""

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from glasshouse._foundation.results import Result, plain
from glasshouse.analysis.equilibrium.certification import base_of
from glasshouse.dynamics.learning import Learning
from glasshouse.errors import InputError
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.base import check_direction

if TYPE_CHECKING:  # few studies ask for any of it, and all wait for what is imported
    from glasshouse.analysis.equilibria.existence import Existence
    from glasshouse.analysis.equilibria.feasible import FeasibleSet
    from glasshouse.analysis.equilibria.mixed.mixtures import Mixture
    from glasshouse.analysis.equilibria.points import Equilibria
    from glasshouse.analysis.equilibria.selection import Selection
    from glasshouse.certificates.count.claim import EquilibriumCount
    from glasshouse.certificates.mixture.certificate import MixtureCertificate

    SurveyProof: TypeAlias = EquilibriumCount | MixtureCertificate


@dataclasses.dataclass(frozen=True, repr=False)
class Survey(Result):
    """What was asked of a game's equilibria; None where something was not.

    **Arguments:** `equilibria`, in parameters; `existence`, which theorems apply; `selection`, at
    which of them learning ends; `feasible`, what players can be paid; `mixture`, an equilibrium in
    mixed parameters.
    """

    equilibria: "Equilibria | None"
    existence: "Existence | None"
    selection: "Selection | None"
    feasible: "FeasibleSet | None"
    mixture: "Mixture | None"

    @property
    def proofs(self) -> "dict[str, SurveyProof]":
        """The certificates of the count and of the mixture, by name."""
        count = None if self.equilibria is None else self.equilibria.proof
        mixed = None if self.mixture is None else self.mixture.certificate
        found = {"equilibria": count, "mixture": mixed}
        return {name: proof for name, proof in found.items() if proof is not None}

    @property
    def answers(self) -> dict[str, Any]:
        """What was found, ready for JSON: `equilibria` with what belongs to them, and `mixture`."""
        found = plain(self.equilibria)
        if found is not None:
            keys = ("existence", "selection", "feasible")
            found |= {key: plain(getattr(self, key)) for key in keys}
        return {"equilibria": found, "mixture": plain(self.mixture)}


NOTHING_SURVEYED = Survey(None, None, None, None, None)


def survey(
    game: DenseGame, learning: Learning, *, equilibria: bool = True, mixed: bool = False
) -> tuple[Survey | None, tuple[str, ...]]:
    """What is asked of a game's equilibria, and why parts of it are missing.

    **Arguments:** `learning`, of which shares of runs are counted and by whose rule it is said
    what attracts; `equilibria`, whether those in parameters are asked for; `mixed`, one in
    mixtures.
    """
    if not (equilibria or mixed):
        return None, ()
    notes, found = [], NOTHING_SURVEYED
    if equilibria:
        try:
            found = _surveyed(game, learning)
        except InputError as error:
            notes.append(f"equilibria were not sought: {error}")
    if mixed:
        from glasshouse.analysis.equilibria.mixed.mixtures import mixed_equilibrium
        from glasshouse.analysis.equilibria.points import POINT_EPSILON

        try:
            ranges = float(np.max(np.asarray(base_of(game).payoff_ranges)))
            epsilon = POINT_EPSILON * (ranges or 1.0)
            found = dataclasses.replace(found, mixture=mixed_equilibrium(game, epsilon=epsilon))
        except InputError as error:
            notes.append(f"no mixed equilibrium was sought: {error}")
    return found, tuple(notes)


def _surveyed(game: DenseGame, learning: Learning) -> Survey:
    from glasshouse.analysis.equilibria.existence import existence
    from glasshouse.analysis.equilibria.feasible import feasible_set
    from glasshouse.analysis.equilibria.find import find_equilibria
    from glasshouse.analysis.equilibria.selection import selection

    found = find_equilibria(game, rule=check_direction(learning.rule, "stability"))
    chosen = None
    if not learning.tied:
        chosen = selection(game, found, learning=learning)
    return Survey(found, existence(game), chosen, feasible_set(base_of(game)), None)
