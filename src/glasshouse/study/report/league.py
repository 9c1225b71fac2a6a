"""Who met whom: payoffs, ratings, the shaping measure, and the game of choosing a learner."""

import math
from collections.abc import Iterator

from markupsafe import Markup

from glasshouse.games.repeated import PAYOFF_UNITS
from glasshouse.leagues.meta import Departure, Leaving
from glasshouse.leagues.rating import RatedEntrant
from glasshouse.study.league import LeaguePoint, StudyLeague
from glasshouse.study.report.blocks import (
    DASH,
    Items,
    ScrolledTable,
    element,
    number_markup,
    percent,
    preformatted,
    quiet,
)
from glasshouse.study.report.compared import MEAN_DIGITS
from glasshouse.study.report.figures import spread
from glasshouse.study.words.league import (
    leaving_words,
    mixed_choice_words,
    pair_words,
    pairs_nobody_leaves,
    rated_words,
    shaping_words,
    where_met,
)
from glasshouse.study.words.names import upper

MOST_ACROSS = 24
"""Entrants whose payoffs are shown as a table; of more they are in the table of all cells."""

MOST_POINTS_SHOWN = 12
"""Of the points of a sweep, so many are shown in full."""

MEASURE_DIGITS = 3


def met(found: StudyLeague | None) -> Iterator[object]:
    """What the league found, point by point; and how to see more of it."""
    if found is None:
        return
    chosen = spread(len(found.points), MOST_POINTS_SHOWN)
    for k in chosen:
        point = found.points[k]
        if len(found.points) > 1:
            yield element("h3", upper(where_met(point).strip()))
            said = (rated_words(point), leaving_words(point), shaping_words(point))
            yield Items("claims", tuple(f"{upper(x)}." for x in said if x))
        yield from _point(point)
    if len(chosen) < len(found.points):
        yield quiet(
            "{} of {} points; all are in tables/league.csv.", len(chosen), len(found.points)
        )
    yield from _explained(found)


def _point(point: LeaguePoint) -> Iterator[object]:
    if len(point.league.entrants) <= MOST_ACROSS:
        yield _payoffs(point)
    yield _entrants(point)
    rows = list(_pairs(point))
    if rows:
        titles = (
            "Pair",
            "Payoffs",
            "Estimated equilibrium",
            "Best departure",
            "It gains",
            "Verdict",
        )
        kinds = {"Pair": "what", "Payoffs": "n", "It gains": "n"}
        columns = [(title, kinds.get(title)) for title in titles]
        yield ScrolledTable.of("Choosing a learner", columns, rows, kind="stack")
    if said := mixed_choice_words(point):
        yield quiet("Of the estimated table, {}.", said)


def _payoffs(point: LeaguePoint) -> ScrolledTable:
    """What the row is paid against the column, with half of its interval."""
    league = point.league
    columns = [("Paid, against", "what"), *((name, "n") for name in league.entrants)]
    rows = [
        (name, *(_cell(point, row, column) for column in range(len(league.entrants))))
        for row, name in enumerate(league.entrants)
    ]
    return ScrolledTable.of("Payoff of the row against the column", columns, rows)


def _cell(point: LeaguePoint, row: int, column: int) -> Markup:
    league = point.league
    if league.failed[row, column]:
        return Markup("failed {} of {}").format(int(league.failed[row, column]), league.seeds)
    mean, (_, high) = league.payoffs[row, column, 0], league.interval[row, column, 0]
    return Markup("{} ± {}").format(
        number_markup(float(mean), MEAN_DIGITS), number_markup(float(high - mean), 2)
    )


def _entrants(point: LeaguePoint) -> ScrolledTable:
    """Ratings, mean payoffs and the shaping measure of each entrant."""
    titles = (
        "Entrant",
        *RATED,
        "Mean payoff",
        "Others gain by meeting it",
        "95 % interval of that",
    )
    columns = [(title, "n" if k else "what") for k, title in enumerate(titles)]
    measure, rows = point.league.shaping, []
    for k, name in enumerate(point.league.entrants):
        rating = _rating(point, name)
        gained = number_markup(float(measure.mean[k]), MEASURE_DIGITS, sign=True)
        rows.append((name, *rating, gained, _ends(measure.interval[k].tolist())))
    return ScrolledTable.of("Entrants", columns, rows, kind="stack")


