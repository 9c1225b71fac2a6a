"""Bounds in decimal digits, rounded so that what is said follows from what is proved."""

import decimal
import math

DIGITS = 6
"""Of a bound, unless said otherwise."""

MOST_DIGITS = 10
"""Of both ends of a narrow bracket."""


def at_least(bound: float, digits: int = DIGITS) -> str:
    """A lower bound, rounded down."""
    return _rounded(bound, digits, decimal.ROUND_FLOOR)


def at_most(bound: float, digits: int = DIGITS) -> str:
    """An upper bound, rounded up."""
    return _rounded(bound, digits, decimal.ROUND_CEILING)


def bracketed(lower: float, upper: float) -> tuple[str, str]:
    """Both ends of a bracket, rounded outward to as many digits as tell them apart."""
    digits, width = 3, upper - lower
    if 0 < width < math.inf:
        size = max(abs(lower), abs(upper))
        digits = max(digits, math.ceil(math.log10(size) - math.log10(width)) + 1)
    elif not width:
        digits = MOST_DIGITS
    digits = min(digits, MOST_DIGITS)
    return at_least(lower, digits), at_most(upper, digits)


def exactly(number: float) -> str:
    """A double in as few digits as tell it from all others."""
    short = f"{number:g}"
    return short if float(short) == number else repr(float(number))


def _rounded(number: float, digits: int, towards: str) -> str:
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    rounded = decimal.Context(prec=digits, rounding=towards).create_decimal_from_float(number)
    text = f"{float(rounded) + 0.0:.{digits}g}"
    # Of the smallest doubles, few digits are left.
    return text if decimal.Decimal(text) == rounded else f"{rounded:e}"
