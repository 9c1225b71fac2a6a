"""The affine semantics against closed forms by hand, finite differences and brute force."""

import itertools
import re
from fractions import Fraction

import equinox as eqx
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, example, given
from tests.reference import (
    CHICKEN,
    COORDINATING_PD,
    DEADLOCK,
    DONATION,
    PD,
    STAG_HUNT,
    THRESHOLDS,
    Payoffs,
    normal_form,
    random_tensor,
)

from glasshouse.analysis import (
    best_deviation,
    boundary_test,
    cooperation,
    critical_coupling,
    equilibrium_threshold,
    first_movement_switch,
)
from glasshouse.analysis.equilibrium.deviations import boundary_tests
from glasshouse.dynamics import RESULTS, Learning, Rest, batch_map, run, stack
from glasshouse.errors import InputError
from glasshouse.families import AffineFamily, LogisticFamily
from glasshouse.games import NormalFormGame, Symmetric2x2
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame, Tied
from glasshouse.rules import Gradient
from glasshouse.semantics import Affine
from glasshouse.theory import (
    AffineDiagonal,
    affine_thresholds,
    diagonal,
    diagonal_rest_points,
    thresholds,
    tied_outcome,
)

GAP = Payoffs(1.0, 1.1, 3.0, 1.0)
"""f(w) = .1 - 2.1 w (1-w): mutual cooperation is an equilibrium at small and at large weights."""

PAYOFFS = st.builds(Payoffs, *(st.floats(-5, 5) for _ in range(4)))
INTEGER_GAMES = st.builds(Payoffs, *(st.integers(-4, 4) for _ in range(4)))
WEIGHTS = st.floats(0, 1)


def affine(payoffs, weight):
    return ParametricGame(normal_form(payoffs), Affine((2, 2), weight))


def on_diagonal(payoffs, weight):
    return AffineDiagonal(Symmetric2x2(*payoffs), weight)


def interaction(payoffs):
    return payoffs.R - payoffs.S - payoffs.T + payoffs.P


def payoff(payoffs, weight, own, other):
    """U_1(θ_1, θ_2), written out."""
    T, R, P, S = payoffs
    p = (1 - weight) * own + weight * other
    q = (1 - weight) * other + weight * own
    return R * p * q + S * p * (1 - q) + T * (1 - p) * q + P * (1 - p) * (1 - q)


# The payoff and its gradients


@eqx.filter_jit
def paid_to_first(game, points, other):
    return jax.vmap(lambda t: game.payoffs((t, jnp.asarray(other)))[0])(points)


@given(payoffs=PAYOFFS, weight=WEIGHTS, other=st.floats(0, 1))
def test_payoffs_are_quadratic_in_the_own_parameter(payoffs, weight, other):
    """With leading coefficient w(1-w)D: second differences are 2 w(1-w)D h², third ones 0."""
    assume(max(payoffs) == min(payoffs) or max(payoffs) - min(payoffs) > 1e-90)  # else refused
    points = np.linspace(0, 1, 5)
    values = np.asarray(paid_to_first(affine(payoffs, weight), points, other))
    assert np.allclose(values, payoff(payoffs, weight, points, other), rtol=0, atol=1e-13)
    expected = 2 * weight * (1 - weight) * interaction(payoffs) / 16
    assert np.allclose(np.diff(values, 2), expected, rtol=0, atol=1e-13)
    assert np.allclose(np.diff(values, 3), 0, rtol=0, atol=1e-13)


def joint_field(payoffs, weight, theta, h=1e-3):
    """∂U_i/∂θ_i by central differences of the payoff by hand, exact for a quadratic."""
    (a, b) = theta
    return np.array(
        [
            payoff(payoffs, weight, a + h, b) - payoff(payoffs, weight, a - h, b),
            payoff(payoffs, weight, b + h, a) - payoff(payoffs, weight, b - h, a),
        ]
    ) / (2 * h)


