"""A training in words: where payoffs end, of all seeds together and one by one."""

import math
from collections.abc import Iterator

import numpy as np

from glasshouse.study.training.result import TrainingResult

SEEDS_ALIKE = 2.0
"""Players whose means differ by no more than so many standard errors of both are told together."""

PERFECT = 1e-6
"""By so much may the fidelity of a perfect critic be off, by rounding."""


def training_headline(result: TrainingResult) -> str:
    """Where payoffs per step end, and where they began."""
    curves = result.curves
    if len(curves.failed) == len(curves.seeds):
        return "every seed left the real numbers"
    ends = result.ends("payoff")
    begun = float(np.nanmean(curves.band("payoff")[0, :, 0]))
    means, errors = ends[:, 0], ends[:, 1]
    apart = bool(np.ptp(means) > SEEDS_ALIKE * math.hypot(*errors))
    who = "player 1 is paid" if apart else "each player is paid"
    said = f"{who} {_mean(means[0] if apart else means.mean(), _together(errors, apart))}"
    if apart:
        others = [
            f"{name} {_mean(mean, error)}"
            for name, mean, error in zip(result.players[1:], means[1:], errors[1:], strict=True)
        ]
        said += f", {', '.join(others)}"
    count = len(curves.seeds) - len(curves.failed)
    return f"{said} per step at the end, {begun:.3g} at the start ({count} seeds)"


def training_claims(result: TrainingResult) -> Iterator[str]:
    """How it was trained, and how much the seeds differ."""
    curves, game = result.curves, result.prepared.game
    yield (
        f"{game.game.title}, {game.game.horizon} steps an episode, {game.episodes} episodes an "
        f"update; {game.transparency.words}; {curves.detail}."
    )
    for report in curves.reports:
        known = np.asarray(report.fidelity, dtype=float)
        if np.any(known < 1 - PERFECT):
            error = known.mean(axis=1).std(ddof=1) / math.sqrt(len(known)) if len(known) > 1 else 0
            yield (
                "What the others gain is known in part: the opponent critic explains "
                f"{_mean(float(known.mean()), float(error))} of its variance at the end."
            )
    last = curves.measured["payoff"][-1].mean(axis=1)
    kept = last[~np.isnan(last)]
    if kept.size > 1:
        lowest, highest = kept.min(), kept.max()
        yield f"Mean of players by seed at the end: from {lowest:.4g} to {highest:.4g}."


def _together(errors: np.ndarray, apart: bool) -> float:
    """The standard error of the first mean, or of the mean of all, were players independent."""
    return float(errors[0] if apart else np.sqrt(np.sum(errors**2)) / len(errors))


def _mean(mean: float, error: float) -> str:
    """A mean to the first digit of what is not known of it."""
    if not error > 0:
        return f"{mean:.4g}"
    places = max(0, -math.floor(math.log10(error)))
    return f"{mean:.{places}f} ± {error:.{places}f}"
