"""The 144 strict ordinal games of two players with two actions each, laid out by swaps of ranks."""

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Int
from numpy.typing import ArrayLike

from glasshouse._foundation.results import Result
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

ORDINAL_SOURCE = (
    "Robinson & Goforth 2005, The topology of the 2×2 games: a new periodic table; names after "
    "Bruns 2015, Names for games: locating 2 × 2 games, Games 6"
)

ORDERS = ((3, 2, 1), (3, 1, 2), (2, 1, 3), (1, 2, 3), (1, 3, 2), (2, 3, 1))
"""What a player is paid where its 4 is not, of rows (or columns) 1 to 6: where only its own action
is another, where only the other's is, and where both are. Swaps of 1 with 2 and of 2 with 3 in turn
lead from each to the next, and from the last to the first."""

LAYERS = {(False, False): 1, (False, True): 2, (True, True): 3, (True, False): 4}
"""By whether row player and column player have their 4 where they play their first action."""

ORDINAL_ACTIONS = ("first", "second")
"""A player's first action is the one with which the other can get its 4."""

SYMMETRIC_NAMES = {
    False: (
        ("Pd", "prisoner's dilemma"),
        ("Ch", "chicken"),
        ("Le", "leader"),
        ("He", "hero"),
        ("Cm", "compromise"),
        ("Dl", "deadlock"),
    ),
    True: (
        ("Nc", "concord"),
        ("Sh", "stag hunt"),
        ("As", "assurance"),
        ("Co", "coordination"),
        ("Pc", "peace"),
        ("Ha", "harmony"),
    ),
}
"""Of the symmetric games, by where the 4 is: each player's payoffs are those of one of them."""

Swap = Literal[12, 23, 34]
"""Which two ranks a player exchanges."""


@dataclasses.dataclass(frozen=True, order=True, repr=False)
class OrdinalGame(Result):
    """One of the 144 strict ordinal games, payoffs being the ranks 1 (worst) to 4 (best).

    Definition: a player's first action is the one with which the other can get its 4: row player
    up and column player right, where the row player's 4 stands in the right column and the column
    player's in the upper row. Layer 1: the 4s lie across; 2: in one column; 3: in one cell; 4: in
    one row. Rows 1 to 6 of a layer differ by what the row player is paid elsewhere, columns by what
    the column player is.

    **Arguments:** `layer`, 1 to 4; `row` and `column`, 1 to 6.
    **Raises:** `InputError` for any other number.

        from glasshouse.games import OrdinalGame

        game = OrdinalGame(1, 1, 1)
        print(game.name, game.payoffs[0].tolist())  # prisoner's dilemma [[3, 1], [4, 2]]
    """

    layer: int
    row: int
    column: int

    def __post_init__(self):
        for name, most in (("layer", 4), ("row", 6), ("column", 6)):
            value = getattr(self, name)
            if value not in range(1, most + 1):
                raise InputError(f"ordinal: {name}={value!r:.40} must be one of 1 to {most}")

    @property
    def index(self) -> str:
        """ "g111": layer, row, column."""
        return f"g{self.layer}{self.row}{self.column}"

    @property
    def patterns(self) -> tuple[tuple[bool, int], tuple[bool, int]]:
        """Of each player, whether its 4 lies at its first action, and its order of the others."""
        first, second = next(key for key, layer in LAYERS.items() if layer == self.layer)
        return (first, self.row), (second, self.column)

    @property
    def payoffs(self) -> Int[np.ndarray, "2 2 2"]:
        """The ranks by player, row player's action, column player's action."""
        row, column = (_table(*pattern) for pattern in self.patterns)
        return np.stack([row, column.T])

    @property
    def is_symmetric(self) -> bool:
        """Whether both are paid alike."""
        return self.patterns[0] == self.patterns[1]

    @property
    def short(self) -> str:
        """ "Pd", or "Pd–Ch" where the row player is paid as in one symmetric game, and the column
        player as in another."""
        row, column = (SYMMETRIC_NAMES[best][order - 1][0] for best, order in self.patterns)
        return row if row == column else f"{row}–{column}"

    @property
    def name(self) -> str:
        """The same in full: "prisoner's dilemma with chicken"."""
        row, column = (SYMMETRIC_NAMES[best][order - 1][1] for best, order in self.patterns)
        return row if row == column else f"{row} with {column}"

    @property
    def reflected(self) -> "OrdinalGame":
        """The same game with the players in each other's place."""
        return _placed(*reversed(self.patterns))

    @property
    def game(self) -> "NormalFormGame":
        """The game in normal form."""
        from glasshouse.games.normal_form import Labels, NormalFormGame

        title = f"{self.name[:1].upper()}{self.name[1:]} ({self.index})"
        labels = Labels(
            ("row player", "column player"), (ORDINAL_ACTIONS,) * 2, title, ORDINAL_SOURCE
        )
        return NormalFormGame(self.payoffs, labels, player_axis=0)

    def swapped(self, player: int, ranks: Swap) -> "OrdinalGame":
        """The game in which a player's payoffs of these two ranks are exchanged.

        **Arguments:** `player`, 0 by rows or 1 by columns; `ranks`, 12, 23 or 34.
        """
        low, high = divmod(ranks, 10)
        payoffs = self.payoffs
        own = payoffs[player]
        payoffs[player] = np.where(own == low, high, np.where(own == high, low, own))
        return ordinal_game_of(payoffs)


