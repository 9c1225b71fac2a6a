"""Players that games in steps have names for."""

import inspect
from typing import Any

from glasshouse.errors import InputError, near_miss
from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.players import AbstractPlayer


def script(name: str, game: AbstractStochasticGame, **settings: Any) -> AbstractPlayer:
    """The player of that name in this game.

    Names: "random" everywhere; in the Coin Game "allc", which goes to its own coin and away from
    the other's, and "alld", which goes to any (`ties`); in a commons "restrain" and "exploit"; in
    iterated matrix games "allc" (the first action), "alld" (the last), and with two players and two
    actions all that `games.strategy` knows, "tft" among them, with its settings.

    **Arguments:** `settings`, those of the name.
    **Raises:** `InputError` for other names and settings.

        from glasshouse.games.stochastic import CoinGame, script

        print(script("allc", CoinGame(), ties="even").ties)  # even
    """
    if name not in game.scripts:
        raise InputError(
            f"there is no script {name!r:.40} of {game.name}: there are "
            f"{', '.join(game.scripts)}{near_miss(str(name), game.scripts)}"
        )
    made = game.scripts[name]
    takes = list(inspect.signature(made).parameters.values())[1:]
    open_ended = any(x.kind is inspect.Parameter.VAR_KEYWORD for x in takes)
    wrong = sorted(set(settings) - {x.name for x in takes})
    if wrong and not open_ended:
        allowed = f"it takes {', '.join(x.name for x in takes)}" if takes else "it takes none"
        raise InputError(f"the script {name!r} has no setting {wrong[0]!r}: {allowed}")
    return made(game, **settings)
