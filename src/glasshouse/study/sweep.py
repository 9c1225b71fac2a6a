"""Compute a study: everything that is true of a game, point by point of its sweep."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import pyarrow as pa

from glasshouse.analysis.assessment import Assessment, assess, is_large_step
from glasshouse.analysis.outcomes.generic import Outcomes
from glasshouse.analysis.outcomes.periods import Periods
from glasshouse.parametric.capabilities import kinks_of
from glasshouse.parametric.measure import COOPERATION
from glasshouse.study.columns import column_array
from glasshouse.study.setting import Prepared, Setting

MOST_REST = 0.95
"""Where fewer runs are at rest, a reader is told that outcomes are not final."""


POINTS_TOGETHER = 8
"""Points computed with the study's own values, where these are no point of the sweep themselves:
as many as the smallest batch has members."""


def points_at_once(prepared: Prepared) -> int:
    """Points that are computed together: of at most `learning.batch` trajectories, at least one.

    It depends on the study alone, so that what is computed again is the same.
    """
    most = max(point.learning.starts.runs for point in (prepared.base, *prepared.points))
    return max(1, prepared.study.learning.batch // most)


class SweepPart(NamedTuple):
    """Points of a sweep that are computed together, from `first` up to `end`."""

    first: int
    end: int


def sweep_parts(prepared: Prepared) -> list[SweepPart]:
    """All parts; what one holds depends on the study alone."""
    size, points = points_at_once(prepared), len(prepared.points)
    return [SweepPart(k, min(k + size, points)) for k in range(0, points, size)]


def most_players(prepared: Prepared) -> int:
    """The most that play at any point of the sweep."""
    return max(point.game.players for point in prepared.points)


def compute_part(
    settings: Sequence[Setting], players: int, own: "OwnValues | None" = None
) -> pa.Table:
    """One row per point, in their order.

    **Arguments:** `players`, the most that any point of the sweep has: the columns are for them;
    `own`, who is to see what is computed.
    """
    found: list[dict[str, Any]] = [{}] * len(settings)
    for places in alike(settings):
        group = [settings[k] for k in places]
        for k, assessment in zip(places, assess_settings(group), strict=True):
            found[k] = {**settings[k].values, **_row(assessment, players)}
            if settings[k].study.analysis.observe != COOPERATION:
                found[k] |= _observed(assessment.generic, players)
            if settings[k].study.analysis.cycles:
                found[k] |= _periods(assessment.periods)
            if own is not None:
                own.see(settings[k], assessment)
    return _table(found)


def assess_settings(settings: Sequence[Setting]) -> list[Assessment]:
    """What is true at settings that differ only in numbers of game and semantics."""
    first = settings[0]
    analysis = first.study.analysis
    return assess(
        [setting.parametric for setting in settings],
        learning=first.learning,
        **analysis.wanted,
        observe=first.observable or analysis.observe,
        cycles=analysis.cycles,
    )


class OwnValues:
    """What is true at the study's own values, taken from the sweep where they are a point of it.

    It is the same whether or not the sweep was computed before: what was not seen is computed among
    the same points.
    """

    def __init__(self, prepared: Prepared):
        self._prepared = prepared
        self._seen: Assessment | None = None

    def see(self, point: Setting, assessment: Assessment) -> None:
        """Keep what was found at a point, if it has the study's own values."""
        if self._seen is None and _same(point, self._prepared.base):
            self._seen = assessment

    def assessment(self) -> Assessment:
        """What is true at them."""
        return self._seen or self._computed()

    def _computed(self) -> Assessment:
        base = self._prepared.base
        for first, end in sweep_parts(self._prepared):
            part = self._prepared.points[first:end]
            place = next((k for k, point in enumerate(part) if _same(point, base)), None)
            if place is not None:
                (places,) = (places for places in alike(part) if place in places)
                return assess_settings([part[k] for k in places])[places.index(place)]
        # Among a few points, so that what has been compiled for the sweep serves here too.
        same = [p for p in self._prepared.points[:POINTS_TOGETHER] if _kind(p) == _kind(base)]
        others = min(POINTS_TOGETHER, points_at_once(self._prepared)) - 1
        return assess_settings([base, *same[:others]])[0]


