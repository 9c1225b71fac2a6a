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
from glasshouse.analysis.equilibrium.pure_profiles import MOST_BASES, checked_payoffs
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

GOODWILL = "of replies that are equally good for the follower it takes the best one for the leader"

PROGRAM_HOLDS = 1e-9
"""Of the payoff range: replies no further apart count as tied at what a linear program found."""

INFEASIBLE = 2
"""The status of a linear program that has no solution."""

Table = Float[np.ndarray, "leader follower"]
"""The payoffs of one of them."""


@dataclasses.dataclass(frozen=True, repr=False)
class Commitment(Evidenced):
    """The best mixed action that a player can commit to, and the reply.

    **Arguments:** `leader`, counted from 0; `strategy`, the probability of each of its actions;
    `reply`, the other's action; `tied`, further replies that are as good for the other, so that the
    leader depends on its goodwill, or on giving up a little; `payoffs`, one per player; `method`,
    "closed form" where found in exact arithmetic, else "numerical"; `detail`.
    """

    leader: int
    strategy: tuple[float, ...]
    reply: int
    tied: tuple[int, ...]
    payoffs: tuple[float, ...]
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
    Stackelberg).

    **Arguments:** `game`, of two players; `leader`, counted from 0.
    **Raises:** `InputError` for other games and players.
    **Cost:** a linear program for each action of the follower; of small games all vertices, in
    rational numbers.
    **Source:** Conitzer & Sandholm 2006, Computing the optimal strategy to commit to.

        import glasshouse as gh

        game = gh.NormalFormGame([[[2, 4], [1, 3]], [[1, 0], [0, 1]]], player_axis=0)
        found = gh.analysis.stackelberg(game, 0)
        print(found.payoffs, found.strategy)  # (3.5, 0.5) (0.5, 0.5)
    """
    payoffs = checked_payoffs(game, "commitment needs")
    if len(payoffs) != 2:
        raise InputError(f"a commitment needs a game of two players, and {game.title} is none")
    who = player_number(leader, 2)
    own, other = (payoffs[k] if who == 0 else payoffs[k].T for k in (who, 1 - who))
    rows, columns = own.shape
    exact = math.comb(rows + columns - 1, rows - 1) <= MOST_BASES
    candidates = _exactly if exact else _by_programming
    found = [x for reply in range(columns) for x in candidates(own, other, reply)]
    best = max(found, key=lambda x: (x.value, x.follower))
    strategy = np.array([float(x) for x in best.strategy])
    paid = (float(best.value), float(best.follower))
    return Commitment(
        leader=who,
        strategy=tuple(strategy.tolist()),
        reply=best.reply,
        tied=_tied(best, other, exact),
        payoffs=paid if who == 0 else paid[::-1],
        method="closed form" if exact else "numerical",
        detail=(
            f"all vertices of where each reply is best, in exact arithmetic; {GOODWILL}"
            if exact
            else f"a linear program for each reply, by HiGHS; {GOODWILL}"
        ),
    )


def _tied(best: _Candidate, other: np.ndarray, exact: bool) -> tuple[int, ...]:
    """Further best replies to a commitment."""
    same = 0 if exact else PROGRAM_HOLDS * float(np.ptp(other))
    worth = [_mean(best.strategy, own) for own in other.T]
    return tuple(
        k for k, x in enumerate(worth) if k != best.reply and worth[best.reply] - x <= same
    )


def _mean(strategy: tuple[Fraction | float, ...], payoffs: np.ndarray) -> Fraction | float:
    used = ((x, float(y)) for x, y in zip(strategy, payoffs, strict=True) if x)
    return sum(x * (Fraction(y) if isinstance(x, Fraction) else y) for x, y in used)


def _exactly(own: Table, other: Table, reply: int) -> Iterator[_Candidate]:
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


def _by_programming(own: Table, other: Table, reply: int) -> Iterator[_Candidate]:
    """The best commitment to which this reply is best, where there is one."""
    from scipy.optimize import linprog  # takes as long to import as a tenth of glasshouse

    rows = len(own)
    found = linprog(
        -own[:, reply],
        A_ub=(other - other[:, [reply]]).T,
        b_ub=np.zeros(other.shape[1]),
        A_eq=np.ones((1, rows)),
        b_eq=[1.0],
        bounds=[(0, None)] * rows,
        method="highs",
    )
    if found.status == INFEASIBLE:
        return
    if found.x is None:
        raise InputError(f"a linear program failed ({found.message}): rescale the payoffs")
    x = np.maximum(found.x, 0.0) / np.maximum(found.x, 0.0).sum()
    value, follower = (float(x @ table[:, reply]) for table in (own, other))
    yield _Candidate(value, follower, tuple(x.tolist()), reply)
