"""Where things switch along the axes of a study."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from glasshouse._foundation.progress import progress
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.equilibrium.thresholds import equilibrium_threshold
from glasshouse.analysis.movement.couplings import (
    LONG_RUN,
    Family,
    first_movement,
    long_run_switch,
    measured_first_movement,
)
from glasshouse.analysis.movement.switch import Switch
from glasshouse.errors import InputError
from glasshouse.games.registry import CATALOGUE
from glasshouse.rules.base import AbstractDirection, check_direction, in_words
from glasshouse.rules.gradient import Gradient
from glasshouse.study.proofs import proved_threshold
from glasshouse.study.result import Predictions, Slice
from glasshouse.study.setting import Prepared
from glasshouse.study.spec.study import Study
from glasshouse.theory.symmetric import Thresholds


def predict(
    family: Family,
    key: str = "semantics.coupling",
    bracket: tuple[float, float] | None = None,
    certify: bool = True,
    rule: AbstractDirection = Gradient(),
) -> Predictions:
    """Thresholds in closed form where there are any, beside what is found by trying values.

    That is first movement by its derivative and as measured, the switch of a long run, and the
    equilibrium threshold.

    **Arguments:** `family`, the game at every value of the number called `key`; `bracket`, values
    to search (default: the family's own); `certify`, whether to prove the equilibrium threshold of
    a `LogisticFamily` or an `AffineFamily`, which takes a fraction of a second where it is not
    tried in vain.
    **Raises:** `InputError` when the family cannot be searched there.
    """
    closed_form, reason = closed_form_along(family, rule)
    equilibrium: Switch | CertifiedThreshold | None = None
    no_equilibrium = ""
    with progress("searching thresholds"):
        try:
            fine = 1e-9 * _width(bracket)
            equilibrium = equilibrium_threshold(family, bracket=bracket, tolerance=fine)
            dense: Any = family if getattr(family, "is_dense", False) else None
            if certify and dense is not None and equilibrium.searched is not None:
                proved = proved_threshold(dense, equilibrium, *equilibrium.searched)
                equilibrium = proved or equilibrium
        except InputError as error:
            no_equilibrium = str(error)
        moves, measured, long_run = learners_switches(family, bracket, rule)
    return Predictions(
        key, closed_form, reason, moves, measured, long_run, equilibrium, no_equilibrium
    )


def learners_switches(
    family: Family,
    bracket: tuple[float, float] | None = None,
    rule: AbstractDirection = Gradient(),
) -> tuple[Switch, Switch, Switch]:
    """First movement by its derivative, as measured, and where a long run stands."""
    width = _width(bracket)
    return (
        first_movement(family, rule=rule, bracket=bracket, tolerance=1e-9 * width),
        measured_first_movement(family, rule=rule, bracket=bracket, tolerance=1e-5 * width),
        long_run_switch(
            family,
            learning=dataclasses.replace(LONG_RUN, rule=rule),
            bracket=bracket,
            tolerance=1e-6 * width,
        ),
    )


def _width(bracket: tuple[float, float] | None) -> float:
    """Of the range searched, at most 1: a payoff of 1e-9 has switches finer than a coupling."""
    return 1.0 if bracket is None else min(1.0, bracket[1] - bracket[0])


def closed_form_along(
    family: Family, rule: AbstractDirection = Gradient()
) -> tuple[Thresholds | None, str]:
    """The closed form of a family, or None and the reason."""
    if not rule.selfish:
        return None, f"closed forms are known for selfish gradients only, not {in_words(rule)}"
    closed_form = getattr(family, "closed_form", None)
    if closed_form is None:
        return None, "closed forms are known for the semantics' own coupling only"
    try:
        return closed_form(), ""
    except InputError as error:
        return None, str(error)


def predict_study(prepared: Prepared) -> tuple[Predictions | None, str]:
    """The predictions along the only axis of a study, or None and the reason."""
    axes = prepared.study.axes
    if len(axes) != 1 or not prepared.study.analysis.thresholds:
        return None, ""
    (axis,) = axes
    low, high = axis.values[0], axis.values[-1]
    family = prepared.base.own_family(axis.key)
    rule = check_direction(prepared.base.learning.rule, "a first movement")
    certify = prepared.study.analysis.certify is not False
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


def is_whole(study: Study, key: str) -> bool:
    """Whether the number at a dotted key counts something."""
    table, _, rest = key.partition(".")
    counting = {"semantics": study.semantics.counts(), "access": study.access.counts()}
    if key == "game.cooperate" or rest.partition(".")[0] in counting.get(table, ()):
        return True
    name = key.removeprefix("game.parameters.")
    entry = CATALOGUE.get(study.game.name or "")
    return name != key and entry is not None and isinstance(entry.defaults.get(name), int)


def slices(prepared: Prepared, table: pa.Table) -> tuple[Slice, ...]:
    """Where things switch along the first axis, at each value of the second and further ones."""
    if len(prepared.study.axes) < 2 or not prepared.study.analysis.thresholds:
        return ()
    first, *others = prepared.study.axes
    of_rule = is_of_rule(first.key)
    if first.key.startswith("learning.") and not of_rule:
        return ()
    rule = check_direction(prepared.base.learning.rule, "a first movement")
    shape = (-1, len(first.values))
    margins = np.array(table.column("first_movement_margin").to_pylist(), dtype=float)
    passes = np.array(table.column("boundary_passes").to_pylist(), dtype=object)
    firsts, margins, passes = (
        prepared.points[:: shape[1]],
        margins.reshape(shape),
        passes.reshape(shape),
    )
    found = []
    for setting, margin, passing in zip(firsts, margins, passes, strict=True):
        family = setting.own_family(first.key)
        closed = None if family is None else closed_form_along(family, rule)[0]
        moves, turn = _turns(first.values, margin, of_rule)
        value, *further = (setting.values[axis.key] for axis in others)
        found.append(
            Slice(
                value=value,
                predicted=None if closed is None else closed.neutral.value,
                moves=moves,
                first_movement=turn,
                equilibrium=_holds_from(first.values, passing),
                further=tuple(further),
            )
        )
    return tuple(found)


def is_of_rule(key: str) -> bool:
    """Whether the number at a dotted key belongs to a rule, so that first movement depends on it.

    How long and how finely is learned changes where learning ends, but not where it sets out to.
    """
    return key.startswith("learning.") and key.rpartition(".")[2] == "look_ahead"


def _turns(x: Sequence[float], margins: np.ndarray, falling: bool) -> tuple[str, float | None]:
    """Where cooperation rises along a slice, and where its margin turns; between points, a line.

    **Arguments:** `falling`, whether a single turn from rising to not rising is one, too.
    """
    above = margins > 0
    changes = np.flatnonzero(above[1:] != above[:-1])
    if not len(changes):
        return ("everywhere" if above.all() else "nowhere"), None
    if len(changes) != 1 or (above[0] and not falling):
        return "elsewhere", None
    k = int(changes[0])
    share = -margins[k] / (margins[k + 1] - margins[k])
    words = "up to a value" if above[0] else "from a value on"
    return words, float(x[k] + share * (x[k + 1] - x[k]))


def _holds_from(x: Sequence[float], holds: np.ndarray) -> float | None:
    """The first value from which on the property holds to the end; None where it never does."""
    yes = np.array([bool(value) for value in holds])
    if not yes[-1]:
        return None
    first = len(yes) - int(np.argmin(yes[::-1])) if not yes.all() else 0
    return float(x[first])
