"""All equilibria: tables and random games against a brute force that shares no code with them."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.brute_force import equilibria as by_brute_force

import glasshouse as gh
from glasshouse import NormalFormGame, ParametricGame
from glasshouse.certificates import EquilibriumCount
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.semantics import Affine, Custom, Logistic
from glasshouse.study.words.equilibria import count_words

GAMES = {
    "prisoner's dilemma": (5, 3, 1, 0),
    "donation": (3, 2, 0, -1),
    "easier dilemma": (4, 3.5, 2, 0),
    "stag hunt": (3, 4, 2, 0),
    "chicken": (4, 3, 1, 2),
    "deadlock": (4, 2, 3, 1),
}
"""By T, R, P, S."""

SOON = {("prisoner's dilemma", 0.6), ("donation", 0.5), ("deadlock", 0.0)}
"""Cells that brute force is tried on by day."""

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


def by_day(name, coupling):
    """One in three; the others are played by night."""
    return [] if coupling in (0.0, 0.6) and name != "donation" else [pytest.mark.slow]


CELLS = [
    pytest.param(name, column, wanted, marks=by_day(name, column), id=f"{name}-{column:g}")
    for name, row in TABLE.items()
    for column, wanted in zip(COUPLINGS, row, strict=True)
]


@pytest.mark.parametrize(("name", "coupling", "wanted"), CELLS)
def test_the_table_of_pure_equilibria(name, coupling, wanted):
    """Each cell is proved to be all, and every point certified once more."""
    found = gh.find_equilibria(parametric(symmetric(*GAMES[name]), coupling))
    assert (found.count, found.number, found.left) == ("exactly", len(wanted), ())
    assert same(places(found), wanted, 1e-6)
    assert all(point.certificate.verdict == "certified" for point in found.points)


BRUTE = [
    pytest.param(
        name,
        column,
        wanted,
        marks=[] if (name, column) in SOON else [pytest.mark.slow],
        id=f"{name}-{column:g}",
    )
    for name, row in TABLE.items()
    for column, wanted in zip(COUPLINGS, row, strict=True)
]


@pytest.mark.parametrize(("name", "coupling", "wanted"), BRUTE)
def test_brute_force_finds_that_table(name, coupling, wanted):
    """So the table is right whatever the search does."""
    found = by_brute_force(symmetric(*GAMES[name]), (coupling, coupling))
    assert same(found, wanted, 1e-5)


def random_game(seed):
    """Of three kinds in turn: any payoffs, symmetric ones of small whole numbers without ties,
    and any payoffs with a coupling of each player's own."""
    rng = np.random.default_rng(seed)
    coupling = rng.uniform(-0.5, 1.5)
    if seed % 3 == 1:
        T, R, P, S = rng.permutation(7)[:4]
        return symmetric(T, R, P, S), (coupling, coupling)
    other = rng.uniform(-0.5, 1.5) if seed % 3 == 2 else coupling
    return rng.uniform(-1, 1, (2, 2, 2)), (coupling, other)


@pytest.mark.parametrize(
    "seed", [0, 2, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, *range(3, 60)))]
)
def test_random_games_against_brute_force(seed):
    tables, couplings = random_game(seed)
    matrix = [[0.0, couplings[0]], [couplings[1], 0.0]]
    found = gh.find_equilibria(parametric(tables, matrix))
    assert found.count == "exactly"
    assert same(places(found), by_brute_force(tables, couplings), 1e-4)


def test_what_a_point_says():
    found = gh.find_equilibria(parametric(symmetric(*GAMES["prisoner's dilemma"]), 0.6))
    assert [point.kind for point in found.points] == ["edge", "edge"]
    assert not any(point.symmetric for point in found.points)
    point = found.points[0]
    assert point.enclosure is not None
    (low, high), held = point.enclosure
    assert held == (3.0, 3.0)
    assert 0 < high - low < 1e-6
    assert low <= float(point.params[0]) <= high
    game = parametric(symmetric(*GAMES["prisoner's dilemma"]), 0.6)
    np.testing.assert_allclose(point.payoffs, game.payoffs(point.params))
    assert point.welfare == pytest.approx(sum(point.payoffs))
    assert point.certificate.epsilon == pytest.approx(5e-9)
    assert found.evidence.method.value == "certified"
    inside = gh.find_equilibria(parametric(symmetric(*GAMES["stag hunt"]), 0.0)).points
    assert sorted((p.kind, p.symmetric) for p in inside) == [
        ("corner", True),
        ("corner", True),
        ("interior", True),
    ]