@given(payoffs=PAYOFFS, weight=WEIGHTS, p=WEIGHTS)
def test_drift_and_rates_of_the_diagonal_are_those_of_the_joint_field(payoffs, weight, p):
    """The field is linear: its Jacobian by differences, the rates by its eigenvectors."""
    closed = on_diagonal(payoffs, weight)
    assert joint_field(payoffs, weight, (p, p)) == pytest.approx(closed.drift(p), abs=1e-9)
    columns = [
        joint_field(payoffs, weight, (p + a, p + b)) - joint_field(payoffs, weight, (p - a, p - b))
        for a, b in ((0.25, 0.0), (0.0, 0.25))
    ]
    jacobian = np.stack(columns, axis=1) / 0.5
    along, across = closed.eigenvalues(p)
    assert jacobian @ [1.0, 1.0] == pytest.approx([along, along], abs=1e-9)
    assert jacobian @ [1.0, -1.0] == pytest.approx([across, -across], abs=1e-9)
    assert along == pytest.approx(closed.drift(1.0) - closed.drift(0.0), abs=1e-12)
    assert closed.slope == pytest.approx(along, abs=1e-12)
    assert closed.theta(p) == p


# The diagonal


@pytest.mark.parametrize(
    ("payoffs", "weight", "kinds"),
    [
        (PD, 0.15, ["defecting end"]),
        (PD, 0.35, ["interior"]),
        (PD, 0.45, ["cooperative end"]),
        (COORDINATING_PD, 0.1, ["defecting end"]),
        (COORDINATING_PD, 0.3, ["defecting end", "interior", "cooperative end"]),
        (COORDINATING_PD, 0.6, ["cooperative end"]),
        (DONATION, 0.2, ["defecting end"]),
        (DONATION, 0.25, []),
        (DONATION, 0.3, ["cooperative end"]),
        (CHICKEN, 0.25, ["interior"]),
    ],
)
def test_rest_points_change_at_the_thresholds(payoffs, weight, kinds):
    points = diagonal_rest_points(on_diagonal(payoffs, weight))
    assert [point.kind for point in points] == kinds
    for point in points:
        assert point.theta == point.p
        if point.kind == "interior":
            assert point.attracts_along == (interaction(payoffs) < 0)
            assert not point.attracts
            assert joint_field(payoffs, weight, (point.p,) * 2) == pytest.approx(0, abs=1e-12)
        else:
            assert point.p == {"defecting end": 0.0, "cooperative end": 1.0}[point.kind]
            assert point.attracts_along
            assert point.attracts


def test_the_interior_rest_point_by_hand():
    """PD at .35: -[.65 · (-1) + .35 · 4] / (-1) = ¾; λ_sym = -1, λ_anti = .3² = .09."""
    (point,) = diagonal_rest_points(on_diagonal(PD, 0.35))
    assert point.p == pytest.approx(0.75, rel=1e-14)
    assert point.eigenvalue_along == -1.0
    assert point.eigenvalue_across == pytest.approx(0.09, rel=1e-14)


@pytest.mark.parametrize(("weight", "attracts"), [(0.0, False), (0.2, True), (0.5, True)])
def test_an_end_without_push_attracts_only_if_a_single_mover_comes_back(weight, attracts):
    """S = -4w/(1-w), so F(0) = (1-w) S + 4w = 0; D < 0. At w = 0 every (θ_1, 0) rests too."""
    payoffs = Payoffs(T=4.0, R=-1.0, P=0.0, S=-4 * weight / (1 - weight))
    (end,) = [x for x in diagonal_rest_points(on_diagonal(payoffs, weight)) if x.p == 0]
    assert end.attracts_along
    assert end.attracts == attracts
    back = joint_field(payoffs, weight, (0.1, 0.0))[0]
    assert back < -1e-3 if attracts else back == pytest.approx(0, abs=1e-12)


