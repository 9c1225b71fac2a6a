"""Functions of exact expressions beyond exponentials: odd and even ones, and products with them."""

from fractions import Fraction

from glasshouse.analysis.tracing.atoms import (
    EXACT_ONE,
    EXACT_ZERO,
    ONE_ATOM,
    Expression,
    UndefinedError,
)
from glasshouse.analysis.tracing.expressions import Expressions


def error_function(e: Expressions, x: Expression) -> Expression:
    """The error function."""
    return _odd(e, "erf", x)


def sine(e: Expressions, x: Expression) -> Expression:
    """The sine."""
    return _odd(e, "sin", x)


def cosine(e: Expressions, x: Expression) -> Expression:
    """The cosine."""
    if not x.terms:
        return EXACT_ONE
    return e.atom("cos", (e.scale(Fraction(_sign(x)), x),))


def gaussian_unit(e: Expressions, x: Expression) -> Expression:
    """x (1 + erf x) / 2."""
    return e.atom("gelu", (x,)) if x.terms else EXACT_ZERO


def times_own_log(e: Expressions, x: Expression) -> Expression:
    """x log x, 0 at 0."""
    if x.number is not None and x.number < 0:
        raise UndefinedError("takes the logarithm of a negative number")
    if x.number in (0, 1):
        return EXACT_ZERO
    if not e.sign(x):
        e.guards["root", x] = None
    return e.atom("xlogx", (x,))


def times_log(e: Expressions, x: Expression, y: Expression) -> Expression:
    """x log y, 0 where x is 0."""
    if x == y:
        return times_own_log(e, x)
    return EXACT_ZERO if x.number == 0 else e.multiply(x, e.log(y))


def multiplied(e: Expressions, x: Expression, y: Expression) -> Expression:
    """x y, known as a gelu where it is one: it is bounded far out, which no product is."""
    for own, other in ((x, y), (y, x)):
        found = _gelu_of(e, own, other)
        if found is not None:
            return found
    return e.multiply(x, y)


def _gelu_of(e: Expressions, x: Expression, y: Expression) -> Expression | None:
    """x y, where y is c (1 + erf z) and x a multiple of z."""
    if len(y.terms) != 2 or y.terms[0][0] != ONE_ATOM or not x.terms:
        return None
    (_, factor), (atom, own) = y.terms
    operation, operands, _ = e.atoms[atom]
    if operation != "erf" or abs(own) != abs(factor):
        return None
    z = e.scale(own / factor, operands[0])
    times = x.terms[0][1] / z.terms[0][1]
    if e.scale(times, z) != x:
        return None
    return e.scale(2 * times * factor, gaussian_unit(e, z))


def _odd(e: Expressions, name: str, x: Expression) -> Expression:
    if not x.terms:
        return EXACT_ZERO
    sign = Fraction(_sign(x))
    return e.scale(sign, e.atom(name, (e.scale(sign, x),)))


def _sign(x: Expression) -> int:
    """The sign of the last factor, by which x and -x are told apart."""
    return 1 if x.terms[-1][1] > 0 else -1
