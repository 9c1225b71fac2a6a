"""Coupling thresholds: closed forms, learned switches and first movements against theory."""

import math
from fractions import Fraction
from math import comb

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given
from numpy.polynomial import Polynomial
from tests.reference import (
    CHICKEN,
    DONATION,
    PD,
    PUBLIC_GOODS,
    STAG_HUNT,
    THRESHOLDS,
    Payoffs,
    equal_couplings,
    examples,
    family,
    normal_form,
    parametric,
    public_goods_family,
    random_tensor,
    selfish_field,
    sigmoid,
)

from glasshouse.analysis import (
    cooperation,
    critical_coupling,
    first_movement_switch,
    first_order_margin,
)
from glasshouse.dynamics import Learning, Rest, run
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame, Tied
from glasshouse.rules import Gradient
from glasshouse.semantics import Logistic
from glasshouse.theory import thresholds

each_row = pytest.mark.parametrize("name", sorted(THRESHOLDS))


def three(found):
    return {0: found.defection, Fraction(1, 2): found.neutral, 1: found.cooperation}


# Closed forms


@each_row
def test_table_of_thresholds(name):
    row = THRESHOLDS[name]
    found = thresholds(normal_form(row.payoffs))
    assert found.defection.value == pytest.approx(float(row.defection), abs=1e-15)
    assert found.neutral.value == pytest.approx(float(row.neutral), abs=1e-15)
    assert found.cooperation.value == pytest.approx(float(row.cooperation), abs=1e-15)
    assert found.regime == row.regime
    assert found.method == "closed form"


@pytest.mark.parametrize(("n", "r"), PUBLIC_GOODS)
def test_public_goods_have_one_threshold(n, r):
    found = thresholds(from_catalogue("public_goods")(n=n, r=r))
    for threshold in three(found).values():
        assert threshold.value == pytest.approx(float(PUBLIC_GOODS[n, r]), abs=1e-14)
    assert found.regime == "one switch"


@given(n=st.integers(2, 7), share=st.floats(0.05, 0.95), c=st.floats(0.1, 10))
def test_formula_for_public_goods(n, share, c):
    r = 1 + share * (n - 1)
    found = thresholds(from_catalogue("public_goods")(n=n, r=r, c=c))
    for threshold in three(found).values():
        assert threshold.value == pytest.approx((n - r) / (r * (n - 1)), rel=1e-10)


INTEGER_GAMES = st.builds(Payoffs, *(st.integers(-8, 8) for _ in range(4)))


def exact_effects(payoffs, p):
    """A(p) and B(p) in exact rational arithmetic, by theory's formulas."""
    T, R, P, S = map(Fraction, payoffs)
    return p * (R - T) + (1 - p) * (S - P), p * (R - S) + (1 - p) * (T - P)


@given(payoffs=INTEGER_GAMES)
@example(payoffs=Payoffs(0, 0, 0, 0))
@example(payoffs=Payoffs(3, 4, 3, 0))
@example(payoffs=Payoffs(0, 1, 2, 3))
def test_a_threshold_is_minus_own_over_other_effect_or_has_a_reason(payoffs):
    assume(len(set(payoffs)) > 1 or payoffs == Payoffs(0, 0, 0, 0))
    for p, threshold in three(thresholds(normal_form(payoffs))).items():
        own, other = exact_effects(payoffs, p)
        if other > 0 and -own / other > -1:
            assert threshold.value == pytest.approx(float(-own / other), abs=1e-14)
            assert threshold.reason == ""
            continue
        assert threshold.value is None
        assert not {"inf", "nan"} & set(threshold.reason.replace(",", " ").split())
        if other > 0:
            assert "every coupling above -1" in threshold.reason
        elif other < 0:
            nowhere = -own / other <= -1
            assert ("at no coupling above -1" if nowhere else "reverses") in threshold.reason
        else:
            expected = "at every" if own > 0 else "at no" if own < 0 else "undecided"
            assert expected in threshold.reason


