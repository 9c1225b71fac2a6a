"""Deadlock."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Deadlock",
    condition="T > P > R > S",
    source="Snyder & Diesing 1977, Conflict Among Nations",
)
def deadlock(T: float = 4.0, R: float = 2.0, P: float = 3.0, S: float = 1.0) -> Payoffs:
    """Defection dominates and mutual defection is also better for both."""
    check_condition("deadlock", T > P > R > S, "T > P > R > S", T=T, R=R, P=P, S=S)
    return symmetric(T, R, P, S, ("cooperate", "defect"))
