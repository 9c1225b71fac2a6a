"""Three options that are preferred to each other in a circle."""

import numpy as np

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game, check_condition


@catalogue_game(
    title="Cycle of preferences",
    condition="1/2 < p12, p23, p31 <= 1",
    source="Fishburn 1984, Probabilistic social choice based on simple voting comparisons, Review "
    "of Economic Studies 51",
)
def preference_cycle(p12: float = 0.9, p23: float = 0.6, p31: float = 0.8) -> Payoffs:
    """Each proposes one of three options, and is paid how often its own is preferred, less ½.

    Option 1 is preferred to option 2 with probability p12, 2 to 3 with p23, and 3 to 1 with p31.
    None of the three is cooperation: what is said of action 0 is about proposing the first.
    """
    given = {"p12": p12, "p23": p23, "p31": p31}
    holds = all(0.5 < p <= 1.0 for p in given.values())
    check_condition("preference_cycle", holds, "1/2 < p12, p23, p31 <= 1", **given)
    first, second, third = p12 - 0.5, p23 - 0.5, p31 - 0.5
    edge = np.array([[0.0, first, -third], [-first, 0.0, second], [third, -second, 0.0]])
    return Payoffs(np.stack([edge, -edge]), ("option 1", "option 2", "option 3"))
