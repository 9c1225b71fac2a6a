"""Derivatives where probabilities saturate: their sign, when all their terms have become tiny.

Where every logit is large, so is the uncertainty of each s'(x) relative to its size, and the sign
of a sum of them cannot be read from intervals. It is the same after division by one of them, and
the ratio s'(x) / s'(y) depends on x - y, which for logits affine in the inputs is known sharply.
"""

from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import Region
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.program import Machine

SATURATED = arb(2)
"""Where some logit is smaller than this in size, intervals serve well enough."""


class Logit(NamedTuple):
    """A logit that is affine in the inputs: offset + Σ weights[k] · input k."""

    offset: Interval
    weights: dict[int, arb]

    def on(self, region: Region) -> Interval:
        """Its range."""
        total = self.offset
        for k, weight in self.weights.items():
            low, high = region[k]
            total = iv.add(total, iv.scale(weight, (arb(low), arb(high))))
        return total

    def combined(self, sign: int, other: "Logit", other_sign: int) -> "Logit":
        """sign · this + other_sign · other."""
        weights = {k: sign * weight for k, weight in self.weights.items()}
        for k, weight in other.weights.items():
            weights[k] = weights.get(k, iv.ZERO) + other_sign * weight
        offset = iv.add(iv.scale(arb(sign), self.offset), iv.scale(arb(other_sign), other.offset))
        return Logit(offset, {k: weight for k, weight in weights.items() if not weight.is_zero()})


class Tails:
    """The sign of the payoff's derivative on regions where all probabilities may be saturated.

    It is known only where every probability that depends on an input is the logistic function
    of a logit affine in the inputs.
    """

    def __init__(self, machine: Machine):
        program = machine.program
        everywhere = [iv.EVERYTHING] * program.inputs
        _, slopes = machine.registers(everywhere)
        origin, _ = machine.registers([iv.NOTHING] * program.inputs)
        self._depends = [
            {k for register in registers for k in slopes[register]} for registers in program.outputs
        ]
        self._logits: list[Logit | None] = []
        for registers in program.outputs:
            logit = program.logit(registers[0]) if len(registers) == 1 else None
            if logit is None or not all(map(iv.is_point, slopes[logit].values())):
                self._logits.append(None)
            else:
                weights = {k: w[0] for k, w in slopes[logit].items() if not w[0].is_zero()}
                self._logits.append(Logit(origin[logit], weights))

    def sign(self, region: Region, effects: Sequence[Sequence[Interval]], k: int) -> int:
        """1 or -1 where the derivative by input k is strictly so at every finite point, else 0."""
        terms: list[tuple[Interval, Logit]] = []
        for depends, logit, effect in zip(self._depends, self._logits, effects, strict=True):
            if k in depends:
                if logit is None:
                    return 0
                if k in logit.weights:
                    terms.append((iv.scale(logit.weights[k], effect[0]), logit))
        ranges = [logit.on(region) for _, logit in terms] if len(terms) > 1 else []
        if not all(low > SATURATED or high < -SATURATED for low, high in ranges):
            return 0
        for _, reference in terms:
            total = iv.NOTHING
            for weight, logit in terms:
                total = iv.add(total, iv.multiply(_ratio(logit, reference, region), weight))
            if total[0] > 0:
                return 1
            if total[1] < 0:
                return -1
        return 0


def _ratio(logit: Logit, reference: Logit, region: Region) -> Interval:
    """s'(x) / s'(y) = e^(|y| - |x|) ((1 + e^-|y|) / (1 + e^-|x|))², for either sign of x and y."""
    if logit is reference:
        return iv.UNIT
    x, y = logit.on(region), reference.on(region)
    sign_x, sign_y = (-1 if z[1] <= 0 else 1 for z in (x, y))
    exponent = reference.combined(sign_y, logit, -sign_x).on(region)
    corrections = iv.divide(_one_plus_exp(y, sign_y), _one_plus_exp(x, sign_x))
    return iv.multiply(iv.exp(exponent), iv.power(corrections, 2))


def _one_plus_exp(x: Interval, sign: int) -> Interval:
    return iv.add(iv.UNIT, iv.exp(iv.scale(arb(-sign), x)))
