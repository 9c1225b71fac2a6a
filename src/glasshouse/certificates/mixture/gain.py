"""What one player gains by deviating from a mixture: rigorous bounds on boxes of deviations."""

from collections.abc import Sequence
from typing import NamedTuple

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import Region, can_split
from glasshouse.certificates.exact import flattened
from glasshouse.certificates.gain import Bound, balanced, middle_or_point, rise_within, widest
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.mixture.merged import merged
from glasshouse.certificates.payoff import ExpectedPayoff, Table, Vectors, half_range, sizes
from glasshouse.certificates.probabilities import MOST_MISSING, Probabilities, Standing
from glasshouse.certificates.program import Machine, Program


class _Known(NamedTuple):
    """What is known of a payoff on a region: the most that its polynomial may be, its derivatives,
    and of the program's outputs."""

    upper: arb
    slopes: list[Interval]
    standings: list[Standing]


class _Against:
    """The payoff against one profile of the others' atoms, up to a constant that all share.

    **Arguments:** `program`, one of several with the same registers, whose values are handed in.
    """

    def __init__(self, program: Program, wholes: Sequence[bool], payoffs: Table, proper: bool):
        actions, self.proper = sizes(payoffs), proper
        self.outputs = [own[: m - 1] for own, m in zip(program.outputs, actions, strict=True)]
        self.probabilities = Probabilities(Machine(program), actions, proper)
        self._payoff = ExpectedPayoff(payoffs, wholes, self.probabilities.totals)
        self._half_range = half_range(payoffs)

    def at(self, values: Sequence[Interval]) -> tuple[Interval, Standing]:
        """The payoff of one deviation, enclosed where its probabilities are such."""
        standing = self.probabilities.standing(values)
        if not standing.proper:
            return iv.EVERYTHING, standing
        low, high = self._payoff.value(self._vectors(values))
        slack = self.slack(standing)
        return (low - slack, high + slack), standing

    def on(self, values: Sequence[Interval]) -> tuple[arb, list[tuple[int, Interval]]]:
        """The most that the payoff's polynomial may be, and its derivatives by registers."""
        vectors = self._vectors(values)
        effects = self._payoff.effects(vectors)
        by_register = [
            pair
            for own, registers in zip(effects, self.outputs, strict=True)
            for pair in zip(registers, own, strict=True)
        ]
        return self._payoff.highest(vectors, effects), by_register

    @property
    def is_exact(self) -> bool:
        """Whether everyone's outputs are known to add up to one exactly."""
        whole = all(total == 1 for total in self.probabilities.totals)
        return self.proper or (self.probabilities.is_exact and whole)

    def slack(self, standing: Standing) -> arb:
        """By how much at most the payoff may differ from what its polynomial says."""
        return self.probabilities.slack(standing, self._half_range)

    def _vectors(self, values: Sequence[Interval]) -> Vectors:
        return [[values[r] for r in registers] for registers in self.outputs]


