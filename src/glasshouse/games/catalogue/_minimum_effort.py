"""The minimum effort game."""

import numpy as np

from glasshouse.games.catalogue._entry import (
    MOST_PLAYERS,
    Payoffs,
    catalogue_game,
    check_condition,
    require_players,
    require_size,
)


@catalogue_game(
    title="Minimum effort",
    condition=f"2 <= n <= {MOST_PLAYERS}, levels >= 2, a > b > 0",
    source="Van Huyck, Battalio & Beil 1990, Tacit coordination games, strategic uncertainty, "
    "and coordination failure, American Economic Review 80",
)
def minimum_effort(
    n: int = 2, levels: int = 7, a: float = 0.2, b: float = 0.1, base: float = 0.6
) -> Payoffs:
    """The lowest effort counts: each gets base + a · (lowest effort of all) - b · (own effort).

    Efforts are 1 to levels, the highest first; the defaults are the experiment's payoffs in
    dollars. Every common effort is an equilibrium, and the highest is best for all.
    """
    require_players("minimum_effort", n)
    holds = levels >= 2 and a > b > 0
    check_condition("minimum_effort", holds, "levels >= 2 and a > b > 0", levels=levels, a=a, b=b)
    require_size("minimum_effort", (levels,) * n)
    efforts = levels - np.indices((levels,) * n)
    payoffs = base + a * efforts.min(axis=0) - b * efforts
    return Payoffs(payoffs, tuple(f"effort {e}" for e in range(levels, 0, -1)))
