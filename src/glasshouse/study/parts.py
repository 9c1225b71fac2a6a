"""The table of a sweep in parts, each in a shard of its own that any process may compute."""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from glasshouse._foundation.precision import in_float64
from glasshouse.study.setting import Prepared
from glasshouse.study.shards import ShardStore, Workers, computed_here
from glasshouse.study.sweep import OwnValues, SweepPart, compute_part, most_players, sweep_parts


def part_table(prepared: Prepared, part: SweepPart, own: OwnValues | None = None) -> pa.Table:
    """The rows of a part, which `own` is to see."""
    points = prepared.points[part.first : part.end]
    return compute_part(points, most_players(prepared), own)


class SweepWork(NamedTuple):
    """All that a part of a study's sweep depends on.

    **Arguments:** `own`, who is to see what this process computes.
    """

    prepared: Prepared
    store: ShardStore
    own: OwnValues | None = None

    unit = "pieces of the sweep"

    @property
    def pieces(self) -> list[SweepPart]:
        """All parts."""
        return sweep_parts(self.prepared)

    def key(self, piece: SweepPart) -> dict[str, Any]:
        """Which part of a study it is, as plain data."""
        return {"sweep": list(piece)}

    @in_float64
    def kept(self, piece: SweepPart) -> pa.Table:
        """Its rows, from its shard where there is one."""
        return self.store.keep(self.key(piece), lambda: part_table(self.prepared, piece, self.own))

    def read(self, piece: SweepPart) -> pa.Table | None:
        """The same where it has been computed."""
        return self.store.read(self.key(piece))


def sweep_table(work: SweepWork, workers: Workers | None = None) -> pa.Table:
    """The whole table, parts computed that are in no shard.

    **Arguments:** `workers`, who compute parts; without them this process does.
    """
    pieces = work.pieces
    work.store.make()
    alone = functools.partial(computed_here, work)
    engine = workers if workers is not None and len(pieces) > 1 else alone
    return one_table([table.replace_schema_metadata() for table in engine(pieces)])


def one_table(tables: Sequence[pa.Table]) -> pa.Table:
    """Parts as one table."""
    return pa.concat_tables(tables).combine_chunks()
