"""A training in words: where payoffs end, of all seeds together and one by one."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from glasshouse._foundation.seeds import error_over_seeds
from glasshouse.dynamics.curves import Curves
from glasshouse.leagues.rating import Ratings
from glasshouse.rules.base import in_words
from glasshouse.study.training.result import TrainingResult
from glasshouse.study.training.setting import PreparedTraining
from glasshouse.study.words.names import upper

SEEDS_ALIKE = 2.0
"""Players whose means differ by no more than so many standard errors of both are told together."""

PERFECT = 1e-6
"""By so much may the fidelity of a perfect critic be off, by rounding."""


def training_headline(result: TrainingResult) -> str:
    """Where payoffs per step end, and where they began."""
    alike = result.prepared.study.learning.players is None
    return paid_in_words(result.curves, result.players, alike)


def paid_in_words(curves: Curves, players: Sequence[str], alike: bool = True) -> str:
    """The same, of curves and who the players are.

    **Arguments:** `alike`, whether all learn in one way: then they are told together unless they
    are paid differently.
    """
    if len(curves.failed) == len(curves.seeds):
        return "every seed left the real numbers"
    begun = float(np.nanmean(curves.band("payoff")[0, :, 0]))
    last = curves.measured["payoff"][-1]
    paid = last[~np.isnan(last).any(axis=1)]
    means, errors = paid.mean(axis=0), error_over_seeds(paid)
    apart = not alike or _are_apart(paid)
    if apart:
        said = f"player 1 is paid {_mean(means[0], errors[0])}"
    else:
        of_all = float(error_over_seeds(paid.mean(axis=1)))
        said = f"each player is paid {_mean(float(means.mean()), of_all)}"
    if apart:
        others = [
            f"{name} {_mean(mean, error)}"
            for name, mean, error in zip(players[1:], means[1:], errors[1:], strict=True)
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
    if result.prepared.study.learning.players is not None:
        each = enumerate(players_words(result.prepared), start=1)
        yield upper(f"{'; '.join(f'player {k} {said}' for k, said in each)}.")
    for name, training in result.prepared.beside.items():
        yield f"Beside them, {name}: {training.in_words}."
    for report in curves.reports:
        known = np.asarray(report.fidelity, dtype=float)
        known = known[np.isfinite(known).all(axis=1)]
        if np.any(known < 1 - PERFECT):
            error = error_over_seeds(known.mean(axis=1))
            yield (
                "What the others gain is known in part: the opponent critic explains "
                f"{_mean(float(known.mean()), float(error))} of its variance over the training."
            )
    last = curves.measured["payoff"][-1].mean(axis=1)
    kept = last[~np.isnan(last)]
    if kept.size > 1:
        lowest, highest = kept.min(), kept.max()
        yield f"Mean of players by seed at the end: from {lowest:.4g} to {highest:.4g}."
    if result.ratings is not None:
        yield f"Of those who met, {result.ratings.headline}"


def players_words(prepared: PreparedTraining) -> Iterator[str]:
    """Of a line-up, how each player learns and plays."""
    learning, game = prepared.study.learning, prepared.game
    for player, rule, policy in zip(
        learning.players or (), prepared.rules, game.policies, strict=True
    ):
        size = player.step_size or learning.step_size
        if player.strategy is not None:
            yield f"plays {player.strategy.called}, and does not learn"
        elif not player.learns:
            yield f"stays as it starts, {policy.words}"
        else:
            yield f"learns by {in_words(rule)} with steps of {size:g}, {policy.words}"


def rated_by(ratings: Ratings) -> str:
    """How the ratings were obtained, and how far they hold."""
    if ratings.alpha is None:
        return "Nobody is rated."
    said = (
        f"α-Rank, {ratings.played_by}, α = {ratings.alpha:.4g} ({ratings.alpha_rule}): the share "
        f"of time that each is played; means of both seats, {ratings.detail}."
    )
    if ratings.between is None:
        return said
    low, high = ratings.between
    return f"{said} Rated highest is the same at every α looked at from {low:.3g} to {high:.3g}."


def _are_apart(paid: np.ndarray) -> bool:
    """Whether two players differ by more than the differences within seeds let one expect.

    Players of a seed have played the same episodes: what they are paid is not independent.
    """
    differences = (paid[:, :, None] - paid[:, None, :]).reshape(len(paid), -1)
    return bool(
        np.any(np.abs(differences.mean(axis=0)) > SEEDS_ALIKE * error_over_seeds(differences))
    )


def _mean(mean: float, error: float) -> str:
    """A mean to the first digit of what is not known of it."""
    if not error > 0:
        return f"{mean:.4g}"
    places = max(0, -math.floor(math.log10(error)))
    return f"{mean:.{places}f} ± {error:.{places}f}"
