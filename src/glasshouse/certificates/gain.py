"""What one player gains by deviating: rigorous bounds on boxes of deviations."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import Region, between, can_split
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import ExpectedPayoff, Table, Vectors
from glasshouse.certificates.program import Machine, Program
from glasshouse.certificates.tails import Tails
from glasshouse.errors import InputError

WIDEST = 1e6
"""Wider ranges, infinite ones among them, count as this wide where a coordinate is chosen."""


ROUNDING = arb("1e-9")
"""By so much outputs may miss being probabilities: people compute them in doubles."""

ONE_AT_MOST = 1 + ROUNDING


class Bound(NamedTuple):
    """A bound on the gain over a region.

    **Arguments:** `upper`, no deviation of the region gains more; `candidate`, a deviation of the
    region that may gain much; `gain`, its gain; `axis`, the coordinate whose split promises
    most, None where the region has come down to one point; `endless`, whether the gain strictly
    rises towards an infinite end of the region, so that no deviation of it attains the bound;
    `proper`, whether the program's outputs are for sure probabilities everywhere in the region.
    """

    upper: arb
    candidate: tuple[float, ...]
    gain: Interval
    axis: int | None
    endless: bool
    proper: bool


class _Range(NamedTuple):
    """What intervals say on a region: an upper bound, derivatives by the inputs, the effect of
    every probability, and whether the program has values and its outputs are probabilities."""

    upper: arb
    slopes: list[Interval]
    effects: list[list[Interval]]
    proper: bool


class Gain:
    """The gain of deviating from a profile, as a function of the program's inputs.

    Definition: g(t) = U(t) - U(θ), t the inputs and θ the profile's own parameters; where the last
    input is a coupling, U(t, κ) - U(θ, κ). A limit counts where an input is infinite.

    Bounds on a region use, in this order: derivatives of one sign, which leave a face of the
    region to be looked at; the profile itself, where the gain is exactly zero; the range of the
    payoff on intervals; the mean-value theorem. All are rounded outward at the working precision
    of the moment.

    Where the program's outputs are not known to be probabilities, which is looked at unless they
    are so by construction, nothing is said: the bound is infinite, and no deviation gains.

    **Arguments:** `program`; `payoffs` of the player who deviates, in lists; `profile`, its own
    parameters; `proper`, whether the outputs are probabilities by construction.
    """

    def __init__(
        self, program: Program, payoffs: Table, profile: Sequence[float], proper: bool = True
    ):
        self._proper = proper
        self.profile = tuple(profile)
        self.swept = program.inputs > len(self.profile)
        self._machine = Machine(program)
        self._wholes = [program.shares_one(player) for player in range(len(program.outputs))]
        self._payoff = ExpectedPayoff(payoffs, self._wholes)
        self._tails = Tails(self._machine)
        self._stays: dict[Region, tuple[Interval, list[Interval]]] = {}

    def at(self, deviation: Sequence[float]) -> Interval:
        """The gain of one deviation, enclosed; in the limit where a number is infinite.

        **Raises:** `InputError` where the program's outputs are for sure no probabilities.
        """
        if tuple(deviation[: len(self.profile)]) == self.profile:
            return iv.ZERO, iv.ZERO
        stay, _ = self._staying(tuple((x, x) for x in deviation[len(self.profile) :]))
        values = self._machine.held([iv.point(x) for x in deviation])
        if not self._is_proper(values):
            _refuse_improper(self._machine.outputs(values), deviation)
            return iv.EVERYTHING
        return iv.subtract(self._payoff.value(self._machine.outputs(values)), stay)

    def bound(self, region: Region) -> Bound:
        """An upper bound on a region, and where to look further."""
        whole = region
        region, (upper, slopes, _, _), endless, proper = self._face(whole)
        if not proper:
            centre = self._centre(whole, slopes)
            return Bound(iv.EVERYTHING[1], centre, self.at(centre), _widest(whole), False, False)
        if self._is_profile(region):
            at = tuple(map(_middle, region))
            return Bound(iv.ZERO, at, (iv.ZERO, iv.ZERO), None, False, True)
        centre = self._centre(region, slopes)
        gain = self.at(centre)
        # From the profile, where the gain is zero at every coupling, there is no need to move
        # along the coupling.
        last = len(self.profile) if self._is_profile(centre) else len(region)
        expanded = gain[1]
        for x, values, slope in zip(centre[:last], region, slopes, strict=False):
            expanded += _rise(x, values, slope)
        if not expanded.is_nan():
            upper = expanded if upper.is_nan() else upper.min(expanded)
        upper = iv.EVERYTHING[1] if upper.is_nan() else upper
        axis = _axis(region, slopes)
        if axis is None and not endless:  # further out the gain may be seen to rise strictly
            axis = next((k for k, (x, _) in enumerate(region) if math.isinf(x)), None)
            axis = axis if axis is None or can_split(whole[axis]) else None
        return Bound(upper, centre, gain, axis, endless, True)

    def _face(self, region: Region) -> tuple[Region, _Range, bool, bool]:
        """The face of a region on which the gain is largest, what is known there, whether the gain
        rises strictly without end, and whether all outputs are probabilities on the region."""
        endless, proper = False, None
        while True:
            found = self._range(region)
            proper = found.proper if proper is None else proper
            face = list(region)
            for k, (low, high) in enumerate(region):
                direction, strictly = (
                    self._direction(k, region, found) if low < high else (0, False)
                )
                if direction:
                    end = high if direction > 0 else low
                    face[k] = (end, end)
                    endless |= strictly and math.isinf(end)
            if tuple(face) == region:
                return region, found, endless, proper
            region = tuple(face)

    def _direction(self, k: int, region: Region, found: _Range) -> tuple[int, bool]:
        """Whether the gain rises (1) or falls (-1) along a coordinate, and whether strictly."""
        low, high = found.slopes[k]
        direction = 1 if low >= 0 else -1 if high <= 0 else 0
        if low > 0 or high < 0:
            return direction, True
        end = region[k][direction > 0]
        if self.swept or (direction and not math.isinf(end)):
            return direction, False
        sign = self._tails.sign(region, found.effects, k)
        return direction or sign, sign != 0

    def _range(self, region: Region) -> _Range:
        """What is known of the gain from intervals alone."""
        vectors, effects, slopes, proper = self._payoff_on(region)
        stay, stay_slopes = self._staying(region[len(self.profile) :])
        for k, slope in enumerate(stay_slopes, start=len(self.profile)):
            slopes[k] = iv.subtract(slopes[k], slope)
        upper = self._payoff.highest(vectors, effects) - stay[0]
        return _Range(upper, slopes, effects, proper)

    def _staying(self, couplings: Region) -> tuple[Interval, list[Interval]]:
        """The payoff at the profile, and its derivative by the coupling, if that is an input."""
        if couplings not in self._stays:
            own = tuple((x, x) for x in self.profile)
            vectors, _, slopes, proper = self._payoff_on((*own, *couplings))
            if not proper:
                _refuse_improper(vectors, self.profile)
            value = self._payoff.value(vectors) if proper else iv.EVERYTHING
            self._stays[couplings] = value, slopes[len(own) :]
        return self._stays[couplings]

    def _payoff_on(
        self, region: Region
    ) -> tuple[Vectors, list[list[Interval]], list[Interval], bool]:
        """Everyone's probabilities, their effects on the payoff, its derivatives by the inputs,
        and whether the program has values and its outputs are probabilities."""
        values, moves = self._machine.registers([_interval(x) for x in region])
        outputs, vectors = self._machine.program.outputs, self._machine.outputs(values)
        effects = self._payoff.effects(vectors)
        slopes = [iv.NOTHING] * len(region)
        for own_effects, registers in zip(effects, outputs, strict=True):
            for effect, register in zip(own_effects, registers, strict=True):
                for k, slope in moves[register].items():
                    slopes[k] = iv.add(slopes[k], iv.multiply(slope, effect))
        return vectors, effects, slopes, self._is_proper(values)

    def _is_proper(self, values: Sequence[Interval]) -> bool:
        """Whether for sure the program has values, and every output is a probability, but for
        rounding."""
        return self._proper or (
            self._machine.is_defined(values)
            and all(
                all(p[0] >= -ROUNDING and p[1] <= ONE_AT_MOST for p in own)
                and (whole or sum((p[1] for p in own), start=iv.ZERO) <= ONE_AT_MOST)
                for whole, own in zip(self._wholes, self._machine.outputs(values), strict=True)
            )
        )

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


def _refuse_improper(vectors: Vectors, deviation: Sequence[float]) -> None:
    """Refuse a program whose outputs are for sure no probabilities at a point."""
    for player, own in enumerate(vectors):
        total = sum((p[0] for p in own), start=iv.ZERO)
        if any(p[1] < -ROUNDING for p in own) or total > ONE_AT_MOST:
            at = ", ".join(f"{x:g}" for x in deviation)
            found = ", ".join(f"{float(p[0]):.4g}" for p in own)
            raise InputError(
                f"the semantics gives player {player + 1} the probabilities {found} (all actions "
                f"but the last) where the deviating player moves to {at}: make it return "
                "probabilities everywhere in the box"
            )


def _interval(values: tuple[float, float]) -> Interval:
    return arb(values[0]), arb(values[1])


def _middle(values: tuple[float, float]) -> float:
    low, high = values
    return low if low == high else between(values)


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
        if can_split((low, high))
    ]
    return max(changes)[2] if changes else None


def _widest(region: Region) -> int | None:
    """The widest coordinate that can be split."""
    widths = [(min(b - a, WIDEST), k) for k, (a, b) in enumerate(region) if can_split((a, b))]
    return max(widths)[1] if widths else None


def _size(slope: Interval) -> float:
    size = float(slope[0].abs_upper().max(slope[1].abs_upper()))
    return math.inf if math.isnan(size) else size
