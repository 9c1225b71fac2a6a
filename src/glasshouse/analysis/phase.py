"""The phase portrait of two learners with one parameter each: field, rest points, basins."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._numbers import Numbers, Whole, whole
from glasshouse._results import Result
from glasshouse.analysis.first_order import cooperation
from glasshouse.analysis.outcomes import AT_REST
from glasshouse.analysis.plane import FieldGrid, as_profile, box_of_plane, field_grid
from glasshouse.analysis.precision import in_float64
from glasshouse.analysis.rest_points import PlaneRestPoint, plane_rest_points
from glasshouse.dynamics.batch import batch_map
from glasshouse.dynamics.driver import known_options, run
from glasshouse.parametric import ParametricGame, Params
from glasshouse.rules.gradient import Gradient

OUTCOMES = ("both cooperate", "player 1 exploited", "player 2 exploited", "nobody")
"""Who cooperates with probability above ½ at the end of learning, by their number in `basins`."""

FINER = 4
"""The search for rest points uses a grid so many times finer than the one that is kept."""

PATH_POINTS = 200
"""Points kept of a trajectory, spread evenly along its length."""

LONGEST_PATH = 3.0
"""A trajectory is cut at this length, in widths of the box: one that circles would fill it."""


@dataclasses.dataclass(frozen=True, repr=False)
class Portrait(Result):
    """Where two learners with one parameter each move, rest and end.

    **Arguments:** `field`, selfish gradients on a grid, with bounds; `rest_points` found by a
    numerical search, with `continuum`, `index_sum` and `notes` as in `RestPointSearch`;
    `trajectories`, arrays of shape `(points, 2)` of θ_1, θ_2 from the start to the end, or to where
    a run that circles has gone three times the width of the box; `starts`, shape
    `(cells, cells, 2)`, and `basins`, for each of them the number in `OUTCOMES` of how its run
    ended, -1 where it left the reals; `at_rest`, share of these runs that ended at a rest point to
    1e-6; `method`, `detail`: resolution, steps, step size.
    """

    field: FieldGrid
    rest_points: tuple[PlaneRestPoint, ...]
    continuum: bool
    index_sum: int | None
    trajectories: tuple[Float[np.ndarray, "_ 2"], ...]
    starts: Float[np.ndarray, "cells cells 2"]
    basins: Int[np.ndarray, "cells cells"]
    at_rest: float
    notes: tuple[str, ...]
    method: str
    detail: str

    @property
    def shares(self) -> dict[str, float]:
        """The share of the grid of starts that ends in each outcome: areas, not probabilities."""
        return {name: float(np.mean(self.basins == k)) for k, name in enumerate(OUTCOMES)}


@in_float64
def phase_portrait(
    game: ParametricGame,
    *,
    resolution: Whole = 129,
    trajectories: Whole = 12,
    cells: Whole = 60,
    steps: Whole = 6000,
    step_size: Numbers = 0.1,
) -> Portrait:
    """Gradients, rest points, sample trajectories and basins of selfish gradient learning.

    Where learning starts to move, where it can rest and where it ends are three things, and none of
    them is an equilibrium: a rest point that attracts may still invite a large deviation.

    **Arguments:** `game`, two players with one bounded parameter each; `resolution`, points per
    side of the grid of gradients; `trajectories`, how many runs to keep, in pairs that differ by
    who is who; `cells`, starts per side of the grid of basins, the middles of as many squares.
    Equal starts in a symmetric game stay equal for as long as rounding lets them, which no other
    start does; those on the diagonal of the grid are therefore moved by a quarter of a cell off it,
    to alternating sides. `steps`, `step_size`, of every run.
    **Raises:** `InputError` for a game of another shape, an unbounded box, or settings that
    cannot be.
    **Cost:** cells² × steps learning steps, and (4 × resolution)² gradients.
    """
    low, high = box_of_plane(game)
    resolution = whole(resolution, "resolution", least=9, most=1025)
    trajectories = whole(trajectories, "trajectories", least=0, most=1000)
    cells = whole(cells, "cells", least=2, most=2000)
    steps, step_size = known_options(steps, step_size)
    fine = field_grid(game, FINER * (resolution - 1) + 1)
    search = plane_rest_points(game, fine)
    width = high - low
    starts = low + width * _grid_of_starts(cells)
    settings = (game, steps, np.asarray(step_size))
    ends, residuals = batch_map(_end, starts.reshape(-1, 2), *settings)
    paths = []
    if trajectories:
        spread = low + width * _spread_starts(trajectories)
        longest = LONGEST_PATH * float(width.max())
        paths = [_thinned(path, longest) for path in batch_map(_path, spread, *settings)]
    return Portrait(
        field=fine.every(FINER),
        rest_points=search.points,
        continuum=search.continuum,
        index_sum=search.index_sum,
        trajectories=tuple(paths),
        starts=starts,
        basins=_outcome(ends).reshape(cells, cells),
        at_rest=float(np.mean(residuals <= AT_REST)),
        notes=search.notes,
        method="numerical",
        detail=(
            f"{search.detail}; basins from {cells}×{cells} starts and {len(paths)} trajectories, "
            f"{steps} steps of {step_size:g}"
        ),
    )


def _end(
    start: Float[Array, "2"], game: ParametricGame, steps: int, step_size: Array
) -> tuple[Float[Array, "2"], Float[Array, ""]]:
    params = _inside(start, game)
    end = run(game, Gradient(), params, steps=steps, step_size=step_size, throw=False)
    return cooperation(game, end.params), end.residual


def _path(
    start: Float[Array, "2"], game: ParametricGame, steps: int, step_size: Array
) -> Float[Array, "points 2"]:
    params = _inside(start, game)
    path = run(
        game, Gradient(), params, steps=steps, step_size=step_size, save="path", throw=False
    ).path
    return jnp.stack([jnp.reshape(x, -1) for x in jax.tree.leaves(path)], axis=1)


def _inside(start: Float[Array, "2"], game: ParametricGame) -> Params:
    boxes = zip(game.spaces, as_profile(game, start), strict=True)
    return tuple(box.project(x) for box, x in boxes)


def _outcome(cooperating: Float[np.ndarray, "runs 2"]) -> Int[np.ndarray, "runs"]:
    """The number in `OUTCOMES` of each end, -1 where it is not finite."""
    first, second = (cooperating > 0.5).T
    outcome = np.select([first & second, first, second], [0, 1, 2], default=3)
    return np.where(np.isfinite(cooperating).all(axis=1), outcome, -1)


def _grid_of_starts(cells: int) -> Float[np.ndarray, "cells cells 2"]:
    """Middles of squares of the unit square, those on the diagonal moved off it."""
    middles = (np.arange(cells) + 0.5) / cells
    starts = np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1)
    side = 0.25 / cells * (-1.0) ** np.arange(cells)
    diagonal = np.arange(cells)
    starts[diagonal, diagonal] += np.stack([side, -side], axis=-1)
    return starts


def _spread_starts(count: int) -> Float[np.ndarray, "count 2"]:
    """Points spread over the unit square, in pairs mirrored at the diagonal, none close to it."""
    golden = 1.32471795724474602596  # x³ = x + 1: the plane's counterpart of the golden ratio
    points = (0.5 + np.arange(1, 20 * count + 20)[:, None] / np.array([golden, golden**2])) % 1.0
    below = points[points[:, 0] - points[:, 1] > 0.12][: (count + 1) // 2]
    return np.stack([below, below[:, ::-1]], axis=1).reshape(-1, 2)[:count]


def _thinned(path: Float[np.ndarray, "points 2"], longest: float) -> Float[np.ndarray, "_ 2"]:
    """At most `PATH_POINTS` points of a path up to a length, evenly spaced along it."""
    path = path[np.isfinite(path).all(axis=1)]
    reached = np.concatenate([[0.0], np.hypot(*np.diff(path, axis=0).T).cumsum()])
    wanted = np.linspace(0.0, min(reached[-1], longest), PATH_POINTS)
    return path[np.unique(np.searchsorted(reached, wanted))]