@examples(200)
@given(payoffs=INTEGER_GAMES)
@example(payoffs=Payoffs(2, 4, 0, 3))
@example(payoffs=Payoffs(3, 4, 0, 3))
def test_the_regime_is_the_sign_of_the_interaction_where_there_are_thresholds(payoffs):
    """For T > S and B > 0 at both ends; without thresholds there is no regime to name."""
    T, R, P, S = payoffs
    found = thresholds(normal_form(payoffs))
    if T > P and R > S and T > S:
        D = R - S - T + P
        expected = "one switch" if D == 0 else "mixed rest point" if D < 0 else "two basins"
        assert found.regime == expected
        assert found.defection.value is not None
        assert found.cooperation.value is not None
        if D < 0:
            assert found.defection.value < found.cooperation.value
        if D > 0:
            assert found.cooperation.value < found.defection.value
    else:
        assert found.regime == "not classified"


@given(
    payoffs=INTEGER_GAMES,
    scale=st.floats(1e-2, 1e2),
    shift=st.floats(-10, 10),
)
def test_positive_affine_payoffs_leave_everything_as_it_was(payoffs, scale, shift):
    effects = [exact_effects(payoffs, p) for p in (0, Fraction(1, 2), 1)]
    assume(len(set(payoffs)) > 1)
    assume(all(own != -other and own != other for own, other in effects))
    before = thresholds(normal_form(payoffs))
    after = thresholds(normal_form(Payoffs(*(scale * (x + shift) for x in payoffs))))
    assert after.regime == before.regime
    for old, new in zip(three(before).values(), three(after).values(), strict=True):
        assert (old.value is None) == (new.value is None)
        assert (old.reason == "") == (new.reason == "")
        if old.value is not None:
            assert new.value == pytest.approx(old.value, rel=1e-9, abs=1e-9)


def symmetric_game(cooperator, defector):
    """n players; payoffs by the number of cooperators among the others."""
    n = len(cooperator)
    tensor = np.empty((n, *(2,) * n))
    for profile in np.ndindex(*(2,) * n):
        for i in range(n):
            others = profile.count(0) - (profile[i] == 0)
            tensor[(i, *profile)] = (cooperator if profile[i] == 0 else defector)[others]
    return NormalFormGame(tensor)


@pytest.mark.parametrize("n", [3, 4, 5])
@pytest.mark.parametrize("seed", range(5))
def test_thresholds_of_symmetric_games_with_more_players(n, seed):
    """A and B from the binomial number of cooperators, as polynomials in p."""
    rng = np.random.default_rng(seed)
    cooperator = np.sort(rng.uniform(-2, 2, n))
    defector = np.sort(rng.uniform(-1, 3, n))
    p = Polynomial([0, 1])
    weights = [comb(n - 1, k) * p**k * (1 - p) ** (n - 1 - k) for k in range(n)]
    gives, keeps = (
        sum((w * x for w, x in zip(weights, paid, strict=True)), start=Polynomial([0]))
        for paid in (cooperator, defector)
    )
    found = thresholds(symmetric_game(cooperator, defector))
    for at, threshold in three(found).items():
        at = float(at)
        own = gives(at) - keeps(at)
        others = at * gives.deriv()(at) + (1 - at) * keeps.deriv()(at)
        assert others > 0, "payoffs rise with the number of cooperators"
        if -own / others > -1 / (n - 1):
            assert threshold.value == pytest.approx(-own / others, rel=1e-12)
        else:
            assert threshold.value is None
            assert threshold.reason


@pytest.mark.parametrize(
    "game",
    [
        from_catalogue("battle_of_the_sexes")(),
        from_catalogue("matching_pennies")(),
        NormalFormGame(random_tensor((2, 3), 0)),
        NormalFormGame(np.zeros((2, 3, 3))),
    ],
    ids=lambda game: game.title,
)
def test_games_without_closed_forms_are_refused(game):
    with pytest.raises(InputError, match="switches are searched for instead"):
        thresholds(game)


