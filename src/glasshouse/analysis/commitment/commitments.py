"""Commitment to a mixed action that the other player sees before it replies."""

import dataclasses
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, player_number
from glasshouse.analysis.finite.optimum import (
    InfeasibleError,
    LinearProgram,
    fractions_of,
    optimum,
)
from glasshouse.analysis.finite.tables import two_player_payoffs

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

GOODWILL = "of replies that are equally good for the follower it takes the best one for the leader"

PROGRAM_HOLDS = 1e-9
"""Of the payoff range: replies no further apart count as tied at what a linear program found."""

MOST_BASES = 1000
"""Systems of equations solved for each reply; beyond, linear programs take less."""

MOST_CONFIRMED = 60
"""Actions of both, together, of games whose linear programs are looked at in rational numbers."""

NEVER_BEST = "no mixed action makes this reply a best one"

Table = Float[np.ndarray, "leader follower"]
"""The payoffs of one of them."""


@dataclasses.dataclass(frozen=True, repr=False)
class Commitment(Evidenced):
    """The best mixed action that a player can commit to, and the reply.

    **Arguments:** `leader`, counted from 0; `strategy`, the probability of each of its actions;
    `reply`, the other's action; `tied`, further replies that are as good for the other, so that the
    leader depends on its goodwill, or on giving up a little; `payoffs`, one per player; `follower`,
    the least and the most that the other is paid over all commitments that are as good for the
    leader; `method`, "closed form" where found in exact arithmetic, "certified" where linear
    programs were confirmed in it, else "numerical"; `detail`.
    """

    leader: int
    strategy: tuple[float, ...]
    reply: int
    tied: tuple[int, ...]
    payoffs: tuple[float, ...]
    follower: tuple[float, float]
    method: str
    detail: str


class _Candidate(NamedTuple):
    """A commitment to which an action is a best reply, and what it pays the leader."""

    value: Fraction | float
    follower: Fraction | float
    strategy: tuple[Fraction | float, ...]
    reply: int


def stackelberg(game: "NormalFormGame", leader: Whole) -> Commitment:
    """The best commitment of a player to a mixed action, which the other sees and replies to.

    Definition: for each action j of the follower, A[:, j]·x is made largest over mixed actions x to
    which j is a best reply; the largest of these is the value. Ties go to the leader (strong
    Stackelberg), and are those of the payoffs as the doubles they are.

    **Arguments:** `game`, of two players; `leader`, counted from 0.
    **Raises:** `InputError` for other games and players.
    **Cost:** of small games all vertices, in rational numbers; else linear programs for each action
    of the follower, confirmed in rational numbers where they are not too large.
    **Source:** Conitzer & Sandholm 2006, Computing the optimal strategy to commit to.

        import glasshouse as gh

        game = gh.NormalFormGame([[[2, 4], [1, 3]], [[1, 0], [0, 1]]], player_axis=0)
        found = gh.analysis.stackelberg(game, 0)
        print(found.payoffs, found.strategy)  # (3.5, 0.5) (0.5, 0.5)
    """
    tables = two_player_payoffs(game, "a commitment needs")
    who = player_number(leader, 2)
    own, other = tables[who], tables[1 - who].T
    rows, columns = own.shape
    if math.comb(rows + columns - 1, rows - 1) <= MOST_BASES:
        return _by_vertices(own, other, who)
    return _by_programming(own, other, who)


def _by_vertices(own: Table, other: Table, who: int) -> Commitment:
    found = [x for reply in range(own.shape[1]) for x in _vertices(own, other, reply)]
    best = max(found, key=lambda x: (x.value, x.follower))
    least = min(x.follower for x in found if x.value == best.value)
    how = "all vertices of where each reply is best, in exact arithmetic"
    paid = float(least), float(best.follower)
    return _said(best, who, paid, _tied(best, other, 0.0), "closed form", how)


def _by_programming(own: Table, other: Table, who: int) -> Commitment:
    exact = sum(own.shape) <= MOST_CONFIRMED
    found, confirmed = [], exact
    for reply in range(own.shape[1]):
        program = _program(own[:, reply], other, reply, exact)
        try:
            one = optimum(program, NEVER_BEST)
        except InfeasibleError:
            confirmed = confirmed and _is_never_best(program)
            continue
        confirmed &= one.exact
        x = np.maximum(one.x, 0.0) / np.maximum(one.x, 0.0).sum()
        found.append(_Candidate(one.value, float(x @ other[:, reply]), tuple(x.tolist()), reply))
    best = max(found, key=lambda x: (x.value, x.follower))
    same = PROGRAM_HOLDS * float(np.ptp(own))
    paid = [
        end
        for one in found
        if one.value >= best.value - same
        for end in _follower_ends(own, other, one.reply, float(best.value) - same)
    ]
    how = "a linear program for each reply, by HiGHS"
    how += ", confirmed in rational arithmetic" if confirmed else ""
    tied = _tied(best, other, PROGRAM_HOLDS * float(np.ptp(other)))
    method = "certified" if confirmed else "numerical"
    return _said(best, who, (min(paid), max(paid)), tied, method, how)


