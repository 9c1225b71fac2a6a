"""A plane of cells refined along the boundaries between outcomes: a quadtree, then its seams."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt16

Codes = UInt16[np.ndarray, "rows columns starts"]
"""How the run from each start ends in each cell, as numbers that are compared and nothing more."""

Cells = Int[np.ndarray, "cells 2"]
"""Cells of a plane by row and column."""


KeptNumbers = Float[np.ndarray, "rows columns numbers"]
"""What else is known of computed cells; NaN of the others."""

Compute = Callable[
    [Cells], tuple[UInt16[np.ndarray, "cells starts"], Float[np.ndarray, "cells numbers"]]
]
"""Codes of the cells it is given, in their order, and what else is to be kept of them."""


class Patch(NamedTuple):
    """What is known of a plane of cells.

    **Arguments:** `codes` of every cell; `numbers` of those that were `computed`: the others have
    the codes of the corners that all agree around them.
    """

    codes: Codes
    numbers: KeptNumbers
    computed: Bool[np.ndarray, "rows columns"]


def lattice(length: int, coarse: int) -> Int[np.ndarray, "points"]:
    """Every `coarse`-th of so many places, and the last."""
    return np.unique(np.append(np.arange(0, length, coarse), length - 1))


def refined(
    shape: tuple[int, int],
    coarse: int,
    compute: Compute,
    *,
    known: Patch | None = None,
    asked: Cells | None = None,
) -> Patch:
    """The codes of all cells, from as few as have to be computed.

    Definition: computed are the cells of a lattice; wherever the corners of one of its squares
    differ, its middle and those of its sides, and so on down to neighbours; and then every cell
    that touches, side or corner, one with other codes. So wherever codes change, they were computed
    on both sides. A region of cells of other codes is found whole if it holds a point of the
    lattice and hangs together.

    **Arguments:** `known`, what was found before, to go on from; `asked`, cells to compute in any
    case.
    """
    plane = _Plane(shape, compute, known)
    if known is None:
        plane.descend(coarse)
    if asked is not None and len(asked):
        plane.find(asked)
    plane.close()
    return plane.patch


class _Plane:
    """Cells that become known."""

    def __init__(self, shape: tuple[int, int], compute: Compute, known: Patch | None):
        self._shape, self._compute = shape, compute
        self._patch = None if known is None else Patch(*(x.copy() for x in known))

    @property
    def patch(self) -> Patch:
        assert self._patch is not None  # the lattice has a cell
        return self._patch

    def find(self, cells: Cells) -> bool:
        """Compute those of these cells that were not; whether there was any."""
        flat = np.unique(np.ravel_multi_index((cells[:, 0], cells[:, 1]), self._shape))
        if self._patch is not None:
            flat = flat[~self._patch.computed.ravel()[flat]]
        if not flat.size:
            return False
        rows, columns = np.unravel_index(flat, self._shape)
        codes, numbers = self._compute(np.stack([rows, columns], axis=1))
        if self._patch is None:
            self._patch = Patch(
                np.zeros((*self._shape, codes.shape[1]), np.uint16),
                np.full((*self._shape, numbers.shape[1]), np.nan),
                np.zeros(self._shape, bool),
            )
        self._patch.codes[rows, columns] = codes
        self._patch.numbers[rows, columns] = numbers
        self._patch.computed[rows, columns] = True
        return True

    def descend(self, coarse: int) -> None:
        """Compute the lattice, and halve squares whose corners differ until there are none."""
        sides = [lattice(length, coarse) for length in self._shape]
        self.find(np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 2))
        # A plane of one row or column is one of squares without an area.
        pairs = [np.stack([x[:-1], x[1:]], axis=1) if len(x) > 1 else x[[[0, 0]]] for x in sides]
        squares = np.array([[*row, *column] for row in pairs[0] for column in pairs[1]])
        alike = []
        while len(squares):
            same = self._agree(squares)
            alike.append(squares[same])
            squares = self._halved(squares[~same])
        self._fill(np.concatenate(alike))

    def _agree(self, squares: np.ndarray) -> np.ndarray:
        """Whether all corners have the same codes."""
        top, bottom, left, right = squares.T
        codes = self.patch.codes
        first = codes[top, left]
        others = ((top, right), (bottom, left), (bottom, right))
        return np.all([(codes[at] == first).all(axis=1) for at in others], axis=0)

    def _halved(self, squares: np.ndarray) -> np.ndarray:
        """The quarters of squares that have an inside, their new corners computed."""
        extents = np.stack([squares[:, 1] - squares[:, 0], squares[:, 3] - squares[:, 2]])
        squares = squares[(extents > 1).any(axis=0)]
        if not len(squares):
            return squares
        quarters = np.array([part for square in squares.tolist() for part in _quarters(*square)])
        corners = [quarters[:, [row, column]] for row in (0, 1) for column in (2, 3)]
        self.find(np.concatenate(corners))
        return quarters

    def _fill(self, squares: np.ndarray) -> None:
        """Give what was not computed in squares whose corners agree the codes of these."""
        codes, _, computed = self.patch
        for top, bottom, left, right in squares.tolist():
            inside = np.s_[top : bottom + 1, left : right + 1]
            codes[inside][~computed[inside]] = codes[top, left]

    def close(self) -> None:
        """Compute cells that touch one with other codes, until all that touch one were computed."""
        codes, _, computed = self.patch
        while self.find(np.argwhere(touching(codes) & ~computed)):
            pass


def _quarters(top: int, bottom: int, left: int, right: int) -> Iterator[tuple[int, int, int, int]]:
    row, column = (top + bottom) // 2, (left + right) // 2
    rows = ((top, row), (row, bottom)) if bottom - top > 1 else ((top, bottom),)
    columns = ((left, column), (column, right)) if right - left > 1 else ((left, right),)
    for upper in rows:
        for side in columns:
            yield *upper, *side


def touching(codes: Codes) -> Bool[np.ndarray, "rows columns"]:
    """Which cells touch, side or corner, one with other codes."""
    found = np.zeros(codes.shape[:2], bool)
    whole, early, late = np.s_[:], np.s_[:-1], np.s_[1:]
    for one, other in (
        ((whole, early), (whole, late)),
        ((early, whole), (late, whole)),
        ((early, early), (late, late)),
        ((early, late), (late, early)),
    ):
        differ = (codes[one] != codes[other]).any(axis=-1)
        found[one] |= differ
        found[other] |= differ
    return found
