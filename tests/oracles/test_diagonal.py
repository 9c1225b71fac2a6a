"""The diagonal: tied learning, rest points and their stability against closed forms."""

import math

import equinox as eqx
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from tests.reference import (
    CHICKEN,
    COORDINATING_PD,
    DONATION,
    PD,
    STAG_HUNT,
    THRESHOLDS,
    Payoffs,
    equal_couplings,
    normal_form,
    parametric,
    selfish_field,
    sigmoid,
)

from glasshouse.analysis import cooperation
from glasshouse.dynamics import RESULTS, Rest, batch_map, run, stack
from glasshouse.errors import InputError
from glasshouse.games import Symmetric2x2
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame, Tied
from glasshouse.rules import Gradient
from glasshouse.semantics import Custom, Logistic
from glasshouse.theory import LogisticDiagonal, diagonal, diagonal_rest_points, tied_outcome

UNSTABLE = (0.418613429, 2 / 3)
"""Couplings between which the PD's interior rest point repels across the diagonal."""

COUPLINGS = [*np.linspace(-0.587, 1.513, 22), 0.3, 0.35, 0.42, 0.6]
"""None of them a threshold, at which nothing moves."""


def logistic(payoffs, coupling, bound=math.inf):
    return LogisticDiagonal(Symmetric2x2(*payoffs), coupling, bound)


def learned(tied):
    solution = run(tied, Gradient(), None, steps=20_000, step_size=1.0, stop=Rest(), throw=False)
    return cooperation(tied, solution.params)[0], solution.result == RESULTS.converged


@pytest.mark.parametrize("bound", [1.0, 5.0])
def test_tied_learning_ends_where_the_closed_form_says(bound):
    cases = [(row.payoffs, float(k)) for row in THRESHOLDS.values() for k in COUPLINGS]
    ends, converged = batch_map(
        learned, stack([Tied(parametric(payoffs, k, bound)) for payoffs, k in cases])
    )
    expected = np.array([tied_outcome(logistic(payoffs, k, bound)) for payoffs, k in cases])
    compared = converged & (expected >= 0.05) & (expected <= 0.95)
    assert np.all(np.abs(ends - expected)[compared] <= 1e-4)
    assert compared.sum() >= 20
    assert np.any(np.abs(expected[compared] - 0.5) > 0.2)


@pytest.mark.parametrize(
    ("payoffs", "coupling", "expected"),
    [
        (PD, 0.3, 2 / 13),
        (PD, 0.5, 2 / 3),
        (PD, 0.2, float(sigmoid(-6.0))),
        (PD, 0.7, float(sigmoid(8.5))),
        (DONATION, 0.5, float(sigmoid(7.5))),
        (CHICKEN, 0.0, 0.5),
        (STAG_HUNT, 0.1, float(sigmoid(-5.5))),
    ],
)
def test_tied_outcomes_by_hand(payoffs, coupling, expected):
    """p* = -[(S-P) + κ(T-P)] / ((1+κ) D) inside, s(±(1+κ) M) at the ends of the box, M = 5."""
    assert tied_outcome(logistic(payoffs, coupling, 5.0)) == pytest.approx(expected, rel=1e-12)


def test_a_tied_parameter_follows_the_mean_of_both_gradients():
    """Battle of the sexes at θ = 0.4, κ = 0.3: payoffs differ, p does not."""
    game = ParametricGame(from_catalogue("battle_of_the_sexes")(), Logistic((2, 2), 0.3, 5.0))
    p = sigmoid(1.3 * 0.4)
    v = p * (1 - p)
    own = [p * 3 - (1 - p) * 2, p * 2 - (1 - p) * 3]  # equal, (a, b) against (b, a): ∂u_i/∂p_i
    expected = v * (own[0] + 0.3 * own[0] + own[1] + 0.3 * own[1]) / 2
    gradient = Tied(game).selfish_gradients((jnp.asarray(0.4),))
    assert len(gradient) == 1
    assert float(gradient[0]) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("coupling", [-1.0, -1.5, math.nan])
def test_the_diagonal_needs_couplings_above_minus_one(coupling):
    with pytest.raises(InputError, match="coupling"):
        logistic(PD, coupling)


@pytest.mark.parametrize(
    "coupling", [0.4, np.array([[0.0, 0.4], [0.4, 0.0]])], ids=["number", "matrix"]
)
def test_the_diagonal_of_a_game_is_found(coupling):
    assert diagonal(parametric(PD, coupling, 2.0)) == logistic(PD, 0.4, 2.0)


@pytest.mark.parametrize(
    ("game", "semantics", "message"),
    [
        (normal_form(PD), Logistic((2, 2), [[0.0, 0.4], [0.5, 0.0]]), "same coupling"),
        (normal_form(PD), Logistic((2, 2), 0.4, own_weight=2.0), "own weight 1"),
        (normal_form(PD), Logistic((2, 2), 0.4, own_weight=[1.0, 2.0]), "own weight 1"),
        (normal_form(PD), Logistic((2, 2), -1.0), "above -1"),
        (normal_form(PD), Custom.example((2, 2)), "Custom"),
        (from_catalogue("battle_of_the_sexes")(), Logistic((2, 2), 0.4), "symmetric"),
        (from_catalogue("public_goods")(n=3), Logistic((2, 2, 2), 0.4), "two players"),
    ],
)
def test_games_without_a_closed_form_on_the_diagonal_are_refused(game, semantics, message):
    with pytest.raises(InputError, match=message):
        diagonal(ParametricGame(game, semantics))


