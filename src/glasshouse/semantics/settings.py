"""Numbers that semantics and channels are set up with, checked on their way in."""

import math

import numpy as np
from jaxtyping import ArrayLike

from glasshouse._arrays import RealArray, as_array, is_traced
from glasshouse.errors import InputError


def number_within(
    value: ArrayLike, name: str, least: float = 0.0, most: float = math.inf
) -> RealArray:
    """A single finite number from `least` to `most`, as an array; what is traced is not looked at.

    **Raises:** `InputError` naming the setting, when it is no such number.
    """
    try:
        array = as_array(value)
    except (ValueError, TypeError) as error:
        raise InputError(f"{name} must be a number, but is {value!r:.60}") from error
    if array.shape != ():
        raise InputError(f"{name} has shape {array.shape}: it must be a single number")
    if not is_traced(array):
        number = float(np.asarray(array))
        if not least <= number <= most or not math.isfinite(number):
            bounded = f"lie between {least:g} and {most:g}"
            allowed = f"be finite and at least {least:g}" if most == math.inf else bounded
            raise InputError(f"{name} must {allowed}, but is {number:g}")
    return array
