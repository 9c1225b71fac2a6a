"""Rest points of a plane with all candidates polished at once, in one compiled program.

`plane_rest_points` polishes one candidate after another, each in dozens of calls of a small program
of which most of the time is spent in calling: 58 ms for the prisoner's dilemma, where this takes a
few. Where candidates come from, and what is made of them, is the same code.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.arrays import RealArray, with_nan
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse.analysis.phase.judged import LocalValues
from glasshouse.analysis.phase.plane import AbstractPlane, FieldGrid, gradients_at
from glasshouse.analysis.phase.rest_points import (
    RestPointSearch,
    collected,
    edge_turns,
    local_values,
    plane_rest_points,
    resting,
    snapped,
    starting_cells,
)

POLISHED_TOGETHER = 32
"""Candidates of either kind in one call: so many or fewer are one program."""

STEPS_TOGETHER = 32
"""Steps of a candidate at most: at a double root each halves the distance only."""

AS_CLOSE = 1e-14
"""Residuals below this are rounding: Newton's steps are over."""

AS_SINGULAR = 1e-10
"""Determinants below this share of what they are differences of are rounding: roots are a curve."""

SHORTER = (1.0, 0.5, 0.25, 0.0625)
"""A step is taken as far as lowers the residual most."""

HALVED = 52
"""Halvings of a piece of an edge: all the digits there are."""


class EdgePieces(NamedTuple):
    """Pieces of edges in which a component changes its sign; where both ends are one, a point."""

    axis: Int[RealArray, "n"]
    bound: Float[RealArray, "n"]
    begin: Float[RealArray, "n"]
    end: Float[RealArray, "n"]


@in_float64
def rest_points_together(plane: AbstractPlane, grid: FieldGrid) -> RestPointSearch:
    """What `plane_rest_points` finds, faster: for what has to answer while somebody waits.

    Where the indices of what it finds do not add to 1, the slower search, which looks at finer
    grids, has the last word.

    **Arguments:** `plane`, the game and the rule; `grid`, from `grid_of` with them.
    """
    low, high = (np.array([grid.theta_1[end], grid.theta_2[end]]) for end in (0, -1))
    known: dict[bytes, tuple[LocalValues, int]] = {}
    candidates = _polished_in_rounds(plane, grid, low, high - low, known)
    search = _Known(low, high - low, known)
    found = collected(resting(search, candidates), grid, grid)
    if found.index_sum in (1, None) or np.isnan(grid.relative).any():
        return found
    return plane_rest_points(plane, grid)


class _Known(NamedTuple):
    """The values at candidates, by their coordinates: of a batch, and which row of it."""

    low: np.ndarray
    width: np.ndarray
    values: dict[bytes, tuple[LocalValues, int]]

    def params(self, unit: np.ndarray) -> np.ndarray:
        return self.low + self.width * unit

    def local(self, unit: np.ndarray) -> LocalValues:
        values, row = self.values[unit.tobytes()]
        return LocalValues(*(x[row] for x in values))


