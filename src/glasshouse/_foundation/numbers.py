"""Numbers that users give, checked on their way in: one door for real ones, one for whole ones.

What is no such number is refused by an `InputError` that names the setting.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, SupportsFloat, SupportsIndex, runtime_checkable

import numpy as np
from jaxtyping import ArrayLike

from glasshouse._foundation.arrays import NotRealError, RealArray, as_array, is_traced
from glasshouse.errors import InputError


@runtime_checkable
class HasArray(Protocol):
    """What becomes a NumPy array: tables and series of pandas, arrays of xarray and others."""

    def __array__(self) -> np.ndarray: ...


Numbers = ArrayLike | Sequence | SupportsFloat | SupportsIndex | HasArray
"""A number of any real type, an array of any library, or lists of numbers."""

Pair = Sequence | np.ndarray | HasArray
"""Two numbers, the lower one first."""

if TYPE_CHECKING:
    Whole = SupportsIndex
    HeldFloat = float
    HeldInt = int
    HeldPair = tuple[float, float]
    HeldRows = tuple[tuple[float, ...], ...]
    HeldArray = RealArray
    HeldVector = RealArray | Sequence[float]
    HeldSetting = RealArray | float
else:  # checks of annotations at run time see what is given
    Whole = HeldFloat = HeldInt = HeldPair = HeldRows = HeldArray = HeldVector = HeldSetting = Any
"""A whole number of any type; and what a field of a dataclass holds, whatever was given for it: the
doors below convert it, and say what is wrong with it."""

LARGEST_WEIGHT = 1e50
"""Couplings, weights and bounds beyond this are refused: logits are products of two of them, and
gradients of those and payoffs."""

LARGEST_PAYOFF = 1e100
"""Payoffs beyond this are refused before sums of many, or products with weights, overflow."""

SMALLEST_RANGE = 1e-100
"""Payoffs of a player that differ, but by less than this, are refused before gradients of them
vanish in rounding, where nothing tells that from rest or saturation."""

PROBABILITY_TOLERANCE = 1e-5
"""Probabilities may sum to 1 within this: rounding of 32-bit numbers."""

SINGLE = ((),)
"""The shapes of a single number."""


def number_array(
    value: Any, name: str, shapes: Sequence[tuple[int, ...]] | None = SINGLE
) -> RealArray:
    """Numbers of one of these shapes, by default a single one, as an array; None: of any shape."""
    try:
        array = as_array(value)
    except NotRealError as error:
        wanted = "a number" if shapes is SINGLE else "numbers in a rectangular array"
        raise InputError(f"{name} must be {wanted}, but is {shown(value)}: {error}") from error
    if shapes is not None and array.shape not in shapes:
        allowed = " or ".join("a single number" if s == () else f"shape {s}" for s in shapes)
        raise InputError(f"{name} has shape {array.shape}: it must be {allowed}")
    return array


def number(
    value: Any,
    name: str,
    least: float = -math.inf,
    most: float = math.inf,
    *,
    above: float = -math.inf,
) -> float:
    """A single finite number from `least` to `most` and above `above`, as a Python float."""
    try:
        array = as_array(value)
    except NotRealError as error:
        raise InputError(f"{name}={shown(value)} must be a number: {error}") from error
    if array.shape:
        raise InputError(f"{name}={shown(value)} must be a single number")
    if is_traced(array):
        raise InputError(f"{name} must have a value: it cannot be traced by jit, vmap or grad")
    found = float(array)
    if not least <= found <= most or not found > above or not math.isfinite(found):
        raise InputError(f"{name}={found:g} must be {_allowed(least, most, above)}")
    return found


def _allowed(least: float, most: float, above: float) -> str:
    low = f"above {above:g}" if above > -math.inf else f"at least {least:g}"
    if above == least == -math.inf:
        return "finite" if most == math.inf else f"finite and at most {most:g}"
    if most == math.inf:
        return f"finite and {low}"
    return f"{low} and at most {most:g}"


def pair(value: Any, name: str, *, equal: bool = False) -> tuple[float, float]:
    """Two finite numbers, the second above the first, or equal to it where that is allowed."""
    array = number_array(value, name, shapes=[(2,)])
    if is_traced(array):
        raise InputError(f"{name} must have values: it cannot be traced by jit, vmap or grad")
    low, high = (float(x) for x in array)
    if not -math.inf < low <= high < math.inf or (low == high and not equal):
        raise InputError(f"{name} [{low:g}, {high:g}] must be increasing and finite")
    return low, high


def _single(value: Any, name: str, fits: Callable[[float], bool], rule: str) -> RealArray:
    """A single number that fits, as an array; what is traced is not looked at."""
    array = number_array(value, name)
    if not is_traced(array) and not fits(found := float(np.asarray(array))):
        raise InputError(f"{name} must {rule}, but is {found:g}")
    return array


def number_within(value: Any, name: str, least: float = 0.0, most: float = math.inf) -> RealArray:
    """A single finite number from `least` to `most`, as an array."""
    bounded = f"lie between {least:g} and {most:g}"
    rule = f"be finite and at least {least:g}" if most == math.inf else bounded
    return _single(value, name, lambda x: least <= x <= most and math.isfinite(x), rule)


def finite_number(value: Any, name: str) -> RealArray:
    """A single finite number, as an array."""
    return _single(value, name, math.isfinite, "be finite")


def positive(value: Any, name: str, most: float = LARGEST_PAYOFF) -> RealArray:
    """A positive number, as an array."""
    return _single(value, name, lambda x: 0 < x <= most, f"be positive and at most {most:g}")


def check_ranges(ranges: np.ndarray, least: float = SMALLEST_RANGE, where: str = "") -> None:
    """Refuse payoffs that differ too little, or too much, for gradients of them to be computed.

    **Arguments:** `ranges`, the largest minus the smallest payoff of each player; `where`, in words
    the precision that sets `least`.
    **Raises:** `InputError` naming the player; players to whom all outcomes are the same pass.
    """
    tiny = (ranges > 0) & (ranges < least)
    for verb, wrong, limit, effect in (
        ("range over", ~(ranges <= LARGEST_PAYOFF), f"below {LARGEST_PAYOFF:g}", "overflow"),
        ("differ by only", tiny, f"above {least:g}", "vanish in rounding"),
    ):
        if np.any(wrong):
            player = int(np.argmax(wrong))
            raise InputError(
                f"payoffs of player {player + 1} {verb} {float(ranges[player]):g}, and gradients "
                f"of them would {effect}{where}: rescale them {limit}, which changes no threshold "
                "and no equilibrium"
            )


def checked_bound(value: Any) -> RealArray:
    """The bound of parameters as an array: a positive number, or infinity for no bound."""
    rule = f"be positive and at most {LARGEST_WEIGHT:g}, or infinite"
    return _single(value, "bound", lambda x: 0 < x <= LARGEST_WEIGHT or x == math.inf, rule)


def checked_weights(
    value: Any, name: str, shapes: Sequence[tuple[int, ...]] | None = SINGLE
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


def not_negative(
    value: Numbers, name: str, shapes: Sequence[tuple[int, ...]] | None = SINGLE
) -> RealArray:
    """Numbers of one of these shapes (None: of any), finite and none of them negative.

    **Raises:** `InputError` otherwise; what is traced is not looked at.
    """
    numbers = checked_weights(value, name, shapes)
    if not is_traced(numbers) and not np.all(np.asarray(numbers) >= 0):
        least = float(np.min(np.asarray(numbers)))
        raise InputError(f"{name}={least:g} must be at least 0")
    return numbers


def whole(value: Any, name: str, least: int = 1, most: int | None = None, *, note: str = "") -> int:
    """A whole number of any integer type from `least` to `most`, but no truth value.

    **Arguments:** `note`, a sentence that ends the message.
    """
    try:
        masked = isinstance(value, np.ma.MaskedArray) and bool(np.any(np.ma.getmaskarray(value)))
        number = None if isinstance(value, bool | np.bool_) or masked else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        wanted = "a positive whole number" if least == 1 else f"a whole number from {least} on"
        if most is not None:
            wanted = f"a whole number from {least} to {most}"
        raise InputError(f"{name}={shown(value)} must be {wanted}{note}")
    return number


def action_counts(actions: Any) -> tuple[int, ...]:
    """How many actions each player has, as Python's whole numbers."""
    if isinstance(actions, tuple) and set(map(type, actions)) <= {int}:  # which is quick, and usual
        return actions
    try:
        counts = tuple(actions)
    except TypeError:
        raise InputError(
            f"actions={shown(actions)} must be a number of actions for each player, as (2, 2)"
        ) from None
    return tuple(whole(count, "each of actions", least=0) for count in counts)


def player_number(player: Any, count: int) -> int:
    """The number of one of so many players, counted from 0."""
    try:
        return whole(player, "player", least=0, most=count - 1)
    except InputError:
        raise InputError(
            f"there is no player {shown(player)}: choose a whole number from 0 to {count - 1}"
        ) from None


def shown(value: Any) -> str:
    """The value in a message, short and on one line."""
    try:
        return " ".join(repr(value).split())[:60]
    except ValueError:  # whole numbers of thousands of digits
        return f"{type(value).__name__} of too many digits"