def sweep_notes(prepared: Prepared, table: pa.Table) -> Iterator[str]:
    """What a reader of the sweep should be warned of."""
    points = len(prepared.points)
    jumping = [p for p in prepared.points if is_large_step(p.parametric, p.learning.largest_step)]
    if jumping and prepared.study.analysis.outcomes:
        yield (
            f"at {len(jumping)} of {points} points the step size is large for the payoffs, and "
            "learning may jump across rest points: lower learning.step_size"
        )
    lost = table.column("first_movement").to_pylist().count("not finite")
    if lost:
        yield (
            f"at {lost} of {points} points the first movement has no finite rate: what is read is "
            "no smooth function of the parameters there, such as a norm or a deviation of zeros"
        )
    rests = [share for share in table.column("at_rest_share").to_pylist() if share is not None]
    moving = sum(share < MOST_REST for share in rests)
    if moving and kinks_of(prepared.base.parametric):
        yield "outcomes are where runs stood after the steps taken: none counts as being at rest"
    elif moving:
        yield (
            f"at {moving} of {points} points fewer than {MOST_REST:.0%} of the runs had come to "
            "rest: their outcomes are where they stood after the steps taken, which raising "
            "learning.steps may change"
        )
    undecided = table.column("boundary_passes").to_pylist().count(None)
    if 0 < undecided < points:
        yield f"the boundary test is undecided or does not apply at {undecided} of {points} points"


def _same(point: Setting, base: Setting) -> bool:
    """Whether a point has the study's own values: parts that are equal have been built once."""
    return point.parametric is base.parametric and point.learning is base.learning


def _kind(setting: Setting) -> tuple:
    """What settings must have in common to be computed together."""
    leaves, structure = jax.tree.flatten(setting.parametric)
    return setting.study.learning, structure, [np.shape(x) for x in leaves]


def alike(settings: Sequence[Setting]) -> list[list[int]]:
    """Which settings can be computed together, wherever they stand in the sweep."""
    kinds: list[tuple] = []
    groups: list[list[int]] = []
    known: dict[tuple, int] = {}
    for k, setting in enumerate(settings):
        kind = _kind(setting)
        # Learning is built once for each of its values, and is not compared point by point.
        key = id(kind[0]), kind[1], tuple(kind[2])
        if key not in known:
            same = [n for n, other in enumerate(kinds) if other == kind]
            known[key] = same[0] if same else len(groups)
            if not same:
                kinds.append(kind)
                groups.append([])
        groups[known[key]].append(k)
    return groups


def _row(a: Assessment, players: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "first_movement_margin": a.first_movement.margin,
        "first_movement": a.first_movement.direction,
        "tied_cooperation": a.tied.cooperation if a.tied else None,
        "tied_converged": a.tied.converged if a.tied else None,
        "tied_predicted": a.tied.predicted if a.tied else None,
    }
    generic = a.generic
    for name in ("cooperation", "exploitation", "defection", "at_rest"):
        share = getattr(generic, name) if generic else None
        row[f"{name}_share"] = share.value if share else None
        row[f"{name}_low"], row[f"{name}_high"] = share.interval if share else (None, None)
    exploited = [share.value for share in generic.exploited] if generic else []
    row |= _by_player("exploited_share", exploited, players)
    row["mean_cooperation"] = generic.mean_cooperation if generic else None
    row |= _by_player("payoff", generic.payoffs if generic else (), players)
    row["welfare"] = math.fsum(generic.payoffs) if generic else None
    row["not_finite"] = generic.not_finite if generic else None
    test = a.boundary
    row["boundary_gain"] = max(d.gain for d in test.deviations) if test else None
    row["boundary_passes"] = test.passes if test and test.cooperative else None
    return row


def _observed(generic: Outcomes | None, players: int) -> dict[str, Any]:
    found = None if generic is None else generic.observed
    each = () if found is None else found.players
    mean = None if found is None else found.mean
    ends = (
        {}
        if found is None or not found.unit
        else {"observed_low": found.low, "observed_high": found.high}
    )
    return {"observed_mean": mean, **ends, **_by_player("observed", each, players)}


def _periods(found: Periods | None) -> dict[str, Any]:
    if found is None:
        return {}
    kinds = ("corner", "cycle", "chaotic", "moving")
    shares = {f"{x}_share": getattr(found, x).value for x in kinds}
    period = None if found.period is None else float(found.period)
    return {**shares, "period": period, "exponent": found.exponent}


def _by_player(name: str, values: Sequence[float], players: int) -> dict[str, float | None]:
    found = [*values, *itertools.repeat(None, players - len(values))]
    return {f"{name}_player_{i + 1}": value for i, value in enumerate(found)}


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table whose column types do not depend on the game; missing numbers are null."""
    columns = {name: [_missing(row[name]) for row in rows] for name in rows[0]}
    return pa.table({name: column_array(column, _type(name)) for name, column in columns.items()})


def _type(column: str) -> pa.DataType:
    if column in ("tied_converged", "boundary_passes"):
        return pa.bool_()
    return {"first_movement": pa.string(), "not_finite": pa.int64()}.get(column, pa.float64())


def _missing(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
