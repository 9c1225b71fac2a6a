"""What one player gains by deviating: rigorous bounds on boxes of deviations."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import Region, between
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import ExpectedPayoff, Table
from glasshouse.certificates.program import Machine, Program


WIDEST = 1e6
"""Wider ranges, infinite ones among them, count as this wide where a coordinate is chosen."""


class Bound(NamedTuple):
    """A bound on the gain over a region.

    **Arguments:** `upper`, no deviation of the region gains more; `candidate`, a deviation of the
    region that may gain much; `gain`, its gain; `axis`, the coordinate whose split promises
    most, None where the region has come down to one point.
    """

    upper: arb
    candidate: tuple[float, ...]
    gain: Interval
    axis: int | None


class Gain:
    """The gain of deviating from a profile, as a function of the program's inputs.

    Definition: g(t) = U(t) - U(θ), t the inputs and θ the profile's own parameters; where the last
    input is a coupling, U(t, κ) - U(θ, κ). A limit counts where an input is infinite.

    Bounds on a region use, in this order: derivatives of one sign, which leave a face of the
    region to be looked at; the profile itself, where the gain is exactly zero; the range of the
    payoff on intervals; the mean-value theorem. All are rounded outward at the working precision
    of the moment.

    **Arguments:** `program`; `payoffs` of the player who deviates, in lists; `profile`, its own
    parameters.
    """

    def __init__(self, program: Program, payoffs: Table, profile: Sequence[float]):
        self.profile = tuple(profile)
        self.swept = program.inputs > len(self.profile)
        self._machine = Machine(program)
        self._payoff = ExpectedPayoff(payoffs)
        self._stay: Interval | None = None if self.swept else self._payoff_at(self.profile)

    def at(self, deviation: Sequence[float]) -> Interval:
        """The gain of one deviation, enclosed; in the limit where a number is infinite."""
        if tuple(deviation[: len(self.profile)]) == self.profile:
            return iv.ZERO, iv.ZERO
        stay = self._stay or self._payoff_at((*self.profile, *deviation[len(self.profile) :]))
        return iv.subtract(self._payoff_at(deviation), stay)

    def bound(self, region: Region) -> Bound:
        """An upper bound on a region, and where to look further."""
        region, upper, slopes = self._face(region)
        if self._is_profile(region):
            return Bound(iv.ZERO, _inside(region), (iv.ZERO, iv.ZERO), None)
        centre = self._centre(region, slopes)
        gain = self.at(centre)
        # From the profile itself, where the gain is zero whatever the coupling, one need not move
        # along the coupling.
        last = len(self.profile) if self._is_profile(centre) else len(region)
        expanded = gain[1]
        for x, values, slope in zip(centre[:last], region, slopes, strict=False):
            expanded += _rise(x, values, slope)
        if not expanded.is_nan():
            upper = expanded if upper.is_nan() else upper.min(expanded)
        return Bound(
            iv.EVERYTHING[1] if upper.is_nan() else upper, centre, gain, _axis(region, slopes)
        )

    def _face(self, region: Region) -> tuple[Region, arb, list[Interval]]:
        """The face on which the gain is largest, with a bound there and the derivatives."""
        while True:
            upper, slopes = self._range(region)
            face = tuple(
                (high, high) if slope[0] >= 0 else (low, low) if slope[1] <= 0 else (low, high)
                for (low, high), slope in zip(region, slopes, strict=True)
            )
            if face == region:
                return region, upper, slopes
            region = face

    def _range(self, region: Region) -> tuple[arb, list[Interval]]:
        """A bound from the range of payoffs, and the derivatives of the gain."""
        upper, slopes = self._payoff_on(region)
        if self._stay is not None:
            return upper - self._stay[0], slopes
        staying = (*((x, x) for x in self.profile), region[-1])
        stay = self._payoff.value(self._machine.values([_interval(x) for x in staying]))
        at_profile = self._payoff_on(staying)[1]
        return upper - stay[0], [*slopes[:-1], iv.subtract(slopes[-1], at_profile[-1])]

    def _payoff_on(self, region: Region) -> tuple[arb, list[Interval]]:
        """The highest payoff on a region, and derivatives of the payoff by the inputs."""
        vectors, moves = self._machine.slopes([_interval(values) for values in region])
        effects = self._payoff.effects(vectors)
        slopes = [iv.point(0)] * len(region)
        for own_effects, own_moves in zip(effects, moves, strict=True):
            for effect, move in zip(own_effects, own_moves, strict=True):
                for k, slope in move.items():
                    slopes[k] = iv.add(slopes[k], iv.multiply(slope, effect))
        return self._payoff.highest(vectors, effects), slopes

    def _payoff_at(self, deviation: Sequence[float]) -> Interval:
        return self._payoff.value(self._machine.values([iv.point(x) for x in deviation]))

    def _is_profile(self, where: Sequence) -> bool:
        """Whether a point, or all of a region, is the profile in the player's own parameters."""
        own = where[: len(self.profile)]
        return all(x in (y, (y, y)) for x, y in zip(own, self.profile, strict=True))

    def _centre(self, region: Region, slopes: list[Interval]) -> tuple[float, ...]:
        """The profile where it lies inside, else where the mean-value theorem says most."""
        own = zip(self.profile, region, strict=False)
        if all(low <= x <= high for x, (low, high) in own):
            return (*self.profile, *map(_middle, region[len(self.profile) :]))
        return tuple(map(_balanced, region, slopes))


def _interval(values: tuple[float, float]) -> Interval:
    return arb(values[0]), arb(values[1])


def _middle(values: tuple[float, float]) -> float:
    low, high = values
    return low if low == high else between(values)


def _inside(region: Region) -> tuple[float, ...]:
    return tuple(map(_middle, region))


def _balanced(values: tuple[float, float], slope: Interval) -> float:
    """From where the gain can rise equally much to both sides."""
    low, high = values
    down, up = float(slope[0]), float(slope[1])
    if low == high or not (math.isfinite(high - low) and -math.inf < down < 0 < up < math.inf):
        return _middle(values)
    x = low + (high - low) * (up / (up - down))
    return min(max(x, low), high)


def _rise(x: float, values: tuple[float, float], slope: Interval) -> arb:
    """How much the gain can rise from x within a range."""
    low, high = values
    if low == high:
        return iv.ZERO
    if not math.isfinite(low) or not math.isfinite(high):
        return iv.EVERYTHING[1]
    start = arb(x)
    return (slope[1] * (arb(high) - start)).max(slope[0] * (arb(low) - start)).max(iv.ZERO)


def _axis(region: Region, slopes: list[Interval]) -> int | None:
    """The coordinate along which the gain may change most."""
    changes = [
        (_size(slope) * min(high - low, WIDEST), high - low, k)
        for k, ((low, high), slope) in enumerate(zip(region, slopes, strict=True))
        if low < high
    ]
    return max(changes)[2] if changes else None


def _size(slope: Interval) -> float:
    size = max(abs(float(slope[0])), abs(float(slope[1])))
    return math.inf if math.isnan(size) else size
