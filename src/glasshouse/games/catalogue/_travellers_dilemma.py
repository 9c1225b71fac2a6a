"""The traveller's dilemma."""

import numpy as np

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, require_size


@catalogue_game(
    title="Traveller's dilemma",
    condition="high > low >= 0, reward > 1",
    source="Basu 1994, The traveler's dilemma: paradoxes of rationality in game theory, "
    "American Economic Review 84",
)
def travellers_dilemma(low: int = 2, high: int = 10, reward: float = 2.0) -> Payoffs:
    """Both are paid the lower of their claims, and who claimed more pays the other a reward.

    Claims are the whole numbers from low to high, the highest first. Undercutting by one
    always pays, so the lowest claim is the only equilibrium; Basu's game has high = 100.
    """
    holds = high > low >= 0 and reward > 1
    condition = "high > low >= 0 and reward > 1"
    check_condition("travellers_dilemma", holds, condition, low=low, high=high, reward=reward)
    require_size("travellers_dilemma", (high - low + 1,) * 2)
    claims = np.arange(high, low - 1, -1)
    own, other = claims[:, None], claims[None, :]
    row = np.minimum(own, other) + reward * np.sign(other - own)
    return Payoffs(np.stack([row, row.T]), tuple(f"claim {claim}" for claim in claims))
