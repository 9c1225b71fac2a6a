"""The snowdrift game."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Snowdrift",
    condition="b > c > 0",
    source="Hauert & Doebeli 2004, Spatial structure often inhibits the evolution of cooperation "
    "in the snowdrift game, Nature 428",
)
def snowdrift(b: float = 3.0, c: float = 2.0) -> Payoffs:
    """Two drivers are stuck; a cleared road is worth b to both and costs c, shared by who shovels.

    The payoffs are ordered as in chicken: shovelling alone is better than nobody shovelling.
    """
    check_condition("snowdrift", b > c > 0, "b > c > 0", b=b, c=c)
    return symmetric(T=b, R=b - c / 2, P=0.0, S=b - c, actions=("shovel", "wait"))
