"""Portraits as paths of SVG in a square of 1000 units: what an animation shows, frame by frame."""

import itertools
from collections.abc import Iterable
from typing import Any

import contourpy
import numpy as np

from glasshouse.analysis.phase.judged import PlaneRestPoint
from glasshouse.analysis.phase.plane import FieldGrid
from glasshouse.analysis.phase.portrait import OUTCOMES, Portrait
from glasshouse.plots.phase import NOISE

SIDE = 1000
"""Units along a side; parameters are rounded to one of them."""

RUN_POINTS = 60
"""Points of each sample run, evenly spaced along it."""

FRAME_ARROWS, ARROW_LENGTH, ARROW_HEAD = 13, 42.0, 13.0
"""Arrows per side, and in units how long they and their heads are."""

DOT, DIAMOND = 15, 21
"""In units, half as wide as the marks of rest points are."""


def frame_paths(portrait: Portrait) -> dict[str, Any]:
    """A portrait: `shading`, one path for each outcome; `arrows`; `nullclines`, of either player;
    `runs`, coordinates one after the other; `points`, paths of filled, open and half-filled marks.
    """
    return {
        "shading": [_cells(portrait.shading == k) for k in range(len(OUTCOMES))],
        "arrows": _arrows(portrait.field),
        "nullclines": [_zeros(portrait.field, player) for player in range(2)],
        "runs": [_run(path, portrait.field) for path in portrait.trajectories],
        "points": _points(portrait.rest_points, portrait.field),
    }


def share_paths(shares: Iterable[np.ndarray], width: int, height: int) -> list[str]:
    """Shares that add to one at each value, as areas on top of each other."""
    each = np.array(list(shares))
    tops = np.concatenate([np.zeros((1, each.shape[1])), np.cumsum(each, axis=0)])
    x = np.linspace(0, width, each.shape[1])
    found = []
    for low, high in itertools.pairwise(tops):
        outline = np.concatenate([np.stack([x, low], 1), np.stack([x, high], 1)[::-1]])
        corners = [f"{a:.0f} {height * (1 - b):.1f}" for a, b in outline]
        found.append(f"M{'L'.join(corners)}Z" if (high > low).any() else "")
    return found


def _units(points: np.ndarray, field: FieldGrid) -> np.ndarray:
    """Places in the plane in units from the upper left corner, shape `(…, 2)`."""
    low = np.array([field.theta_1[0], field.theta_2[0]])
    high = np.array([field.theta_1[-1], field.theta_2[-1]])
    unit = (np.asarray(points, dtype=float) - low) / (high - low)
    return np.stack([SIDE * unit[..., 0], SIDE * (1 - unit[..., 1])], axis=-1)


def _cells(mask: np.ndarray) -> str:
    """Squares as rectangles: equal rows as one, and neighbours in a row as one."""
    rows = mask.T[::-1]  # from the top
    edge = np.rint(np.linspace(0, SIDE, len(rows) + 1)).astype(int)
    across = np.rint(np.linspace(0, SIDE, rows.shape[1] + 1)).astype(int)
    found, begin = [], 0
    for k in range(1, len(rows) + 1):
        if k < len(rows) and np.array_equal(rows[k], rows[begin]):
            continue
        ends = np.flatnonzero(np.diff(np.concatenate([[0], rows[begin].astype(int), [0]])))
        top, height = edge[begin], edge[k] - edge[begin]
        for left, right in ends.reshape(-1, 2):
            a, width = across[left], across[right] - across[left]
            found.append(f"M{a} {top}h{width}v{height}h-{width}z")
        begin = k
    return "".join(found)


def _arrows(field: FieldGrid) -> str:
    places = np.linspace(0, len(field.theta_1) - 1, 2 * FRAME_ARROWS + 1).astype(int)[1::2]
    grid = np.ix_(places, places)
    direction = field.gradient[grid] * [1, -1]
    moves = np.nan_to_num(np.abs(field.relative[grid])).max(axis=-1) > NOISE
    length = np.hypot(*np.moveaxis(direction, -1, 0))
    theta = np.stack(np.meshgrid(field.theta_1[places], field.theta_2[places], indexing="ij"), -1)
    centres, found = _units(theta, field), []
    for i, j in np.argwhere(moves & (length > 0)):
        along = direction[i, j] / length[i, j]
        tip, tail = (
            centres[i, j] + along * ARROW_LENGTH / 2,
            centres[i, j] - along * ARROW_LENGTH / 2,
        )
        aside = np.array([-along[1], along[0]]) * ARROW_HEAD / 2
        left, right = tip - along * ARROW_HEAD + aside, tip - along * ARROW_HEAD - aside
        corners = (f"{x:.0f} {y:.0f}" for x, y in (tail, tip, left, tip, right))
        a, b, c, d, e = corners
        found.append(f"M{a}L{b}M{c}L{d}L{e}")
    return "".join(found)


def _zeros(field: FieldGrid, player: int) -> str:
    component = np.ma.masked_invalid(field.relative[..., player])
    if not component.min() < 0 < component.max():
        return ""
    lines = contourpy.contour_generator(field.theta_1, field.theta_2, component.T).lines(0.0)
    return "".join(f"M{_line(_units(np.asarray(line), field))}" for line in lines)


def _run(path: np.ndarray, field: FieldGrid) -> list[int]:
    """A run at places evenly spaced along it, x and y in turn."""
    reached = np.concatenate([[0.0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    wanted = np.linspace(0.0, reached[-1], RUN_POINTS)
    even = np.stack([np.interp(wanted, reached, part) for part in path.T], axis=1)
    return np.rint(_units(even, field)).astype(int).ravel().tolist()


def _points(points: Iterable[PlaneRestPoint], field: FieldGrid) -> list[str]:
    filled, open_ones, outlines, halves = [], [], [], []
    for point in points:
        x, y = np.rint(_units(np.array(point.params), field)).astype(int)
        disc = f"M{x - DOT} {y}a{DOT} {DOT} 0 1 0 {2 * DOT} 0a{DOT} {DOT} 0 1 0 -{2 * DOT} 0z"
        if point.stability == "stable":
            filled.append(disc)
        elif point.stability == "saddle":
            d = DIAMOND
            outlines.append(f"M{x - d} {y}l{d} -{d}l{d} {d}l-{d} {d}z")
            halves.append(f"M{x - d} {y}l{d} -{d}v{2 * d}z")
        else:
            open_ones.append(disc)
    return ["".join(filled), "".join([*open_ones, *outlines]), "".join(halves)]


def _line(points: np.ndarray) -> str:
    return "L".join(f"{x:.0f} {y:.0f}" for x, y in points)
