"""The primitives of straight-line programs: values and derivatives on intervals."""

from collections.abc import Callable
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.intervals import Interval


class Primitive(NamedTuple):
    """What an instruction computes.

    **Arguments:** `meaning`, x, y, … being its registers and c, d, … its numbers; `registers`
    and `numbers`, how many of each it takes (None: any number from one, or for affine one number
    more than registers); `value(xs, numbers)` on intervals; `partials(xs, numbers, value)`, the
    derivative by each register.
    """

    meaning: str
    registers: int | None
    numbers: int | None
    value: Callable[[list[Interval], list[arb]], Interval]
    partials: Callable[[list[Interval], list[arb], Interval], list[Interval]]


def _affine(xs: list[Interval], numbers: list[arb]) -> Interval:
    low = high = numbers[0]
    for factor, x in zip(numbers[1:], xs, strict=True):
        least, most = iv.scale(factor, x)
        low, high = low + least, high + most
    return low, high


def _quotient_partials(xs: list[Interval], _: list[arb], value: Interval) -> list[Interval]:
    per_numerator = iv.divide(iv.UNIT, xs[1])
    return [per_numerator, iv.negative(iv.multiply(value, per_numerator))]


def _power(xs: list[Interval], numbers: list[arb]) -> Interval:
    return iv.power(xs[0], int(float(numbers[0])))


def _power_partials(xs: list[Interval], numbers: list[arb], _: Interval) -> list[Interval]:
    exponent = int(float(numbers[0]))
    below = iv.UNIT if exponent == 1 else iv.power(xs[0], exponent - 1)
    return [iv.scale(numbers[0], below)]


def _maximum_partials(xs: list[Interval], _: list[arb], value: Interval) -> list[Interval]:
    x, y = xs
    if x[0] >= y[1]:
        return [iv.UNIT, iv.NOTHING]
    if y[0] >= x[1]:
        return [iv.NOTHING, iv.UNIT]
    # Anywhere between the derivatives on both sides of the kink.
    return [(iv.ZERO, iv.ONE), (iv.ZERO, iv.ONE)]


def _log_odds(xs: list[Interval]) -> Interval:
    """log(p / (1 - p)) of the first share: its own logit over what the others add up to."""
    if len(xs) == 2:
        return iv.subtract(xs[0], xs[1])
    low, high = (sum((x[end].exp() for x in xs[1:]), start=iv.ZERO).log() for end in (0, 1))
    return xs[0][0] - high, xs[0][1] - low


def _share(xs: list[Interval], _: list[arb]) -> Interval:
    return iv.logistic(_log_odds(xs)) if len(xs) > 1 else iv.UNIT


def _share_partials(xs: list[Interval], _: list[arb], value: Interval) -> list[Interval]:
    if len(xs) == 1:
        return [iv.NOTHING]
    slope = iv.logistic_slope(_log_odds(xs))
    if len(xs) == 2:
        return [slope, iv.negative(slope)]
    others = (
        iv.logistic(_log_odds([xs[b], xs[0], *xs[1:b], *xs[b + 1 :]])) for b in range(1, len(xs))
    )
    return [slope, *(iv.negative(iv.multiply(value, other)) for other in others)]


def _choice(xs: list[Interval], _: list[arb]) -> Interval:
    which, then, other = xs
    if which[0] > 0:
        return then
    if which[1] <= 0:
        return other
    # An end that is not known stays so.
    return then[0].min(other[0]), then[1].max(other[1])


def _choice_partials(xs: list[Interval], _: list[arb], value: Interval) -> list[Interval]:
    if xs[0][0] > 0:
        return [iv.NOTHING, iv.UNIT, iv.NOTHING]
    if xs[0][1] <= 0:
        return [iv.NOTHING, iv.NOTHING, iv.UNIT]
    # Where it may jump, no slope bounds it.
    return [iv.EVERYTHING, (iv.ZERO, iv.ONE), (iv.ZERO, iv.ONE)]


def _of_one(
    meaning: str, value: Callable[[Interval], Interval], slope: Callable[[Interval], Interval]
) -> Primitive:
    """A function of one register."""
    return Primitive(meaning, 1, 0, lambda xs, c: value(xs[0]), lambda xs, c, v: [slope(xs[0])])


PRIMITIVES: dict[str, Primitive] = {
    "constant": Primitive("c", 0, 1, lambda xs, c: iv.point(c[0]), lambda xs, c, value: []),
    "affine": Primitive(
        "c + d x + e y + …", None, None, _affine, lambda xs, c, value: [(x, x) for x in c[1:]]
    ),
    "multiply": Primitive(
        "x y", 2, 0, lambda xs, c: iv.multiply(*xs), lambda xs, c, v: [xs[1], xs[0]]
    ),
    "divide": Primitive(
        "x / y, y not being zero", 2, 0, lambda xs, c: iv.divide(*xs), _quotient_partials
    ),
    "power": Primitive("x to the power c = 1, 2, 3, …", 1, 1, _power, _power_partials),
    "root": Primitive(
        "x to the power c, which is positive, where x is not negative",
        1,
        1,
        lambda xs, c: iv.root(xs[0], c[0]),
        lambda xs, c, v: [iv.root_slope(xs[0], c[0])],
    ),
    "exp": Primitive("e to the power x", 1, 0, lambda xs, c: iv.exp(xs[0]), lambda xs, c, v: [v]),
    "log": _of_one(
        "natural logarithm of x, which is positive", iv.log, lambda x: iv.divide(iv.UNIT, x)
    ),
    "logistic": _of_one("1 / (1 + e^-x)", iv.logistic, iv.logistic_slope),
    "tanh": _of_one("hyperbolic tangent of x", iv.tanh, iv.tanh_slope),
    "softmax": Primitive(
        "e^x / (e^x + e^y + …), the first register's share", None, 0, _share, _share_partials
    ),
    "maximum": Primitive(
        "the larger of x and y", 2, 0, lambda xs, c: iv.maximum(*xs), _maximum_partials
    ),
    "choice": Primitive("y where x is above zero, elsewhere z", 3, 0, _choice, _choice_partials),
    "erf": _of_one("error function of x", iv.erf, iv.erf_slope),
    "sin": _of_one("sine of x, in radians", iv.sin, iv.cos),
    "cos": _of_one("cosine of x, in radians", iv.cos, lambda x: iv.negative(iv.sin(x))),
    "xlogx": _of_one(
        "x times its natural logarithm, 0 at 0, where x is not negative",
        iv.x_log_x,
        iv.x_log_x_slope,
    ),
    "gelu": _of_one("x (1 + erf x) / 2", iv.gelu, iv.gelu_slope),
}
"""What programs may consist of, by name."""
