"""Questions in SQL to the tables in a folder, by DuckDB, which reaches nothing else."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from glasshouse._foundation.processes import usable_cores
from glasshouse.errors import InputError
from glasshouse.study.shards import SHARDS

MAP_TABLE = "map"
"""The table of a map, which is made of shards until it is written."""

READ_ONLY = ("SELECT", "EXPLAIN")
"""Kinds of statements that change nothing."""


def query(folder: str | Path, sql: str) -> pa.Table:
    """What an SQL statement finds in the tables of a folder.

    Each Parquet file in it is a table by its name: `map`, `sweep`, `league`. Where the map is not
    finished, `map` is made of the shards that are there. Column names with dots are quoted:
    `"semantics.coupling"`. The statement reads these tables and nothing else, and writes nothing.

    **Arguments:** `folder` of a study, or any with Parquet files; `sql`, one statement of DuckDB.
    **Raises:** `InputError` without DuckDB, for a folder without tables, and for what is no such
    statement, in DuckDB's words.

        import tempfile
        from pathlib import Path

        import pyarrow as pa
        import pyarrow.parquet as pq
        from glasshouse.study import query

        with tempfile.TemporaryDirectory() as folder:
            table = pa.table({"semantics.coupling": [0.2, 0.8], "cooperation_share": [0.0, 1.0]})
            pq.write_table(table, Path(folder) / "map.parquet")
            found = query(folder, 'select max("semantics.coupling") as most from map')
            print(found.to_pylist())  # [{'most': 0.8}]
    """
    try:
        import duckdb
    except ImportError as error:
        raise InputError('queries need DuckDB: pip install "glasshouse[maps]"') from error
    tables = _tables(Path(folder), sql)
    settings: dict[str, Any] = {
        "enable_external_access": "false",
        "autoload_known_extensions": "false",
        "threads": str(usable_cores()),
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        for name, table in tables.items():
            connection.register(name, table)
        connection.execute("SET lock_configuration = true")
        try:
            statements = connection.extract_statements(sql)
            kinds = [statement.type.name for statement in statements]
            if len(kinds) != 1 or kinds[0] not in READ_ONLY:
                raise InputError(
                    f"{_short(sql)!r} must be one statement that reads, such as "
                    f'"select count(*) from {next(iter(tables))}"'
                )
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            known = f" (tables: {', '.join(tables)})" if _names_a_table(error) else ""
            raise InputError(f"{_short(sql)!r}: {str(error).splitlines()[0]}{known}") from error


def _tables(folder: Path, sql: str) -> dict[str, Any]:
    """What can be asked, by name; a map is made of shards only where it is spoken of."""
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: name one that glasshouse run has written")
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.parquet")):
        try:
            found[path.stem] = ds.dataset(path, format="parquet")
        except (OSError, pa.ArrowException) as error:
            said = str(error).splitlines()[0]
            raise InputError(f"{path} cannot be read as a table: {said}") from error
    asks = re.search(rf"\b{MAP_TABLE}\b", sql, re.IGNORECASE) or not found
    if asks and MAP_TABLE not in found and any((folder / SHARDS).glob("*.parquet")):
        from glasshouse.study.collecting import read_map
        from glasshouse.study.maps.store import map_table

        found[MAP_TABLE] = map_table(read_map(folder))
    if not found:
        raise InputError(f"{folder} holds no tables: name a folder that glasshouse run has written")
    return found


def _names_a_table(error: Exception) -> bool:
    return re.search(r"Table with name .* does not exist", str(error)) is not None


def _short(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= 60 else f"{text[:59]}…"
