"""Risk-averse equilibria: payoffs less their variance over what the other does."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Whole, number, whole
from glasshouse._foundation.random import Purpose, uniforms
from glasshouse._foundation.results import Result
from glasshouse.analysis.finite.tables import two_player_payoffs
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

MOST_AVERSE_ACTIONS = 6
"""Of each player: 63 × 63 pairs of supports are then tried."""

GAIN = 1e-9
"""Relative to payoffs and their variance: who gains less by another mixture stays."""

ONE_MIXTURE = 1e-6
"""Mixtures closer than this are one equilibrium."""


@dataclasses.dataclass(frozen=True, repr=False)
class RiskAversePoint(Result):
    """One risk-averse equilibrium.

    **Arguments:** `weights`, for either player the probability of each action; `payoffs`, the mean;
    `variances`, of what a player is paid over the other's actions, its own mixing averaged out;
    `gain`, a bound on what either could gain, in payoff less variance.
    """

    weights: tuple[tuple[float, ...], ...]
    payoffs: tuple[float, ...]
    variances: tuple[float, ...]
    gain: float


@dataclasses.dataclass(frozen=True, repr=False)
class RiskAverseEquilibria(Evidenced):
    """Risk-averse equilibria that were found; at least one exists, and there may be more.

    **Arguments:** `points`; `aversion` γ of either player; `method`, `detail`.
    """

    ROWS: ClassVar[str] = "points"

    points: tuple[RiskAversePoint, ...]
    aversion: tuple[float, float]
    method: str
    detail: str


def risk_averse_equilibria(
    game: "NormalFormGame", aversion: Numbers, *, starts: Whole = 4, seed: Whole = 0
) -> RiskAverseEquilibria:
    """Equilibria of two players who dislike the variance of what the other's mixing pays them.

    Definition: x maximises x·A y - γ Var_{b ~ y}[(xᵀA)_b], which is concave in x: one's own mixing
    is no risk, for it is averaged out. At γ = 0 these are Nash equilibria; pure equilibria in which
    everybody else is paid less stay at any γ.

    **Arguments:** `game` of two players with up to six actions each; `aversion` γ >= 0, or one for
    each, per unit of payoff; `starts` of Newton's method for each pair of supports, and their
    `seed`.
    **Returns:** every equilibrium found, each checked by a bound on the best gain; that all were
    found is not proved.
    **Source:** Slumbers et al. 2023, arXiv:2205.15434; the variance is over the other's actions.

        import glasshouse as gh
        from glasshouse.analysis.finite import risk_averse_equilibria

        found = risk_averse_equilibria(gh.load_game("stag_hunt"), 0.5)
        print([round(point.weights[0][0], 4) for point in found.points])  # [0.0, 0.9259, 1.0]
    """
    tables = two_player_payoffs(game, "risk-averse equilibria need")
    if max(tables[0].shape) > MOST_AVERSE_ACTIONS:
        raise InputError(
            f"{game.title} has {max(tables[0].shape)} actions of a player, and every support of at "
            f"most {MOST_AVERSE_ACTIONS} is tried: leave actions out"
        )
    both = np.atleast_1d(np.asarray(aversion, dtype=float))
    if both.shape not in ((1,), (2,)):
        raise InputError(f"aversion has shape {both.shape}: give one number, or one for each")
    gammas = tuple(number(x, "aversion", least=0.0) for x in np.broadcast_to(both, (2,)))
    levels = tuple(float(own.mean()) for own in tables)  # a variance cannot tell 1e6 from 0
    tables = (tables[0] - levels[0], tables[1] - levels[1])
    count = whole(starts, "starts")
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for x, y in _candidates(tables, gammas, count, int(whole(seed, "seed", least=0))):
        near = any(max(np.abs(x - u).max(), np.abs(y - v).max()) < ONE_MIXTURE for u, v in found)
        if not near and _gain(tables, gammas, x, y) <= GAIN * _scale(tables, gammas):
            found.append((x, y))
    found.sort(key=lambda pair: (*pair[0].round(9), *pair[1].round(9)))
    points = tuple(_point(tables, levels, gammas, x, y) for x, y in found)
    return RiskAverseEquilibria(
        points=points,
        aversion=(gammas[0], gammas[1]),
        method="numerical",
        detail=f"Newton's method for every pair of supports from {count} starts, and each point "
        "checked; there may be more",
    )


def _slopes(table: np.ndarray, gamma: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How what x is worth rises with each of its weights."""
    mean = table @ y
    return mean - 2 * gamma * (table @ (y * (x @ table)) - mean * (x @ mean))


