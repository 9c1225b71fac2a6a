"""One player's expected payoff on intervals of everyone's probabilities."""

import functools
from collections.abc import Sequence
from typing import Any

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.intervals import Interval

Vectors = Sequence[Sequence[Interval]]
"""For every player, the probabilities of all its actions but the last, which follows."""

Table = Any
"""Numbers in lists, one level for every player: an entry for every action."""


class ExpectedPayoff:
    """A player's expected payoff when players mix independently, up to a constant.

    The last action's probability is what is left of the total, so the payoff is a polynomial in the
    others' probabilities. Its constant, the payoff where everybody plays the last action, cancels
    in every gain and is left out; no digit is lost to a large offset of the payoffs.

    **Arguments:** `payoffs`, the player's own, in lists: one level for every player; `wholes`, for
    every player whether its probabilities are known not to exceed 1 together (default: for none);
    `totals`, what each player's probabilities add up to (default: 1).
    """

    def __init__(
        self, payoffs: Table, wholes: Sequence[bool] = (), totals: Sequence[arb] | None = None
    ):
        levels = len(sizes(payoffs))
        self._wholes = wholes
        totals = [iv.ONE] * levels if totals is None else totals
        self._totals = totals
        self._table = _without_constant(_differences(payoffs, totals))
        corner = _last(payoffs)
        self._rest = _less_number(payoffs, arb(corner))
        """What is paid beyond the constant."""
        self._by_player = [_to_front(self._table, j) for j in range(levels)]

    def value(self, vectors: Vectors) -> Interval:
        """An enclosure, exact but for rounding where the probabilities are points."""
        return _contract(self._table, vectors)

    def effects(self, vectors: Vectors) -> list[list[Interval]]:
        """The derivative by each probability in `vectors`, the last action's making up for it."""
        return [
            [_contract(row, [*vectors[:j], *vectors[j + 1 :]]) for row in self._by_player[j][:-1]]
            for j in range(len(vectors))
        ]

    def highest(self, vectors: Vectors, effects: list[list[Interval]]) -> arb:
        """An upper bound: each probability at the end that pays where its effect has one sign."""
        best = [
            [
                (p[1], p[1]) if effect[0] >= 0 else (p[0], p[0]) if effect[1] <= 0 else p
                for p, effect in zip(own, effects_of_own, strict=True)
            ]
            for own, effects_of_own in zip(vectors, effects, strict=True)
        ]
        highest = _contract(self._table, best)[1]
        if not any(map(_exceeds_one, self._wholes, best)):
            return highest
        return highest.min(self._highest_of_wholes(vectors, effects, best))

    def highest_of_shares(self, shares: Vectors) -> arb:
        """An upper bound from the probabilities of all actions, the last ones too.

        None of them is negative, and each player's add up to its total. Whatever the others do,
        a player cannot do better than with as much as there may be of the best actions: taken from
        the first player to the last and from the last to the first.
        """
        first = _best_shares(self._rest, shares, self._totals)
        if len(shares) != 2:
            return first
        turned = [list(column) for column in zip(*self._rest, strict=True)]
        return first.min(_best_shares(turned, shares[::-1], self._totals[::-1]))

    def _highest_of_wholes(
        self, vectors: Vectors, effects: list[list[Interval]], best: Vectors
    ) -> arb:
        """Another one, for which no player's probabilities exceed 1 together."""
        start, rise = list(best), iv.ZERO
        for j, own in enumerate(vectors):
            if _exceeds_one(self._wholes[j], best[j]):
                start[j] = [(p[0], p[0]) for p in own]
                rise += _most_from(own, [effect[1] for effect in effects[j]])
        return _contract(self._table, start)[1] + rise


def _exceeds_one(whole: bool, own: Sequence[Interval]) -> bool:
    """Whether a player's probabilities are a whole, and these would be too much of one."""
    return whole and len(own) > 1 and not sum((p[1] for p in own), start=iv.ZERO) <= 1


