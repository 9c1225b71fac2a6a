"""Rock, paper, scissors."""

import numpy as np

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Rock, paper, scissors",
    condition="win > tie > lose",
    source="Hofbauer & Sigmund 1998, Evolutionary Games and Population Dynamics",
)
def rock_paper_scissors(win: float = 1.0, lose: float = -1.0, tie: float = 0.0) -> Payoffs:
    """Rock beats scissors, scissors beat paper, paper beats rock; the same against itself ties.

    None of the three is cooperation: what is said of action 0 is about playing rock. The payoffs
    of the two sum to a constant where win + lose = 2 tie.
    """
    holds = win > tie > lose
    check_condition("rock_paper_scissors", holds, "win > tie > lose", win=win, lose=lose, tie=tie)
    row = np.array([[tie, lose, win], [win, tie, lose], [lose, win, tie]])
    return Payoffs(np.stack([row, row.T]), ("rock", "paper", "scissors"))
