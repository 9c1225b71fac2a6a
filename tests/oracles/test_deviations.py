"""Best deviations and the boundary test against tables, hand-written payoffs and dense grids."""

import math

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from tests.reference import (
    CHICKEN,
    COORDINATING_PD,
    DONATION,
    PD,
    STAG_HUNT,
    Payoffs,
    family,
    normal_form,
    parametric,
    public_goods_family,
    random_tensor,
)

from glasshouse.analysis import (
    best_deviation,
    boundary_test,
    deviation_curve,
    equilibrium_threshold,
)
from glasshouse.channels import Mask
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Linear, Logistic

BOUNDARY = [
    (3, 0.25, 1.46050006050, -3.0),
    (3, 0.50, 0.950157922262, -2.95235418363),
    (3, 0.80, 0.134310712263, -2.00650482228),
    (5, 0.90, 0.0957745036269, -3.67727230477),
    (3, 0.90, 0.0, 3.0),
]
"""PD: bound, coupling, gain of the best deviation from the cooperative corner, its parameter."""

EQUILIBRIUM = {
    "pd": (PD, [0.60496511036, 0.780488696205, 0.870467371354, 0.936357190659], 1e-11),
    "donation": (
        DONATION,
        [0.389344050702, 0.542210924465, 0.694207256032, 0.839940629303],
        1e-11,
    ),
    "coordinating pd": (
        COORDINATING_PD,
        [0.366935869, 0.407164194, 0.534604927, 0.735239192],
        1e-9,
    ),
    "stag hunt": (STAG_HUNT, [-0.051386102, -0.151454843, -0.200089668, -0.237632851], 1e-9),
    "chicken": (CHICKEN, [0.448924327, 0.919096230, 0.989856393, 0.999818260], 1e-9),
}
"""Smallest couplings at which the corner is an equilibrium for bounds 1, 2, 3, 5, and the digits
they can be found to: gains lost in rounding count as none, which moves them by some 1e-12."""

BOUNDS = [1.0, 2.0, 3.0, 5.0]


@pytest.mark.parametrize(("bound", "coupling", "gain", "best"), BOUNDARY)
def test_table_of_best_deviations_from_the_corner(bound, coupling, gain, best):
    found = boundary_test(parametric(PD, coupling, float(bound)))
    assert found.passes == (gain == 0)
    for deviation in found.deviations:
        assert deviation.gain == pytest.approx(gain, abs=1e-10)
        assert deviation.best == pytest.approx(best, abs=1e-8)
        assert deviation.method == "numerical"
    assert [deviation.player for deviation in found.deviations] == [0, 1]


@pytest.mark.parametrize("name", sorted(EQUILIBRIUM))
def test_table_of_equilibrium_thresholds(name):
    payoffs, expected, digits = EQUILIBRIUM[name]
    for bound, value in zip(BOUNDS, expected, strict=True):
        switch = equilibrium_threshold(family(payoffs, bound), points=17, tolerance=digits / 10)
        assert switch.result == "found"
        assert switch.holds == "above"
        assert switch.value == pytest.approx(value, abs=digits)


def test_deadlock_cooperation_is_an_equilibrium_from_two_on():
    """A = -2, B = 1 everywhere: along t the payoff is linear in p and q, D = 0."""
    deadlock = Payoffs(4.0, 2.0, 3.0, 1.0)
    assert not boundary_test(parametric(deadlock, 1.9, 3.0)).passes
    assert boundary_test(parametric(deadlock, 2.5, 3.0)).passes


def test_the_slope_decides_where_the_gain_is_lost_in_rounding():
    """Stag hunt at -0.3, bound 60: at the corner the gradient is (-1 · -1 - 0.3 · 4) v = -0.2 v.

    Relative to ½ · 4 · 2 (1 + 0.3) v, the most it could be, that is -1/26. No large jump pays.
    """
    found = boundary_test(parametric(STAG_HUNT, -0.3, 60.0))
    for deviation, slope in zip(found.deviations, found.slopes, strict=True):
        assert deviation.gain < 1e-12
        assert slope == pytest.approx(-1 / 26, rel=1e-9)
    assert not found.passes
    assert boundary_test(parametric(STAG_HUNT, -0.2, 60.0)).passes


