"""Equilibria of the game restricted to some atoms, and which of them is taken."""

import itertools
from typing import NamedTuple

import numpy as np

from glasshouse.analysis.equilibria.mixed.facing import Shares, expected
from glasshouse.analysis.equilibria.mixed.restricted import (
    extreme_equilibria,
    symmetric_equilibria,
    zero_sum_equilibrium,
)
from glasshouse.errors import InputError

CONSTANT_SUM = 1e-12
"""Of the range of payoffs: sums that vary by no more are constant."""

MOST_EXACT = 6
"""Larger games whose payoffs add up to a constant are solved for one equilibrium."""

REPLICATIONS = 2000

ROOTS_HOLD = 1e-9
"""Of the range of payoffs: an equilibrium of many players may fail by so much, its weights being
roots of a polynomial in floats."""

REAL = 1e-9
"""Roots whose imaginary part is below this are real."""


class Restricted(NamedTuple):
    """What the equilibria of a restricted game are.

    **Arguments:** `chosen`, everyone's probabilities; `found`, how many there are, or were found;
    `words`, what they are and which one was taken; `by_programming`, whether by a linear program.
    """

    chosen: Shares
    found: int
    words: str
    by_programming: bool = False


def restricted_equilibria(table: np.ndarray, symmetric: bool) -> Restricted:
    """The equilibria of a game given by its payoffs, and the one that pays most altogether.

    **Arguments:** `table`, shape (players, *atoms); `symmetric`, whether only those count in which
    all players mix in the same way.
    """
    players = len(table)
    if symmetric:
        if players == 2:
            found = [_floats(x) for x in symmetric_equilibria(table[0])]
            kind = "extreme symmetric equilibria"
        else:
            found = _of_pairs(table[0])
            kind = "symmetric equilibria with one or two atoms (or else an approximate one)"
        return _chosen(table, [[x] * players for x in found], kind)
    total = table.sum(axis=0)
    zero_sum = bool(np.ptp(total) <= CONSTANT_SUM * np.ptp(table))
    if zero_sum and max(table.shape[1:]) > MOST_EXACT:
        shares = list(zero_sum_equilibrium(table[0]))
        return Restricted(shares, 1, "one equilibrium of a linear program", True)
    found = [[_floats(x), _floats(y)] for x, y in extreme_equilibria(table[0], table[1])]
    return _chosen(table, found, "extreme equilibria")._replace(by_programming=zero_sum)


def _chosen(table: np.ndarray, found: list[Shares], kind: str) -> Restricted:
    if not found:
        raise InputError("the restricted game has no equilibrium of this kind: take two players")
    sizes = " × ".join(map(str, table.shape[1:]))
    words = f"the last restricted game, of {sizes} atoms, has {len(found)} {kind}"
    if len(found) > 1:
        words += ", of which the one that pays most altogether was taken"
    return Restricted(max(found, key=lambda shares: _welfare(table, shares)), len(found), words)


def _welfare(table: np.ndarray, shares: Shares) -> float:
    paid = (shares[i] @ expected(table[i], shares, i) for i in range(len(table)))
    return float(sum(paid))


def _floats(weights: tuple) -> np.ndarray:
    return np.array([float(x) for x in weights])


def _of_pairs(table: np.ndarray) -> list[np.ndarray]:
    """Symmetric equilibria of many players with one or two atoms: roots of a polynomial each."""
    players, count = table.ndim, table.shape[0]

    def paid(shares: np.ndarray) -> np.ndarray:
        return expected(table, [shares] * players, 0)

    def unit(k: int) -> np.ndarray:
        return np.eye(count)[k]

    def holds(shares: np.ndarray) -> bool:
        values = paid(shares)
        return bool(values.max() <= shares @ values + ROOTS_HOLD * np.ptp(table))

    found = [unit(k) for k in range(count)]
    nodes = np.linspace(0.0, 1.0, players)
    for a, b in itertools.combinations(range(count), 2):
        differences = [
            float(np.dot(paid(x * unit(a) + (1 - x) * unit(b)), unit(a) - unit(b))) for x in nodes
        ]
        polynomial = np.polynomial.Polynomial.fit(nodes, differences, players - 1)
        for root in polynomial.roots():
            x = float(np.real(root))
            if abs(np.imag(root)) < REAL and 0 < x < 1:
                found.append(x * unit(a) + (1 - x) * unit(b))
    held = [shares for shares in found if holds(shares)]
    return held or [_replicated(table)]


def _replicated(table: np.ndarray) -> np.ndarray:
    """Where the replicator dynamics leads from all atoms alike: no equilibrium, but near one."""
    count, players = len(table), table.ndim
    shares, scale = np.full(count, 1 / count), max(float(np.ptp(table)), 1e-300)
    total = np.zeros(count)
    for _ in range(REPLICATIONS):
        paid = expected(table, [shares] * players, 0)
        shares = shares * np.exp((paid - paid.max()) / scale)
        shares /= shares.sum()
        total += shares
    return total / total.sum()
