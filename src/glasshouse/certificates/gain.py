"""What one player gains by deviating: rigorous bounds on boxes of deviations."""

import copy
import math
from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.charts import Conflict, charted, conflicts, unfolded
from glasshouse.certificates.covers import Chart, Region, can_split, middle_of
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import ExpectedPayoff, Table, Vectors, half_range, sizes
from glasshouse.certificates.probabilities import Probabilities, Standing
from glasshouse.certificates.program import Machine, Program
from glasshouse.certificates.shares import LastShares
from glasshouse.certificates.tails import Tails
from glasshouse.errors import InputError

WIDEST = 1e6
"""Wider ranges, infinite ones among them, count as this wide where a coordinate is chosen."""


FAR_OUT = 8.0
"""Beyond logits of about this size shares hardly change."""


class Bound(NamedTuple):
    """A bound on the gain over a region.

    **Arguments:** `upper`, no deviation of the region gains more; `candidate`, a deviation of the
    region that may gain much; `gain`, its gain; `axis`, the coordinate whose split promises
    most, None where the region has come down to one point; `endless`, whether the gain strictly
    rises towards an infinite end of the region, so that no deviation of it attains the bound;
    `proper`, whether the program's outputs are for sure probabilities everywhere in the region;
    `improper`, the players of whom that is not known; `continuous`, whether none of them jumps.
    """

    upper: arb
    candidate: tuple[float, ...]
    gain: Interval
    axis: int | None
    endless: bool
    proper: bool
    improper: tuple[int, ...] = ()
    continuous: bool = True


class _Range(NamedTuple):
    """What intervals say on a region: an upper bound, derivatives by the inputs, the effect of
    every probability, and what is known of the program's outputs."""

    upper: arb
    slopes: list[Interval]
    effects: list[list[Interval]]
    standing: Standing


