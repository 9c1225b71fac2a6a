"""What a computed study holds, of which its words are written."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from glasshouse._foundation.results import UNLESS_NONE, Result
from glasshouse.analysis.assessment import Assessment
from glasshouse.analysis.continuation import Branches
from glasshouse.analysis.equilibria.survey import Survey
from glasshouse.analysis.equilibrium.certified_thresholds import (
    EquilibriumCurve,
)
from glasshouse.analysis.equilibrium.pure_profiles import BaseGame
from glasshouse.analysis.maps.outcome_map import OutcomeMap
from glasshouse.analysis.outcomes.comparison import Comparison
from glasshouse.analysis.phase.portrait import Portrait
from glasshouse.analysis.predictions import Predictions, Slice
from glasshouse.analysis.proofs import (
    CertifiedPoint,
    SearchedPoint,
    certificate_file,
    threshold_files,
)
from glasshouse.certificates.certificate import Certificate
from glasshouse.games.repeated import is_repeated
from glasshouse.parametric.capabilities import KINKED, kinks_of
from glasshouse.parametric.observable import Observable
from glasshouse.study.league import StudyLeague
from glasshouse.study.setting import Prepared

if TYPE_CHECKING:
    from glasshouse.analysis.equilibria.survey import SurveyProof


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Computed(Result):
    """The numbers of a computed study, as `StudyResult` says them."""

    prepared: Prepared
    table: pa.Table
    base: Assessment
    base_game: BaseGame
    predictions: Predictions | None
    slices: tuple[Slice, ...]
    certificates: tuple[CertifiedPoint, ...]
    curve: EquilibriumCurve | None
    portrait: Portrait | None
    notes: tuple[str, ...]
    comparison: Comparison | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})
    survey: Survey | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})
    branches: tuple[Branches, ...] = ()
    searched: tuple[SearchedPoint, ...] = ()
    league: StudyLeague | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})
    map: OutcomeMap | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})

    @property
    def axes(self) -> tuple[Any, ...]:
        """The axes of the sweep: `key` and `values` each."""
        return self.prepared.study.axes

    @property
    def repeated(self) -> bool:
        """Whether the game is played round after round."""
        return is_repeated(self.prepared.base.played)

    @property
    def untold(self) -> str:
        """Why first movement is not known; nothing where derivatives tell it."""
        kinks = kinks_of(self.prepared.base.parametric)
        return f"{KINKED} {kinks}" if kinks else ""

    @property
    def observable(self) -> Observable | None:
        """What is looked at in place of cooperation; None where that is looked at."""
        return self.prepared.base.observable

    @property
    def compares_only(self) -> bool:
        """Whether learners are compared, or meet, or a map is drawn, and nothing else was asked."""
        analysis = self.prepared.study.analysis
        asked = [*analysis.wanted.values(), analysis.portrait, analysis.certify is not False]
        asked.append(analysis.asks_for_equilibria)
        compared = self.comparison is not None and not self.axes
        alone = compared or self.league is not None or self.map is not None
        return alone and not any(asked)

    @property
    def learned(self) -> str | None:
        """How the outcomes along the sweep were obtained; None where they were not asked for."""
        if self.base.generic is None:
            return None
        swept = [axis.key for axis in self.axes if axis.key.startswith("learning.")]
        return self.base.generic.detail + (f", but {' and '.join(swept)} as swept" if swept else "")

    @property
    def certificate_files(self) -> "dict[str, Certificate | SurveyProof]":
        """All certificates, by the names of their files in the folder of the study."""
        threshold = None if self.predictions is None else self.predictions.equilibrium
        points = {point.file: point.certificate for point in self.certificates}
        proofs = {} if self.survey is None else self.survey.proofs
        others = {certificate_file(name): proof for name, proof in proofs.items()}
        return {**points, **threshold_files(threshold), **others}

    def column(self, name: str) -> np.ndarray:
        """A column as an array; missing numbers are NaN, missing yes and no are None."""
        values = self.table.column(name).to_pylist()
        if pa.types.is_floating(self.table.schema.field(name).type):
            return np.array([math.nan if x is None else x for x in values])
        return np.array(values, dtype=object)

    def columns(self) -> dict[str, np.ndarray]:
        """All columns by name."""
        return {name: self.column(name) for name in self.table.column_names}

    def rows(self) -> list[dict[str, Any]]:
        """The table row by row."""
        return self.table.to_pylist()
