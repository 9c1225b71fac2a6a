"""Covers of a box: trees of splits, in which nothing can be left out or counted twice."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from glasshouse.errors import InputError

Range = tuple[float, float]
"""A coordinate's lowest and highest value; ±inf where there is no bound."""

Region = tuple[Range, ...]
"""One range for every coordinate."""

LEAF = "."
"""A piece that is not split; numbers in a cover are the coordinates along which one is."""

FOLD = "&"
"""Between the numbers of two coordinates: a corner at infinity is split between them."""

LARGEST_IN_CHART = 2**20
"""Of the whole numbers in a chart: more folds than make these are refused."""

Chart = tuple[tuple[int, ...], ...]
"""Parameters by coordinates: parameter k is the sum over j of chart[k][j] times coordinate j."""


class Piece(NamedTuple):
    """A region in coordinates of its own.

    **Arguments:** `region`; `chart`, None where the coordinates are the parameters themselves.
    """

    region: Region
    chart: Chart | None = None


def middle_of(values: Range) -> float:
    """Where a range is split: in the middle, or doubling towards where there is no bound."""
    low, high = values
    if math.isinf(low) and math.isinf(high):
        return 0.0
    if math.isinf(high):
        return max(2 * low, 1.0)
    if math.isinf(low):
        return min(2 * high, -1.0)
    return low + (high - low) / 2 if math.isfinite(high - low) else low / 2 + high / 2


def can_split(values: Range) -> bool:
    """Whether some double lies strictly inside."""
    return values[0] < middle_of(values) < values[1]


def halves(region: Region, axis: int) -> tuple[Region, Region]:
    """Both parts of a region split along a coordinate; they share the face between them."""
    low, high = region[axis]
    if not can_split(region[axis]):
        raise InputError(f"the range [{low!r}, {high!r}] is too narrow to split")
    middle, before, after = middle_of(region[axis]), region[:axis], region[axis + 1 :]
    return (*before, (low, middle), *after), (*before, (middle, high), *after)


def towards(values: Range) -> int:
    """Where a range has exactly one end: 1 if it goes to infinity, -1 if to minus infinity."""
    low, high = map(math.isinf, values)
    return 0 if low == high else 1 if high else -1


def folded(piece: Piece, j: int, k: int) -> tuple[Piece, Piece]:
    """Both parts of a corner at infinity, split where two coordinates have come equally far.

    Where coordinate j is a + s x and k is b + t y, with s and t = ±1 and x, y >= 0 without end, the
    first part is x >= y and the second y >= x. In the first, j counts from where it would be at
    x = y, s t k + (a - s t b), so that both coordinates have one end only, again; likewise k in
    the second. What depends on the difference of both, such as the share of one action in two,
    does not depend on how far out it is.
    """
    region, size = piece.region, len(piece.region)
    chart = piece.chart or tuple(tuple(int(a == b) for b in range(size)) for a in range(size))
    signs = towards(region[j]), towards(region[k])
    if j == k or 0 in signs:
        raise InputError(f"coordinates {j} and {k} of {region} do not meet at infinity")
    first, second = (_sheared(region, chart, *pair) for pair in ((j, k), (k, j)))
    return first, second


def _sheared(region: Region, chart: Chart, j: int, k: int) -> Piece:
    """The part in which coordinate j has come at least as far as k."""
    s, t = towards(region[j]), towards(region[k])
    a, b = (next(filter(math.isfinite, region[c])) for c in (j, k))
    start = a - s * t * b
    if not math.isfinite(start) or Fraction(start) != Fraction(a) - s * t * Fraction(b):
        raise InputError(f"coordinates {j} and {k} start at {a!r} and {b!r}: no double between")
    values = (start, math.inf) if s > 0 else (-math.inf, start)
    rows = [list(row) for row in chart]
    for row in rows:
        row[k] += s * t * row[j]
        if abs(row[k]) > LARGEST_IN_CHART:
            raise InputError("the cover folds more often than is taken")
    return Piece((*region[:j], values, *region[j + 1 :]), tuple(map(tuple, rows)))


def tokens_of(children: Sequence[tuple[str, int, int] | None]) -> Iterator[str]:
    """The cover that splits make, from its root.

    **Arguments:** `children`, for each node, the root first, its token and both parts; None for a
    piece.
    """
    nodes = [0]
    while nodes:
        split = children[nodes.pop()]
        if split is None:
            yield LEAF
        else:
            token, first, second = split
            yield token
            nodes += [second, first]


def pieces(region: Region, cover: Sequence[str]) -> Iterator[Region]:
    """The pieces of a region that a cover without folds describes."""
    for piece in folded_pieces(region, cover):
        if piece.chart is not None:
            raise InputError("the cover folds where only splits are taken")
        yield piece.region


def folded_pieces(region: Region, cover: Sequence[str]) -> Iterator[Piece]:
    """The pieces of a region that a cover describes.

    A cover is a tree written from its root: `.` for a piece, the number of a coordinate followed
    by the covers of both halves, or two numbers with `&` between them followed by the covers of
    both parts of a corner at infinity.
    """
    open_pieces, axes = [Piece(region)], {str(k): k for k in range(len(region))}
    for token in cover:
        if not open_pieces:
            raise InputError("the cover goes on after its last piece")
        current = open_pieces.pop()
        pair = [axes.get(name) for name in token.split(FOLD)]
        if token == LEAF:
            yield current
        elif None not in pair and len(pair) <= 2:
            first, second = both_parts(current, tuple(k for k in pair if k is not None))
            open_pieces += [second, first]
        else:
            raise InputError(f"the cover splits along {token!r:.20}, which is no coordinate")
    if open_pieces:
        raise InputError("the cover ends before its last piece")


def both_parts(piece: Piece, axes: tuple[int, ...]) -> tuple[Piece, Piece]:
    """Both parts of a piece: split along one coordinate, or folded between two."""
    if len(axes) == 2:
        return folded(piece, *axes)
    lower, upper = halves(piece.region, axes[0])
    return piece._replace(region=lower), piece._replace(region=upper)
