"""A league: everybody meets everybody, itself included, from the same starts."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glasshouse._foundation.numbers import Whole, shown, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.dynamics.batch import stack
from glasshouse.dynamics.games import Games
from glasshouse.dynamics.learning import Learning, check_learning, payoff_range
from glasshouse.dynamics.starts import MOST_STARTS
from glasshouse.errors import InputError
from glasshouse.families import Axis, Family, Setup
from glasshouse.families.grid import FamilyPart
from glasshouse.leagues.entrants import Entrant, checked_entrants, with_naive
from glasshouse.leagues.league import League, LeagueSetup, league_of
from glasshouse.leagues.meetings import played
from glasshouse.parametric import AbstractParametricGame, require_exact
from glasshouse.rules.base import in_words

EXACTLY_PLAYED = 1e-9
"""Strategies whose probabilities are off by no more are played as they are."""


def play(
    line_ups: Mapping[str, Any] | Sequence[Any],
    game: AbstractParametricGame,
    *,
    learning: Learning,
    seeds: Whole,
    axes: Sequence[Axis] = (),
) -> League:
    """Let every learner and strategy meet every other and itself, from the same starts.

    All pairs, starts and games are one compiled program, in which who meets whom is a number; rules
    that differ in numbers alone share its branches. Of each run what both are paid per round at the
    end is kept; `League.paths` plays one again.

    **Arguments:** `line_ups`, who takes part: rules that give a direction and `Strategy`s, by name,
    or a list of them, named by their words; `game`, of two players; `learning`, from which all is
    taken but its rule: how large steps are, how many, when to stop, how starts are drawn; `seeds`,
    how many, the same for every pair; `axes`, places in the setup of game and learning.
    **Raises:** `InputError` for entrants that cannot be, games of other numbers of players or of
    payoffs that are drawn, strategies that no parameters play, and a learning rule beside them.
    **Cost:** entrants² × seeds × points × steps, each the steps of two rules; compiled once.

        import glasshouse as gh
        from glasshouse import leagues
        from glasshouse.dynamics import Learning
        from glasshouse.rules import Gradient, LookAhead

        game = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)(0.0)
        learning = Learning(steps=50)
        league = leagues.play([Gradient(), LookAhead(1.0)], game, learning=learning, seeds=8)
        print(league.payoffs.shape)  # (2, 2, 2)
    """
    entrants = checked_entrants(line_ups)
    return _league(entrants, _checked_setup(game, learning, seeds), checked_axes(axes))


@in_float64
def _league(entrants: tuple[Entrant, ...], setup: Setup, axes: tuple[Axis, ...]) -> League:
    family = Family(setup, *axes) if axes else None
    everybody, naive = with_naive(entrants)
    count, runs = len(everybody), setup.learning.starts.runs
    paid = np.empty((*(family.shape if family else ()), count, count, runs, 2))
    off: dict[str, float] = {}
    for part in family.programs() if family else _alone(setup):
        check_pair(part.games[0])
        found, errors = played(everybody, part.games, part.learning)
        paid[part.index] = found.reshape(paid[part.index].shape)
        off |= {name: max(x, off.get(name, 0.0)) for name, x in errors.items()}
    detail = how_played(setup.learning, off)
    return league_of(LeagueSetup(entrants, setup, axes), paid, naive, detail)


def _alone(setup: Setup) -> list[FamilyPart]:
    """The one part that there is without axes."""
    return [FamilyPart({}, (), Games(stack([setup.game]), 1), setup.learning)]


def _checked_setup(game: Any, learning: Any, seeds: Whole) -> Setup:
    """The game and how it is learned, from as many starts as there are seeds."""
    require_exact(game, "a league")
    check_pair(game)
    check_learning(learning, "a league")
    if not learning.rule.selfish:
        raise InputError(
            f"learning.rule is {in_words(learning.rule)}, and line_ups says who learns how: leave "
            "it out of learning, and add it to them"
        )
    if learning.tied:
        raise InputError("a league is of two who learn apart: leave tied out of learning")
    count, starts = whole(seeds, "seeds", most=MOST_STARTS), learning.starts
    drawn = dataclasses.replace(starts, count=count)
    if drawn.runs != count:
        raise InputError(f"seeds={count} does not fit {starts}: say seeds={drawn.runs}")
    size = learning.step_size_for(payoff_range(game))
    return Setup(game, dataclasses.replace(learning, starts=drawn, step_size=size))


def checked_axes(axes: Any) -> tuple[Axis, ...]:
    """Axes in the setup of game and learning, given as a list or one alone.

    **Raises:** `InputError` for what is none.
    """
    found = tuple(axes) if isinstance(axes, list | tuple) else (axes,)
    for axis in found:
        if not isinstance(axis, Axis):
            raise InputError(f"axes must be a list of Axis(name, values, at=…), not {shown(axis)}")
    return found


def check_pair(game: AbstractParametricGame) -> None:
    """Refuse games of other than two players."""
    if game.players != 2:
        raise InputError(
            f"a league is of pairs, and this game has {game.players} players: take a game of two"
        )


def how_played(learning: Learning, off: Mapping[str, float]) -> str:
    """From where and how it was learned, and how well strategies are played."""
    size = learning.step_size_for(1.0)
    until = "" if learning.stop is None else f", {learning.stop.in_words}"
    text = f"{learning.starts}, the same for every pair, {learning.steps} steps of {size:g}{until}"
    loose = {name: x for name, x in off.items() if x > EXACTLY_PLAYED}
    if loose:
        worst = ", ".join(f"{name} by {x:.2g}" for name, x in loose.items())
        text += f"; bounded parameters miss probabilities of strategies: {worst}"
    return text