def test_between_the_thresholds_unequal_players_end_with_one_exploiting_the_other():
    """PD at .3: F_1 = .7 A(.3) + .3 B(.7) = .08 > 0 at (1, 0), F_2 = .7 A(.7) + .3 B(.3) = -.08."""
    assert joint_field(PD, 0.3, (1.0, 0.0)) == pytest.approx([0.08, -0.08], abs=1e-12)
    end = run(affine(PD, 0.3), params=(0.51, 0.5), steps=1000, step_size=0.1, stop=Rest())
    assert end.result == RESULTS.converged
    assert tuple(map(float, end.params)) == (1.0, 0.0)
    assert cooperation(affine(PD, 0.3), end.params) == pytest.approx([0.7, 0.3])


def learned(tied):
    solution = run(tied, Gradient(), None, steps=20_000, step_size=0.2, stop=Rest(), throw=False)
    return cooperation(tied, solution.params)[0], solution.result == RESULTS.converged


def test_tied_learning_ends_where_the_closed_form_says():
    weights = np.linspace(0.013, 0.987, 21)
    cases = [(row.payoffs, float(w)) for row in THRESHOLDS.values() for w in weights]
    ends, converged = batch_map(learned, stack([Tied(affine(g, w)) for g, w in cases]))
    expected = np.array([tied_outcome(diagonal(affine(g, w))) for g, w in cases])
    assert np.all(converged)
    assert np.allclose(ends, expected, rtol=0, atol=1e-6)
    assert {0.0, 1.0} < set(expected)
    assert np.sum((expected > 0) & (expected < 1)) >= 10


def test_the_diagonal_of_a_game_is_found():
    assert diagonal(affine(PD, 0.35)) == on_diagonal(PD, 0.35)
    with pytest.raises(InputError, match="two players"):
        diagonal(AffineFamily(from_catalogue("public_goods")(n=3))(0.3))


@pytest.mark.parametrize("weight", [-0.1, 1.5, np.nan])
def test_the_diagonal_needs_a_weight(weight):
    with pytest.raises(InputError, match="weight"):
        on_diagonal(PD, weight)


# First-order thresholds


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_thresholds_are_those_of_the_logistic_semantics_as_shares(name):
    """w* = κ*/(1+κ*): both ask where the other's weight over one's own exceeds -A/B."""
    row = THRESHOLDS[name]
    found = affine_thresholds(normal_form(row.payoffs))
    pairs = [
        (found.defection, row.defection),
        (found.neutral, row.neutral),
        (found.cooperation, row.cooperation),
    ]
    for threshold, coupling in pairs:
        if coupling < 0:
            assert threshold.value is None
            assert threshold.reason == "holds at every weight"
        else:
            share = float(coupling / (1 + coupling))
            assert threshold.value == pytest.approx(share, abs=1e-15)
    if all(coupling >= 0 for _, coupling in pairs):
        assert found.regime == row.regime
    assert found.method == "closed form"
    assert "affine" in found.conditions
    assert "κ" not in found.explanation


@given(payoffs=INTEGER_GAMES)
@example(payoffs=Payoffs(0, 0, 0, 0))
@example(payoffs=Payoffs(1, 0, 0, 0))
@example(payoffs=Payoffs(0, 1, 0, 1))
def test_cooperation_rises_where_the_thresholds_say(payoffs):
    """The sign of (1-w) A + w B in rational arithmetic, over a grid of weights."""
    T, R, P, S = map(Fraction, payoffs)
    weights = [Fraction(k, 120) for k in range(121)]
    found = affine_thresholds(normal_form(Payoffs(*map(float, payoffs))))
    each = {0: found.defection, Fraction(1, 2): found.neutral, 1: found.cooperation}
    for p, threshold in each.items():
        own = p * (R - T) + (1 - p) * (S - P)
        other = p * (R - S) + (1 - p) * (T - P)
        rises = [(1 - w) * own + w * other > 0 for w in weights]
        assert (threshold.value is None) == bool(threshold.reason)
        if threshold.value is not None:
            value = Fraction(threshold.value).limit_denominator(1000)
            assert rises == [w > value for w in weights]
        elif "reverses" in threshold.reason:
            value = float(threshold.reason.split("below ")[1])
            assert [r for r, w in zip(rises, weights, strict=True) if abs(w - value) > 1e-5] == [
                w < value for w in weights if abs(w - value) > 1e-5
            ]
        elif "every weight below 1" in threshold.reason:
            assert rises == [w < 1 for w in weights]
        else:
            assert set(rises) == {threshold.reason == "holds at every weight"}
            assert re.match("holds at every|at no|undecided at every", threshold.reason)


