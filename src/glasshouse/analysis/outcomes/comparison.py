"""Which learners do best: payoffs where learning ends, line-up by line-up."""

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.results import Result, plain
from glasshouse.dynamics.doors import innermost
from glasshouse.dynamics.learning import Learning, learn
from glasshouse.dynamics.starts import Starts
from glasshouse.games.repeated import is_repeated
from glasshouse.parametric import AbstractParametricGame, Params

CONFIDENCE = 0.95
"""Of intervals of means, and of which of two line-ups does better."""


def student_reach(count: int) -> float:
    """Half of a 95 % interval of a mean over so many runs, in standard errors."""
    from scipy.special import stdtrit  # takes as long to import as half of glasshouse

    return float(stdtrit(count - 1, (1 + CONFIDENCE) / 2)) if count > 1 else math.nan


@dataclasses.dataclass(frozen=True, repr=False)
class Spread(Result):
    """Numbers of many runs: their `mean` and their standard deviation `std`, which one run has not.

    Without runs both are NaN.
    """

    mean: float
    std: float

    @classmethod
    def of(cls, values: Float[np.ndarray, "runs"]) -> "Spread":
        """Of these numbers, n - 1 in the denominator of the variance."""
        count = len(values)
        return cls(
            float(np.mean(values)) if count else math.nan,
            float(np.std(values, ddof=1)) if count > 1 else math.nan,
        )


@dataclasses.dataclass(frozen=True, repr=False)
class Reference(Result):
    """A published number: `mean` and `std` over so many `seeds`."""

    mean: float
    std: float
    seeds: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, of the mean."""
        half = student_reach(self.seeds) * self.std / math.sqrt(self.seeds)
        return self.mean - half, self.mean + half


@dataclasses.dataclass(frozen=True, repr=False)
class ComparedRow(Result):
    """How one line-up of learners fared.

    **Arguments:** `name`; `rule`, as study files call it, those of a line-up after commas;
    `learning`, how it learns, in words; `at`, what else differs from the study, by dotted key;
    `unit` of payoffs in which its steps count, None in games that are played once; `mean`
    and `std` over the runs that ended; `share` of all runs on the better side of the threshold,
    None without one; `seeds`, how many runs; `failed`, how many of them left the reals; `players`,
    mean and std of each; `reference`, or None; `runs`, of every start what is compared, NaN where
    it failed, and `starts` themselves, since line-ups that have them in common are told apart in
    pairs.
    """

    name: str
    rule: str
    learning: str
    at: dict[str, float | int | str]
    unit: str | None
    mean: float
    std: float
    share: float | None
    seeds: int
    failed: int
    players: tuple[Spread, ...]
    reference: Reference | None
    runs: Float[np.ndarray, "runs"] = dataclasses.field(repr=False)
    starts: Starts = dataclasses.field(repr=False)

    HEADINGS: ClassVar = {
        "name": "learner",
        "mean": "mean (per round)",
        "interval": "95 % interval (per round)",
        "share": "share of runs",
        "std": "standard deviation (per round)",
        "seeds": "runs",
        "failed": "failed",
        "reference_mean": "published mean (per round)",
        "z": "standard errors away",
    }

    @property
    def error(self) -> float:
        """The standard error of the mean; NaN of fewer than two runs."""
        ended = self.seeds - self.failed
        return self.std / math.sqrt(ended) if ended else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, of the mean, by Student's t; NaN of fewer than two runs."""
        reach = student_reach(self.seeds - self.failed) * self.error
        return self.mean - reach, self.mean + reach

    @property
    def z(self) -> float | None:
        """How many combined standard errors the mean lies above its reference, if known."""
        if self.reference is None or math.isnan(self.error):
            return None
        error = self.reference.std / math.sqrt(self.reference.seeds)
        return _apart(self.mean - self.reference.mean, math.hypot(self.error, error))

    def to_dict(self) -> dict[str, Any]:
        """The row, ready for JSON."""
        return {**plain(super().to_dict()), "interval": plain(self.interval), "z": plain(self.z)}


