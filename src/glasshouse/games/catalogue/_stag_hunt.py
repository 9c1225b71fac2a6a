"""The stag hunt."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Stag hunt",
    condition="R > T >= P > S",
    source="Skyrms 2004, The Stag Hunt and the Evolution of Social Structure",
)
def stag_hunt(T: float = 3.0, R: float = 4.0, P: float = 2.0, S: float = 0.0) -> Payoffs:
    """Hunting together is best, hunting alone is worst, and the hare is safe."""
    check_condition("stag_hunt", R > T >= P > S, "R > T >= P > S", T=T, R=R, P=P, S=S)
    return symmetric(T, R, P, S, ("stag", "hare"))