def _polished_in_rounds(
    plane: AbstractPlane,
    grid: FieldGrid,
    low: np.ndarray,
    width: np.ndarray,
    known: dict[bytes, tuple[LocalValues, int]],
) -> list[np.ndarray]:
    """Candidates, those on edges first, as the slower search has them; `known` gets values."""
    pieces, starts = _pieces(grid), starting_cells(grid)
    count = max(1, -(-max(len(pieces.axis), len(starts)) // POLISHED_TOGETHER))
    on_edges, inside = [], []
    for k in range(count):
        own = slice(k * POLISHED_TOGETHER, (k + 1) * POLISHED_TOGETHER)
        some = EdgePieces(*(_filled(np.asarray(x[own]), np.asarray(x)) for x in pieces))
        units, values = _polished_together(plane, low, width, some, _filled(starts[own], CENTRE))
        values = LocalValues(*map(np.asarray, values))
        values = values._replace(relative=with_nan(values.relative))
        units = np.asarray(units)
        known.update({unit.tobytes(): (values, j) for j, unit in enumerate(units)})
        on_edges += list(units[: len(pieces.axis[own])])
        inside += list(units[POLISHED_TOGETHER:][: len(starts[own])])
    return [*on_edges, *inside]


CENTRE = np.full((1, 2), 0.5)
"""What stands where there is no candidate."""


def _filled(some: np.ndarray, other: np.ndarray) -> np.ndarray:
    """So many that one program serves all."""
    missing = np.repeat(other[:1], POLISHED_TOGETHER - len(some), axis=0)
    return np.concatenate([some, missing])


def _pieces(grid: FieldGrid) -> EdgePieces:
    """The corners, and where the components along the edges vanish."""
    rows: list[tuple[int, float, float, float]] = []
    rows += [(0, float(b), float(t), float(t)) for t in (0, 1) for b in (0, 1)]
    for axis in (0, 1):
        for bound in (0, 1):
            flat, turns = edge_turns(grid, axis, bound)
            rows += [(axis, float(bound), t, t) for t in flat]
            rows += [(axis, float(bound), *ends) for ends in turns]
    axis, *rest = (np.array(column) for column in zip(*rows, strict=True))
    return EdgePieces(axis, *rest)


@program
def _polished_together(
    plane: AbstractPlane,
    low: Float[RealArray, "2"],
    width: Float[RealArray, "2"],
    pieces: EdgePieces,
    starts: Float[RealArray, "n 2"],
) -> tuple[Array, LocalValues]:
    """Candidates, those on edges before those inside, and the values there."""

    def relative(unit: Array) -> Array:
        return gradients_at(low + width * unit, plane)[1]

    def at(t: Array) -> Array:
        along = jnp.arange(2)[None, :] == pieces.axis[:, None]
        return jnp.where(along, t[:, None], pieces.bound[:, None])

    def component(t: Array) -> Array:
        both = jax.vmap(relative)(at(t))
        return jnp.take_along_axis(both, pieces.axis[:, None], axis=1)[:, 0]

    begin, end = jnp.asarray(pieces.begin), jnp.asarray(pieces.end)
    at_begin = component(begin) > 0

    def halved(_: Any, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        near, far = ends
        middle = (near + far) / 2
        same = (component(middle) > 0) == at_begin
        return jnp.where(same, middle, near), jnp.where(same, far, middle)

    near, far = jax.lax.fori_loop(0, HALVED, halved, (begin, end))
    edges = jnp.where((begin == end)[:, None], at(begin), at((near + far) / 2))
    units = snapped(jnp.concatenate([edges, _newton(relative, starts)]), jnp.where)
    return units, jax.vmap(lambda unit: local_values(low + width * unit, plane))(units)


def _newton(relative: Any, starts: RealArray) -> Array:
    """Roots of the normal map of `polished` in the slower search, from all starts at once."""

    def normal_map(z: Array) -> Array:
        inside = jnp.clip(z, 0.0, 1.0)
        return relative(inside) - (z - inside)

    def slopes(z: Array) -> Array:
        inside = jnp.clip(z, 0.0, 1.0)
        free = (z == inside).astype(float)
        return jax.jacfwd(relative)(inside) * free - jnp.diag(1 - free)

    def size(z: Array) -> Array:
        return jnp.max(jnp.abs(normal_map(z)))

    def step(z: Array) -> Array:
        move = _shortest(slopes(z), normal_map(z))
        move = jnp.where(jnp.isfinite(move), jnp.clip(move, -0.5, 0.5), 0.0)
        tried = jnp.stack([z, *(z + share * move for share in SHORTER)])
        sizes = jnp.nan_to_num(jax.vmap(size)(tried), nan=jnp.inf)
        return tried[jnp.argmin(sizes)]

    def onward(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        count, z, _ = state
        there = jax.vmap(step)(z)
        still = jnp.any((there != z).any(axis=1) & (jax.vmap(size)(there) > AS_CLOSE))
        return count + 1, there, still

    def goes_on(state: tuple[Array, Array, Array]) -> Array:
        return (state[0] < STEPS_TOGETHER) & state[2]

    begin = (jnp.zeros((), int), jnp.asarray(starts), jnp.ones((), bool))
    return jnp.clip(jax.lax.while_loop(goes_on, onward, begin)[1], 0.0, 1.0)


def _shortest(slopes: Array, value: Array) -> Array:
    """Newton's step; where roots form a curve the shortest one, across it."""
    (a, b), (c, d) = slopes
    f, g = value
    determinant = a * d - b * c
    scale = (jnp.abs(a) + jnp.abs(b)) * (jnp.abs(c) + jnp.abs(d))
    regular = jnp.abs(determinant) > AS_SINGULAR * scale
    straight = jnp.stack([b * g - d * f, c * f - a * g]) / jnp.where(regular, determinant, 1.0)
    square = slopes @ slopes.T
    damped = square + (AS_SINGULAR * jnp.trace(square) + jnp.finfo(float).tiny) * jnp.eye(2)
    (p, q), (_, r) = damped
    across = jnp.stack([r * f - q * g, p * g - q * f]) / (p * r - q * q)
    return jnp.where(regular, straight, -slopes.T @ across)