def _rating(point: LeaguePoint, name: str) -> tuple[object, ...]:
    mean, row = number_markup(point.means.get(name), MEAN_DIGITS), point.rated.get(name)
    if row is None:
        return ("left out" if name in point.without else DASH, DASH, DASH, DASH, mean)
    return (*rating_cells(row), mean)


RATED = ("α-Rank", "95 % interval", "Rank", "Highest in resamples")
"""What `rating_cells` are."""


def rating_cells(row: RatedEntrant) -> tuple[object, ...]:
    """The rating of one, its interval, its rank, and how often it is rated highest."""
    ends = DASH if row.interval is None else _ends(row.interval)
    rating = "not rated" if row.rank is None else number_markup(row.rating, MEASURE_DIGITS)
    return rating, ends, number_markup(row.rank), percent(row.first)


def _ends(interval: tuple[float, float] | list[float]) -> Markup:
    if any(math.isnan(end) for end in interval):
        return DASH
    low, high = (number_markup(float(end), MEASURE_DIGITS) for end in interval)
    return Markup("{} to {}").format(low, high)


def _pairs(point: LeaguePoint) -> Iterator[tuple[object, ...]]:
    """Two of each entrant, and other pairs that nobody leaves."""
    if point.choices is None:
        return
    names = pairs_nobody_leaves(point)
    pure = {pair_words(one.profile): one for one in point.choices.pure}
    twins = {pair_words(one.profile): one for one in point.leaving}
    for name, found in (twins | {name: pure[name] for name in names}).items():
        yield _pair(found, "yes" if name in names else "no")


def _pair(found: Leaving, is_one: str) -> tuple[object, ...]:
    best: Departure | None = next(iter(found.departures), None)
    both = number_markup(list(found.payoffs), MEAN_DIGITS)
    name = pair_words(found.profile)
    if best is None:
        return name, both, is_one, DASH, DASH, found.verdict
    whose = "" if best.player is None else f"player {best.player}, "
    gain = Markup("{} ± {}").format(
        number_markup(best.gain, MEASURE_DIGITS, sign=True), number_markup(best.error, 2)
    )
    return name, both, is_one, f"{whose}to {best.to}", gain, found.verdict


def _explained(found: StudyLeague) -> Iterator[object]:
    first = found.first
    ratings = found.points[0].ratings
    settings = ""
    if ratings is not None and ratings.alpha is not None:
        settings = f" of {ratings.played_by}, α = {ratings.alpha:.4g} ({ratings.alpha_rule})"
    counted = "" if first.unit is None else f" (steps count {PAYOFF_UNITS[first.unit]})"
    yield quiet(
        "Payoffs are per round{}, means over {} starts, the same for every pair, ± half of the "
        "95 % interval by Student's t. A pair any of whose runs left the reals has no mean, and is "
        "in none. <em>α-Rank</em>{}: the share of time that an entrant is played where rare "
        "mutants take over whom they are paid more than; intervals are of starts drawn again. "
        "<em>Others gain by meeting it</em>: what all others are paid on average against the "
        "entrant less what they are paid against {}, from the same start. "
        "<em>Choosing a learner</em>: equilibria of "
        "the estimated table, not of the true one; a departure gains ± its standard error, "
        "“gains” and “nobody gains” mean beyond three of them.",
        counted,
        first.seeds,
        settings,
        first.shaping.naive,
    )
    row, column = first.entrants[0], first.entrants[-1]
    yield element("p", "To see how a pair learns, in Python, in the folder of this report:")
    yield preformatted(
        "from glasshouse.study import read_league\n\n"
        'league = read_league(".").points[0].league\n'
        f"league.paths({row!r}, {column!r}, seed=0).path",
    )
