"""Equilibria of any game, as far as corners and Newton's method from many starts find them."""

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Float

from glasshouse.analysis.equilibria.points import POINT_EPSILON, Equilibria, point_at
from glasshouse.analysis.equilibrium.certification import base_of, certify
from glasshouse.analysis.outcomes.isolation import bounds, brought_to_rest, in_a_row, inward_moves
from glasshouse.dynamics.learning import Learning, learn
from glasshouse.dynamics.starts import Starts, starting_points
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.gradient import Gradient

MOST_CORNERS = 256
"""Of boxes with more corners than this, only the two are tried where all parameters are at bounds
of one kind."""

STEPS_FROM_STARTS = 30
"""From each start; Newton's method doubles digits, and takes some steps to come near."""

RESTING_BELOW = 1e-10
"""A candidate rests when no relative direction that leads into the box is larger."""

SEARCH_STARTS = Starts(64, spread=1.5)
"""From where Newton's method and learning begin."""

QUICK = 2000
"""Pieces looked at to see whether nobody gains at all."""

SAME_CANDIDATE = 1e-6
"""Candidates are one when no parameter differs by more than this share of 1 + its size."""


def numerical_equilibria(game: DenseGame, budget: int) -> Equilibria:
    """Equilibria that a search finds, each certified at its rounded parameters.

    **Arguments:** `budget`, pieces looked at at most for each player and candidate.
    """
    base = base_of(game)
    ranges = float(np.max(np.asarray(base.payoff_ranges)))
    epsilon = POINT_EPSILON * (ranges or 1.0)
    learning = Learning(step_size=None, steps=500, starts=SEARCH_STARTS)
    found = resting_profiles(game, learning)
    points, exact, left = [], 0, []
    for params in found:
        proof = certify(game, params, 0.0, budget=QUICK)
        if proof.verdict != "certified":
            proof = certify(game, params, epsilon, budget=budget)
        if proof.verdict == "certified":
            points.append(point_at(game, params, proof, None))
            exact += proof.epsilon == 0
        elif proof.verdict == "unknown":
            left.append(tuple((x, x) for x in in_a_row(params).tolist()))
    begun = f"{SEARCH_STARTS.runs} starts and where learning leads from them"
    what = f"{len(found)} rest points from {begun}"
    nobody = f"at each listed nobody gains more than {epsilon:g}, which is proved"
    exactly = f"; {exact} of them proved with ε = 0" if points else ""
    open_ones = f"; {len(left)} more were not decided" if left else ""
    return Equilibria(
        points=tuple(points),
        count="at least" if exact else "unknown",
        number=exact,
        continuum=(),
        left=tuple(left),
        method="numerical",
        detail=f"{what}; {nobody}{exactly}{open_ones}; others may have been missed",
        proof=None,
    )


def resting_profiles(game: AbstractParametricGame, learning: Learning) -> list[Params]:
    """Profiles where no small deviation gains: corners, and the ends of Newton's method.

    Newton's method on the relative selfish gradients, parameters held at bounds by an outward
    gradient staying there, begins at the starts, where selfish learning ends from them, and at the
    neutral profile. Every equilibrium of a game with smooth payoffs is such a profile, but not all
    are sure to be found.

    **Arguments:** `learning`, whose starts and ends are tried.
    **Returns:** distinct profiles, corners first, then in the order in which they were met.
    **Cost:** starts × steps learning steps, and 30 Jacobians from each start and end.
    """
    (lower, upper), template, starts = bounds(game), game.neutral(), learning.starts
    drawn = starting_points([game], starts)
    ends = learn([game], learning, judged=False).params
    ended = _rows(jax.tree.map(lambda x: x[0], ends), starts.runs)
    begin = np.concatenate([_rows(drawn, starts.runs), ended, in_a_row(template)[None]])
    begin = begin[np.isfinite(begin).all(axis=1)]
    found = brought_to_rest(game, begin, template, Gradient(), STEPS_FROM_STARTS)
    corners = _corners(lower, upper)
    tried = np.concatenate([corners, _snapped(found, lower, upper)])
    moves = inward_moves(game, tried, template, Gradient())
    resting = np.abs(moves).max(axis=1) <= RESTING_BELOW
    restored = ravel_pytree(template)[1]
    return [jax.tree.map(np.asarray, restored(jnp.asarray(x))) for x in _distinct(tried[resting])]


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
        if not any(np.all(np.abs(point - x) <= SAME_CANDIDATE * (1 + np.abs(x))) for x in kept):
            kept.append(point)
    return kept
