"""What the sceptic found: trials, how well predictions agreed, and why they failed."""

import collections
import dataclasses
import math
from typing import Any, Literal

import numpy as np

from glasshouse._foundation.results import Result
from glasshouse.analysis.outcomes.generic import Share

CLOSE, ROUGH = 0.05, 2.0
"""Predictions count as close within 5 %, as rough within a factor of two."""

LEAST_PAIRS = 3
"""Fewer points have no correlation worth stating."""

Measured = Literal["window", "outcome"]


@dataclasses.dataclass(frozen=True, repr=False)
class Trial(Result):
    """One random network: the gains at which a switch was predicted and measured.

    **Arguments:** `kind`, "interpreter" or "policies"; `start`, "independent" or "equal"
    parameters of the players; `seed` of network and start; `predicted`, `window` and `outcome`: all
    gains, in order, from which on the derivative of mean cooperation at the start, its change after
    the window and its change at the end are positive, the first narrowed; None where a number was
    not finite; `others`, the same after each of the experiment's other numbers of steps; `roots`,
    how often the derivative changes its sign along the gains; `turned_in_window` and `turned`:
    whether, learning at the first predicted gain, what the others' reading adds to the movement of
    mean cooperation changed its sign on the way.
    """

    kind: str
    start: str
    seed: int
    predicted: tuple[float, ...] | None
    window: tuple[float, ...] | None
    outcome: tuple[float, ...] | None
    others: tuple[tuple[float, ...] | None, ...]
    roots: int
    turned_in_window: bool
    turned: bool

    def measured(self, what: Measured) -> tuple[float, ...] | None:
        """The gains measured after the window, or at the end."""
        return self.window if what == "window" else self.outcome

    def error(self, what: Measured) -> float:
        """|measured - predicted| / predicted of the lowest switches.

        Infinite where only one of both is there, NaN where neither is or a number was not finite.
        """
        return _error(self.predicted, self.measured(what))

    def reason(self, what: Measured) -> str:
        """Why the prediction is not close; empty where it is, or where both say: no switch."""
        error, measured = self.error(what), self.measured(what)
        if self.predicted is None or measured is None:
            return "numbers not finite"
        if not error > CLOSE:
            return ""
        if not self.predicted:
            return "no root predicted, yet a switch measured"
        if self.roots > 1:
            return "several roots predicted"
        if self.turned_in_window if what == "window" else self.turned:
            return "the cross part of the derivative changes sign on the way"
        if not measured:
            return "a root predicted, yet no switch measured"
        return "the derivative changes on the way, its cross part keeping its sign"


@dataclasses.dataclass(frozen=True, repr=False)
class Agreement(Result):
    """How well one measured switch agrees with the predicted one.

    **Arguments:** `networks`, how many; `predicted`, how many of them have a predicted switch;
    `median` and `percentile_90` of the relative error among these (a missing measured switch being
    an infinite error), None where infinite; `close`, `rough`: the share of these within 5 %, within
    a factor of two; `missing`, how many of these have no measured switch; `correlation` between the
    logarithms of the predicted and of the measured gain, where there are three of both at least;
    `constant`: the share that would be within a factor of two if the median of all measured gains
    were predicted for everybody, which knows the answer; `neither`: of the networks without a
    predicted switch, the share without a measured one; `reasons`, how many predictions were not
    close, and why.
    """

    networks: int
    predicted: int
    median: float | None
    percentile_90: float | None
    close: Share
    rough: Share
    missing: int
    correlation: float | None
    constant: Share
    neither: Share
    reasons: dict[str, int]


