"""Whether a program's outputs are probabilities: none is negative, and they add up to one.

Both are needed of every player's outputs on all of a cover. That they add up to one is read from
the text of the program where it can be, and else bounded piece by piece.
"""

import copy
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from flint import arb, fmpq

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.covers import Region
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.program import Machine, Slopes
from glasshouse.certificates.totals import totals_of
from glasshouse.errors import InputError

ROUNDING = arb("1e-9")
"""By so much outputs may be negative: people compute them in doubles."""

ONE_AT_MOST = 1 + ROUNDING

MOST_MISSING = arb("1e-5")
"""By so much they may miss adding up to one: people hold them in 32 bits. It is paid for."""


class Standing(NamedTuple):
    """What is known of a program's outputs on a region.

    **Arguments:** `defined`, whether the program has a value for sure; `improper`, the players
    whose outputs are not known to be probabilities; `missing`, for every player by how much at
    most the outputs miss their total.
    """

    defined: bool
    improper: tuple[int, ...]
    missing: tuple[arb, ...]

    @property
    def proper(self) -> bool:
        """Whether the program has a value, and all its outputs are probabilities."""
        return self.defined and not self.improper


class Probabilities:
    """The outputs of a program as everyone's probabilities.

    **Arguments:** `machine`; `actions`, how many each player has: where a program has one output
    less for a player, the last probability is what is left of 1; `known`, whether they are
    probabilities by construction, and nothing is looked at.
    """

    def __init__(self, machine: Machine, actions: Sequence[int], known: bool):
        program = machine.program
        self._machine, self._known, self._actions = machine, known, actions
        self._whole = [program.shares_one(player) for player in range(len(actions))]
        self._all = [len(own) == count for own, count in zip(program.outputs, actions, strict=True)]
        texts = [None] * len(actions) if known else totals_of(program)
        unread = (iv.ONE, iv.ZERO)
        self._totals = [
            (text and (_ball(text[0]), _ball(text[1]))) if complete and not known else unread
            for text, complete in zip(texts, self._all, strict=True)
        ]
        self._nothing = (iv.ZERO,) * len(actions)
        self.is_exact = all(found is not None and found[1].is_zero() for found in self._totals)
        """Whether all totals are known without error."""

    def on(self, machine: Machine) -> "Probabilities":
        """The same of a machine whose program computes the same functions in another form."""
        other = copy.copy(self)
        other._machine = machine
        return other

    @property
    def totals(self) -> list[arb]:
        """What each player's outputs add up to, but for what is missing."""
        return [iv.ONE if found is None else found[0] for found in self._totals]

    def standing(
        self,
        values: Sequence[Interval],
        slopes: Sequence[Slopes] | None = None,
        region: Region = (),
    ) -> Standing:
        """What is known where the registers hold `values`; their `slopes` on a `region` help."""
        if self._known:
            return Standing(True, (), self._nothing)
        defined, outputs = self._machine.is_defined(values), self._machine.outputs(values)
        missing = tuple(
            self._missing(player, own, slopes, region) for player, own in enumerate(outputs)
        )
        improper = (
            player
            for player, own in enumerate(outputs)
            if not self._adds_up(player, missing[player]) or not self._is_positive(player, own)
        )
        return Standing(defined, tuple(improper), missing)

    def slack(self, standing: Standing, half_range: arb) -> arb:
        """By how much at most a payoff may differ from what its polynomial says.

        The payoff is Σ u Π p over all profiles of actions, u being counted from the middle of its
        range, so that what all payoffs have in common does not count. The polynomial takes what is
        left of a total for every last probability, which is off by d_j at most: so
        |Σ u Π p - Σ u Π q| <= max |u| · (Π (|p_j| + d_j) - Π |p_j|), |p_j| the sum of the sizes of
        player j's probabilities. This grows with each |p_j|, which is at most the total, d_j, and
        twice what may be negative. It is max |u| · n d to first order.
        """
        if self.is_exact:
            return iv.ZERO
        smaller, larger = iv.ONE, iv.ONE
        for missing, total, actions in zip(
            standing.missing, self.totals, self._actions, strict=True
        ):
            most = total + missing + 2 * actions * ROUNDING
            smaller, larger = smaller * most, larger * (most + missing)
        return half_range * (larger - smaller)

    def refuse(self, values: Sequence[Interval], deviation: Sequence[float]) -> None:
        """Refuse outputs of which for sure one is negative, or all but the last are above one."""
        for player, own in enumerate(self._machine.outputs(values)):
            rest = own[:-1] if self._all[player] else own
            negative = any(p[1] < -ROUNDING for p in own)
            if negative or sum((p[0] for p in rest), start=iv.ZERO) > ONE_AT_MOST + MOST_MISSING:
                at = ", ".join(f"{x:g}" for x in deviation)
                found = ", ".join(f"{float(p[0].mid()):.4g}" for p in own)
                but = "" if self._all[player] else " (all actions but the last)"
                raise InputError(
                    f"the semantics gives player {player + 1} the probabilities {found}{but} where "
                    f"the deviating player moves to {at}: make it return probabilities everywhere "
                    "in the box"
                )

    def is_improper(self, values: Sequence[Interval]) -> bool:
        """Whether some player's outputs are for sure no probabilities."""
        for own, complete in zip(self._machine.outputs(values), self._all, strict=True):
            low, high = (sum((p[end] for p in own), start=iv.ZERO) for end in (0, 1))
            few = complete and high < 1 - MOST_MISSING
            if few or low > 1 + MOST_MISSING or any(p[1] < -ROUNDING for p in own):
                return True
        return False

    def _adds_up(self, player: int, missing: arb) -> bool:
        return bool(abs(self.totals[player] - 1) + missing <= MOST_MISSING)

    def _is_positive(self, player: int, own: Sequence[Interval]) -> bool:
        """Whether no probability of a player is negative, but for rounding."""
        if not self._all[player]:
            return all(p[0] >= -ROUNDING and p[1] <= ONE_AT_MOST for p in own) and (
                self._whole[player] or bool(_sum(own, 1) <= ONE_AT_MOST)
            )
        unclear = [a for a, p in enumerate(own) if not p[0] >= -ROUNDING]
        found = self._totals[player]
        if not unclear or found is None:
            return not unclear
        # What the others leave of the total, where that is known.
        return all(
            found[0] - found[1] - _sum([*own[:a], *own[a + 1 :]], 1) >= -ROUNDING for a in unclear
        )

    def _missing(
        self, player: int, own: Sequence[Interval], slopes: Sequence[Slopes] | None, region: Region
    ) -> arb:
        found = self._totals[player]
        if found is not None:
            return found[1]
        missing = _from_one((_sum(own, 0), _sum(own, 1)))
        if slopes is None or missing <= MOST_MISSING:
            return missing
        expanded = self._expanded(player, slopes, region)
        return missing if expanded.is_nan() else expanded.min(missing)

    def _expanded(self, player: int, slopes: Sequence[Slopes], region: Region) -> arb:
        """The same by the mean-value theorem from the middle of the region."""
        if not all(arb(end).is_finite() for values in region for end in values):
            return iv.EVERYTHING[1]
        middle = [(arb(low) + arb(high)) / 2 for low, high in region]
        outputs = self._machine.values([(x, x) for x in middle])[player]
        total = (_sum(outputs, 0), _sum(outputs, 1))
        for k, ((low, high), x) in enumerate(zip(region, middle, strict=True)):
            slope = iv.NOTHING
            for register in self._machine.program.outputs[player]:
                slope = iv.add(slope, slopes[register].get(k, iv.NOTHING))
            total = iv.add(total, iv.multiply(slope, (arb(low) - x, arb(high) - x)))
        return _from_one(total)


def _sum(own: Sequence[Interval], end: int) -> arb:
    return sum((p[end] for p in own), start=iv.ZERO)


def _from_one(total: Interval) -> arb:
    """How far from one a number in an interval may be."""
    return abs(total[0] - 1).max(abs(total[1] - 1)).upper()


def _ball(number: Fraction) -> arb:
    return arb(fmpq(number.numerator, number.denominator))
