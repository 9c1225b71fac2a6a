"""Battle of the sexes."""

import numpy as np

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Battle of the sexes",
    condition="a > b > d",
    source="Luce & Raiffa 1957, Games and Decisions, section 5.3",
)
def battle_of_the_sexes(a: float = 3.0, b: float = 2.0, d: float = 0.0) -> Payoffs:
    """Both want to meet: player 1 prefers the first place (a), player 2 the second (a).

    a is the payoff at one's favourite place, b at the other's, d when they miss each other.
    """
    check_condition("battle_of_the_sexes", a > b > d, "a > b > d", a=a, b=b, d=d)
    tensor = np.array([[[a, d], [d, b]], [[b, d], [d, a]]])
    return Payoffs(tensor, ("opera", "fight"))