def test_none_is_a_certificate(tmp_path):
    found = gh.find_equilibria(parametric(symmetric(*GAMES["prisoner's dilemma"]), 0.5))
    assert (found.count, found.number, found.points, found.left) == ("exactly", 0, (), ())
    found.write(tmp_path / "none.json")
    checked = gh.verify(tmp_path / "none.json")
    assert checked.accepted
    assert isinstance(checked.certificate, EquilibriumCount)
    assert (checked.certificate.count, checked.certificate.number) == ("exactly", 0)


def test_a_continuum_is_said_as_such():
    """(7, 3, 1, 0) at κ = 1: everything depends on θ_1 + θ_2, and its best value is ln 5."""
    found = gh.find_equilibria(parametric(symmetric(7, 3, 1, 0), 1.0))
    assert (found.count, found.number, found.points) == ("unknown", 0, ())
    assert len(found.continuum) >= 5
    sums = [float(np.add(*point.params)) for point in found.continuum]
    np.testing.assert_allclose(sums, math.log(5), atol=1e-6)
    assert all(point.certificate.verdict == "certified" for point in found.continuum)
    places = np.array([point.params for point in found.continuum])
    assert np.ptp(places[:, 0]) > 3
    left = np.array(found.left)
    for point in places:
        assert np.any(np.all((left[:, :, 0] <= point) & (point <= left[:, :, 1]), axis=1))
    assert np.abs(left.mean(axis=2).sum(axis=1) - math.log(5)).max() < 1.5


@pytest.mark.slow
def test_beside_the_continuum_there_is_exactly_one():
    found = gh.find_equilibria(parametric(symmetric(7, 3, 1, 0), 1.01))
    assert (found.count, found.number, found.continuum) == ("exactly", 1, ())
    assert same(places(found), [(0.821804, 0.821804)], 1e-6)


@pytest.mark.slow
def test_one_way_reading_against_brute_force():
    """Nobody reads player 2, who is indifferent inside; player 1 is read."""
    tables = symmetric(*GAMES["chicken"])
    found = gh.find_equilibria(parametric(tables, [[0.0, 0.6], [0.0, 0.0]]))
    assert found.count == "exactly"
    assert same(places(found), by_brute_force(tables, (0.6, 0.0)), 1e-4)


def test_affine_semantics():
    """Donation: with w > c / (b + c) = 1/4 full cooperation is dominant, below it none."""
    game = NormalFormGame(symmetric(3, 2, 0, -1))
    for weight, wanted in ((0.2, [(0.0, 0.0)]), (0.3, [(1.0, 1.0)])):
        found = gh.find_equilibria(ParametricGame(game, Affine(game.actions, weight=weight)))
        assert (found.count, places(found)) == ("exactly", wanted)


def three_actions(params, shown=None):
    """Two thirds of a circle of actions, turned by what the other shows."""
    (x, y) = params

    def one(own, other):
        return jax.nn.softmax(jnp.stack([own + 0.4 * other, 0.3 * own * own, 0.0 * own]))

    return one(x, y), one(y, x)


def payoffs_of_three(tables, x, y):
    def one(own, other):
        parts = np.exp([own + 0.4 * other, 0.3 * own * own, 0 * own])
        return parts / parts.sum(axis=0)

    p, q = one(x, y), one(y, x)
    return [np.einsum("ab,a...,b...->...", u, p, q) for u in tables]


@pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in (1, 2, 3))])
def test_three_actions_by_a_semantics_of_ones_own(seed):
    """Against best replies on a grid: found points gain nothing, and no others gain nothing."""
    tables = np.random.default_rng(seed).uniform(-1, 1, (2, 3, 3))
    game = ParametricGame(NormalFormGame(tables), Custom(three_actions, [Box(-2.0, 2.0)] * 2))
    found = gh.find_equilibria(game)
    assert found.count == "exactly"
    assert found.proof is not None
    assert found.proof.about == "this program"
    row = np.linspace(-2, 2, 801)
    u, v = payoffs_of_three(tables, row[:, None] + 0 * row, row + 0 * row[:, None])
    gains = np.maximum(u.max(axis=0) - u, v.max(axis=1)[:, None] - v)
    points = np.reshape(places(found), (-1, 2))
    for point in points:
        i, j = (np.abs(row - x).argmin() for x in point)
        assert gains[i, j] < 1e-4
    for i, j in np.argwhere(gains < 1e-7):
        assert np.abs(points - [row[i], row[j]]).max(axis=1).min() < 0.1


