"""Where things switch along the axes of a study."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from glasshouse._progress import progress
from glasshouse.analysis.closed_form import Thresholds
from glasshouse.analysis.couplings import (
    Family,
    critical_coupling,
    equilibrium_threshold,
    first_movement_switch,
)
from glasshouse.analysis.family import AbstractFamily
from glasshouse.errors import InputError
from glasshouse.study.result import Predictions, Slice
from glasshouse.study.setting import Prepared


def predict(
    family: Family, key: str = "semantics.coupling", bracket: tuple[float, float] | None = None
) -> Predictions:
    """Thresholds in closed form where there are any, beside the measured ones.

    **Arguments:** `family`, the game at every value of the number called `key`; `bracket`, values
    to search (default: the family's own).
    **Raises:** `InputError` when the family cannot be searched there.
    """
    closed_form, reason = closed_form_along(family)
    equilibrium, no_equilibrium = None, ""
    with progress("searching thresholds"):
        try:
            equilibrium = equilibrium_threshold(family, bracket=bracket)
        except InputError as error:
            no_equilibrium = str(error)
        first_movement = first_movement_switch(family, bracket=bracket)
        measured = critical_coupling(family, bracket=bracket)
    return Predictions(
        key, closed_form, reason, first_movement, measured, equilibrium, no_equilibrium
    )


def closed_form_along(family: Family) -> tuple[Thresholds | None, str]:
    """The closed form of a family, or None and the reason."""
    if not isinstance(family, AbstractFamily):
        return None, "closed forms are known for the semantics' own coupling only"
    try:
        return family.closed_form(), ""
    except InputError as error:
        return None, str(error)


def predict_study(prepared: Prepared) -> tuple[Predictions | None, str]:
    """The predictions along the only axis of a study, or None and the reason."""
    axes = prepared.study.axes
    if len(axes) != 1 or not prepared.study.analysis.thresholds:
        return None, ""
    (axis,) = axes
    family = prepared.base.own_family(axis.key)
    try:
        if family is not None:
            return predict(family, axis.key), ""
        if axis.key.startswith("learning."):
            raise InputError("learning does not change where the game switches")
        if len(axis.values) < 2:
            raise InputError("the axis has a single value")
        return predict(prepared.along(axis.key), axis.key, (axis.values[0], axis.values[-1])), ""
    except InputError as error:
        return None, f"no switches sought along {axis.key}: {error}"


def slices(prepared: Prepared, table: pa.Table) -> tuple[Slice, ...]:
    """Where things switch along the first axis, at each value of the second."""
    if len(prepared.study.axes) != 2 or not prepared.study.analysis.thresholds:
        return ()
    first, second = prepared.study.axes
    shape = (len(second.values), len(first.values))
    margins = np.array(table.column("first_movement_margin").to_pylist(), dtype=float)
    passes = np.array(table.column("boundary_passes").to_pylist(), dtype=object)
    firsts, margins, passes = (
        prepared.points[:: shape[1]],
        margins.reshape(shape),
        passes.reshape(shape),
    )
    found = []
    for value, setting, margin, passing in zip(second.values, firsts, margins, passes, strict=True):
        family = setting.own_family(first.key)
        closed = None if family is None else closed_form_along(family)[0]
        found.append(
            Slice(
                value=value,
                predicted=None if closed is None else closed.neutral.value,
                first_movement=_turns_positive(first.values, margin),
                equilibrium=_holds_from(first.values, passing),
            )
        )
    return tuple(found)


def _turns_positive(x: Sequence[float], margins: np.ndarray) -> float | None:
    """Where the margin crosses zero upward, if it crosses once; between two points, on a line."""
    above = margins > 0
    changes = np.flatnonzero(above[1:] != above[:-1])
    if len(changes) != 1 or above[0]:
        return None
    k = int(changes[0])
    share = -margins[k] / (margins[k + 1] - margins[k])
    return float(x[k] + share * (x[k + 1] - x[k]))


def _holds_from(x: Sequence[float], holds: np.ndarray) -> float | None:
    """The first value from which on the property holds to the end; None where it never does."""
    yes = np.array([bool(value) for value in holds])
    if not yes[-1]:
        return None
    first = len(yes) - int(np.argmin(yes[::-1])) if not yes.all() else 0
    return float(x[first])
