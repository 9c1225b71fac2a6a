"""Where learning ends from everywhere in a plane: starts on a grid, and the borders between."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.phase.plane import AbstractPlane
from glasshouse.dynamics import Learning, batch_map, run
from glasshouse.parametric import Params

SHADES_PER_CELL = 8
"""Squares of the shading along a side of a cell: on paper no wider than a thin line."""

MOST = 1024
"""Where there are many cells, the shading has fewer squares in each, but no fewer than one."""

HALVINGS = 4
"""A border is found to within 1/16 of the distance between two starts: half such a square."""

RUNS_TOGETHER = 32
"""Runs computed together. All batches here use this size, so that one compilation (a second) does
for the grid and for the few hundred runs of each halving; the grid takes 12 % longer for it."""

ROUND = 8 * RUNS_TOGETHER
"""Batches are filled up to a multiple of this."""

MANY_RUNS = 16_384
"""Runs from which on a compilation matters less than the time that small chunks take."""

Start = Float[RealArray, "2"]
Outcomes = Callable[[Float[np.ndarray, "runs 2"]], Int[np.ndarray, "runs"]]


@dataclasses.dataclass(frozen=True)
class Basins:
    """Ends of learning from a grid of starts.

    **Arguments:** `starts`, the middles of squares, shape `(cells, cells, 2)`; `outcomes`, how runs
    from them ended; `residuals` of these runs; `shading`, the outcomes on a grid up to
    `SHADES_PER_CELL` times finer, whose borders run straight between points that were found by
    learning.
    """

    starts: Float[np.ndarray, "cells cells 2"]
    outcomes: Int[np.ndarray, "cells cells"]
    residuals: Float[np.ndarray, "runs"]
    shading: Int[np.ndarray, "fine fine"]


def learned_basins(
    plane: AbstractPlane, cells: int, learning: Learning, step_size: float
) -> Basins:
    """Learn from `cells`² starts in the box, and bisect between neighbours that end differently."""
    low, high = plane.box()

    def learned(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = low + (high - low) * unit.reshape(-1, 2)
        whole = np.resize(points, (-(-len(points) // ROUND) * ROUND, 2))
        settings = (plane, learning.steps, np.asarray(step_size))
        size = RUNS_TOGETHER if len(whole) <= MANY_RUNS and jax.default_backend() == "cpu" else None
        ends, residuals = batch_map(_end, whole, *settings, chunk_size=size)
        return outcome(ends[: len(points)]), residuals[: len(points)]

    return basins_by(learned, low, high, cells)


def basins_by(
    learned: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    low: Float[np.ndarray, "2"],
    high: Float[np.ndarray, "2"],
    cells: int,
) -> Basins:
    """The same by another way of learning.

    **Arguments:** `learned(unit)`, the outcomes and residuals of runs from points of the unit
    square, whose last axis is the players'; they come without the others.
    """
    nodes = _nodes(cells)
    starts = _starts(nodes)
    outcomes, residuals = (found.reshape(starts.shape[:2]) for found in learned(starts))
    crossings = _crossings(nodes, outcomes, lambda points: learned(points)[0])
    inner = (slice(1, -1), slice(1, -1))
    return Basins(
        starts=low + (high - low) * starts[inner],
        outcomes=outcomes[inner],
        residuals=residuals[inner].ravel(),
        shading=_shading(nodes, outcomes, *crossings),
    )


def inside(start: Start, plane: AbstractPlane) -> Params:
    """A point of the plane as a profile in its boxes."""
    boxes = zip(plane.game.spaces, plane.profile(start), strict=True)
    return tuple(box.project(x) for box, x in boxes)


def outcome(cooperating: Float[np.ndarray, "runs 2"]) -> Int[np.ndarray, "runs"]:
    """The number in `phase.OUTCOMES` of each end, -1 where it is not finite."""
    first, second = (cooperating > 0.5).T
    found = np.select([first & second, first, second], [0, 1, 2], default=3)
    return np.where(np.isfinite(cooperating).all(axis=1), found, -1)


def _end(
    start: Start, plane: AbstractPlane, steps: int, step_size: RealArray
) -> tuple[Start, Float[RealArray, ""]]:
    params = inside(start, plane)
    end = run(plane.game, plane.rule, params, steps=steps, step_size=step_size, throw=False)
    return cooperation(plane.game, end.params), end.residual


def middles(cells: int) -> Float[np.ndarray, "cells cells 2"]:
    """Those of the cells of the unit square alone, moved off the diagonal likewise."""
    return _starts(_nodes(cells))[1:-1, 1:-1]


def _nodes(cells: int) -> Float[np.ndarray, "n"]:
    """The middles of cells along a side, and its ends."""
    return np.concatenate([[0.0], (np.arange(cells) + 0.5) / cells, [1.0]])


def _starts(nodes: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n n 2"]:
    """Points of a grid in the unit square, those on the diagonal moved off it.

    Middles of cells move by a quarter of a cell to alternating sides, the corners along an edge.
    """
    starts = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1)
    cells = len(nodes) - 2
    quarter, diagonal = 0.25 / cells, np.arange(1, cells + 1)
    side = quarter * (-1.0) ** np.arange(cells)
    starts[diagonal, diagonal] += np.stack([side, -side], axis=-1)
    starts[0, 0, 0] += quarter
    starts[-1, -1, 0] -= quarter
    return starts


def _crossings(
    nodes: Float[np.ndarray, "n"], outcomes: Int[np.ndarray, "n n"], learned: Outcomes
) -> tuple[Float[np.ndarray, "m n"], Float[np.ndarray, "n m"]]:
    """How far along each edge of the grid its outcome changes, as a share; ½ where it does not.

    A start that was moved off the diagonal speaks for its place on it: where the diagonal is a
    border, equal outcomes next to it lead the search to the diagonal itself.
    """
    across, along = (np.argwhere(np.diff(outcomes, axis=axis) != 0) for axis in (0, 1))
    pairs = np.concatenate([across, along])
    step = np.repeat([[1, 0], [0, 1]], [len(across), len(along)], axis=0)
    begin, end = nodes[pairs], nodes[pairs + step]
    here = outcomes[tuple(pairs.T)]
    near, far = np.zeros(len(pairs)), np.ones(len(pairs))
    for _ in range(HALVINGS if len(pairs) else 0):
        middle = (near + far) / 2
        same = learned(begin + middle[:, None] * (end - begin)) == here
        near, far = np.where(same, middle, near), np.where(same, far, middle)
    size = len(nodes)
    found = np.full((size - 1, size), 0.5), np.full((size, size - 1), 0.5)
    found[0][tuple(across.T)], found[1][tuple(along.T)] = np.split((near + far) / 2, [len(across)])
    return found


def _shading(
    nodes: Float[np.ndarray, "n"],
    outcomes: Int[np.ndarray, "n n"],
    across: Float[np.ndarray, "m n"],
    along: Float[np.ndarray, "n m"],
) -> Int[np.ndarray, "fine fine"]:
    """Outcomes on the finer grid, by the corner to whose sector of its square a point belongs.

    The sectors lie around the middle of the crossings on the square's sides: two of them make a
    straight border, more meet in one point.
    """
    cells = len(nodes) - 2
    fine = cells * max(1, min(SHADES_PER_CELL, MOST // cells))
    at = (np.arange(fine) + 0.5) / fine
    square = np.searchsorted(nodes, at) - 1
    i, j = np.meshgrid(square, square, indexing="ij")
    point = at[:, None] + 1j * at[None, :]
    corner, width = nodes[i] + 1j * nodes[j], np.diff(nodes)
    sides = np.stack(
        [
            corner + across[i, j] * width[i],
            corner + width[i] + 1j * along[i + 1, j] * width[j],
            corner + across[i, j + 1] * width[i] + 1j * width[j],
            corner + 1j * along[i, j] * width[j],
        ]
    )
    corners = np.stack(
        [outcomes[i + 1, j], outcomes[i + 1, j + 1], outcomes[i, j + 1], outcomes[i, j]]
    )
    changes = corners != np.roll(corners, 1, axis=0)  # on the side before each corner
    weights = np.where(changes.any(axis=0), changes, 1.0)
    centre = (weights * sides).sum(axis=0) / weights.sum(axis=0)

    def turn(towards: np.ndarray) -> np.ndarray:
        """Angles from the lower side, counted counterclockwise."""
        return np.angle((towards - centre) / (sides[0] - centre)) % (2 * np.pi)

    sector = (turn(point) >= turn(sides[1:])).sum(axis=0)
    return np.take_along_axis(corners, sector[None], axis=0)[0]
