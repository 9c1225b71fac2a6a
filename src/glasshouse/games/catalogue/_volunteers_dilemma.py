"""The volunteer's dilemma."""

import numpy as np

from glasshouse.games.catalogue._entry import MOST_PLAYERS, Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Volunteer's dilemma",
    condition=f"2 <= n <= {MOST_PLAYERS}, b > c > 0",
    source="Diekmann 1985, Volunteer's dilemma, Journal of Conflict Resolution 29",
)
def volunteers_dilemma(n: int = 4, b: float = 2.0, c: float = 1.0) -> Payoffs:
    """One volunteer is enough: all n get b if anybody volunteers, and every volunteer pays c."""
    check_condition("volunteers_dilemma", b > c > 0, "b > c > 0", n=n, b=b, c=c)
    volunteers = 1 - np.indices((2,) * n)
    provided = volunteers.any(axis=0)
    return Payoffs(b * provided - c * volunteers, ("volunteer", "abstain"))
