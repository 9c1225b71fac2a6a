"""Exactly one equilibrium in a region: what proves it, and whether it does.

Coordinates are *held* at a bound where the payoff rises towards it on all of the region; the others
are *free*. There the own slopes are zero at an equilibrium, and they are zero at one point at most:
their Jacobian, multiplied with an inverse of its middle, differs from the identity by less than one
in every row. Krawczyk's operator maps a small box inside to itself, so there is such a point in it.
It is an equilibrium: each player's payoff is concave, or rises towards the bound, on pieces of its
range around it, and on all others some fixed parameter of those pieces pays strictly more; all
that for every parameter of the other in the small box. Where nobody reads a player of two actions,
a zero slope is a payoff that the player does not move at all.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from glasshouse.certificates.count.exclusion import (
    contains,
    pays_more,
    placed,
    sign_of,
)
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.count.newton import has_zero, is_regular
from glasshouse.certificates.covers import Range, Region
from glasshouse.errors import InputError


class Reply(NamedTuple):
    """Why one player does not gain by deviating from an isolated point.

    **Arguments:** `ends`, of the pieces of the player's range, from its lower to its upper
    bound; `near`, the first and the last of the pieces around the point. No ends: nobody reads
    the player, and its slope is zero.
    """

    ends: tuple[float, ...]
    near: tuple[int, int]


class Isolation(NamedTuple):
    """A region with exactly one equilibrium.

    **Arguments:** `held`, for each player -1 or 1 where it is at its lower or upper bound, else 0;
    `around`, the region; `inside`, a small one in which the equilibrium lies; `replies`, one for
    each player.
    """

    held: tuple[int, int]
    around: Region
    inside: Region
    replies: tuple[Reply, Reply]


def check_isolation(joint: Joint, boxes: Region, claim: Isolation) -> None:
    """Whether there is exactly one equilibrium in the region, or an `InputError`."""
    if not contains(boxes, claim.around) or not contains(claim.around, claim.inside):
        raise InputError("its regions do not lie in each other")
    if not is_alone(joint, boxes, claim.held, claim.around):
        raise InputError("there may be more than one equilibrium in its region")
    for held, (low, high), inside in zip(claim.held, boxes, claim.inside, strict=True):
        bound = low if held < 0 else high
        if held and inside != (bound, bound):
            raise InputError("it is held at a bound, and lies elsewhere")
    if not has_zero(joint, claim.held, claim.inside):
        raise InputError("it is not shown that its slopes are zero somewhere")
    for player in BOTH:
        check_reply(joint, boxes, claim, player)


def is_alone(joint: Joint, boxes: Region, held: Sequence[int], around: Region) -> bool:
    """Whether a region holds at most one equilibrium, by slopes and their Jacobian."""
    view = joint.view(around)
    face = list(around)
    for player in BOTH:
        (low, high), bounds = around[player], boxes[player]
        if not low < high:
            return False
        if held[player] == 0:
            if not bounds[0] < low < high < bounds[1]:
                return False
        else:
            end, bound = (high, bounds[1]) if held[player] > 0 else (low, bounds[0])
            if end != bound or sign_of(view.slopes[player][player]) != held[player]:
                return False
            face[player] = (end, end)
    if not view.proper:
        return False
    return is_regular(joint, held, (face[0], face[1]))


def check_reply(joint: Joint, boxes: Region, claim: Isolation, player: int) -> None:
    """Whether a player does not gain by deviating from the isolated point, or an `InputError`."""
    who, reply = f"player {player + 1}", claim.replies[player]
    if not reply.ends:
        free, moves = not claim.held[player], joint.own_move(player, claim.inside)
        if not (free and joint.is_read_by_nobody(player) and sign_of(moves)):
            raise InputError(f"{who} is not shown to be indifferent")
        return
    ends, (first, last) = reply.ends, reply.near
    pieces = list(itertools.pairwise(ends))
    ordered = (ends[0], ends[-1]) == boxes[player] and all(a < b for a, b in pieces)
    if not ordered or not 0 <= first <= last < len(pieces):
        raise InputError(f"the pieces of {who} are not all of its range")
    low, high = claim.inside[player]
    if not ends[first] <= low <= high <= ends[last + 1]:
        raise InputError(f"the pieces of {who} around the point do not hold it")
    for k, piece in enumerate(pieces):
        near = first <= k <= last
        if not (is_near if near else is_worse)(joint, claim, player, piece):
            raise InputError(f"{who} may gain by moving into {piece}")


def is_near(joint: Joint, claim: Isolation, player: int, piece: Range) -> bool:
    """Whether a player's payoff is concave on a piece, or rises towards the bound it is held at."""
    region = placed(player, piece, claim.inside[1 - player])
    view = joint.view(region)
    if not view.proper:
        return False
    held = claim.held[player]
    if held:
        return sign_of(view.slopes[player][player]) == held
    return bool(joint.bends(region, player)[player][1] < 0)


def is_worse(joint: Joint, claim: Isolation, player: int, piece: Range) -> bool:
    """Whether a player loses strictly in a piece, compared with the middle of the point's box."""
    region = placed(player, piece, claim.inside[1 - player])
    view = joint.view(region)
    return view.proper and pays_more(joint, player, reference(claim, player), region, view)


def reference(claim: Isolation, player: int) -> float:
    """The parameter that a player is compared with."""
    low, high = claim.inside[player]
    return low + (high - low) / 2


def meet(first: Region, second: Region) -> bool:
    """Whether two regions have a point in common."""
    return all(a <= d and c <= b for (a, b), (c, d) in zip(first, second, strict=True))
