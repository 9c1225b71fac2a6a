"""All equilibria of a small game given by its payoffs, in exact arithmetic, degenerate or not."""

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq, fmpq_mat

from glasshouse.errors import InputError

Weights = tuple[Fraction, ...]

MOST_STRATEGIES = 8
"""Of each player: with 8 each there are 12 870 bases to look at, with 10 already 184 756."""


def extreme_equilibria(row: np.ndarray, column: np.ndarray) -> list[tuple[Weights, Weights]]:
    """Every extreme equilibrium of a game of two players in which each has a few strategies.

    Definition: with all payoffs made positive, x is a vertex of {x >= 0, x·B <= 1} and y one of
    {y >= 0, A·y <= 1}; a pair of vertices is an equilibrium (each over its sum) where every
    strategy of either player is not used or a best reply. These are all extreme equilibria: every
    other one is a mixture of some, all of which can be exchanged for one another (Mangasarian
    1964). So none is lost, of degenerate games neither: a continuum is known by its ends.

    **Arguments:** `row` and `column`, shape (m, n): either player's payoffs, as the exact numbers
    that these doubles are.
    **Returns:** in an order that depends on nothing else.
    **Raises:** `InputError` for more than 8 strategies of a player, or payoffs that are not finite.
    **Cost:** binom(m + n, m) small systems of equations in rational numbers: milliseconds for
    4 × 4, a tenth of a second for 6 × 6.
    **Source:** Mangasarian 1964, Equilibrium points of bimatrix games.
    """
    _check(row)
    _check(column)
    m, n = row.shape
    first = _vertices(_positive(column.T))  # labels: own strategies, then the other's
    second = _vertices(_positive(row))
    everything = set(range(m + n))
    return [
        (x, y)
        for x, labels in first
        for y, other in second
        if labels | {(k - n if k >= n else m + k) for k in other} >= everything
    ]


def symmetric_equilibria(payoffs: np.ndarray) -> list[Weights]:
    """Every extreme symmetric equilibrium of a symmetric game of two players.

    Definition: the vertices x of {x >= 0, A·x <= 1}, over their sums, of which every strategy is
    not used or a best reply.

    **Arguments:** `payoffs`, shape (m, m), of who plays the row.
    """
    _check(payoffs)
    m = len(payoffs)
    return [
        x for x, labels in _vertices(_positive(payoffs)) if {k % m for k in labels} >= set(range(m))
    ]


def zero_sum_equilibrium(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One equilibrium of a game of two players who share a constant, by linear programming."""

    from scipy.optimize import linprog  # takes as long to import as a tenth of glasshouse

    def best(payoffs: np.ndarray) -> np.ndarray:
        """The mixture of the rows that secures most whatever the column."""
        m, n = payoffs.shape
        unit = float(np.ptp(payoffs)) or 1.0  # what is secured stands beside probabilities
        payoffs = (payoffs - payoffs.min()) / unit
        found = linprog(
            np.r_[np.zeros(m), -1.0],
            A_ub=np.c_[-payoffs.T, np.ones(n)],
            b_ub=np.zeros(n),
            A_eq=np.r_[np.ones(m), 0.0][None],
            b_eq=[1.0],
            bounds=[(0, None)] * m + [(None, None)],
        )
        return np.maximum(found.x[:m], 0.0) / np.maximum(found.x[:m], 0.0).sum()

    return best(row), best(-row.T)


def undominated(table: np.ndarray) -> tuple[list[int], list[int]]:
    """Rows and columns left when who pays less than another against all left goes, again and again.

    No equilibrium uses what goes.

    **Arguments:** `table`, shape (2, rows, columns): either player's payoffs.
    """
    kept = (list(range(table.shape[1])), list(range(table.shape[2])))
    while True:
        own = (table[0][np.ix_(*kept)], table[1][np.ix_(*kept)].T)
        gone = [
            [k for k, x in zip(kept[i], pays, strict=True) if np.any(np.all(pays > x, axis=1))]
            for i, pays in enumerate(own)
        ]
        if not any(gone):
            return kept
        kept = ([k for k in kept[0] if k not in gone[0]], [k for k in kept[1] if k not in gone[1]])


def _check(payoffs: np.ndarray) -> None:
    if payoffs.ndim != 2 or not payoffs.size or max(payoffs.shape) > MOST_STRATEGIES:
        raise InputError(
            f"payoffs must be a table of at most {MOST_STRATEGIES} strategies of each player, but "
            f"have the shape {payoffs.shape}"
        )
    if not np.all(np.isfinite(payoffs)):
        raise InputError("payoffs must be finite")


def _positive(payoffs: np.ndarray) -> list[list[fmpq]]:
    """The same payoffs exactly, all of them raised so that the lowest is 1."""
    exact = [[fmpq(*float(x).as_integer_ratio()) for x in own] for own in payoffs]
    lowest = min(x for own in exact for x in own)
    return [[x - lowest + 1 for x in own] for own in exact]


def _vertices(rows: list[list[fmpq]]) -> list[tuple[Weights, set[int]]]:
    """Vertices of {z >= 0, R·z <= 1} but zero, over their sums, with labels: k where z_k = 0, and
    len(z) + i where row i binds."""
    found: dict[Weights, set[int]] = {}
    for z in _corners(rows):
        sums = [sum((x * y for x, y in zip(own, z, strict=True)), start=fmpq(0)) for own in rows]
        if any(x > 1 for x in sums):
            continue
        total = sum(z, start=fmpq(0))
        weights = tuple(Fraction(int((x / total).p), int((x / total).q)) for x in z)
        if weights not in found:
            labels = {k for k, x in enumerate(z) if x == 0}
            found[weights] = labels | {len(z) + i for i, x in enumerate(sums) if x == 1}
    return list(found.items())


def _corners(rows: Sequence[Sequence[fmpq]]) -> Iterator[list[fmpq]]:
    """Where as many rows bind as strategies are used, none of these weights being negative."""
    count = len(rows[0])
    for size in range(1, min(len(rows), count) + 1):
        ones = fmpq_mat(size, 1, [fmpq(1)] * size)
        for used in itertools.combinations(range(count), size):
            for binding in itertools.combinations(rows, size):
                square = fmpq_mat(size, size, [own[k] for own in binding for k in used])
                if square.det() == 0:
                    continue
                solved = [x for (x,) in square.solve(ones).tolist()]
                if all(x >= 0 for x in solved):
                    z = [fmpq(0)] * count
                    for k, x in zip(used, solved, strict=True):
                        z[k] = x
                    yield z
