"""What the challenge found: switches predicted and measured, and how well they agree."""

import dataclasses
import math
from typing import Any

import numpy as np

from glasshouse._foundation.results import Result
from glasshouse.analysis.challenge.settings import Challenge, Forecast, part_of
from glasshouse.analysis.outcomes.generic import Share
from glasshouse.analysis.sceptic.findings import CLOSE, ROUGH, log_correlation
from glasshouse.errors import InputError

NOT_TOLD_APART = 0.05
"""Gains below it count as this gain: of two such ones none is larger."""

SAME = 1e-6
"""Logarithms of gains within it are the same gain: narrowed no further."""

Switch = float | None


@dataclasses.dataclass(frozen=True, repr=False)
class ChallengeTrial(Result):
    """One pair of networks: the switch that was predicted, and those that were measured.

    **Arguments:** `forecast`; `measured`, after each window, the lowest gain from which on mean
    cooperation has risen, None where there is none; `off_diagram`, at the end, the largest distance
    of mean cooperation from the closed-form rest point p*(κ), over the gains at which that attracts
    (tied players: attracts along the diagonal), None but for the standard game.
    """

    forecast: Forecast
    measured: tuple[Switch, ...]
    off_diagram: float | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Score(Result):
    """How well one part's predictions agree after one window.

    A pair counts as right where both switches lie within a factor of two, or both below 0.05, and
    as wrong where only one of both is found; where neither is, it is left out of all counts.

    **Arguments:** `part` and `steps` of the window; `pairs` of networks that could be trained;
    `neither`, how many of them have no switch, predicted or measured; `right`, within a factor of
    two; `close`, within 5 %; `constant`, the one number that would have been right most often, in
    hindsight, and `by_constant`, how often; `by_threshold`, how often the game's own κ_½ is;
    `correlation` of the logarithms of what was predicted and measured; `added`, the correlation
    after both are divided by κ_½, which alone says what the networks add to the payoffs. Either
    is None where fewer than three pairs have both.
    """

    part: str
    steps: int
    pairs: int
    neither: int
    right: Share
    close: Share
    constant: float | None
    by_constant: Share
    by_threshold: Share
    correlation: float | None
    added: float | None


@dataclasses.dataclass(frozen=True, repr=False)
class ChallengeFindings(Result):
    """All trials of a challenge.

    **Arguments:** `settings`, fixed in advance; `sha256` of settings and forecasts, filed before
    anybody learned; `trials`, one for every forecast of networks that were trained.
    """

    settings: Challenge
    sha256: str
    trials: tuple[ChallengeTrial, ...]

    ROWS = "trials"

    def score(self, part: str, steps: int) -> Score:
        """How well a part's predictions agree after a window.

        **Raises:** `InputError` for a part or a window that was not tried.
        """
        if part not in self.settings.parts or steps not in self.settings.windows:
            raise InputError(
                f"{part!r:.60} after {steps!r:.40} steps was not tried: take one of settings.parts "
                f"and one of the windows {self.settings.windows}"
            )
        window = self.settings.windows.index(steps)
        chosen = self.of(part)
        rows = [(t.forecast.predicted, t.measured[window], t.forecast.threshold) for t in chosen]
        return scored(part, steps, rows)

    def of(self, part: str) -> tuple[ChallengeTrial, ...]:
        """The trials of one part."""
        return tuple(trial for trial in self.trials if trial.forecast.part == part)

    @property
    def scores(self) -> tuple[Score, ...]:
        """Of every part after every window."""
        tried = ((part, steps) for part in self.settings.parts for steps in self.settings.windows)
        return tuple(self.score(*each) for each in tried)

    def off_diagram(self, part: str) -> float | None:
        """The largest distance from the diagram among a part's trials; None where none is known."""
        found = [t.off_diagram for t in self.of(part) if t.off_diagram is not None]
        return max(found, default=None)

    def summary(self) -> dict[str, Any]:
        """Everything as plain data, and all scores."""
        off = {name: self.off_diagram(name) for name in self.settings.parts if standard(name)}
        scores = [score.to_dict() for score in self.scores]
        return {**self.to_dict(), "scores": scores, "off_diagram": off}


def standard(part: str) -> bool:
    """Whether all play the standard game in this part."""
    return part_of(part).standard


def scored(part: str, steps: int, rows: list[tuple[Switch, Switch, float]]) -> Score:
    """The score of predicted and measured switches, each with its κ_½."""
    counted = [row for row in rows if not (row[0] is None and row[1] is None)]
    measured = [row[1] for row in counted]
    both = np.array(
        [(_floored(p), _floored(m), k) for p, m, k in counted if p is not None and m is not None]
    ).reshape(-1, 3)
    constant = best_constant(measured)
    relative = both[:, :2] / both[:, 2:]

    def share(predicted: list[Switch], factor: float = ROUGH) -> Share:
        hits = sum(is_right(p, m, factor) for p, m in zip(predicted, measured, strict=True))
        return Share(hits, len(counted))

    return Score(
        part=part,
        steps=steps,
        pairs=len(rows),
        neither=len(rows) - len(counted),
        right=share([row[0] for row in counted]),
        close=share([row[0] for row in counted], 1 + CLOSE),
        constant=constant,
        by_constant=share([constant] * len(counted)),
        by_threshold=share([row[2] for row in counted]),
        correlation=_correlation(both[:, :2]),
        added=_correlation(relative),
    )


def is_right(predicted: Switch, measured: Switch, factor: float = ROUGH) -> bool:
    """Whether both are found, and lie within this factor or both below 0.05."""
    if predicted is None or measured is None:
        return False
    if max(predicted, measured) < NOT_TOLD_APART:
        return True
    smaller, larger = sorted((predicted, measured))
    return larger <= factor * smaller


def best_constant(measured: list[Switch]) -> float | None:
    """The number that is right for most of what was measured; the smallest of several.

    What is right for some is right for the same ones where it is twice the smallest of them, or
    the largest below 0.05.
    """
    found = [m for m in measured if m is not None]
    if not found:
        return None
    tried = [float(np.nextafter(NOT_TOLD_APART, 0.0)), *(ROUGH * m for m in found)]
    hits = {constant: sum(is_right(constant, m) for m in found) for constant in tried}
    most = max(hits.values())
    return min(constant for constant, count in hits.items() if count == most)


def first_switch(gains: np.ndarray, changes: np.ndarray) -> Switch:
    """Where mean cooperation's change first turns from none or a fall to a rise.

    By linear interpolation between the two gains; None where it never does or a number is not
    finite.
    """
    if not np.all(np.isfinite(changes)):
        return None
    ups = np.flatnonzero((changes[:-1] <= 0) & (changes[1:] > 0))
    if not len(ups):
        return None
    k = ups[0]
    share = -changes[k] / (changes[k + 1] - changes[k])
    return float(gains[k] + share * (gains[k + 1] - gains[k]))


def _correlation(pairs: np.ndarray) -> float | None:
    """Of the logarithms; None where predictions, or what was measured, differ by rounding only."""
    if not len(pairs) or np.any(np.ptp(np.log(pairs), axis=0) < SAME):
        return None
    return log_correlation(pairs)


def _floored(gain: float) -> float:
    return max(gain, NOT_TOLD_APART) if math.isfinite(gain) else gain
