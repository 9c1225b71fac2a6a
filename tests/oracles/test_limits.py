"""Limits for growing bounds against certified brackets of gains, proved thresholds and grids."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from tests.reference import (
    CHICKEN,
    COORDINATING_PD,
    DEADLOCK,
    DONATION,
    PD,
    STAG_HUNT,
    Payoffs,
    normal_form,
)

from glasshouse.certificates.builtin import builtin_program
from glasshouse.certificates.document import LogisticNumbers
from glasshouse.certificates.search import Bracket, best_gain
from glasshouse.errors import InputError
from glasshouse.games.registry import from_catalogue
from glasshouse.theory import CouplingInterval, corner_limits, limit_gain

INF = math.inf

STATEMENTS = {
    "pd": (PD, "for every κ ≥ 1"),
    "donation": (DONATION, "for every κ ≥ 1"),
    "chicken": (CHICKEN, "for every κ ≥ 1"),
    "stag hunt": (STAG_HUNT, "for every κ > -1"),
    "deadlock": (DEADLOCK, "never"),
    "taking turns pays more": (Payoffs(7.0, 3.0, 1.0, 0.0), "for every κ > 1"),
    "suckers gain": (Payoffs(1.0, 2.0, 0.0, 3.0), "for 0 ≤ κ ≤ 1 only"),
    "suckers gain much": (Payoffs(1.0, 2.0, 0.0, 4.0), "for 0 ≤ κ < 1 only"),
    "defection pays": (Payoffs(1.0, 2.0, 3.0, 0.0), "for -1 < κ ≤ 0 only"),
    "everything else pays": (Payoffs(1.0, 2.0, 3.0, 4.0), "at κ = 0 only"),
    "nothing matters": (Payoffs(2.0, 2.0, 2.0, 2.0), "for every κ > -1"),
}

COUPLINGS = [-0.9, -0.5, -1e-9, 0.0, 1e-9, 0.5, 1 - 1e-9, 1.0, 1 + 1e-9, 2.0, 50.0]


def bracket(payoffs, bound, coupling, unbounded=False, epsilon=0.0, width=None, budget=4000):
    """What player 1 gains by the best deviation from (M, M), between proofs."""
    T, R, P, S = payoffs
    numbers = LogisticNumbers(coupling=((0.0, coupling), (coupling, 0.0)), own_weight=(1.0, 1.0))
    program = builtin_program(numbers, (2, 2), ((bound,), (bound,)), 0)
    region = ((-INF, INF) if unbounded else (-bound, bound),)
    table = [[R, S], [T, P]]
    options = {"epsilon": epsilon, "width": width, "budget": budget}
    return best_gain(program, table, [bound], region, **options)


def is_equilibrium(found: Bracket) -> bool | None:
    return False if found.lower > 0 else True if found.upper <= 0 else None


def turns(payoffs, bound, low, high):
    """Whether the corner is proved to be no equilibrium at `low`, and one at `high`."""
    ends = [is_equilibrium(bracket(payoffs, bound, coupling)) for coupling in (low, high)]
    return ends == [False, True]


# Gains in the limit


@pytest.mark.parametrize("name", STATEMENTS)
def test_where_cooperation_is_an_equilibrium_in_the_limit(name):
    payoffs, statement = STATEMENTS[name]
    found = corner_limits(normal_form(payoffs))
    assert found.statement == statement
    for coupling in COUPLINGS:
        inside = any(contains(interval, coupling) for interval in found.couplings)
        assert inside == (limit_gain(normal_form(payoffs), coupling) == 0)


def contains(interval: CouplingInterval, coupling: float) -> bool:
    low, high = interval.low, interval.high
    above = low < coupling or (interval.low_included and coupling == low)
    return above and (coupling < high or (interval.high_included and coupling == high))


RANDOM = [
    (Payoffs(*np.random.default_rng(seed).uniform(-3, 3, 4).tolist()), coupling)
    for seed, coupling in enumerate([-0.6, -0.3, 0.0, 0.3, 0.6, 1.0, 1.4, 2.5] * 5)
]


@pytest.mark.parametrize(("payoffs", "coupling"), RANDOM)
def test_limit_gain_against_certified_brackets(payoffs, coupling):
    """At M = 40 what is left of the limit's order is e^{-40 · 0.3} at most."""
    found = bracket(payoffs, 40.0, coupling, unbounded=True, epsilon=1e-4, width=1e-5)
    gain = limit_gain(normal_form(payoffs), coupling)
    assert found.lower - 2e-5 <= gain <= found.upper + 2e-5
    assert found.upper - found.lower <= 1e-4 if gain == 0 else found.upper - found.lower <= 1e-5


