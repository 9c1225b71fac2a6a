"""Who should lead: the lottery over leaders that is fairest to the worst paid."""

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse.analysis.commitment.commitments import Commitment, stackelberg
from glasshouse.analysis.equilibria.mixed.restricted import extreme_equilibria

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame


@dataclasses.dataclass(frozen=True, repr=False)
class FairLeaders(Evidenced):
    """A lottery over who commits first.

    **Arguments:** `lottery`, the probability of each player to lead; `payoffs`, expected, one per
    player; `least` of them; `commitments`, of each leader.
    """

    lottery: tuple[float, ...]
    payoffs: tuple[float, ...]
    least: float
    commitments: tuple[Commitment, ...]
    method: str
    detail: str


def fair_leaders(game: "NormalFormGame") -> FairLeaders:
    """The lottery over leaders of a Stackelberg game that makes the smaller payoff largest.

    Definition: v_k is what both are paid where player k leads (`stackelberg`); the lottery p
    maximises min_i Σ_k p_k v_k[i]; of several those with the largest sum of payoffs count, and
    their mean is taken.

    **Raises:** as `stackelberg`.
    **Cost:** two commitments, and a game of two by two solved exactly.

        import glasshouse as gh

        found = gh.analysis.fair_leaders(gh.load_game("battle_of_the_sexes"))
        print(found.lottery, found.payoffs)  # (0.5, 0.5) (2.5, 2.5)
    """
    commitments = tuple(stackelberg(game, leader) for leader in (0, 1))
    table = np.array([own.payoffs for own in commitments])
    # Against whoever is paid least, as in a game of constant sum.
    lotteries = {lottery for lottery, _ in extreme_equilibria(table, -table)}
    sums = [Fraction(float(own[0])) + Fraction(float(own[1])) for own in table]
    welfare = {own: sum(x * y for x, y in zip(own, sums, strict=True)) for own in lotteries}
    best = [own for own in lotteries if welfare[own] == max(welfare.values())]
    lottery = tuple(float(sum(own[k] for own in best) / len(best)) for k in (0, 1))
    paid = lottery @ table
    exact = all(own.method == "closed form" for own in commitments)
    return FairLeaders(
        lottery=lottery,
        payoffs=tuple(paid.tolist()),
        least=float(paid.min()),
        commitments=commitments,
        method="closed form" if exact else "numerical",
        detail=f"lottery over both commitments, in exact arithmetic; {commitments[0].detail}",
    )
