"""Shards: tables that are a function of a study and of which part of it, and of nothing else.

A shard's name says what it is of, so that any process that computes it writes the same file, in
any order, and a run goes on from whatever shards are there. The machine is recorded and is not part
of the name: other processors may round otherwise.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from glasshouse._foundation.files import (
    UNFINISHED,
    reason,
    this_process,
    write_file,
    writing,
)
from glasshouse._foundation.processes import processor_features
from glasshouse._foundation.progress import progress
from glasshouse.errors import InputError
from glasshouse.study.recipe import MACHINE_KEYS, Recipe

SHARDS = "shards"
"""The folder of shards in that of a study."""

FACTS = b"glasshouse"
"""The key of what is said of a shard, among the metadata of its file."""

LENGTH = 32
"""Hexadecimal digits of a shard's name: 128 bits."""

Workers = Callable[[Sequence[Any]], Iterable[Any]]
"""Who computes pieces: all of them, in their order."""


class ShardStore:
    """The shards of a study in its folder.

    **Arguments:** `folder` of the study; `warn`, called with one line for what cannot be used.
    """

    def __init__(self, folder: Path, recipe: Recipe, warn: Callable[[str], None]):
        self.study_folder, self._folder = folder, folder / SHARDS
        self._warn = warn
        identity = json.loads(json.dumps(recipe.identity))
        self._own = {k: x for k, x in identity.items() if k not in MACHINE_KEYS}
        self.machine = {k: x for k, x in identity.items() if k in MACHINE_KEYS}
        self.machine["processor"] = processor_features()
        self._elsewhere: set[str] = set()

    def path(self, part: dict[str, Any]) -> Path:
        """Where the shard of a part is, or will be."""
        said = json.dumps({**self._own, "part": part}, sort_keys=True)
        return self._folder / f"{hashlib.sha256(said.encode()).hexdigest()[:LENGTH]}.parquet"

    def make(self) -> None:
        """Make the folder of shards, which nothing does later: one that vanishes is missed.

        **Raises:** `OutputError` when the machine does not let it be made.
        """
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)

    def read(self, part: dict[str, Any]) -> pa.Table | None:
        """The shard of a part, or None where there is none that can be used.

        **Raises:** `InputError` where the machine does not let it be read.
        """
        path, table, facts, sound = self.path(part), None, {}, False
        try:
            # Of a page that is damaged, its checksum says so; of all else, that of the content.
            table = pq.read_table(path, page_checksum_verification=True)
            facts = json.loads((table.schema.metadata or {}).get(FACTS, b"null"))
            sound = facts["part"] == json.loads(json.dumps(part))
            sound = sound and facts["content"] == _digest(table)
        except FileNotFoundError:
            return None
        except (ValueError, pa.ArrowException, TypeError, KeyError, AttributeError):
            sound = False
        except OSError as error:
            if error.errno is not None:
                raise InputError(f"{path} cannot be read: {reason(error)}") from error
            sound = False  # what Parquet says of a file that is none
        if table is None or not sound:
            self._warn(f"{path} is damaged, and left out")
            return None
        if facts["machine"] != self.machine:
            self._elsewhere.add(path.name)
        return table

    def keep(self, part: dict[str, Any], compute: Callable[[], pa.Table]) -> pa.Table:
        """The shard of a part, computed and written where there is none.

        **Raises:** `OutputError` when the machine does not let it be written.
        """
        found = self.read(part)
        if found is not None:
            return found
        made = compute()
        facts = {"part": part, "machine": self.machine, "content": _digest(made), **self._own}
        said = json.dumps(facts, sort_keys=True).encode()
        table = made.replace_schema_metadata({FACTS: said})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
        write_file(self.path(part), sink.getvalue().to_pybytes(), this_process())
        return table

    def tidy(self) -> None:
        """Remove what processes that were killed have left half written."""
        for left in self._folder.glob(f".*{UNFINISHED}"):
            with contextlib.suppress(OSError):
                left.unlink()

    def drop(self, parts: Iterable[dict[str, Any]], *, last: bool) -> None:
        """Remove shards that are no longer needed; if they were the `last`, their folder, too."""
        if last:  # else others may be writing there
            self.tidy()
        with contextlib.suppress(OSError):  # what is left does no harm
            for part in parts:
                self.path(part).unlink(missing_ok=True)
            if last:
                self._folder.rmdir()

    def say_elsewhere(self) -> None:
        """Warn where shards were computed on machines of another type."""
        if self._elsewhere:
            self._warn(
                f"{len(self._elsewhere)} shards in {self._folder} were computed on machines of "
                "another type, or by another Python: numbers may differ by rounding, and runs on a "
                "boundary in which side they fall to"
            )


@runtime_checkable
class ShardWork(Protocol):
    """What of a study is computed in pieces, each in a shard of its own."""

    @property
    def unit(self) -> str:
        """What pieces are of, in words."""
        ...

    @property
    def store(self) -> ShardStore:
        """Where their shards are."""
        ...

    @property
    def pieces(self) -> Sequence[Any]:
        """What can be computed before anything is known."""
        ...

    def key(self, piece: Any) -> dict[str, Any]:
        """Which part of the study a piece is, as plain data."""
        ...

    def kept(self, piece: Any) -> Any:
        """What is found in a piece, from its shard where there is one."""
        ...

    def read(self, piece: Any) -> Any:
        """The same where it has been computed, or None."""
        ...


def computed_here(work: ShardWork, pieces: Sequence[Any]) -> Iterator[Any]:
    """What is found in these pieces, computed by this process where there is no shard."""
    with progress(work.unit, len(pieces)) as advance:
        for piece in pieces:
            yield work.kept(piece)
            advance()


def computed_share(work: ShardWork, index: int, of: int) -> tuple[int, int]:
    """Compute the pieces that fall to one of so many processes, those already there left out.

    **Returns:** how many fell to it, and how many there are.
    """
    pieces = work.pieces
    own = pieces[index::of]
    work.store.make()
    for _ in computed_here(work, own):
        pass
    return len(own), len(pieces)


def _digest(table: pa.Table) -> str:
    """SHA-256 of what stands in a table, however it is stored."""
    found = hashlib.sha256()
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if pa.types.is_fixed_size_binary(column.type):
            content = b"".join(column.to_pylist())
        elif pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            numbers = np.ascontiguousarray(column.to_numpy(zero_copy_only=False))
            content = numbers.tobytes() + bytes(f"{column.null_count}", "ascii")
        else:
            content = repr(column.to_pylist()).encode()
        found.update(f"{name} {column.type} {len(column)} ".encode() + content)
    return found.hexdigest()