def test_every_branch_of_the_limit_gain_is_met_with_and_without_gain():
    branch = {-0.6: 0, -0.3: 0, 0.0: 1, 0.3: 2, 0.6: 2, 1.0: 3, 1.4: 4, 2.5: 4}
    met = {(branch[k], limit_gain(normal_form(payoffs), k) > 0) for payoffs, k in RANDOM}
    assert met == set(itertools.product(range(5), (False, True)))


def test_at_coupling_one_the_best_common_probability_decides():
    """Both always cooperate with the same probability: the largest u(p, p) on a fine grid."""
    p = np.linspace(0, 1, 20001)
    rng = np.random.default_rng(7)
    inside = 0
    for T, R, P, S in rng.uniform(-3, 3, (200, 4)).tolist():
        common = R * p * p + (S + T) * p * (1 - p) + P * (1 - p) ** 2
        found = limit_gain(normal_form(Payoffs(T, R, P, S)), 1.0)
        assert found == pytest.approx(common.max() - R, abs=1e-7)
        inside += 0 < int(common.argmax()) < 20000
    assert inside > 20


def test_gains_are_in_the_unit_of_the_payoffs():
    for payoffs, coupling in RANDOM:
        scaled = Payoffs(*(1e150 * x for x in payoffs))
        gain = limit_gain(normal_form(payoffs), coupling)
        assert limit_gain(normal_form(scaled), coupling) == pytest.approx(1e150 * gain, rel=1e-12)


# Thresholds as the bound grows


ORDERS = [Payoffs(*order) for order in itertools.product((0.0, 1.0, 3.0), repeat=4)]
BOUND = 60.0


def expected_sides(payoffs) -> dict[float, bool]:
    """Couplings at which the limit says whether the corner is an equilibrium at a large bound."""
    found = corner_limits(normal_form(payoffs)).threshold
    if found.value is not None:
        return {-0.9: False, 0.5 * found.value - 0.45: False} | {
            found.value + sign * 0.06: sign > 0 for sign in (-1, 1)
        }
    if "ever closer" in found.reason:
        return dict.fromkeys((-0.9, -0.4, -0.1), True)
    return dict.fromkeys((-0.5, 0.5, 1.0, 2.0), False)


def test_the_limit_of_thresholds_for_every_order_of_the_payoffs():
    """At M = 60, all games with payoffs 0, 1, 3: refuted below, proved just above."""
    values = set()
    for payoffs in ORDERS:
        if min(payoffs) == 0:
            values.add(corner_limits(normal_form(payoffs)).threshold.value)
            for coupling, expected in expected_sides(payoffs).items():
                found = is_equilibrium(bracket(payoffs, BOUND, coupling))
                assert found == expected, (payoffs, coupling)
    assert values == {None, -2 / 3, -1 / 3, 0.0, 1 / 3, 1.0, 2.0}


@pytest.mark.parametrize(
    ("payoffs", "value"),
    [
        (PD, 1.0),
        (DONATION, 1.0),
        (COORDINATING_PD, 1.0),
        (CHICKEN, 1.0),
        (STAG_HUNT, -0.25),
        (DEADLOCK, 2.0),
        (Payoffs(3.0, 2.0, 0.0, 1.5), 2.0),
    ],
)
def test_the_limit_of_thresholds(payoffs, value):
    assert corner_limits(normal_form(payoffs)).threshold.value == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize(("payoffs", "value"), [(STAG_HUNT, -0.25), (DEADLOCK, 2.0)])
def test_thresholds_away_from_one_are_approached_fast(payoffs, value):
    """The slope at the corner decides, whose threshold is off by e^{-(1+κ)M}."""
    assert turns(payoffs, 20.0, value - 1e-4, value + 1e-4)


def test_a_limit_gain_of_zero_is_not_an_equilibrium_at_any_bound():
    """Stag hunt below κ_C = -1/4: what is gained vanishes, yet something is gained at every M."""
    gains = [bracket(STAG_HUNT, bound, -0.5, width=1e-14) for bound in (5.0, 10.0, 20.0)]
    assert limit_gain(normal_form(STAG_HUNT), -0.5) == 0
    assert all(found.lower > 0 for found in gains)
    assert gains[0].upper > 10 * gains[1].upper > 1000 * gains[2].upper


def test_within_the_box_an_equilibrium_though_the_limit_gain_is_positive():
    """Deadlock above κ_C = 2: both defecting pays more, which only t < -M can bring about."""
    assert limit_gain(normal_form(DEADLOCK), 2.5) == 1
    assert is_equilibrium(bracket(DEADLOCK, 20.0, 2.5)) is True
    assert bracket(DEADLOCK, 20.0, 2.5, unbounded=True, epsilon=0.9).lower > 0.9


