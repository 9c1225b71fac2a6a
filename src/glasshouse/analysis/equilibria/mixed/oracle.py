"""The best reply of one player to a mixture of the others, over its whole box."""

import itertools
from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Array

from glasshouse._foundation.random import Purpose, Seed, uniforms
from glasshouse.analysis.equilibria.mixed.facing import (
    Atoms,
    Shares,
    bounds_of,
    locally,
    others_of,
    params_from,
)
from glasshouse.dynamics.batch import batch_map
from glasshouse.parametric.dense import DenseGame

GRID_POINTS, GRID_MOVES = 513, 3
"""Points of a grid over one parameter, and how often it is moved to where payoffs change."""

MOST_PEAKS = 16
"""Of the grid's cells in which the payoff peaks, so many with the highest ends are refined."""

PEAK_STEPS = 60
"""Steps, by Newton's method or else halving, that find a peak to rounding."""

CHUNK = 64
"""Profiles computed together, whatever their number: one program serves all grids."""

RANDOM_STARTS, MOST_CORNER_STARTS = 16, 16
"""Of ascents over several parameters, beside the atoms and the middle of the box."""

REPLIES_ON_A_LINE = (
    f"best replies from {GRID_POINTS} points, denser where payoffs change, peaks refined"
)
REPLIES_BY_ASCENT = "best replies by ascents from some starts, which may miss better ones"


def best_replies(
    game: DenseGame, atoms: Atoms, shares: Shares, seed: Seed, players: int
) -> list[np.ndarray]:
    """The best replies found of the first so many players to the mixture of the others.

    With one parameter: peaks seen on a grid over the box, refined to rounding. With more: the best
    end of bounded ascents from the atoms, corners, the middle and random points.
    """
    lower, upper = bounds_of(game)
    replies = []
    for player, (low, high) in enumerate(zip(lower[:players], upper, strict=False)):
        facing = _Facing(game, atoms, shares, player)
        if len(low) == 1:
            replies.append(_on_a_line(facing, float(low[0]), float(high[0])))
        else:
            drawn = uniforms(seed, Purpose.DEVIATIONS, RANDOM_STARTS, len(low))
            starts = [*atoms[player], (low + high) / 2, *(low + (high - low) * u for u in drawn)]
            if 2 ** len(low) <= MOST_CORNER_STARTS:
                starts += [np.array(x) for x in itertools.product(*zip(low, high, strict=True))]
            replies.append(_by_ascent(facing.payoff_and_slope, starts, low, high))
    return replies


class _Facing:
    """What one player is paid for its own numbers, the others mixing."""

    def __init__(self, game: DenseGame, atoms: Atoms, shares: Shares, player: int):
        self.game, self.player = game, player
        profiles, weights = zip(*others_of(atoms, shares, player), strict=True)
        self.profiles, self.weights = np.array(profiles), np.array(weights)
        begin = sum(own.shape[1] for own in atoms[:player])
        self.mine = slice(begin, begin + atoms[player].shape[1])

    def moved(self, points: np.ndarray) -> np.ndarray:
        """All profiles with the player's own numbers replaced, for each of some points."""
        profiles = np.repeat(self.profiles[None], len(points), axis=0)
        profiles[:, :, self.mine] = points[:, None]
        return profiles.reshape(-1, profiles.shape[-1])

    def each(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Payoffs, shape (points, profiles), and slopes, (points, profiles, own numbers)."""
        found = batch_map(
            _payoff_and_slope,
            self.moved(points),
            self.game,
            np.asarray(self.player),
            chunk_size=CHUNK,
        )
        payoffs, slopes = (x.reshape(len(points), len(self.profiles), -1) for x in found)
        return payoffs[..., 0], slopes[..., self.mine]

    def payoff_and_slope(self, own: np.ndarray) -> tuple[float, np.ndarray]:
        """What one point is paid, and the slope there."""
        payoffs, slopes = self.each(np.asarray(own)[None])
        return float(payoffs[0] @ self.weights), self.weights @ slopes[0]

    def slope_and_curvature(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first two derivatives by the player's only number."""
        local, shape = locally(self.game, self.moved(points)), (len(points), len(self.weights))
        k = self.mine.start
        slopes = local.slopes[:, self.player, k].reshape(shape)
        return slopes @ self.weights, (
            local.curvatures[:, self.player, k, k].reshape(shape) @ self.weights
        )


def _on_a_line(facing: _Facing, low: float, high: float) -> np.ndarray:
    if low == high:
        return np.array([low])
    grid = np.linspace(low, high, GRID_POINTS)
    payoffs, slopes = facing.each(grid[:, None])
    for _ in range(GRID_MOVES):
        change = np.abs(np.diff(payoffs, axis=0)) @ facing.weights
        even = np.diff(grid) / (high - low)
        weights = even + (change / change.sum() if change.sum() > 0 else even)
        reached = np.concatenate([[0.0], np.cumsum(weights)])
        more = np.interp(np.linspace(0.0, reached[-1], GRID_POINTS), reached, grid)
        fresh = np.setdiff1d(more, grid)
        if not len(fresh):
            break
        new = facing.each(fresh[:, None])
        grid = np.concatenate([grid, fresh])
        order = np.argsort(grid)
        grid, payoffs, slopes = (
            grid[order],
            np.concatenate([payoffs, new[0]])[order],
            np.concatenate([slopes, new[1]])[order],
        )
    paid, slope = payoffs @ facing.weights, slopes[..., 0] @ facing.weights
    peaks = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    heights = np.maximum(paid[peaks], paid[peaks + 1])
    peaks = peaks[np.argsort(-heights, kind="stable")[:MOST_PEAKS]]
    refined = _refined(facing, grid[peaks], grid[peaks + 1]) if len(peaks) else np.zeros(0)
    candidates = np.array([low, high, grid[np.argmax(paid)], *refined])
    values = facing.each(candidates[:, None])[0] @ facing.weights
    return candidates[[np.argmax(values)]]


def _refined(facing: _Facing, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where slopes that are positive on the left and not on the right are zero."""
    at = 0.5 * (left + right)
    for _ in range(PEAK_STEPS):
        slope, curvature = facing.slope_and_curvature(at[:, None])
        rising = slope > 0
        left, right = np.where(rising, at, left), np.where(rising, right, at)
        with np.errstate(all="ignore"):
            step = at - slope / curvature
        inside = (step >= left) & (step <= right)
        after = np.where(inside, step, 0.5 * (left + right))
        if np.all(np.abs(after - at) <= 4 * np.spacing(np.abs(at))):
            return after
        at = after
    return at


def _by_ascent(
    payoff_and_slope: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: list[np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    from scipy.optimize import minimize  # takes as long to import as a tenth of glasshouse

    def loss(own: np.ndarray) -> tuple[float, np.ndarray]:
        payoff, slope = payoff_and_slope(own)
        return -payoff, -np.asarray(slope)

    bounds = list(zip(low, high, strict=True))
    ends = [
        minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15})
        for start in starts
    ]
    return np.clip(min(ends, key=lambda end: end.fun).x, low, high)


def _payoff_and_slope(numbers: Array, game: DenseGame, player: Array) -> tuple[Array, Array]:
    return jax.value_and_grad(lambda z: game.centred_payoffs(params_from(z, game))[player])(numbers)
