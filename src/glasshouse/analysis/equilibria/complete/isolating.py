"""From a candidate to the proof that it is the only equilibrium in some region around it."""

from collections.abc import Callable

from glasshouse.analysis.equilibria.complete.candidates import Candidate
from glasshouse.certificates.count.exclusion import contains
from glasshouse.certificates.count.isolation import (
    Isolation,
    Reply,
    check_reply,
    has_zero,
    is_alone,
    is_near,
    is_worse,
)
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.covers import Range, Region
from glasshouse.errors import InputError

POLISHING_STEPS = 3
"""Steps of Newton's method in Arb arithmetic."""

SMALLEST_INSIDE, LARGEST_INSIDE, FACTOR = 1e-13, 1e-5, 8.0
"""Half widths that are tried for the small box in which the equilibrium lies, in parts of the
ranges, each so many times the one before."""

FIRST_AROUND, LEAST_AROUND, SHRINK = 0.25, 1e-5, 0.6
"""Half widths that are tried for the region, in parts of the ranges."""

GROWTH, WIDENINGS = 0.4, 8
"""By which share of its width, and how often, the region is widened on every side."""

RIM = 2.0**-20
"""A region is kept so far from bounds at which it is not held, in parts of the ranges."""

MOST_PIECES = 300
"""Of a player's range, looked at to show that it does not gain by deviating."""


def isolated(joint: Joint, boxes: Region, candidate: Candidate) -> Isolation | None:
    """The proof, or None where none is found."""
    held = candidate.held
    point = _polished(joint, boxes, candidate)
    inside = _inside(joint, boxes, held, point)
    if inside is None:
        return None
    nobody = Reply((), (0, 0))
    claim = Isolation(held, inside, inside, (nobody, nobody))
    replies = [_reply(joint, boxes, claim, player) for player in BOTH]
    if replies[0] is None or replies[1] is None:
        return None
    around = _around(joint, boxes, held, inside)
    if around is None:
        return None
    return claim._replace(around=around, replies=(replies[0], replies[1]))


def _polished(joint: Joint, boxes: Region, candidate: Candidate) -> tuple[float, float]:
    """The zero of the slopes of who is free, to the last digits."""
    point = candidate.point
    free = [player for player in BOTH if not candidate.held[player]]
    for _ in range(POLISHING_STEPS if free else 0):
        at = ((point[0], point[0]), (point[1], point[1]))
        slopes, curves = joint.slopes(at), joint.curves(at)
        f = [float(slopes[k][k][0].mid()) for k in BOTH]
        j = [[float(x[0].mid()) for x in row] for row in curves]
        if len(free) == 1:
            k = free[0]
            if not j[k][k]:
                break
            moved = list(point)
            moved[k] -= f[k] / j[k][k]
        else:
            determinant = j[0][0] * j[1][1] - j[0][1] * j[1][0]
            if not determinant:
                break
            moved = [
                point[0] - (j[1][1] * f[0] - j[0][1] * f[1]) / determinant,
                point[1] - (j[0][0] * f[1] - j[1][0] * f[0]) / determinant,
            ]
        if not all(low <= x <= high for x, (low, high) in zip(moved, boxes, strict=True)):
            break
        point = (moved[0], moved[1])
    return point


def _inside(
    joint: Joint, boxes: Region, held: tuple[int, int], point: tuple[float, float]
) -> Region | None:
    size, (x, y) = SMALLEST_INSIDE, point
    while size <= LARGEST_INSIDE:
        region = _box_around(boxes, held, ((x, x), (y, y)), size)
        if region is not None and has_zero(joint, held, region):
            return region
        size *= FACTOR
    return None


def _box_around(boxes: Region, held: tuple[int, int], core: Region, size: float) -> Region | None:
    """A box around another, wider by `size` in parts of the ranges where it is free."""
    found = []
    for side, (low, high), (a, b) in zip(held, boxes, core, strict=True):
        width = size * (high - low)
        if side:
            found.append((a, b))
        elif not low < a - width < b + width < high:
            return None
        else:
            found.append((a - width, b + width))
    return found[0], found[1]