# The measured switch


def close(switch, expected):
    """Theory's tolerance: relative to the threshold, or absolute where it is small."""
    assert switch.result == "found"
    assert switch.bracket[0] <= switch.value <= switch.bracket[1]
    return abs(switch.value - expected) <= 1e-3 * max(abs(expected), 1.0)


@each_row
@pytest.mark.parametrize("start", [None, (1.3, -1.3)], ids=["neutral", "antisymmetric"])
def test_learning_switches_at_the_neutral_threshold(name, start):
    """Without bounds: a box can lead both back to θ_1 + θ_2 = 0, its corner (M, -M) for one."""
    row = THRESHOLDS[name]
    switch = critical_coupling(family(row.payoffs, math.inf), start)
    assert close(switch, float(row.neutral))
    assert switch.holds == "above"
    assert switch.method == "learned"


@pytest.mark.parametrize(
    ("n", "r", "options"),
    [(4, 2, {}), (10, 3, {"steps": 20, "points": 17, "bracket": (0.0, 0.6), "tolerance": 1e-4})],
)
def test_learning_switches_at_the_public_goods_threshold(n, r, options):
    switch = critical_coupling(public_goods_family(n, r), **options)
    assert close(switch, float(PUBLIC_GOODS[n, r]))


def learned_change(payoffs, coupling, start, steps=1000, step_size=0.1, bound=5.0):
    """Change of mean cooperation by projected ascent, in NumPy."""
    theta = np.array(start)
    for _ in range(steps):
        slope = selfish_field(payoffs, equal_couplings(coupling), theta)
        theta = np.clip(theta + step_size * slope, -bound, bound)
    return mean_cooperation(coupling, theta) - mean_cooperation(coupling, np.array(start))


def margin_of(payoffs, coupling, start, h=1e-5):
    """Derivative of mean cooperation along the flow, by central differences in NumPy."""
    theta = np.array(start)
    slope = selfish_field(payoffs, equal_couplings(coupling), theta)
    up, down = (mean_cooperation(coupling, theta + sign * h * slope) for sign in (1, -1))
    return (up - down) / (2 * h)


def mean_cooperation(coupling, theta):
    return sigmoid(theta + coupling * theta[::-1]).mean()


@pytest.mark.parametrize(
    ("payoffs", "low", "high"), [(PD, 0.7, 0.9), (DONATION, 0.5, 0.7)], ids=["pd", "donation"]
)
def test_the_switch_is_where_learning_ends_not_where_it_starts(payoffs, low, high):
    """From (½, 0) first movement turns 0.3 earlier than the end does."""
    start = (0.5, 0.0)
    switch = critical_coupling(family(payoffs), start, learning=Learning(step_size=0.1, steps=1000))
    for _ in range(20):
        middle = (low + high) / 2
        rises = learned_change(payoffs, middle, start) > 0
        low, high = (low, middle) if rises else (middle, high)
    assert switch.result == "found"
    assert switch.value is not None
    assert switch.value == pytest.approx((low + high) / 2, abs=1e-5)
    first = first_movement_switch(family(payoffs), start)
    assert first.value is not None
    assert first.value < switch.value - 0.2
    assert margin_of(payoffs, first.value - 1e-6, start) < 0
    assert margin_of(payoffs, first.value + 1e-6, start) > 0
    below = parametric(payoffs, switch.value - 0.1)
    assert first_order_margin(below, start) > 0


@each_row
def test_first_movement_from_the_neutral_start_switches_at_the_neutral_threshold(name):
    row = THRESHOLDS[name]
    switch = first_movement_switch(family(row.payoffs))
    assert switch.result == "found"
    assert switch.value == pytest.approx(float(row.neutral), abs=1e-8)


