"""The n-player linear public goods game."""

import numpy as np

from glasshouse.games.catalogue._entry import MOST_PLAYERS, Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Public goods",
    condition=f"2 <= n <= {MOST_PLAYERS}, 1 < r < n, c > 0",
    source="Ledyard 1995, Public goods: a survey of experimental research",
)
def public_goods(n: int = 4, r: float = 2.0, c: float = 1.0) -> Payoffs:
    """Contribute c or keep it; contributions are multiplied by r and shared by all n."""
    check_condition("public_goods", 1 < r < n and c > 0, "1 < r < n and c > 0", n=n, r=r, c=c)
    contributes = 1 - np.indices((2,) * n)
    share = r * c * contributes.sum(axis=0) / n
    return Payoffs(share - c * contributes, ("contribute", "keep"))
