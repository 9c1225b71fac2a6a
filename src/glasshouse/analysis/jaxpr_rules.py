"""What JAX operations make of exact expressions, array by array.

An array is a NumPy array of objects: expressions, ±inf, or `Unsupported`, of which nobody hears
unless it reaches a probability. Whole numbers, truth values and random keys depend on no
parameter; they stay what JAX computes.
"""

import dataclasses
import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from glasshouse.analysis.expressions import ONE, ZERO, Expression, Expressions, Undefined

Array: TypeAlias = Any
"""Objects as above, or an array of whole numbers, truth values or keys."""

HALF = Fraction(1, 2)

AVAILABLE = (
    "sums, products, quotients, powers, exp, log, sqrt, tanh, jax.nn.sigmoid, jax.nn.softmax, "
    "jax.nn.softplus, jax.nn.relu, jnp.maximum, jnp.minimum, jnp.abs and jnp.clip"
)


@dataclasses.dataclass(frozen=True)
class Unsupported:
    """What no program computes.

    **Arguments:** `reason`, following "the semantics ".
    """

    reason: str


def operation(name: str) -> Unsupported:
    return Unsupported(
        f"uses the JAX operation {name!r}, which certificates cannot bound: write it with "
        f"{AVAILABLE}"
    )


def decision(name: str) -> Unsupported:
    return Unsupported(
        f"decides by comparing computed numbers (JAX operation {name!r}), which certificates "
        "cannot bound: write it with jnp.maximum, jnp.minimum, jnp.abs or jnp.clip"
    )


def is_objects(array: Array) -> bool:
    return isinstance(array, np.ndarray) and array.dtype == object


def objects(values: Array) -> np.ndarray:
    """An array of numbers as exact expressions."""
    if is_objects(values):
        return values
    values = np.asarray(values)
    return _each(_exact, values if values.dtype.kind in "biu" else values.astype(np.float64))


def _exact(number: Any) -> Expression | float | Unsupported:
    number = number.item() if isinstance(number, np.generic) else number
    if not math.isfinite(number):
        return Unsupported("computes NaN") if math.isnan(number) else number
    return Expression(((0, Fraction(number)),)) if number else ZERO


def constants(value: Any) -> Array:
    """A constant of a jaxpr: floats as expressions, all else as it is."""
    dtype = jnp.result_type(value)
    return objects(value) if jnp.issubdtype(dtype, jnp.floating) else value


def filled(shape: tuple[int, ...], value: object) -> np.ndarray:
    array = np.empty(shape, dtype=object)
    array[...] = value
    return array


def _each(function: Callable, *arrays: np.ndarray) -> np.ndarray:
    """A function of single elements, broadcast over arrays."""
    found = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return found if isinstance(found, np.ndarray) else filled((), found)


def _power(e: Expressions, x: Expression, y: Expression) -> Expression:
    if y.number is not None and y.number.denominator == 1:
        return e.power(x, int(y.number))
    return e.exp(e.multiply(y, e.log(x)))


def _root(e: Expressions, x: Expression, exponent: Fraction) -> Expression:
    return e.exp(e.scale(exponent, e.log(x)))


ELEMENTWISE: dict[str, Callable[..., Expression]] = {
    "add": lambda e, x, y: e.add(x, y),
    "add_any": lambda e, x, y: e.add(x, y),
    "sub": lambda e, x, y: e.subtract(x, y),
    "neg": lambda e, x: e.scale(Fraction(-1), x),
    "mul": lambda e, x, y: e.multiply(x, y),
    "div": lambda e, x, y: e.divide(x, y),
    "square": lambda e, x: e.multiply(x, x),
    "integer_pow": lambda e, x, y: e.power(x, y),
    "pow": _power,
    "sqrt": lambda e, x: _root(e, x, HALF),
    "rsqrt": lambda e, x: _root(e, x, -HALF),
    "exp": lambda e, x: e.exp(x),
    "exp2": lambda e, x: e.exp(e.multiply(x, e.log(e.add(ONE, ONE)))),
    "expm1": lambda e, x: e.subtract(e.exp(x), ONE),
    "log": lambda e, x: e.log(x),
    "log1p": lambda e, x: e.log(e.add(ONE, x)),
    "tanh": lambda e, x: e.tanh(x),
    "logistic": lambda e, x: e.logistic(x),
    "max": lambda e, x, y: e.maximum(x, y),
    "min": lambda e, x, y: e.minimum(x, y),
    "clamp": lambda e, low, x, high: e.minimum(e.maximum(low, x), high),
    "abs": lambda e, x: e.absolute(x),
    "stop_gradient": lambda e, x: x,
    "copy": lambda e, x: x,
    "copy_p": lambda e, x: x,
    "optimization_barrier": lambda e, x: x,
}
"""Operations on one element of each operand; parameters of the operation follow by name."""

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


class Rules:
    """The operations, on the expressions of one program."""

    def __init__(self, expressions: Expressions):
        self.expressions = expressions
