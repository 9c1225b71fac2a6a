"""All equilibria of two logistic players by trying everything, in NumPy alone.

Every profile of a grid is compared with every deviation of the grid; where nobody gains much, a
finer grid of profiles and deviations is laid around, again and again.
"""

import numpy as np


def payoffs(tables, couplings, first, second):
    """Both players' payoffs; player i's logit is its parameter + its coupling · the other's."""
    p = 1 / (1 + np.exp(-(first + couplings[0] * second)))
    q = 1 / (1 + np.exp(-(second + couplings[1] * first)))
    return [
        u[0, 0] * p * q
        + u[0, 1] * p * (1 - q)
        + u[1, 0] * (1 - p) * q
        + u[1, 1] * (1 - p) * (1 - q)
        for u in tables
    ]


def largest_gains(tables, couplings, bound, first, second, deviations=1201):
    """For arrays of profiles what the player who gains most gains, by deviations of a grid that is
    laid again around the best one."""
    gains = []
    for player in (0, 1):
        theirs = second if player == 0 else first
        low, high = np.full(theirs.shape, -bound), np.full(theirs.shape, bound)
        stay = payoffs(tables, couplings, first, second)[player]
        best = np.full(theirs.shape, -np.inf)
        for _ in range(6):
            t = low + (high - low) * np.linspace(0, 1, deviations)[(...,) + (None,) * low.ndim]
            at = (t, theirs) if player == 0 else (theirs, t)
            moved = payoffs(tables, couplings, *at)[player]
            k = np.argmax(moved, axis=0)[None]
            best = np.maximum(best, np.take_along_axis(moved, k, 0)[0])
            centre, step = np.take_along_axis(t, k, 0)[0], (high - low) / (deviations - 1)
            low = np.clip(centre - 2 * step, -bound, bound)
            high = np.clip(centre + 2 * step, -bound, bound)
            deviations = 21
        gains.append(best - stay)
        deviations = 1201
    return np.maximum(*gains)


def equilibria(tables, couplings, bound=3.0, size=1201, apart=0.02, tolerance=1e-10):
    """Profiles of which nobody gains by deviating, at least `apart` from each other.

    A profile of the grid is looked at more closely where nobody gains more than a step of the
    grid could cost.
    """
    tables = [np.asarray(u, float) for u in tables]
    scale = max(np.ptp(u) for u in tables)
    row = np.linspace(-bound, bound, size)
    step = row[1] - row[0]
    # Half of the largest curvature times the square of half a step, and some more; where nobody
    # reads a player, what it gains is not curved: a slope times a step.
    allowed = 0.2 * scale * (1 + max(map(abs, couplings))) ** 2 * step**2
    if 0 in couplings:
        allowed, tolerance = 0.1 * scale * step, 1e-6
    u, v = payoffs(tables, couplings, row[:, None], row[None, :])
    gains = np.maximum(u.max(axis=0)[None, :] - u, v.max(axis=1)[:, None] - v)
    near = np.argwhere(gains <= allowed)
    order = np.argsort(gains[tuple(near.T)])
    found, looked = [], []
    for i, j in near[order]:
        start = np.array([row[i], row[j]])
        if any(np.abs(start - x).max() < 2.5 * step for x in looked):
            continue
        if any(np.abs(start - x).max() < apart for x in found):
            continue
        looked.append(start)
        point, gain = zoomed(tables, couplings, bound, start, 3 * step)
        if gain < tolerance * scale and all(np.abs(point - x).max() > apart for x in found):
            found.append(point)
    return sorted(tuple(map(float, x)) for x in found)


def zoomed(tables, couplings, bound, start, width, rounds=11):
    """The profile around which nobody gains most, and what is gained there."""
    point, gains, k = start, np.array([np.inf]), 0
    for _ in range(rounds):
        axes = [np.clip(x + width * np.linspace(-1, 1, 7), -bound, bound) for x in point]
        first, second = (x.ravel() for x in np.meshgrid(*axes, indexing="ij"))
        gains = largest_gains(tables, couplings, bound, first, second, 301)
        k = int(np.argmin(gains))
        point, width = np.array([first[k], second[k]]), width / 2.5
    return point, float(gains[k])