@pytest.mark.parametrize("payoffs", [PD, DONATION, COORDINATING_PD, STAG_HUNT, DEADLOCK], ids=str)
def test_learning_switches_at_the_neutral_threshold(payoffs):
    game = normal_form(payoffs)
    family, expected = AffineFamily(game), affine_thresholds(game).neutral.value
    measured = critical_coupling(family, tolerance=1e-5)
    assert measured.result == "found"
    assert measured.holds == "above"
    assert measured.value == pytest.approx(expected, abs=2e-5)
    assert first_movement_switch(family).value == pytest.approx(expected, abs=1e-8)


def test_in_chicken_rounding_leaves_the_diagonal_and_few_steps_do_not():
    """D = -2: λ_anti = 2 (1-2w)² near the switch at 0, so that long runs end at a corner."""
    family = AffineFamily(normal_form(CHICKEN))
    switch = critical_coupling(family, learning=Learning(steps=20, step_size=None), tolerance=1e-5)
    assert switch.result == "found"
    assert switch.value == pytest.approx(0, abs=2e-5)


# Equilibrium


def cooperation_is_an_equilibrium(payoffs, weights):
    """No deviation on a grid, finest near 1, gains against a partner at 1: at each weight."""
    weights, own = weights[:, None], 1 - np.geomspace(1e-6, 1, 400)
    gains = payoff(payoffs, weights, own, 1.0) - payoffs.R
    return gains.max(axis=1) <= 1e-12 * max(map(abs, payoffs))


def closed_form_says(threshold, weights):
    """Where the closed form says it holds, and the weights at which that changes."""
    if threshold.value is not None:
        return weights >= threshold.value, [threshold.value]
    changes = [float(x) for x in re.findall(r"(?:up to|from) ([\d.e-]+)", threshold.reason)]
    if "every weight" in threshold.reason:
        return np.full(len(weights), True), changes
    if "no weight" in threshold.reason:
        return np.full(len(weights), False), changes
    return (weights <= changes[0]) | (weights >= [*changes, np.inf][1]), changes


def away_from(changes, weights, distance):
    return np.all([np.abs(weights - x) > distance for x in changes], axis=0)


SMALL_GAMES = [Payoffs(*map(float, g)) for g in itertools.product((-1, 0, 1), repeat=4)]
RANDOM_GAMES = [Payoffs(*g) for g in np.random.default_rng(0).uniform(-3, 3, (200, 4)).tolist()]
SPECIAL_GAMES = [Payoffs(a, a, b, c) for a, b, c, _ in RANDOM_GAMES[:40]]
SPECIAL_GAMES += [Payoffs(a, b, c, a) for a, b, c, _ in RANDOM_GAMES[:40]]


def test_equilibrium_of_mutual_cooperation_by_brute_force():
    """Except nearest to a change, where gains of concave payoffs are lost in rounding."""
    weights, kinds = np.linspace(0, 1, 301), set()
    for payoffs in [GAP, PD, CHICKEN, *SMALL_GAMES, *RANDOM_GAMES, *SPECIAL_GAMES]:
        threshold = affine_thresholds(normal_form(payoffs)).equilibrium
        assert threshold is not None
        says, changes = closed_form_says(threshold, weights)
        clear = away_from(changes, weights, 2e-3)
        holds = cooperation_is_an_equilibrium(payoffs, weights)
        assert np.array_equal(says[clear], holds[clear]), (payoffs, threshold)
        kinds.add(re.sub(r"[\d.e-]+", "", threshold.reason))
    assert len(kinds) == 5  # a value, at every, at no weight, reversed, with a gap


