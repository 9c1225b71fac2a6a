"""Candidates for equilibria of any game: corners, and rest points of selfish learning by Newton."""

import itertools
from collections.abc import Sequence

import jax
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from glasshouse.analysis.outcomes.isolation import bounds, in_a_row, inward_moves, polished
from glasshouse.dynamics.learning import Learning, learn
from glasshouse.dynamics.starts import Starts, starting_points
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.rules.gradient import Gradient

MOST_CORNERS = 256
"""Of boxes with more corners than this, only the two are tried where all parameters are at bounds
of one kind."""

NEWTON_STEPS = 30
"""From each start; Newton's method doubles digits, and takes some steps to come near."""

AT_REST = 1e-10
"""A candidate rests when no relative direction that leads into the box is larger."""

SAME = 1e-6
"""Candidates are one when no parameter differs by more than this share of 1 + its size."""


def candidates(game: AbstractParametricGame, starts: Starts, learning: Learning) -> list[Params]:
    """Profiles where no small deviation gains: corners, and the ends of Newton's method.

    Newton's method on the relative selfish gradients, parameters held at bounds by an outward
    gradient staying there, begins at the starts, where selfish learning ends from them, and at the
    corners' middle. Every equilibrium of a game with smooth payoffs is such a profile, but not all
    are sure to be found.

    **Arguments:** `starts`; `learning` of the runs whose ends are tried as well.
    **Returns:** distinct profiles, corners first, then by their parameters.
    **Cost:** starts × steps learning steps, and 30 Jacobians from each start and end.
    """
    lower, upper = bounds(game)
    template = game.neutral()
    drawn = starting_points([game], starts)
    ends = learn([game], learning, judged=False).params
    ended = _rows(jax.tree.map(lambda x: x[0], ends), learning.starts.runs)
    begin = np.concatenate([_rows(drawn, starts.runs), ended, in_a_row(template)[None]])
    begin = begin[np.isfinite(begin).all(axis=1)]
    found = polished(game, begin, template, Gradient(), NEWTON_STEPS)
    corners = _corners(lower, upper)
    tried = np.concatenate([corners, _snapped(found, lower, upper)])
    moves = inward_moves(game, tried, template, Gradient())
    resting = np.abs(moves).max(axis=1) <= AT_REST
    restored = ravel_pytree(template)[1]
    return [restored(x) for x in _distinct(tried[resting])]


def _rows(profiles: Params, runs: int) -> Float[np.ndarray, "runs parameters"]:
    return np.concatenate(
        [np.reshape(np.asarray(x), (runs, -1)) for x in jax.tree.leaves(profiles)], axis=1
    )


def _corners(
    lower: Float[np.ndarray, "n"], upper: Float[np.ndarray, "n"]
) -> Float[np.ndarray, "corners n"]:
    if 2 ** len(lower) > MOST_CORNERS:
        return np.stack([lower, upper])
    return np.array(list(itertools.product(*zip(lower, upper, strict=True))))


def _snapped(
    found: Float[np.ndarray, "points n"], lower: np.ndarray, upper: np.ndarray
) -> Float[np.ndarray, "points n"]:
    """Parameters within rounding of a bound are at it."""
    near = 1e-9 * (upper - lower)
    found = np.where(found >= upper - near, upper, found)
    return np.where(found <= lower + near, lower, found)


def _distinct(points: Float[np.ndarray, "points n"]) -> Sequence[np.ndarray]:
    kept: list[np.ndarray] = []
    for point in points:
        if not any(np.all(np.abs(point - x) <= SAME * (1 + np.abs(x))) for x in kept):
            kept.append(point)
    return kept
