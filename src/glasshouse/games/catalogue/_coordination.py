"""The pure coordination game."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition, symmetric


@catalogue_game(
    title="Coordination",
    condition="a >= b > d",
    source="Schelling 1960, The Strategy of Conflict",
)
def coordination(a: float = 2.0, b: float = 1.0, d: float = 0.0) -> Payoffs:
    """Both want the same and only need to choose alike: a where both choose A, b at B.

    d is the payoff of missing each other; where a = b nothing but habit tells A from B.
    """
    check_condition("coordination", a >= b > d, "a >= b > d", a=a, b=b, d=d)
    return symmetric(T=d, R=a, P=b, S=d, actions=("A", "B"))
