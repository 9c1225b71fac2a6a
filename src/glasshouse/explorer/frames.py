"""What is drawn, computed by the library: a field, a portrait, basins."""

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse.analysis.outcomes.generic import AT_REST
from glasshouse.analysis.phase.basins import basins_by
from glasshouse.analysis.phase.judged import PlaneRestPoint
from glasshouse.analysis.phase.plane import (
    AbstractPlane,
    FieldGrid,
    as_grid,
    gradients_at,
    grid_points,
)
from glasshouse.analysis.phase.portrait import PATH_POINTS, path_from, spread_starts, thinned
from glasshouse.analysis.phase.together import rest_points_together
from glasshouse.dynamics import Learning, Starts, batch_map
from glasshouse.dynamics.rest import rest_residual
from glasshouse.errors import InputError
from glasshouse.explorer.building import (
    BASIN_CELLS,
    SETTLING_STEPS,
    plane_of,
    rule_of,
    study_of,
)
from glasshouse.explorer.protocol import MOST_OWN_STARTS, Scene, answer
from glasshouse.explorer.script import script_of
from glasshouse.explorer.squares import (
    SETTLED_REST,
    UNSETTLED,
    areas,
    coarse_basins,
    ended,
)
from glasshouse.parametric import ParametricGame

if TYPE_CHECKING:  # what comes after a first picture is loaded after it
    from glasshouse.analysis.outcomes import Share

FIELD_POINTS = 65
"""Along a side of the field, of which every fourth from the third on has an arrow."""

ARROW_STRIDE = 4

SAMPLE_RUNS = 12
"""Trajectories that are drawn without being asked for."""

RUN_STEPS = 600
"""Steps of every trajectory that is drawn: a transient, which the page says."""

LONGEST_DRAWN = 3.0
"""Widths of the box after which a trajectory that circles is cut."""

CURVE_POINTS = 201
"""Along a deviation curve."""

SHARE_STARTS = Starts(256)
"""From where shares of outcomes are counted."""


@program
def _field(plane: AbstractPlane, points: Float[RealArray, "points 2"]) -> tuple[Array, Array]:
    """The gradient, and the relative one, at each point."""
    gradient, relative, _ = jax.vmap(gradients_at, in_axes=(0, None))(points, plane)
    return gradient, relative


@program
def _runs(
    plane: AbstractPlane, starts: Float[RealArray, "runs 2"], step_size: Float[RealArray, ""]
) -> Float[Array, "runs points 2"]:
    """Trajectories; payoffs, couplings, bound and step size are arguments, here and in the field.

    They are a program apart, which JAX computes while NumPy looks for rest points in the field.
    """
    return jax.vmap(lambda x: path_from(x, plane, RUN_STEPS, step_size))(starts)


@in_float64
def field_frame(scene: Scene, number: int) -> bytes:
    """The field alone, which is there first where the rest has to be compiled."""
    plane = plane_of(scene)
    axes, points = _all_points(scene.bound)
    grid = as_grid(axes, *_field(plane, points))
    return answer("field", {"number": number, **_box(scene, grid)}, _field_arrays(grid))


@in_float64
def portrait_frame(scene: Scene, number: int) -> bytes:
    """Field, trajectories, rest points with their stability, and what leaving alone would pay."""
    plane = plane_of(scene)
    axes, points = _all_points(scene.bound)
    low, high = points[0], points[-1]
    units = np.concatenate([spread_starts(SAMPLE_RUNS), *_own_starts(scene)])
    directions = _field(plane, points)
    runs = _runs(plane, low + (high - low) * units, np.asarray(scene.step_size))
    grid = as_grid(axes, *directions)
    search = rest_points_together(plane, grid)
    leaving, curve = _leaving(scene, plane, search.points)
    longest = LONGEST_DRAWN * float((high - low).max())
    paths = _thinned(np.asarray(runs)[: SAMPLE_RUNS + len(scene.starts)], longest)
    header = {
        "number": number,
        **_box(scene, grid),
        "steps": RUN_STEPS,
        "samples": SAMPLE_RUNS,
        "lengths": [len(path) for path in paths],
        "points": _points(scene, plane, search.points),
        "continuum": search.continuum,
        "index_sum": search.index_sum,
        "notes": search.notes,
        "detail": search.detail,
        "leaving": leaving,
        "idle": _is_idle(plane, grid, points),
    }
    flat = np.concatenate(paths).astype(np.float32)
    return answer("portrait", header, {**_field_arrays(grid), "paths": flat, **curve})


