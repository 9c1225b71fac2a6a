"""Maps of outcomes over two axes and more, computed where they change."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt16

from glasshouse._foundation.digits import in_order
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.maps.cells import (
    PLACE_COOPERATION,
    PLACE_PAID,
    PLACE_RESTING,
    PLACE_STEPS,
    CellGroup,
    Field,
    cells_learned,
    check_coded,
    learned_by,
    numbers_kept,
    shares_of,
)
from glasshouse.analysis.maps.pieces import (
    Assembled,
    Audit,
    MapPiece,
    MapPlan,
    assembled,
    controlled,
)
from glasshouse.analysis.maps.refine import Cells, Patch, refined
from glasshouse.dynamics.batch import taken_from
from glasshouse.dynamics.games import Games
from glasshouse.errors import InputError
from glasshouse.families.grid import Family

if TYPE_CHECKING:
    import xarray

GUARANTEE = (
    "a region of other outcomes that hangs together is found whole if it holds a point of the "
    "coarse lattice, every {coarse} value of both axes and the last; one between these points "
    "may be missed"
)
AUDITED = ", and the audit bounds how much is"
UNFINISHED_MAP = "nothing yet: not all pieces, or not all cells along their seams, are computed"
"""What is promised of a map that is refined; of one computed in full nothing has to be."""

EVERY_CELL = "every cell was computed"

MOST_RUNS = 2_000_000
"""Runs that are held at once, some 100 bytes each."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class OutcomeMap(Evidenced):
    """How learning ends over all combinations of the values of some axes.

    **Arguments:** `axes`, values by name; `codes`, of the run from each start in each cell who
    cooperates there, bit i for player i + 1, 65535 where it left the reals, of the shape of the
    axes from the last to the first, and starts; `computed`, in which cells runs were learned: of
    the others the codes are those around; `numbers` kept of computed cells; `there`, cells of which
    anything is known; `players`; `steps` taken, and `steps_of_grid` that all runs of all cells
    would take; `audit`, a control of cells that were not computed, or None; `complete`, whether
    nothing is left to compute; `guarantee`, in words.
    """

    axes: dict[str, Float[np.ndarray, "values"]]
    codes: UInt16[np.ndarray, "*cells starts"]
    computed: Bool[np.ndarray, "*cells"]
    numbers: Float[np.ndarray, "*cells numbers"]
    there: Bool[np.ndarray, "*cells"]
    players: int
    steps: int
    steps_of_grid: int
    audit: Audit | None
    complete: bool
    guarantee: str
    method: str
    detail: str

    ROWS = "rows"

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.computed.size

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        """Cell by cell what `columns` has."""
        columns = self.columns()
        for values in zip(*(x.tolist() for x in columns.values()), strict=True):
            yield dict(zip(columns, values, strict=True))

    @property
    def facts(self) -> dict[str, Any]:
        """How much was computed, and how far the rest can be trusted: `map` of `summary.json`."""
        audit = self.audit
        return {
            "cells": self.cells,
            "there": int(self.there.sum()),
            "computed": int(self.computed.sum()),
            "complete": self.complete,
            "steps": self.steps,
            "steps_of_grid": self.steps_of_grid,
            "audit": None
            if audit is None
            else {"cells": audit.cells, "wrong": audit.wrong, "bound": audit.bound},
            "guarantee": self.guarantee,
        }

    def columns(self) -> dict[str, np.ndarray]:
        """A value of each cell by name, the first axis running fastest.

        Values of the axes, `computed`, shares of the runs that end in each outcome, how many left
        the reals; and of computed cells `mean_cooperation`, `payoff_player_1`, …, `at_rest_share`:
        NaN of others.
        """
        grids = np.meshgrid(*list(self.axes.values())[::-1], indexing="ij")
        found = dict(zip(self.axes, grids[::-1], strict=True))
        found["computed"] = self.computed
        found |= self.shares
        numbers = self.numbers
        found["mean_cooperation"] = numbers[..., PLACE_COOPERATION]
        for player in range(self.players):
            found[f"payoff_player_{player + 1}"] = numbers[..., PLACE_PAID + player]
        starts = self.codes.shape[-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            found["at_rest_share"] = numbers[..., PLACE_RESTING] / (starts - found["not_finite"])
        return {name: x.ravel() for name, x in found.items()}

    @property
    def resting(self) -> tuple[int, int]:
        """How many runs of computed cells came to rest, and of how many that stayed real."""
        kept = self.computed & self.there
        lost = int(self.shares["not_finite"][kept].sum())
        runs = int(kept.sum()) * self.codes.shape[-1] - lost
        return int(self.numbers[..., PLACE_RESTING][kept].sum()), runs

    @functools.cached_property
    def shares(self) -> dict[str, np.ndarray]:
        """Of each cell the shares of runs that end in each outcome, by name, of the map's shape."""
        found = shares_of(self.codes, self.players)
        for name, share in found.items():
            found[name] = np.where(self.there, share, np.nan)
        return found

    def to_xarray(self) -> "xarray.Dataset":
        """The columns over the axes, and the codes over starts too.

        **Raises:** `ImportError` without xarray, which the extra "maps" brings.
        """
        try:
            import xarray
        except ImportError as error:
            raise ImportError('to_xarray needs xarray: pip install "glasshouse[maps]"') from error
        dims = list(self.axes)[::-1]
        found = {
            name: (dims, x.reshape(self.computed.shape))
            for name, x in self.columns().items()
            if name not in self.axes
        }
        found["codes"] = ([*dims, "start"], self.codes)
        known = {k: x for k, x in self.facts.items() if isinstance(x, int | str)}
        return xarray.Dataset(found, self.axes, {**known, "detail": self.detail})


def refined_piece(field: Field, piece: MapPiece, coarse: int, batch: int) -> Patch:
    """What a piece of a map comes to: a function of nothing but these."""
    tile = piece.tile
    corner = np.array([*tile.outer, *tile.corner])

    def compute(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        outer = np.zeros((len(cells), len(tile.outer)), int)
        return cells_learned(field, np.concatenate([outer, cells], axis=1) + corner, batch)

    if piece.fills:
        asked = piece.asked
        if piece.known is None and coarse > 1:  # of a field alone, so that a key need not name it
            seeds = [seed for seed in field.seeds.tolist() if tile.holds(seed)]
            asked = np.array(seeds, dtype=int).reshape(-1, corner.size)[:, -2:] - tile.corner
        return refined(tile.shape, coarse, compute, known=piece.known, asked=asked)
    known, asked = piece.known, piece.asked
    assert known is not None
    assert asked is not None
    found = Patch(*(x.copy() for x in known))
    rows, columns = asked.T
    found.codes[rows, columns], found.numbers[rows, columns] = compute(asked)
    return found


def map_found(whole: Assembled, field: Field, audit: Audit | None, complete: bool) -> OutcomeMap:
    """The map that has been assembled, as far as it goes.

    **Arguments:** `complete`, whether nothing is left to do, along seams and for control neither.
    """
    coarse = whole.plan.coarse
    control = 0 if audit is None else audit.steps
    steps = float(np.nansum(whole.numbers[..., PLACE_STEPS])) + control
    promised = GUARANTEE.format(coarse=in_order(coarse)) if coarse > 1 else EVERY_CELL
    if coarse > 1 and audit is not None:
        promised += AUDITED
    return OutcomeMap(
        axes={name: np.asarray(x, dtype=float) for name, x in field.axes.items()},
        codes=whole.codes,
        computed=whole.computed,
        numbers=whole.numbers,
        there=whole.there,
        players=field.players,
        steps=int(steps),
        steps_of_grid=int(whole.plan.cells * whole.codes.shape[-1] * field.steps),
        audit=audit,
        complete=complete,
        guarantee=promised if complete else UNFINISHED_MAP,
        method="learned",
        detail=field.detail,
    )


@in_float64
def outcome_map(
    family: Family,
    *,
    adaptive: bool = True,
    coarse: Whole = 8,
    audit: Whole = 3000,
    seed: Whole = 0,
) -> OutcomeMap:
    """Which runs end how over two axes and more, computed where that changes.

    Every cell has the same starts. Runs stop where they rest under their rule (`learning.stop`, or
    `Rest()`). Cells of a coarse lattice are computed, then squares whose corners differ are halved,
    then every cell that touches one with other codes is computed; the others have the codes of
    those around. Of more than two axes every combination of the later ones is a plane of its own.

    **Arguments:** `family` of two axes or more, whose learning has a step size; `adaptive`, whether
    cells are left out; `coarse`, values between points of the lattice; `audit`, left out cells to
    compute for control, drawn by `seed`.
    **Raises:** `InputError` for one axis, games whose structure changes along one, rules that never
    rest, and more than 15 players.
    **Cost:** computed cells × starts × steps learning steps; memory of 2 bytes a cell and start,
    and some 60 a cell.

        import glasshouse as gh
        from glasshouse.analysis import outcome_map
        from glasshouse.dynamics import Learning, Starts

        game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.5)
        family = gh.Family(
            gh.Setup(game, Learning(starts=Starts(4), steps=300)),
            gh.Axis("κ", [k / 16 for k in range(17)], at=lambda s: s.game.semantics.coupling),
            gh.Axis("T", [4.0, 4.5, 5.0], at=lambda s: s.game.game.tensor[0, 1, 0]),
        )
        found = outcome_map(family, coarse=4)
        print(found.computed.sum() < found.cells)  # True
    """
    field = _FamilyField(family)
    plan = MapPlan(
        field.shape,
        whole(coarse, "coarse"),
        whole(audit, "audit", least=0),
        whole(seed, "seed", least=0, most=2**32 - 1),
    )
    if not adaptive:
        plan = plan.of_every_cell

    def engine(pieces: Any) -> Iterator[Patch]:
        for piece in pieces:
            yield refined_piece(field, piece, plan.coarse, MOST_RUNS)

    done = assembled(Assembled(plan, field.starts, numbers_kept(field.players)), engine)
    return map_found(done, field, controlled(done, engine), complete=True)


class _FamilyField:
    """The games of a family."""

    def __init__(self, family: Family):
        if not isinstance(family, Family):
            raise InputError(
                f"a map is drawn of a Family over two axes or more, not of {type(family).__name__}"
            )
        if len(family.axes) < 2:
            raise InputError(
                "a map has two axes or more, and this family has one: count outcomes along it, "
                "point by point"
            )
        self.axes = {axis.name: axis.numbers for axis in family.axes}
        self._parts = list(family.programs())
        self._index = np.empty(family.shape, dtype=int)  # which part a point is in
        self._place = np.empty(family.shape, dtype=int)  # and its place there
        for k, part in enumerate(self._parts):
            check_coded(part.games[0])
            self._index[part.index] = k
            inner = self._place[part.index]
            self._place[part.index] = np.arange(inner.size).reshape(inner.shape)
        first, players = self._parts[0].learning, {x.games[0].players for x in self._parts}
        if len(players) > 1 or any(part.learning.starts != first.starts for part in self._parts):
            raise InputError("every cell of a map has as many players, and the same starts")
        if any(part.learning.step_size is None for part in self._parts):
            raise InputError("give learning a step_size: left open, it depends on all games")
        self.starts, self.players = first.starts.runs, players.pop()
        self.steps, self.detail = learned_by([part.learning for part in self._parts])
        self.shape = family.shape[::-1]
        # A lens does not say whether what it moves is what closed forms are about.
        self.seeds = np.empty((0, len(self.shape)), dtype=int)

    def groups(self, cells: Int[np.ndarray, "cells axes"]) -> Iterator[CellGroup]:
        """All of these cells, by the parts of the family."""
        at = tuple(cells.T[::-1])
        index, place = self._index[at], self._place[at]
        for k in np.unique(index).tolist():
            rows = np.flatnonzero(index == k)
            part = self._parts[k]
            games = Games(taken_from(part.games.tree, place[rows]), len(rows))
            yield CellGroup(rows, games, part.learning)
