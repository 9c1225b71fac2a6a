"""The map of a study: pieces in shards, by this process or by others, and what they come to."""

import functools
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.maps.cells import (
    PLACE_COOPERATION,
    PLACE_PAID,
    PLACE_RESTING,
    PLACE_STEPS,
    numbers_kept,
    shares_of,
)
from glasshouse.analysis.maps.outcome_map import OutcomeMap, map_found, refined_piece
from glasshouse.analysis.maps.pieces import (
    Assembled,
    Audit,
    MapPiece,
    MapPlan,
    assembled,
    audited,
    controlled,
)
from glasshouse.analysis.maps.refine import Patch
from glasshouse.study.columns import bool_column, float_column
from glasshouse.study.maps.field import StudyField
from glasshouse.study.setting import Prepared
from glasshouse.study.shards import ShardStore, Workers, computed_here

MAP = "map.parquet"
"""The table of all cells."""


class MapWork(NamedTuple):
    """All that a piece of a study's map depends on.

    **Arguments:** `batch`, the most runs to hold at once.
    """

    field: StudyField
    plan: MapPlan
    batch: int
    store: ShardStore

    unit = "pieces of the map"

    @property
    def pieces(self) -> list[MapPiece]:
        """What can be computed before anything is known."""
        return self.plan.pieces

    def key(self, piece: MapPiece) -> dict[str, Any]:
        """Which part of a study it is, as plain data."""
        return piece_key(piece)

    @in_float64
    def kept(self, piece: MapPiece) -> Patch:
        """What is found in a piece, from its shard where there is one."""
        table = self.store.keep(self.key(piece), lambda: self._table(piece))
        return patch_of(piece, table, self.plan, self.field.players)

    def read(self, piece: MapPiece) -> Patch | None:
        """The same where it has been computed."""
        table = self.store.read(self.key(piece))
        return None if table is None else patch_of(piece, table, self.plan, self.field.players)

    def _table(self, piece: MapPiece) -> pa.Table:
        patch = refined_piece(self.field, piece, self.plan.coarse, self.batch)
        return piece_table(piece, patch, self.field)


def map_work(prepared: Prepared, store: ShardStore) -> MapWork:
    """What there is to do for a study that has a map."""
    asked, field = prepared.study.map, prepared.field
    assert asked is not None
    assert field is not None
    plan = MapPlan(field.shape, asked.coarse, asked.audit, asked.seed, asked.piece)
    plan = plan if asked.adaptive else plan.of_every_cell
    return MapWork(field, plan, prepared.study.learning.batch, store)


def study_map(prepared: Prepared, work: MapWork, workers: Workers | None = None) -> OutcomeMap:
    """The whole map, pieces computed that are in no shard.

    **Arguments:** `workers`, who compute pieces; without them this process does.
    """
    work.store.make()
    engine, field = workers or functools.partial(computed_here, work), work.field
    whole = Assembled(work.plan, field.starts, numbers_kept(field.players))
    done = assembled(whole, engine)
    return _found(prepared, done, controlled(done, engine), complete=True)


def map_so_far(prepared: Prepared, work: MapWork) -> OutcomeMap:
    """The map from the shards that are there, nothing being computed."""
    whole = Assembled(work.plan, work.field.starts, numbers_kept(work.field.players))
    audit, complete = None, _put_there(whole, work, work.pieces)
    if complete:
        controls = [work.read(piece) for piece in whole.to_audit()]
        complete = all(x is not None for x in controls)
        if complete:
            audit = audited(whole, lambda _: [x for x in controls if x is not None])
            wrong = [] if audit is None else whole.around(audit.places)
            complete = _put_there(whole, work, wrong)
    return _found(prepared, whole, audit, complete)


def _put_there(whole: Assembled, work: MapWork, pieces: Sequence[MapPiece]) -> bool:
    """Take over those of these pieces that are there, and of seams; whether all are."""
    complete = True
    while pieces and complete:
        for piece in pieces:
            patch = work.read(piece)
            if patch is None:
                complete = False
            else:
                whole.put(piece.tile, patch)
        pieces = whole.open_seams() if complete else []
    return complete


def _found(prepared: Prepared, whole: Assembled, audit: Audit | None, complete: bool) -> OutcomeMap:
    field = prepared.field
    assert field is not None
    return map_found(whole, field, audit, complete)


