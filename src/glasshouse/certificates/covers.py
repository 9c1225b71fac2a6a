"""Covers of a box: trees of splits, in which nothing can be left out or counted twice."""

import math
from collections.abc import Iterator, Sequence

from glasshouse.errors import InputError

Range = tuple[float, float]
"""A coordinate's lowest and highest value; ±inf where there is no bound."""

Region = tuple[Range, ...]
"""One range for every coordinate."""

LEAF = "."
"""A piece that is not split; numbers in a cover are the coordinates along which one is."""


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


def pieces(region: Region, cover: Sequence[str]) -> Iterator[Region]:
    """The pieces of a region that a cover describes.

    A cover is a tree written from its root: `.` for a piece, or the number of a coordinate
    followed by the covers of both halves.
    """
    open_regions, axes = [region], {str(k): k for k in range(len(region))}
    for token in cover:
        if not open_regions:
            raise InputError("the cover goes on after its last piece")
        current = open_regions.pop()
        if token == LEAF:
            yield current
        elif token in axes:
            lower, upper = halves(current, axes[token])
            open_regions += [upper, lower]
        else:
            raise InputError(f"the cover splits along {token!r:.20}, which is no coordinate")
    if open_regions:
        raise InputError("the cover ends before its last piece")
