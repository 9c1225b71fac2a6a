"""Choices between expressions, and truth values that depend on parameters.

Where both branches meet, as those of a leaky relu do, a choice is no jump: it is written with
the larger and the smaller of what is compared and zero, whose slopes are known.
"""

import dataclasses
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from glasshouse.analysis.tracing import functions
from glasshouse.analysis.tracing.atoms import (
    EXACT_ONE,
    EXACT_ZERO,
    ONE_ATOM,
    Expression,
    UndefinedError,
    of_atom,
)
from glasshouse.analysis.tracing.expressions import Expressions

MOST_TRIED = 3
"""Atoms of what is compared by which branches are tried to be seen to meet."""


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """A truth value: `then` where `above` is above zero, else `other`."""

    above: Expression
    then: "Truth"
    other: "Truth"


Truth: TypeAlias = bool | Decision


def comparing(e: Expressions, name: str, difference: Expression) -> Truth:
    """Whether a difference is above ("gt"), at ("eq") zero, and so on."""
    minus = e.scale(Fraction(-1), difference)
    return {
        "gt": Decision(difference, True, False),
        "le": Decision(difference, False, True),
        "lt": Decision(minus, True, False),
        "ge": Decision(minus, False, True),
        "eq": Decision(difference, False, Decision(minus, False, True)),
        "ne": Decision(difference, True, Decision(minus, True, False)),
    }[name]


def negated(x: Truth) -> Truth:
    """Not x."""
    return _decided(x, False, True)


def both(x: Truth, y: Truth) -> Truth:
    """x and y."""
    return _decided(x, y, False)


def either(x: Truth, y: Truth) -> Truth:
    """x or y."""
    return _decided(x, True, y)


def _decided(x: Truth, then: Truth, other: Truth) -> Truth:
    """`then` where x holds, else `other`."""
    if isinstance(x, bool):
        return then if x else other
    first = _decided(_known(x.then, x.above, True), then, other)
    second = _decided(_known(x.other, x.above, False), then, other)
    first, second = _known(first, x.above, True), _known(second, x.above, False)
    return first if first == second else Decision(x.above, first, second)


def _known(x: Truth, above: Expression, is_above: bool) -> Truth:
    """What is left of it where it is known whether something is above zero."""
    if isinstance(x, bool):
        return x
    if x.above == above:
        return _known(x.then if is_above else x.other, above, is_above)
    then, other = _known(x.then, above, is_above), _known(x.other, above, is_above)
    return then if then == other else Decision(x.above, then, other)


def picked(e: Expressions, truth: Truth, then: Expression, other: Expression) -> Expression:
    """One expression where something holds, another one elsewhere."""
    if isinstance(truth, bool):
        return then if truth else other
    return choice(
        e,
        truth.above,
        picked(e, truth.then, then, other),
        picked(e, truth.other, then, other),
    )


def sign(e: Expressions, x: Expression) -> Expression:
    """1, 0 or -1."""
    minus = e.scale(Fraction(-1), EXACT_ONE)
    below = choice(e, e.scale(Fraction(-1), x), minus, EXACT_ZERO)
    return choice(e, x, EXACT_ONE, below)


def choice(e: Expressions, above: Expression, then: Expression, other: Expression) -> Expression:
    """`then` where `above` is above zero, else `other`."""
    if above.number is not None:
        return then if above.number > 0 else other
    then, other = _knowing(e, above, True).of(then), _knowing(e, above, False).of(other)
    if then == other:
        return then
    guards = dict(e.guards)
    found = _joined(e, above, then, other)
    if found is not None:
        return found
    e.guards.clear()
    e.guards.update(guards)
    unit = e.scale(1 / max(abs(c) for _, c in above.terms), above)
    return e.atom("choice", (unit, then, other))


def _joined(
    e: Expressions, above: Expression, then: Expression, other: Expression
) -> Expression | None:
    """The same without a choice, where both branches meet at zero.

    Where an atom of `above` is replaced by what makes it max(above, 0) in one branch and
    min(above, 0) in the other, each branch is as before where it counts, and what both are at
    zero elsewhere.
    """
    larger = e.maximum(above, EXACT_ZERO)
    below = e.maximum(e.scale(Fraction(-1), above), EXACT_ZERO)
    smaller = e.scale(Fraction(-1), below)
    for atom, factor in [term for term in above.terms if term[0] != ONE_ATOM][:MOST_TRIED]:
        rest = e.combine([(Fraction(1), above), (-factor, of_atom(atom))])
        if _reads(e, rest, atom):
            continue

        at_zero, up, down = (
            _replacing(e, atom, e.scale(1 / factor, e.subtract(value, rest)))
            for value in (EXACT_ZERO, larger, smaller)
        )
        try:
            meeting = at_zero.of(then)
            if meeting != at_zero.of(other):
                continue
            total = e.add(up.of(then), down.of(other))
            return _as_few_kinks(e, above, e.subtract(total, meeting), larger, below)
        except UndefinedError:
            continue
    return None


