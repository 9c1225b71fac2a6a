"""Points that may be equilibria: zeros of the slopes inside, on edges, and corners, in floats."""

from typing import NamedTuple

import numpy as np

from glasshouse.analysis.equilibria.complete.floats import Floats

GRID_SIDE, EDGE_POINTS, ROW_POINTS = 121, 481, 601
"""Points on each side of the grid, along an edge, and of deviations compared with."""

STEPS = 40
"""Of Newton's method."""

EDGE_HALVINGS = 44
"""Of the steps between points of an edge."""

CONVERGED = 1e-15
"""Of all steps at once, in parts of the range."""

GAINS = 1e-7
"""Who gains more than this share of the payoffs' range by deviating is no candidate."""

ONE_POINT = 1e-7
"""Candidates closer than this share of the ranges are one."""

MOST_TOLD_APART_HERE = 1000
"""Of more candidates only so many, spread evenly, are looked at."""

NEARLY_SINGULAR = 1e-6
"""Smaller determinants, relative to their terms, are zero."""


class Candidate(NamedTuple):
    """A point that may be an equilibrium; `held` as in `Isolation`; `regular`, whether its
    Jacobian is so clearly not singular that it may be isolated."""

    held: tuple[int, int]
    point: tuple[float, float]
    regular: bool


def candidates(floats: Floats) -> list[Candidate]:
    """Points at which slopes are zero, or point outward at a bound, and nobody gains much."""
    found = [*_corners(floats), *_edges(floats), *_inside(floats)]
    if len(found) > MOST_TOLD_APART_HERE:  # of a flat game: a sample
        found = [found[k] for k in np.linspace(0, len(found) - 1, MOST_TOLD_APART_HERE).astype(int)]
    kept: list[Candidate] = []
    for candidate in found:
        distances = (
            np.abs(np.subtract(candidate.point, other.point)) / floats.widths for other in kept
        )
        if all(distance.max() > ONE_POINT for distance in distances):
            kept.append(candidate)
    return [candidate for candidate in kept if largest_gain(floats, candidate.point) <= GAINS]


def largest_gain(floats: Floats, point: tuple[float, float]) -> float:
    """What some player gains by some deviation of a grid, over the payoffs' range."""
    stay = floats.payoffs(*point)
    gains = []
    for player, (low, high) in enumerate(floats.boxes):
        row = np.linspace(low, high, ROW_POINTS)
        moved = floats.payoffs(*((row, point[1]) if player == 0 else (point[0], row)))[player]
        gains.append(float(np.max(moved) - stay[player]))
    return max(gains) / floats.scale


def _corners(floats: Floats) -> list[Candidate]:
    found = []
    for held in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        point = _ends(floats, held)
        slopes = floats.slopes(*point)
        if all(slopes[k] * held[k] > 0 for k in (0, 1)):
            found.append(Candidate(held, point, True))
    return found


def _ends(floats: Floats, held: tuple[int, int]) -> tuple[float, float]:
    first, second = (box[side > 0] for box, side in zip(floats.boxes, held, strict=True))
    return first, second


def _edges(floats: Floats) -> list[Candidate]:
    """Zeros of one slope on an edge where the other points outward."""
    found = []
    for player in (0, 1):
        low, high = floats.boxes[player]
        row = np.linspace(low, high, EDGE_POINTS)
        for side in (-1, 1):
            end = floats.boxes[1 - player][side > 0]
            for x in _roots(floats, player, end, row):
                point = (x, end) if player == 0 else (end, x)
                if low < x < high and floats.slopes(*point)[1 - player] * side > 0:
                    bend = floats.jacobians(*map(np.asarray, point))[player, player]
                    held = (0, side) if player == 0 else (side, 0)
                    regular = abs(bend) * (high - low) > NEARLY_SINGULAR * floats.scale
                    found.append(Candidate(held, point, bool(regular)))
    return found


def _roots(floats: Floats, player: int, end: float, row: np.ndarray) -> list[float]:
    """Zeros of a player's slope along an edge, by bisection between points of a row."""

    def slope(x: np.ndarray) -> np.ndarray:
        return floats.slopes(*((x, end) if player == 0 else (end, x)))[player]

    values = slope(row)
    where = np.flatnonzero(values[:-1] * values[1:] <= 0)
    low, high = row[where], row[where + 1]
    sign = np.sign(values[where])
    for _ in range(EDGE_HALVINGS if len(where) else 0):
        middle = (low + high) / 2
        below = np.sign(slope(middle)) == sign
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return ((low + high) / 2).tolist()


def _inside(floats: Floats) -> list[Candidate]:
    """Zeros of both slopes, by Newton's method from every cell in which both change their signs."""
    rows = [np.linspace(low, high, GRID_SIDE) for low, high in floats.boxes]
    slopes = floats.slopes(rows[0][:, None], rows[1][None, :])
    corners = np.stack(
        [slopes[:, :-1, :-1], slopes[:, 1:, :-1], slopes[:, :-1, 1:], slopes[:, 1:, 1:]]
    )
    changes = ((corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)).all(axis=0)
    cells = np.argwhere(changes)
    middles = [(row[:-1] + row[1:]) / 2 for row in rows]
    start = np.array([middles[0][cells[:, 0]], middles[1][cells[:, 1]]])
    points, regular = newton(floats, start)
    found = []
    for k in range(points.shape[1]):
        first, second = points[:, k].tolist()
        inside = all(
            low < x < high for x, (low, high) in zip((first, second), floats.boxes, strict=True)
        )
        if inside:
            found.append(Candidate((0, 0), (first, second), bool(regular[k])))
    return found


def newton(floats: Floats, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where Newton's method leads from each column, if anywhere, and whether regularly."""
    points = start
    cell = floats.widths[:, None] / GRID_SIDE
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            # The shortest step, none of it along a set of zeros.
            jacobians = np.nan_to_num(np.moveaxis(floats.jacobians(*points), -1, 0))
            inverses = np.linalg.pinv(jacobians, rcond=NEARLY_SINGULAR)
            step = -np.einsum("nij,jn->in", inverses, np.nan_to_num(floats.slopes(*points)))
            points = points + np.clip(step, -cell, cell)
            if np.abs(step).max(initial=0.0) <= CONVERGED * floats.widths.max():
                break
        slopes = floats.slopes(*points)
        (a, b), (c, d) = floats.jacobians(*points)
        size = np.abs(a * d) + np.abs(b * c)
        regular = np.abs(a * d - b * c) > NEARLY_SINGULAR * size
        near = (np.abs(points - start) <= 20 * cell).all(axis=0)
        small = (np.abs(slopes) <= 1e-9 * floats.scale / floats.widths[:, None]).all(axis=0)
    return points[:, near & small], regular[near & small]
