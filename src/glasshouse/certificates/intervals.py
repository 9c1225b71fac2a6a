"""Intervals whose ends are Arb balls: arithmetic in which rounding cannot hide.

An interval is a pair `(low, high)` of balls: every number from the lowest point of `low` to the
highest point of `high`. Balls round outward by construction, so each function here returns an
interval that holds every value the function takes on its arguments. Ends may be infinite. An end
that is NaN is unknown: it stands for -∞ or ∞, and comparisons with it are never true.
"""

import contextlib
import functools
import threading
from collections.abc import Iterator

from flint import arb, ctx

Interval = tuple[arb, arb]

ZERO, ONE, QUARTER = arb(0), arb(1), arb("0.25")
NOTHING: Interval = (ZERO, ZERO)
UNIT: Interval = (ONE, ONE)
EVERYTHING: Interval = (arb("-inf"), arb("inf"))

_ALONE = threading.RLock()


@contextlib.contextmanager
def precision(bits: int) -> Iterator[None]:
    """Inside, Arb computes with so many bits: they are the process's, so one thread at a time."""
    with _ALONE, ctx.workprec(bits):
        yield


def point(number: float | arb) -> Interval:
    """The interval that holds one number."""
    ball = arb(number)
    return ball, ball


def is_point(x: Interval) -> bool:
    """Whether the interval is known to hold one number only."""
    return x[0].is_exact() and x[0] == x[1]


def hull(balls: tuple[arb, ...]) -> Interval:
    """The smallest interval around some balls."""
    return functools.reduce(arb.min, balls), functools.reduce(arb.max, balls)


def add(x: Interval, y: Interval) -> Interval:
    """x + y."""
    return x[0] + y[0], x[1] + y[1]


def subtract(x: Interval, y: Interval) -> Interval:
    """x - y, as if they were independent."""
    return x[0] - y[1], x[1] - y[0]


def negative(x: Interval) -> Interval:
    """-x."""
    return -x[1], -x[0]


def scale(factor: arb, x: Interval) -> Interval:
    """A number times x; zero times anything is zero, in the limit too."""
    if factor.is_zero():
        return ZERO, ZERO
    if factor >= 0:
        return factor * x[0], factor * x[1]
    if factor <= 0:
        return factor * x[1], factor * x[0]
    return hull((factor * x[0], factor * x[1]))


def multiply(x: Interval, y: Interval) -> Interval:
    """x y, as if they were independent."""
    if x[0] >= 0:
        return _multiply_positive(x, y)
    if y[0] >= 0:
        return _multiply_positive(y, x)
    return hull((x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]))


def _multiply_positive(x: Interval, y: Interval) -> Interval:
    """x y where x is not negative."""
    (a, b), (c, d) = x, y
    low = a * c if c >= 0 else b * c if c <= 0 else (a * c).min(b * c)
    high = b * d if d >= 0 else a * d if d <= 0 else (a * d).max(b * d)
    return low, high


def divide(x: Interval, y: Interval) -> Interval:
    """x / y; everything where y may be zero."""
    if y[0] > 0 or y[1] < 0:
        return multiply(x, (1 / y[1], 1 / y[0]))
    return EVERYTHING


def power(x: Interval, exponent: int) -> Interval:
    """x to a positive whole power."""
    low, high = x[0] ** exponent, x[1] ** exponent
    if exponent % 2 or x[0] >= 0:
        return low, high
    if x[1] <= 0:
        return high, low
    return ZERO, low.max(high)


def root(x: Interval, exponent: arb) -> Interval:
    """x to a positive power, whole or not; everything where x may be negative."""
    if not x[0] >= 0:
        return EVERYTHING
    low = x[0] ** exponent if x[0] > 0 and x[0].is_finite() else x[0].lower()
    high = x[1] ** exponent if x[1] > 0 and x[1].is_finite() else x[1].upper() ** exponent
    return (low if low > 0 else ZERO), (EVERYTHING[1] if high.is_nan() else high)


def root_slope(x: Interval, exponent: arb) -> Interval:
    """Its derivative, which is infinite at zero where the power is below 1."""
    if not x[0] >= 0:
        return EVERYTHING
    if exponent >= 1:
        return scale(exponent, root(x, exponent - 1)) if exponent > 1 else UNIT
    steepest = exponent * x[0] ** (exponent - 1) if x[0] > 0 else EVERYTHING[1]
    flattest = exponent * x[1] ** (exponent - 1) if x[1] > 0 and x[1].is_finite() else ZERO
    return flattest, steepest


def maximum(x: Interval, y: Interval) -> Interval:
    """The larger of both."""
    return x[0].max(y[0]), x[1].max(y[1])


def exp(x: Interval) -> Interval:
    """e to the power of x."""
    return x[0].exp(), x[1].exp()


def log(x: Interval) -> Interval:
    """The natural logarithm; everything where x may be negative."""
    if x[0] > 0:
        return x[0].log(), x[1].log()
    return (EVERYTHING[0], x[1].log()) if x[0] >= 0 else EVERYTHING


def tanh(x: Interval) -> Interval:
    """The hyperbolic tangent, increasing from -1 to 1."""
    return _or(x[0].tanh(), -ONE), _or(x[1].tanh(), ONE)


def logistic(x: Interval) -> Interval:
    """1 / (1 + e^-x), increasing from 0 to 1."""
    return _or(1 / (1 + (-x[0]).exp()), ZERO), _or(1 / (1 + (-x[1]).exp()), ONE)


def logistic_slope(x: Interval) -> Interval:
    """The derivative of the logistic function, which falls on both sides of zero."""
    at_low, at_high = _bell(x[0]), _bell(x[1])
    if x[0] >= 0:
        return _or(at_high, ZERO), _or(at_low, QUARTER)
    if x[1] <= 0:
        return _or(at_low, ZERO), _or(at_high, QUARTER)
    return _or(at_low.min(at_high), ZERO), QUARTER


def tanh_slope(x: Interval) -> Interval:
    """The derivative of the hyperbolic tangent, 4 times that of the logistic function at 2 x."""
    return scale(arb(4), logistic_slope(scale(arb(2), x)))


def _bell(x: arb) -> arb:
    falling = (-abs(x)).exp()  # neither overflows nor loses digits where the function saturates
    return falling / (1 + falling) ** 2


def _or(ball: arb, bound: arb) -> arb:
    """A ball, or where it is unknown what bounds the function there."""
    return bound if ball.is_nan() else ball
