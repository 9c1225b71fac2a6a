"""The donation game."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Donation game",
    condition="b > c > 0",
    source="Nowak 2006, Five rules for the evolution of cooperation, Science 314",
)
def donation(b: float = 3.0, c: float = 1.0) -> Payoffs:
    """Pay c to give the other b: the prisoner's dilemma with additive payoffs."""
    check_condition("donation", b > c > 0, "b > c > 0", b=b, c=c)
    return symmetric(b, b - c, 0.0, -c, ("donate", "keep"))