@eqx.filter_jit
def field_jacobian(game, theta):
    """Jacobian of the joint selfish field at equal parameters, by automatic differentiation."""

    def field(x):
        return jnp.stack(game.selfish_gradients((x[0], x[1])))

    return field(jnp.stack([theta, theta])), jax.jacfwd(field)(jnp.stack([theta, theta]))


def numerical_rates(payoffs, coupling, p):
    theta = jnp.asarray(math.log(p / (1 - p)) / (1 + coupling))
    field, jacobian = map(np.asarray, field_jacobian(parametric(payoffs, coupling, 50.0), theta))
    along, across = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    assert np.allclose(field, 0, atol=1e-12)
    assert np.allclose(jacobian @ along, jacobian[0].sum() * along, atol=1e-12)
    return jacobian @ along @ along / 2, jacobian @ across @ across / 2


def interior(payoffs, coupling, bound=math.inf):
    points = diagonal_rest_points(logistic(payoffs, coupling, bound))
    return next((point for point in points if point.kind == "interior"), None)


def rates(point):
    """Along and across the diagonal, of an interior point."""
    assert point is not None
    assert point.eigenvalue_along is not None
    assert point.eigenvalue_across is not None
    return point.eigenvalue_along, point.eigenvalue_across


@given(
    payoffs=st.builds(Payoffs, *(st.floats(-5, 5) for _ in range(4))),
    coupling=st.floats(-0.9, 2.5),
)
def test_rates_along_and_across_are_eigenvalues_of_the_field(payoffs, coupling):
    point = interior(payoffs, coupling)
    assume(point is not None and 0.01 < point.p < 0.99)
    assert point is not None
    expected = numerical_rates(payoffs, coupling, point.p)
    along, across = rates(point)
    assert (along, across) == pytest.approx(expected, rel=1e-8, abs=1e-11)
    assert point.attracts_along == (along < 0)
    assert point.attracts == (along < 0 and across < 0)


def bisect(rises, low, high):
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) else (middle, high)
    return low


def test_where_the_prisoners_dilemma_is_unstable_across_the_diagonal():
    def closed_form(coupling):
        return rates(interior(PD, coupling))[1] > 0

    def numerical(coupling):
        p = (4 * coupling - 1) / (1 + coupling)  # p* by hand
        return numerical_rates(PD, coupling, p)[1] > 0

    for unstable in (closed_form, numerical):
        assert bisect(unstable, 0.3, 0.5) == pytest.approx(UNSTABLE[0], abs=1e-9)
        assert all(unstable(k) for k in np.linspace(UNSTABLE[0] + 1e-6, UNSTABLE[1] - 1e-6, 25))
        assert not any(unstable(k) for k in np.linspace(0.25 + 1e-6, UNSTABLE[0] - 1e-6, 25))
    assert interior(PD, UNSTABLE[1] + 1e-9) is None
    assert interior(PD, 0.25 - 1e-9) is None


def followed(payoffs, coupling, theta, reach):
    """Where the unbounded flow has brought `theta` once a parameter exceeds `reach`, in NumPy.

    Every step has the same length, so that saturation does not slow it down.
    """
    theta = np.array(theta)
    while np.abs(theta).max() < reach:
        slope = selfish_field(payoffs, equal_couplings(coupling), theta)
        theta = theta + 1e-2 * slope / np.abs(slope).max()
    return theta


def test_without_bounds_mutual_cooperation_does_not_attract_unequal_starts():
    """PD at 0.7, below √κ_C: the limit of (M, M) attracts equal starts, and a slightly unequal one
    ends with player 1 cooperating and player 2 exploiting it."""
    first, second = followed(PD, 0.7, (6.05, 6.0), 60.0)
    p, q = sigmoid(first + 0.7 * second), sigmoid(second + 0.7 * first)
    assert p > 0.99
    assert q < 0.1
    (point,) = diagonal_rest_points(logistic(PD, 0.7))
    assert point.kind == "cooperative end"
    assert point.attracts_along
    assert not point.attracts


@pytest.mark.parametrize(
    ("payoffs", "coupling", "kinds"),
    [
        (PD, 0.2, ["defecting end"]),
        (PD, 0.4, ["interior"]),
        (PD, 0.7, ["cooperative end"]),
        (COORDINATING_PD, 0.1, ["defecting end"]),
        (COORDINATING_PD, 0.5, ["defecting end", "interior", "cooperative end"]),
        (COORDINATING_PD, 1.2, ["cooperative end"]),
        (DONATION, 0.3, ["defecting end"]),
        (DONATION, 0.4, ["cooperative end"]),
        (CHICKEN, 0.5, ["interior"]),
    ],
)
def test_rest_points_change_at_the_thresholds(payoffs, coupling, kinds):
    points = diagonal_rest_points(logistic(payoffs, coupling))
    assert [point.kind for point in points] == kinds
    assert sorted(point.p for point in points) == [point.p for point in points]
    middle = [point for point in points if point.kind == "interior"]
    if len(points) == 3:
        assert not middle[0].attracts_along
    elif middle:
        assert middle[0].attracts_along