@pytest.mark.parametrize("bound", [20.0, 60.0])
def test_the_gap_of_equilibria_around_one(bound):
    """Nobody is tempted, but defection pays much more: P-R = 3 > 2 √((R-T)(R-S)) = 2.83.

    At κ = 1 - c/M moving to -M pays where z² - 3z + 2 < 0, z = e^c: for 0 < c < ln 2.
    """
    gap = Payoffs(1.0, 2.0, 5.0, 0.0)
    for c, expected in ((-0.05, True), (0.05, False), (0.64, False), (0.74, True)):
        assert is_equilibrium(bracket(gap, bound, 1 - c / bound)) is expected
        none = gap._replace(P=4.8)
        assert is_equilibrium(bracket(none, bound, 1 - c / bound)) is True


# How fast


RATES = {
    "defection pays": Payoffs(2.5, 2.0, 2.2, 0.0),
    "defection pays most": Payoffs(2.5, 2.0, 5.0, 0.0),
    "defection pays as much": Payoffs(5.0, 3.0, 3.0, 0.0),
    "T = R": Payoffs(2.0, 2.0, 3.0, 0.0),
    "κ_C = 1": Payoffs(4.0, 3.0, 3.5, 2.0),
}


def rate_of(payoffs: Payoffs) -> float:
    rate = corner_limits(normal_form(payoffs)).rate
    assert rate is not None
    return rate


@pytest.mark.parametrize("name", RATES)
def test_the_rate_where_defection_pays_no_less_than_cooperation(name):
    """The error is exponentially small in M."""
    payoffs = RATES[name]
    rate = rate_of(payoffs)
    for bound in (10.0, 20.0, 40.0):
        assert turns(payoffs, bound, 1 - (rate + 1e-5) / bound, 1 - (rate - 1e-5) / bound)


@pytest.mark.parametrize("payoffs", [PD, DONATION, COORDINATING_PD])
def test_the_rate_where_cooperation_pays_more(payoffs):
    """The next order, [1 + c + ln((R-P) M / ((R-S) c))] c / 2M, is known too: c is the rate."""
    T, R, P, S = payoffs
    rate = rate_of(payoffs)
    assert rate == pytest.approx(math.log((R - S) / (T - R)) / 2, rel=1e-14)
    for bound in (10.0, 20.0, 40.0, 80.0):
        step = 1 + rate + math.log((R - P) * bound / ((R - S) * rate))
        predicted, error = rate * (1 + step / (2 * bound)), (math.log(bound) / bound) ** 2
        low, high = (1 - (predicted + sign * error) / bound for sign in (1, -1))
        assert turns(payoffs, bound, low, high)


@pytest.mark.parametrize("name", RATES)
def test_the_rate_solves_its_equation(name):
    """(T-R) z² + max(P-R, 0) z = R-S at 50 digits."""
    T, R, P, S = map(mpmath.mpf, RATES[name])
    rate = rate_of(RATES[name])
    with mpmath.workdps(50):
        z = mpmath.findroot(lambda z: (T - R) * z**2 + max(P - R, 0) * z - (R - S), 1.0)
        assert rate == pytest.approx(float(mpmath.log(z)), rel=1e-13, abs=1e-15)


def test_no_rate_where_thresholds_do_not_tend_to_one():
    for payoffs in (STAG_HUNT, DEADLOCK, Payoffs(1.0, 2.0, 0.0, 3.0), Payoffs(3.0, 2.0, 0.0, 2.0)):
        found = corner_limits(normal_form(payoffs))
        assert (found.rate, found.rate_reason) == (None, "the thresholds do not tend to 1")
    assert corner_limits(normal_form(CHICKEN)).rate == pytest.approx(0, abs=1e-15)


def test_rounding_makes_no_difference():
    """0.1 + 0.2 is not 0.3, yet nobody is tempted."""
    tempting = Payoffs(0.1 + 0.2, 0.3, 0.2, 0.0)
    found = corner_limits(normal_form(tempting))
    assert found == corner_limits(normal_form(Payoffs(0.3, 0.3, 0.2, 0.0)))
    assert (found.statement, found.threshold.value) == ("for every κ > -1", 0.0)


# What is refused


@pytest.mark.parametrize("coupling", [-1.0, -2.0, INF, -INF, math.nan])
def test_couplings_at_which_there_is_no_limit(coupling):
    with pytest.raises(InputError, match=r"coupling=.* must be finite and above -1"):
        limit_gain(normal_form(PD), coupling)


@pytest.mark.parametrize("name", ["battle_of_the_sexes", "matching_pennies", "public_goods"])
def test_games_without_these_limits(name):
    game = from_catalogue(name)()
    for limit in (corner_limits, lambda game: limit_gain(game, 0.5)):
        with pytest.raises(InputError, match="symmetric game with two players and two actions"):
            limit(game)


def test_payoffs_that_overflow():
    with pytest.raises(InputError, match="overflow: rescale"):
        corner_limits(normal_form(Payoffs(6e307, -6e307, 0.0, 1.0)))
