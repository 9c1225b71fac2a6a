"""All equilibria: tables and random games against a brute force that shares no code with them."""

import math

import numpy as np
import pytest

import glasshouse as gh
from glasshouse import NormalFormGame, ParametricGame
from glasshouse.semantics import Logistic

CORNERS = {"CC": (3.0, 3.0), "DD": (-3.0, -3.0)}

GAMES = {
    "prisoner's dilemma": (5, 3, 1, 0),
    "donation": (3, 2, 0, -1),
    "easier dilemma": (4, 3.5, 2, 0),
    "stag hunt": (3, 4, 2, 0),
    "chicken": (4, 3, 1, 2),
    "deadlock": (4, 2, 3, 1),
}
"""By T, R, P, S."""

COUPLINGS = (0.0, 0.3, 0.5, 0.6, 0.8, 0.9, 1.1)


def both(x, y):
    return [(x, y), (y, x)]


CC, DD = [(3.0, 3.0)], [(-3.0, -3.0)]

TABLE = {
    "prisoner's dilemma": [
        DD,
        [(-1.311345, -1.311345)],
        [],
        both(3.0, -2.737171),
        both(3.0, -2.006505),
        CC,
        CC,
    ],
    "donation": [DD, DD, [], both(3.0, -2.213062), CC, CC, CC],
    "easier dilemma": [DD, DD, DD, CC + DD, CC + DD, CC, CC],
    "stag hunt": [CC + DD + [(math.log(2), math.log(2))], *[CC + DD] * 4, CC, CC],
    "chicken": [
        [*both(3.0, -3.0), (0.0, 0.0)],
        both(3.0, -2.943572),
        both(3.0, -2.398735),
        both(3.0, -2.144772),
        both(3.0, -1.435356),
        both(3.0, -0.696605),
        CC,
    ],
    "deadlock": [DD] * 7,
}
"""The issue's table."""


def symmetric(T, R, P, S):
    return np.array([[[R, S], [T, P]], [[R, T], [S, P]]], float)


def parametric(tables, coupling, bound=3.0):
    game = NormalFormGame(np.asarray(tables, float))
    return ParametricGame(game, Logistic(game.actions, coupling=coupling, bound=bound))


def places(found):
    return sorted(tuple(map(float, point.params)) for point in found.points)


def same(first, second, tolerance):
    return len(first) == len(second) and np.allclose(sorted(first), sorted(second), atol=tolerance)


CELLS = [
    (name, column, wanted)
    for name, row in TABLE.items()
    for column, wanted in zip(COUPLINGS, row, strict=True)
]


@pytest.mark.parametrize(("name", "coupling", "wanted"), CELLS)
def test_the_table_of_pure_equilibria(name, coupling, wanted):
    """Each cell is proved to be all, and checked again without the search."""
    found = gh.find_equilibria(parametric(symmetric(*GAMES[name]), coupling))
    assert (found.count, found.number, found.left) == ("exactly", len(wanted), ())
    assert same(places(found), wanted, 1e-6)
    assert all(point.certificate.verdict == "certified" for point in found.points)
