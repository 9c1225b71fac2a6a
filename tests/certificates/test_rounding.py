"""Bounds in decimal digits: what is said follows from what is proved."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from glasshouse.certificates.rounding import at_least, at_most, bracketed, exactly


@given(st.floats(-1e300, 1e300), st.integers(1, 12))
def test_bounds_are_rounded_to_the_safe_side(number, digits):
    down, up = at_least(number, digits), at_most(number, digits)
    assert Fraction(down) <= Fraction(number) <= Fraction(up)
    assert (
        Fraction(up) - Fraction(down) <= Fraction(10) ** (1 - digits) * abs(Fraction(number)) * 10
    )
    assert float(exactly(number)) == number


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_brackets_are_rounded_outward(one, other):
    lower, upper = sorted((one, other))
    shown = bracketed(lower, upper)
    assert Fraction(shown[0]) <= Fraction(lower) <= Fraction(upper) <= Fraction(shown[1])
    if upper - lower > 1e-8 * upper > 1e-300:
        assert float(shown[1]) - float(shown[0]) <= 1.5 * (upper - lower)


def test_bounds_as_people_write_them():
    assert (at_least(0.950157922262, 4), at_most(0.950157922262, 4)) == ("0.9501", "0.9502")
    assert (at_least(0.0), at_most(float("inf")), at_most(1e-6)) == ("0", "∞", "1e-06")
    assert bracketed(0.9501579222, 0.9501584) == ("0.95015792", "0.9501584")
    assert bracketed(0.0, 2.5201e-7) == ("0", "2.53e-07")
    assert bracketed(0.0, 0.0) == ("0", "0")
    assert (exactly(0.870468), exactly(0.1 + 0.2)) == ("0.870468", "0.30000000000000004")