def _is_idle(plane: AbstractPlane, grid: FieldGrid, points: Float[RealArray, "points 2"]) -> bool:
    """Whether neither parameter changes anybody's payoff; where they move, they do."""
    if np.any(grid.gradient):
        return False
    paid = np.asarray(batch_map(_paid_at, points, plane))
    return not np.ptp(paid, axis=0).any()


def _paid_at(point: Float[RealArray, "2"], plane: AbstractPlane) -> Float[RealArray, "2"]:
    return plane.game.payoffs(plane.profile(point))


@in_float64
def basins_frame(scene: Scene, number: int) -> bytes:
    """Where settled runs end, from everywhere in the box, and shares of random starts.

    In a plane of a repeated game it is squares of the plane alone: the other parameters start where
    they are held, and all of them learn.
    """
    plane = plane_of(scene)
    low, high = plane.box()
    learning = Learning(plane.rule, scene.step_size, SETTLING_STEPS, SETTLED_REST)
    if scene.repeated is not None:
        return answer("basins", *coarse_basins(scene, number, plane, learning))
    from glasshouse.analysis.outcomes import generic_outcomes

    settled = functools.partial(_settled, plane=plane, learning=learning)
    found = basins_by(settled, low, high, BASIN_CELLS)
    (shares,) = generic_outcomes(
        [plane.game], learning=dataclasses.replace(learning, starts=SHARE_STARTS)
    )
    kinds = ("cooperation", "exploitation", "defection", "at_rest")
    header = {
        "number": number,
        **areas(found.outcomes),
        "shares": {kind: _share(getattr(shares, kind)) for kind in kinds},
        "exploited": [_share(x) for x in shares.exploited],
        "payoffs": shares.payoffs,
        "mean_cooperation": shares.mean_cooperation,
        "detail": shares.detail,
    }
    return answer("basins", header, {"shading": found.shading.astype(np.uint8)})


def _settled(
    unit: np.ndarray, plane: AbstractPlane, learning: Learning
) -> tuple[np.ndarray, np.ndarray]:
    """In what runs from points of the unit square end, and with which residuals."""
    kinds, rests, residuals = ended(unit, plane, learning)
    return np.where(rests, kinds, UNSETTLED), residuals


@in_float64
def rest_points_of(scene: Scene) -> tuple[PlaneRestPoint, ...]:
    """Those of the portrait."""
    plane = plane_of(scene)
    axes, points = _all_points(scene.bound)
    return rest_points_together(plane, as_grid(axes, *_field(plane, points))).points


def left_from(
    scene: Scene, points: tuple[PlaneRestPoint, ...]
) -> tuple[tuple[float, float], dict[str, Any]]:
    """From where somebody would leave: the corner, or the rest point nearest to what was chosen."""
    corner = (scene.bound, scene.bound)
    near = scene.near
    if near is None or not points:
        return corner, {"place": "corner", "profile": corner}
    nearest = min(points, key=lambda p: float(np.hypot(*np.subtract(p.params, near))))
    profile = (float(nearest.params[0]), float(nearest.params[1]))
    return profile, {"place": "rest", "profile": profile, "stability": nearest.stability}


@program
def _paid_alone(
    game: ParametricGame,
    profile: Float[RealArray, "2"],
    player: Int[RealArray, ""],
    own: Float[RealArray, "points"],
) -> Float[Array, "points"]:
    """What a player is paid at each of its own parameters, the other staying put."""

    def paid(t: RealArray) -> Array:
        theta = jnp.where(jnp.arange(2) == player, t, profile)
        return game.payoffs((theta[0], theta[1]))[player]

    return jax.vmap(paid)(own)


def _leaving(
    scene: Scene, plane: AbstractPlane, points: tuple[PlaneRestPoint, ...]
) -> tuple[dict[str, Any] | None, dict[str, np.ndarray]]:
    """The curve alone, which is quick; best deviation and tests are answers of their own."""
    if scene.repeated is not None:
        return None, {}  # it would leave with five numbers
    profile, said = left_from(scene, points)
    player = scene.leaver
    grid = np.linspace(-scene.bound, scene.bound, CURVE_POINTS)
    own = np.append(grid, profile[player])
    paid = np.asarray(_paid_alone(plane.game, np.array(profile), np.asarray(player), own))
    now = (float(own[-1]), float(paid[-1]))
    found = {"player": player, **said, "now": now, "reason": ""}
    return found, {"curve": np.stack([grid, paid[:-1]], axis=-1)}


