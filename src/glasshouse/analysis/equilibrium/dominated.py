"""Which actions of a base game are no better than another, whatever the others do."""

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibrium.pure_profiles import PAYOFF_ROUNDING, checked_payoffs

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame


@dataclasses.dataclass(frozen=True, repr=False)
class Dominance(Result):
    """An action that another one dominates.

    **Arguments:** `player`, counted from 0; `action`, the dominated one, and `by` which other one,
    by index; `strict`, whether it pays less whatever the others do, else somewhere less and nowhere
    more.
    """

    player: int
    action: int
    by: int
    strict: bool


def dominance(game: "NormalFormGame") -> tuple[Dominance, ...]:
    """All pairs of actions of which one dominates the other, strictly or weakly.

    Definition: a weakly dominates b where u_i(a, ·) ≥ u_i(b, ·) at all profiles of the others and
    > at some, strictly where > at all; payoffs within 1e-12 of the payoff range count as equal.
    Only pure actions are compared.

    **Raises:** as `pure_equilibria`.
    **Cost:** players × actions × profiles.

        import glasshouse as gh

        game = gh.load_game("prisoners_dilemma")
        print(len(gh.analysis.dominance(game)))  # 2
    """
    found = []
    for player, own in enumerate(checked_payoffs(game)):
        rows = np.moveaxis(own, player, 0).reshape(own.shape[player], -1)
        same = PAYOFF_ROUNDING * np.ptp(own)
        for action, by in itertools.permutations(range(len(rows)), 2):
            more = rows[by] - rows[action]
            if np.all(more >= -same) and np.any(more > same):
                found.append(Dominance(player, action, by, bool(np.all(more > same))))
    return tuple(found)
