"""Polynomials with exact rational coefficients, as sums of products of powers of atoms."""

from collections.abc import Iterable
from fractions import Fraction

Exponent = int | Fraction

Monomial = tuple[tuple[int, Exponent], ...]
"""Atoms by number, rising, each with its exponent, which is not zero; the empty one is 1."""

Polynomial = dict[Monomial, Fraction]
"""Coefficients, none of them zero."""

Frozen = tuple[tuple[Monomial, Fraction], ...]
"""The same in an order of its own, so that equal polynomials are equal keys."""

NO_FACTORS: Monomial = ()

MOST_TERMS, MOST_BITS = 20_000, 4096
"""Of a polynomial, and of each of its coefficients: longer ones are not worked with. An average
over what players may see has a term for every view."""

MOST_PRODUCTS = 20_000
"""Of terms, in one product of polynomials."""


MOST_POWER = 1000
"""Higher powers are not multiplied out: a small file could else ask for work without end."""

LARGEST_EXPONENT = 10**6
"""Of an atom, for the same reason."""


class TooLongError(ValueError):
    """A polynomial that is not worked with."""


def constant(number: Fraction | int) -> Polynomial:
    """A number."""
    return {NO_FACTORS: Fraction(number)} if number else {}


def is_constant(x: Polynomial) -> bool:
    """Whether it is a number."""
    return not x or set(x) == {NO_FACTORS}


def combined(parts: Iterable[tuple[Fraction, Polynomial]]) -> Polynomial:
    """Σ factor · polynomial."""
    sums: Polynomial = {}
    for factor, x in parts:
        for monomial, coefficient in x.items():
            sums[monomial] = sums.get(monomial, Fraction(0)) + factor * coefficient
    return _checked({monomial: c for monomial, c in sums.items() if c})


def scaled(factor: Fraction, x: Polynomial) -> Polynomial:
    """A number times a polynomial."""
    return combined([(factor, x)])


def product(x: Polynomial, y: Polynomial) -> Polynomial:
    """x y."""
    if len(x) * len(y) > MOST_PRODUCTS:
        raise TooLongError
    return combined(
        (c, {_times(monomial, other): d for other, d in y.items()}) for monomial, c in x.items()
    )


def whole_power(x: Polynomial, exponent: int) -> Polynomial:
    """x to a whole power that is not negative, as far as it is multiplied out."""
    if exponent > MOST_POWER:
        raise TooLongError
    found = constant(1)
    for _ in range(exponent):
        found = product(found, x)
    return found


def inverse(monomial: Monomial) -> Monomial:
    """One over a monomial."""
    return tuple((atom, -exponent) for atom, exponent in monomial)


def frozen(x: Polynomial) -> Frozen:
    """What stands for a polynomial in keys."""
    return tuple(sorted(x.items()))


def leading(x: Polynomial) -> Fraction:
    """The coefficient that is made 1 where only ratios matter: that of the last monomial."""
    return x[max(x)]


def _times(x: Monomial, y: Monomial) -> Monomial:
    if not x or not y:
        return x or y
    exponents = dict(x)
    for atom, exponent in y:
        exponents[atom] = exponents.get(atom, 0) + exponent
        if abs(exponents[atom]) > LARGEST_EXPONENT:
            raise TooLongError
    return tuple(sorted((atom, e) for atom, e in exponents.items() if e))


def _checked(x: Polynomial) -> Polynomial:
    if len(x) > MOST_TERMS or any(
        max(c.numerator.bit_length(), c.denominator.bit_length()) > MOST_BITS for c in x.values()
    ):
        raise TooLongError
    return x
