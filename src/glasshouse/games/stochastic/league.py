"""What players of games in steps are paid when they meet."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.players import AbstractPlayer
from glasshouse.games.stochastic.scripted import script, scripts_of


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StepLeague(Evidenced):
    """What every pair of players of a game in steps is paid, in both seats.

    **Arguments:** `game`, its name; `entrants`, names in order of rows and columns; `payoffs`,
    [row, column, player], per step; `errors`, standard errors of them over seeds, 0 where payoffs
    are exact and NaN of a single seed; `horizon`, steps of an episode; `discount` with which steps
    count; `episodes` and `seeds` of each pair, 0 where nothing was sampled; `method`, `detail`;
    `by_seed`, the payoffs of each seed of the row with each of the column, None where exact.
    `leagues.rate` and `leagues.alpha_rank` take it.
    """

    game: str
    entrants: tuple[str, ...]
    payoffs: Float[np.ndarray, "row column player"]
    errors: Float[np.ndarray, "row column player"]
    horizon: int
    discount: float
    episodes: int
    seeds: int
    method: str
    detail: str
    by_seed: Any = dataclasses.field(default=None, repr=False)

    ROWS: ClassVar[str] = "rows"
    HEADINGS: ClassVar[Mapping[str, str]] = {
        "row": "row",
        "column": "column",
        "own": "payoff of row (per step)",
        "other": "payoff of column (per step)",
        "error": "standard error of row's",
    }

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """Every pair: its names, what each is paid, and the standard error of the row's."""
        return tuple(
            {
                "row": row,
                "column": column,
                "own": float(self.payoffs[i, j, 0]),
                "other": float(self.payoffs[i, j, 1]),
                "error": float(self.errors[i, j, 0]),
            }
            for i, row in enumerate(self.entrants)
            for j, column in enumerate(self.entrants)
        )

    def of(self, row: str, column: str) -> tuple[float, float]:
        """What the row player and the column player are paid per step.

        **Raises:** `InputError` for who did not take part.
        """
        for name in (row, column):
            if name not in self.entrants:
                raise InputError(f"{name!r:.40} did not play: there are {', '.join(self.entrants)}")
        own, other = self.payoffs[self.entrants.index(row), self.entrants.index(column)]
        return float(own), float(other)


def players_named(
    game: AbstractStochasticGame, players: Mapping[str, Any] | Sequence[str]
) -> dict[str, Any]:
    """Players by name; what is named is a script, and lists hold one player for each seed."""
    if isinstance(players, str) or not isinstance(players, Mapping | Sequence):
        raise InputError(f"players={players!r:.40} must be names of scripts, or players by name")
    given = players if isinstance(players, Mapping) else {str(name): name for name in players}
    if not given:
        raise InputError("a league needs at least one player")
    return {name: _made(game, name, player) for name, player in given.items()}


def check_two_seats(game: AbstractStochasticGame) -> None:
    """Refuse games that are not of two players with as many actions."""
    if game.players != 2 or len(set(game.actions)) > 1:
        raise InputError(
            f"a league plays pairs, and {game.name} has players with {game.actions} actions: "
            "take exact payoffs of a line-up of your own"
        )


def _made(game: AbstractStochasticGame, name: str, player: Any) -> Any:
    if isinstance(player, str):
        return script(player, game)
    if isinstance(player, list | tuple) and player:
        return [_made(game, name, one) for one in player]
    if not isinstance(player, AbstractPlayer):
        raise InputError(
            f"{name} is a {type(player).__name__}: give a player, such as TablePlayer(mixes), or "
            f"the name of a script, {', '.join(scripts_of(game))}"
        )
    return player