@dataclasses.dataclass(frozen=True, repr=False)
class Findings(Result):
    """All trials of the sceptic's experiment.

    **Arguments:** `settings`, fixed in advance; `trials`, one per network; `derivative_error`, the
    largest difference between the predicted derivative of mean cooperation at the start (gain 1)
    and a central difference of the flow along the rule's directions.
    """

    settings: dict[str, Any]
    trials: tuple[Trial, ...]
    derivative_error: float

    ROWS = "trials"

    def agreement(
        self, what: Measured, kind: str | None = None, start: str | None = None
    ) -> Agreement:
        """How well the window or the outcome agrees, for all networks or those of a group.

        **Arguments:** `what`, "window" or "outcome"; `kind`, `start`, as in `Trial`, None for all.
        """
        chosen = [
            trial
            for trial in self.trials
            if kind in (None, trial.kind) and start in (None, trial.start)
        ]
        rooted = [trial for trial in chosen if trial.predicted]
        rootless = [trial for trial in chosen if trial.predicted == ()]
        errors = np.array([_missing_as_infinite(trial.error(what)) for trial in rooted])
        pairs = np.array(
            [(t.predicted[0], m[0]) for t in rooted if t.predicted and (m := t.measured(what))]
        ).reshape(-1, 2)
        ratios = pairs[:, 1] / pairs[:, 0]
        constant = pairs[:, 1] / np.median(pairs[:, 1]) if len(pairs) else ratios
        reasons = collections.Counter(trial.reason(what) for trial in chosen)
        del reasons[""]
        return Agreement(
            networks=len(chosen),
            predicted=len(rooted),
            median=_quantile(errors, 0.5),
            percentile_90=_quantile(errors, 0.9),
            close=Share(int(np.sum(errors <= CLOSE)), len(rooted)),
            rough=Share(within_factor(ratios), len(rooted)),
            missing=len(rooted) - len(pairs),
            correlation=log_correlation(pairs),
            constant=Share(within_factor(constant), len(rooted)),
            neither=Share(sum(trial.measured(what) == () for trial in rootless), len(rootless)),
            reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        )

    def close_after(self, kind: str | None = None) -> dict[int, Share]:
        """The share of predictions within 5 % after each number of steps at which was measured."""
        steps = (self.settings["window"], self.settings["steps"], *self.settings["others"])
        rooted = [t for t in self.trials if t.predicted and kind in (None, t.kind)]
        found = {}
        for k, count in enumerate(steps):
            measured = [(t.window, t.outcome, *t.others)[k] for t in rooted]
            errors = [_error(t.predicted, m) for t, m in zip(rooted, measured, strict=True)]
            found[count] = Share(sum(error <= CLOSE for error in errors), len(rooted))
        return dict(sorted(found.items()))

    def summary(self) -> dict[str, Any]:
        """Everything as plain data, and how well all networks agree."""
        agreement = {what: self.agreement(what).to_dict() for what in ("window", "outcome")}
        close_after = {str(n): share.to_dict() for n, share in self.close_after().items()}
        return {**self.to_dict(), **agreement, "close_after": close_after}


def _error(predicted: tuple[float, ...] | None, measured: tuple[float, ...] | None) -> float:
    if predicted is None or measured is None or not (predicted or measured):
        return math.nan
    if not predicted or not measured:
        return math.inf
    return abs(measured[0] - predicted[0]) / predicted[0]


def _missing_as_infinite(error: float) -> float:
    return math.inf if math.isnan(error) else error


def within_factor(ratios: np.ndarray) -> int:
    """How many ratios lie within a factor of two of 1."""
    return int(np.sum((ratios >= 1 / ROUGH) & (ratios <= ROUGH)))


def log_correlation(pairs: np.ndarray) -> float | None:
    """Of the logarithms of two columns; None where it is not worth stating."""
    if len(pairs) < LEAST_PAIRS or np.ptp(pairs, axis=0).min() == 0:
        return None
    return float(np.corrcoef(np.log(pairs).T)[0, 1])


def _quantile(errors: np.ndarray, share: float) -> float | None:
    """The smallest error that at least this share of the errors do not exceed."""
    if not errors.size:
        return None
    value = float(np.sort(errors)[math.ceil(share * errors.size) - 1])
    return value if math.isfinite(value) else None
