"""Compute a study: everything that is true of a game, coupling by coupling."""

import dataclasses
import math
from typing import Any

import pyarrow as pa

from glasshouse.analysis.assessment import Assessment, assess
from glasshouse.analysis.closed_form import Thresholds, thresholds
from glasshouse.analysis.couplings import (
    HIGHEST,
    Switch,
    critical_coupling,
    equilibrium_threshold,
    first_movement_switch,
)
from glasshouse.analysis.family import LogisticFamily
from glasshouse.errors import InputError
from glasshouse.study.spec import Prepared, Study


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Where things switch: closed forms beside what was measured.

    **Arguments:** `closed_form`, or None and the `reason`; `first_movement`, from which coupling on
    mean cooperation starts to rise; `measured`, from which coupling on it stands higher after
    learning than at the start; `equilibrium`, from which coupling on the cooperative
    corner passes the boundary test, or None and `no_equilibrium_reason`.
    """

    closed_form: Thresholds | None
    reason: str
    first_movement: Switch
    measured: Switch
    equilibrium: Switch | None
    no_equilibrium_reason: str


@dataclasses.dataclass(frozen=True)
class StudyResult:
    """A computed study."""

    study: Study
    family: LogisticFamily
    predictions: Predictions
    assessments: tuple[Assessment, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per coupling; the columns are documented in `docs/output.md`."""
        return [_row(a) for a in self.assessments]

    def claims(self) -> list[str]:
        """The result in words: a sentence each on first movement, outcome and equilibrium."""
        return [_movement_claim(self.predictions), _generic_claim(self), _equilibrium_claim(self)]


def predict(family: LogisticFamily) -> Predictions:
    """Thresholds in closed form where there are any, the measured switch, the equilibrium one."""
    closed_form, reason = None, ""
    try:
        if not family.has_closed_forms:
            raise InputError("closed forms need one coupling for all and own weight 1")
        closed_form = thresholds(family.game)
    except InputError as error:
        reason = str(error)
    equilibrium, no_equilibrium = None, ""
    try:
        equilibrium = equilibrium_threshold(family)
    except InputError as error:
        no_equilibrium = str(error)
    moves, measured = first_movement_switch(family), critical_coupling(family)
    return Predictions(closed_form, reason, moves, measured, equilibrium, no_equilibrium)


def compute(study: Study, prepared: Prepared) -> StudyResult:
    """Run every analysis of the study.

    **Cost:** couplings × starts × steps learning steps, and a few hundred thousand more.
    """
    family, couplings, starts = prepared
    assessments = assess(
        family,
        couplings.tolist(),
        starts=starts,
        steps=study.learning.steps,
        step_size=study.learning.step_size,
    )
    return StudyResult(study, family, predict(family), tuple(assessments))


def _row(a: Assessment) -> dict[str, Any]:
    row: dict[str, Any] = {
        "coupling": a.coupling,
        "first_movement_margin": a.first_movement.margin,
        "first_movement": a.first_movement.direction,
        "tied_cooperation": a.tied.cooperation if a.tied else math.nan,
        "tied_converged": a.tied.converged if a.tied else None,
        "tied_predicted": math.nan if not a.tied or a.tied.predicted is None else a.tied.predicted,
    }
    for name in ("cooperation", "exploitation", "defection", "at_rest"):
        share = getattr(a.generic, name)
        row[f"{name}_share"] = share.value
        row[f"{name}_low"], row[f"{name}_high"] = share.interval
    for i, share in enumerate(a.generic.exploited):
        row[f"exploited_share_player_{i + 1}"] = share.value
    row["mean_cooperation"] = a.generic.mean_cooperation
    row["not_finite"] = a.generic.not_finite
    test = a.boundary
    row["boundary_gain"] = max(d.gain for d in test.deviations) if test else math.nan
    row["boundary_passes"] = test.passes if test and test.cooperative else None
    return row


def _movement_claim(predictions: Predictions) -> str:
    closed = predictions.closed_form
    if closed is None:
        predicted = "no closed form"
    elif closed.neutral.value is None:
        predicted = f"closed form: {closed.neutral.reason}"
    else:
        predicted = f"closed form {closed.neutral.value:.6f}"
    measured = predictions.measured
    return (
        "First movement: from the neutral start mean cooperation starts to rise "
        f"{_where(predictions.first_movement)} ({predicted}); measured, it stands higher than at "
        f"the start after {measured.detail.split(' from ')[0]} {_where(measured)}."
    )


def _generic_claim(result: StudyResult) -> str:
    exploits = [a.coupling for a in result.assessments if a.generic.exploitation.count > 0]
    cooperates = [a.coupling for a in result.assessments if a.generic.cooperation.value >= 0.5]
    studied = [a.coupling for a in result.assessments]
    everyone = "both" if result.family.game.players == 2 else "all"
    detail = result.assessments[0].generic.detail
    return (
        f"Outcome from unequal starts ({detail}): {everyone} cooperate in at least half of the "
        f"runs at {_runs(studied, cooperates)}; some exploit others in at least one run at "
        f"{_runs(studied, exploits)}."
    )


def _equilibrium_claim(result: StudyResult) -> str:
    found, bound = result.predictions.equilibrium, result.family.bound
    if found is None:
        return f"Equilibrium: not tested ({result.predictions.no_equilibrium_reason})."
    return (
        f"Equilibrium: the cooperative corner of the box ±{bound:g} passes the boundary test "
        f"{_where(found)} (couplings up to {HIGHEST:g} tried; numerical, not proved)."
    )


def _where(switch: Switch) -> str:
    """Where a property holds, in words."""
    if switch.value is not None and switch.bracket is not None:
        half = (switch.bracket[1] - switch.bracket[0]) / 2
        side = "above" if switch.holds == "above" else "below"
        return f"{side} coupling {switch.value:.6f} ± {half:.0e}"
    if switch.holds in ("everywhere", "nowhere"):
        return f"at {'every' if switch.holds == 'everywhere' else 'no'} coupling tried"
    return f"at couplings that one number does not tell ({switch.result})"


def _runs(studied: list[float], found: list[float]) -> str:
    """The couplings found, as runs of neighbours among those studied."""
    if not found:
        return "no coupling studied"
    groups: list[list[float]] = []
    for k, coupling in enumerate(studied):
        if coupling in found:
            if k and studied[k - 1] in found:
                groups[-1].append(coupling)
            else:
                groups.append([coupling])
    spans = [f"{g[0]:g}" if len(g) == 1 else f"{g[0]:g} to {g[-1]:g}" for g in groups]
    return f"couplings {', '.join(spans)}"


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table whose column types do not depend on the game; missing numbers are null."""
    columns = {name: [_missing(row[name]) for row in rows] for name in rows[0]}
    return pa.table({name: pa.array(column, _type(name)) for name, column in columns.items()})


def _type(column: str) -> pa.DataType:
    if column in ("tied_converged", "boundary_passes"):
        return pa.bool_()
    return {"first_movement": pa.string(), "not_finite": pa.int64()}.get(column, pa.float64())


def _missing(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