def ordinal_games() -> tuple[OrdinalGame, ...]:
    """All 144 strict ordinal games, by layer, row and column.

    They are all there are up to the order of a player's actions; up to swapping players 78 are.

        from glasshouse.games import ordinal_games

        print(len(ordinal_games()), sum(game.is_symmetric for game in ordinal_games()))  # 144 12
    """
    six = range(1, 7)
    return tuple(OrdinalGame(*place) for place in ((a, b, c) for a in (1, 2, 3, 4)
                                                   for b in six for c in six))  # fmt: skip


def _table(best_at_first: bool, order: int) -> Int[np.ndarray, "2 2"]:
    """A player's ranks by its own action and the other's."""
    other_own, other_theirs, both = ORDERS[order - 1]
    own = 0 if best_at_first else 1
    table = np.empty((2, 2), dtype=int)
    table[own, 0], table[1 - own, 0] = 4, other_own
    table[own, 1], table[1 - own, 1] = other_theirs, both
    return table


def ordinal_game_of(payoffs: ArrayLike) -> OrdinalGame:
    """The ordinal game that payoffs of two players with two actions each have the order of.

    **Arguments:** `payoffs`, shape `(2, 2, 2)`: player, row player's action, column player's; no
    two of one player's may be equal.
    **Raises:** `InputError` for others.

        from glasshouse.games import ordinal_game_of

        print(ordinal_game_of([[[3, 0], [5, 1]], [[3, 5], [0, 1]]]).index)  # g111
    """
    given = np.asarray(payoffs, dtype=float)
    if given.shape != (2, 2, 2) or not np.isfinite(given).all():
        raise InputError(
            f"a strict ordinal game has finite payoffs of shape (2, 2, 2), not {given.shape}"
        )
    if any(len(set(own.ravel().tolist())) < 4 for own in given):
        raise InputError("a strict ordinal game has no ties: make each player's payoffs differ")
    ranks = np.stack([own.ravel().argsort().argsort().reshape(2, 2) + 1 for own in given])
    up, right = int(np.argwhere(ranks[1] == 4)[0, 0]), int(np.argwhere(ranks[0] == 4)[0, 1])
    row, column = ranks[:, [up, 1 - up]][:, :, [right, 1 - right]]
    return _placed(_pattern(row), _pattern(column.T))


def _placed(row: tuple[bool, int], column: tuple[bool, int]) -> OrdinalGame:
    return OrdinalGame(LAYERS[row[0], column[0]], row[1], column[1])


def _pattern(table: Int[np.ndarray, "2 2"]) -> tuple[bool, int]:
    """Whether the 4 lies at one's own first action, and the order of the others."""
    own = int(np.argwhere(table == 4)[0, 0])
    order = table[1 - own, 0], table[own, 1], table[1 - own, 1]
    return own == 0, ORDERS.index(tuple(map(int, order))) + 1