@pytest.mark.parametrize(
    ("payoffs", "expected"),
    [
        (PD, 2 / 5),
        (DONATION, 1 / 4),
        (DEADLOCK, 2 / 3),
        (CHICKEN, 1 / 2),
        (COORDINATING_PD, (-2.5 + np.sqrt(9.25)) / 3),  # 1.5 w² + 2.5 w - .5
    ],
    ids=["pd", "donation", "deadlock", "chicken", "coordinating pd"],
)
def test_the_boundary_test_finds_the_same_equilibrium_threshold(payoffs, expected):
    game = normal_form(payoffs)
    family, closed = AffineFamily(game), affine_thresholds(game).equilibrium
    assert closed is not None
    assert closed.value == pytest.approx(expected, abs=1e-15)
    switch = equilibrium_threshold(family, tolerance=1e-10)
    assert switch.result == "found"
    assert switch.holds == "above"
    assert switch.value == pytest.approx(expected, abs=1e-9)


def test_the_boundary_test_agrees_in_random_symmetric_games():
    cases = [(g, float(w)) for g in RANDOM_GAMES[:30] for w in np.linspace(0, 1, 11)]
    tests = boundary_tests([affine(payoffs, weight) for payoffs, weight in cases])
    for (payoffs, weight), test in zip(cases, tests, strict=True):
        threshold = affine_thresholds(normal_form(payoffs)).equilibrium
        says, changes = closed_form_says(threshold, np.array([weight]))
        if away_from(changes, np.array([weight]), 1e-5).all():
            assert test.passes == says[0], (payoffs, weight, threshold)
            assert test.cooperative


def test_small_steps_and_large_jumps_differ_where_the_payoff_is_convex():
    """Coordinating PD at .15: every small step from (1, 1) loses, the jump to 0 gains.

    U_1(0, 1) - R = D w (1-w) - (R-T) - (T-S) w = .19125 + .5 - .6.
    """
    game = affine(COORDINATING_PD, 0.15)
    (_, _, end) = diagonal_rest_points(diagonal(game))
    assert (end.kind, end.attracts) == ("cooperative end", True)
    test = boundary_test(game)
    assert not test.passes
    for deviation in test.deviations:
        assert deviation.best == 0.0
        assert deviation.gain == pytest.approx(0.09125, abs=1e-14)


def test_a_gap_is_seen_by_the_boundary_test_too():
    family = AffineFamily(normal_form(GAP))
    closed = family.closed_form().equilibrium
    assert closed is not None
    assert closed.value is None
    roots = [(1 - np.sqrt(1 - 0.4 / 2.1)) / 2, (1 + np.sqrt(1 - 0.4 / 2.1)) / 2]
    for root in roots:
        assert f"{root:.6g}" in closed.reason
    switch = equilibrium_threshold(family)
    assert switch.result == "several switches"
    for (low, high), root in zip(switch.brackets, roots, strict=True):
        assert low <= root <= high


@pytest.mark.parametrize("unit", [1e-300, 1e-8, 1.0, 1e12, 1e300])
@pytest.mark.parametrize("payoffs", [PD, COORDINATING_PD, DONATION], ids=str)
def test_thresholds_do_not_depend_on_the_unit_of_payoffs(payoffs, unit):
    before = affine_thresholds(normal_form(payoffs))
    after = affine_thresholds(normal_form(Payoffs(*(unit * x for x in payoffs))))
    assert before.equilibrium is not None
    assert after.equilibrium is not None
    assert after.equilibrium.value == pytest.approx(before.equilibrium.value, rel=1e-12)
    assert after.neutral.value == pytest.approx(before.neutral.value, rel=1e-12)
    assert after.regime == before.regime


