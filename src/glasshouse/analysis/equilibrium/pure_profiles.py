"""What is true of a base game before anybody reads anybody: its equilibria and best outcomes."""

import dataclasses
import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibria.mixed.restricted import (
    MOST_STRATEGIES,
    extreme_equilibria,
    undominated,
)
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

PAYOFF_ROUNDING = 1e-12
"""Payoffs closer than this share of a player's payoff range count as equal: they are rounding."""


MIXED_FOUND = (
    "mixed equilibria of two players: every pair of vertices compared in exact arithmetic; all "
    "other equilibria, if there are any, are mixtures of those listed, pure ones among them"
)


@dataclasses.dataclass(frozen=True, repr=False)
class MixedProfile(Result):
    """A mixed equilibrium of a base game.

    **Arguments:** `weights`, for every player the probability of each action; `payoffs`, one per
    player: both exact but for one rounding to doubles.
    """

    weights: tuple[tuple[float, ...], ...]
    payoffs: tuple[float, ...]


@dataclasses.dataclass(frozen=True, repr=False)
class BaseGame(Evidenced):
    """Facts of a base game played without transparency.

    **Arguments:** `pure_equilibria`, profiles of action indices; `pure_equilibrium_payoffs`, one
    payoff per player for each of them; `welfare_optima`, the profiles with the largest sum of
    payoffs, `welfare_optimum_payoffs` likewise; `welfare`, that sum; `tolerance`, relative to
    payoff ranges; `method`, `detail` of all these, which are over pure profiles; `mixed`, the
    extreme equilibria in which somebody mixes, None where they are not sought, and
    `mixed_detail`, how they were found or why not.
    """

    pure_equilibria: tuple[tuple[int, ...], ...]
    pure_equilibrium_payoffs: tuple[tuple[float, ...], ...]
    welfare_optima: tuple[tuple[int, ...], ...]
    welfare_optimum_payoffs: tuple[tuple[float, ...], ...]
    welfare: float
    tolerance: float
    method: str
    detail: str
    mixed: tuple[MixedProfile, ...] | None
    mixed_detail: str


def base_game(game: "NormalFormGame") -> BaseGame:
    """Equilibria and welfare optima of the base game, with the payoffs they bring.

    Mixed equilibria are those of `extreme_equilibria`, of two players with up to eight actions each
    that no other one strictly dominates; of more players they are not sought.

    **Arguments and Raises:** as in `pure_equilibria`.
    **Cost:** as there, and for mixed equilibria a third of a second of 7 × 7, a second of 8 × 8.
    """
    payoffs = checked_payoffs(game)
    equilibria = pure_equilibria(game)
    optima, welfare = welfare_optima(game)
    mixed, how = _mixed(payoffs)

    def payoffs_at(profiles: tuple[tuple[int, ...], ...]) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(payoffs[:, *profile].tolist()) for profile in profiles)

    return BaseGame(
        pure_equilibria=equilibria,
        pure_equilibrium_payoffs=payoffs_at(equilibria),
        welfare_optima=optima,
        welfare_optimum_payoffs=payoffs_at(optima),
        welfare=welfare,
        tolerance=PAYOFF_ROUNDING,
        method="closed form",
        detail=(
            f"all {payoffs[0].size} pure profiles compared, ties within {PAYOFF_ROUNDING:g} of the "
            "payoff range"
        ),
        mixed=mixed,
        mixed_detail=how,
    )


def _mixed(payoffs: np.ndarray) -> tuple[tuple[MixedProfile, ...] | None, str]:
    """The extreme equilibria in which somebody mixes, and how they were found; or why not."""
    players, *actions = payoffs.shape
    if players != 2:
        return None, f"mixed equilibria of {players} players are not sought"
    kept = undominated(payoffs)  # no equilibrium uses the others
    left = [len(own) for own in kept]
    if max(left) > MOST_STRATEGIES:
        sizes = " × ".join(map(str, actions))
        return None, (
            f"mixed equilibria of {sizes} actions are not sought, but of at most {MOST_STRATEGIES} "
            "of each that are not strictly dominated: leave some out, or give Gambit the game as "
            "an .nfg file"
        )
    reduced = payoffs[np.ix_(range(2), *kept)]
    found = []
    for mixture in extreme_equilibria(*reduced):
        if all(max(own) == 1 for own in mixture):
            continue
        paid = tuple(_expected(table, *mixture) for table in reduced)
        weights = []
        for own, places, count in zip(mixture, kept, actions, strict=True):
            chosen = dict(zip(places, own, strict=True))
            weights.append(tuple(float(chosen.get(k, 0)) for k in range(count)))
        found.append(MixedProfile(tuple(weights), paid))
    return tuple(found), MIXED_FOUND


def _expected(
    table: np.ndarray, rows: tuple[Fraction, ...], columns: tuple[Fraction, ...]
) -> float:
    """What a table pays on average, in exact arithmetic."""
    used = ((i, j) for i, x in enumerate(rows) for j, y in enumerate(columns) if x and y)
    return float(sum(rows[i] * columns[j] * Fraction(float(table[i, j])) for i, j in used))


def pure_equilibria(game: "NormalFormGame") -> tuple[tuple[int, ...], ...]:
    """The pure Nash equilibria of the base game, weak ones among them.

    Definition: profiles a with u_i(a) ≥ u_i(a_i', a_-i) - 1e-12 (max u_i - min u_i) for every
    player i and every action a_i'. Mixed equilibria are not looked for.

    **Returns:** profiles of action indices in lexicographic order; empty where there are none.
    **Raises:** `InputError` for anything but a game, or payoffs that overflow.
    **Cost:** players × profiles comparisons; exact but for ties within the tolerance.
    """
    payoffs = checked_payoffs(game)
    stays = np.ones(payoffs.shape[1:], dtype=bool)
    for player, own in enumerate(payoffs):
        stays &= own >= own.max(axis=player, keepdims=True) - PAYOFF_ROUNDING * np.ptp(own)
    return _profiles(stays)


def welfare_optima(game: "NormalFormGame") -> tuple[tuple[tuple[int, ...], ...], float]:
    """The pure profiles with the largest sum of payoffs, and that sum.

    Definition: profiles whose sum is within 1e-12 of all players' payoff ranges together of the
    largest. No mixed profile has a larger sum.

    **Returns:** profiles of action indices in lexicographic order; the largest sum.
    **Raises and Cost:** as in `pure_equilibria`.
    """
    payoffs = checked_payoffs(game)
    profile_axes = tuple(range(1, payoffs.ndim))
    # What all profiles have in common is left out, so that it brings no rounding into the sums.
    above_worst = (payoffs - payoffs.min(axis=profile_axes, keepdims=True)).sum(axis=0)
    ranges = float(np.ptp(payoffs, axis=profile_axes).sum())
    best = above_worst >= above_worst.max() - PAYOFF_ROUNDING * ranges
    return _profiles(best), float(payoffs.sum(axis=0)[best].max())


def checked_payoffs(game: "NormalFormGame", who: str = "facts of a base game need") -> np.ndarray:
    """The payoff tensor in float64, of numbers whose sums and differences stay finite."""
    from glasshouse.games.normal_form import check_normal_form

    game = check_normal_form(game, who)
    payoffs = np.asarray(game.tensor, dtype=np.float64)
    if not math.isfinite(2.0 * game.players * float(np.abs(payoffs).max())):
        raise InputError(f"{game.title}: sums of its payoffs overflow: rescale them")
    return payoffs


def _profiles(where: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(profile) for profile in np.argwhere(where).tolist())
