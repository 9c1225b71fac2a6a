"""Sums of factors times atoms: what exact expressions are made of."""

import dataclasses
from fractions import Fraction
from typing import NamedTuple

LONGEST_FRACTION = 256
"""Longer fractions are not multiplied out: the program computes them."""

ONE_ATOM = 0
"""The atom that is the number one; its factor is an expression's constant."""


class UndefinedError(ValueError):
    """An expression that has no value, or none that programs can compute."""


@dataclasses.dataclass(frozen=True, slots=True)
class Expression:
    """Σ factor · atom, by number of the atom; no factor is zero."""

    terms: tuple[tuple[int, Fraction], ...]

    @property
    def number(self) -> Fraction | None:
        """The fraction it is, None where it depends on a parameter or is no fraction."""
        if not self.terms:
            return Fraction(0)
        (atom, factor), *others = self.terms
        return factor if atom == ONE_ATOM and not others else None


EXACT_ZERO, EXACT_ONE = Expression(()), Expression(((ONE_ATOM, Fraction(1)),))


class Atom(NamedTuple):
    """What an operation makes of expressions: a primitive of programs, "input" or "number"."""

    operation: str
    operands: tuple[Expression, ...] = ()
    number: Fraction | None = None


def fits(number: Fraction) -> bool:
    """Whether a number is short enough to be multiplied out; doubles always are."""
    if max(number.numerator.bit_length(), number.denominator.bit_length()) <= LONGEST_FRACTION:
        return True
    try:
        return Fraction(float(number)) == number
    except OverflowError:
        return False


def of_atom(atom: int) -> Expression:
    """An atom as an expression."""
    return Expression(((atom, Fraction(1)),))


def split(x: Expression) -> tuple[Fraction, Expression]:
    """An expression as a number times another one."""
    if not x.terms:
        return Fraction(0), EXACT_ONE
    if len(x.terms) == 1:
        return x.terms[0][1], of_atom(x.terms[0][0])
    return Fraction(1), x
