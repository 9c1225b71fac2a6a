"""Rest points of two learners with one bounded parameter each, found numerically."""

import dataclasses
import itertools
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, with_nan
from glasshouse._foundation.programs import program
from glasshouse._foundation.results import Result
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.phase.judged import STRICT, LocalValues, PlaneRestPoint, judged_point
from glasshouse.analysis.phase.plane import AbstractPlane, FieldGrid, gradients_at, grid_of

REFINEMENTS = (2, 4)
"""How much finer the search grid becomes while the indices of the points found do not add to 1."""

MOST_POLISHED = 200
"""Cells near which a root is sought; more than this is a continuum or close to one."""

GRADIENT_ROUNDING = 1e-12
"""Relative gradients below this are rounding and count as a change of sign."""

RESIDUAL = 1e-10
"""A polished point rests when no free relative gradient is larger."""

SAME_POINT = 1e-6
"""Points closer than this share of the box are one."""

MOST_DEGENERATE = 8
"""More degenerate points than this, all further apart than three cells, are a continuum."""

SHOWN = 5
"""So many points stand for a continuum."""


@dataclasses.dataclass(frozen=True, repr=False)
class RestPointSearch(Result):
    """The rest points found, and what is known about those that were not.

    **Arguments:** `points`; `continuum`, whether rest points form a curve or an area, of which
    `points` then holds a few; `index_sum`, the sum of all indices, which is 1 when nothing is
    missed (the converse need not hold), None where a point is degenerate; `notes`, what the
    reader should know; `method`, `detail`.
    """

    points: tuple[PlaneRestPoint, ...]
    continuum: bool
    index_sum: int | None
    notes: tuple[str, ...]
    method: str
    detail: str


class FoundPoint(NamedTuple):
    """A rest point and where it lies in units of the box."""

    unit: np.ndarray
    point: PlaneRestPoint


def plane_rest_points(plane: AbstractPlane, grid: FieldGrid) -> RestPointSearch:
    """Rest points of the projected flow of a rule on the box, interior, edges and corners.

    Definition: θ rests when each component of the joint direction is zero, or points
    outward (or is zero) at a bound. The search uses the relative gradient, which has the same
    signs, is not hidden by saturation and, wherever a player's own parameter moves anybody's
    behaviour, has the same zeros; where it moves nobody's inside the box, at the peak of a wave
    say, rest points are not found. Cells of a grid in which both components
    change sign, and local minima of their size, start a root finder; edges are searched by sign
    changes; results are verified. Where all points are regular the sum of their indices
    sign det(-J), J in the free directions, is 1; where it is not, the grid is refined.

    **Arguments:** `plane`, the game and the rule; `grid`, from `grid_of` with them.
    **Cost:** numerical; may miss points that lie closer together than the grid resolves, or none
    of whose neighbours on the grid shows a sign change.
    **Source:** the index theorem: Simsek, Ozdaglar & Acemoglu 2007, Generalized Poincaré–Hopf
    theorem for compact nonsmooth regions, Mathematics of Operations Research 32.
    """
    low, high = (np.array([grid.theta_1[end], grid.theta_2[end]]) for end in (0, -1))
    search = _Search(plane, low, high - low)
    coarse = grid
    found = collected(resting(search, _candidates(search, grid)), grid, coarse)
    for refinement in REFINEMENTS:
        if found.index_sum in (1, None) or np.isnan(grid.relative).any():
            break
        grid = grid_of(plane, refinement * (len(coarse.theta_1) - 1) + 1)
        found = collected(resting(search, _candidates(search, grid)), grid, coarse)
    return found


def collected(found: list[FoundPoint], grid: FieldGrid, coarse: FieldGrid) -> RestPointSearch:
    """What a search on this grid has found, in order, and what is to be said of it.

    **Arguments:** `coarse`, the grid from which it was refined, or the same one.
    """
    resolution = len(grid.theta_1)
    points, count = _without_continuum(found, 3.0 / (resolution - 1))
    indices = [f.point.index for f in points]
    index_sum = None if None in indices else sum(i for i in indices if i is not None)
    order = {"interior": 0, "edge": 1, "corner": 2}
    listed = sorted((f.point for f in points), key=lambda p: (order[p.place], p.params))
    detail = (
        f"numerical search: sign changes of the relative gradient on {resolution}×{resolution} "
        f"points, polished to {RESIDUAL:g}; points closer together than the grid can be missed"
    )
    notes = _notes(coarse, count, index_sum, listed)
    return RestPointSearch(tuple(listed), count > 0, index_sum, notes, "numerical", detail)