@pytest.mark.parametrize(("b", "c"), [(3.0, 1.0), (5.0, 2.0)])
def test_donation_switches_everything_at_c_over_b_plus_c(b, c):
    family = AffineFamily(from_catalogue("donation")(b=b, c=c))
    expected = c / (b + c)
    found = family.closed_form()
    assert found.regime == "one switch"
    assert found.equilibrium is not None
    for threshold in (found.defection, found.neutral, found.cooperation, found.equilibrium):
        assert threshold.value == pytest.approx(expected, abs=1e-15)
    learned_switch = critical_coupling(family, bracket=(0.0, 0.9), tolerance=1e-5)
    assert learned_switch.value == pytest.approx(expected, abs=2e-5)
    assert equilibrium_threshold(family).value == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("profile", [(0.2, 0.9), (1.0, 0.0), (0.4, 0.4)])
def test_in_the_donation_game_every_profile_is_an_equilibrium_at_the_threshold(profile):
    """At w = c/(b+c) one's own parameter moves one's own payoff not at all; nearby it does."""
    own = np.linspace(0, 1, 101)
    assert np.ptp(payoff(DONATION, 0.25, own, profile[1])) < 1e-15
    for player in (0, 1):
        assert best_deviation(affine(DONATION, 0.25), profile, player).gain < 1e-15
    for weight in (0.24, 0.26):
        gains = [best_deviation(affine(DONATION, weight), profile, i).gain for i in (0, 1)]
        assert max(gains) > 1e-3


@pytest.mark.parametrize(("payoffs", "weight"), [(PD, 0.35), (CHICKEN, 0.2)])
def test_an_interior_rest_point_of_a_concave_game_is_an_equilibrium(payoffs, weight):
    """Although it repels across the diagonal: rest, stability and equilibrium are three things."""
    (point,) = diagonal_rest_points(on_diagonal(payoffs, weight))
    assert point.kind == "interior"
    assert not point.attracts
    here = payoff(payoffs, weight, point.p, point.p)
    assert np.all(payoff(payoffs, weight, np.linspace(0, 1, 2001), point.p) <= here + 1e-14)
    assert best_deviation(affine(payoffs, weight), (point.p, point.p), 0).gain < 1e-14


def test_an_interior_rest_point_of_a_convex_game_is_no_equilibrium():
    _, point, _ = diagonal_rest_points(on_diagonal(COORDINATING_PD, 0.3))
    expected = 0.3 * 0.7 * 1.5 * max(point.p, 1 - point.p) ** 2  # the payoff is lowest there
    found = best_deviation(affine(COORDINATING_PD, 0.3), (point.p, point.p), 0)
    assert found.gain == pytest.approx(expected, abs=1e-13)
    assert found.best in (0.0, 1.0)


# Families


def test_a_family_knows_its_range_and_its_closed_forms():
    game = normal_form(PD)
    family = AffineFamily(game)
    assert (family.symbol, family.lowest, family.highest) == ("w", 0.0, 1.0)
    assert family.closed_form() == affine_thresholds(game)
    assert jax.tree.leaves(family(0.3).semantics) == [0.3]
    assert "[0, 1]" in first_movement_switch(family).detail
    logistic = LogisticFamily(game, 3.0)
    assert (logistic.symbol, logistic.lowest, logistic.highest) == ("κ", -0.9, 3.0)
    assert logistic.closed_form() == thresholds(game)
    assert logistic.closed_form().equilibrium is None
    assert "[-0.9, 3]" in first_movement_switch(logistic).detail
    everyone = LogisticFamily(game, 3.0, np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert everyone.closed_form() == thresholds(game)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (LogisticFamily(normal_form(PD), 3.0, np.array([[0.0, 1.0], [2.0, 0.0]])), "one coupling"),
        (LogisticFamily(normal_form(PD), 3.0, own_weight=2.0), "own weight 1"),
        (AffineFamily(from_catalogue("battle_of_the_sexes")()), "symmetric"),
        (AffineFamily(from_catalogue("public_goods")(n=3)), "two players"),
    ],
)
def test_families_without_closed_forms_say_why(family, message):
    with pytest.raises(InputError, match=message):
        family.closed_form()


def test_an_affine_family_needs_two_actions_each():
    with pytest.raises(InputError, match="two actions"):
        AffineFamily(NormalFormGame(random_tensor((2, 3), 0)))
