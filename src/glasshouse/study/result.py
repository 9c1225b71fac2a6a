"""What a computed study holds."""

import dataclasses
import math
import textwrap
from typing import Any

import numpy as np
import pyarrow as pa
import wadler_lindig as wl

from glasshouse._foundation.results import LINE_WIDTH, Result, fields_of, plain
from glasshouse.analysis.assessment import Assessment
from glasshouse.analysis.equilibrium.certified_thresholds import (
    CertifiedThreshold,
    EquilibriumCurve,
)
from glasshouse.analysis.equilibrium.pure_profiles import BaseGame
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.phase.portrait import Portrait
from glasshouse.certificates.certificate import Certificate
from glasshouse.study.folder import SCHEMA_VERSION
from glasshouse.study.proofs import CertifiedPoint, certificate_file
from glasshouse.study.setting import Prepared
from glasshouse.theory.symmetric import Thresholds


@dataclasses.dataclass(frozen=True, repr=False)
class Predictions(Result):
    """Where things switch along one number: closed forms beside what was found by trying values.

    **Arguments:** `key`, dotted, of the number; `closed_form`, or None and the `reason`;
    `first_movement`, from which value on mean cooperation starts to rise, by its derivative;
    `measured_first_movement`, the same of learners, after a window too short to matter;
    `long_run_switch`, another thing: from which value on mean cooperation stands above its start
    after a long run; `equilibrium`, from which value on the cooperative corner is an equilibrium,
    proved, or else passes the boundary test, or None and `no_equilibrium_reason`.
    """

    key: str
    closed_form: Thresholds | None
    reason: str
    first_movement: Switch
    measured_first_movement: Switch
    long_run_switch: Switch
    equilibrium: CertifiedThreshold | Switch | None
    no_equilibrium_reason: str

    @property
    def measured(self) -> Switch:
        """`long_run_switch` by its name in earlier versions."""
        return self.long_run_switch

    def to_dict(self) -> dict[str, Any]:
        """All fields, and `long_run_switch` once more as `measured`, as scripts knew it."""
        found = {name: plain(value) for name, value in fields_of(self)}
        return {**found, "measured": found["long_run_switch"]}


@dataclasses.dataclass(frozen=True, repr=False)
class Slice(Result):
    """Where things switch along the first axis, at one value of the second and further ones.

    **Arguments:** `value`, of the second axis; `predicted`, the closed-form first movement, None
    where there is none; `moves`: along the first axis cooperation starts to rise "from a value on",
    "up to a value" (where the axis is a number of the rule), "everywhere", "nowhere" or
    "elsewhere"; `first_movement`, that value, where the margin changes its sign between two points
    of the sweep (interpolated), or None; `equilibrium`, the first point from which on the
    cooperative corner passes the boundary test, None where there is none; `further`, values of the
    third axis and those after it.
    """

    value: float
    predicted: float | None
    moves: str
    first_movement: float | None
    equilibrium: float | None
    further: tuple[float, ...] = ()

    @property
    def values(self) -> tuple[float, ...]:
        """Of every axis but the first."""
        return (self.value, *self.further)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StudyResult(Result):
    """A computed study.

    **Arguments:** `prepared`, the study and its games; `table`, one row per point of the sweep
    (columns in the reference, "What glasshouse writes"); `base`, what is true at the study's own
    values; `base_game`, pure equilibria and welfare without transparency; `predictions` along the
    only axis, or None; `slices`, where there are more, one per value of the second axis (and those
    after it, the second running fastest);
    `certificates`, whether points are ε-equilibria at the study's own values, proved; `curve`, the
    equilibrium threshold at several bounds, or None; `portrait`, or None; `notes`, why parts are
    missing, and warnings.
    """

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

    @property
    def axes(self) -> tuple[Any, ...]:
        """The axes of the sweep: `key` and `values` each."""
        return self.prepared.study.axes

    @property
    def learned(self) -> str | None:
        """How the outcomes along the sweep were obtained; None where they were not asked for."""
        if self.base.generic is None:
            return None
        swept = [axis.key for axis in self.axes if axis.key.startswith("learning.")]
        return self.base.generic.detail + (f", but {' and '.join(swept)} as swept" if swept else "")

    @property
    def certificate_files(self) -> dict[str, Certificate]:
        """All certificates, by the names of their files in the folder of the study."""
        found = {point.file: point.certificate for point in self.certificates}
        threshold = None if self.predictions is None else self.predictions.equilibrium
        if isinstance(threshold, CertifiedThreshold):
            proofs = {"threshold_holds": threshold.certified, "threshold_fails": threshold.refuted}
            found |= {certificate_file(name): proof for name, proof in proofs.items() if proof}
        return found

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

    def to_dict(self) -> dict[str, Any]:
        """The study's answers, ready for JSON, as in `summary.json`; the table is not among them.

        The keys are documented in the reference, "What is written".
        """
        setting = self.prepared.base
        return {
            "schema_version": SCHEMA_VERSION,
            "game": setting.game.to_dict(),
            "semantics": plain(setting.study.settings()["semantics"]),
            "access": plain(setting.study.settings()["access"]),
            "learning": plain(setting.study.settings()["learning"]),
            "claims": _claims(self),
            "axes": [axis.key for axis in self.axes],
            "predictions": plain(self.predictions),
            "slices": plain(self.slices),
            "certificates": plain(self.certificates),
            "equilibrium_curve": _curve(self.curve),
            "base_game": plain(self.base_game),
            "base": plain(self.base),
            "notes": list(self.notes),
        }

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        swept = " × ".join(
            f"{axis.key} ({axis.values[0]:g} to {axis.values[-1]:g})" for axis in self.axes
        )
        head = f"StudyResult: {self.prepared.base.game.title}, {self.table.num_rows} points"
        said = [*_claims(self), *(f"Note: {note}." for note in self.notes)]
        lines = textwrap.wrap(f"{head} along {swept}" if swept else head, LINE_WIDTH)
        for text in said:
            lines += textwrap.wrap(text, LINE_WIDTH, initial_indent="  ", subsequent_indent="    ")
        return wl.TextDoc("\n".join(lines))


def _curve(curve: EquilibriumCurve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "bounds": list(curve.bounds),
        "brackets": [plain(threshold.bracket) for threshold in curve.thresholds],
        "results": [threshold.result for threshold in curve.thresholds],
        "limits": plain(curve.limits),
    }


def _claims(result: StudyResult) -> list[str]:
    from glasshouse.study.words.sentences import claims  # which is written in terms of this module

    return claims(result)
