"""Which of several equilibria: where learning ends, which is riskier, which pays all more."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Bool, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibria.points import Equilibria
from glasshouse.analysis.equilibrium.judging import pays
from glasshouse.analysis.outcomes.generic import Share
from glasshouse.analysis.outcomes.isolation import bounds, in_a_row
from glasshouse.dynamics.doors import check_params
from glasshouse.dynamics.learning import Learning, check_learning, learn
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params, require_exact

ENDS_THERE = 1e-3
"""A run ends at an equilibrium when no parameter is further away, relative to 1 + its size or,
where that is less, to the side of its box."""

PAYS_MORE = 1e-9
"""Products of losses that differ by no more than this share of the larger one are the same."""


@dataclasses.dataclass(frozen=True, repr=False)
class Selection(Evidenced):
    """Which of several equilibria learning selects, and two other standards.

    **Arguments:** `shares`, for each equilibrium the share of the starts from which learning ends
    there; `elsewhere`, that of the starts from which it ends at none of them; `dominates`, of two
    players whether equilibrium i risk-dominates equilibrium j, None of more players; `ranks` by
    the sum of payoffs, from 1, equals sharing one; `paid`, what players are paid where each run
    ended.
    """

    shares: tuple[Share, ...]
    elsewhere: Share
    dominates: Bool[np.ndarray, "points points"] | None
    ranks: tuple[int, ...]
    method: str
    detail: str
    paid: Float[np.ndarray, "runs players"] = dataclasses.field(repr=False)


@in_float64
def selection(
    game: AbstractParametricGame,
    equilibria: Equilibria | Sequence[Params],
    *,
    learning: Learning = Learning(),
) -> Selection:
    """Which of several equilibria learning ends at, and how they compare.

    Definition: θ risk-dominates θ' iff the product of both players' losses from going over to θ'
    alone, where they are at θ, is larger than that of their losses from going over to θ alone,
    where they are at θ'. It is about these two profiles as if nothing else could be chosen.

    **Arguments:** `equilibria`, as `find_equilibria` returns them, or profiles; `learning`, by
    which rule and from where.
    **Raises:** `InputError` for profiles that do not fit the game, or learning that shares one
    parameter.
    **Cost:** starts × steps learning steps.
    **Source:** Harsanyi & Selten 1988, A General Theory of Equilibrium Selection in Games.

        import glasshouse as gh
        from glasshouse.analysis import selection
        from glasshouse.dynamics import Learning, Starts

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        found = selection(
            family(0.3), [(3.0, 3.0), (-3.0, -3.0)], learning=Learning(starts=Starts(50))
        )
        print([share.count for share in found.shares])  # [30, 20]
    """
    require_exact(game, "selection")
    check_learning(learning, "selection")
    if learning.tied:
        raise InputError("selection is about players apart: give learning without tied=True")
    if isinstance(equilibria, Equilibria):
        equilibria = [point.params for point in equilibria.points]
    profiles = [check_params(game, params) for params in equilibria]
    numbers_each = len(in_a_row(game.neutral()))
    points = np.reshape(list(map(in_a_row, profiles)), (len(profiles), numbers_each))
    ends = learn([game], learning, _paid, judged=False)
    runs = learning.starts.runs
    leaves = [np.reshape(x[0], (runs, -1)) for x in jax.tree.leaves(ends.params)]
    numbers = np.concatenate(leaves, axis=1)
    lower, upper = bounds(game)
    near = ENDS_THERE * np.minimum(1 + np.abs(points), upper - lower)
    there = np.all(np.abs(numbers[:, None] - points) <= near, axis=2)
    distance = np.where(there, np.abs(numbers[:, None] - points).max(axis=2), np.inf)
    nearest = distance.argmin(axis=1) if profiles else np.zeros(runs, int)
    ended = np.where(there.any(axis=1), nearest, -1)
    counts = [int(np.sum(ended == k)) for k in range(len(points))]
    sums = [float(np.sum(pays(game, params))) for params in profiles]
    return Selection(
        shares=tuple(Share(count, runs) for count in counts),
        elsewhere=Share(runs - sum(counts), runs),
        dominates=_risk_dominance(game, profiles) if game.players == 2 else None,
        ranks=tuple(1 + sum(_above(other, own) for other in sums) for own in sums),
        method="learned",
        detail=ends.detail,
        paid=ends.observed[0],
    )


def _paid(game: AbstractParametricGame, params: Params) -> Float[RealArray, "players"]:
    return game.payoffs(params)


def _risk_dominance(
    game: AbstractParametricGame, profiles: Sequence[Params]
) -> Bool[np.ndarray, "points points"]:
    count = len(profiles)
    losses = np.zeros((count, count))
    for i, at in enumerate(profiles):
        paid = pays(game, at)
        for j, other in enumerate(profiles):
            first = paid[0] - pays(game, (other[0], at[1]))[0]
            second = paid[1] - pays(game, (at[0], other[1]))[1]
            losses[i, j] = max(first, 0.0) * max(second, 0.0)
    return losses > losses.T * (1 + PAYS_MORE)


def _above(other: float, own: float) -> bool:
    return other > own + PAYS_MORE * (1 + abs(own))
