"""What is known of parametric games and families, from their base game, semantics and channel."""

import dataclasses
from collections.abc import Callable
from typing import Any

from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.full import Full
from glasshouse.games.normal_form import NormalFormGame, is_normal_form
from glasshouse.parametric import ParametricGame
from glasshouse.parametric.dense import out_of_date
from glasshouse.semantics.affine import Affine
from glasshouse.semantics.linear import Linear
from glasshouse.semantics.logistic import Logistic
from glasshouse.theory.access import conditions, rise_under, switch_of
from glasshouse.theory.diagonals import unlike
from glasshouse.theory.registry import Answer, Known, Unknown, known, knows
from glasshouse.theory.symmetric import (
    THRESHOLD_MEANINGS,
    THRESHOLD_SOURCE,
    Threshold,
    Thresholds,
    known_affine_thresholds,
)


def neutral_threshold(
    channel: AbstractChannel, game: NormalFormGame, direction: Any = None
) -> Known | Unknown:
    """What is known of the thresholds of the logistic or the linear semantics under a channel."""
    found = rise_under(channel, game, direction)
    if isinstance(found, Unknown):
        return found
    return _neutral_alone(channel, switch_of(found.value), conditions(found.value))


def neutral_weight(channel: AbstractChannel, game: NormalFormGame) -> Known | Unknown:
    """The same of the affine semantics, whose weight w counts like the coupling κ = w/(1-w)."""
    full, found = known_affine_thresholds(game), rise_under(channel, game)
    if isinstance(full, Unknown):
        return full
    if isinstance(found, Unknown):
        return found
    rise = found.value._replace(lowest=0.0)
    neutral = switch_of(rise, "weight", lambda coupling: coupling / (1 + coupling))
    needs = "first movement at the neutral start; weights below 1"
    return _neutral_alone(channel, neutral, f"{full.conditions}; {needs}")


def _neutral_alone(channel: AbstractChannel, neutral: Threshold, needs: str) -> Known:
    unknown = f"not known under partial access ({channel.words})"
    ends = [Threshold(None, THRESHOLD_MEANINGS[k], unknown) for k in (0, 2)]
    found = Thresholds(
        defection=ends[0],
        neutral=neutral,
        cooperation=ends[1],
        regime="not classified",
        explanation="under partial access only the threshold at the neutral start is known",
        conditions=f"{needs}; {channel.words}",
    )
    return Known(found, found.conditions, THRESHOLD_SOURCE)


def of_linear(found: Known | Unknown) -> Known | Unknown:
    """What is known of the logistic semantics, said of the linear one."""
    if isinstance(found, Unknown):
        return found
    said = found.conditions.replace("logistic semantics", "linear semantics")
    return Known(dataclasses.replace(found.value, conditions=said), said, found.source)


def _obstacle(game: Any) -> str:
    """What keeps anything from being known of a game, whatever its semantics; often nothing."""
    if not is_normal_form(game.game):
        return f"closed forms need a game in normal form, not {type(game.game).__name__}"
    return out_of_date(game)


def _unlikeness(game: Any) -> str:
    """What keeps a threshold of the game inside from being one of the logistic semantics."""
    unlikeness = unlike(game.semantics)
    return out_of_date(game) or (f"closed forms need {unlikeness}" if unlikeness else "")


def _logistic_obstacle(game: Any) -> str:
    return _obstacle(game) or _unlikeness(game)


def _unless(obstacle: Callable[[Any], str]) -> Callable[[Answer], Answer]:
    """An answer that is asked for only where nothing stands in its way, which is said instead."""

    def guarded(answer: Answer) -> Answer:
        def answered(game: Any) -> Known | Unknown:
            lacking = obstacle(game)
            return Unknown(lacking) if lacking else answer(game)

        return answered

    return guarded


@knows("thresholds", ParametricGame, Logistic, Full)
@_unless(_unlikeness)
def _(game: Any) -> Known | Unknown:
    return known("thresholds", game.game)


@knows("thresholds", ParametricGame, Logistic)
@_unless(_logistic_obstacle)
def _(game: Any) -> Known | Unknown:
    return neutral_threshold(game.channel, game.game)


@knows("thresholds", ParametricGame, Affine, Full)
@_unless(_obstacle)
def _(game: Any) -> Known | Unknown:
    return known_affine_thresholds(game.game)


@knows("thresholds", ParametricGame, Affine)
@_unless(_obstacle)
def _(game: Any) -> Known | Unknown:
    return neutral_weight(game.channel, game.game)


@knows("thresholds", ParametricGame, Linear, Full)
@_unless(_obstacle)
def _(game: Any) -> Known | Unknown:
    return of_linear(known("thresholds", game.game))


@knows("thresholds", ParametricGame, Linear)
@_unless(_obstacle)
def _(game: Any) -> Known | Unknown:
    return of_linear(neutral_threshold(game.channel, game.game, game.semantics.direction))


@knows("access", ParametricGame, Logistic)
@_unless(_logistic_obstacle)
def _(game: Any) -> Known | Unknown:
    return rise_under(game.channel, game.game)


@knows("access", ParametricGame, Linear)
@_unless(_obstacle)
def _(game: Any) -> Known | Unknown:
    return rise_under(game.channel, game.game, game.semantics.direction)


@knows("corner limits", ParametricGame, Logistic, Full)
@_unless(_logistic_obstacle)
def _(game: Any) -> Known | Unknown:
    return known("corner limits", game.game)
