"""What others gain by meeting one who shapes rather than one who does not."""

import dataclasses
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.results import Result
from glasshouse.analysis.outcomes.comparison import student_reach


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Shaping(Result):
    """What others gain by meeting an entrant rather than a naive learner, per round.

    Definition: the mean, over all entrants, both seats and all starts, of what one is paid against
    this entrant less what it is paid against the naive learner from the same start. All are met by
    the same others, among whom is one who learns as they do.

    **Arguments:** `entrants`; `mean`, one for each, after the league's axes; `interval`, 95 % by
    Student's t over starts; `naive`, whom they are compared with; NaN where a run failed that
    counts.
    """

    entrants: tuple[str, ...]
    mean: Float[np.ndarray, "*points entrants"]
    interval: Float[np.ndarray, "*points entrants 2"]
    naive: str

    ROWS = "listed"
    HEADINGS: ClassVar = {
        "name": "met",
        "mean": "others gain (per round)",
        "interval": "95 % interval (per round)",
    }

    @property
    def listed(self) -> list[dict]:
        """The entrants with what others gain by meeting them, of the first point of all axes."""
        count = len(self.entrants)
        mean, interval = self.mean.reshape(-1, count), self.interval.reshape(-1, count, 2)
        return [
            {"name": name, "mean": float(mean[0, k]), "interval": interval[0, k].tolist()}
            for k, name in enumerate(self.entrants)
        ]


def shaping_of(
    names: tuple[str, ...],
    paid: Float[np.ndarray, "*points everybody everybody starts players"],
    naive: int,
    naive_name: str,
) -> Shaping:
    """The shaping measure of each entrant; a naive learner may stand after them in `paid`."""
    each = [_gained(paid, k, naive, len(names)) for k in range(len(names))]
    mean, interval = mean_and_interval(np.stack(each, axis=-2))
    return Shaping(names, mean, interval, naive_name)


def _gained(paid: np.ndarray, met: int, naive: int, count: int) -> np.ndarray:
    """From each start, what all gain on average by meeting one rather than the naive."""
    first = paid[..., :count, met, :, 0] - paid[..., :count, naive, :, 0]
    second = paid[..., met, :count, :, 1] - paid[..., naive, :count, :, 1]
    return (first + second).mean(axis=-2) / 2


def mean_and_interval(
    runs: Float[np.ndarray, "*points starts"],
) -> tuple[Float[np.ndarray, "*points"], Float[np.ndarray, "*points 2"]]:
    """The mean over the last axis and its 95 % interval by Student's t; NaN with a NaN in it."""
    mean, error = mean_and_error(runs)
    half = student_reach(runs.shape[-1]) * error
    return mean, np.stack([mean - half, mean + half], axis=-1)


def mean_and_error(
    runs: Float[np.ndarray, "*points starts"],
) -> tuple[Float[np.ndarray, "*points"], Float[np.ndarray, "*points"]]:
    """The mean over the last axis and its standard error, which one run has not."""
    count = runs.shape[-1]
    spread = np.std(runs, axis=-1, ddof=1) if count > 1 else np.full(runs.shape[:-1], np.nan)
    return np.asarray(runs.mean(axis=-1)), np.asarray(spread / np.sqrt(count))
