"""The chain behind ratings, over tables made of runs that were drawn again."""

import dataclasses
import math
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from glasshouse._foundation.random import Purpose, uniforms
from glasshouse.analysis.outcomes.comparison import CONFIDENCE
from glasshouse.leagues.alpha_rank import (
    checked_selection,
    log_shares,
    log_shares_of_profiles,
    ranked,
    tie_tolerance,
)
from glasshouse.leagues.chain import STRONGEST
from glasshouse.leagues.payoffs import mean_over_runs

RATES_AT_ONCE = 4_000_000
"""Rates of resampled chains that are eliminated together: 32 MB."""

LOOKED_AT = np.logspace(-3, 3, 13)
"""Times which α it is looked who is first."""

MOST_LOOKED_AT = 200
"""States from which on other α are not looked at: each takes one more elimination."""


@dataclasses.dataclass(frozen=True)
class RatingChain:
    """The chain of complete payoffs, [row, column, player, run], at its settings.

    Where every run of the row met every one of the column, runs have an axis each. The k-th ones
    of all entrants are of one seed, and are drawn together.
    """

    payoffs: np.ndarray
    alpha: float
    population: int
    form: str
    self_play: bool

    @staticmethod
    def of(
        payoffs: np.ndarray, alpha: Any, population: Any, form: Any, self_play: bool
    ) -> "RatingChain":
        """The chain with settings checked; without α, that is 1 / the range of mean payoffs."""
        tensor = np.moveaxis(mean_over_runs(payoffs), -1, 0)
        if alpha is None:
            reach = float(np.ptp(tensor))
            alpha = 1 / reach if reach > 0 and math.isfinite(1 / reach) else 1.0
        settings = checked_selection(alpha, population, form, self_play, tensor)
        return RatingChain(payoffs, *settings, form, self_play)

    @property
    def logs(self) -> Float[np.ndarray, "entrants"]:
        """log of each rating."""
        return self._logs(self._all_runs, self.alpha)[0]

    def places(self, names: list[str]) -> tuple[tuple[str, ...], ...]:
        """The best first, those who tie together."""
        return ranked(names, self.logs, self._tolerance(self.alpha))

    def first_between(self) -> tuple[float, float] | None:
        """From which to which α, of those looked at, the same are first; None where none were."""
        if self._states > MOST_LOOKED_AT:
            return None
        reach = (self.population - 1) * float(np.ptp(self.payoffs))
        best = self._first(self.alpha)
        down, up = LOOKED_AT[LOOKED_AT < 1][::-1], LOOKED_AT[LOOKED_AT > 1]
        ends = [self.alpha, self.alpha]
        for k, factors in enumerate((down, up)):
            for alpha in self.alpha * factors:
                if alpha * reach > STRONGEST or not np.array_equal(self._first(alpha), best):
                    break
                ends[k] = float(alpha)
        return ends[0], ends[1]

    def resampled(
        self, resamples: Any, seed: Any
    ) -> tuple[Float[np.ndarray, "ends entrants"], Float[np.ndarray, "entrants"]]:
        """The ends of 95 % percentile intervals, and in which share of resamples each is first.

        Each resample draws as many runs as there are, with replacement and the same for all
        meetings: what runs have in common, such as their starts, stays so.
        """
        runs = self.payoffs.shape[-1]
        drawn = uniforms(seed, Purpose.RESAMPLES, resamples, runs)
        picked = np.minimum((drawn * runs).astype(int), runs - 1)
        weights = (picked[..., None] == np.arange(runs)).sum(axis=-2) / runs
        meetings = math.prod(self.payoffs.shape[3:])
        step = max(1, RATES_AT_ONCE // max(self._states**2, meetings))
        parts = [weights[k : k + step] for k in range(0, resamples, step)]
        logs = np.concatenate([self._logs(part, self.alpha) for part in parts])
        tail = (1 - CONFIDENCE) / 2
        ends = np.quantile(np.exp(logs), [tail, 1 - tail], axis=0)
        return ends, _are_first(logs, self._tolerance(self.alpha)).mean(axis=0)

    @property
    def _all_runs(self) -> np.ndarray:
        runs = self.payoffs.shape[-1]
        return np.full((1, runs), 1 / runs)

    @property
    def _states(self) -> int:
        return len(self.payoffs) ** (2 if self.form == "several" else 1)

    def _tolerance(self, alpha: float) -> float:
        first = self.payoffs.reshape(*self.payoffs.shape[:3], -1)[..., 0]
        return tie_tolerance(alpha, self.population, np.moveaxis(first, -1, 0))

    def _first(self, alpha: float) -> Bool[np.ndarray, "entrants"]:
        return _are_first(self._logs(self._all_runs, alpha), self._tolerance(alpha))[0]

    def _logs(
        self, weights: Float[np.ndarray, "tables runs"], alpha: float
    ) -> Float[np.ndarray, "tables entrants"]:
        """log of each rating where runs have these weights."""
        meetings = weights if self.payoffs.ndim == 4 else of_pairs(weights)
        paid = self.payoffs.reshape(*self.payoffs.shape[:3], -1)
        tensor = np.moveaxis(paid @ meetings.reshape(len(meetings), -1).T, (-1, 2), (0, 1))
        if self.form == "several":
            logs = log_shares_of_profiles(tensor, alpha, self.population, 2)
            seats = [np.logaddexp.reduce(logs, axis=axis) for axis in (2, 1)]
            return np.logaddexp(*seats) - math.log(2)
        matrix = (tensor[:, 0] + np.swapaxes(tensor[:, 1], -1, -2)) / 2
        return log_shares(matrix, alpha, self.population, self.self_play)


def of_pairs(weights: Float[np.ndarray, "tables runs"]) -> Float[np.ndarray, "tables runs runs"]:
    """How much each pair of runs counts where runs do so much.

    A run that was drawn twice is no pair of two runs: those count as their product, and as much
    together as they did before; each run with itself as the run does. Where only one run was drawn,
    there is nothing else.
    """
    runs = weights.shape[-1]
    products, itself = weights[:, :, None] * weights[:, None, :], np.eye(runs)
    apart = products * (1 - itself)
    total = apart.sum(axis=(1, 2), keepdims=True)
    apart = np.divide(apart, total, out=np.zeros_like(apart), where=total > 0) * (1 - 1 / runs)
    return np.where(total > 0, apart + itself * weights[:, None, :] / runs, products)


def _are_first(
    logs: Float[np.ndarray, "tables entrants"], tolerance: float
) -> Bool[np.ndarray, "tables entrants"]:
    return logs >= logs.max(axis=1, keepdims=True) - tolerance