class Gain:
    """The gain of deviating from a profile, as a function of the program's inputs.

    Definition: g(t) = U(t) - U(θ), t the inputs and θ the profile's own parameters; where the last
    input is a coupling, U(t, κ) - U(θ, κ). A limit counts where an input is infinite.

    Bounds on a region use, in this order: derivatives of one sign, which leave a face of the
    region to be looked at; the profile itself, where the gain is exactly zero; the range of the
    payoff on intervals; the mean-value theorem. All are rounded outward at the working precision
    of the moment.

    Where the program's outputs are not known to be probabilities, which is looked at unless they
    are so by construction, nothing is said: the bound is infinite, and no deviation gains. Where
    they are known to add up to one only nearly, both payoffs of a gain are known only nearly
    (`_slack`), and so much is added.

    **Arguments:** `program`; `payoffs` of the player who deviates, in lists; `profile`, its own
    parameters; `proper`, whether the outputs are probabilities by construction.
    """

    def __init__(
        self, program: Program, payoffs: Table, profile: Sequence[float], proper: bool = True
    ):
        self.profile = tuple(profile)
        self.swept = program.inputs > len(self.profile)
        self._actions = sizes(payoffs)
        given = tuple(map(len, program.outputs))
        most = program.leading() if given == self._actions else program
        if tuple(len(own) + 1 for own in most.outputs) != self._actions:
            raise InputError(
                f"the program has outputs for {given} actions, but the game has {self._actions}"
            )
        # The payoff is computed from all probabilities but the last.
        self._machine = Machine(most if proper else program)
        self._outputs = self._leading(self._machine.program)
        self._last = LastShares(program, self._actions, proper)
        self._probabilities = Probabilities(self._machine, self._actions, proper)
        self._charts: dict[Chart, Gain] = {}
        self._unfolded = True
        wholes = [most.shares_one(player) for player in range(len(most.outputs))]
        self._payoff = ExpectedPayoff(payoffs, wholes, self._probabilities.totals)
        self._half_range = half_range(payoffs)
        self._most = most
        self._tails = Tails(Machine(most))
        self._stays: dict[Region, tuple[Interval, list[Interval]]] = {}
        self.lenient = False
        """Whether points where outputs are no probabilities only gain nothing, and are not
        refused."""
        self.hopeless = False
        """Whether outputs were met that for sure are none."""

    def seen_from(self, chart: Chart | None) -> "Gain":
        """The same gain as a function of a chart's coordinates.

        There the profile is a point like any other: pieces next to it are not folded.
        """
        if chart is None:
            return self
        if self.swept:
            raise InputError("covers of claims about an interval of couplings do not fold")
        if chart not in self._charts:
            self._staying(())
            other = copy.copy(self)
            other._unfolded = False
            other._machine = Machine(charted(self._machine.program, chart))
            other._outputs = other._leading(other._machine.program)
            other._last = self._last.seen_from(chart)
            other._probabilities = self._probabilities.on(other._machine)
            other._tails = Tails(Machine(charted(self._most, chart)))
            self._charts[chart] = other
        self._charts[chart].lenient = self.lenient
        return self._charts[chart]

    def conflicts(self) -> frozenset[Conflict]:
        """The pairs of coordinates that are added or subtracted somewhere."""
        program = self._machine.program
        return conflicts(charted(program, unfolded(program.inputs)))

    def at(self, deviation: Sequence[float]) -> Interval:
        """The gain of one deviation, enclosed; in the limit where a number is infinite."""
        if self._unfolded and tuple(deviation[: len(self.profile)]) == self.profile:
            return iv.ZERO, iv.ZERO
        stay, _ = self._staying(tuple((x, x) for x in deviation[len(self.profile) :]))
        values = self._machine.held([iv.point(x) for x in deviation])
        standing = self._probabilities.standing(values)
        if not standing.proper:
            self.hopeless |= self._probabilities.is_improper(values)
            if not self.lenient:
                self._probabilities.refuse(values, deviation)
            return iv.EVERYTHING
        value = self._payoff.value(self._vectors(values))
        return iv.subtract(self._widened(value, standing), stay)

    def bound(self, region: Region) -> Bound:
        """An upper bound on a region, and where to look further."""
        found = self._bound(region)
        return found._replace(continuous=self._machine.is_continuous(_intervals(region)))

    def _bound(self, region: Region) -> Bound:
        whole = region
        region, (upper, slopes, _, _), endless, standing = self._face(whole)
        if not standing.proper:
            centre, axis = self._centre(whole, slopes), widest(whole)
            gain, improper = self.at(centre), standing.improper
            return Bound(iv.EVERYTHING[1], centre, gain, axis, False, False, improper)
        exact = self._probabilities.is_exact
        # The derivatives are those of the payoff with nothing missing: where something is, it may
        # be missing at the point they lead to and elsewhere in the region.
        slack = iv.ZERO if exact else 2 * self._slack(standing)
        if self._is_profile(region):
            # All of a region that is more than the profile gains no more than the slack, whether or
            # not it can be split further.
            more = not exact and not self._is_profile(whole)
            at, axis = tuple(map(middle_or_point, region)), widest(whole) if more else None
            upper = slack if more else iv.ZERO
            return Bound(upper, at, (iv.ZERO, iv.ZERO), axis, False, True)
        centre = self._centre(region, slopes)
        gain = self.at(centre)
        # From the profile, where the gain is zero at every coupling, there is no need to move
        # along the coupling.
        last = len(self.profile) if self._is_profile(centre) else len(region)
        expanded = gain[1] + slack
        for x, values, slope in zip(centre[:last], region, slopes, strict=False):
            expanded += rise_within(x, values, slope)
        if not expanded.is_nan():
            upper = expanded if upper.is_nan() else upper.min(expanded)
        upper = iv.EVERYTHING[1] if upper.is_nan() else upper
        axis = _axis(region, slopes)
        if not exact:
            endless, axis = False, widest(whole) if axis is None else axis
        if axis is None and not endless:  # further out the gain may be seen to rise strictly
            axis = next((k for k, (x, _) in enumerate(region) if math.isinf(x)), None)
            axis = axis if axis is None or can_split(whole[axis]) else None
        return Bound(upper, centre, gain, axis, endless, True)

    def _face(self, region: Region) -> tuple[Region, _Range, bool, Standing]:
        """The face of a region on which the gain is largest, what is known there, whether the gain
        rises strictly without end, and what is known of the outputs on all of the region."""
        endless, standing = False, None
        while True:
            found = self._range(region, standing)
            standing = found.standing if standing is None else standing
            face = list(region)
            for k, (low, high) in enumerate(region):
                if low == high:
                    continue
                direction, strictly = self._direction(k, region, found)
                if direction:
                    end = high if direction > 0 else low
                    face[k] = (end, end)
                    endless |= strictly and math.isinf(end)
            if tuple(face) == region:
                return region, found, endless, standing
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

    def _range(self, region: Region, around: Standing | None) -> _Range:
        """What is known of the gain from intervals alone; `around`, what is known of the outputs
        on a region of which this is a face."""
        vectors, effects, slopes, standing = self._payoff_on(region, around)
        stay, stay_slopes = self._staying(region[len(self.profile) :])
        for k, slope in enumerate(stay_slopes, start=len(self.profile)):
            slopes[k] = iv.subtract(slopes[k], slope)
        upper = self._highest(region, vectors, effects) - stay[0]
        return _Range(upper + self._slack(standing), slopes, effects, standing)

    def _highest(self, region: Region, vectors: Vectors, effects: list[list[Interval]]) -> arb:
        """An upper bound on the payoff but for its constant."""
        highest = self._payoff.highest(vectors, effects)
        if self._probabilities.is_exact and max(self._actions) > 2:
            shares = self._last.with_last(region, vectors, self._probabilities.totals)
            if shares is not None:
                return highest.min(self._payoff.highest_of_shares(shares))
        return highest

    def _leading(self, program: Program) -> list[tuple[int, ...]]:
        """Where a program holds everyone's probabilities but the last."""
        return [own[: m - 1] for own, m in zip(program.outputs, self._actions, strict=True)]

    def _staying(self, couplings: Region) -> tuple[Interval, list[Interval]]:
        """The payoff at the profile, and its derivative by the coupling, if that is an input."""
        if couplings not in self._stays:
            own = tuple((x, x) for x in self.profile)
            region = (*own, *couplings)
            vectors, _, slopes, standing = self._payoff_on(region, None)
            value = iv.EVERYTHING
            if standing.proper:
                value = self._widened(self._payoff.value(vectors), standing)
            else:
                values = self._machine.held(_intervals(region))
                self._probabilities.refuse(values, self.profile)
                self.hopeless |= self._probabilities.is_improper(values)
            self._stays[couplings] = value, slopes[len(own) :]
        return self._stays[couplings]

    def _vectors(self, values: Sequence[Interval]) -> Vectors:
        """Everyone's probabilities but the last."""
        return [[values[r] for r in registers] for registers in self._outputs]

    def _payoff_on(
        self, region: Region, around: Standing | None
    ) -> tuple[Vectors, list[list[Interval]], list[Interval], Standing]:
        """Everyone's probabilities but the last, their effects on the payoff, its derivatives by
        the inputs, and what is known of the program's outputs, here or `around`."""
        values, moves = self._machine.registers(_intervals(region))
        vectors = self._vectors(values)
        effects = self._payoff.effects(vectors)
        slopes = [iv.NOTHING] * len(region)
        for own_effects, registers in zip(effects, self._outputs, strict=True):
            for effect, register in zip(own_effects, registers, strict=True):
                for k, slope in moves[register].items():
                    slopes[k] = iv.add(slopes[k], iv.multiply(slope, effect))
        standing = around or self._probabilities.standing(values, moves, region)
        return vectors, effects, slopes, standing

    def _widened(self, value: Interval, standing: Standing) -> Interval:
        """A payoff of which is known by how much at most it may be another."""
        slack = self._slack(standing)
        return value[0] - slack, value[1] + slack

    def _slack(self, standing: Standing) -> arb:
        """By how much at most the payoff may differ from what the polynomial says. It is needed
        twice, for the payoff of the deviation and for that of staying, which may be off in either
        direction."""
        return self._probabilities.slack(standing, self._half_range)

    def _is_profile(self, where: Sequence) -> bool:
        """Whether a point, or all of a region, is the profile in the player's own parameters."""
        if not self._unfolded:
            return False
        own = where[: len(self.profile)]
        return all(x in (y, (y, y)) for x, y in zip(own, self.profile, strict=True))

    def _centre(self, region: Region, slopes: list[Interval]) -> tuple[float, ...]:
        """The profile where it lies inside, else where the mean-value theorem says most."""
        own = zip(self.profile, region, strict=False)
        if self._unfolded and all(low <= x <= high for x, (low, high) in own):
            return (*self.profile, *map(middle_or_point, region[len(self.profile) :]))
        return tuple(map(balanced, region, slopes))


