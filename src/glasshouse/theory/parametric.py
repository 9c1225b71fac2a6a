"""What is known of parametric games and families, from their base game, semantics and channel."""

import dataclasses
from typing import Any

from glasshouse.channels import AbstractChannel, Full
from glasshouse.games.normal_form import NormalFormGame, is_normal_form
from glasshouse.games.repeated import is_repeated
from glasshouse.parametric import ParametricGame
from glasshouse.parametric.dense import out_of_date
from glasshouse.semantics import Affine, Linear, Logistic
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


def _obstacle(game: Any, repeats: bool) -> str:
    """What keeps anything from being known of a game, or of one that `repeats`; often nothing."""
    if not is_normal_form(game.game) and not (repeats and is_repeated(game.game)):
        return f"closed forms need a game in normal form, not {type(game.game).__name__}"
    lacking = unlike(game.semantics) if type(game.semantics) is Logistic else ""
    return out_of_date(game) or (f"closed forms need {lacking}" if lacking else "")


def _unless_hindered(answer: Answer, repeats: bool) -> Answer:
    """An answer that is asked for only where nothing stands in its way, which is said instead."""

    def answered(game: Any) -> Known | Unknown:
        obstacle = _obstacle(game, repeats)
        return Unknown(obstacle) if obstacle else answer(game)

    return answered


def _linear_threshold(game: Any) -> Known | Unknown:
    return of_linear(neutral_threshold(game.channel, game.game, game.semantics.direction))


BY_SEMANTICS: tuple[tuple[str, type, type | None, Answer], ...] = (
    ("thresholds", Logistic, Full, lambda g: known("thresholds", g.game)),
    ("thresholds", Logistic, None, lambda g: neutral_threshold(g.channel, g.game)),
    ("thresholds", Affine, Full, lambda g: known_affine_thresholds(g.game)),
    ("thresholds", Affine, None, lambda g: neutral_weight(g.channel, g.game)),
    ("thresholds", Linear, Full, lambda g: of_linear(known("thresholds", g.game))),
    ("thresholds", Linear, None, _linear_threshold),
    ("access", Logistic, None, lambda g: rise_under(g.channel, g.game)),
    ("access", Linear, None, lambda g: rise_under(g.channel, g.game, g.semantics.direction)),
    ("corner limits", Logistic, Full, lambda g: known("corner limits", g.game)),
)
"""By question, semantics and channel: what is known of the base game, or under the channel."""

for _question, _semantics, _channel, _answer in BY_SEMANTICS:
    # What is known of the stage game is asked of the repeated one, where nothing hides the other.
    _repeats = (_question, _semantics, _channel) == ("thresholds", Logistic, Full)
    knows(_question, ParametricGame, _semantics, _channel)(_unless_hindered(_answer, _repeats))
