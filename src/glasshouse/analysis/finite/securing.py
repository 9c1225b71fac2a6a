"""What players secure together, whatever the others do."""

import dataclasses
import math
from typing import Any

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.results import Readable
from glasshouse.analysis.finite.optimum import LinearProgram, Optimum, fractions_of, optimum
from glasshouse.analysis.finite.tables import finite_payoffs

MOST_SECURED = 2_000
"""Profiles of games whose programs are looked at in rational numbers."""


def secured(table: Float[np.ndarray, "own others"]) -> Optimum:
    """The mixture of the rows that secures most whatever the column, and what that is.

    **Returns:** the optimum, whose last unknown is the value: those before it are the mixture.
    """
    m, n = table.shape
    written = fractions_of if table.size <= MOST_SECURED else np.asarray
    own = written(table)
    return optimum(
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
