"""What a study asks of analysis: along its sweep, and at its own values."""

import dataclasses
import operator

import numpy as np
import pyarrow as pa

from glasshouse._foundation.declared import study_settings
from glasshouse.analysis import continuation
from glasshouse.analysis.continuation import Branches
from glasshouse.analysis.equilibria.survey import Survey, survey
from glasshouse.analysis.equilibrium.certified_thresholds import EquilibriumCurve
from glasshouse.analysis.predictions import (
    Predictions,
    Slice,
    closed_form_along,
    predict,
    slices,
)
from glasshouse.analysis.proofs import CertifiedPoint, Judged, judged_points, threshold_curve
from glasshouse.errors import InputError
from glasshouse.families import Axis, Family, Setup
from glasshouse.games.registry import CATALOGUE
from glasshouse.parametric.capabilities import kinks_of
from glasshouse.rules.base import check_direction
from glasshouse.rules.registry import RULES
from glasshouse.study.setting import Prepared, Setting
from glasshouse.study.spec.study import Study


def study_points(
    setting: Setting, epsilon: float | None = None
) -> tuple[tuple[CertifiedPoint, ...], str]:
    """Proofs about the points of a study at its own values, and why there are none.

    **Arguments:** `epsilon`, default that of the study.
    """
    found = study_judged(setting, epsilon)
    return found.certified, found.note


def study_judged(setting: Setting, epsilon: float | None = None) -> Judged:
    """What is proved, or else found, of the points of a study at its own values.

    **Arguments:** as in `study_points`.
    """
    analysis = setting.study.analysis
    allowed = analysis.certify if epsilon is None else epsilon
    return judged_points(setting.parametric, setting.learning, allowed, **analysis.wanted)


def study_curve(prepared: Prepared) -> EquilibriumCurve | None:
    """The equilibrium threshold at several bounds, for studies along their coupling alone."""
    study, key = prepared.study, "semantics.coupling"
    proves = study.analysis.certify is not False and study.analysis.thresholds
    proves = proves and prepared.base.observable is None
    along = [axis.key for axis in study.axes] == [key]
    return threshold_curve(prepared.base.own_family(key)) if proves and along else None


def predict_study(prepared: Prepared, certify: bool = False) -> tuple[Predictions | None, str]:
    """The predictions along the only axis of a study, or None and the reason.

    **Arguments:** `certify`, whether to prove even where the study says not to.
    """
    axes = prepared.study.axes
    if len(axes) != 1 or not prepared.study.analysis.thresholds:
        return None, ""
    if (seen := prepared.base.observable) is not None:
        return None, f"no switches sought: they are about cooperation, and {seen.words} is observed"
    (axis,) = axes
    low, high = axis.values[0], axis.values[-1]
    family = prepared.base.own_family(axis.key)
    rule = check_direction(prepared.base.learning.rule, "a first movement")
    certify = certify or prepared.study.analysis.certify is not False
    try:
        if family is not None:  # all of the usual range, and all that is studied
            searched = (min(family.lowest, low), max(family.highest, high))
            return predict(family, axis.key, searched, certify, rule), ""
        if axis.key.startswith("learning."):
            raise InputError(
                "they are sought along numbers of the game, its semantics and its access"
            )
        if is_whole(prepared.study, axis.key):
            raise InputError("it takes whole numbers only")
        if low == high:
            raise InputError("the axis has a single value")
        return predict(prepared.along(axis.key), axis.key, (low, high), rule=rule), ""
    except InputError as error:
        return None, f"no switches sought along {axis.key}: {error}"


def study_survey(setting: Setting) -> tuple[Survey | None, tuple[str, ...]]:
    """What a study asks of all equilibria at its own values, and why parts are missing."""
    asked = setting.study.analysis
    return survey(
        setting.parametric, setting.learning, equilibria=asked.equilibria, mixed=asked.mixed
    )


def study_branches(prepared: Prepared) -> tuple[tuple[Branches, ...], tuple[str, ...]]:
    """Rest points followed along the axes that a study names, and why some are missing."""
    found, notes = [], []
    for axis in prepared.study.axes:
        if axis.key not in prepared.study.analysis.branches:
            continue
        family, name = prepared.base.own_family(axis.key), axis.key.rpartition(".")[2]
        ends = (axis.values[0], axis.values[-1])
        try:
            if family is None:
                place = operator.attrgetter(f"game.{axis.key}")
                family = Family(Setup(prepared.base.parametric), Axis(name, ends, at=place))
            else:
                name = "coupling"
            followed = continuation.branches(family, name, between=ends)
            found.append(dataclasses.replace(followed, axis=axis.key))
            notes += [f"branches along {axis.key}: {note}" for note in followed.notes]
        except InputError as error:
            notes.append(f"no branches along {axis.key}: {error}")
    return tuple(found), tuple(notes)


def is_whole(study: Study, key: str) -> bool:
    """Whether the number at a dotted key counts something."""
    table, _, rest = key.partition(".")
    counting = {"semantics": study.semantics.counts(), "access": study.access.counts()}
    if key.startswith("game.cooperate") or rest.partition(".")[0] in counting.get(table, ()):
        return True
    name = key.removeprefix("game.parameters.")
    entry = CATALOGUE.get(study.game.name or "")
    return name != key and entry is not None and isinstance(entry.defaults.get(name), int)


def study_slices(prepared: Prepared, table: pa.Table) -> tuple[Slice, ...]:
    """Where things switch along the first axis, at each value of the second and further ones."""
    untold = prepared.base.observable is not None or kinks_of(prepared.base.parametric)
    if len(prepared.study.axes) < 2 or not prepared.study.analysis.thresholds or untold:
        return ()
    first, *others = prepared.study.axes
    of_rule = is_of_rule(first.key)
    if first.key.startswith("learning.") and not of_rule:
        return ()
    rule = check_direction(prepared.base.learning.rule, "a first movement")
    shape = (-1, len(first.values))
    settings = prepared.points[:: shape[1]]
    families = [setting.own_family(first.key) for setting in settings]
    shares = table.column("cooperation_share").to_pylist()
    return slices(
        first.values,
        [[setting.values[axis.key] for axis in others] for setting in settings],
        np.array(table.column("first_movement_margin").to_pylist(), dtype=float).reshape(shape),
        np.array(table.column("boundary_passes").to_pylist(), dtype=object).reshape(shape),
        np.array([x is not None and x >= 0.5 for x in shares], dtype=bool).reshape(shape),
        [None if family is None else closed_form_along(family, rule)[0] for family in families],
        falling=of_rule,
    )


def is_of_rule(key: str) -> bool:
    """Whether the number at a dotted key belongs to a rule, so that first movement depends on it.

    How long and how finely is learned changes where learning ends, but not where it sets out to.
    """
    name = key.rpartition(".")[2]
    return key.startswith("learning.") and any(name in study_settings(x) for x in RULES.values())
