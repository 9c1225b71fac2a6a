"""Numbers that users give, checked on their way in."""

import math
import operator
from collections.abc import Sequence
from typing import Any, SupportsIndex, TypeAlias

import numpy as np
from jaxtyping import ArrayLike

from glasshouse._arrays import RealArray, as_array, is_traced
from glasshouse.errors import InputError

Numbers: TypeAlias = ArrayLike | Sequence
"""A number, an array, or lists of numbers."""

LARGEST_WEIGHT = 1e50
"""Couplings, weights and bounds beyond this are refused: logits are products of two of them, and
gradients of those and payoffs."""

LARGEST_PAYOFF = 1e100
"""Payoffs beyond this are refused before sums of many, or products with weights, overflow."""

SINGLE = ((),)
"""The shapes of a single number."""


def number_array(
    value: Numbers, name: str, shapes: Sequence[tuple[int, ...]] | None = SINGLE
) -> RealArray:
    """Numbers of one of these shapes, by default a single one, as an array; None: of any shape.

    **Raises:** `InputError` naming them, when they are no numbers or have another shape.
    """
    try:
        array = as_array(value)
    except (ValueError, TypeError) as error:
        wanted = "a number" if shapes is SINGLE else "numbers in a rectangular array"
        raise InputError(f"{name} must be {wanted}, but is {shown(value)}") from error
    if shapes is not None and array.shape not in shapes:
        allowed = " or ".join("a single number" if s == () else f"shape {s}" for s in shapes)
        raise InputError(f"{name} has shape {array.shape}: it must be {allowed}")
    return array


def number_within(
    value: Numbers, name: str, least: float = 0.0, most: float = math.inf
) -> RealArray:
    """A single finite number from `least` to `most`, as an array; what is traced is not looked at.

    **Raises:** `InputError` naming the setting, when it is no such number.
    """
    array = number_array(value, name)
    if not is_traced(array):
        number = float(np.asarray(array))
        if not least <= number <= most or not math.isfinite(number):
            bounded = f"lie between {least:g} and {most:g}"
            allowed = f"be finite and at least {least:g}" if most == math.inf else bounded
            raise InputError(f"{name} must {allowed}, but is {number:g}")
    return array


def finite_number(value: Numbers, name: str) -> RealArray:
    """A single finite number, as an array.

    **Raises:** `InputError` naming it, when it is none.
    """
    array = number_array(value, name)
    if not is_traced(array) and not math.isfinite(float(np.asarray(array))):
        raise InputError(f"{name} must be finite, but is {float(np.asarray(array)):g}")
    return array


def positive(value: Numbers, name: str, most: float = LARGEST_PAYOFF) -> RealArray:
    """A positive number, as an array.

    **Raises:** `InputError` naming it, when it is none.
    """
    array = number_array(value, name)
    if not is_traced(array):
        number = float(np.asarray(array))
        if not 0 < number <= most:
            raise InputError(f"{name} must be positive and at most {most:g}, but is {number:g}")
    return array


def checked_bound(value: Numbers) -> RealArray:
    """The bound of parameters as an array: a positive number, or infinity for no bound.

    **Raises:** `InputError` when it is no such number.
    """
    array = number_array(value, "bound")
    if not is_traced(array):
        number = float(np.asarray(array))
        if not number > 0 or (number > LARGEST_WEIGHT and number != math.inf):
            raise InputError(
                f"bound must be positive and at most {LARGEST_WEIGHT:g}, or infinite, but is "
                f"{number:g}"
            )
    return array


def checked_weights(
    value: Numbers, name: str, shapes: Sequence[tuple[int, ...]] | None = SINGLE
) -> RealArray:
    """Couplings or weights of one of these shapes, as an array.

    **Raises:** `InputError` naming them, when they have another shape, are not finite or so large
    that products of them would overflow.
    """
    array = number_array(value, name, shapes)
    if not is_traced(array):
        values = np.asarray(array)
        wrong = values[~(np.abs(values) <= LARGEST_WEIGHT)]
        if wrong.size:
            found = f"is {wrong[0]:g}" if not values.ndim else f"one of them is {wrong[0]:g}"
            raise InputError(f"{name} must be finite and at most {LARGEST_WEIGHT:g}, but {found}")
    return array


def whole(value: SupportsIndex, name: str, least: int = 1) -> int:
    """A whole number, NumPy's included, but no truth value.

    **Raises:** `InputError` naming it, when it is none or less than `least`.
    """
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        wanted = "a positive whole number" if least == 1 else f"a whole number from {least} on"
        raise InputError(f"{name}={shown(value)} must be {wanted}")
    return number


def shown(value: Any) -> str:
    """The value in a message, short and on one line."""
    return " ".join(repr(value).split())[:60]
