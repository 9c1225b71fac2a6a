"""The phase portrait of two learners with one parameter each: field, rest points, basins."""

import dataclasses
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.outcomes.generic import AT_REST
from glasshouse.analysis.phase.basins import Start, inside, learned_basins
from glasshouse.analysis.phase.judged import PlaneRestPoint
from glasshouse.analysis.phase.plane import AbstractPlane, FieldGrid, Plane, box_of_plane, grid_of
from glasshouse.analysis.phase.rest_points import plane_rest_points
from glasshouse.dynamics import Learning, batch_map, run
from glasshouse.dynamics.learning import check_learning
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.base import check_direction
from glasshouse.rules.gradient import Gradient

OUTCOMES = ("both cooperate", "player 1 exploited", "player 2 exploited", "nobody")
"""Who cooperates with probability above ½ at the end of learning, by their number in `basins`."""

SEARCH_FINER = 4
"""The search for rest points uses a grid so many times finer than the one that is kept."""

PATH_POINTS = 200
"""Points kept of a trajectory, spread evenly along its length."""

LONGEST_PATH = 3.0
"""A trajectory is cut at this length, in widths of the box: one that circles would fill it."""


@dataclasses.dataclass(frozen=True, repr=False)
class Portrait(Evidenced):
    """Where two learners with one parameter each move, rest and end.

    **Arguments:** `field`, directions of the rule on a grid, with bounds; `rest_points` found by a
    numerical search, with `continuum`, `index_sum` and `notes` as in `RestPointSearch`;
    `trajectories`, arrays of shape `(points, 2)` of θ_1, θ_2 from the start to the end, or to where
    a run that circles has gone three times the width of the box; `starts`, shape
    `(cells, cells, 2)`, and `basins`, for each of them the number in `OUTCOMES` of how its run
    ended, -1 where it left the reals; `shading`, the same for figures on a grid up to eight times
    finer, whose borders run straight between points that were found by bisection, to 1/16 of their
    distance, between neighbouring starts that end differently; `at_rest`, share of the runs from
    `starts` that ended at a rest point to 1e-6; `method`, `detail`: resolution, steps, step size;
    `rule`, by which both learn.
    """

    field: FieldGrid
    rest_points: tuple[PlaneRestPoint, ...]
    continuum: bool
    index_sum: int | None
    trajectories: tuple[Float[np.ndarray, "_ 2"], ...]
    starts: Float[np.ndarray, "cells cells 2"]
    basins: Int[np.ndarray, "cells cells"]
    shading: Int[np.ndarray, "fine fine"]
    at_rest: float
    notes: tuple[str, ...]
    method: str
    detail: str
    rule: str = Gradient.words

    @property
    def shares(self) -> dict[str, float]:
        """The share of the grid of starts that ends in each outcome: areas, not probabilities."""
        return {name: float(np.mean(self.basins == k)) for k, name in enumerate(OUTCOMES)}


@in_float64
def phase_portrait(
    game: DenseGame,
    *,
    resolution: Whole = 129,
    trajectories: Whole = 12,
    cells: Whole = 60,
    learning: Learning = Learning(),
) -> Portrait:
    """Directions, rest points, sample trajectories and basins of learning.

    Where learning starts to move, where it can rest and where it ends are three things, and none of
    them is an equilibrium: a rest point that attracts may still invite a large deviation. Rest
    points at peaks of a behaviour, where a player's own parameter moves nothing, are not found.

    **Arguments:** `game`, two players with one bounded parameter each; `resolution`, points per
    side of the grid of gradients; `trajectories`, how many runs to keep, in pairs that differ by
    who is who; `cells`, starts per side of the grid of basins, the middles of as many squares,
    those on the diagonal moved by a quarter of a cell off it; `learning`, the rule (one that gives
    a direction), steps and step size of every run; its starts are not used.
    **Raises:** `InputError` for a game of another shape, an unbounded box, or settings that
    cannot be.
    **Cost:** cells² × steps learning steps, up to a half more for the edges of the box and the
    borders of basins, and (4 × resolution)² gradients.

        import glasshouse as gh
        from glasshouse.analysis import phase_portrait
        from glasshouse.dynamics import Learning

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        portrait = phase_portrait(family(0.3), cells=5, learning=Learning(steps=500))
        print(len(portrait.rest_points))  # 3
    """
    low, high = box_of_plane(game)
    resolution = whole(resolution, "resolution", least=9, most=1025)
    trajectories = whole(trajectories, "trajectories", least=0, most=1000)
    cells = whole(cells, "cells", least=2, most=2000)
    check_learning(learning, "phase_portrait", alone=True)
    plane = Plane(game, check_direction(learning.rule, "a phase portrait"))
    step_size = learning.step_size_for(float(np.max(game.game.payoff_ranges)))
    fine = grid_of(plane, SEARCH_FINER * (resolution - 1) + 1)
    search = plane_rest_points(plane, fine)
    width = high - low
    basins = learned_basins(plane, cells, learning, step_size)
    settings = (plane, learning.steps, np.asarray(step_size))
    paths = []
    if trajectories:
        spread = low + width * spread_starts(trajectories)
        longest = LONGEST_PATH * float(width.max())
        paths = [thinned(path, longest) for path in batch_map(path_from, spread, *settings)]
    return Portrait(
        field=fine.every(SEARCH_FINER),
        rest_points=search.points,
        continuum=search.continuum,
        index_sum=search.index_sum,
        trajectories=tuple(paths),
        starts=basins.starts,
        basins=basins.outcomes,
        shading=basins.shading,
        at_rest=float(np.mean(basins.residuals <= AT_REST)),
        notes=search.notes,
        method="numerical",
        detail=(
            f"{search.detail}; basins from {cells}×{cells} starts, their borders bisected, and "
            f"{len(paths)} trajectories, {learning.paced(step_size)}"
        ),
        rule=plane.rule.words,
    )


def path_from(
    start: Start, plane: AbstractPlane, steps: int, step_size: RealArray
) -> Float[Array, "points 2"]:
    """All points of a run, its start included: for batches and programs of several.

    Where a game has more parameters all of them learn, and the two of the plane are seen.
    """
    params = inside(start, plane)
    settings: Any = {"steps": steps, "step_size": step_size, "save": "path", "throw": False}
    path: Any = run(plane.game, plane.rule, params, **settings).path
    return jax.vmap(plane.point)(path)


def spread_starts(count: int) -> Float[np.ndarray, "count 2"]:
    """Points spread over the unit square, in pairs mirrored at the diagonal, none close to it."""
    golden = 1.32471795724474602596  # x³ = x + 1: the plane's counterpart of the golden ratio
    points = (0.5 + np.arange(1, 20 * count + 20)[:, None] / np.array([golden, golden**2])) % 1.0
    below = points[points[:, 0] - points[:, 1] > 0.12][: (count + 1) // 2]
    return np.stack([below, below[:, ::-1]], axis=1).reshape(-1, 2)[:count]


def thinned(path: Float[np.ndarray, "points 2"], longest: float) -> Float[np.ndarray, "_ 2"]:
    """At most `PATH_POINTS` points of a path up to a length, evenly spaced along it."""
    path = path[np.isfinite(path).all(axis=1)]
    reached = np.concatenate([[0.0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    wanted = np.linspace(0.0, min(reached[-1], longest), PATH_POINTS)
    return path[np.unique(np.searchsorted(reached, wanted))]
