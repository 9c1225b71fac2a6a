"""Two-player games to and from Nashpy."""

from typing import TYPE_CHECKING

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame

if TYPE_CHECKING:
    import nashpy


def from_nashpy(game: object) -> NormalFormGame:
    """The same game as a `NormalFormGame` without labels; its payoffs are copied.

    **Arguments:** `game`, a `nashpy.Game` or anything else with its `payoff_matrices`.
    **Returns:** payoffs of shape (2, rows, columns).
    **Raises:** `InputError` when there are not two matrices of one shape and finite numbers.
    """
    matrices = getattr(game, "payoff_matrices", None)
    if matrices is None:
        raise InputError(
            f"a {type(game).__name__} has no payoff_matrices: "
            "give a nashpy.Game, such as nashpy.Game(A, B)"
        )
    if len(matrices) != 2:
        raise InputError(
            f"the game has {len(matrices)} payoff matrices: "
            "give one for the row player and one for the column player"
        )
    return NormalFormGame([np.asarray(matrix) for matrix in matrices], player_axis=0)


def to_nashpy(game: NormalFormGame) -> "nashpy.Game":
    """The same game as a `nashpy.Game`; its payoffs are copied and its labels are left out.

    **Arguments:** `game`, with two players.
    **Raises:** `InputError` when there are not two players; `ImportError` without Nashpy.
    """
    if game.players != 2:
        raise InputError(
            f"the game has {game.players} player{'s' * (game.players != 1)}: Nashpy holds "
            "two-player games only, so convert a game with two players"
        )
    try:
        import nashpy
    except ImportError as error:
        raise ImportError('to_nashpy needs Nashpy: pip install "glasshouse[nashpy]"') from error
    return nashpy.Game(*np.array(game.tensor, dtype=np.float64))
