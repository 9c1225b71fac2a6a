"""Players that games in steps have names for, or whose probabilities are known."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from glasshouse._foundation.numbers import number_array, shown
from glasshouse.errors import InputError, near_miss
from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.players import AbstractPlayer, TablePlayer, evenly


def script(name: str, game: AbstractStochasticGame, **settings: Any) -> AbstractPlayer:
    """The player of that name in this game.

    Names: "random" everywhere; in the Coin Game "allc", which goes to its own coin and away from
    the other's, and "alld", which goes to any (`ties`); in a commons "restrain" and "exploit"; in
    iterated matrix games "allc" (the first action), "alld" (the last), with two players "tft" (the
    first, then the other's last), and with two actions all that `games.strategy` knows, with its
    settings.

    **Arguments:** `settings`, those of the name.
    **Raises:** `InputError` for other names and settings.

        from glasshouse.games.stochastic import CoinGame, script

        print(script("allc", CoinGame(), ties="even").ties)  # even
    """
    known = scripts_of(game)
    if name not in known:
        raise InputError(
            f"there is no script {name!r:.40} of {game.name}: there are "
            f"{', '.join(known)}{near_miss(str(name), known)}"
        )
    made = known[name]
    takes = list(inspect.signature(made).parameters.values())[1:]
    open_ended = any(x.kind is inspect.Parameter.VAR_KEYWORD for x in takes)
    wrong = sorted(set(settings) - {x.name for x in takes})
    if wrong and not open_ended:
        allowed = f"it takes {', '.join(x.name for x in takes)}" if takes else "it takes none"
        raise InputError(f"the script {name!r} has no setting {wrong[0]!r}: {allowed}")
    return made(game, **settings)


def scripts_of(game: AbstractStochasticGame) -> Mapping[str, Callable[..., AbstractPlayer]]:
    """The players that a game has names for, by name: its own, and "random"."""
    return {**game.scripts, "random": evenly}


def player_of(game: AbstractStochasticGame, plays: Any, **settings: Any) -> AbstractPlayer:
    """Who plays a script, or with given probabilities.

    **Arguments:** `plays`, the name of a script; or, of each situation, the probability of the
    first of two actions or a row of those of all; `settings`, those of the script.
    **Raises:** `InputError` as `script`, and for what are no probabilities of this game.
    """
    if isinstance(plays, str):
        return script(plays, game, **settings)
    if settings:
        raise InputError(f"{sorted(settings)[0]!r} belongs to a script, and probabilities are none")
    rows = np.asarray(number_array(plays, "probabilities", shapes=None), dtype=float)
    if rows.ndim == 1 and game.actions[0] == 2:
        rows = np.stack([rows, 1 - rows], axis=1)
    wanted = (game.situations, game.actions[0])
    if game.situations is None or rows.shape != wanted:
        who = (
            f"situations of {game.name} are not counted: name a script, "
            f"{', '.join(scripts_of(game))}"
            if game.situations is None
            else f"give a row of {wanted[1]} probabilities for each of {wanted[0]} situations"
            + ", or that of the first action for each" * (wanted[1] == 2)
        )
        raise InputError(f"{shown(plays)} are no probabilities of {game.name}: {who}")
    return TablePlayer(rows)
