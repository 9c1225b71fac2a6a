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

from flint import arb

from glasshouse.certificates import intervals as iv
from glasshouse.certificates.count.exclusion import (
    contains,
    pays_more,
    placed,
    sign_of,
)
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.covers import Range, Region
from glasshouse.certificates.intervals import Interval
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
    return _is_regular(joint, held, (face[0], face[1]))


def _is_regular(joint: Joint, held: Sequence[int], region: Region) -> bool:
    """Whether the slopes of who is free are different at any two points of a region."""
    free = [player for player in BOTH if not held[player]]
    if not free:
        return True
    rest = _rest(free, _jacobian(joint, free, region))
    return rest is not None and all(_size(row) < 1 for row in rest[1])


def has_zero(joint: Joint, held: Sequence[int], inside: Region) -> bool:
    """Whether the slopes of who is free are zero somewhere in a region, by Krawczyk's operator."""
    free = [player for player in BOTH if not held[player]]
    if not free:
        return True
    found = _rest(free, _jacobian(joint, free, inside))
    if found is None:
        return False
    inverse, rest = found
    middle = [low + (high - low) / 2 for low, high in inside]
    slopes = joint.slopes(((middle[0], middle[0]), (middle[1], middle[1])))
    around = [
        (arb(inside[k][0]) - arb(middle[k]), arb(inside[k][1]) - arb(middle[k])) for k in free
    ]
    for row, factors, (low, high) in zip(rest, inverse, around, strict=True):
        image = iv.NOTHING
        for factor, player in zip(factors, free, strict=True):
            image = iv.subtract(image, iv.scale(factor, slopes[player][player]))
        for entry, width in zip(row, around, strict=True):
            image = iv.add(image, iv.multiply(entry, width))
        if not (low < image[0] and image[1] < high):
            return False
    return True


def _jacobian(joint: Joint, free: Sequence[int], region: Region) -> list[list[Interval]]:
    bends = joint.curves(region)
    return [[bends[player][k] for k in free] for player in free]


def _rest(
    free: Sequence[int], jacobian: list[list[Interval]]
) -> tuple[list[list[arb]], list[list[Interval]]] | None:
    """An inverse of the middle of a Jacobian, and what their product misses of the identity."""
    middle = [[(entry[0].mid() + entry[1].mid()) / 2 for entry in row] for row in jacobian]
    if len(free) == 1:
        inverse = [[1 / middle[0][0]]]
    else:
        (a, b), (c, d) = middle
        determinant = a * d - b * c
        inverse = [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
    inverse = [[entry.mid() for entry in row] for row in inverse]
    if not all(entry.is_finite() for row in inverse for entry in row):
        return None
    rest = []
    for i, row in enumerate(inverse):
        entries = []
        for k in range(len(free)):
            total = iv.UNIT if i == k else iv.NOTHING
            for factor, line in zip(row, jacobian, strict=True):
                total = iv.subtract(total, iv.scale(factor, line[k]))
            entries.append(total)
        rest.append(entries)
    return inverse, rest


def _size(row: Sequence[Interval]) -> arb:
    return sum((abs(low).max(abs(high)) for low, high in row), start=iv.ZERO)


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
