"""All equilibria of random games: how many searches end in a number, and whether it is right.

`python benchmarks/equilibria.py`; the README in this folder says what each number means.
"""

import argparse
import collections
import json
import statistics
import time
from typing import Any

import numpy as np

from glasshouse import NormalFormGame, ParametricGame, find_equilibria
from glasshouse.analysis import Equilibria
from glasshouse.semantics import Logistic

BOUND = 3.0

UNKNOWN = 0.05
"""The share of games at most that may be left without a number."""

SIZE, GAIN, APART = 4001, 1e-7, 0.02
"""The brute force: points on each side, what nobody may gain, how far equilibria are apart."""

REFUTED = 1e-9
"""Where all profiles around one that brute force met gain more than this, there is none."""

NEAR = 0.02
"""A found equilibrium this near is the one that brute force met."""

ROWS = 250
"""Of the grid at once: 250 · 4001 doubles are 8 MB."""


def main() -> None:
    options = parsed_options()
    rng = np.random.default_rng(options.seed)
    times, counts, misses = [], collections.Counter(), []
    for game in range(options.games):
        payoffs, coupling = rng.uniform(-1, 1, (2, 2, 2)), float(rng.uniform(-0.5, 1.5))
        parametric = ParametricGame(
            NormalFormGame(payoffs), Logistic((2, 2), coupling=coupling, bound=BOUND)
        )
        start = time.perf_counter()
        found = find_equilibria(parametric)
        times.append(time.perf_counter() - start)
        counts[f"{found.count} {found.number}"] += 1
        if found.count == "exactly" and game >= options.skip:
            misses += [
                {"game": game, "coupling": coupling, **miss}
                for miss in missing(payoffs, coupling, found)
            ]
        if options.progress:
            print(game, found.count, found.number, f"{times[-1]:.2f} s", misses[-1:], flush=True)
    unknown = sum(n for name, n in counts.items() if not name.startswith("exactly"))
    report = {
        "seed": options.seed,
        "games": options.games,
        "compared": options.games - options.skip,
        "counts": dict(sorted(counts.items())),
        "unknown": unknown / options.games,
        "unknown_wanted": UNKNOWN,
        "seconds_median": statistics.median(times),
        "seconds_most": max(times),
        "missing": [x for x in misses if x["least_gain_around"] <= REFUTED],
        "refuted_by_finer_grids": [x for x in misses if x["least_gain_around"] > REFUTED],
    }
    print(json.dumps(report, indent=2))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--games", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--skip", type=int, default=0, help="games not compared with brute force")
    parser.add_argument("--progress", action="store_true", help="a line for each game")
    return parser.parse_args()


def missing(payoffs: np.ndarray, coupling: float, found: Equilibria) -> list[dict[str, Any]]:
    """What brute force meets and the search did not find, with what is gained there on finer grids.

    A profile at which nobody gains more than `GAIN` need not be near an equilibrium: what the best
    profile around it gains, deviations being refined as well, tells.
    """
    points = np.reshape([[float(x) for x in point.params] for point in found.points], (-1, 2))
    misses = []
    for profile in brute_force(payoffs, coupling):
        if not len(points) or np.abs(points - profile).max(axis=1).min() > NEAR:
            gain = least_gain(payoffs, coupling, profile)
            misses.append({"profile": profile.tolist(), "least_gain_around": gain})
    return misses


def brute_force(payoffs: np.ndarray, coupling: float) -> list[np.ndarray]:
    """Profiles of the grid of which nobody gains by deviating on it, best first, apart."""
    row = np.linspace(-BOUND, BOUND, SIZE)
    best = np.array([[np.max(column) for column in columns(payoffs, coupling, i)] for i in (0, 1)])
    near, gains = [], []
    for start in range(0, SIZE, ROWS):
        some = slice(start, start + ROWS)
        u, v = utilities(payoffs, coupling, row[some, None], row[None, :])
        gain = np.maximum(best[0][None, :] - u, best[1][some, None] - v)
        at = np.argwhere(gain < GAIN)
        gains += gain[tuple(at.T)].tolist()
        near += [np.array([row[start + i], row[j]]) for i, j in at]
    kept: list[np.ndarray] = []
    for k in np.argsort(gains):
        if all(np.abs(near[k] - other).max() > APART for other in kept):
            kept.append(near[k])
    return kept


def columns(payoffs: np.ndarray, coupling: float, player: int) -> Any:
    """For each parameter of the other, what all own parameters pay."""
    row = np.linspace(-BOUND, BOUND, SIZE)
    for start in range(0, SIZE, ROWS):
        others = row[start : start + ROWS, None]
        at = (row[None, :], others) if player == 0 else (others, row[None, :])
        yield from utilities(payoffs, coupling, *at)[player]


def utilities(payoffs: np.ndarray, coupling: float, first: Any, second: Any) -> list[np.ndarray]:
    """Both payoffs, in this file's own words."""
    p = 1 / (1 + np.exp(-(first + coupling * second)))
    q = 1 / (1 + np.exp(-(second + coupling * first)))
    return [d + (b - d) * p + (c - d) * q + (a - b - c + d) * p * q for (a, b), (c, d) in payoffs]


def least_gain(payoffs: np.ndarray, coupling: float, profile: np.ndarray) -> float:
    """The least that the best deviation gains from a profile nearby, grids getting finer."""
    row, width, gain = np.linspace(-BOUND, BOUND, 20001), 3 * BOUND / SIZE, np.inf
    for _ in range(12):
        axes = [np.clip(x + width * np.linspace(-1, 1, 7), -BOUND, BOUND) for x in profile]
        tried = [np.array([x, y]) for x in axes[0] for y in axes[1]]
        gains = [best_gain(payoffs, coupling, point, row) for point in tried]
        k = int(np.argmin(gains))
        profile, gain, width = tried[k], gains[k], width / 2.5
    return gain


def best_gain(payoffs: np.ndarray, coupling: float, profile: np.ndarray, row: np.ndarray) -> float:
    x, y = profile
    stay = utilities(payoffs, coupling, x, y)
    deviations = (row, y), (x, row)
    moved = [utilities(payoffs, coupling, *at)[i] for i, at in enumerate(deviations)]
    gains = []
    for player, values in enumerate(moved):
        k = int(np.argmax(values))
        fine = np.clip(row[k] + np.linspace(-1, 1, 2001) * (row[1] - row[0]), -BOUND, BOUND)
        at = (fine, y) if player == 0 else (x, fine)
        gains.append(float(np.max(utilities(payoffs, coupling, *at)[player]) - stay[player]))
    return max(gains)


if __name__ == "__main__":
    main()