def piece_key(piece: MapPiece) -> dict[str, Any]:
    """Which part of a study a piece is, as plain data."""
    tile = piece.tile
    named: dict[str, Any] = {
        "outer": list(tile.outer),
        "rows": list(tile.rows),
        "columns": list(tile.columns),
    }
    if piece.asked is not None and piece.known is not None:
        cells = np.ascontiguousarray(piece.asked, dtype="<i8")
        known = (np.ascontiguousarray(x).tobytes() for x in piece.known)
        named["from"] = hashlib.sha256(b"".join((cells.tobytes(), *known))).hexdigest()
    return {"map": named, "fills": piece.fills}


def piece_table(piece: MapPiece, patch: Patch, field: StudyField) -> pa.Table:
    """What was found, a row for each cell of the tile; of a control for each cell asked for."""
    rows, columns = _cells(piece)
    chosen = Patch(*(x[rows, columns] for x in patch))
    places = (*([k] * len(rows) for k in piece.tile.outer), rows, columns)
    corner = (*[0] * len(piece.tile.outer), piece.tile.rows[0], piece.tile.columns[0])
    at = [np.asarray(x) + k for x, k in zip(places, corner, strict=True)][::-1]
    values = {name: x[k] for (name, x), k in zip(field.axes.items(), at, strict=True)}
    found = map_columns(chosen, field.players)
    return pa.table(
        {**{k: float_column(np.ascontiguousarray(x)) for k, x in values.items()}, **found}
    )


def map_columns(patch: Patch, players: int) -> dict[str, pa.Array]:
    """Columns of cells in a row."""
    codes, numbers, computed = patch
    starts = codes.shape[-1]
    found: dict[str, pa.Array] = {"computed": bool_column(computed)}
    for name, share in shares_of(codes, players).items():
        found[name] = float_column(np.asarray(share, dtype=float))
    for name, place in _places(players).items():
        found[name] = float_column(np.ascontiguousarray(numbers[..., place]))
    raw = np.ascontiguousarray(codes, dtype="<u2").tobytes()
    kind = pa.binary(2 * starts)
    found["codes"] = pa.Array.from_buffers(kind, len(codes), [None, pa.py_buffer(raw)])
    return found


def _places(players: int) -> dict[str, int]:
    paid = {f"payoff_player_{k + 1}": PLACE_PAID + k for k in range(players)}
    found = {"steps": PLACE_STEPS, "at_rest": PLACE_RESTING}
    return {**found, "mean_cooperation": PLACE_COOPERATION, **paid}


def patch_of(piece: MapPiece, table: pa.Table, plan: MapPlan, players: int) -> Patch:
    """What a shard says of the tile."""
    rows, columns = _cells(piece)
    held = table.combine_chunks()
    column = held.column("codes").chunk(0) if held.num_rows else None
    assert column is not None
    starts = column.type.byte_width // 2
    raw = np.frombuffer(column.buffers()[1], "<u2", count=len(column) * starts)
    codes = raw.reshape(len(column), starts)
    numbers = np.stack([held.column(name).to_numpy() for name in _places(players)], axis=1)
    computed = held.column("computed").to_numpy()
    if piece.fills:
        shape = piece.tile.shape
        return Patch(
            codes.reshape(*shape, starts).astype(np.uint16),
            numbers.reshape(*shape, -1),
            computed.reshape(shape).astype(bool),
        )
    assert piece.known is not None
    found = Patch(*(x.copy() for x in piece.known))
    found.codes[rows, columns], found.numbers[rows, columns] = codes, numbers
    return found


def _cells(piece: MapPiece) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells that a shard holds."""
    if piece.fills or piece.asked is None:
        rows, columns = np.indices(piece.tile.shape)
        return rows.ravel(), columns.ravel()
    return piece.asked[:, 0], piece.asked[:, 1]


def map_table(found: OutcomeMap) -> pa.Table:
    """All cells, the first axis running fastest."""
    count = found.cells
    flat = Patch(
        found.codes.reshape(count, -1),
        found.numbers.reshape(count, -1),
        found.computed.reshape(count),
    )
    grids = np.meshgrid(*list(found.axes.values())[::-1], indexing="ij")
    values = {
        name: float_column(np.ascontiguousarray(x.ravel()))
        for name, x in zip(found.axes, grids[::-1], strict=True)
    }
    columns = map_columns(flat, found.players)
    if not found.there.all():
        unknown = bool_column(~found.there.ravel())
        columns = {
            name: pc.call_function("if_else", [unknown, pa.scalar(None, x.type), x])
            for name, x in columns.items()
        }
    return pa.table({**values, **columns})
