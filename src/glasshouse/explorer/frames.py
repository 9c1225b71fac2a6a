"""What is drawn, computed by the library: a field, a portrait, basins, switches."""

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray, with_nan
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.phase.basins import basins_by, outcome
from glasshouse.analysis.phase.judged import PlaneRestPoint
from glasshouse.analysis.phase.plane import FieldGrid, Plane, box_of_plane, gradients_at
from glasshouse.analysis.phase.portrait import path_from, spread_starts, thinned
from glasshouse.analysis.phase.together import rest_points_together
from glasshouse.dynamics import Learning, Rest, Starts
from glasshouse.dynamics.settling import settle
from glasshouse.errors import InputError
from glasshouse.explorer.building import (
    BASIN_CELLS,
    SETTLING_STEPS,
    family_of,
    played_game,
    rule_of,
    shown_game,
    study_of,
)
from glasshouse.explorer.protocol import MOST_OWN_STARTS, Scene, answer
from glasshouse.explorer.script import script_of

if TYPE_CHECKING:  # what comes after a first picture is loaded after it
    from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
    from glasshouse.analysis.movement.switch import Switch
    from glasshouse.analysis.outcomes import Share
    from glasshouse.theory.symmetric import Thresholds

FIELD_POINTS = 65
"""Along a side of the field, of which every fourth from the third on has an arrow."""

ARROW_STRIDE = 4

SAMPLE_RUNS = 12
"""Trajectories that are drawn without being asked for."""

RUN_STEPS = 600
"""Steps of every trajectory that is drawn: a transient, which the page says."""

LONGEST_DRAWN = 3.0
"""Widths of the box after which a trajectory that circles is cut."""

SETTLED_REST = Rest()
"""When a run has settled."""

UNSETTLED = 4
"""The number of a place whose run has not settled, after those of `phase.OUTCOMES`."""

SHARE_STARTS = Starts(256)
"""From where shares of outcomes are counted."""

SWITCHES_KEPT = 256
"""Scenes whose switches are remembered."""


class _Picture(NamedTuple):
    gradient: Any
    relative: Any
    paths: Any


def _directions(plane: Plane, points: Float[RealArray, "points 2"]) -> tuple[Array, Array]:
    """The gradient, and the relative one, at each point."""
    gradient, relative, _ = jax.vmap(gradients_at, in_axes=(0, None, None))(
        points, plane.game, plane.rule
    )
    return gradient, relative


_field = program(_directions)
"""The same as a program of its own."""


@program
def _picture(
    plane: Plane,
    points: Float[RealArray, "points 2"],
    starts: Float[RealArray, "runs 2"],
    step_size: Float[RealArray, ""],
) -> _Picture:
    """Field and trajectories in one program; payoffs, couplings, bound and steps are arguments."""
    gradient, relative = _directions(plane, points)
    paths = jax.vmap(lambda x: path_from(x, plane.game, plane.rule, RUN_STEPS, step_size))(starts)
    return _Picture(gradient, relative, paths)


@in_float64
def field_frame(scene: Scene, number: int) -> bytes:
    """The field alone, which is there first where the rest has to be compiled."""
    plane = _plane(scene)
    low, high, points = _points(plane)
    grid = _grid(low, high, *_field(plane, points))
    header = {"number": number, **_box(low, high)}
    return answer("field", header, _field_arrays(grid))


@in_float64
def portrait_frame(scene: Scene, number: int) -> bytes:
    """Field, trajectories, and rest points with their stability."""
    plane = _plane(scene)
    low, high, points = _points(plane)
    units = np.concatenate([spread_starts(SAMPLE_RUNS), *_own_starts(scene)])
    starts = low + (high - low) * units
    found = _picture(plane, points, starts, np.asarray(scene.step_size))
    grid = _grid(low, high, found.gradient, found.relative)
    search = rest_points_together(plane, grid)
    longest = LONGEST_DRAWN * float((high - low).max())
    runs = np.asarray(found.paths)[: SAMPLE_RUNS + len(scene.starts)]
    paths = [thinned(path, longest) for path in runs]
    header = {
        "number": number,
        **_box(low, high),
        "steps": RUN_STEPS,
        "samples": SAMPLE_RUNS,
        "lengths": [len(path) for path in paths],
        "points": [_point(p) for p in search.points],
        "continuum": search.continuum,
        "index_sum": search.index_sum,
        "notes": search.notes,
        "detail": search.detail,
    }
    flat = np.concatenate(paths).astype(np.float32)
    return answer("portrait", header, {**_field_arrays(grid), "paths": flat})


