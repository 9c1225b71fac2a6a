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


def erf(x: Interval) -> Interval:
    """The error function, increasing from -1 to 1."""
    return _or(_erf(x[0]), -ONE), _or(_erf(x[1]), ONE)


def erf_slope(x: Interval) -> Interval:
    """Its derivative, 2 e^(-x²) / √π, which falls on both sides of zero."""
    at_low, at_high, highest = _gauss(x[0]), _gauss(x[1]), _gauss(ZERO)
    if x[0] >= 0:
        return _or(at_high, ZERO), _or(at_low, highest)
    if x[1] <= 0:
        return _or(at_low, ZERO), _or(at_high, highest)
    return _or(at_low.min(at_high), ZERO), highest


def sin(x: Interval) -> Interval:
    """The sine: 1 or -1 wherever it may come up or down to it."""
    ends = x[0].sin(), x[1].sin()
    turn = 2 * arb.pi()
    low = -ONE if _may_hold_whole(x, turn, -turn / 4) else _or(ends[0].min(ends[1]), -ONE)
    high = ONE if _may_hold_whole(x, turn, turn / 4) else _or(ends[0].max(ends[1]), ONE)
    return low, high


def cos(x: Interval) -> Interval:
    """The cosine, the sine a quarter of a turn later."""
    quarter = arb.pi() / 2
    return sin((x[0] + quarter, x[1] + quarter))


def x_log_x(x: Interval) -> Interval:
    """x log x, 0 at zero, which falls up to 1/e and then rises; everything where x may be
    negative."""
    if not x[0] >= 0:
        return EVERYTHING
    low, high, turn = _x_log_x(x[0]), _x_log_x(x[1]), (-ONE).exp()
    if x[0] > turn:
        return low, _or(high, EVERYTHING[1])
    if x[1] < turn:
        return high, _or(low, ZERO)
    return -turn, _or(_or(low, ZERO).max(high), EVERYTHING[1])


def x_log_x_slope(x: Interval) -> Interval:
    """Its derivative, 1 + log x."""
    return add(UNIT, log(x)) if x[0] >= 0 else EVERYTHING


def gelu(x: Interval) -> Interval:
    """x (1 + erf x) / 2, which falls up to its only turning point and then rises."""
    low, high, turn = _gelu(x[0]), _gelu(x[1]), arb(*GELU_TURNS)
    if x[1] < turn:
        return high, _or(low, ZERO)
    if x[0] > turn:
        return low, high
    return _gelu(turn), _or(_or(low, ZERO).max(high), EVERYTHING[1])


def gelu_slope(x: Interval) -> Interval:
    """Its derivative, which falls up to -1, rises up to 1, and falls again."""
    low, high = _gelu_slope(x[0]), _gelu_slope(x[1])
    lowest, highest = _gelu_slope(-ONE), _gelu_slope(ONE)
    if x[1] <= -1 or x[0] >= 1:
        return _or(high.max(lowest), lowest), _or(low.min(highest), highest)
    least = lowest if not x[0] >= -1 else low.min(high)
    most = highest if not x[1] <= 1 else low.max(high)
    return _or(least, lowest), _or(most, highest)


GELU_TURNS = "-0.53159688514939322272619131234604477201052479784234", "1e-49"
"""Where x (1 + erf x) turns, and by how much that may be wrong."""


def _erf(x: arb) -> arb:
    if x.is_finite() or x.is_nan():
        return x.erf()
    return ONE if x > 0 else -ONE if x < 0 else x.nan()


def _x_log_x(x: arb) -> arb:
    return ZERO if x.is_zero() else x * x.log()


def _gelu(x: arb) -> arb:
    if x.is_finite() or x.is_nan():
        return x * (-x).erfc() / 2
    return x if x > 0 else ZERO if x < 0 else x.nan()


def _gelu_slope(x: arb) -> arb:
    found = (-x).erfc() / 2 + x * (-x * x).exp() / arb.const_sqrt_pi()
    return _or(found, ZERO if x < 0 else ONE)


def _gauss(x: arb) -> arb:
    return 2 * (-x * x).exp() / arb.const_sqrt_pi()


def _may_hold_whole(x: Interval, period: arb, start: arb) -> bool:
    """Whether start + k · period may lie in the interval for some whole k."""
    first, last = ((x[0] - start) / period).ceil(), ((x[1] - start) / period).floor()
    return not first > last


def _bell(x: arb) -> arb:
    falling = (-abs(x)).exp()  # neither overflows nor loses digits where the function saturates
    return falling / (1 + falling) ** 2


def _or(ball: arb, bound: arb) -> arb:
    """A ball, or where it is unknown what bounds the function there."""
    return bound if ball.is_nan() else ball
