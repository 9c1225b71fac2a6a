"""The league of a study: runs in blocks that are kept as they finish, and what they come to."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Readable, plain
from glasshouse.dynamics.batch import stack
from glasshouse.dynamics.games import Games
from glasshouse.errors import InputError
from glasshouse.families import Setup
from glasshouse.leagues.entrants import Entrant, with_naive
from glasshouse.leagues.league import League, LeagueSetup, league_of
from glasshouse.leagues.meetings import played, standing_places
from glasshouse.leagues.meta import Choices, Leaving, choices_of, leaving_of
from glasshouse.leagues.payoffs import mean_payoffs
from glasshouse.leagues.play import how_played
from glasshouse.leagues.rating import RatedEntrant, Ratings, rate
from glasshouse.study.columns import column_array, float_column, whole_column
from glasshouse.study.setting import Prepared, Setting, changes_in_words, check_study
from glasshouse.study.sweep import alike

RUNS = "league.parquet"
BLOCKS = "league"

PAIRS_AT_A_TIME = 64
"""Pairs whose runs are kept together: enough for eight threads, and lost in an interruption."""

BESIDE = "(naive learner)"
"""In the table of runs: with whom entrants are compared, where none of them is one."""

MOST_WAYS_TOLD = 4
"""Of ways in which was learned along a sweep, so many are told."""

PAID_COLUMNS = ("payoff_player_1", "payoff_player_2")


class Block(NamedTuple):
    """Runs that are computed and kept together: `points`, places in the sweep, alike in structure;
    `rows`, which entrants meet all."""

    points: tuple[int, ...]
    rows: tuple[int, ...]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LeaguePoint(Readable):
    """The league at one point of the sweep.

    **Arguments:** `values` of the swept numbers; `league`; `ratings` by α-Rank, or None with the
    reason in `notes`; `choices`, equilibria of choosing a learner, or None; `leaving`, of each
    entrant what leaving a pair of two of it gains; `without`, who was left out of these, so that no
    run of those who are left failed.
    """

    values: dict[str, float]
    league: League
    ratings: Ratings | None
    choices: Choices | None
    leaving: tuple[Leaving, ...]
    without: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def best(self) -> tuple[str, ...]:
        """Who is rated highest, several where they tie; nobody where nobody can be rated."""
        ranking = () if self.ratings is None else self.ratings.ranking
        return next(iter(ranking), ())

    @property
    def two_of_the_best(self) -> Leaving | None:
        """What leaving the pair of two that are rated highest gains, else that are paid most."""
        name = next(iter(self.best), self.paid_most)
        return next((x for x in self.leaving if x.profile == (name, name)), None)

    @property
    def rated(self) -> dict[str, RatedEntrant]:
        """Ratings by name; of those who were left out there is none."""
        return {} if self.ratings is None else {row.entrant: row for row in self.ratings.entrants}

    @property
    def means(self) -> dict[str, float]:
        """What each is paid on average over all who are left, itself included, in both seats."""
        kept = [k for k, name in enumerate(self.league.entrants) if name not in self.without]
        found = mean_payoffs(self.league.payoffs[np.ix_(kept, kept)])
        return {self.league.entrants[k]: float(x) for k, x in zip(kept, found, strict=True)}

    @property
    def paid_most(self) -> str | None:
        """Who has the largest mean payoff of those who are left."""
        means = self.means
        return max(means, key=lambda name: means[name], default=None)

    @property
    def answers(self) -> dict[str, Any]:
        """What was found, as plain data."""
        league, ratings = self.league, self.ratings
        rating = None if ratings is None else ratings_by_key(ratings, league.entrants)
        shaping = plain(league.shaping)
        return {
            "payoffs": plain(league.payoffs),
            "interval": plain(league.interval),
            "failed": plain(league.failed),
            "shaping": {key: shaping[key] for key in ("mean", "interval", "naive")},
            "alpha_rank": rating,
            "choices": plain(self.choices),
            "leaving": plain(self.leaving),
            "without": list(self.without),
        }


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StudyLeague(Readable):
    """A league at every point of a study's sweep.

    **Arguments:** `axes`, values by key; `points`, the first axis running fastest.
    """

    axes: dict[str, tuple[float, ...]]
    points: tuple[LeaguePoint, ...]

    @property
    def first(self) -> League:
        """The league of the first point, for what is the same at all."""
        return self.points[0].league

    def to_dict(self) -> dict[str, Any]:
        """All answers, ready for JSON: of a sweep in lists over the axes, the first outermost."""
        each = [point.answers for point in self.points]
        shape = [len(values) for values in self.axes.values()]
        return {
            "entrants": list(self.first.entrants),
            "axes": {key: list(values) for key, values in self.axes.items()},
            **{key: _nested([found[key] for found in each], shape) for key in each[0]},
            "unit": self.first.unit,
            "seeds": self.first.seeds,
            "method": self.first.method,
            "detail": self.detail,
        }

    @property
    def detail(self) -> str:
        """From where and how was learned; of a sweep in how many ways, if these are many."""
        each = list(dict.fromkeys(point.league.detail for point in self.points))
        more = f"; and {len(each) - MOST_WAYS_TOLD} more" if len(each) > MOST_WAYS_TOLD else ""
        return "; ".join(each[:MOST_WAYS_TOLD]) + more


def blocks_of(prepared: Prepared) -> list[Block]:
    """All pairs at all points, in blocks that depend on the study alone."""
    everybody, _ = with_naive(prepared.entrants)
    count, seeds = len(everybody), prepared.points[0].learning.starts.runs
    most = max(1, min(prepared.study.learning.batch // seeds, PAIRS_AT_A_TIME))
    found = []
    for places in alike(prepared.points):
        if count**2 <= most:
            pieces = _pieces(places, most // count**2)
            found += [Block(points, tuple(range(count))) for points in pieces]
        else:
            pieces = _pieces(range(count), max(1, most // count))
            found += [Block((point,), rows) for point in places for rows in pieces]
    return found


def study_runs(
    prepared: Prepared, kept: Callable[[str, Callable[[], pa.Table]], pa.Table]
) -> pa.Table:
    """The payoffs of every run, from blocks that `kept(name, compute)` keeps as they finish."""
    everybody, _ = with_naive(prepared.entrants)
    count, seeds = len(everybody), prepared.points[0].learning.starts.runs
    paid = np.empty((len(prepared.points), count, count, seeds, 2))
    blocks = blocks_of(prepared)
    with progress("blocks of the league", len(blocks)) as advance:
        for k, block in enumerate(blocks):
            compute = functools.partial(_block_table, prepared.points, everybody, block)
            held = _paid(kept(f"{BLOCKS}/{k:05d}.parquet", compute))
            shape = (len(block.points), len(block.rows), *paid.shape[2:])
            paid[np.ix_(block.points, block.rows)] = held.reshape(shape)
            advance()
    names = [*(x.name for x in prepared.entrants), BESIDE][:count]
    return _runs_table(prepared, names, paid)


def study_league(prepared: Prepared, runs: pa.Table) -> StudyLeague:
    """What the runs of a league come to, at every point."""
    everybody, naive = with_naive(prepared.entrants)
    count = len(everybody)
    paid = _paid(runs).reshape(len(prepared.points), count, count, -1, 2)
    axes = {axis.key: axis.values for axis in prepared.study.axes}
    found = [_point(prepared, *pair, naive) for pair in zip(prepared.points, paid, strict=True)]
    return StudyLeague(axes, tuple(found))


def read_league(folder: str | Path, *, trust: bool = False) -> StudyLeague:
    """The league that `glasshouse run` or `glasshouse league` has written into a folder.

    Each of its `points` has a `league`, whose `paths` plays any run again.

    **Arguments:** `trust`, as in `check_study`.
    **Raises:** `InputError` where the folder holds none.
    """
    file = Path(folder) / RUNS
    if not file.is_file():
        raise InputError(f"{folder}: this folder holds no {RUNS}, as glasshouse league writes it")
    return study_league(check_study(Path(folder) / "study.toml", trust=trust), pq.read_table(file))


def league_notes(found: StudyLeague | None) -> Iterator[str]:
    """What a reader of the league should be warned of."""
    for point in () if found is None else found.points:
        yield from point.notes


@in_float64
def _block_table(points: Sequence[Setting], everybody: Sequence[Entrant], block: Block) -> pa.Table:
    chosen = [points[k] for k in block.points]
    games = Games(stack([setting.parametric for setting in chosen]), len(chosen))
    paid, _ = played(tuple(everybody), games, chosen[0].learning, block.rows)
    places = (block.points, block.rows, range(len(everybody)), range(paid.shape[3]))
    columns = np.array(list(itertools.product(*places))).T
    named = zip(("point", "row", "column", "seed"), columns, strict=True)
    return pa.table({**{name: whole_column(x) for name, x in named}, **_payoffs(paid)})


def _runs_table(prepared: Prepared, names: list[str], paid: np.ndarray) -> pa.Table:
    """A row for each run: point, who met whom, from which start, and what both were paid."""
    shape = paid.shape[:-1]
    point, row, column, seed = (x.ravel() for x in np.indices(shape))
    swept = {}
    for axis in prepared.study.axes:
        values = np.array([setting.values[axis.key] for setting in prepared.points], dtype=float)
        swept[axis.key] = float_column(values[point])
    called = column_array(names, pa.string())
    who = {
        name: pa.DictionaryArray.from_arrays(whole_column(x), called)
        for name, x in (("row", row), ("column", column))
    }
    return pa.table({**swept, **who, "seed": whole_column(seed), **_payoffs(paid)})


def _payoffs(paid: np.ndarray) -> dict[str, pa.Array]:
    """Columns of what both were paid; null where a run left the reals."""
    return {
        name: float_column(np.ascontiguousarray(paid[..., i]).ravel())
        for i, name in enumerate(PAID_COLUMNS)
    }


def _paid(table: pa.Table) -> np.ndarray:
    """What both were paid in each run, NaN where it left the reals."""
    return np.array([table.column(name).to_pylist() for name in PAID_COLUMNS], dtype=float).T


def _point(prepared: Prepared, setting: Setting, paid: np.ndarray, naive: int) -> LeaguePoint:
    entrants, learning = prepared.entrants, setting.learning
    off = standing_places(entrants, [setting.parametric]).off
    origin = LeagueSetup(entrants, Setup(setting.parametric, learning), ())
    league = league_of(origin, paid, naive, how_played(learning, off))
    without = left_out(league)
    left = [name for name in league.entrants if name not in without]
    ratings, note = _rated(prepared, setting, league, without)
    chosen = league.estimated(without) if len(left) > 1 else None
    return LeaguePoint(
        values=setting.values,
        league=league,
        ratings=ratings,
        choices=None if chosen is None else choices_of(chosen),
        leaving=() if chosen is None else tuple(leaving_of(chosen, k, k) for k in range(len(left))),
        without=without,
        notes=(*note, *_failed_notes(league, setting, without)),
    )


def left_out(league: League) -> tuple[str, ...]:
    """Whom to leave out so that no run of the others failed: always who failed most often next."""
    failed, gone = np.array(league.failed), []
    while failed.any():
        lost = failed.sum(axis=0) + failed.sum(axis=1)
        gone.append(int(np.argmax(lost)))
        failed[gone[-1], :] = failed[:, gone[-1]] = 0
    return tuple(league.entrants[k] for k in sorted(gone))


def _rated(
    prepared: Prepared, setting: Setting, league: League, without: tuple[str, ...]
) -> tuple[Ratings | None, tuple[str, ...]]:
    if len(league.entrants) - len(without) < 2:
        return None, ()
    seed, where = setting.study.learning.seed, at_values(setting.values)
    return ratings_of(league, prepared.study.league, seed, without, where)


def ratings_of(
    met: Any, asked: Any, seed: int, without: tuple[str, ...] = (), where: str = ""
) -> tuple[Ratings | None, tuple[str, ...]]:
    """Ratings of those who met, or a note why there are none.

    **Arguments:** `met`, as `rate` takes it; `asked`, `[league]` of a study: alpha, population and
    form; `where` it is, in the note.
    """
    settings = {"alpha": asked.alpha, "population": asked.population, "form": asked.form}
    try:
        return rate(met, **settings, without=without, seed=seed), ()
    except InputError as error:
        return None, (f"no α-Rank{where}: {error}",)


def _failed_notes(league: League, setting: Setting, without: tuple[str, ...]) -> Iterator[str]:
    lost = [
        f"{league.entrants[row]} against {league.entrants[column]} "
        f"({league.failed[row, column]} of {league.seeds})"
        for row, column in np.argwhere(league.failed)
    ]
    if lost:
        others = len(lost) - MOST_FAILED_NAMED
        more = f" and {others} more pair{'s' * (others > 1)}" * (others > 0)
        yield (
            f"runs left the reals{at_values(setting.values)} of "
            f"{', '.join(lost[:MOST_FAILED_NAMED])}{more}: such a pair has no mean; the others "
            f"are rated among themselves, without {', '.join(without)}"
        )


MOST_FAILED_NAMED = 4
"""Of pairs whose runs left the reals."""


def at_values(values: dict[str, float]) -> str:
    """ " at semantics.coupling = 0.3"; nothing where nothing is swept."""
    return f" at {changes_in_words(values)}" if values else ""


def ratings_by_key(ratings: Ratings, names: Sequence[str]) -> dict[str, Any]:
    """Ratings whose rows have become lists over the entrants, by key; None for who has none."""
    found = plain(ratings)
    rows = {row.pop("entrant"): row for row in found["entrants"]}
    others = {key: x for key, x in found.items() if key != "entrants"}
    keys = dict.fromkeys(key for row in rows.values() for key in row)
    return others | {key: [rows.get(name, {}).get(key) for name in names] for key in keys}


def _pieces(places: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """Places in order, in as few pieces of like length as have at most so many."""
    parts = np.array_split(np.array(places), -(-len(places) // most))
    return [tuple(part.tolist()) for part in parts]


def _nested(entries: list[Any], shape: list[int]) -> Any:
    """Entries of all points, the first axis running fastest, as lists in the order of the axes."""
    if not shape:
        return entries[0]
    first, *others = shape
    return [_nested(entries[k::first], others) for k in range(first)]
