"""Matching pennies."""

import numpy as np

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Matching pennies",
    condition="win > lose",
    source="von Neumann 1928, Zur Theorie der Gesellschaftsspiele, Mathematische Annalen 100",
)
def matching_pennies(win: float = 1.0, lose: float = -1.0) -> Payoffs:
    """Player 1 wins when the pennies match, player 2 when they differ."""
    check_condition("matching_pennies", win > lose, "win > lose", win=win, lose=lose)
    matcher = np.array([[win, lose], [lose, win]])
    return Payoffs(np.stack([matcher, win + lose - matcher]), ("heads", "tails"))
