"""The strict ordinal games of two players with two actions each."""

from glasshouse.games.catalogue._entry import Payoffs, catalogue_game
from glasshouse.games.ordinal import ORDINAL_ACTIONS, ORDINAL_SOURCE, OrdinalGame


@catalogue_game(
    title="Strict ordinal game",
    condition="layer 1 to 4, row 1 to 6, column 1 to 6",
    source=ORDINAL_SOURCE,
)
def ordinal(layer: int = 1, row: int = 1, column: int = 1) -> Payoffs:
    """Payoffs are the ranks 1 (worst) to 4 (best), no two alike: all 144 such games by their place.

    A player's first action is the one with which the other can get its 4. Layer 1, row 1, column 1
    is a prisoner's dilemma; the command atlas shows all of them.
    """
    return Payoffs(OrdinalGame(layer, row, column).payoffs.astype(float), ORDINAL_ACTIONS)