def _notes(
    grid: FieldGrid, count: int, index_sum: int | None, points: list[PlaneRestPoint]
) -> tuple[str, ...]:
    notes = []
    lost = float(np.isnan(grid.relative).any(axis=-1).mean())
    if lost:
        notes.append(
            f"gradients are lost in rounding on {lost:.0%} of the grid, where behaviour saturates: "
            "rest points there are not known; lower the bound"
        )
    if count:
        notes.append(
            f"rest points form a continuum (a curve or an area): at least {count} were found and "
            f"at most {SHOWN} of them besides corners are listed"
        )
    if index_sum not in (1, None):
        notes.append(
            f"the indices of the points found add to {index_sum}, not 1: some rest points are "
            "missing"
        )
    if any(p.stability == "undecided" for p in points):
        notes.append(
            "undecided: a gradient or an eigenvalue's real part is zero there, so that the "
            "linearisation does not tell whether the point attracts"
        )
    return tuple(notes)


class _Search(NamedTuple):
    """What is searched: a plane, and in it a box whose sides count as 1."""

    plane: AbstractPlane
    low: np.ndarray
    width: np.ndarray

    def params(self, unit: np.ndarray) -> np.ndarray:
        return self.low + self.width * unit

    def local(self, unit: np.ndarray) -> LocalValues:
        found = LocalValues(*map(np.asarray, _computed(self.params(unit), self.plane)))
        return found._replace(relative=with_nan(found.relative))


def local_values(point: Float[RealArray, "2"], plane: AbstractPlane) -> LocalValues:
    """What decides about a point: for programs of more than one."""

    def fields(x):
        gradient, relative, scale = gradients_at(x, plane)
        return (gradient, relative), (relative, scale)

    (jacobian, slopes), (relative, scale) = jax.jacfwd(fields, has_aux=True)(point)
    params = plane.profile(point)
    seen = cooperation(plane.game, params), plane.game.payoffs(params)
    return LocalValues(relative, slopes, jacobian, scale, *seen)


_computed = program(local_values)


def _candidates(search: _Search, grid: FieldGrid) -> list[np.ndarray]:
    """Points in units of the box that may rest: polished from cells, edges, and the corners."""
    corners = [np.array(corner) for corner in itertools.product((0.0, 1.0), repeat=2)]
    edges = [unit for axis in (0, 1) for unit in _on_edges(search, grid, axis)]
    return [*corners, *edges, *(_polished(search, start) for start in starting_cells(grid))]


def starting_cells(grid: FieldGrid) -> np.ndarray:
    """Middles, in units of the box, of the cells in or near which both components may vanish."""
    values = grid.relative
    corners = np.stack([values[:-1, :-1], values[1:, :-1], values[:-1, 1:], values[1:, 1:]])
    size = np.nan_to_num(np.abs(corners.mean(axis=0)).max(axis=-1), nan=np.inf)
    lowest, highest = corners.min(axis=0), corners.max(axis=0)
    changes = np.all((lowest <= GRADIENT_ROUNDING) & (highest >= -GRADIENT_ROUNDING), axis=-1)
    changes[changes] = _root_is_near(corners[:, changes])
    where = np.argwhere(changes | (np.isfinite(size) & _local_minima(size)))
    best = np.argsort(size[tuple(where.T)], kind="stable")
    flat = int(np.sum(size[tuple(where.T)] <= GRADIENT_ROUNDING))
    picked = [
        *_spread(flat, 2 * MOST_DEGENERATE),
        *(flat + _spread(len(best) - flat, MOST_POLISHED)),
    ]
    return (where[best[picked]] + 0.5) / np.array(size.shape)


def _root_is_near(corners: np.ndarray) -> np.ndarray:
    """Whether the linearisation in a cell has its root at most two cells away; shape `(cells,)`.

    **Arguments:** `corners`, values of both components at low-low, high-low, low-high and
    high-high, shape `(4, cells, 2)`.
    """
    low_low, high_low, low_high, high_high = corners
    by_rows = (high_low + high_high - low_low - low_high) / 2
    by_columns = (low_high + high_high - low_low - high_low) / 2
    slopes = np.stack([by_rows, by_columns], axis=-1)
    step = np.linalg.pinv(slopes, rcond=1e-12) @ corners.mean(axis=0)[..., None]
    return np.all(np.abs(step[..., 0]) <= 2.0, axis=-1)