@pytest.mark.parametrize(
    ("bracket", "holds"), [((0.5, 3.0), "everywhere"), ((-0.9, 0.4), "nowhere")]
)
def test_a_bracket_without_the_switch_says_so(bracket, holds):
    switch = critical_coupling(family(PD), bracket=bracket)
    assert switch.result == "not bracketed"
    assert switch.holds == holds
    assert switch.value is None
    assert switch.bracket is None


def test_below_minus_one_over_the_others_there_is_a_second_switch():
    """There the diagonal runs the other way: parameters fall and cooperation rises."""
    switch = critical_coupling(public_goods_family(4, 2), bracket=(-1.0, 1.0), points=32)
    assert switch.result == "several switches"
    assert switch.value is None
    assert len(switch.brackets) == 2
    for (low, high), expected in zip(switch.brackets, (-1 / 3, 1 / 3), strict=True):
        assert low <= expected <= high


def test_a_switch_lies_in_its_bracket_of_the_asked_width():
    switch = critical_coupling(family(PD), bracket=(0.0, 1.0), tolerance=1e-4)
    assert switch.bracket is not None
    low, high = switch.bracket
    assert 0 < high - low <= 1e-4
    assert low <= 3 / 7 <= high


@pytest.mark.parametrize("bracket", [(1.0, 0.0), (0.5, 0.5), (0.0, math.nan)])
def test_a_bracket_must_increase(bracket):
    with pytest.raises(InputError, match="bracket"):
        critical_coupling(family(PD), bracket=bracket)


@pytest.mark.parametrize("start", [(3.0, -2.0), (0.0, math.nan), (0.0,)])
def test_a_start_that_does_not_fit_the_box_is_refused(start):
    with pytest.raises(InputError, match="player"):
        critical_coupling(family(PD, 1.0), start)


# First movement


def test_being_read_gives_the_incentive_and_reading_gives_none():
    """Player 1 reads with 0.2 and is read with 0.6: ¼ (-1.5 + 0.6 · 3.5), ¼ (-1.5 + 0.2 · 3.5)."""
    game = parametric(PD, np.array([[0.0, 0.2], [0.6, 0.0]]))
    gradients = game.selfish_gradients((np.array(0.0), np.array(0.0)))
    assert float(gradients[0]) == pytest.approx(0.15, abs=1e-15)
    assert float(gradients[1]) == pytest.approx(-0.20, abs=1e-15)


@pytest.mark.parametrize("offset", [-0.02, -1e-4, 1e-4, 0.02])
def test_first_movement_from_one_fifth_turns_at_six_nineteenths(offset):
    coupling = 6 / 19 + offset
    theta = math.log(0.2 / 0.8) / (1 + coupling)
    untied = parametric(PD, coupling)
    assert first_order_margin(untied, (theta, theta)) * offset > 0
    assert first_order_margin(Tied(untied), (theta,)) * offset > 0
    moved = run(Tied(untied), Gradient(), (theta,), steps=1, step_size=1e-3).params
    assert (float(cooperation(untied, moved * 2)[0]) - 0.2) * offset > 0


@pytest.mark.parametrize("offset", [-0.02, -1e-3, 1e-3, 0.02])
def test_the_tied_end_from_one_fifth_turns_at_three_sevenths(offset):
    coupling = 3 / 7 + offset
    theta = math.log(0.2 / 0.8) / (1 + coupling)
    tied = Tied(parametric(PD, coupling))
    solution = run(tied, Gradient(), (theta,), steps=5000, step_size=1.0, stop=Rest())
    assert (float(cooperation(tied, solution.params)[0]) - 0.5) * offset > 0
    assert first_order_margin(tied, (0.0,)) * offset > 0


@pytest.mark.parametrize("payoffs", [PD, STAG_HUNT, CHICKEN], ids=["pd", "stag hunt", "chicken"])
@pytest.mark.parametrize("start", [(0.4, -1.1), (-0.7, -0.2)], ids=str)
def test_first_order_margin_is_the_derivative_along_the_flow(payoffs, start):
    found = first_order_margin(parametric(payoffs, 0.6), start)
    assert found == pytest.approx(margin_of(payoffs, 0.6, start), rel=1e-8)