def _most_from(own: Sequence[Interval], effects: Sequence[arb]) -> arb:
    """A bound on Σ effect · x, 0 <= x <= the width of each, the x together at most what the lower
    ends leave of 1.

    By linear duality Σ effect · x <= λ · left + Σ max(0, effect - λ) · width for every λ >= 0, and
    some effect, or zero, is the best λ.
    """
    left = iv.ONE - sum((p[0] for p in own), start=iv.ZERO)
    widths = [p[1] - p[0] for p in own]

    def bound(price: arb) -> arb:
        excess = ((effect - price).max(iv.ZERO) for effect in effects)
        return sum((x * width for x, width in zip(excess, widths, strict=True)), price * left)

    prices = [iv.ZERO, *(effect.max(iv.ZERO) for effect in effects)]
    return functools.reduce(arb.min, map(bound, prices))


def _best_shares(table: Table, shares: Vectors, totals: Sequence[arb]) -> arb:
    """A bound on the largest Σ table · Π shares, each player's shares adding up to its total.

    By linear duality Σ r p <= λ · total + Σ max((r - λ) · lowest, (r - λ) · highest) for any λ, and
    the best λ is the r of the action of which only what is left can be taken.
    """
    if not shares:
        return table
    own, rewards = shares[0], [_best_shares(row, shares[1:], totals[1:]) for row in table]
    left = float(totals[0]) - sum(float(p[0]) for p in own)
    by_reward = sorted(zip(rewards, own, strict=True), key=lambda x: -float(x[0]))
    price = by_reward[-1][0]
    for reward, (low, high) in by_reward:
        left -= float(high) - float(low)
        if left <= 0:
            price = reward
            break
    price = arb(price.mid())
    most = price * totals[0]
    for reward, (low, high) in by_reward:
        excess = reward - price
        most += high * excess if excess >= 0 else (low * excess).max(high * excess)
    return most


def _contract(table: Table, vectors: Vectors) -> Interval:
    if not vectors:
        return table, table
    own, rest = vectors[0], vectors[1:]
    total = _contract(table[-1], rest)
    for p, row in zip(own, table[:-1], strict=True):
        total = iv.add(total, iv.multiply(p, _contract(row, rest)))
    return total


def sizes(table: Table) -> tuple[int, ...]:
    """How many entries each level has."""
    return (len(table), *sizes(table[0])) if isinstance(table, list | tuple) else ()


def half_range(table: Table) -> arb:
    """The largest size of a payoff, counted from the middle between the lowest and the highest."""
    low, high = _range(table)
    return (high - low) / 2


def _range(table: Table) -> Interval:
    if not isinstance(table, list | tuple):
        return iv.point(table)
    lows, highs = zip(*map(_range, table), strict=True)
    return functools.reduce(arb.min, lows), functools.reduce(arb.max, highs)


def _differences(table: Table, totals: Sequence[arb]) -> Table:
    """Coefficients of the polynomial: along every level, each action's less the last one's, which
    itself counts as often as the probabilities of the level add up to."""
    if not isinstance(table, list | tuple):
        return arb(table)
    rows = [_differences(row, totals[1:]) for row in table]
    return [*(_less(row, rows[-1]) for row in rows[:-1]), _times(totals[0], rows[-1])]


def _last(table: Table) -> float:
    """The payoff where everybody plays the last action."""
    return _last(table[-1]) if isinstance(table, list | tuple) else table


def _less_number(table: Table, number: arb) -> Table:
    if isinstance(table, list | tuple):
        return [_less_number(row, number) for row in table]
    return arb(table) - number


def _times(factor: arb, table: Table) -> Table:
    if factor == 1:
        return table
    return factor * table if not isinstance(table, list) else [_times(factor, x) for x in table]


def _less(table: Table, other: Table) -> Table:
    if not isinstance(table, list):
        return table - other
    return [_less(x, y) for x, y in zip(table, other, strict=True)]


def _without_constant(table: Table) -> Table:
    if not isinstance(table, list):
        return iv.ZERO
    return [*table[:-1], _without_constant(table[-1])]


def _to_front(table: Table, level: int) -> Table:
    """The same table with one level moved to the outside."""
    if level == 0:
        return table
    rows = [_to_front(row, level - 1) for row in table]
    return [[row[a] for row in rows] for a in range(len(rows[0]))]
