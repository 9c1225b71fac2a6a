"""The phase portrait while a number of the study grows: data of `glasshouse animate`."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from glasshouse._foundation.digits import digits
from glasshouse._foundation.progress import progress
from glasshouse.analysis.phase.portrait import OUTCOMES, Portrait, phase_portrait
from glasshouse.dynamics.learning import Learning
from glasshouse.errors import InputError
from glasshouse.games.labels import shortened_names
from glasshouse.plots._axes import axis_label
from glasshouse.plots.coupling import Marker
from glasshouse.plots.phase import basin_names
from glasshouse.study.drawing.held import held_keys, study_at, swept_key
from glasshouse.study.drawing.kinds import NOTHING_ASKED
from glasshouse.study.questions import is_of_rule, predict_study
from glasshouse.study.report.markers import markers_of, owner_of, symbol_of
from glasshouse.study.setting import Prepared, prepare
from glasshouse.study.spec.axes import RangeSpec
from glasshouse.study.spec.study import Study
from glasshouse.study.words.names import axis_name, upper
from glasshouse.study.words.page import plain_label, portrait_alt

FEWEST_FRAMES, MOST_FRAMES, USUAL_FRAMES = 2, 200, 41

COARSE = {"resolution": 49, "cells": 20, "trajectories": 12}
"""Of each portrait: a film has room for less than a page."""


@dataclasses.dataclass(frozen=True, eq=False)
class Animation:
    """Phase portraits at rising values of one number of a study.

    **Arguments:** `game`, its title; `players`, what they are called; `key`, dotted, of the number,
    called `name` in sentences and `symbol` where it is short; `values`, one for each of
    `portraits`; `marks`, thresholds between them, whose `note` says how each was obtained; `held`,
    what the command line holds, in words;
    `label`, of the axis, with mathtext.
    """

    game: str
    players: tuple[str, ...]
    key: str
    name: str
    symbol: str
    label: str
    values: tuple[float, ...]
    portraits: tuple[Portrait, ...]
    marks: tuple["Mark", ...]
    held: str

    @property
    def title(self) -> str:
        """What moves, of which game."""
        along = self.name if self.symbol == self.name else f"{self.name} {self.symbol}"
        return f"{self.game}: the phase portrait as {along} grows{self.held}"

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What the outcomes are called, in the order of `shares`."""
        return basin_names(self.players)

    @property
    def shares(self) -> dict[str, np.ndarray]:
        """For each outcome the share of starts that end there, at each value."""
        each = [portrait.shares for portrait in self.portraits]
        return {name: np.array([shares[name] for shares in each]) for name in OUTCOMES}

    def at(self, k: int) -> str:
        """Where a frame is: "κ = 0.52"."""
        return f"{self.symbol} = {self.values[k]:.4g}"

    def alt(self, k: int) -> str:
        """What a frame shows, in words."""
        return portrait_alt(self.portraits[k], self.outcomes)

    @property
    def caption(self) -> str:
        """How all was obtained, and what each mark says."""
        detail = upper(self.portraits[0].detail)
        marks = "; ".join(f"{mark.words}: {mark.note}" for mark in self.marks)
        return (
            "Shading: who cooperates with probability above ½ where a run from there ends. "
            "Arrows: where both parameters set out to. Lines: where one player's own direction "
            "is zero. Curves: sample runs, from the small dot; what runs along them shows their "
            "course, not their pace. Large dots: rest points; filled ones attract, half-filled "
            f"diamonds along one line only, open ones are not known to. {detail}."
            + (f" Marked below: {marks}." if marks else "")
        )


@dataclasses.dataclass(frozen=True)
class Mark:
    """A threshold along the number: its `value`, a short `label`, in mathtext `formula`, the
    `note` how it was obtained, and its `kind`, as of a `Marker`."""

    value: float
    label: str
    formula: str
    note: str
    kind: str = "first order"

    @property
    def words(self) -> str:
        """Its label with its value."""
        return f"{self.label} = {digits(self.value)}"