@pytest.mark.parametrize(
    "game",
    [
        lambda: parametric(np.zeros((2, 3, 3)) + np.eye(3), 0.5),
        lambda: parametric(np.ones((3, 2, 2, 2)) * np.arange(2), 0.5),
        lambda: ParametricGame(
            NormalFormGame(symmetric(5, 3, 1, 0)), Custom(kinked, [Box(-1.0, 1.0)] * 2)
        ),
    ],
)
def test_other_games_are_searched_numerically(game):
    found = gh.find_equilibria(game())
    assert found.count != "exactly"
    assert found.proof is None
    assert "others may have been missed" in found.detail


def test_boxes_without_bounds_are_refused():
    with pytest.raises(InputError, match="set the semantics' bound"):
        gh.find_equilibria(parametric(symmetric(5, 3, 1, 0), 0.5, math.inf))


def kinked(params, shown=None):
    ps = [0.5 + 0.2 * jnp.maximum(x, 0.3 * y) for x, y in (params, params[::-1])]
    return tuple(jnp.stack([p, 1 - p]) for p in ps)


def test_a_spent_budget_is_said():
    game = parametric(symmetric(*GAMES["prisoner's dilemma"]), 0.5)
    found = gh.find_equilibria(game, budget=10)
    assert (found.count, found.number) == ("unknown", 0)
    assert found.left
    assert found.evidence.method.value == "numerical"
    with pytest.raises(InputError, match="budget"):
        gh.find_equilibria(game, budget=0)


def test_floats_that_are_another_function_are_said():
    """Rounded to whole steps of 2^-20 by adding and taking off again a large number."""

    def rounded(params, shown=None):
        x, y = ((z + 2.0**33) - 2.0**33 for z in params)
        ps = [jax.nn.sigmoid(x + 0.3 * y), jax.nn.sigmoid(y + 0.3 * x)]
        return tuple(jnp.stack([p, 1 - p]) for p in ps)

    tables = symmetric(5, 3, 1, 0)
    game = ParametricGame(NormalFormGame(tables), Custom(rounded, [Box(-3.0, 3.0)] * 2))
    found = gh.find_equilibria(game)
    assert (found.count, found.proof) == ("unknown", None)
    assert "floats give other probabilities" in found.detail
    with pytest.raises(InputError, match="is not proved: write the certificates of points"):
        found.write("nowhere.json")


@pytest.mark.parametrize("coupling", [1 + 1e-9, 1 - 1e-9])
def test_nearly_singular_is_no_continuum(coupling):
    found = gh.find_equilibria(parametric(symmetric(7, 3, 1, 0), coupling), budget=200)
    assert found.continuum == ()


def test_a_flat_game_does_not_hang():
    found = gh.find_equilibria(parametric(symmetric(1, 1, 0, 0), 0.0), budget=200)
    assert found.count != "exactly"


def test_corners_of_indifferent_players_are_proved_and_the_reason_is_said():
    """Without reading, player 1 is paid 3 q whatever it does: (3, 3) is best for player 2."""
    payoffs = np.array([[[3.0, 0.0], [3.0, 0.0]], [[5.0, 3.0], [1.0, 0.0]]])
    game = NormalFormGame(payoffs, player_axis=0)
    found = gh.find_equilibria(ParametricGame(game, Logistic((2, 2), 0.0, 3.0)))
    assert found.count == "unknown"
    assert found.reasons == ("player 1 is paid the same whatever it does",)
    corners = {tuple(map(float, x.params)): x.certificate.epsilon for x in found.points}
    assert set(corners) == {(-3.0, 3.0), (3.0, 3.0)}
    assert corners[(3.0, 3.0)] == 0
    assert max(corners.values()) <= 1e-8
    assert all(point.certificate.verdict == "certified" for point in found.points)
    assert count_words(found).endswith("; player 1 is paid the same whatever it does")


def test_an_edge_along_which_players_are_indifferent_is_said():
    """With T = R nobody minds where the other surely cooperates; both there is an equilibrium."""
    game = NormalFormGame([[[3.0, 0.0], [3.0, 1.0]], [[3.0, 3.0], [0.0, 1.0]]], player_axis=0)
    found = gh.find_equilibria(ParametricGame(game, Affine((2, 2), 0.0)))
    assert (found.count, found.number) == ("at least", 1)
    corners = {tuple(map(float, x.params)): x.certificate.epsilon for x in found.points}
    assert corners[(1.0, 1.0)] == 0
    assert "player 1 is indifferent along the edge where player 2 is at 1" in found.reasons
