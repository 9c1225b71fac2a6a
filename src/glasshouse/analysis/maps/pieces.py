"""A map in pieces: tiles that anybody can refine in any order, seams between them, and an audit."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from glasshouse._foundation.random import Purpose, uniforms
from glasshouse._foundation.results import Result
from glasshouse.analysis.maps.cells import PLACE_STEPS
from glasshouse.analysis.maps.refine import Cells, Patch, touching

PIECE_SIDE = 256
"""Cells along a side of what is refined as a whole, unless a study says otherwise."""


class Tile(NamedTuple):
    """Part of a slice: `outer`, places along all axes but the first two; `rows` along the second
    axis and `columns` along the first, from and up to."""

    outer: tuple[int, ...]
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns it has."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]

    @property
    def corner(self) -> Int[np.ndarray, "2"]:
        """Its first row and column."""
        return np.array([self.rows[0], self.columns[0]])

    def holds(self, place: Sequence[int]) -> bool:
        """Whether the cell at a place along all axes, the first axis last, is in it."""
        *outer, row, column = place
        inside = self.rows[0] <= row < self.rows[1] and self.columns[0] <= column < self.columns[1]
        return tuple(outer) == self.outer and inside

    @property
    def place(self) -> tuple:
        """Where it stands in arrays of the shape of a map, the first axis last."""
        return *self.outer, slice(*self.rows), slice(*self.columns)


class MapPiece(NamedTuple):
    """Cells that are computed together.

    **Arguments:** `tile`; `asked`, cells of it to compute, by row and column, or None for all that
    refining it asks for; `known`, what was found of the tile before, or None; `fills`, whether what
    is found is refined further: an audit only looks.
    """

    tile: Tile
    asked: Cells | None = None
    known: Patch | None = None
    fills: bool = True


class MapPlan(NamedTuple):
    """What of a map is computed.

    **Arguments:** `shape`, values along each axis, the first axis last; `coarse`, cells between
    points of the lattice, 1 to compute all of them; `audit`, cells that were left out to compute
    for control, drawn by `seed`; `piece`, cells along a side of what is refined as a whole, or as
    many fewer as make whole squares of the lattice, which then goes on across seams.
    """

    shape: tuple[int, ...]
    coarse: int = 8
    audit: int = 3000
    seed: int = 0
    piece: int = PIECE_SIDE

    @property
    def of_every_cell(self) -> "MapPlan":
        """To compute all cells, so that nothing is left to control."""
        return self._replace(coarse=1, audit=0)

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return math.prod(self.shape)

    @property
    def pieces(self) -> list[MapPiece]:
        """What can be computed before anything is known."""
        return [MapPiece(tile) for tile in self.tiles]

    @property
    def tiles(self) -> list[Tile]:
        """All tiles, slice after slice."""
        *outer, height, width = self.shape
        side = self.coarse * max(1, self.piece // self.coarse)
        spans = [
            [(k, min(k + side, length)) for k in range(0, length, side)]
            for length in (height, width)
        ]
        places = itertools.product(*map(range, outer))
        return [Tile(at, *pair) for at in places for pair in itertools.product(*spans)]


class Assembled:
    """A map from pieces, as far as there are any.

    **Arguments:** `plan`; `starts`, runs in each cell; `numbers` that are kept of computed ones.
    """

    def __init__(self, plan: MapPlan, starts: int, numbers: int):
        self.plan = plan
        self.codes = np.zeros((*plan.shape, starts), np.uint16)
        self.numbers = np.full((*plan.shape, numbers), np.nan)
        self.computed = np.zeros(plan.shape, bool)
        self.there = np.zeros(plan.shape, bool)

    def put(self, tile: Tile, patch: Patch) -> None:
        """Take over what is known of a tile."""
        for whole, part in zip((self.codes, self.numbers, self.computed), patch, strict=True):
            whole[tile.place] = part
        self.there[tile.place] = True

    def known(self, tile: Tile) -> Patch:
        """What is known of a tile."""
        return Patch(*(x[tile.place] for x in (self.codes, self.numbers, self.computed)))

    def open_seams(self) -> list[MapPiece]:
        """Tiles with cells that touch other codes across a seam and were not computed."""
        *outer, _, _ = self.plan.shape
        asked = {
            at: touching(self.codes[at]) & ~self.computed[at]
            for at in itertools.product(*map(range, outer))
        }
        found = []
        for tile in self.plan.tiles:
            cells = np.argwhere(asked[tile.outer][tile.place[-2:]])
            if len(cells):
                found.append(MapPiece(tile, cells, self.known(tile)))
        return found

    def around(self, places: Int[np.ndarray, "cells axes"]) -> list[MapPiece]:
        """Tiles to refine anew from cells at these places, whose codes are not what was said."""
        found = []
        for tile in self.plan.tiles:
            inside = np.array([tile.holds(place) for place in places.tolist()])
            if inside.any():
                cells = places[inside][:, -2:] - tile.corner
                found.append(MapPiece(tile, cells, self.known(tile)))
        return found

    def to_audit(self) -> list[MapPiece]:
        """Cells drawn from those that were not computed, by tiles."""
        left = np.flatnonzero(~self.computed)
        count = min(self.plan.audit, len(left))
        if not count:
            return []
        drawn = uniforms(self.plan.seed, Purpose.AUDIT, len(left))[:, 0]
        chosen = np.zeros(self.plan.shape, bool)
        chosen.ravel()[left[np.argsort(drawn, kind="stable")[:count]]] = True
        found = ((tile, np.argwhere(chosen[tile.place])) for tile in self.plan.tiles)
        return [MapPiece(t, cells, self.known(t), fills=False) for t, cells in found if len(cells)]


Engine = Callable[[Sequence[MapPiece]], Iterable[Patch]]
"""What gives a patch for each piece, in their order."""


def assembled(
    whole: Assembled, compute: Engine, pieces: Sequence[MapPiece] | None = None
) -> Assembled:
    """A map whose codes change between computed cells only.

    **Arguments:** `pieces`, to begin with: all tiles, where there is nothing of the map yet.
    """
    pieces = whole.plan.pieces if pieces is None else pieces
    while pieces:
        for piece, patch in zip(pieces, compute(pieces), strict=True):
            whole.put(piece.tile, patch)
        pieces = whole.open_seams()
    return whole


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Audit(Result):
    """A control of cells that were not computed.

    **Arguments:** `cells` drawn and computed; `wrong`, of how many the codes are others; `left`,
    how many cells were not computed; `places` of the wrong ones, as places along the axes, the
    first axis last; `steps` that it took.
    """

    cells: int
    wrong: int
    left: int
    places: Int[np.ndarray, "wrong axes"]
    steps: int = 0

    @property
    def bound(self) -> float:
        """With 95 % confidence no larger share of the cells that were not computed is wrong.

        **Source:** Clopper and Pearson 1934, The use of confidence or fiducial limits illustrated
        in the case of the binomial, Biometrika 26; one-sided.
        """
        from scipy.stats import beta

        if self.wrong == self.cells:  # of none nothing is known, and of all wrong everything
            return 1.0 if self.left else 0.0
        if self.cells == self.left:
            return self.wrong / self.left
        return float(beta.ppf(0.95, self.wrong + 1, self.cells - self.wrong))


def audited(whole: Assembled, compute: Engine) -> Audit | None:
    """How many of the cells drawn for control are not what their surroundings say; None where none
    are wanted, or none was left out."""
    pieces = whole.to_audit()
    if not pieces:
        return None
    drawn, wrong, steps = 0, [], 0.0
    for piece, patch in zip(pieces, compute(pieces), strict=True):
        assert piece.asked is not None
        rows, columns = piece.asked.T
        before = whole.known(piece.tile).codes[rows, columns]
        differ = (patch.codes[rows, columns] != before).any(axis=1)
        drawn += len(piece.asked)
        steps += float(patch.numbers[rows, columns, PLACE_STEPS].sum())
        for cell in piece.asked[differ] + piece.tile.corner:
            wrong.append([*piece.tile.outer, *cell.tolist()])
    places = np.array(wrong, dtype=int).reshape(-1, len(whole.plan.shape))
    return Audit(drawn, len(wrong), int((~whole.computed).sum()), places, int(steps))


def controlled(whole: Assembled, compute: Engine) -> Audit | None:
    """The same, and regions that cells were found wrong in are computed then.

    So fewer cells are wrong afterwards than the audit bounds.
    """
    audit = audited(whole, compute)
    if audit is not None:
        assembled(whole, compute, whole.around(audit.places))
    return audit
