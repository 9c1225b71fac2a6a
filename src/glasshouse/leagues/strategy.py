"""Strategies that do not learn, as the parameters that play them."""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from glasshouse._foundation.numbers import Numbers, number_array, shown
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError
from glasshouse.games.repeated import is_repeated
from glasshouse.games.strategies import named_strategy, strategy
from glasshouse.parametric import AbstractParametricGame

if TYPE_CHECKING:
    HeldPlay = str | Numbers
else:
    HeldPlay = Any

ONCE_NAMED = {"allc": 1.0, "alld": 0.0}
"""How likely strategies that need no last round take action 0."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Strategy(Result):
    """One of a league who never learns, and plays so whomever it meets.

    **Arguments:** `play`, a name of `games.strategy` ("tft", "wsls", "always defect", …), or the
    probabilities themselves: with two actions of action 0 in each state (start, CC, CD, DC, DD, its
    own action first), else a row of all actions for each state; in games played once "allc",
    "alld", or the probabilities of its actions. `settings`, those of the name.
    **Raises:** `InputError` for an unknown name, and settings without one.

        from glasshouse.leagues import Strategy

        print(Strategy("gtft", generosity=0.5).name)  # gtft
    """

    play: HeldPlay
    settings: dict[str, Any]

    def __init__(self, play: str | Numbers, **settings: Any):
        known = named_strategy(play) if isinstance(play, str) else None
        if isinstance(play, str) and known is None:
            strategy_names = "tft, wsls, grim, allc, alld, …"
            raise InputError(
                f"there is no strategy {play!r:.40}: take a name of games.strategy "
                f"({strategy_names}) or the probabilities themselves"
            )
        if known is None and settings:
            raise InputError(f"{sorted(settings)[0]!r} belongs to a name, and this has none")
        if known is None:
            play = np.asarray(number_array(play, "a strategy", shapes=None), dtype=float)
        object.__setattr__(self, "play", known or play)
        object.__setattr__(self, "settings", settings)

    @property
    def name(self) -> str:
        """What it is called where it is not given a name: its short one, or its probabilities."""
        if isinstance(self.play, str):
            return self.play
        return ", ".join(f"{x:g}" for x in np.ravel(np.asarray(self.play)))

    def rows(self, game: Any, player: int) -> np.ndarray:
        """How likely it is to take which action, in each state of a game where there are several.

        **Arguments:** `game`, as it is played; `player`, whose strategy it is, from 0.
        """
        if not isinstance(self.play, str):
            return np.asarray(self.play)
        if is_repeated(game):
            return strategy(self.play, game, player=player, **self.settings)
        if self.play not in ONCE_NAMED or game.actions[player] != 2:
            raise InputError(
                f"the strategy {self.play!r} is of repeated games with two actions, and this game "
                "is another: give the probabilities of its actions instead"
            )
        return np.asarray(ONCE_NAMED[self.play])


def parameters_of(
    chosen: Strategy, game: AbstractParametricGame, player: int
) -> tuple[np.ndarray, float]:
    """The parameters with which a player plays a strategy, and by how much a probability is off.

    Bounded parameters stop short of probabilities 0 and 1.

    **Raises:** `InputError` where no parameters of its own make the player behave so: it reads the
    other, or the semantics has no such parameters.
    """
    who = f"the strategy {chosen.name!r:.40}"
    semantics: Any = getattr(game, "semantics", None)
    if not hasattr(semantics, "params_of"):
        raise InputError(
            f"{who} needs parameters that play it, and {type(semantics or game).__name__} does not "
            "say which do: take the logistic semantics, or learners alone"
        )
    channel, played = getattr(game, "channel", None), getattr(game, "game", None)
    if channel is not None and not channel.is_full:
        raise InputError(f"{who} is of players who see each other in full: leave the channel out")
    rows = chosen.rows(played, player)
    try:
        found = np.asarray(semantics.params_of(rows, player))
    except InputError as error:
        raise InputError(f"{who}: {error}") from error
    profile = list(game.neutral())
    profile[player] = found
    plays = np.asarray(game.behaviours(tuple(profile))[player])  # pyright: ignore[reportAttributeAccessIssue]
    wanted = rows if rows.shape == plays.shape else np.stack([rows, 1 - rows], axis=-1)
    return found, float(np.max(np.abs(plays - wanted)))


def no_strategy(given: Any) -> InputError:
    """The error about what is neither a learner nor a strategy."""
    return InputError(
        f"an entrant must be a rule that gives a direction, such as Lola(1.0), or a strategy, such "
        f'as Strategy("tft"), not {shown(given)}'
    )
