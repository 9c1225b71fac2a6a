"""What players secure together, whatever the others do."""

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.results import Readable
from glasshouse.analysis.finite.optimum import (
    LinearProgram,
    fractions_of,
    optimum,
    power_near,
)
from glasshouse.analysis.finite.tables import finite_payoffs

MOST_SECURED = 2_000
"""Profiles of games whose programs are looked at in rational numbers."""


class Secured(NamedTuple):
    """What can be secured.

    **Arguments:** `mixture` of one's actions; `value`; `exact`, whether rational arithmetic showed
    that no more can be.
    """

    mixture: Float[np.ndarray, "own"]
    value: float
    exact: bool


def secured(table: Float[np.ndarray, "own others"]) -> Secured:
    """The mixture of the rows that secures most whatever the column, and what that is.

    What is secured is counted from the least payoff on, in units of the range of payoffs: it stands
    beside probabilities, and HiGHS knows no units.
    """
    m, n = table.shape
    low, unit = float(table.min()), power_near(float(table.max()) / 2 - float(table.min()) / 2)
    written = fractions_of if table.size <= MOST_SECURED else np.asarray
    own = (written(table) - written(np.array(low))[()]) * written(np.array(unit))[()]
    found = optimum(
        LinearProgram(
            written(np.r_[np.zeros(m), 1.0]),
            np.concatenate([-own.T, written(np.ones((n, 1)))], axis=1),
            written(np.zeros(n)),
            written(np.r_[np.ones(m), 0.0][None]),
            written(np.ones(1)),
            np.r_[np.zeros(m, dtype=bool), True],
        ),
        "no mixture secures anything",
    )
    mixture = np.maximum(found.x[:m], 0.0)
    return Secured(mixture / mixture.sum(), low + found.value / unit, found.exact)


@dataclasses.dataclass(frozen=True, repr=False)
class SecuredWelfare(Readable):
    """What a coalition is worth in a finite game: the sum of payoffs it can secure together.

    Definition: v(S) = max_x min_b Σ_{i in S} u_i(x, b), x a mixture of what S does together and b
    what the others do (von Neumann & Morgenstern 1944). It is a characteristic function for
    `shapley`.

    **Arguments:** `game`, of at most 20 000 profiles.

        import glasshouse as gh
        from glasshouse.analysis.finite import SecuredWelfare, shapley

        game = gh.load_game("battle_of_the_sexes")
        found = shapley(SecuredWelfare(game), game.player_names)
        print([one.value for one in found.values])  # [2.5, 2.5]
    """

    game: Any

    def __post_init__(self):
        finite_payoffs(self.game, "what players secure needs")

    def __call__(self, coalition: frozenset[int]) -> float:
        payoffs = finite_payoffs(self.game, "what players secure needs")
        inside = sorted(coalition)
        if not inside:
            return 0.0
        others = [i for i in range(len(payoffs)) if i not in coalition]
        together = payoffs[inside].sum(axis=0).transpose(*inside, *others)
        count = math.prod(self.game.actions[i] for i in inside)
        return secured(together.reshape(count, -1)).value

    @property
    def words(self) -> str:
        """What a coalition is worth, in words."""
        return "the sum of payoffs that its members secure together, whatever the others do"
