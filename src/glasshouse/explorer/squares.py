"""Squares of a plane of a repeated game, by where runs from them settle."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.phase.basins import middles, outcome
from glasshouse.analysis.phase.plane import AbstractPlane
from glasshouse.dynamics import Learning, Rest, batch_map
from glasshouse.dynamics.settling import settle_from
from glasshouse.explorer.protocol import Scene
from glasshouse.parametric import Params

SETTLED_REST = Rest()
"""When a run has settled."""

UNSETTLED = 4
"""The number of a place whose run has not settled, after those of `phase.OUTCOMES`."""

COARSE_CELLS = 10
"""Squares along a side of a plane of a repeated game, in which steps take longer: the dilemma's
thousand runs at a discount of .9 would take over a minute, and a hundred take three seconds."""

COARSE_STEPS = 60_000
"""Of their runs: pay by the round moves them slowly, and of the dilemma's at a discount of .9 and a
coupling of .5 one in seven rests after 20 000, nine in ten after these."""

SQUARE = 24
"""Points along a side of such a square in the shading, of which all are alike."""


def ended(
    unit: np.ndarray, plane: AbstractPlane, learning: Learning
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who cooperates where runs stop, which of them rest there, and with which residuals."""
    low, high = plane.box()
    points = low + (high - low) * unit.reshape(-1, 2)
    starts = batch_map(_profile_at, points, plane)
    ends = settle_from(plane.game, starts, learning, cooperation)
    kinds = outcome(ends.observed)
    return kinds, np.asarray(SETTLED_REST.met(ends.residuals)) & (kinds >= 0), ends.residuals


def coarse_basins(
    scene: Scene, number: int, plane: AbstractPlane, learning: Learning
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and shading of a plane of a repeated game.

    What those do that have not settled is no outcome: `moving` says it as what it is.
    """
    learning = dataclasses.replace(learning, steps=COARSE_STEPS)
    kinds, rests, _ = ended(_coarse_starts(scene), plane, learning)
    kinds, settled = _on_both_sides(kinds), _on_both_sides(rests)
    found = np.where(settled, kinds, UNSETTLED)
    moving = kinds[~settled]
    header = {
        "number": number,
        **areas(found),
        "cells": COARSE_CELLS,
        "steps": learning.steps,
        "shares": None,
        "twins": _has_twins(scene),
        "moving": [float(np.mean(moving == k)) for k in range(UNSETTLED)] if moving.size else None,
    }
    wide = found.repeat(SQUARE, axis=1).repeat(SQUARE, axis=2)
    # Points on a diagonal belong to either side in turn, so that each has half of its square.
    place = np.arange(COARSE_CELLS * SQUARE)
    above = place[:, None] < place + (np.diag(place % 2) > 0)
    return header, {"shading": np.where(above, *wide).astype(np.uint8)}


def _coarse_starts(scene: Scene) -> np.ndarray:
    """The middles of squares; where twins would be on the diagonal, those of it from both sides.

    Twins stay twins, and who has a lead depends on the side to which they are moved: only where the
    axes are the same parameter of both players are there any. The mirrored starts come last.
    """
    cells = COARSE_CELLS
    if not _has_twins(scene):
        at = (np.arange(cells) + 0.5) / cells
        return np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    starts = middles(cells)
    mirrored = np.diagonal(starts).T[:, ::-1]
    return np.concatenate([starts.reshape(-1, 2), mirrored])


def _has_twins(scene: Scene) -> bool:
    assert scene.repeated is not None
    (_, across), (_, up) = scene.repeated.axes
    return across == up


def _on_both_sides(found: np.ndarray) -> np.ndarray:
    """Of each square what was found above and below its diagonal, which differ on the plane's."""
    whole, mirrored = np.split(found, [COARSE_CELLS**2])
    sides = np.stack([whole.reshape(COARSE_CELLS, COARSE_CELLS)] * 2)
    for k, other in enumerate(mirrored):
        sides[k % 2, k, k] = other  # `middles` moves those of even number below it
    return sides


def areas(outcomes: np.ndarray) -> dict[str, Any]:
    """What part of the box each outcome has, and all but those that have not settled."""
    found = [float(np.mean(outcomes == k)) for k in range(UNSETTLED + 1)]
    return {"areas": found, "settled": float(np.mean(outcomes != UNSETTLED))}


def _profile_at(point: Float[RealArray, "2"], plane: AbstractPlane) -> Params:
    return plane.profile(point)
