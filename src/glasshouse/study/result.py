"""What a computed study holds."""

import dataclasses
import math
from typing import Any

import numpy as np
import pyarrow as pa

from glasshouse.analysis.assessment import Assessment
from glasshouse.analysis.pure_profiles import BaseGame
from glasshouse.analysis.closed_form import Thresholds
from glasshouse.analysis.couplings import Switch
from glasshouse.analysis.phase import Portrait
from glasshouse.study.setting import Prepared


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Where things switch along one number: closed forms beside what was measured.

    **Arguments:** `key`, dotted, of the number; `closed_form`, or None and the `reason`;
    `first_movement`, from which value on mean cooperation starts to rise; `measured`, from which
    value on it stands higher after learning than at the start; `equilibrium`, from which value on
    the cooperative corner passes the boundary test, or None and `no_equilibrium_reason`.
    """

    key: str
    closed_form: Thresholds | None
    reason: str
    first_movement: Switch
    measured: Switch
    equilibrium: Switch | None
    no_equilibrium_reason: str


@dataclasses.dataclass(frozen=True)
class Slice:
    """Where things switch along the first axis, at one value of the second.

    **Arguments:** `value`, of the second axis; `predicted`, the closed-form first movement, None
    where there is none; `first_movement`, where its margin turns positive between two points of
    the sweep (interpolated), None where it does not turn once; `equilibrium`, the first point from
    which on the cooperative corner passes the boundary test, None where there is none.
    """

    value: float
    predicted: float | None
    first_movement: float | None
    equilibrium: float | None


@dataclasses.dataclass(frozen=True, eq=False)
class StudyResult:
    """A computed study.

    **Arguments:** `prepared`, the study and its games; `table`, one row per point of the sweep
    (columns in the reference, "What glasshouse writes"); `base`, what is true at the study's own
    values; `base_game`, pure equilibria and welfare without transparency; `predictions` along the
    only axis, or None; `slices`, one per value of the second axis where there are two;
    `portrait`, or None; `notes`, why parts are missing, and warnings.
    """

    prepared: Prepared
    table: pa.Table
    base: Assessment
    base_game: BaseGame
    predictions: Predictions | None
    slices: tuple[Slice, ...]
    portrait: Portrait | None
    notes: tuple[str, ...]

    @property
    def axes(self) -> tuple[Any, ...]:
        """The axes of the sweep: `key` and `values` each."""
        return self.prepared.study.axes

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
