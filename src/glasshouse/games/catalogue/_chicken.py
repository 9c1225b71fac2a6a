"""Chicken."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Chicken",
    condition="T > R > S > P",
    source="Rapoport & Chammah 1966, The game of chicken, American Behavioral Scientist 10",
)
def chicken(T: float = 4.0, R: float = 3.0, P: float = 1.0, S: float = 2.0) -> Payoffs:
    """Each would rather go straight while the other swerves; both straight is worst."""
    check_condition("chicken", T > R > S > P, "T > R > S > P", T=T, R=R, P=P, S=S)
    return symmetric(T, R, P, S, ("swerve", "straight"))
