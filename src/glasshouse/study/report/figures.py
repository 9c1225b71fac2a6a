"""The figures of a study, each with what it shows in words and how it was obtained."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import style

from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.equilibrium.deviations import upper_corner
from glasshouse.analysis.equilibrium.reduction import reduction
from glasshouse.analysis.phase.portrait import Portrait
from glasshouse.analysis.proofs import most_frequent
from glasshouse.games.labels import shortened_names
from glasshouse.parametric import Params
from glasshouse.parametric.observable import Observable
from glasshouse.plots._names import in_figure, name_in_figure
from glasshouse.plots._palette import TEXT
from glasshouse.plots.branches import plot_branches
from glasshouse.plots.comparison import plot_comparison
from glasshouse.plots.coupling import (
    mark_thresholds,
    plot_coupling,
    plot_outcome_shares,
    plot_tied_branch,
)
from glasshouse.plots.deviation import curve_window, plot_deviation_curve
from glasshouse.plots.equilibrium import plot_equilibrium_thresholds
from glasshouse.plots.feasible import plot_feasible_set
from glasshouse.plots.league import plot_league
from glasshouse.plots.observed import plot_observed
from glasshouse.plots.outcome_map import LINES, QUANTITIES, plot_outcome_map
from glasshouse.plots.phase import plot_portrait
from glasshouse.study.report.endings import ending_figures
from glasshouse.study.report.finished import DPI, StudyFigure, finished_figure
from glasshouse.study.report.maps import map_figures
from glasshouse.study.report.markers import markers_of, owner_of, symbol_of
from glasshouse.study.result import StudyResult
from glasshouse.study.words.compared import comparison_words, quantity_words
from glasshouse.study.words.equilibria import branch_claims
from glasshouse.study.words.league import league_words, where_met
from glasshouse.study.words.leaving import boundary_words, deviation_words, rest_deviation_words
from glasshouse.study.words.names import (
    acts_called,
    at_own_values,
    axis_name,
    basins_called,
    players_called,
    upper,
)
from glasshouse.study.words.page import (
    along_words,
    curve_words,
    map_words,
    observed_map_words,
    observed_words,
    portrait_words,
    sheets,
)
from glasshouse.study.words.signs import BRANCH_SIGNS, FEASIBLE_SIGNS, portrait_signs

SAME_GAIN = 1e-9
"""Players whose gains differ by no more than this share gain the same: the first stands for all."""


MOST_LEAGUES = 3
"""Of the points of a sweep of a league, so many are drawn."""


def study_figures(result: StudyResult, styles: Sequence[Any] = ()) -> tuple[StudyFigure, ...]:
    """Every figure that the result has the numbers for.

    **Arguments:** `styles`, style sheets of Matplotlib that come after its defaults.
    **Returns:** "comparison" of learners, "league" ("league_1", … over a sweep), "coupling" along
    one axis, "map" over two or "map_1", "map_2", … over more (of a map of outcomes also
    "map_along_1", …), "endings" of finite steps (or "endings_1", …), "portrait", "deviation",
    "deviation_rest", "equilibrium", "feasible" and "branches_1", … of the axes along which rest
    points are followed, in this order. They do not depend on the user's Matplotlib settings.
    """
    with style.context(["default", *styles, {"figure.dpi": DPI}]):
        along = [_along(result)] if len(result.axes) == 1 else []
        swept = _maps(result) if len(result.axes) > 1 else along
        found = [
            _compared(result),
            *_leagues(result),
            *map_figures(result),
            *swept,
            *ending_figures(result),
            _portrait(result),
            _deviation(result),
        ]
        found.append(_rest_deviation(result, corner_shown=found[-1] is not None))
        found += [_equilibrium(result), _feasible(result), *_branches(result)]
        return tuple(figure for figure in found if figure is not None)


def _compared(result: StudyResult) -> StudyFigure | None:
    """How the learners fare that the study compares."""
    comparison = result.comparison
    if comparison is None:
        return None
    rows = comparison.rows
    ax = plot_comparison(
        [row.name for row in rows],
        [row.mean for row in rows],
        [row.interval for row in rows],
        [None if row.reference is None else row.reference.mean for row in rows],
        reference_intervals=[r.reference and r.reference.interval for r in rows],
        quantity=in_figure(quantity_words(comparison, shortened_names(players_called(result)))),
        threshold=comparison.threshold,
    )
    words = comparison_words(comparison, players_called(result))
    return StudyFigure("comparison", *words, figure=finished_figure(ax))


def _leagues(result: StudyResult) -> Iterator[StudyFigure]:
    """Who is paid what against whom; of a sweep at some of its points, both ends among them."""
    points = () if result.league is None else result.league.points
    shown = [points[k] for k in spread(len(points), MOST_LEAGUES)]
    for k, point in enumerate(shown, start=1):
        league, at = point.league, where_met(point)
        ax = plot_league(
            league.entrants, league.payoffs[..., 0], league.failed, starts=league.seeds
        )
        if len(points) > 1:
            ax.set_title(at.strip(), fontsize=TEXT)
        words = league_words(point, at)
        name = "league" if len(points) == 1 else f"league_{k}"
        yield StudyFigure(name, *words, figure=finished_figure(ax))


def _along(result: StudyResult) -> StudyFigure | None:
    """Tied branch and outcomes along the only axis, as far as they were asked for."""
    (axis,) = result.axes
    if result.observable is not None:
        return _observed(result, result.observable)
    columns, symbol = result.columns(), symbol_of(result.prepared.study)
    marks, unmarked = markers_of(result.predictions, symbol)
    x, owner = columns[axis.key], owner_of(result.prepared.study, axis.key)
    marks = [mark for mark in marks if x.min() <= mark.value <= x.max()]  # words say what is drawn
    tied, outcomes = (
        _has_numbers(columns, name) for name in ("tied_cooperation", "cooperation_share")
    )
    acts = acts_called(result)
    if outcomes:
        if tied:
            panels = plot_coupling(x, columns, marks, key=axis.key, owner=owner, acts=acts)
        else:
            panels = (plot_outcome_shares(x, columns, key=axis.key, owner=owner),)
            mark_thresholds(panels, x, marks)
    elif tied:
        panels = (plot_tied_branch(x, columns, key=axis.key, owner=owner, acts=acts),)
        mark_thresholds(panels, x, marks)
    else:
        return None
    if result.repeated and tied:
        rate = "cooperation" if acts == "cooperating" else in_figure(acts)
        panels[0].set_ylabel(f"discounted rate of {rate}", fontsize=TEXT)
    words = along_words(result, marks, unmarked)
    return StudyFigure("coupling", *words, figure=finished_figure(panels[0]))


def _observed(result: StudyResult, seen: Observable) -> StudyFigure | None:
    """What is looked at in place of cooperation, along the only axis."""
    (axis,), columns = result.axes, result.columns()
    if not _has_numbers(columns, "observed_mean"):
        return None
    called = {"words": seen.words, "names": players_called(result)}
    owner = owner_of(result.prepared.study, axis.key)
    ax = plot_observed(axis.values, columns, key=axis.key, owner=owner, **called)
    return StudyFigure("coupling", *observed_words(result, seen), figure=finished_figure(ax))


def _maps(result: StudyResult) -> list[StudyFigure]:
    """Outcomes over the first two axes; of more, at several values of the others."""
    first, second = result.axes[:2]
    columns, study = result.columns(), result.prepared.study
    seen = result.observable
    if seen is not None:
        columns = {name: x for name, x in columns.items() if name == "observed_mean"}
    names = QUANTITIES if seen is None else columns
    quantity = next((name for name in names if _has_numbers(columns, name)), None)
    if quantity is None:
        return []
    found, drawn = [], sheets(result)
    for k, sheet in enumerate(drawn):
        lines = {
            name: [getattr(line, name) for line in result.slices[sheet.slices]] for name in LINES
        }
        ax = plot_outcome_map(
            first.values,
            second.values,
            {name: column[sheet.rows] for name, column in columns.items()},
            quantity=quantity,
            label=None if seen is None else in_figure(f"mean {seen.words}"),
            lines=lines,
            keys=(first.key, second.key),
            owners=(owner_of(study, first.key), owner_of(study, second.key)),
        )
        name = "map"
        if sheet.at:
            name = f"map_{k + 1}"
            ax.set_title(f"at {sheet.at}", fontsize=TEXT)
        if seen is None:
            words = map_words(result, quantity, sheet)
        else:
            words = observed_map_words(result, seen, sheet)
        found.append(StudyFigure(name, *words, figure=finished_figure(ax)))
    return found


def _portrait(result: StudyResult) -> StudyFigure | None:
    portrait: Portrait | None = result.portrait
    if portrait is None:
        return None
    names = players_called(result)
    basins = basins_called(result)
    does = "cooperate" if result.observable is None else f"do their part of {basins[0]}"
    found = None if result.survey is None else result.survey.equilibria
    signs = portrait_signs(portrait, found, names, does)
    words = portrait_words(portrait, at_own_values(result), basins, does, signs)
    profiles = None if result.observable is None else list(map(in_figure, basins))
    ax = plot_portrait(portrait, equilibria=found, names=names, profiles=profiles)
    return StudyFigure("portrait", *words, figure=finished_figure(ax))


def _deviation(result: StudyResult) -> StudyFigure | None:
    """The curve of the player who gains most by leaving the cooperative corner alone."""
    test = result.base.boundary
    if test is None or not test.cooperative:
        return None
    most = max(deviation.gain for deviation in test.deviations)
    if not all(np.isfinite(deviation.gain) for deviation in test.deviations):
        return None
    largest = next(d for d in test.deviations if d.gain >= most * (1 - SAME_GAIN))
    reduced = reduction(result.prepared.base.parametric)
    game = reduced.game
    point = next((point for point in result.certificates if point.corner), None)
    if point is not None and any(len(own) != 1 for own in point.certificate.params):
        point = None  # its profile is none of the reduced game's
    certificate = None if point is None else point.certificate
    corner = upper_corner(game)
    names = players_called(result)
    ax = plot_deviation_curve(game, corner, largest.player, certificate=certificate, names=names)
    if reduced.direction is not None:
        who, symbol = name_in_figure(largest.player, names), f"\\theta_{{{largest.player + 1}}}"
        ax.set_xlabel(f"parameters of {who} as one number, ${symbol}$: times $w$")
    gains = largest.gain > test.tolerance * float(game.game.payoff_ranges[largest.player])
    title, alt = deviation_words(largest, test, gains, at_own_values(result), point, names)
    caption = boundary_words(test, gains, point)
    return StudyFigure("deviation", title, alt, caption, finished_figure(ax))


def _rest_deviation(result: StudyResult, corner_shown: bool) -> StudyFigure | None:
    """The curve of the most frequent rest point, unless that is the corner, which has one."""
    reached = [point for point in result.certificates if point.reached is not None]
    point = most_frequent(tuple(x for x in reached if x.reached and x.reached.at_rest))
    if point is None or point.reached is None or (point.corner and corner_shown):
        return None
    game, player = result.prepared.base.parametric, point.gain.player
    if len(point.certificate.params[player]) != 1:
        return None
    params, proof = point.reached.params, point.certificate
    names = players_called(result)
    ax = plot_deviation_curve(game, params, player, certificate=proof, names=names)
    ((low, high),) = proof.document.problem.boxes[player]
    bounded = np.isfinite(low) and np.isfinite(high)
    window = None if bounded else curve_window(game, params, player, proof)
    words = rest_deviation_words(point, at_own_values(result), window, names)
    return StudyFigure("deviation_rest", *words, figure=finished_figure(ax))


def _equilibrium(result: StudyResult) -> StudyFigure | None:
    """The equilibrium threshold against the bound, where some bound has one."""
    curve = result.curve
    if curve is None or not any(threshold.bracket for threshold in curve.thresholds):
        return None
    brackets = [threshold.bracket or (np.nan, np.nan) for threshold in curve.thresholds]
    ax = plot_equilibrium_thresholds(curve.bounds, brackets, curve.limits)
    return StudyFigure("equilibrium", *curve_words(curve), figure=finished_figure(ax))


def _feasible(result: StudyResult) -> StudyFigure | None:
    """What two players can be paid, with equilibria and where learning ends."""
    survey = result.survey
    if survey is None or survey.feasible is None or survey.feasible.payoffs is None:
        return None
    found = survey.equilibria
    points = [] if found is None else [point.payoffs for point in found.points]
    ends = [] if survey.selection is None else survey.selection.paid
    names = players_called(result)
    ax = plot_feasible_set(survey.feasible, points, ends, names=names)
    least = " and ".join(f"{x:.4g}" for x in survey.feasible.minimax)
    title = f"What both can be paid{at_own_values(result)}"
    alt = (
        f"The convex hull of the game's payoffs, shaded where {names[0]} and {names[1]} are paid "
        f"at least the minimax, {least}; {len(points)} equilibria are marked, and the payoffs of "
        f"{len(ends)} runs where learning ends."
    )
    caption = f"{FEASIBLE_SIGNS} {upper(survey.feasible.detail)}."
    return StudyFigure("feasible", title, alt, caption, finished_figure(ax))


def _proved_range(result: StudyResult, key: str) -> list[tuple[tuple[float, float], Params]]:
    """From where to where along an axis the cooperative corner is proved to be an equilibrium."""
    predictions = result.predictions
    found = None if predictions is None or predictions.key != key else predictions.equilibrium
    if not isinstance(found, CertifiedThreshold) or found.certified is None:
        return []
    (axis,) = result.axes
    begin = found.lowest if found.bracket is None else found.bracket[1]
    ends = max(begin, axis.values[0]), min(found.highest, axis.values[-1])
    return [(ends, upper_corner(result.prepared.base.parametric))] if ends[0] < ends[1] else []


def _branches(result: StudyResult) -> Iterator[StudyFigure]:
    """The diagram of rest points along each axis that they are followed along."""
    for k, followed in enumerate(result.branches, start=1):
        if not followed.points:
            continue
        symbol = symbol_of(result.prepared.study)
        marks = markers_of(result.predictions, symbol)[0] if len(result.axes) == 1 else []
        proved = _proved_range(result, followed.axis)
        ax = plot_branches(
            followed,
            thresholds=marks,
            certified=proved,
            names=players_called(result),
            acts=acts_called(result, player=0),
        )
        name = axis_name(followed.axis)
        alt = " ".join(branch_claims([followed])) + " Solid lines attract, dashed ones repel."
        title = f"Rest points of selfish learning along {name}"
        caption = f"{BRANCH_SIGNS} {upper(followed.detail)}."
        yield StudyFigure(f"branches_{k}", title, alt, caption, finished_figure(ax))


def _has_numbers(columns: dict[str, np.ndarray], name: str) -> bool:
    return name in columns and bool(np.isfinite(np.asarray(columns[name], dtype=float)).any())


def spread(count: int, most: int) -> list[int]:
    """At most so many indices, evenly spread, both ends included."""
    return sorted({round(x) for x in np.linspace(0, count - 1, min(count, most)).tolist()})