@dataclasses.dataclass(frozen=True, repr=False)
class Comparison(Result):
    """Line-ups of learners beside each other, per round.

    **Arguments:** `rows`; `quantity`, "payoff" or "loss", which is minus that; `player`, whose,
    from 1, or None for the mean of all; `threshold`, of the shares; `within`, how many combined
    standard errors from its reference a mean may be.
    """

    rows: tuple[ComparedRow, ...]
    quantity: str
    player: int | None
    threshold: float | None
    within: float

    ROWS = "listed"
    HEADINGS: ClassVar = ComparedRow.HEADINGS

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The rows as plain data, each with whether it met its reference."""
        return [{**row.to_dict(), "met": self.met(row)} for row in self.rows]

    @property
    def best(self) -> tuple[ComparedRow, ...]:
        """The best line-up, and after it those that are not told from it with 95 % confidence.

        Line-ups with the same starts are compared start by start, others by their means.
        """
        sign = -1.0 if self.quantity == "payoff" else 1.0
        ranked = sorted(
            (row for row in self.rows if math.isfinite(row.mean)), key=lambda row: sign * row.mean
        )
        return tuple(row for row in ranked if row is ranked[0] or not _told(row, ranked[0]))

    def met(self, row: ComparedRow) -> bool | None:
        """Whether a mean agrees with its reference; None without one."""
        z = row.z
        return None if z is None else abs(z) <= self.within

    def to_dict(self) -> dict[str, Any]:
        """The comparison, ready for JSON; its unit is that of one step."""
        best = [row.name for row in self.best]
        return {**super().to_dict(), "unit": "step", "best": best, "rows": self.listed}


def _told(one: ComparedRow, other: ComparedRow) -> bool:
    """Whether two line-ups do not do equally well, with 95 % confidence."""
    if one.starts == other.starts:
        differences = one.runs - other.runs
        kept = differences[np.isfinite(differences)]
        found, count = Spread.of(kept), len(kept)
        difference, error = found.mean, found.std / math.sqrt(max(count, 1))
    else:
        count = min(row.seeds - row.failed for row in (one, other))
        difference, error = one.mean - other.mean, math.hypot(one.error, other.error)
    return abs(_apart(difference, error)) > student_reach(count)  # False of NaN, which nobody knows


def _apart(difference: float, error: float) -> float:
    """A difference in standard errors; numbers that are known exactly are apart or the same."""
    if error == 0:
        return math.copysign(math.inf, difference) if difference else 0.0
    return difference / error


def compared_row(
    game: AbstractParametricGame,
    learning: Learning,
    *,
    name: str,
    rule: str,
    how: str,
    at: dict[str, float | int | str],
    quantity: str,
    player: int | None,
    threshold: float | None,
    reference: Reference | None,
) -> ComparedRow:
    """How a line-up fares in a game, from all the starts of its way to learn.

    **Arguments:** those of `ComparedRow` and `Comparison`; `how` is its `learning` in words.
    **Cost:** starts × steps learning steps, compiled once per rule.
    """
    paid = np.asarray(learn([game], learning, paid_per_round, judged=False).observed)[0]
    sign = 1.0 if quantity == "payoff" else -1.0
    ended = np.isfinite(paid).all(axis=1)
    each = np.where(ended[:, None], sign * paid, np.nan)
    runs = each.mean(axis=1) if player is None else each[:, player - 1]
    asked, share = runs[ended], None
    found = Spread.of(asked)
    if threshold is not None:
        better = sign * (asked - threshold) > 0
        share = int(np.sum(better)) / len(paid)  # a run that failed is on no side
    return ComparedRow(
        name=name,
        rule=rule,
        learning=how,
        at=at,
        unit=innermost(game).counted_in,
        mean=found.mean,
        std=found.std,
        share=share,
        seeds=len(paid),
        failed=int(np.sum(~ended)),
        players=tuple(Spread.of(column) for column in each[ended].T),
        reference=reference,
        runs=runs,
        starts=learning.starts,
    )


def paid_per_round(game: AbstractParametricGame, params: Params) -> Float[RealArray, "players"]:
    """Everyone's payoff; of discounted sums the part of one round."""
    paid, played = game.payoffs(params), innermost(game)
    if is_repeated(played) and played.unit == "sum":
        return paid * (1 - played.discount)
    return paid
