"""Where things switch along one number of a game, and along the first axis of a grid."""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Result, fields_of, plain
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
from glasshouse.analysis.proofs import proved_threshold
from glasshouse.errors import InputError
from glasshouse.rules.base import AbstractDirection, in_words
from glasshouse.rules.gradient import Gradient
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

    ROWS = "switches"
    HEADINGS: ClassVar = {
        "switch": "switch",
        "value": "value",
        "lower": "at least",
        "upper": "at most",
        "holds": "holds",
        "method": "method",
    }

    @property
    def switches(self) -> list[dict[str, Any]]:
        """The closed forms and what was found, as rows of a table."""
        closed = self.closed_form
        known = [] if closed is None else closed.kinds
        rows = [
            {"switch": f"{row['kind']}, closed form", "value": row["value"],
             "method": closed.method, "detail": row["meaning"]}
            for row in known if closed is not None
        ]  # fmt: skip
        found = ("first_movement", "measured_first_movement", "long_run_switch", "equilibrium")
        for name in found:
            switch = getattr(self, name)
            if switch is not None:
                ends = switch.bracket or (None, None)
                rows.append(
                    {"switch": name.replace("_", " "), "value": switch.value, "lower": ends[0],
                     "upper": ends[1], "holds": switch.holds, "result": switch.result,
                     "method": switch.method, "detail": switch.detail}
                )  # fmt: skip
        return plain(rows)

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
    third axis and those after it; `between`, the two points around `first_movement`; `cooperation`,
    the first point from which on at least half of the runs end with all cooperating.
    """

    value: float
    predicted: float | None
    moves: str
    first_movement: float | None
    equilibrium: float | None
    further: tuple[float, ...] = ()
    between: tuple[float, float] | None = None
    cooperation: float | None = None

    HEADINGS: ClassVar = {
        "value": "second axis",
        "further": "further axis",
        "predicted": "first movement, closed form",
        "first_movement": "first movement, from the margin",
        "equilibrium": "equilibrium test passes from",
        "cooperation": "half of the runs cooperate from",
    }

    @property
    def values(self) -> tuple[float, ...]:
        """Of every axis but the first."""
        return (self.value, *self.further)


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


def slices(
    x: Sequence[float],
    others: Sequence[Sequence[float]],
    margins: np.ndarray,
    passes: np.ndarray,
    cooperate: np.ndarray,
    closed_forms: Sequence[Thresholds | None],
    *,
    falling: bool,
) -> tuple[Slice, ...]:
    """Where things switch along the first axis of a grid, at each of the `others`' values.

    **Arguments:** `x`, values of the first axis; `others`, those of all further ones, a row for
    each slice; `margins` of first movement and whether the corner `passes` the boundary test and
    at least half of the runs `cooperate`, a row for each slice; `closed_forms` along the first
    axis; `falling`, whether a single turn from rising to not rising is one, too.
    """
    found = []
    rows = zip(others, margins, passes, cooperate, closed_forms, strict=True)
    for values, margin, passing, cooperating, closed in rows:
        moves, turn, between = _turns(x, margin, falling)
        predicted = None if closed is None else closed.neutral.value
        holds, half = _holds_from(x, passing), _holds_from(x, cooperating)
        found.append(
            Slice(values[0], predicted, moves, turn, holds, tuple(values[1:]), between, half)
        )
    return tuple(found)


def _turns(
    x: Sequence[float], margins: np.ndarray, falling: bool
) -> tuple[str, float | None, tuple[float, float] | None]:
    """Where cooperation rises along a slice, where its margin turns and between which points."""
    above = margins > 0
    changes = np.flatnonzero(above[1:] != above[:-1])
    if not len(changes):
        return ("everywhere" if above.all() else "nowhere"), None, None
    if len(changes) != 1 or (above[0] and not falling):
        return "elsewhere", None, None
    k = int(changes[0])
    share = -margins[k] / (margins[k + 1] - margins[k])
    words = "up to a value" if above[0] else "from a value on"
    turn = float(x[k] + share * (x[k + 1] - x[k]))  # on the line between both
    return words, turn, (float(x[k]), float(x[k + 1]))


def _holds_from(x: Sequence[float], holds: np.ndarray) -> float | None:
    """The first value from which on the property holds to the end; None where it never does."""
    yes = np.array([bool(value) for value in holds])
    if not yes[-1]:
        return None
    first = len(yes) - int(np.argmin(yes[::-1])) if not yes.all() else 0
    return float(x[first])