def study_frame(scene: Scene, number: int) -> bytes:
    """The scene as the text of a study file."""
    return answer("study", {"number": number, "text": study_of(scene).to_toml()}, {})


def script_frame(scene: Scene, number: int) -> bytes:
    """The scene as the text of a Python script."""
    return answer("script", {"number": number, "text": script_of(scene)}, {})


def _share(share: "Share") -> dict[str, Any]:
    return {**share.to_dict(), "runs": share.runs}


@functools.lru_cache(maxsize=8)
def _all_points(bound: float) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Both axes, and all points of the grid: the same while the bound is."""
    return grid_points(np.full(2, -bound), np.full(2, bound), FIELD_POINTS)


def _thinned(paths: np.ndarray, longest: float) -> list[np.ndarray]:
    """Each path as `thinned` has it, most of them at once."""
    if not np.isfinite(paths).all():
        return [thinned(path, longest) for path in paths]
    steps = np.hypot(*np.moveaxis(np.diff(paths, axis=1), -1, 0))
    reached = np.concatenate([np.zeros((len(paths), 1)), steps.cumsum(axis=1)], axis=1)
    share = np.linspace(0.0, 1.0, PATH_POINTS)
    found = []
    for path, far in zip(paths, reached, strict=True):
        at = np.searchsorted(far, share * min(far[-1], longest))
        found.append(path[at[np.diff(at, prepend=-1) > 0]])
    return found


def _box(scene: Scene, grid: FieldGrid) -> dict[str, Any]:
    ends = [(axis[0], axis[-1]) for axis in (grid.theta_1, grid.theta_2)]
    axes = None if scene.repeated is None else scene.repeated.axes
    low, high = zip(*ends, strict=True)
    return {"low": low, "high": high, "field_points": FIELD_POINTS, "axes": axes}


def _field_arrays(grid: FieldGrid) -> dict[str, np.ndarray]:
    """Relative directions, of which nullclines are the zeros, and arrows of length 1 or 0.

    They are scaled to the largest, so that 32 bits keep the signs.
    """
    cut = slice(ARROW_STRIDE // 2, None, ARROW_STRIDE)
    some = grid.gradient[cut, cut]
    length = np.hypot(some[..., 0], some[..., 1])[..., None]
    moves = np.nan_to_num(np.abs(grid.relative[cut, cut])).max(axis=-1, keepdims=True) > 1e-12
    arrows = np.divide(some, length, out=np.zeros_like(some), where=moves & (length > 0))
    relative = np.where(np.abs(grid.relative) <= 1e-12, 0.0, grid.relative)
    return {"relative": relative.astype(np.float32), "arrows": arrows.astype(np.float32)}


def _own_starts(scene: Scene) -> list[np.ndarray]:
    """The reader's starts, filled up to as many as there may be."""
    given = np.array(scene.starts, dtype=np.float64).reshape(-1, 2)
    return [given, np.full((MOST_OWN_STARTS - len(given), 2), 0.5)]


def _points(
    scene: Scene, plane: AbstractPlane, points: tuple[PlaneRestPoint, ...]
) -> list[dict[str, Any]]:
    """Rest points, and of those in a plane of a larger game whether all else rests there, too."""
    said = [_point(point) for point in points]
    if scene.repeated is not None:
        for point, header in zip(points, said, strict=True):
            params = plane.profile(np.array(point.params))
            residual = float(rest_residual(plane.game, params, plane.rule))
            header |= {"residual": residual, "rests": residual <= AT_REST}
    return said


def _point(point: PlaneRestPoint) -> dict[str, Any]:
    return {
        "params": point.params,
        "cooperation": point.cooperation,
        "payoffs": point.payoffs,
        "place": point.place,
        "stability": point.stability,
        "eigenvalues": [(x.real, x.imag) for x in point.eigenvalues],
        "index": point.index,
    }


def checked_scene(scene: Scene) -> Scene:
    """The scene, of which the library could make a game.

    **Raises:** `InputError` otherwise.
    """
    if not np.ptp(np.asarray(scene.payoffs).reshape(2, -1), axis=1).any():
        raise InputError(
            "all payoffs of both players are equal, so that nothing moves: change one of them"
        )
    rule_of(scene)
    return scene
