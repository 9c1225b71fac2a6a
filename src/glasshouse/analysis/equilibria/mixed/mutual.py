"""Whether players are interchangeable: swapping two of them swaps their payoffs, nothing else."""

import itertools

import numpy as np

from glasshouse._foundation.random import Purpose, uniforms
from glasshouse.analysis.equilibria.mixed.facing import bounds_of, payoffs_at
from glasshouse.games.symmetric import is_symmetric
from glasshouse.parametric.dense import DenseGame
from glasshouse.parametric.tied import untieable

PROFILES_COMPARED = 8

SWAPPED_ROUNDING = 1e-12
"""Of the payoff range: payoffs that differ by no more are the same."""


def is_interchangeable(game: DenseGame) -> str:
    """Why the players of a game are not interchangeable; nothing where they seem to be.

    Payoffs in parameters are compared at random profiles and swapped ones: enough for a search,
    whose result is proved for every player.
    """
    if fault := untieable(game):
        return fault
    lower, upper = bounds_of(game)
    for ends in (lower, upper):
        if not all(np.array_equal(own, ends[0]) for own in ends):
            return "their boxes differ"
    tensor = getattr(game.game, "tensor", None)
    if tensor is not None and not is_symmetric(np.asarray(tensor)):
        return "the base game is not symmetric"
    players, width = len(lower), len(lower[0])
    drawn = uniforms(0, Purpose.DEVIATIONS, PROFILES_COMPARED, players * width)
    points = np.tile(lower[0], players) + drawn * np.tile(upper[0] - lower[0], players)
    found = payoffs_at(game, points)
    scale = max(float(np.max(np.asarray(game.game.payoff_ranges))), np.finfo(float).tiny)
    for i, j in itertools.combinations(range(players), 2):
        order = list(range(players))
        order[i], order[j] = j, i
        swapped = points.reshape(-1, players, width)[:, order].reshape(len(points), -1)
        if np.abs(payoffs_at(game, swapped)[:, order] - found).max() > SWAPPED_ROUNDING * scale:
            return f"swapping players {i + 1} and {j + 1} changes more than their payoffs"
    return ""
