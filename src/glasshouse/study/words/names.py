"""What numbers and points of a sweep are called in sentences."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

from glasshouse._foundation.digits import HEADLINE
from glasshouse.games.labels import called, shortened_names
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.plots._axes import short_label
from glasshouse.plots.phase import basin_names
from glasshouse.semantics.registry import SEMANTICS
from glasshouse.study.computed import Computed
from glasshouse.study.spec.dotted import numeric_leaves

T = TypeVar("T")

MOST_SPANS = 3
"""Of points at which something holds; of more it is said how many there are."""

PLAIN = ("cooperate", "cooperation")
"""Names of actions that say themselves what they count as."""


EVERY_OR_NO = {"everywhere": "every", "nowhere": "no"}
"""What is said of the values that were tried."""


def players_called(result: Computed) -> tuple[str, ...]:
    """What the study's players are called in sentences: "Ada", or "player 1"."""
    return result.prepared.base.game.player_names


def cooperation_words(game: NormalFormGame) -> list[tuple[str, str]]:
    """Which action counts as cooperation, and of whom: of everybody (""), or player by player."""
    first = [called(names, "action")[0] for names in game.action_names]
    if len(set(first)) == 1:
        return [(first[0], "")]
    return list(zip(first, game.player_names, strict=True))


def cooperation_said(game: NormalFormGame) -> str:
    """The same in one phrase: "work", or "share of Ada, trust of Ben"."""
    return ", ".join(f"{name} of {who}" if who else name for name, who in cooperation_words(game))


def cooperation_noted(game: NormalFormGame) -> str:
    """The same after the word cooperation, " (work)"; nothing where the action is called that."""
    said = cooperation_said(game)
    return "" if said in PLAIN else f" ({said})"


def basins_called(result: Computed) -> tuple[str, ...]:
    """What the basins of a portrait are called: who cooperates, or what both mostly do where
    something else than cooperation is looked at."""
    game = result.prepared.base.game
    if result.observable is None:
        return basin_names(game.player_names)
    rows, columns = ([called(own, "action")[0], *_others(own)] for own in game.action_names)
    return tuple(f"({a}, {b})" for a, b in ((r, c) for r in rows for c in columns))


def _others(names: Sequence[str]) -> list[str]:
    """The second of two actions, or all but the first of more."""
    first, *rest = called(names, "action")
    return rest if len(rest) == 1 else [f"not {first}"]


def cooperation_clause(game: NormalFormGame) -> str:
    """The same at the end of a heading, "; cooperation is work"; nothing where it goes unsaid."""
    said = cooperation_said(game)
    return "" if said in PLAIN else f"; cooperation is {said}"


def acts_called(result: Computed, player: int | None = None) -> str:
    """What figures give the probability of: "work", or "cooperating" where actions differ.

    **Arguments:** `player`, counted from 0, whose action it is; default the mean of all.
    """
    game = result.prepared.base.game
    found = cooperation_words(game)
    name, whose = found[0] if player is None or len(found) == 1 else found[player]
    if name in PLAIN:
        return "cooperating"
    if whose and player is None:
        return f"cooperating ({cooperation_said(game)})"
    return shortened_names([name])[0]


def own_values(result: Computed) -> str:
    """The study's own values of the numbers that it sweeps, as "coupling = 0.5"."""
    leaves = numeric_leaves(result.prepared.study.settings())
    return ", ".join(f"{axis_name(axis.key)} = {leaves[axis.key]:g}" for axis in result.axes)


def at_own_values(result: Computed) -> str:
    """ " at coupling = 0.5"; nothing where nothing is swept."""
    values = own_values(result)
    return f" at {values}" if values else ""


def tried(where: str, name: str) -> str:
    """ "at every coupling tried": of what lies between, and beyond, nothing is known.

    **Arguments:** `where`, "everywhere" or "nowhere"; `name`, what was tried.
    """
    return f"at {EVERY_OR_NO[where]} {name} tried"


def upper(words: str) -> str:
    """With a capital letter."""
    return f"{words[:1].upper()}{words[1:]}"


def axis_name(key: str) -> str:
    """What an axis is called in sentences: "coupling", "look-ahead α"."""
    return strength(key) or short_label(key)


def strength(key: str) -> str | None:
    """What the strength of a semantics is called; None for other numbers."""
    for semantics in SEMANTICS.values():
        if semantics.strength is not None and key == f"semantics.{semantics.strength.key}":
            return semantics.strength.key.replace("_", " ")
    return None


def in_words_and(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def neighbours(marks: Sequence[T]) -> Iterator[tuple[T, int, int]]:
    """What points in a row have in common: each mark, and the first and last point that has it."""
    for mark, places in itertools.groupby(range(len(marks)), key=lambda k: marks[k]):
        first, *others = places
        yield mark, first, others[-1] if others else first


def points_words(result: Computed, holds: Sequence[bool]) -> str:
    """The points at which something holds: runs of neighbours, or how many of all."""
    axes = result.axes
    if not axes:
        return "here" if holds[0] else "not here"
    if not any(holds):
        return "at no point studied"
    if all(holds):
        return "at every point studied"
    first, *others = axes
    if others:
        return f"at {sum(holds)} of {len(holds)} points"
    ends = [
        (first.values[begin], first.values[end]) for held, begin, end in neighbours(holds) if held
    ]
    spans = [f"{x:g}" if math.isclose(x, y) else f"{x:g} to {y:g}" for x, y in ends]
    return f"at {axis_name(first.key)} {', '.join(spans)}"


def spans(values: Sequence[float], holds: Sequence[bool], name: str) -> str:
    """Where on an axis something holds: "from 0.76", "between 0.38 and 0.74", "at no coupling
    tried"; it is known of the values tried alone.

    **Arguments:** `name`, what the axis is called.
    """
    if not any(holds) or all(holds):
        return tried("everywhere" if any(holds) else "nowhere", name)
    blocks = [(first, last) for held, first, last in neighbours(list(map(bool, holds))) if held]
    if len(blocks) > MOST_SPANS:
        return f"at {sum(holds)} of {len(values)} points"
    found = []
    for first, last in blocks:
        low, high = digits_of(values[first]), digits_of(values[last])
        if first == last:
            found.append(f"at {low}")
        elif last == len(values) - 1:
            found.append(f"from {low}")
        else:
            found.append(f"between {low} and {high}" if first else f"up to {high}")
    return in_words_and(found)


def digits_of(value: float) -> str:
    """A value of an axis to four digits, without zeros at its end."""
    return f"{value:.{HEADLINE}g}"