def animate(
    study: Study,
    *,
    folder: Path = Path(),
    at: Mapping[str, float] | None = None,
    along: str | None = None,
    between: tuple[float, float] | None = None,
    frames: int = USUAL_FRAMES,
    trust: bool = False,
) -> Animation:
    """Phase portraits of a study while one of its numbers grows, with its thresholds.

    All portraits are computed by the same compiled programs, since numbers are their arguments.

    **Arguments:** `folder` of the files that the study names; `at`, numbers held, as in
    `draw_figure`; `along`, the number that grows, default the first swept; `between`, from where
    to where, default as it is swept; `frames`, how many values, evenly spaced; `trust`, as in
    `check_study`.
    **Raises:** `InputError` for what cannot be, and for games that have no portrait: it needs two
    players with one bounded parameter each.
    **Cost:** some 0.4 s a frame on two cores, and ten seconds for compilation.
    """
    prepared = _prepared(study, folder, at or {}, along, between, frames, trust)
    (axis,) = prepared.study.axes
    portraits = []
    with progress("frames", len(axis.values)) as advance:
        for point in prepared.points:
            learning = Learning(point.learning.rule)
            try:
                found = phase_portrait(point.parametric, learning=learning, **COARSE)
            except InputError as error:
                raise InputError(
                    "an animation shows two players with one bounded parameter each; of "
                    f"{prepared.base.title}: {error}"
                ) from error
            portraits.append(found)
            advance()
    held = ", ".join(f"{axis_name(key)} = {x:g}" for key, x in held_keys(study, at or {}).items())
    name, owner = axis_name(axis.key), owner_of(prepared.study, axis.key)
    letter = symbol_of(prepared.study) if prepared.base.own_family(axis.key) else None
    return Animation(
        game=prepared.base.title,
        players=shortened_names(prepared.base.game.player_names),
        key=axis.key,
        name=name,
        symbol=name if letter is None else plain_label(letter),
        label=axis_label(axis.key, owner),
        values=axis.values,
        portraits=tuple(portraits),
        marks=_marks(prepared),
        held=f", {held}" if held else "",
    )


def _prepared(
    study: Study,
    folder: Path,
    at: Mapping[str, float],
    along: str | None,
    between: tuple[float, float] | None,
    frames: int,
    trust: bool,
) -> Prepared:
    """The study along one number, and nothing asked but thresholds."""
    if not FEWEST_FRAMES <= frames <= MOST_FRAMES:
        raise InputError(f"--frames {frames} must be from {FEWEST_FRAMES} to {MOST_FRAMES}")
    held, swept = held_keys(study, at), {axis.key: axis.values for axis in study.axes}
    key = swept_key(study, along) if along else next((k for k in swept if k not in held), None)
    if key is None:
        raise InputError("nothing is swept: say what grows, as by --along coupling --between 0 1")
    if key in held:
        raise InputError(f"{key} cannot be held and grow: leave --at {key} out")
    if key.startswith("learning.") and not is_of_rule(key):
        raise InputError(f"a phase portrait does not depend on {key}: choose another --along")
    ends = between or (swept[key][0], swept[key][-1]) if between or key in swept else None
    if ends is None or not ends[0] < ends[1]:
        said = "" if ends is None else f" {ends[0]:g} is not below {ends[1]:g}:"
        raise InputError(f"{key}:{said} say from where to where it grows, as by --between 0 1")
    sweep = {key: RangeSpec(start=ends[0], stop=ends[1], count=frames)}
    analysis = study.analysis.model_copy(update={**NOTHING_ASKED, "thresholds": True})
    cut = study_at(study, held).model_copy(update={"analysis": analysis, "sweep": sweep})
    return prepare(cut, folder, trust=trust)


def _marks(prepared: Prepared) -> tuple[Mark, ...]:
    """The thresholds between the ends, in closed form where there are any."""
    (axis,) = prepared.study.axes
    predictions, _ = predict_study(prepared)
    found, _ = markers_of(predictions, symbol_of(prepared.study))
    closed = predictions is not None and predictions.closed_form is not None
    low, high = axis.values[0], axis.values[-1]
    inside = sorted((m for m in found if low <= m.value <= high), key=lambda m: m.value)
    return tuple(
        Mark(m.value, plain_label(m.label), m.label, _how(m, closed), m.kind) for m in inside
    )


def _how(marker: Marker, closed: bool) -> str:
    """How a threshold was obtained."""
    if marker.kind == "equilibrium":
        return (
            "from there on the cooperative corner passes the boundary test, found by trying values "
            "(numerical, not proved)"
        )
    if closed and marker.within is None:
        return "predicted in closed form"
    return "measured: found by trying values"