def _around(joint: Joint, boxes: Region, held: tuple[int, int], inside: Region) -> Region | None:
    """A region with no second equilibrium, as large as a few attempts make it."""
    size = FIRST_AROUND
    while size >= LEAST_AROUND:
        region = _clipped(boxes, held, inside, size)
        if contains(region, inside) and is_alone(joint, boxes, held, region):
            break
        size *= SHRINK
    else:
        return None
    sides = [(player, end) for player in BOTH for end in (0, 1)]
    for _ in range(WIDENINGS):
        still = []
        for player, end in sides:
            wider = _widened(boxes, held, region, player, end)
            if wider != region and is_alone(joint, boxes, held, wider):
                region = wider
                still.append((player, end))
        sides = still
    return region


def _clipped(boxes: Region, held: tuple[int, int], inside: Region, size: float) -> Region:
    found = []
    for side, (low, high), (a, b) in zip(held, boxes, inside, strict=True):
        width = high - low
        rim = 0.0 if side else RIM * width
        found.append((max(a - size * width, low + rim), min(b + size * width, high - rim)))
    return found[0], found[1]


def _widened(boxes: Region, held: tuple[int, int], region: Region, player: int, end: int) -> Region:
    (low, high), bounds = region[player], boxes[player]
    rim = 0.0 if held[player] else RIM * (bounds[1] - bounds[0])
    more = GROWTH * (high - low)
    values = (
        (max(low - more, bounds[0] + rim), high)
        if end == 0
        else (low, min(high + more, bounds[1] - rim))
    )
    if not values[0] <= low < high <= values[1]:
        return region
    return (values, region[1]) if player == 0 else (region[0], values)


def _reply(joint: Joint, boxes: Region, claim: Isolation, player: int) -> Reply | None:
    """Pieces of a player's range that show it does not gain, or None."""
    if joint.is_read_by_nobody(player) and not claim.held[player]:
        try:
            check_reply(joint, boxes, claim, player)
        except InputError:
            return None
        return claim.replies[player]
    low, high = boxes[player]
    near = _near(joint, boxes, claim, player)
    if near is None:
        return None

    def worse(piece: Range) -> bool:
        return is_worse(joint, claim, player, piece)

    below = [] if near[0] == low else _pieces(worse, (low, near[0]))
    above = [] if near[-1] == high else _pieces(worse, (near[-1], high))
    if below is None or above is None:
        return None
    ends = (*(piece[0] for piece in below), *near, *(piece[1] for piece in above))
    return Reply(ends, (len(below), len(below) + len(near) - 2))


def _near(joint: Joint, boxes: Region, claim: Isolation, player: int) -> list[float] | None:
    """Ends of pieces around the point where the payoff is concave or rises to the bound."""
    (low, high), (a, b) = boxes[player], claim.inside[player]
    width = high - low

    def clipped(size: float) -> Range:
        return max(a - size * width, low), min(b + size * width, high)

    size = 0.5
    while not is_near(joint, claim, player, clipped(size)):
        size /= 2
        if size < SMALLEST_INSIDE:
            return None
    ends = list(clipped(size))
    for at, direction in ((0, -1.0), (-1, 1.0)):
        step = size * width / 2
        for _ in range(WIDENINGS):
            edge = ends[at]
            further = min(max(edge + direction * step, low), high)
            piece = (further, edge) if direction < 0 else (edge, further)
            if not piece[0] < piece[1]:
                break
            if is_near(joint, claim, player, piece):
                ends.insert(0 if direction < 0 else len(ends), further)
            else:
                step /= 2
    return ends


def _pieces(holds: Callable[[Range], bool], whole: Range) -> list[Range] | None:
    """A range in pieces on each of which something holds, in order, or None."""
    waiting, found = [whole], []
    for _ in range(MOST_PIECES):
        if not waiting:
            return found
        low, high = waiting.pop()
        if holds((low, high)):
            found.append((low, high))
            continue
        middle = low + (high - low) / 2
        if not low < middle < high:
            return None
        waiting += [(middle, high), (low, middle)]
    return None
