"""`glasshouse query`: questions in SQL to the tables of a study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from glasshouse._foundation.tabular import ShownColumn, ShownTable, number_text
from glasshouse.cli.options import JsonOption, print_json, print_table, say
from glasshouse.errors import InputError

MOST_SHOWN = 50
"""Rows of a table that are printed for people."""


def command(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="A folder that glasshouse run has written, or any with Parquet files.",
            show_default=False,
        ),
    ],
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL",
            help="One SELECT of DuckDB; also DESCRIBE map, SUMMARIZE map, SHOW TABLES.",
            show_default=False,
        ),
    ],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the tables in a folder by SQL: map, sweep, league and whatever other Parquet files.

    Names with dots are quoted, as "semantics.coupling". The map of a study that is not finished is
    made of the shards that are there. Nothing is written, and nothing else is read.
    """
    from glasshouse.study.querying import query

    if as_csv and as_json:
        raise InputError("--csv and --json are two forms of one answer: give one of them")
    found = query(folder, sql)
    rows = [{key: _plain(x) for key, x in row.items()} for row in found.to_pylist()]
    if as_json:
        print_json(rows)
    elif as_csv:
        typer.echo(_table(found.column_names, rows).csv(), nl=False)
    else:
        _show(found.column_names, rows)


def _show(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """One number as such; else how many rows there are, and the first of them."""
    if len(rows) == len(names) == 1:
        say(f"{names[0]}: {_text(rows[0][names[0]])}")
        return
    said = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    more = len(rows) > MOST_SHOWN
    say(f"{said}, the first {MOST_SHOWN} below; all by --csv or --json" if more else said)
    if rows:
        print_table([[_text(row[key]) for key in names] for row in rows[:MOST_SHOWN]], names)


def _table(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> ShownTable:
    """All rows; without any, there are columns all the same."""
    return ShownTable(tuple(ShownColumn(name, name) for name in names), tuple(rows))


def _plain(value: Any) -> Any:
    """What JSON has: codes of runs as hexadecimal digits, NaN and infinities as null."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list):
        return [_plain(x) for x in value]
    if isinstance(value, dict):
        return {str(key): _plain(x) for key, x in value.items()}
    return str(value)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number_text(value) if isinstance(value, int | float) else str(value)