@given(seed=st.integers(0, 10_000), k1=st.floats(-0.9, 2), k2=st.floats(-0.9, 2))
def test_unequal_couplings_in_asymmetric_games(seed, k1, k2):
    """v²/2 [(1+κ_2)(A_1 + κ_2 B_1) + (1+κ_1)(A_2 + κ_1 B_2)] at θ = 0, v = ¼."""
    u1, u2 = random_tensor((2, 2), seed)
    A1, B1 = (u1[0] - u1[1]).mean(), (u1[:, 0] - u1[:, 1]).mean()
    A2, B2 = (u2[:, 0] - u2[:, 1]).mean(), (u2[0] - u2[1]).mean()
    expected = ((1 + k2) * (A1 + k2 * B1) + (1 + k1) * (A2 + k1 * B2)) / 32
    game = ParametricGame(
        NormalFormGame(np.stack([u1, u2])), Logistic((2, 2), np.array([[0.0, k1], [k2, 0.0]]))
    )
    assert first_order_margin(game, (0.0, 0.0)) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("offset", [-1e-3, 1e-3])
def test_a_reader_nobody_reads_moves_up_beyond_its_threshold(offset):
    """Donation, κ_2 = 0: p_1 rises for κ_1 > (1+√13)/6, although θ_1 falls."""
    reading = (1 + math.sqrt(13)) / 6 + offset
    game = parametric(DONATION, np.array([[0.0, reading], [0.0, 0.0]]))
    margin = first_order_margin(game, (0.0, 0.0), lambda game, params: cooperation(game, params)[0])
    assert margin * offset > 0
    assert float(game.selfish_gradients((np.array(0.0), np.array(0.0)))[0]) < 0


@pytest.mark.parametrize("seed", range(6))
def test_public_goods_gradients_are_decided_by_the_couplings_of_the_readers(seed):
    """Positive at θ = 0 iff the couplings of those who read i sum to more than ω (n-r)/r."""
    rng = np.random.default_rng(seed)
    n, r, own_weight = 4, 2.5, 1.7
    coupling = rng.uniform(-0.5, 1.2, (n, n)) * (1 - np.eye(n))
    game = ParametricGame(
        from_catalogue("public_goods")(n=n, r=r),
        Logistic((2,) * n, coupling, own_weight=own_weight),
    )
    gradients = np.array(game.selfish_gradients((np.array(0.0),) * n))
    read = coupling.sum(axis=0)
    assert np.array_equal(gradients > 0, read > own_weight * (n - r) / r)
    assert len(set(gradients > 0)) == 2 or seed > 0


def test_neighbourhood_public_goods_on_a_ring():
    """(k+1)(k+1-r) / (2r(k+t)) with k = 2 neighbours, t = 0 triangles, r = 2: 0.375."""
    n, r = 5, 2.0
    near = [{(i - 1) % n, i, (i + 1) % n} for i in range(n)]
    reads = np.array([[float(j in near[i] and j != i) for j in range(n)] for i in range(n)])
    tensor = np.zeros((n, *(2,) * n))
    for profile in np.ndindex(*(2,) * n):
        pots = [r * sum(profile[j] == 0 for j in group) / len(group) for group in near]
        for i in range(n):
            cost = len(near[i]) * (profile[i] == 0)
            tensor[(i, *profile)] = sum(pots[j] for j in near[i]) - cost
    game = NormalFormGame(tensor)
    switch = critical_coupling(
        lambda k: ParametricGame(game, Logistic((2,) * n, k * reads, 5.0)),
        bracket=(0.0, 1.0),
        learning=Learning(steps=100, step_size=None),
        points=17,
    )
    assert close(switch, 0.375)
