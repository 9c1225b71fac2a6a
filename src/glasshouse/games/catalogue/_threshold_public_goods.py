"""The public goods game with a provision point."""

import numpy as np

from glasshouse.games.catalogue._entry import MOST_PLAYERS, Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Threshold public goods",
    condition=f"2 <= n <= {MOST_PLAYERS}, 1 <= k <= n, b > c > 0",
    source="Palfrey & Rosenthal 1984, Participation and the provision of discrete public goods: "
    "a strategic analysis, Journal of Public Economics 24",
)
def threshold_public_goods(n: int = 4, k: int = 2, b: float = 2.0, c: float = 1.0) -> Payoffs:
    """All n get b if at least k contribute; who contributes pays c, and gets nothing refunded."""
    holds = 1 <= k <= n and b > c > 0
    check_condition(
        "threshold_public_goods", holds, "1 <= k <= n and b > c > 0", n=n, k=k, b=b, c=c
    )
    contributes = 1 - np.indices((2,) * n)
    provided = contributes.sum(axis=0) >= k
    return Payoffs(b * provided - c * contributes, ("contribute", "keep"))
