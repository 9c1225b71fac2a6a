"""Pieces of the box of both parameters in which there is no equilibrium, and why.

Where a player's payoff rises along its own parameter on all of a piece, an equilibrium there lies
on the upper bound; where the piece does not reach that bound, there is none. Where some fixed
parameter pays a player more than all of the piece, whatever the other does in it, there is none.
"""

from collections.abc import Sequence
from typing import NamedTuple

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.count.joint import BOTH, Joint, View
from glasshouse.certificates.count.newton import has_no_zero
from glasshouse.certificates.covers import Region
from glasshouse.certificates.gain import rise_within
from glasshouse.certificates.intervals import Interval


class Face(NamedTuple):
    """What of a piece may hold an equilibrium.

    **Arguments:** `region`, None where none of it may; `view`, what is known on it, or on what
    was left last; `proper`, whether on all of the piece the outputs are probabilities.
    """

    region: Region | None
    view: View
    proper: bool


def face_of(joint: Joint, boxes: Region, piece: Region) -> Face:
    """The part of a piece that slopes leave."""
    region, proper = piece, None
    while True:
        view = joint.view(region)
        proper = view.proper if proper is None else proper
        face = list(region)
        for player in BOTH:
            (low, high), bounds = region[player], boxes[player]
            if low == high:
                continue
            direction = sign_of(view.slopes[player][player])
            if direction:
                end, bound = (high, bounds[1]) if direction > 0 else (low, bounds[0])
                if end != bound:
                    return Face(None, view, proper)
                face[player] = (end, end)
        if tuple(face) == region:
            return Face(region, view, proper)
        region = (face[0], face[1])


def sign_of(slope: Interval) -> int:
    """1 or -1 where the slope is strictly so, else 0."""
    return 1 if slope[0] > 0 else -1 if slope[1] < 0 else 0


def pays_more(
    joint: Joint, player: int, better: float, region: Region, view: View | None = None
) -> bool:
    """Whether one parameter pays a player more than any of a region, whatever the other's in it.

    By the mean-value theorem for the difference, from where it is largest as its slopes say.
    """
    other = 1 - player
    own, theirs = region[player], region[other]
    slopes = (joint.view(region) if view is None else view).slopes[player]
    mine = slopes[player]
    across = iv.NOTHING
    if theirs[0] != theirs[1]:
        moved = joint.slopes(placed(player, (better, better), theirs))[player]
        across = iv.subtract(slopes[other], moved[other])
    t, x = _highest(own, mine), _highest(theirs, across)
    there = joint.payoff(player, placed(player, (t, t), (x, x)))
    stay = joint.payoff(player, placed(player, (better, better), (x, x)))
    total = there[1] - stay[0] + rise_within(t, own, mine) + rise_within(x, theirs, across)
    return bool(total < 0)


def has_no_inner_zero(joint: Joint, boxes: Region, face: Region) -> bool:
    """Whether a face holds no equilibrium because slopes are zero nowhere on it.

    Only where no coordinate that is free reaches a bound: there, an equilibrium's slope may point
    outward.
    """
    free = [player for player in BOTH if face[player][0] != face[player][1]]
    inner = all(
        boxes[player][0] < face[player][0] and face[player][1] < boxes[player][1] for player in free
    )
    return bool(free) and inner and has_no_zero(joint, free, face)


def placed(player: int, own: tuple[float, float], theirs: tuple[float, float]) -> Region:
    """A region from a player's own range and the other's."""
    return (own, theirs) if player == 0 else (theirs, own)


def _highest(values: tuple[float, float], slope: Interval) -> float:
    """From where a function can rise least, its slope being known."""
    low, high = values
    if low == high or slope[1] <= 0:
        return low
    if slope[0] >= 0:
        return high
    down, up = -float(slope[0].mid()), float(slope[1].mid())
    share = up / (up + down) if up > 0 and down > 0 else 0.5
    return min(max(low + (high - low) * share, low), high)


def contains(outer: Sequence[tuple[float, float]], inner: Sequence[tuple[float, float]]) -> bool:
    """Whether one region lies in another."""
    return all(a <= c and d <= b for (a, b), (c, d) in zip(outer, inner, strict=True))