def saturated_payoff(own, other, coupling=0.5):
    """Player 1's payoff in the PD, in 60 digits."""
    own, other = mpmath.mpf(own), mpmath.mpf(other)
    p = 1 / (1 + mpmath.exp(-own - coupling * other))
    q = 1 / (1 + mpmath.exp(-other - coupling * own))
    return 3 * p * q + 5 * (1 - p) * q + (1 - p) * (1 - q)


def test_a_gain_at_a_saturated_corner_is_small_and_positive():
    found = best_deviation(parametric(PD, 0.5, 20.0), (-20.0, -20.0), 0)
    with mpmath.workdps(60):
        here = saturated_payoff(-20, -20)
        best = max(saturated_payoff(t, -20) - here for t in mpmath.arange(-20, 20, 0.01))
    assert float(best) == pytest.approx(9.4e-14, rel=0.01)
    assert 0 < found.gain == pytest.approx(float(best), abs=1e-15)


def tied_rest_point(coupling, p):
    return math.log(p / (1 - p)) / (1 + coupling)


def test_an_interior_rest_point_is_refuted_by_a_large_jump():
    """PD at 0.3: tied ascent rests at 2/13 and is paid 1.4379, yet full cooperation pays more."""
    theta = tied_rest_point(0.3, 2 / 13)
    game = parametric(PD, 0.3, 20.0)
    curve = deviation_curve(game, (theta, theta), 0, np.array([theta, 20.0]))
    assert curve[0] == pytest.approx(1.4379, abs=5e-5)
    assert curve[1] == pytest.approx(2.97265, abs=5e-6)
    found = best_deviation(game, (theta, theta), 1)
    assert found.player == 1
    assert found.best == pytest.approx(20.0)
    assert found.gain == pytest.approx(curve[1] - curve[0], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("player", [0, 1])
def test_one_parameter_deviations_reach_the_maximum_of_a_dense_curve(seed, player):
    game = ParametricGame(
        NormalFormGame(random_tensor((2, 2), seed)),
        Logistic((2, 2), np.array([[0.0, 0.8], [-0.6, 0.0]]), 4.0),
    )
    params = (0.3 + 0.2 * seed, -0.5)
    curve = deviation_curve(game, params, player, np.linspace(-4, 4, 20_001))
    now = deviation_curve(game, params, player, np.array([params[player]]))[0]
    found = best_deviation(game, params, player)
    assert found.gain == pytest.approx(curve.max() - now, abs=1e-6)
    assert found.gain >= curve.max() - now - 1e-14
    assert found.gain >= 0


@pytest.mark.parametrize("seed", range(3))
def test_searched_deviations_reach_the_maximum_of_a_dense_grid(seed):
    """Three actions against two: two logits, and player 2 reads the first of them."""
    tensor, coupling, bound, other = random_tensor((3, 2), seed), 1.5, 3.0, -0.4
    game = ParametricGame(NormalFormGame(tensor), Logistic((3, 2), coupling, bound))
    x, y = np.meshgrid(*[np.linspace(-bound, bound, 301)] * 2)
    powers = np.exp(np.stack([x + coupling * other, y, np.zeros_like(x)]))
    own = powers / powers.sum(axis=0)
    q = 1 / (1 + np.exp(-(other + coupling * x)))
    payoff = np.einsum("axy,bxy,ab->xy", own, np.stack([q, 1 - q]), tensor[0])

    start = (np.zeros(2), np.array(other))
    found = best_deviation(game, start, 0)
    here = float(game.payoffs(tuple(map(jnp.asarray, start)))[0])
    assert found.method == "numerical"
    assert found.gain == pytest.approx(payoff.max() - here, abs=1e-3)
    assert found.best.shape == (2,)
    assert np.all(np.abs(found.best) <= bound)
    assert best_deviation(game, start, 1).method == "numerical"


@pytest.mark.parametrize("coupling", [0.1, 0.3, 0.9])
def test_the_boundary_test_of_public_goods_with_three_players(coupling):
    """From the corner, player 1's jump to t moves its own p and both others' q."""
    bound, n, r = 5.0, 3, 2
    found = boundary_test(public_goods_family(n, r)(coupling)).deviations[0]
    t = np.linspace(-bound, bound, 20_001)
    p = 1 / (1 + np.exp(-(t + (n - 1) * coupling * bound)))
    q = 1 / (1 + np.exp(-(bound * (1 + (n - 2) * coupling) + coupling * t)))
    payoff = r * (p + (n - 1) * q) / n - p
    assert found.gain == pytest.approx(payoff.max() - payoff[-1], abs=1e-7)


def test_what_has_no_finite_box_is_refused():
    unbounded = parametric(PD, 0.5, math.inf)
    for refused in (
        lambda: boundary_test(unbounded),
        lambda: best_deviation(unbounded, (0.0, 0.0), 0),
        lambda: deviation_curve(unbounded, (0.0, 0.0), 0, np.zeros(2)),
    ):
        with pytest.raises(InputError, match="unbounded"):
            refused()


@pytest.mark.parametrize(("coordinates", "coupling"), [(2, 0.8), (3, 0.5), (10, 0.8), (10, 0.9)])
def test_of_parameter_vectors_no_other_gains_more(coordinates, coupling):
    rng = np.random.default_rng(coordinates)
    w = rng.normal(size=coordinates)
    w *= 3 / np.abs(w).sum()
    found = boundary_test(ParametricGame(normal_form(PD), Linear((2, 2), coupling, w, 1.0)))

    def paid(own):
        p, q = (1 / (1 + np.exp(-x)) for x in (own @ w + 3 * coupling, coupling * (own @ w) + 3))
        return 3 * p * q + 5 * (1 - p) * q + (1 - p) * (1 - q)

    corner = paid(np.sign(w))
    tried = rng.uniform(-1, 1, size=(200_000, coordinates))
    tried[::2] = np.sign(tried[::2])  # corners as well
    tried[:1001] = np.sign(w) * np.linspace(-1, 1, 1001)[:, None]
    most = max(0.0, paid(tried).max() - corner)
    assert found.passes == (most == 0)
    for deviation in found.deviations:
        assert most <= deviation.gain <= most + 1e-5
        assert np.abs(deviation.best).max() <= 1  # not by a hair more: it can be used
        np.testing.assert_allclose(
            paid(np.asarray(deviation.best)) - corner, deviation.gain, atol=1e-12
        )
        assert "w·θ" in deviation.detail


def test_who_sees_some_coordinates_only_is_not_reduced():
    semantics = Linear((2, 2), 0.8, [1.0, 1.0], 1.0)
    with pytest.raises(InputError, match="under full access"):
        boundary_test(ParametricGame(normal_form(PD), semantics, Mask([True, False])))


def test_the_boundary_test_of_several_parameters_is_refused():
    game = ParametricGame(NormalFormGame(random_tensor((2, 3), 0)), Logistic((2, 3), 0.5, 3.0))
    with pytest.raises(InputError, match="player 2 has"):
        boundary_test(game)


@pytest.mark.parametrize("params", [(6.0, 0.0), (0.0, math.nan), (0.0,)])
def test_a_profile_outside_the_box_is_refused(params):
    with pytest.raises(InputError, match="player"):
        best_deviation(parametric(PD, 0.5, 5.0), params, 0)


@pytest.mark.parametrize("player", [-1, 2])
def test_a_player_who_is_not_there_is_refused(player):
    with pytest.raises(InputError, match="no player"):
        best_deviation(parametric(PD, 0.5), (0.0, 0.0), player)