def _as_few_kinks(
    e: Expressions, above: Expression, total: Expression, larger: Expression, below: Expression
) -> Expression:
    """Both max(x, 0) and max(-x, 0) = max(x, 0) - x, where one can stand for the other."""
    factors = dict(total.terms)
    kinks = [x.terms[0][0] for x in (larger, below) if len(x.terms) == 1]
    if len(kinks) < 2 or not all(kink in factors for kink in kinks):
        return total
    p, q = (factors[kink] for kink in kinks)
    if p * q > 0:
        return total
    if abs(p) >= abs(q):
        parts = [(-q, of_atom(kinks[1])), (q, larger), (-q, above)]
    else:
        parts = [(-p, of_atom(kinks[0])), (p, below), (p, above)]
    return e.combine([(Fraction(1), total), *parts])


def _reads(e: Expressions, x: Expression, atom: int) -> bool:
    """Whether an expression has an atom in it, however deep."""
    left, seen = [x], set()
    while left:
        for k, _ in left.pop().terms:
            if k == atom:
                return True
            if k not in seen:
                seen.add(k)
                left += e.atoms[k].operands
    return False


class _Rebuilding:
    """Expressions built anew from their atoms, some of which become others."""

    def __init__(self, e: Expressions, replaced: Callable[[int], Expression | None]):
        self._e, self._replaced = e, replaced
        self._known: dict[int, Expression] = {}

    def of(self, x: Expression) -> Expression:
        return self._e.combine((factor, self._atom(atom)) for atom, factor in x.terms)

    def _atom(self, atom: int) -> Expression:
        if atom not in self._known:
            found = self._replaced(atom)
            self._known[atom] = self._anew(atom) if found is None else found
        return self._known[atom]

    def _anew(self, atom: int) -> Expression:
        operation, operands, number = self._e.atoms[atom]
        read = tuple(self.of(x) for x in operands)
        return of_atom(atom) if read == operands else _rebuilt(self._e, operation, read, number)


def _rebuilt(
    e: Expressions, operation: str, read: tuple[Expression, ...], number: Fraction | None
) -> Expression:
    """The same operation on other expressions."""
    if operation == "power" and number is not None:
        return e.power(read[0], int(number))
    if operation == "softmax":
        return e.atom(operation, (read[0], *sorted(read[1:], key=lambda x: x.terms)))
    if operation == "choice":
        return choice(e, *read)
    return REBUILT[operation](e, *read)


REBUILT: dict[str, Callable[..., Expression]] = {
    "cos": functions.cosine,
    "divide": Expressions.divide,
    "erf": functions.error_function,
    "exp": Expressions.exp,
    "gelu": functions.gaussian_unit,
    "log": Expressions.log,
    "logistic": Expressions.logistic,
    "maximum": Expressions.maximum,
    "multiply": functions.multiplied,
    "sin": functions.sine,
    "tanh": Expressions.tanh,
    "xlogx": functions.times_own_log,
}


def _replacing(e: Expressions, atom: int, value: Expression) -> _Rebuilding:
    """Expressions with another value for one atom."""
    return _Rebuilding(e, lambda k: value if k == atom else None)


def _knowing(e: Expressions, above: Expression, is_above: bool) -> _Rebuilding:
    """Expressions where it is known whether one of them is above zero."""

    def replaced(k: int) -> Expression | None:
        operation, operands, _ = e.atoms[k]
        if operation == "choice":
            factor = _multiple(operands[0], above)
            if factor is None or (factor < 0 and not is_above):
                return None
            return knowing.of(operands[1] if (factor > 0) == is_above else operands[2])
        if operation != "maximum":
            return None
        left = list(operands)
        for x, y in itertools.permutations(operands, 2):
            factor = _multiple(e.subtract(x, y), above)
            if factor is not None and (factor > 0) == is_above and y in left and len(left) > 1:
                left.remove(y)
        return None if len(left) == len(operands) else knowing.of(e.maximum(*left))

    knowing = _Rebuilding(e, replaced)
    return knowing


def _multiple(x: Expression, y: Expression) -> Fraction | None:
    """x / y where that is a number, and not zero."""
    if [k for k, _ in x.terms] != [k for k, _ in y.terms] or not x.terms:
        return None
    factor = x.terms[0][1] / y.terms[0][1]
    same = all(c == factor * d for (_, c), (_, d) in zip(x.terms, y.terms, strict=True))
    return factor if same else None
