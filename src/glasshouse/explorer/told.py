"""What the story and the exercises ask the library, by name; pages hold the words, not the numbers.

A card is one idea: what can be tried, a bet, and what was computed. Which bet is right is computed,
too: nothing here or in a page says it beforehand.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from glasshouse._foundation.precision import in_float64
from glasshouse.analysis import certified_threshold, first_movement, generic_outcomes
from glasshouse.analysis.outcomes import Outcomes
from glasshouse.dynamics import Learning, Rest, Starts
from glasshouse.errors import unknown_name
from glasshouse.explorer.building import SETTLING_STEPS, family_of
from glasshouse.explorer.protocol import Scene, answer

MAJORITY = 0.5
"""Of all runs: a majority is more."""

UNTIL_REST = Learning(step_size=0.1, steps=SETTLING_STEPS, stop=Rest(), starts=Starts(256))
"""How all runs are made whose ends are told: until they rest, from the same random starts."""

SWITCH_TOLERANCE = 1e-9
"""Width of the brackets of first movements that are told."""

HIGHEST_TOLD = 1.2
"""Coupling up to which shares of outcomes are told."""


SHARE_POINTS = 61
"""Couplings at which shares of outcomes are told: steps of 0.02."""


class Fact(NamedTuple):
    """A number in a text: `style` is "number" or "percent", `places` how many digits are shown."""

    value: float
    places: int = 2
    style: str = "number"


def as_percent(share: Any) -> Fact:
    """A share or a probability, as people say it."""
    return Fact(float(share), 0, "percent")


class Finding(NamedTuple):
    """What the library found: which choice is `right`, numbers for texts, and for figures."""

    facts: Mapping[str, Fact]
    right: str = ""
    arrays: Mapping[str, np.ndarray] = {}
    more: Mapping[str, Any] = {}


class Card(NamedTuple):
    """One idea: what can be tried `before` the bet, its `choices`, and what is drawn `after` it.

    `scene` is what it is about; `takes` says that readers may choose another; `opens` is what its
    link to the sandbox opens, where that is not `scene` itself.
    """

    name: str
    scene: Scene
    find: Callable[[Scene], Finding]
    choices: Sequence[str] = ()
    before: str = ""
    after: str = ""
    takes: bool = False
    opens: Scene | None = None


def symmetric_scene(R: float, S: float, T: float, P: float, **more: Any) -> Scene:
    """A scene of a game that looks the same to both: payoffs of CC, CD, DC, DD to oneself."""
    payoffs = (((R, S), (T, P)), ((R, T), (S, P)))
    return Scene(payoffs=payoffs, **more)


def told_frame(cards: Mapping[str, Card], name: str, scene: Scene | None, number: int) -> bytes:
    """One card's findings.

    **Raises:** `InputError` for a name that no card has.
    """
    if name not in cards:
        raise unknown_name("card", name, cards)
    card = cards[name]
    asked = card.scene if scene is None or not card.takes else scene
    found = _found(card, asked.model_dump_json())
    header = {
        "number": number,
        "card": name,
        "scene": asked.model_dump(),
        "right": found.right,
        "facts": {name: x._asdict() for name, x in found.facts.items()},
        **found.more,
    }
    return answer("told", header, found.arrays)


def contents_frame(stories: Mapping[str, Mapping[str, Card]], number: int) -> bytes:
    """Which cards there are, in order."""
    listed = {
        kind: [
            {"name": x.name, "choices": x.choices, "before": x.before, "after": x.after}
            | {"takes": x.takes, "scene": x.scene.model_dump()}
            | {"opens": (x.opens or x.scene).model_dump()}
            for x in cards.values()
        ]
        for kind, cards in stories.items()
    }
    return answer("contents", {"number": number, **listed}, {})


@functools.lru_cache(maxsize=64)
def _found(card: Card, written: str) -> Finding:
    """Computed once."""
    return in_float64(card.find)(Scene.model_validate_json(written))


def ends_told(scene: Scene, couplings: Iterable[float]) -> list[Outcomes]:
    """Where runs from random starts end, at couplings that both share."""
    family = family_of(scene)
    return generic_outcomes([family(float(kappa)) for kappa in couplings], learning=UNTIL_REST)


def grid(points: int) -> np.ndarray:
    """Couplings from 0 on, equally spaced."""
    return np.linspace(0.0, HIGHEST_TOLD, points).round(6)


class Band(NamedTuple):
    """The first and the last coupling tried at which something holds; NaN where nowhere."""

    first: float
    last: float


def band(couplings: np.ndarray, holds: Any) -> Band:
    """Where it holds among the couplings tried."""
    found = couplings[np.asarray(holds)]
    return Band(float(found[0]), float(found[-1])) if found.size else Band(np.nan, np.nan)


def rays(scene: Scene, points: int) -> dict[str, dict[str, Any]]:
    """Three things along the coupling: first movement, outcome, equilibrium; each found by itself.

    The outcome is "both cooperate in most runs" at the couplings tried.
    """
    couplings = grid(points)
    moves = first_movement(family_of(scene), tolerance=SWITCH_TOLERANCE)
    both = [x.cooperation.value > MAJORITY for x in ends_told(scene, couplings)]
    where = band(couplings, both)
    return {
        "first": _ray(moves.value, moves.holds, moves.searched),
        "outcome": _ray(*_outcome(both, where), (0.0, HIGHEST_TOLD)),
        **proved_ray(scene),
    }


def proved_ray(scene: Scene) -> dict[str, dict[str, Any]]:
    """The last of them alone: where both dials at the top are an equilibrium."""
    proved = certified_threshold(family_of(scene))
    ends = (proved.lowest, proved.highest)
    return {"equilibrium": _ray(proved.value, proved.holds, ends)}


def _outcome(both: list[bool], where: Band) -> tuple[float | None, str]:
    """The first coupling tried from which on most runs cooperate, and where they do."""
    if all(both):
        return None, "everywhere"
    if not any(both):
        return None, "nowhere"
    turns = sum(a != b for a, b in itertools.pairwise(both))
    return (where.first, "above") if both[-1] and turns == 1 else (None, "unclear")


def _ray(value: float | None, holds: str, searched: Any) -> dict[str, Any]:
    """Of strengths from 0 on: what turns below 0 holds at all of them, or at none."""
    searched = (max(0.0, searched[0]), searched[1])
    if value is not None and abs(value) < SWITCH_TOLERANCE:
        value = 0.0  # to which it was narrowed down
    if value is not None and value < 0 and holds in ("above", "below"):
        value, holds = None, "everywhere" if holds == "above" else "nowhere"
    return {"value": value, "holds": holds, "searched": searched, "result": holds}
