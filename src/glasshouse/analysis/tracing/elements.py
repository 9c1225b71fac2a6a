"""What JAX operations make of single numbers that are exact expressions.

An element of an array is an expression, ±inf, or `Unsupported`, of which nobody hears unless it
reaches a probability.
"""

import dataclasses
import functools
import math
import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from glasshouse.analysis.tracing import choices, functions
from glasshouse.analysis.tracing.atoms import (
    EXACT_ONE,
    EXACT_ZERO,
    ONE_ATOM,
    Expression,
    UndefinedError,
)
from glasshouse.analysis.tracing.choices import Decision, Truth
from glasshouse.analysis.tracing.expressions import Expressions

AVAILABLE = (
    "sums, products, quotients, powers, exp, log, sqrt, tanh, jax.nn.sigmoid, jax.nn.softmax, "
    "jax.nn.softplus, jax.nn.relu, sin, cos, erf, xlogy, jnp.maximum, jnp.minimum, jnp.abs, "
    "jnp.clip and jnp.where"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Unsupported:
    """What no program computes: `reason`, following "the semantics "."""

    reason: str


Element: TypeAlias = Expression | float | Unsupported | Decision
"""A float is infinite."""

TOO_CLOSE = Fraction(1, 10**9)
"""Of computed numbers closer than this, floats may decide otherwise than real numbers."""

HALF, MINUS_HALF = Fraction(1, 2), Fraction(-1, 2)


def operation(name: str) -> Unsupported:
    """A JAX operation for which there is no rule."""
    return Unsupported(
        f"uses the JAX operation {name!r}, which certificates cannot bound: write it with "
        f"{AVAILABLE}"
    )


def decision(name: str) -> Unsupported:
    """A comparison whose outcome depends on parameters."""
    return Unsupported(
        f"decides by comparing computed numbers (JAX operation {name!r}), which certificates "
        "cannot bound: write it with jnp.where, jnp.maximum, jnp.minimum, jnp.abs or jnp.clip"
    )


def whole_constant(x: Any, least: int, most: int) -> int | Unsupported:
    """A number without its fraction, where it is known and lies between two others."""
    if isinstance(x, Unsupported):
        return x
    number = x.number if isinstance(x, Expression) else None
    if number is None or 0 < abs(number - round(number)) < TOO_CLOSE:
        return decision("convert_element_type")
    if not least <= int(number) <= most:
        about = Decimal(number.numerator) / Decimal(number.denominator)
        return Unsupported(
            f"makes {about:.6g} a whole number of {least} to {most} (JAX operation "
            "'convert_element_type'), which no such number is: keep it inside"
        )
    return int(number)


def exact(number: float | int) -> Element:
    """A number as it is."""
    if math.isnan(number):
        return Unsupported("computes NaN: only real numbers can be bounded")
    if math.isinf(number):
        return number
    return Expression(((ONE_ATOM, Fraction(number)),)) if number else EXACT_ZERO


def _dot(e: Expressions, *xs: Expression) -> Expression:
    """The first half of the elements times the second, summed."""
    pairs = zip(xs[: len(xs) // 2], xs[len(xs) // 2 :], strict=True)
    return e.combine(_product(e, x, y) for x, y in pairs)


def _product(e: Expressions, x: Expression, y: Expression) -> tuple[Fraction, Expression]:
    if x.number is not None:
        return x.number, y
    return (Fraction(1), e.multiply(x, y)) if y.number is None else (y.number, x)


ELEMENTWISE: dict[str, Callable[..., Expression]] = {
    "abs": Expressions.absolute,
    "add": Expressions.add,
    "add_any": Expressions.add,
    "clamp": lambda e, low, x, high: e.minimum(e.maximum(low, x), high),
    "cos": functions.cosine,
    "div": Expressions.divide,
    "dot": _dot,
    "erf": functions.error_function,
    "erfc": lambda e, x: e.subtract(EXACT_ONE, functions.error_function(e, x)),
    "exp": Expressions.exp,
    "exp2": lambda e, x: e.exp(e.multiply(x, e.log(e.add(EXACT_ONE, EXACT_ONE)))),
    "expm1": lambda e, x: e.subtract(e.exp(x), EXACT_ONE),
    "integer_pow": Expressions.power,
    "log": Expressions.log,
    "log1p": lambda e, x: e.log(e.add(EXACT_ONE, x)),
    "logaddexp": lambda e, x, y: e.log(e.add(e.exp(x), e.exp(y))),
    "logistic": Expressions.logistic,
    "max": Expressions.maximum,
    "min": Expressions.minimum,
    "mul": functions.multiplied,
    "neg": lambda e, x: e.scale(Fraction(-1), x),
    "pow": Expressions.real_power,
    "product": lambda e, *xs: functools.reduce(e.multiply, xs, EXACT_ONE),
    "rsqrt": lambda e, x: e.root(x, MINUS_HALF),
    "sign": choices.sign,
    "sin": functions.sine,
    "sqrt": lambda e, x: e.root(x, HALF),
    "square": lambda e, x: e.multiply(x, x),
    "sub": Expressions.subtract,
    "tanh": Expressions.tanh,
    "xlogy": functions.times_log,
}
"""By name of the operation, on one element of each operand ("dot", "product": of a row)."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
    "ne": operator.ne,
}

NEUTRAL = {"max": -math.inf, "min": math.inf}
"""The number that does not count among others."""


LARGEST_FACTOR = 10**30
"""Products of ordinary parameters and of factors up to this stay far below 1.8e308."""

OVERFLOWING = frozenset({"exp", "divide", "power", "log"})
"""What may be infinite in floats where its operands are not."""


def may_overflow(expressions: Expressions, x: Expression) -> bool:
    """Whether floats of ordinary parameters may be infinite where this real number is not."""
    left, seen = [x], set()
    while left:
        for k, factor in left.pop().terms:
            atom = expressions.atoms[k]
            if abs(factor) > LARGEST_FACTOR or atom.operation in OVERFLOWING:
                return True
            if k not in seen:
                seen.add(k)
                left += atom.operands
    return False


def depends_on_inputs(expressions: Expressions, x: Expression) -> bool:
    """Whether an expression moves with a parameter, as far as its text tells."""
    left, seen = [x], set()
    while left:
        for k, _ in left.pop().terms:
            atom = expressions.atoms[k]
            if atom.operation == "input":
                return True
            if k not in seen:
                seen.add(k)
                left += atom.operands
    return False


def selected(expressions: Expressions, truth: Any, other: Any, then: Any) -> Any:
    """What is chosen of two elements, in the order of JAX: where it is false, and where true."""
    if isinstance(truth, Unsupported):
        return other if other == then else truth
    if not isinstance(truth, Decision):
        return then if truth else other
    if other == then:
        return then
    for case in (other, then):
        if isinstance(case, Unsupported):
            return case
    if any(isinstance(case, bool | np.bool_ | Decision) for case in (other, then)):
        first = choices.both(truth, _truth(then))
        return choices.either(first, choices.both(choices.negated(truth), _truth(other)))
    if any(isinstance(case, float) for case in (other, then)):
        return Unsupported("gives an infinite number to the JAX operation 'select_n'")
    return choices.picked(expressions, truth, then, other)


LOGIC: dict[str, Callable[..., Truth]] = {
    "and": choices.both,
    "not": choices.negated,
    "or": choices.either,
    "reduce_and": lambda *xs: functools.reduce(choices.both, xs, True),
    "reduce_or": lambda *xs: functools.reduce(choices.either, xs, False),
}
"""By name of the operation, on truth values (the last two: of a row)."""


def logic(name: str, *xs: Any) -> Any:
    """A rule for truth values, some of which depend on parameters or are not known."""
    for x in xs:
        if isinstance(x, Unsupported):
            return x
    return LOGIC[name](*map(_truth, xs))


def _truth(x: Any) -> Truth:
    return x if isinstance(x, Decision) else bool(x)


class Rule:
    """One operation on elements, as a function of them.

    **Arguments:** `expressions` of the program; `name`, of ELEMENTWISE, of COMPARISONS, or
    "is_finite"; `settings`, numbers that follow the elements.
    """

    def __init__(self, expressions: Expressions, name: str, *settings: int):
        self._expressions, self._name, self._settings = expressions, name, settings

    def __call__(self, *xs: Any) -> Any:
        for x in xs:
            if isinstance(x, Unsupported):
                return x
        if self._name == "is_finite":
            return self._finite(xs[0])
        if self._name in COMPARISONS:
            return self._compared(*xs)
        if self._name in NEUTRAL:
            xs = tuple(x for x in xs if x != NEUTRAL[self._name]) or xs[:1]
        if any(isinstance(x, float) for x in xs):
            return _at_infinity(self._name, xs)
        try:
            return ELEMENTWISE[self._name](self._expressions, *xs, *self._settings)
        except UndefinedError as error:
            return Unsupported(f"{error}, in the JAX operation {self._name!r}")

    def _finite(self, x: Expression | float) -> bool | Unsupported:
        """Real numbers are finite, but floats may overflow, and the function go another way."""
        if not isinstance(x, Expression):
            return False
        return decision("is_finite") if may_overflow(self._expressions, x) else True

    def _compared(self, x: Expression | float, y: Expression | float) -> Truth | Unsupported:
        compare = COMPARISONS[self._name]
        if isinstance(x, Expression) and isinstance(y, Expression):
            distance = self._expressions.subtract(x, y)
            if depends_on_inputs(self._expressions, distance):
                return choices.comparing(self._expressions, self._name, distance)
            difference = distance.number
            sizes = [abs(z.number) for z in (x, y) if z.number is not None]
            if difference is None or 0 < abs(difference) < TOO_CLOSE * max(sizes, default=1):
                return decision(self._name)
            if may_overflow(self._expressions, x) or may_overflow(self._expressions, y):
                return decision(self._name)  # x != x asks for NaN
            return compare(difference, 0)
        return compare(*(z if isinstance(z, float) else 0.0 for z in (x, y)))


def _at_infinity(name: str, xs: tuple[Expression | float, ...]) -> Element:
    """What an operation makes of infinite numbers, such as the logits of actions left out."""
    infinite = [x for x in xs if isinstance(x, float)]
    if name in NEUTRAL:
        return infinite[0]
    if name == "neg":
        return -infinite[0]
    if name == "exp" and infinite[0] < 0:
        return EXACT_ZERO
    if name == "add" and len(set(infinite)) == 1:
        return infinite[0]
    if name == "sub" and len(infinite) == 1:
        return infinite[0] if isinstance(xs[0], float) else -infinite[0]
    return Unsupported(f"gives an infinite number to the JAX operation {name!r}")
