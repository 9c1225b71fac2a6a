"""One player's expected payoff on intervals of everyone's probabilities."""

from collections.abc import Sequence
from typing import Any

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.intervals import Interval

Vectors = Sequence[Sequence[Interval]]
"""For every player, the probabilities of all its actions but the last."""

Table = Any
"""Numbers in lists, one level for every player: an entry for every action."""


class ExpectedPayoff:
    """A player's expected payoff when players mix independently, up to a constant.

    The last action's probability is what is left of 1, so the payoff is a polynomial in the
    others' probabilities. Its constant, the payoff where everybody plays the last action, cancels
    in every gain and is left out; no digit is lost to a large offset of the payoffs.

    **Arguments:** `payoffs`, the player's own, in lists: one level for every player.
    """

    def __init__(self, payoffs: Table):
        levels = _levels(payoffs)
        self._table = _without_constant(_differences(payoffs))
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
        return _contract(self._table, best)[1]


def _contract(table: Table, vectors: Vectors) -> Interval:
    if not vectors:
        return table, table
    own, rest = vectors[0], vectors[1:]
    total = _contract(table[-1], rest)
    for p, row in zip(own, table[:-1], strict=True):
        total = iv.add(total, iv.multiply(p, _contract(row, rest)))
    return total


def _levels(table: Table) -> int:
    return 1 + _levels(table[0]) if isinstance(table, list | tuple) else 0


def _differences(table: Table) -> Table:
    """Coefficients of the polynomial: along every level, each action's less the last one's."""
    if not isinstance(table, list | tuple):
        return arb(table)
    rows = [_differences(row) for row in table]
    return [*(_less(row, rows[-1]) for row in rows[:-1]), rows[-1]]


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
