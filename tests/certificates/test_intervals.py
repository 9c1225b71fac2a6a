"""Interval arithmetic against mpmath: results hold every value, and NaN ends say nothing."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import mpmath
import pytest
from flint import arb, ctx
from hypothesis import assume, given
from tests.certificates.exact import (
    DIGITS,
    INF,
    PRECISION,
    ball,
    fraction,
    holds,
    interval,
    is_close,
    mp,
)
from tests.reference import examples

from glasshouse.certificates import intervals as iv

NAN = arb("nan")
ANY = iv.EVERYTHING

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e3, 1e3),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e300, -1e300]),
)
shares = st.floats(0.0, 1.0)


@pytest.fixture(autouse=True)
def precise():
    with ctx.workprec(PRECISION), mp.workdps(DIGITS):
        yield


@st.composite
def boxes(draw, number=numbers):
    """An interval and a number in it; ends may be infinite, unknown, or known within a radius."""
    low, inside, high = sorted(draw(st.tuples(number, number, number)))
    ends = []
    for end, unbounded in ((low, -INF), (high, INF)):
        kind = draw(st.sampled_from(["exact", "exact", "radius", "infinite", "unknown"]))
        ends.append(
            {
                "exact": arb(end),
                "radius": arb(end, abs(end) * draw(st.sampled_from([1e-30, 1e-3, 2.0]))),
                "infinite": arb(unbounded),
                "unknown": NAN,
            }[kind]
        )
    return (ends[0], ends[1]), inside


small = st.floats(-1e3, 1e3)

PAIRS = {
    "add": (iv.add, lambda x, y: x + y),
    "subtract": (iv.subtract, lambda x, y: x - y),
    "multiply": (iv.multiply, lambda x, y: x * y),
    "divide": (iv.divide, lambda x, y: x / y),
    "maximum": (iv.maximum, max),
}

SINGLES = {
    "negative": (iv.negative, lambda x: -x),
    "square": (lambda x: iv.power(x, 2), lambda x: x**2),
    "cube": (lambda x: iv.power(x, 3), lambda x: x**3),
    "fourth power": (lambda x: iv.power(x, 4), lambda x: x**4),
    "exp": (iv.exp, mp.exp),
    "log": (iv.log, mp.log),
    "tanh": (iv.tanh, mp.tanh),
    "logistic": (iv.logistic, lambda x: 1 / (1 + mp.exp(-x))),
    "logistic_slope": (iv.logistic_slope, lambda x: 1 / (2 * mp.cosh(x / 2)) ** 2),
    "tanh_slope": (iv.tanh_slope, lambda x: mp.sech(x) ** 2),
}


@pytest.mark.parametrize("name", PAIRS)
@examples(150)
@given(boxes(), boxes())
def test_results_of_two_intervals_hold_those_of_their_members(name, first, second):
    (x, inside_x), (y, inside_y) = first, second
    assume(name != "divide" or inside_y)
    rule, function = PAIRS[name]
    # Fractions, since mpmath would round where exponents are far apart.
    assert holds(rule(x, y), function(Fraction(inside_x), Fraction(inside_y)))


@pytest.mark.parametrize("name", SINGLES)
@examples(150)
@given(boxes(small))
def test_results_of_an_interval_hold_those_of_its_members(name, box):
    x, inside = box
    assume(name != "log" or inside > 0)
    rule, function = SINGLES[name]
    assert holds(rule(x), function(mp.mpf(inside)))


@examples(150)
@given(boxes(), boxes())
def test_multiples_hold_those_of_an_uncertain_factor(box, factors):
    (x, inside), ((low, _), factor) = box, factors
    assume(low.is_finite())
    uncertain = arb(factor, abs(factor - float(low)))
    assert holds(iv.scale(uncertain, x), Fraction(factor) * Fraction(inside))
    assert holds(iv.scale(low, x), fraction(low.mid()) * Fraction(inside))


@given(st.lists(numbers, min_size=1, max_size=6))
def test_hulls_reach_from_the_smallest_to_the_largest(found):
    low, high = iv.hull(tuple(map(arb, found)))
    assert (low, high) == (min(found), max(found))


@given(small, small)
def test_monotone_functions_of_exact_ends_are_attained(low, high):
    low, high = min(low, high), max(low, high)
    for name in ("cube", "exp", "tanh", "logistic"):
        rule, function = SINGLES[name]
        ends = rule((arb(low), arb(high)))
        for end, at in zip(ends, (low, high), strict=True):
            assert is_close(end, function(mp.mpf(at)))


@given(small, small)
def test_even_powers_and_slopes_are_attained_on_both_sides_of_zero(low, high):
    low, high = min(low, high), max(low, high)
    middle = min(max(0.0, low), high)
    with mp.workdps(DIGITS + 1000):
        for name in ("square", "fourth power", "logistic_slope", "tanh_slope"):
            rule, function = SINGLES[name]
            values = [function(mp.mpf(at)) for at in (low, middle, high)]
            ends = rule((arb(low), arb(high)))
            assert is_close(ends[0], min(values))
            assert is_close(ends[1], max(values))


@given(small, small, small, small)
def test_products_and_quotients_are_attained_at_corners(a, b, c, d):
    x, y = (min(a, b), max(a, b)), (min(c, d), max(c, d))
    products = [mp.mpf(p) * mp.mpf(q) for p in x for q in y]
    low, high = iv.multiply(interval(x), interval(y))
    assert is_close(low, min(products))
    assert is_close(high, max(products))
    if y[0] > 0 or y[1] < 0:
        quotients = [mp.mpf(p) / mp.mpf(q) for p in x for q in y]
        low, high = iv.divide(interval(x), interval(y))
        assert is_close(low, min(quotients))
        assert is_close(high, max(quotients))


LIMITS = {
    "exp": ((0, 1), (1, INF), (0, INF)),
    "tanh": ((-1, 0), (0, 1), (-1, 1)),
    "logistic": ((0, Fraction(1, 2)), (Fraction(1, 2), 1), (0, 1)),
    "logistic_slope": ((0, Fraction(1, 4)),) * 3,
    "tanh_slope": ((0, 1),) * 3,
    "negative": ((0, INF), (-INF, 0), (-INF, INF)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_infinite_ends_are_limits(name):
    rule, _ = SINGLES[name]
    for ends, (low, high) in zip(((-INF, 0.0), (0.0, INF), (-INF, INF)), LIMITS[name], strict=True):
        found = rule(interval(ends))
        assert is_close(found[0], mpmath.mpf(low))
        assert is_close(found[1], mpmath.mpf(high))


def test_slopes_vanish_at_infinity():
    for end in (-INF, INF):
        assert iv.logistic_slope(iv.point(end)) == (0, 0)
        assert iv.tanh_slope(iv.point(end)) == (0, 0)


BOUNDED = {"logistic": (0, 1), "tanh": (-1, 1), "logistic_slope": (0, 0.25), "tanh_slope": (0, 1)}


@pytest.mark.parametrize("name", BOUNDED)
def test_bounded_functions_are_bounded_where_their_argument_is_unknown(name):
    assert SINGLES[name][0]((NAN, NAN)) == BOUNDED[name]


def test_what_has_no_limit_is_unknown():
    infinite, zero = iv.point(INF), iv.point(0.0)
    for nothing in (
        iv.multiply(infinite, zero),
        iv.subtract(infinite, infinite),
        iv.divide(infinite, infinite),
        iv.multiply((iv.ZERO, arb(INF)), (arb(-1), iv.ZERO)),
    ):
        assert not nothing[0] > -INF or not nothing[1] < INF
    assert all(end.is_nan() for end in iv.subtract(infinite, infinite))


def test_division_by_what_may_be_zero_says_nothing():
    for y in ((-1.0, 1.0), (0.0, 1.0), (-1.0, 0.0), (0.0, 0.0)):
        low, high = iv.divide(iv.point(1.0), interval(y))
        assert low == -INF
        assert high == INF
    low, high = iv.divide(iv.point(1.0), (arb("0.5 +/- 1"), arb(2)))
    assert not low > -INF
    assert not high < INF


@pytest.mark.parametrize("name", PAIRS)
def test_two_unknown_ends_bound_nothing(name):
    rule, _ = PAIRS[name]
    for x, y in (((NAN, NAN), iv.point(1.0)), (iv.point(1.0), (NAN, NAN))):
        low, high = rule(x, y)
        assert not low > (1 if name == "maximum" else -INF)
        assert not high < INF


def test_zero_times_anything_is_zero():
    for x in (iv.point(INF), ANY, (NAN, NAN)):
        assert iv.scale(arb(0), x) == (0, 0)


def test_points_are_known_to_be_points():
    assert iv.is_point(iv.point(0.1))
    assert iv.is_point(iv.point(INF))
    assert not iv.is_point((arb(1), arb(2)))
    assert not iv.is_point((arb("1 +/- 1e-40"), arb("1 +/- 1e-40")))
    assert not iv.is_point((NAN, NAN))
    assert fraction(iv.point(0.1)[0]) == Fraction(0.1)


def test_the_constants_are_exact():
    assert fraction(iv.QUARTER) == Fraction(1, 4)
    assert iv.QUARTER.is_exact()
    assert (iv.ZERO, iv.ONE) == (0, 1)
    assert ANY[0] == ball(-math.inf)
    assert ANY[1] == ball(math.inf)
