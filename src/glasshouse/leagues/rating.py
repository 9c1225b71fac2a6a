"""Ratings of learners and strategies by what they were paid when they met."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool

from glasshouse._foundation.digits import share_ends
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import whole
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError, near_miss
from glasshouse.leagues.alpha_rank import ranked, ranks_of
from glasshouse.leagues.payoffs import (
    MeetingsGiven,
    mean_over_runs,
    meeting_table,
    payoff_tolerance,
)
from glasshouse.leagues.resampling import RatingChain

POPULATION = 50
"""Players of the population, unless said otherwise."""

RESAMPLES = 1000
FEWEST_RESAMPLES, MOST_RESAMPLES = 100, 100_000

BY_RANGE = "1 / the range of payoffs"
AS_GIVEN = "as given"


@dataclasses.dataclass(frozen=True, repr=False)
class RatedEntrant(Result):
    """One row of the ratings.

    **Arguments:** `entrant`, its name; `rating`, the share of the time that it is played, NaN where
    a payoff of it is missing; `interval`, 95 %, over runs; `rank` from 1 on; `first`, the share of
    resamples in which it is rated highest, alone or with others; `mean_payoff` over all it meets,
    itself among them where it does; `payoff_rank` by that.
    """

    entrant: str
    rating: float
    interval: tuple[float, float] | None
    rank: int | None
    first: float | None
    mean_payoff: float
    payoff_rank: int | None


@dataclasses.dataclass(frozen=True, repr=False)
class Ratings(Evidenced):
    """Ratings of all entrants, in the order of the table.

    **Arguments:** `entrants`, a row for each; `ranking`, the best first, each place with all who
    tie; `form`, `alpha`, `alpha_rule`, `population`, `self_play`; `between`, the least and the
    largest α up to which the same are rated highest, as far as was looked; `runs`; `missing`,
    meetings without payoffs; `method`, `detail`.
    """

    ROWS: ClassVar[str] = "entrants"

    entrants: tuple[RatedEntrant, ...]
    ranking: tuple[tuple[str, ...], ...]
    form: str
    alpha: float | None
    alpha_rule: str
    population: int
    self_play: bool
    between: tuple[float, float] | None
    runs: int
    missing: tuple[tuple[str, str], ...]
    method: str
    detail: str

    @property
    def played_by(self) -> str:
        """In which populations: "one population of 50"."""
        seats = "" if self.form == "one" else " per seat"
        return f"one population{seats} of {self.population}"

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        if not self.ranking:
            (row, column), more = self.missing[0], self.missing[1:]
            also = f" and {len(more)} more" * bool(more)
            return (
                f"Nobody can be rated: payoffs are missing of {row} against {column}{also}, and "
                "fewer than two entrants have all of theirs."
            )
        first = next(iter(self.ranking))
        best = next(x for x in self.entrants if x.entrant == first[0])
        share = f"{_share(best.rating)} of the time"
        if len(first) > 1:
            names = f"{', '.join(first[:-1])} and {first[-1]}"
            return f"{names} are rated highest, alike: {share} each."
        known = ""
        if best.interval is not None:
            low, high = share_ends(*best.interval, 2)
            known = f" (95 % interval {low} to {high})"
        return f"{best.entrant} is rated highest: {share}{known}."


def rate(
    table: Any,
    *,
    alpha: Any = None,
    population: Any = POPULATION,
    form: str = "one",
    self_play: bool = True,
    entrants: Sequence[str] | None = None,
    without: Sequence[str] = (),
    resamples: Any = RESAMPLES,
    seed: Any = 0,
) -> Ratings:
    """Who is rated highest of those that met: α-Rank, with intervals over runs, and mean payoffs.

    Definition: the rating is the share of time that `alpha_rank` gives; of several populations the
    mean over both seats. Intervals are percentiles over `resamples` tables, each the mean over runs
    drawn with replacement, the same for all meetings, at the same α; where every seed of one met
    every seed of the other, seeds are drawn, each with all who learned from it.

    **Arguments:** `table`: a league, a round robin, a file or DataFrame as `interop.read_meetings`
    takes, a game, or an array [row, column] of the row's payoffs, [row, column, player], or [row,
    column, player, run]; `alpha`, by default 1 / the range of payoffs, so that no unit matters;
    `without`, entrants to leave out; `self_play`, whether one meets its own kind: if not, the
    diagonal does not matter. An entrant with a payoff missing (NaN) in any run is not rated; the
    others are, among themselves, if there are two.
    **Raises:** `InputError` for tables that are not square, of one entrant, and as `alpha_rank`.
    **Cost:** cubic in the entrants for each resample; of several populations, in their square.

        import glasshouse as gh

        found = gh.leagues.rate([[3, 0], [4, 1]], entrants=["dove", "hawk"], alpha=0.05)
        print(found.headline)  # hawk is rated highest: 0.93 of the time.
    """
    names, payoffs = _kept(meeting_table(table, entrants), without)
    resamples = whole(resamples, "resamples", least=FEWEST_RESAMPLES, most=MOST_RESAMPLES)
    met = np.ones((len(names), len(names)), bool) if self_play else ~np.eye(len(names), dtype=bool)
    holes = met & ~np.isfinite(payoffs).all(axis=tuple(range(2, payoffs.ndim)))
    complete = np.flatnonzero(~(holes.any(axis=0) | holes.any(axis=1)))
    complete = complete if len(complete) > 1 else complete[:0]
    chain = _chain(payoffs, met, complete, (alpha, population, form, self_play))
    own = [names[k] for k in complete]
    places = chain.places(own) if own else ()
    shares = dict(zip(own, np.exp(chain.logs).tolist(), strict=False))
    runs = payoffs.shape[-1]
    ends, first = _over_runs(chain, own, resamples, seed) if own and runs > 1 else ({}, {})
    ranks, means = ranks_of(places), _mean_payoffs(names, payoffs, met)
    by_payoff = _ranks_by_payoff(means)
    rows = tuple(
        RatedEntrant(
            name,
            shares.get(name, math.nan),
            ends.get(name),
            ranks.get(name),
            first.get(name),
            means[name],
            by_payoff.get(name),
        )
        for name in names
    )
    return Ratings(
        entrants=rows,
        ranking=places,
        form=form,
        alpha=chain.alpha if own else None,
        alpha_rule=BY_RANGE if alpha is None else AS_GIVEN,
        population=chain.population,
        self_play=self_play,
        between=chain.first_between() if own else None,
        runs=runs,
        missing=tuple((names[r], names[c]) for r, c in np.argwhere(holes)),
        method="numerical",
        detail=_detail(runs, resamples if first else 0, payoffs.ndim > 4),
    )


def _share(rating: float) -> str:
    """A share of the time, which is 1.00 only where nothing else is left of it."""
    return "more than 0.99" if 0.995 <= rating < 1 else f"{rating:.2f}"


def _kept(given: MeetingsGiven, without: Sequence[str]) -> MeetingsGiven:
    """Those that are not left out."""
    names, payoffs = given
    left_out = [without] if isinstance(without, str) else list(without)
    for name in left_out:
        if name not in names:
            near = near_miss(name, names)
            raise InputError(f"there is no entrant {name!r:.40} to leave out{near}")
    kept = [k for k, name in enumerate(names) if name not in left_out]
    if len(kept) < 2:
        raise InputError(
            f"without {', '.join(left_out)} there are {len(kept)} entrants, and at least two are "
            "needed: leave out fewer"
        )
    return MeetingsGiven(tuple(names[k] for k in kept), payoffs[np.ix_(kept, kept)])


def _chain(
    payoffs: np.ndarray, met: np.ndarray, complete: np.ndarray, settings: tuple
) -> RatingChain:
    """The chain of those whose payoffs are complete; of none, one of nobody, to check settings."""
    if not len(complete):
        return RatingChain.of(np.zeros((2, 2, 2, 1)), *settings)
    found = payoffs[np.ix_(complete, complete)]
    if not met.all():  # a diagonal that nobody looks at must not widen the range of payoffs
        own = np.arange(len(complete))
        found[own, own] = found[own, own - 1]
    return RatingChain.of(found, *settings)


def _over_runs(
    chain: RatingChain, names: Sequence[str], resamples: int, seed: Any
) -> tuple[dict[str, tuple[float, float]], dict[str, float]]:
    """Each one's interval, and the share of resamples in which it is first."""
    ends, first = chain.resampled(resamples, seed)
    pairs = [(low, high) for low, high in ends.T.tolist()]
    return dict(zip(names, pairs, strict=True)), dict(zip(names, first.tolist(), strict=True))


def _mean_payoffs(
    names: Sequence[str], payoffs: np.ndarray, met: Bool[np.ndarray, "entrants entrants"]
) -> dict[str, float]:
    """What each is paid on average over all it meets, in both seats; NaN where some is missing."""
    over_runs = mean_over_runs(payoffs)
    both = (over_runs[..., 0] + over_runs[..., 1].T) / 2
    means = np.where(met, both, 0.0).sum(axis=1) / met.sum(axis=1)
    return dict(zip(names, means.tolist(), strict=True))


def _ranks_by_payoff(means: Mapping[str, float]) -> dict[str, int]:
    known = {name: mean for name, mean in means.items() if math.isfinite(mean)}
    values = np.array(list(known.values()))
    return ranks_of(ranked(list(known), values, payoff_tolerance(values)))


def _detail(runs: int, resamples: int, crossed: bool) -> str:
    if runs == 1:
        return "one run, so that nothing is known of how much runs differ"
    over = f"{runs} seeds, all of which met" if crossed else f"{runs} runs"
    return f"{over}, drawn again {resamples} times for the intervals" if resamples else over