def _said(
    best: _Candidate,
    who: int,
    follower: tuple[float, float],
    tied: tuple[int, ...],
    method: str,
    how: str,
) -> Commitment:
    paid = float(best.value), float(best.follower)
    return Commitment(
        leader=who,
        strategy=tuple(float(x) for x in best.strategy),
        reply=best.reply,
        tied=tied,
        payoffs=paid if who == 0 else paid[::-1],
        follower=follower,
        method=method,
        detail=f"{how}; {GOODWILL}",
    )


def _tied(best: _Candidate, other: np.ndarray, same: float) -> tuple[int, ...]:
    """Further best replies to a commitment."""
    worth = [_mean(best.strategy, own) for own in other.T]
    return tuple(
        k for k, x in enumerate(worth) if k != best.reply and worth[best.reply] - x <= same
    )


def _mean(strategy: tuple[Fraction | float, ...], payoffs: np.ndarray) -> Fraction | float:
    used = ((x, float(y)) for x, y in zip(strategy, payoffs, strict=True) if x)
    return sum(x * (Fraction(y) if isinstance(x, Fraction) else y) for x, y in used)


def _vertices(own: Table, other: Table, reply: int) -> Iterator[_Candidate]:
    """Every vertex of the mixed actions to which this reply is best; all payoffs exact."""
    from flint import fmpq, fmpq_mat

    rows, columns = own.shape
    exact = [[fmpq(*float(x).as_integer_ratio()) for x in row] for row in other]
    tight = [[fmpq(int(k == i)) for k in range(rows)] for i in range(rows)]  # x_i ≥ 0
    tight += [
        [exact[i][reply] - exact[i][k] for i in range(rows)] for k in range(columns) if k != reply
    ]
    right = fmpq_mat(rows, 1, [fmpq(1)] + [fmpq(0)] * (rows - 1))
    for chosen in combinations(tight, rows - 1):
        square = fmpq_mat([[fmpq(1)] * rows, *chosen])
        if square.det() == 0:
            continue
        x = [entry for (entry,) in square.solve(right).tolist()]
        held = (sum((a * b for a, b in zip(row, x, strict=True)), start=fmpq(0)) for row in tight)
        if all(slack >= 0 for slack in held):
            strategy = tuple(Fraction(int(entry.p), int(entry.q)) for entry in x)
            value, follower = (_mean(strategy, table[:, reply]) for table in (own, other))
            yield _Candidate(value, follower, strategy, reply)


def _program(objective: np.ndarray, other: Table, reply: int, exact: bool) -> LinearProgram:
    """The largest objective over mixed actions to which this reply is best."""
    rows, columns = other.shape
    written = fractions_of if exact else np.asarray
    table, aim = written(other), written(objective)
    return LinearProgram(
        aim - aim.min(),
        (np.delete(table, reply, axis=1) - table[:, [reply]]).T,
        written(np.zeros(columns - 1)),
        written(np.ones((1, rows))),
        written(np.ones(1)),
        np.zeros(rows, dtype=bool),
        aim.min(),
    )


def _is_never_best(program: LinearProgram) -> bool:
    """Whether exact arithmetic shows that a reply is best to no mixed action: another one is better
    by some t > 0, whatever is done."""
    count = len(program.objective)
    unit = max((abs(x) for row in program.rows for x in row), default=1)  # by which t is counted
    short = np.full((len(program.rows), 1), -unit)
    smallest = program._replace(
        objective=fractions_of(np.r_[np.zeros(count), -1.0]),
        rows=np.concatenate([program.rows, short], axis=1),
        equal=fractions_of(np.r_[np.ones(count), 0.0][None]),
        free=np.r_[program.free, True],
        level=Fraction(0),
    )
    found = optimum(smallest, NEVER_BEST)
    return found.exact and found.value < 0


def _follower_ends(own: Table, other: Table, reply: int, worth: float) -> Iterator[float]:
    """The least and the most that the other is paid for this reply where the leader is paid at
    least so much."""
    low = float(own[:, reply].min())
    for sign in (-1.0, 1.0):
        program = _program(sign * other[:, reply], other, reply, exact=False)
        held = program._replace(
            rows=np.concatenate([program.rows, (low - own[:, reply])[None]]),
            limits=np.r_[program.limits, low - worth],
        )
        yield sign * optimum(held, NEVER_BEST).value
