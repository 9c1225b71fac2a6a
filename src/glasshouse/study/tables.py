"""The tables of a computed study, each for a paper, a spreadsheet and a program."""

from collections.abc import Mapping
from typing import Any

from glasshouse._foundation.results import plain
from glasshouse._foundation.tabular import ShownTable, shown_table
from glasshouse.games.stochastic.league import StepLeague
from glasshouse.leagues.league import League
from glasshouse.study.computed import Computed
from glasshouse.study.folder import RunFolder
from glasshouse.study.league import StudyLeague
from glasshouse.study.words.names import axis_name

EXPORTED = "tables"
"""The folder of tables, in that of a study."""

MOST_ROWS_EXPORTED, MOST_ROWS_ON_PAPER = 100_000, 1_000
"""Of tables as CSV, and as LaTeX; `sweep.parquet` has all."""

SWEPT_COLUMNS = {
    "first_movement_margin": "margin of first movement (per unit time)",
    "first_movement": "first movement",
    "tied_cooperation": "cooperation, tied learning",
    "cooperation_share": "share: all cooperate",
    "exploitation_share": "share: some exploit others",
    "defection_share": "share: nobody cooperates",
    "mean_cooperation": "mean cooperation",
    "welfare": "welfare (payoff)",
    "observed_mean": "mean of the observable",
    "boundary_gain": "gain at the corner (payoff)",
    "boundary_passes": "corner passes",
}
"""Columns of the sweep that people are shown; those in which nothing stands are left out."""

CERTIFIED = {
    "name": "point",
    "certificate_params": "θ",
    "cooperation": "cooperation of player",
    "certificate_verdict": "verdict",
    "certificate_epsilon": "ε (payoff)",
    "gain_lower": "best gain at least (payoff)",
    "gain_upper": "best gain at most (payoff)",
}


def export_tables(folder: RunFolder, tables: Mapping[str, ShownTable]) -> None:
    """Write each as CSV and, where a page could hold it, as LaTeX."""
    for name, shown in tables.items():
        folder.write(f"{EXPORTED}/{name}.csv", shown.csv().encode())
        if len(shown.records) <= MOST_ROWS_ON_PAPER:
            folder.write(f"{EXPORTED}/{name}.tex", shown.latex().encode())


def study_tables(result: Computed) -> dict[str, ShownTable]:
    """All tables of a study that have a row, by name.

    `game`, one row for each profile of a game that is played once or again; `sweep`; `switches`;
    `slices`; `comparison`; `certificates`; `equilibria`; `curve` of the equilibrium threshold;
    `branches_1` and so on; `league`, `league_entrants`, `league_choices` and, of one league, the
    `league_matrix` of mean payoffs.
    """
    found = {
        "slices": _of(result.slices),
        "certificates": shown_table(map(_certified, result.certificates), CERTIFIED),
    }
    game = result.prepared.base.game
    if game.tensor[0].size <= MOST_ROWS_EXPORTED:
        found["game"] = game.as_table
    if result.table.num_rows <= MOST_ROWS_EXPORTED and not result.compares_only:
        found["sweep"] = swept(result)
    held: dict[str, Any] = {
        "switches": result.predictions,
        "comparison": result.comparison,
        "equilibria": None if result.survey is None else result.survey.equilibria,
        "curve": result.curve,
        **{f"branches_{k}": branch for k, branch in enumerate(result.branches, start=1)},
    }
    found |= {name: x.as_table for name, x in held.items() if x is not None}
    if result.league is not None:
        found |= league_tables(result.league)
    return {name: table for name, table in found.items() if table.records}


def swept(result: Computed) -> ShownTable:
    """The sweep, one row for each of its points."""
    axes = {axis.key: axis_name(axis.key) for axis in result.axes}
    rows = result.table.to_pylist()
    there = {key for row in rows for key, value in row.items() if value is not None}
    shown = {key: words for key, words in (axes | SWEPT_COLUMNS).items() if key in there}
    return shown_table(rows, shown)


def _of(rows: tuple[Any, ...]) -> ShownTable:
    return shown_table(map(plain, rows), type(rows[0]).HEADINGS if rows else None)


def _certified(point: Any) -> Mapping[str, Any]:
    """A point with the gain that its verdict is about."""
    return {**plain(point), "gain": plain(point.gain)}


ENTRANTS = {
    "entrant": "entrant",
    "rating": "α-Rank",
    "rank": "rank",
    "mean_payoff": "mean payoff (per round)",
    "shaping": "others gain (per round)",
    "shaping_interval": "95 % interval (per round)",
}
"""Columns of the entrants of a league."""

CHOICES = {
    "row": "row",
    "column": "column",
    "equilibrium": "pure equilibrium",
    "player": "player",
    "to": "leaves for",
    "gain": "gain (per round)",
    "error": "standard error (per round)",
    "verdict": "verdict",
}
"""Columns of pairs of a league and of what leaving them gains."""


def league_tables(found: StudyLeague) -> dict[str, ShownTable]:
    """Of a league all pairs, all entrants, and every departure from two of one and from pairs
    that are equilibria; the swept numbers come first."""
    swept = {key: axis_name(key) for key in found.axes}
    cells, entrants, choices = [], [], []
    for point in found.points:
        cells += [{**point.values, **cell} for cell in point.league.cells]
        shaping = point.league.shaping
        for k, name in enumerate(point.league.entrants):
            row = point.rated.get(name)
            rating = {"mean_payoff": point.means.get(name)} if row is None else plain(row)
            measured = {"shaping": shaping.mean[k], "shaping_interval": shaping.interval[k]}
            entrants.append(plain({**point.values, "entrant": name, **rating, **measured}))
        pure = () if point.choices is None else point.choices.pure
        is_pure = {one.profile for one in pure}
        left = [one for one in point.leaving if one.profile not in is_pure]
        for one in (*left, *pure):
            about = {"row": one.profile[0], "column": one.profile[1]}
            about |= {"equilibrium": one.profile in is_pure, "verdict": one.verdict}
            choices += [{**point.values, **about, **plain(x)} for x in one.departures]
    headings = dict(type(found.first).HEADINGS)
    return {
        "league": shown_table(map(plain, cells), swept | headings),
        "league_entrants": shown_table(entrants, swept | ENTRANTS),
        "league_choices": shown_table(choices, swept | CHOICES),
        **({} if swept else {"league_matrix": paid_matrix(found.first)}),
    }


def paid_matrix(league: League | StepLeague) -> ShownTable:
    """What the row is paid against the column, as papers set it."""
    first = "paid against"
    shown = {first: first} | {name: name for name in league.entrants}
    rows = zip(league.entrants, league.payoffs[..., 0].tolist(), strict=True)
    return shown_table(
        ({first: name, **dict(zip(league.entrants, paid, strict=True))} for name, paid in rows),
        shown,
    )