class MixtureGain:
    """The gain of deviating from a mixture, as a function of the deviation.

    Definition: g(t) = Σ_k w_k U(t, θ_k) - Σ_j x_j Σ_k w_k U(a_j, θ_k), with θ_k the profiles of the
    others' atoms, w_k their probabilities, and a_j the player's own atoms with theirs, x_j. Both
    are weights over their sum, exactly.

    Bounds on a box use, in this order: derivatives of one sign, which leave a face to be looked at;
    the range of the payoff on intervals; the mean-value theorem. All are rounded outward at the
    working precision of the moment. Outputs that are not known to be probabilities, or only to add
    up to one nearly, are treated as in `Gain`.

    **Arguments:** `programs`, one for each profile of the others' atoms; `weights` of these;
    `payoffs` of the player who deviates; `atoms`, its own, and their `own_weights`; `proper`,
    whether the outputs are probabilities by construction.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        weights: Sequence[arb],
        payoffs: Table,
        atoms: Sequence[Sequence[float]],
        own_weights: Sequence[arb],
        proper: bool,
    ):
        self._weights = [(w, w) for w in weights]
        leading = [program.leading() for program in programs]
        together = merged(leading if proper else programs)
        self._machine = Machine(together[0])
        self._against = [
            _Against(program, [own.shares_one(i) for i in range(len(own.outputs))], payoffs, proper)
            for program, own in zip(together, leading, strict=True)
        ]
        stay, self.is_known = iv.NOTHING, True
        for atom, x in zip(atoms, own_weights, strict=True):
            value, standings = self._paid(atom)
            self.is_known &= all(standing.proper for standing in standings)
            stay = iv.add(stay, iv.multiply((x, x), value))
        self._stay = stay if self.is_known else iv.EVERYTHING
        self._constant, self._largest = _last(payoffs), max(map(abs, flattened(payoffs)))
        self._players = len(sizes(payoffs))

    @property
    def payoff(self) -> Interval:
        """What the mixture pays, the last action's probability being what the others leave of 1."""
        low, high = iv.add(self._stay, iv.point(self._constant))
        if all(one.is_exact for one in self._against):
            return low, high
        pad = self._largest * ((1 + 2 * MOST_MISSING) ** self._players - 1)
        return low - pad, high + pad

    def at(self, deviation: Sequence[float]) -> Interval:
        """The gain of one deviation, enclosed."""
        value, standings = self._paid(deviation)
        if not self.is_known or not all(standing.proper for standing in standings):
            return iv.EVERYTHING
        return iv.subtract(value, self._stay)

    def bound(self, region: Region) -> Bound:
        """An upper bound on a region, and where to look further."""
        face, found, standings = self._face(region)
        improper = tuple(sorted({i for standing in standings for i in standing.improper}))
        if not self.is_known or not all(standing.proper for standing in standings):
            centre = tuple(map(middle_or_point, region))
            unknown = iv.EVERYTHING
            return Bound(
                unknown[1], centre, self.at(centre), widest(region), False, False, improper
            )
        slack = iv.ZERO
        for weight, one, standing in zip(self._weights, self._against, standings, strict=True):
            slack += weight[0] * one.slack(standing)
        centre = tuple(map(balanced, face, found.slopes))
        gain = self.at(centre)
        expanded = gain[1] + 2 * slack
        for x, values, slope in zip(centre, face, found.slopes, strict=True):
            expanded += rise_within(x, values, slope)
        upper = found.upper + slack - self._stay[0]
        if not expanded.is_nan():
            upper = expanded if upper.is_nan() else upper.min(expanded)
        upper = iv.EVERYTHING[1] if upper.is_nan() else upper
        axis = _steepest(face, found.slopes)
        if axis is None and not slack.is_zero():
            axis = widest(region)
        return Bound(upper, centre, gain, axis, False, True)

    def _paid(self, point: Sequence[float]) -> tuple[Interval, list[Standing]]:
        total, standings = iv.NOTHING, []
        values = self._machine.held([iv.point(x) for x in point])
        for weight, one in zip(self._weights, self._against, strict=True):
            value, standing = one.at(values)
            total = iv.add(total, iv.multiply(weight, value))
            standings.append(standing)
        return total, standings

    def _face(self, region: Region) -> tuple[Region, _Known, list[Standing]]:
        """The face of a region on which the gain is largest, what is known there, and what is
        known of the outputs on all of the region."""
        standings: list[Standing] | None = None
        while True:
            found = self._on(region, standings)
            standings = standings or found.standings
            face = list(region)
            for k, ((low, high), slope) in enumerate(zip(region, found.slopes, strict=True)):
                if low < high and slope[0] >= 0:
                    face[k] = (high, high)
                elif low < high and slope[1] <= 0:
                    face[k] = (low, low)
            if tuple(face) == region:
                return region, found, standings
            region = tuple(face)

    def _on(self, region: Region, around: list[Standing] | None) -> _Known:
        """What is known from intervals alone; `around`, what is known of the outputs on a region
        of which this is a face."""
        values, moves = self._machine.registers([(arb(low), arb(high)) for low, high in region])
        upper, effects = iv.ZERO, {}
        for weight, one in zip(self._weights, self._against, strict=True):
            most, by_register = one.on(values)
            upper += weight[0] * most
            for register, effect in by_register:
                effects[register] = iv.add(
                    effects.get(register, iv.NOTHING), iv.multiply(weight, effect)
                )
        slopes = [iv.NOTHING] * len(region)
        for register, effect in effects.items():
            for k, slope in moves[register].items():
                slopes[k] = iv.add(slopes[k], iv.multiply(slope, effect))
        standings = around or [
            one.probabilities.standing(values, moves, region) for one in self._against
        ]
        return _Known(upper, slopes, standings)


def _steepest(region: Region, slopes: Sequence[Interval]) -> int | None:
    """The coordinate along which the gain may change most."""
    changes = []
    for k, (values, slope) in enumerate(zip(region, slopes, strict=True)):
        if can_split(values):
            size = float(slope[0].abs_upper().max(slope[1].abs_upper()))
            size = float("inf") if size != size else size
            changes.append((size * (values[1] - values[0]), values[1] - values[0], k))
    return max(changes)[2] if changes else None


def _last(table: Table) -> float:
    """The payoff where everybody plays the last action, which payoffs here leave out."""
    return _last(table[-1]) if isinstance(table, list | tuple) else table
