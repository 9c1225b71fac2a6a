"""A window of learning so short that halving it changes nothing."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

from glasshouse.analysis.movement.switch import Switch

LIMIT_REACH = 2.5
"""In proportion to a window, its switch is twice as far from the limit as from that of its half."""


def shortest_window(
    after: Callable[[float], Switch], longest: float, shortest: float, tolerance: float
) -> Switch:
    """The switch after the longest window that is short enough, or after the shortest one.

    Short enough: neither its half nor its quarter moves the switch by more than a quarter of
    `tolerance`. The next window tried is as much shorter as would do if the switch moved in
    proportion. The bracket reaches as far as the window may still matter: all three switches and
    2.5 times what halving moved it, or where the quarter moved it more than the half, that much.
    """
    window = longest
    while True:
        found, moved = _verified([after(window), after(window / 2), after(window / 4)])
        if moved <= tolerance / 4 or window <= shortest:
            return found
        window = max(shortest, window * min(0.1, tolerance / 8 / moved))


def _verified(three: Sequence[Switch]) -> tuple[Switch, float]:
    """The first switch with what its half and quarter windows say; by how much they move it."""
    whole = three[0]
    settings = {**whole.settings, "halved": [switch.value for switch in three[1:]]}
    values = [switch.value for switch in three if switch.value is not None]
    ends = [end for switch in three for end in switch.bracket or ()]
    if len(values) < len(three):
        return _without_value(three, settings)
    first, second = abs(values[1] - values[0]), abs(values[2] - values[1])
    resolved = max(s.bracket[1] - s.bracket[0] for s in three if s.bracket is not None)
    reach = LIMIT_REACH * max(first, 2 * second)
    low, high = min(*ends, values[0] - reach), max(*ends, values[0] + reach)
    shrinks = second <= max(0.75 * first, 2 * resolved)
    moved = f"half the window moves it by {first:.1g}, a quarter by {second:.1g} more"
    doubt = "" if shrinks else ", so that shorter windows may move it further"
    found = dataclasses.replace(
        whole,
        bracket=(low, high),
        value=(low + high) / 2,
        detail=f"{whole.detail}; {moved}{doubt}",
        settings=settings,
    )
    return found, max(max(first, second) - resolved, 0.0)


def _without_value(three: Sequence[Switch], settings: dict[str, Any]) -> tuple[Switch, float]:
    """Some window has no single switch: what all say, or that they disagree."""
    whole = three[0]
    if len({(s.result, s.holds, len(s.brackets)) for s in three}) == 1:
        return dataclasses.replace(whole, settings=settings), 0.0
    said = ", ".join(f"{s.result} ({s.holds})" for s in three)
    found = dataclasses.replace(
        whole,
        value=None,
        bracket=None,
        result="not settled",
        holds="unclear",
        detail=f"{whole.detail}; the window, its half and its quarter disagree: {said}",
        settings=settings,
    )
    return found, math.inf