def _gain(
    tables: tuple[np.ndarray, np.ndarray], gammas: tuple[float, ...], x: np.ndarray, y: np.ndarray
) -> float:
    """What either could gain at most: worth is concave in one's own mixture, so slopes bound it."""
    gains = []
    for table, gamma, own, other in zip(tables, gammas, (x, y), (y, x), strict=True):
        slopes = _slopes(table, gamma, own, other)
        gains.append(float(slopes.max() - own @ slopes))
    return max(gains)


def _scale(tables: tuple[np.ndarray, np.ndarray], gammas: tuple[float, ...]) -> float:
    each = zip(map(np.ptp, tables), gammas, strict=True)
    return max(float(size + gamma * size**2) for size, gamma in each)


def _candidates(
    tables: tuple[np.ndarray, np.ndarray], gammas: tuple[float, ...], starts: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mixtures on each pair of supports at which all actions used are worth the same."""
    from scipy.optimize import root  # takes as long to import as a tenth of glasshouse

    m, n = tables[0].shape
    drawn = -np.log(uniforms(seed, Purpose.DEVIATIONS, starts, m + n))
    for first, second in itertools.product(_supports(m), _supports(n)):

        def mixtures(z: np.ndarray, first=first, second=second) -> tuple[np.ndarray, np.ndarray]:
            x, y = np.zeros(m), np.zeros(n)
            x[first], y[second] = z[: len(first)], z[len(first) : len(first) + len(second)]
            return x, y

        def unequal(z: np.ndarray, first=first, second=second, mixtures=mixtures) -> np.ndarray:
            x, y = mixtures(z)
            here = _slopes(tables[0], gammas[0], x, y)[first] - z[-2]
            there = _slopes(tables[1], gammas[1], y, x)[second] - z[-1]
            return np.concatenate([here, there, [x.sum() - 1, y.sum() - 1]])

        sole = len(first) == len(second) == 1
        for k in range(1 if sole else starts):
            x, y = drawn[k, :m][first], drawn[k, m:][second]
            begin = np.concatenate([x / x.sum(), y / y.sum(), [0.0, 0.0]])
            end = begin if sole else root(unequal, begin, tol=1e-13).x
            x, y = mixtures(end)
            total = x.sum(), y.sum()
            if min(x.min(), y.min()) < -ONE_MIXTURE or max(abs(t - 1) for t in total) > ONE_MIXTURE:
                continue
            x, y = np.maximum(x, 0.0), np.maximum(y, 0.0)
            yield x / x.sum(), y / y.sum()


def _supports(count: int) -> list[list[int]]:
    sizes = range(1, count + 1)
    return [list(own) for k in sizes for own in itertools.combinations(range(count), k)]


def _point(
    tables: tuple[np.ndarray, np.ndarray],
    levels: tuple[float, ...],
    gammas: tuple[float, ...],
    x: np.ndarray,
    y: np.ndarray,
) -> RiskAversePoint:
    """**Arguments:** `tables`, payoffs less their `levels`."""
    each = [(tables[0], x, y), (tables[1], y, x)]
    paid = [own @ table for table, own, _ in each]
    means = [float(one @ other) for one, (_, _, other) in zip(paid, each, strict=True)]
    spread = [
        float(other @ (one - mean) ** 2)
        for one, mean, (_, _, other) in zip(paid, means, each, strict=True)
    ]
    return RiskAversePoint(
        weights=tuple(tuple(own.tolist()) for own in (x, y)),
        payoffs=tuple(mean + level for mean, level in zip(means, levels, strict=True)),
        variances=tuple(spread),
        gain=_gain(tables, gammas, x, y),
    )
