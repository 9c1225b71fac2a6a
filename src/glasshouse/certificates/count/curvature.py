"""Second derivatives of programs on intervals, by two inputs."""

from collections.abc import Callable, Sequence

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.primitives import PRIMITIVES
from glasshouse.certificates.program import Program, Slopes

Bends = dict[tuple[int, int], Interval]
"""Second derivatives by pairs of inputs or registers, the smaller first; others are exactly 0."""

Second = Callable[[list[Interval], list[arb], Interval], Bends]


def _none(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    return {}


def _product(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    return {(0, 1): iv.UNIT}


def _quotient(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    per = iv.divide(iv.UNIT, xs[1])
    square = iv.power(per, 2)
    twice = iv.scale(arb(2), iv.multiply(value, square))
    return {(0, 1): iv.negative(square), (1, 1): twice}


def _power(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    exponent = int(float(numbers[0]))
    if exponent == 1:
        return {}
    below = iv.UNIT if exponent == 2 else iv.power(xs[0], exponent - 2)
    return {(0, 0): iv.scale(numbers[0] * (numbers[0] - 1), below)}


def _exp(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    return {(0, 0): value}


def _log(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    return {(0, 0): iv.negative(iv.power(iv.divide(iv.UNIT, xs[0]), 2))}


def logistic_bend(x: Interval) -> Interval:
    """The second derivative of the logistic function, s (1 - s) (1 - 2 s).

    It is odd, and between its extremes, ± 1 / (6 √3) at -ln(2 + √3) and ln(2 + √3), it falls.
    """
    root = arb(3).sqrt()
    turn, most = (2 + root).log(), 1 / (6 * root)
    low, high = iv.hull((_bend(x[0]), _bend(x[1])))
    if not (x[1] < -turn or x[0] > -turn):
        high = most
    if not (x[1] < turn or x[0] > turn):
        low = -most
    return (-most if low.is_nan() else low), (most if high.is_nan() else high)


def _bend(x: arb) -> arb:
    falling = (-abs(x)).exp()
    return -falling / (1 + falling) ** 2 * (x / 2).tanh()


def _logistic(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    return {(0, 0): logistic_bend(xs[0])}


def _tanh(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    return {(0, 0): iv.scale(arb(8), logistic_bend(iv.scale(arb(2), xs[0])))}


def _share(xs: list[Interval], numbers: list[arb], value: Interval) -> Bends:
    """Of softmax, p being the first share and q, r others: the logistic function's by the own
    logit, -p q (1 - 2 p) by it and another's, -p q (1 - 2 q) by another's, 2 p q r by two."""
    if len(xs) == 1:
        return {}
    share = PRIMITIVES["softmax"].value
    if len(xs) == 2:
        bend = logistic_bend(iv.subtract(xs[0], xs[1]))
        return {(0, 0): bend, (0, 1): iv.negative(bend), (1, 1): bend}
    others = [share([xs[b], *xs[:b], *xs[b + 1 :]], []) for b in range(1, len(xs))]
    total = iv.log(_sum([iv.exp(x) for x in xs[1:]]))
    found: Bends = {(0, 0): logistic_bend(iv.subtract(xs[0], total))}
    for b, q in enumerate(others, start=1):
        both = iv.multiply(value, q)
        found[0, b] = iv.negative(iv.multiply(both, _less_twice(value)))
        found[b, b] = iv.negative(iv.multiply(both, _less_twice(q)))
        for c in range(b + 1, len(xs)):
            found[b, c] = iv.scale(arb(2), iv.multiply(both, others[c - 1]))
    return found


def _sum(terms: Sequence[Interval]) -> Interval:
    total = iv.NOTHING
    for term in terms:
        total = iv.add(total, term)
    return total


def _less_twice(p: Interval) -> Interval:
    return 1 - 2 * p[1], 1 - 2 * p[0]


SECONDS: dict[str, Second] = {
    "constant": _none,
    "affine": _none,
    "multiply": _product,
    "divide": _quotient,
    "power": _power,
    "exp": _exp,
    "log": _log,
    "logistic": _logistic,
    "tanh": _tanh,
    "softmax": _share,
}
"""Second derivatives by each pair of registers, of the primitives that have them everywhere."""


class Curved:
    """A program with first and second derivatives by its inputs, on boxes."""

    def __init__(self, program: Program):
        self._inputs = program.inputs
        self._steps = [
            (PRIMITIVES[name], SECONDS[name], registers, [arb(x) for x in numbers])
            for name, registers, numbers in program.instructions
        ]

    def registers(
        self, inputs: Sequence[Interval]
    ) -> tuple[list[Interval], list[Slopes], list[Bends]]:
        """What every register holds, and its derivatives."""
        values, slopes = list(inputs), [{k: iv.UNIT} for k in range(self._inputs)]
        bends: list[Bends] = [{} for _ in range(self._inputs)]
        for primitive, second, registers, numbers in self._steps:
            xs = [values[r] for r in registers]
            value = primitive.value(xs, numbers)
            own_slopes: Slopes = {}
            own_bends: Bends = {}
            partials = primitive.partials(xs, numbers, value) if registers else []
            for r, partial in zip(registers, partials, strict=True):
                _include(own_slopes, partial, slopes[r])
                _include(own_bends, partial, bends[r])
            for (a, b), bend in second(xs, numbers, value).items():
                pairs = _pairs(slopes[registers[a]], slopes[registers[b]], a == b)
                _include(own_bends, bend, pairs)
            values.append(value)
            slopes.append(own_slopes)
            bends.append(own_bends)
        return values, slopes, bends


def _include(total: dict, factor: Interval, terms: dict) -> None:
    """total += factor · terms."""
    for k, x in terms.items():
        term = iv.multiply(factor, x)
        total[k] = iv.add(total[k], term) if k in total else term


def _pairs(first: Slopes, second: Slopes, same: bool) -> Bends:
    """What a second derivative by two registers is multiplied with, for each pair of inputs."""
    found: Bends = {}
    for k, x in first.items():
        for m, y in second.items():
            if k > m:
                continue
            if k == m:
                product = iv.power(x, 2) if same else iv.multiply(x, y)
                found[k, k] = product if same else iv.scale(arb(2), product)
            else:
                found[k, m] = iv.multiply(x, y)
                if not same and k in second and m in first:
                    found[k, m] = iv.add(found[k, m], iv.multiply(first[m], second[k]))
    if not same:
        for k in second:
            for m in first:
                if k < m and (k, m) not in found:
                    found[k, m] = iv.multiply(first[m], second[k])
    return found
