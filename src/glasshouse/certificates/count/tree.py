"""The box of both parameters cut into pieces, each with the reason why nothing is missed in it.

Written from its root: a cut is `axis@place`, followed by the trees of what is below and above. A
piece is `.` where slopes exclude all of it; `!` where they are nowhere zero together on what they
leave, which reaches no bound; `player:parameter` where that parameter pays that player more than
anything in it; `#k` where it lies in the region of isolated equilibrium k; and `?` where nothing is
known. Players, coordinates and equilibria are counted from 0.
"""

from collections.abc import Iterator, Sequence

from glasshouse.certificates.count.exclusion import (
    contains,
    face_of,
    has_no_inner_zero,
    pays_more,
)
from glasshouse.certificates.count.isolation import Isolation
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.covers import Region
from glasshouse.errors import InputError

SLOPES, NO_ZERO, LEFT, ISOLATED, CUT, BETTER = ".", "!", "?", "#", "@", ":"
"""How tokens are told apart."""


def cut_at(axis: int, place: float) -> str:
    """The token of a cut."""
    return f"{axis}{CUT}{place.hex()}"


def better_by(player: int, parameter: float) -> str:
    """The token of a piece in which a parameter pays a player more."""
    return f"{player}{BETTER}{parameter.hex()}"


def found_in(number: int) -> str:
    """The token of a piece in the region of an isolated equilibrium."""
    return f"{ISOLATED}{number}"


def parts_of(piece: Region, axis: int, place: float) -> tuple[Region, Region]:
    """What is below and above a cut."""
    low, high = piece[axis]
    if not low < place < high:
        raise InputError(f"the tree cuts [{low!r}, {high!r}] at {place!r}, which is not inside")
    below, above = list(piece), list(piece)
    below[axis], above[axis] = (low, place), (place, high)
    return (below[0], below[1]), (above[0], above[1])


def leaves_of(region: Region, tree: Sequence[str]) -> Iterator[tuple[Region, str]]:
    """The pieces of a region and their tokens."""
    waiting = [region]
    for token in tree:
        if not waiting:
            raise InputError("the tree goes on after its last piece")
        piece = waiting.pop()
        axis, is_cut, place = token.partition(CUT)
        if is_cut:
            below, above = parts_of(piece, _whole(axis, len(BOTH)), _double(place))
            waiting += [above, below]
        else:
            yield piece, token
    if waiting:
        raise InputError("the tree ends before its last piece")


def is_as_said(
    joint: Joint, boxes: Region, isolations: Sequence[Isolation], piece: Region, token: str
) -> bool:
    """Whether a piece is what its token says."""
    if token == LEFT:
        return True
    face = face_of(joint, boxes, piece)
    if not face.proper:
        return False
    if token == SLOPES or face.region is None:
        return token == SLOPES and face.region is None
    if token == NO_ZERO:
        return has_no_inner_zero(joint, boxes, face.region)
    if token.startswith(ISOLATED):
        number = _whole(token.removeprefix(ISOLATED), len(isolations))
        return contains(isolations[number].around, face.region)
    player, is_better, parameter = token.partition(BETTER)
    if not is_better:
        raise InputError(f"the tree holds {token!r:.20}, which means nothing")
    who, better = _whole(player, len(BOTH)), _double(parameter)
    low, high = boxes[who]
    return low <= better <= high and pays_more(joint, who, better, face.region, face.view)


def _whole(text: str, below: int) -> int:
    if text not in map(str, range(below)):
        raise InputError(f"the tree names {text!r:.20}, which there is not")
    return int(text)


def _double(text: str) -> float:
    """A finite double, written as `float.hex` does it."""
    try:
        number = float.fromhex(text)
    except (ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf") or number.hex() != text:
        raise InputError(f"the tree holds {text!r:.30}, which is no exact number")
    return number
