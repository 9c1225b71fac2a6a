"""What is printed follows from what is known: intervals hold the truth, digits are known ones."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from glasshouse._foundation.digits import (
    between,
    bracket,
    digits,
    gain_at_least,
    gain_ends,
    headline,
    plus_minus,
    share_ends,
)

NUMBERS = st.floats(-1e300, 1e300) | st.floats(-3, 3) | st.integers(-9, 9).map(float)
WIDTHS = st.floats(1e-15, 1) | st.just(0.0)


@st.composite
def intervals(draw) -> tuple[float, float]:
    """Wide and narrow ones, of numbers of any size."""
    lower = draw(NUMBERS)
    return lower, lower + draw(WIDTHS) * draw(st.sampled_from([1.0, abs(lower), 1e-9]))


def read(text: str) -> tuple[Fraction, Fraction]:
    """The interval that a text stands for: ± half a unit of its last digit where it says none."""
    number, _, error = text.partition(" ± ")
    if error:
        return Fraction(number) - Fraction(error), Fraction(number) + Fraction(error)
    exponent = Decimal(number).as_tuple().exponent
    assert isinstance(exponent, int)
    half = Fraction(10) ** exponent / 2
    return Fraction(number) - half, Fraction(number) + half


@given(intervals())
@example((1.4394490040054911e-11, 7.677103425479391e-11))
@example((-5e-324, 5e-324))
@example((0.99999, 1.00001))
def test_a_printed_interval_holds_the_known_one(ends):
    lower, upper = ends
    for text in (plus_minus(*ends), headline(*ends)):
        low, high = read(text)
        assert low <= Fraction(lower) <= Fraction(upper) <= high, text


@given(intervals())
def test_a_number_ends_where_what_is_not_known_of_it_begins(ends):
    lower = min(Fraction(ends[0]), Fraction(repr(ends[0])))
    upper = max(Fraction(ends[1]), Fraction(repr(ends[1])))
    assume(ends[0] < ends[1] and upper - lower > 0 and not lower <= 0 <= upper)
    number, _, error = plus_minus(*ends).partition(" ± ")
    half, exponent = (upper - lower) / 2, Decimal(number).as_tuple().exponent
    assert isinstance(exponent, int)
    assert half <= Fraction(error) <= 2 * half, "at most twice as wide"
    if exponent < 0:  # an integer is written with all its zeros
        assert Fraction(10) ** exponent <= half < Fraction(10) ** (exponent + 1)


@given(intervals())
def test_a_number_without_error_has_certain_digits_only(ends):
    text = headline(*ends)
    if " ± " not in text:
        assert text == digits(ends[0]) == digits(ends[1])


@pytest.mark.parametrize(
    ("ends", "long", "short"),
    [
        ((1.4394490040054911e-11, 7.677103425479391e-11), "5e-11 ± 4e-11", "5e-11 ± 4e-11"),
        ((-1.72e-7, 7.62e-8), "0 ± 2e-07", "0 ± 2e-07"),
        ((0.8704671, 0.8704679), "0.8704675 ± 4e-07", "0.8705"),
        ((3 / 7 - 5e-10, 3 / 7 + 5e-10), "0.4285714286 ± 6e-10", "0.4286"),
        ((0.25 - 9e-10, 0.25 + 9e-10), "0.2500000000 ± 1e-09", "0.2500"),
        ((0.683141, 0.683259), "0.68320 ± 6e-05", "0.68320 ± 6e-05"),
        ((0.0, 0.0), "0", "0"),
        ((1.5, float("inf")), "[1.5, ∞]", "[1.5, ∞]"),
    ],
)
def test_intervals_as_people_write_them(ends, long, short):
    assert (plus_minus(*ends), headline(*ends)) == (long, short)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
@example(0.0, 2.5201e-7)
def test_a_gain_and_its_bracket_show_the_same_digits(one, other):
    lower, upper = sorted((one, other))
    low, high = gain_ends(lower, upper)
    assert Fraction(low) <= Fraction(lower) <= Fraction(upper) <= Fraction(high)
    shown = bracket(lower, upper)
    assert shown == ("0" if upper == 0 else f"[{low}, {high}]")
    for count in (4, 6):  # a verdict shows the first digits of its bracket
        least = gain_at_least(lower, lower, upper, count)
        assert Fraction(least) <= Fraction(lower)
        shorter, longer = (Decimal(text).normalize().as_tuple().digits for text in (least, low))
        assert longer[: len(shorter)] == shorter


@given(intervals(), st.integers(1, 8))
def test_ends_in_few_digits_lie_outside_or_are_the_ends_themselves(ends, count):
    low, high = between(ends[0], ends[1], count)
    assert Fraction(low) <= Fraction(ends[0]) or float(low) == ends[0]
    assert Fraction(ends[1]) <= Fraction(high) or float(high) == ends[1]
    assert between(0.3, 0.9) == ("0.3", "0.9")
    assert between(0.0, 2 / 3) == ("0", "0.6667")


@given(st.floats(0, 1), st.floats(0, 1))
@example(0.0, 0.01884932)
def test_intervals_of_shares_are_rounded_outward(one, other):
    lower, upper = sorted((one, other))
    low, high = share_ends(lower, upper)
    assert Fraction(low) <= Fraction(lower) <= Fraction(upper) <= Fraction(high)
    assert Fraction(high) - Fraction(low) < Fraction(upper) - Fraction(lower) + Fraction(2, 1000)