def _intervals(region: Region) -> list[Interval]:
    return [(arb(low), arb(high)) for low, high in region]


def middle_or_point(values: tuple[float, float]) -> float:
    """Where a range is split, or the number that it is."""
    low, high = values
    return low if low == high else middle_of(values)


def balanced(values: tuple[float, float], slope: Interval) -> float:
    """From where the gain can rise equally much to both sides."""
    low, high = values
    down, up = float(slope[0]), float(slope[1])
    if low == high or not (math.isfinite(high - low) and -math.inf < down < 0 < up < math.inf):
        return middle_or_point(values)
    x = low + (high - low) * (up / (up - down))
    return min(max(x, low), high)


def rise_within(x: float, values: tuple[float, float], slope: Interval) -> arb:
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
    width = _finite_width if all(math.isfinite(x) for ends in region for x in ends) else _compact
    changes = [
        (_size(slope) * width((low, high)), high - low, k)
        for k, ((low, high), slope) in enumerate(zip(region, slopes, strict=True))
        if can_split((low, high))
    ]
    return max(changes)[2] if changes else None


def _finite_width(values: tuple[float, float]) -> float:
    return min(values[1] - values[0], WIDEST)


def _compact(values: tuple[float, float]) -> float:
    """How wide a range is where infinity is as near as `FAR_OUT` is to zero."""
    low, high = values
    if math.isinf(low) and math.isinf(high):
        return WIDEST
    return sum(
        sign * FAR_OUT * (math.copysign(1.0, x) if math.isinf(x) else x / (FAR_OUT + abs(x)))
        for sign, x in ((1, high), (-1, low))
    )


def widest(region: Region) -> int | None:
    """The widest coordinate that can be split."""
    widths = [(min(b - a, WIDEST), k) for k, (a, b) in enumerate(region) if can_split((a, b))]
    return max(widths)[1] if widths else None


def _size(slope: Interval) -> float:
    size = float(slope[0].abs_upper().max(slope[1].abs_upper()))
    return math.inf if math.isnan(size) else size