@in_float64
def basins_frame(scene: Scene, number: int) -> bytes:
    """Where settled runs end, from everywhere in the box, and shares of random starts."""
    from glasshouse.analysis.outcomes import generic_outcomes

    game, rule = shown_game(scene), rule_of(scene)
    low, high = box_of_plane(game)
    learning = Learning(rule, scene.step_size, SETTLING_STEPS, SETTLED_REST)

    def settled(unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = low + (high - low) * unit.reshape(-1, 2)
        own = Starts(profiles=tuple(map(tuple, points.tolist())), kind="given")
        ends = settle([game], _from(learning, own), cooperation)
        residuals = ends.residuals[0]
        rests = np.asarray(SETTLED_REST.met(residuals))
        kinds = outcome(ends.observed[0])
        return np.where(rests & (kinds >= 0), kinds, UNSETTLED), residuals

    found = basins_by(settled, low, high, BASIN_CELLS)
    (shares,) = generic_outcomes([game], learning=_from(learning, SHARE_STARTS))
    kinds = ("cooperation", "exploitation", "defection", "at_rest")
    header = {
        "number": number,
        "settled": float(np.mean(found.outcomes != UNSETTLED)),
        "areas": [float(np.mean(found.outcomes == k)) for k in range(UNSETTLED + 1)],
        "shares": {kind: _share(getattr(shares, kind)) for kind in kinds},
        "exploited": [_share(x) for x in shares.exploited],
        "payoffs": shares.payoffs,
        "mean_cooperation": shares.mean_cooperation,
        "detail": shares.detail,
    }
    return answer("basins", header, {"shading": found.shading.astype(np.uint8)})


@in_float64
def rest_points_of(scene: Scene) -> tuple[PlaneRestPoint, ...]:
    """Those of the portrait."""
    plane = _plane(scene)
    low, high, points = _points(plane)
    return rest_points_together(plane, _grid(low, high, *_field(plane, points))).points


def first_switch_frame(scene: Scene, number: int) -> bytes:
    """What is known at once: the closed form, and first movement by its derivative."""
    return answer("switches", {"number": number, "complete": False, **_first(_alone(scene))}, {})


def switches_frame(scene: Scene, number: int) -> bytes:
    """All switches of the coupling that both share."""
    return answer("switches", {"number": number, "complete": True, **_all(_alone(scene))}, {})


def study_frame(scene: Scene, number: int) -> bytes:
    """The scene as the text of a study file."""
    return answer("study", {"number": number, "text": study_of(scene).to_toml()}, {})


def script_frame(scene: Scene, number: int) -> bytes:
    """The scene as the text of a Python script."""
    return answer("script", {"number": number, "text": script_of(scene)}, {})


def _alone(scene: Scene) -> str:
    """What switches depend on, written down, by which they are remembered."""
    numbers = {"coupling": (0.0, 0.0), "starts": (), "title": "", "step_size": 1.0}
    left_out = {**numbers, "leaver": 0, "near": None}
    return scene.model_copy(update=left_out).model_dump_json()


@functools.lru_cache(maxsize=SWITCHES_KEPT)
def _first(written: str) -> dict[str, Any]:
    scene = Scene.model_validate_json(written)
    family, rule = family_of(scene), rule_of(scene)
    from glasshouse.analysis.movement.couplings import first_movement
    from glasshouse.analysis.predictions import closed_form_along

    closed, reason = closed_form_along(family, rule)
    moves = first_movement(family, rule=rule, tolerance=1e-9)
    return {**_closed(closed, reason), "first": _switch(moves)}


@functools.lru_cache(maxsize=SWITCHES_KEPT)
def _all(written: str) -> dict[str, Any]:
    scene = Scene.model_validate_json(written)
    family, rule = family_of(scene), rule_of(scene)
    from glasshouse.analysis.predictions import predict

    found = predict(family, rule=rule)
    return {
        **_closed(found.closed_form, found.reason),
        "first": _switch(found.first_movement),
        "measured": _switch(found.measured_first_movement),
        "long": _switch(found.long_run_switch),
        "equilibrium": _switch(found.equilibrium),
        "no_equilibrium": found.no_equilibrium_reason,
    }


def _closed(closed: "Thresholds | None", reason: str) -> dict[str, Any]:
    if closed is None:
        return {"closed": None, "reason": reason}
    return {"closed": {**closed.to_dict(), "words": closed.explanation}, "reason": ""}


def _switch(found: "Switch | CertifiedThreshold | None") -> dict[str, Any] | None:
    """A switch, or a threshold with its proofs, in the same keys."""
    if found is None:
        return None
    searched = getattr(found, "searched", None)
    if searched is None:
        searched = (getattr(found, "lowest", np.nan), getattr(found, "highest", np.nan))
    return {
        "value": found.value,
        "bracket": found.bracket,
        "holds": found.holds,
        "result": found.result,
        "searched": searched,
        "method": found.method,
        "detail": found.detail,
        "proved": hasattr(found, "certified"),
    }


def _share(share: "Share") -> dict[str, Any]:
    return {**share.to_dict(), "runs": share.runs}


def _from(learning: Learning, starts: Starts) -> Learning:
    return Learning(learning.rule, learning.step_size, learning.steps, learning.stop, starts)


def _plane(scene: Scene) -> Plane:
    return Plane(shown_game(scene), rule_of(scene))


def _points(plane: Plane) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ends of the box, and the grid in it that `field_grid` has."""
    low, high = box_of_plane(plane.game)
    axes = [np.linspace(low[i], high[i], FIELD_POINTS) for i in range(2)]
    return low, high, np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def _grid(low: np.ndarray, high: np.ndarray, gradient: Any, relative: Any) -> FieldGrid:
    shape = (FIELD_POINTS, FIELD_POINTS, 2)
    first, second = (np.linspace(low[i], high[i], FIELD_POINTS) for i in range(2))
    return FieldGrid(
        first, second, np.asarray(gradient).reshape(shape), with_nan(relative).reshape(shape)
    )


def _box(low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
    return {"low": low, "high": high, "field_points": FIELD_POINTS}


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
    if not np.ptp(np.asarray(played_game(scene).tensor).reshape(2, -1), axis=1).any():
        raise InputError(
            "all payoffs of both players are equal, so that nothing moves: change one of them"
        )
    rule_of(scene)
    return scene