def _spread(count: int, most: int) -> np.ndarray:
    """At most so many numbers below `count`, evenly spread."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(int)


def _local_minima(size: np.ndarray) -> np.ndarray:
    """Cells no larger than their eight neighbours, and smaller than some."""
    padded = np.pad(size, 1, constant_values=np.inf)
    shifts = [s for s in itertools.product(range(3), repeat=2) if s != (1, 1)]
    rows, columns = size.shape
    around = np.stack([padded[a : a + rows, b : b + columns] for a, b in shifts])
    return (size <= around.min(axis=0)) & (size < around.max(axis=0))


def _polished(search: _Search, start: np.ndarray) -> np.ndarray:
    """The root of the normal map nearest to `start`, projected onto the box.

    Definition: F(z) = r(Π(z)) - (z - Π(z)), r the relative gradient and Π the projection; its
    roots project onto the rest points, on the boundary too, and r is evaluated inside only.
    """

    def normal_map(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inside = np.clip(unit, 0.0, 1.0)
        local, free = search.local(inside), (unit == inside).astype(float)
        slopes = local.relative_jacobian * search.width * free - np.diag(1 - free)
        return local.relative - (unit - inside), slopes

    from scipy import optimize  # takes as long to import as a tenth of glasshouse

    settings = {"maxfev": 60, "xtol": 1e-14}
    found = optimize.root(normal_map, start, jac=True, method="hybr", options=settings)
    return np.clip(found.x, 0.0, 1.0)


def _on_edges(search: _Search, grid: FieldGrid, axis: int) -> list[np.ndarray]:
    """Zeros of the component along the two edges on which parameter `axis` is free."""
    from scipy import optimize

    def at(bound: int, t: Any) -> np.ndarray:
        unit = np.full(2, float(bound))
        unit[axis] = t
        return unit

    found = []
    for bound in (0, 1):

        def along(t: float, bound: int = bound) -> float:
            return float(search.local(at(bound, t)).relative[axis])

        flat, turns = edge_turns(grid, axis, bound)
        roots = [optimize.brentq(along, *ends, xtol=1e-15) for ends in turns]
        found += [at(bound, t) for t in (*flat, *roots)]
    return found


def edge_turns(grid: FieldGrid, axis: int, bound: int) -> tuple[np.ndarray, np.ndarray]:
    """Where along an edge the component is zero, and between which places its sign changes.

    **Arguments:** `axis`, of the parameter that is free on it; `bound`, of the other one: 0 or 1.
    **Returns:** in units of the box, shapes `(m,)` and `(n, 2)`.
    """
    steps = len((grid.theta_1, grid.theta_2)[axis]) - 1
    edge = np.take(grid.relative[..., axis], -bound, axis=1 - axis)
    flat = np.flatnonzero(np.abs(edge) <= GRADIENT_ROUNDING)
    flat = flat[_spread(len(flat), 2 * MOST_DEGENERATE)]
    turns = np.flatnonzero(edge[:-1] * edge[1:] < 0)[:MOST_POLISHED]
    return flat / steps, np.stack([turns, turns + 1], axis=1) / steps


@runtime_checkable
class Looking(Protocol):
    """What knows the values at a point of the unit square, and which parameters that is."""

    @property
    def width(self) -> np.ndarray: ...

    def params(self, unit: np.ndarray) -> np.ndarray: ...

    def local(self, unit: np.ndarray) -> LocalValues: ...


def snapped(unit: Any, where: Any = np.where) -> Any:
    """The point, on its bounds where it is as good as there; `where`, of NumPy or of JAX."""
    return where(unit <= 1e-9, 0.0, where(unit >= 1 - 1e-9, 1.0, unit))


def resting(search: Looking, candidates: list[np.ndarray]) -> list[FoundPoint]:
    """The candidates that rest, each once."""
    found: list[FoundPoint] = []
    for candidate in candidates:
        unit = snapped(candidate)
        if any(np.abs(unit - other.unit).max() <= SAME_POINT for other in found):
            continue
        local = search.local(unit)
        outward = np.where(unit == 1.0, 1.0, -1.0) * local.relative
        bound = (unit == 0.0) | (unit == 1.0)
        rests = np.where(bound, outward >= -RESIDUAL, np.abs(local.relative) <= RESIDUAL)
        if rests.all():
            held = bool(np.all(outward[bound] > STRICT))
            point = judged_point(search.params(unit), local, ~bound, held, search.width)
            found.append(FoundPoint(unit, point))
    return found


def _without_continuum(found: list[FoundPoint], apart: float) -> tuple[list[FoundPoint], int]:
    """A few points in place of a continuum, and how many there were, 0 where there is none."""
    kept, distinct = [], []
    for point in found:
        if point.point.index is not None or point.point.place == "corner":
            kept.append(point)
        elif not distinct or _distance(point, distinct) > apart:
            distinct.append(point)
    if len(distinct) <= MOST_DEGENERATE:
        return kept + distinct, 0
    shown = [min(distinct, key=lambda f: np.abs(f.unit - 0.5).sum())]
    while len(shown) < SHOWN:
        shown.append(max(distinct, key=lambda f: _distance(f, kept + shown)))
    return kept + shown, len(distinct)


def _distance(point: FoundPoint, others: list[FoundPoint]) -> float:
    """To the nearest of the others, in units of the box."""
    return min(float(np.abs(point.unit - other.unit).max()) for other in others)
