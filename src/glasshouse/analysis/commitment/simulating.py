"""Simulation of what the other player's mixed action is: whether it pays the simulator."""

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Whole, number, player_number
from glasshouse.analysis.commitment.commitments import PROGRAM_HOLDS, Commitment, stackelberg
from glasshouse.analysis.equilibrium.pure_profiles import base_game, checked_payoffs

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

Helps = Literal["yes", "no", "depends on the equilibrium", "unknown"]


@dataclasses.dataclass(frozen=True, repr=False)
class MixedSimulation(Evidenced):
    """What a player is paid who learns the other's mixed action, and replies.

    **Arguments:** `simulator`, counted from 0; `cost`; `commitment`, of the other, who knows that
    it is simulated; `payoffs` of both, the cost paid; `paid`, the least and the most that the
    simulator is, over all commitments that are as good for the other; `without`, the same over all
    equilibria without simulation, None where these are not known; `helps`: "yes" where it is paid
    more than in any of them, whichever commitment it meets, "no" where more than in none, "depends
    on the equilibrium" (or on the commitment) in between, "unknown" where those are not known.
    """

    simulator: int
    cost: float
    commitment: Commitment
    payoffs: tuple[float, ...]
    paid: tuple[float, float]
    without: tuple[float, float] | None
    helps: Helps
    method: str
    detail: str


def mixed_simulation(game: "NormalFormGame", simulator: Whole, cost: Numbers) -> MixedSimulation:
    """Whether it pays to learn the mixed action of the other player, who knows it.

    Definition: who is simulated for sure commits to a mixed action, so both are paid as in
    `stackelberg` with the other as leader, and the simulator pays the cost. Payoffs are then not
    linear in what the other does, and no table holds them; `games.simulated` is the simulation of
    the action that was drawn.

    **Arguments:** `simulator`, counted from 0; `cost` ≥ 0, in units of payoff.
    **Raises:** as `stackelberg`, and for a cost below 0.
    **Cost:** that of `stackelberg` and of `base_game`.
    **Source:** Kovařík, Oesterheld & Conitzer 2024, arXiv:2410.14311.

        import glasshouse as gh

        trust = gh.NormalFormGame([[[1, -2], [0, 0]], [[1, 3], [0, 0]]], player_axis=0)
        print(gh.analysis.mixed_simulation(trust, 0, 0.1).helps)  # no
    """
    who, price = player_number(simulator, 2), number(cost, "cost", least=0.0)
    commitment = stackelberg(game, 1 - who)
    own = checked_payoffs(game)[who]
    payoffs = list(commitment.payoffs)
    payoffs[who] -= price
    least, most = (end - price for end in commitment.follower)
    facts = base_game(game)
    without = None
    if facts.mixed is not None:
        each = [*facts.pure_equilibrium_payoffs, *(mixture.payoffs for mixture in facts.mixed)]
        without = (min(paid[who] for paid in each), max(paid[who] for paid in each))
    return MixedSimulation(
        simulator=who,
        cost=price,
        commitment=commitment,
        payoffs=tuple(payoffs),
        paid=(least, most),
        without=without,
        helps=_helps((least, most), without, PROGRAM_HOLDS * float(np.ptp(own))),
        method=commitment.method,
        detail=f"{commitment.detail}; compared with {facts.mixed_detail}",
    )


def _helps(paid: tuple[float, float], without: tuple[float, float] | None, same: float) -> Helps:
    """Whether one is paid more than in any equilibrium; payoffs closer than `same` are equal."""
    if without is None:
        return "unknown"
    least, most = without
    if paid[0] > most + same:
        return "yes"
    return "no" if paid[1] <= least + same else "depends on the equilibrium"
