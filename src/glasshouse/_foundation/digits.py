"""Numbers in decimal digits: what is printed follows from what is known.

Bounds are rounded to the safe side and intervals outward; a number has no digits beyond the first
one of what is not known of it.
"""

import decimal
import math
import re
from decimal import Decimal

BOUND_DIGITS = 6
"""Of a bound, unless said otherwise."""

MOST_DIGITS = 10
"""Of both ends of a narrow bracket."""

HEADLINE = 4
"""Digits of a number that leads."""

EXACT = 1000
"""With so many digits doubles are added and halved exactly."""

PLAIN_PLACES = range(-4, 16)
"""Numbers whose first digit stands at one of these places are written without a power of ten."""


def at_least(bound: float, digits: int = BOUND_DIGITS) -> str:
    """A lower bound, rounded down."""
    return _rounded(bound, digits, decimal.ROUND_FLOOR)


def at_most(bound: float, digits: int = BOUND_DIGITS) -> str:
    """An upper bound, rounded up."""
    return _rounded(bound, digits, decimal.ROUND_CEILING)


def bracketed(lower: float, upper: float, most: int = MOST_DIGITS) -> tuple[str, str]:
    """Both ends of a bracket, rounded outward to as many digits as tell them apart."""
    count = _telling_apart(lower, upper, most)
    return at_least(lower, count), at_most(upper, count)


def gain_ends(lower: float, upper: float) -> tuple[str, str]:
    """Both ends of what is known of a gain: the verdict on it and its bracket both show these."""
    return bracketed(lower, upper)


def gain_at_least(gain: float, lower: float, upper: float, count: int = BOUND_DIGITS) -> str:
    """A gain that is attained, rounded down: the first digits of the bracket beside it, no others.

    They are at most `count`, and no more than the bracket has.
    """
    return at_least(gain, min(count, _telling_apart(lower, upper, MOST_DIGITS)))


def bracket(lower: float, upper: float) -> str:
    """What is known of a gain, as a bracket: `[0, 2.53e-07]`; 0 as 0."""
    return "0" if lower == 0 == upper else "[{}, {}]".format(*gain_ends(lower, upper))


def exactly(number: float) -> str:
    """A double in as few digits as tell it from all others."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def digits(value: float, count: int = HEADLINE) -> str:
    """A number that is known, to so many significant digits: 0.2500, 0 as 0."""
    if not value or not math.isfinite(value):
        return f"{value + 0.0:g}".replace("inf", "∞")
    return f"{value:#.{count}g}".rstrip(".")


def plus_minus(lower: float, upper: float) -> str:
    """An interval as a number ± another, which contain it: `0.8704675 ± 6e-07`.

    The number has no digits beyond the first one of what is not known, and what is printed is at
    most twice as wide. An interval that contains 0 does not tell the sign: its number is 0. Without
    an end it is `[lower, ∞]`.
    """
    if not math.isfinite(upper - lower):
        return "[{}, {}]".format(*bracketed(lower, upper))
    lower, upper = float(lower), float(upper)
    with decimal.localcontext() as context:
        context.prec = EXACT
        if lower == upper:
            return exactly(lower + 0.0)
        # A double, and the digits by which people know it, which may lie beyond it.
        low = min(Decimal(lower), Decimal(repr(lower)))
        high = max(Decimal(upper), Decimal(repr(upper)))
        if low <= 0 <= high:
            one_digit = decimal.Context(prec=1, rounding=decimal.ROUND_CEILING)
            return f"0 ± {_written(one_digit.plus(max(-low, high)).normalize())}"
        half = (high - low) / 2
        last = Decimal(1).scaleb(half.adjusted())
        middle = ((low + high) / 2).quantize(last)
        error = max(high - middle, middle - low).quantize(last, decimal.ROUND_CEILING)
        return f"{_written(middle)} ± {_written(error.normalize())}"


def headline(lower: float, upper: float, count: int = HEADLINE) -> str:
    """A number that is known to lie in an interval: its digits alone if so many are certain.

    All numbers of the interval then round to what is shown; else as `plus_minus`.
    """
    shown = {digits(end, count) for end in (lower, upper)}
    return shown.pop() if len(shown) == 1 else plus_minus(lower, upper)


def between(lower: float, upper: float, count: int = HEADLINE) -> tuple[str, str]:
    """Both ends of an interval to so many digits, rounded outward where they have more."""
    texts = []
    for end, rounded in ((lower, at_least), (upper, at_most)):
        own = exactly(end)
        has = len(Decimal(own).normalize().as_tuple().digits) if math.isfinite(end) else 0
        texts.append(own if 0 < has <= count else rounded(end, count))
    return texts[0], texts[1]


def share_ends(lower: float, upper: float, places: int = 3) -> tuple[str, str]:
    """Both ends of an interval of shares, rounded outward to so many decimal places."""
    last = Decimal(1).scaleb(-places)
    return (
        f"{Decimal(lower).quantize(last, decimal.ROUND_FLOOR):f}",
        f"{Decimal(upper).quantize(last, decimal.ROUND_CEILING):f}",
    )


def _telling_apart(lower: float, upper: float, most: int) -> int:
    """How many digits tell the ends of a bracket apart."""
    count, width = 3, upper - lower
    if 0 < width < math.inf:
        size = max(abs(lower), abs(upper))
        count = max(count, math.ceil(math.log10(size) - math.log10(width)) + 1)
    elif not width:
        count = most
    return min(count, most)


def _written(number: Decimal) -> str:
    """All digits of a number, the last ones of which may be zeros."""
    if number.adjusted() in PLAIN_PLACES:
        return f"{number:f}"
    return re.sub(r"e([+-])(\d)$", r"e\g<1>0\2", f"{number:e}")


def _rounded(number: float, count: int, towards: str) -> str:
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    rounded = decimal.Context(prec=count, rounding=towards).create_decimal_from_float(number)
    text = f"{float(rounded) + 0.0:.{count}g}"
    # Of the smallest doubles, few digits are left.
    return text if Decimal(text) == rounded else f"{rounded:e}"


def in_order(number: int) -> str:
    """A whole number as a place: "8th"."""
    usual = number % 10 if number % 100 // 10 != 1 else 0
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(usual, 'th')}"
