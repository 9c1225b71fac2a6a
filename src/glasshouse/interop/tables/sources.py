"""Tables from where people keep them: text with separators, spreadsheets, DataFrames."""

import codecs
import csv
import io
import os
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

from glasshouse.errors import InputError
from glasshouse.interop.files import MOST_PAYOFFS_READ, file_bytes
from glasshouse.interop.tables.sheet import TABLE_EXAMPLE, Grid, counted_sheet, letters, tidy
from glasshouse.interop.tables.written import looks_like_payoffs

TEXTS = (".csv", ".tsv", ".txt", ".tab")
WORKBOOKS = (".xlsx", ".xlsm")
OTHER_WORKBOOKS = (".xls", ".xlsb", ".ods", ".numbers")
"""Are not read, and said how they can be."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""How a file begins that says its encoding; the first that fits."""

HINT = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""A first line by which spreadsheets learn what separates columns, and which they do not show."""


def is_table_file(path: str | os.PathLike) -> bool:
    """Whether a file of that name holds a table."""
    return Path(path).suffix.lower() in (*TEXTS, *WORKBOOKS, *OTHER_WORKBOOKS)


def sheets_of_file(path: str | os.PathLike, sheet: str | None) -> list[Grid]:
    """The table in a file, once for each way in which its columns may be separated."""
    name, kind = os.fspath(path), Path(path).suffix.lower()
    if kind in OTHER_WORKBOOKS:
        raise InputError(f"{name}: {kind} files are not read: save it as .xlsx or .csv")
    data = file_bytes(path, "table, .csv, .tsv or .xlsx")
    if kind in WORKBOOKS:
        return [_workbook(name, data, sheet)]
    if sheet is not None:
        raise InputError(f"{name}: only .xlsx files have sheets: leave sheet={sheet!r:.40} out")
    return sheets_of_text(decoded(name, data), name)


def decoded(name: str, data: bytes) -> str:
    """The text of a file."""
    encoding = next((e for mark, e in MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{name}: row {line}: byte 0x{data[error.start]:02x} is no UTF-8: save the file again "
            "as “CSV UTF-8”"
        ) from error
    if "\0" in text:
        raise InputError(f"{name}: this is no text: save the table as “CSV UTF-8”, or as .xlsx")
    return text


def sheets_of_text(text: str, name: str) -> list[Grid]:
    """The table in a text, for each character that may separate its columns."""
    hint = HINT.match(text)
    body = text[hint.end() :] if hint else text
    if not body.strip(" \t\r\n,;"):
        raise InputError(f"{name}: there is nothing in it: {TABLE_EXAMPLE}")
    found: dict[str, list[list[str]]] = {}
    damage: dict[str, InputError] = {}
    for separator in (hint[1],) if hint else (",", ";", "\t"):
        reader = csv.reader(
            io.StringIO(body, newline=""), delimiter=separator, skipinitialspace=True, strict=True
        )
        try:
            rows = list(reader)
        except csv.Error as error:
            damage[separator] = InputError(
                f"{name}: row {reader.line_num}: its quotes are not closed, or stand inside of a "
                f'cell ({error}): put "…" around whole cells only'
            )
            continue
        if any(len(row) > 1 for row in rows):
            found[separator] = rows
    if not found:
        raise next(
            iter(damage.values()),
            InputError(
                f"{name}: row 1 has one column: separate columns by commas, semicolons or tabs; "
                f"{TABLE_EXAMPLE}"
            ),
        )
    return [counted_sheet(name, rows, sep == ",") for sep, rows in found.items()]


def _workbook(name: str, data: bytes, sheet: str | None) -> Grid:
    try:
        import openpyxl
    except ImportError as error:
        raise ImportError(
            f'{name}: reading .xlsx needs openpyxl: pip install "glasshouse[excel]"'
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which hold no payoffs
            values, formulas = (
                openpyxl.load_workbook(io.BytesIO(data), data_only=only) for only in (True, False)
            )
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError) as error:
        raise InputError(
            f"{name}: this is no .xlsx workbook, or it is locked or damaged: save it again"
        ) from error
    chosen = _sheet(name, formulas, sheet)
    found, held = values[chosen], formulas[chosen]
    if held.max_row * held.max_column > 4 * MOST_PAYOFFS_READ:
        corner = f"{letters(held.max_column - 1)}{held.max_row}"
        raise InputError(f"{name}: sheet '{chosen}' reaches to {corner}: keep the table alone")
    rows = [[cell.value for cell in row] for row in found.iter_rows(min_row=1, min_col=1)]
    for r, row in enumerate(held.iter_rows(min_row=1, min_col=1)):
        for c, cell in enumerate(row):
            if cell.data_type == "f" and rows[r][c] is None:
                raise InputError(
                    f"{name}: row {r + 1}, column {letters(c)}: the formula "
                    f"{cell.value!s:.40} was saved without its value: open the file in a "
                    "spreadsheet program and save it, or write the number"
                )
    merged = frozenset(
        (r - 1, c - 1)
        for area in held.merged_cells.ranges
        for r, c in area.cells
        if r == area.min_row and c > area.min_col
    )
    return counted_sheet(name, rows, merged=merged)


def _sheet(name: str, workbook: Any, wanted: str | None) -> str:
    """The name of the sheet that is meant."""
    names = [sheet.title for sheet in workbook.worksheets]
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"{name}: there is no sheet {wanted!r:.40}, only {', '.join(names)}")
        return wanted
    used = [
        sheet.title
        for sheet in workbook.worksheets
        if any(tidy(value) is not None for row in sheet.values for value in row)
    ]
    if len(used) > 1:
        raise InputError(
            f"{name}: {len(used)} sheets hold something, {', '.join(used)}: keep the one with the "
            "payoffs, or name it in Python by `sheet`"
        )
    if not used:
        raise InputError(f"{name}: there is nothing in it: {TABLE_EXAMPLE}")
    return used[0]


def frame_sheet(frame: Any) -> Grid:
    """A DataFrame as a table; an index that only counts is none of its columns."""
    rows = [[tidy(_plain(x)) for x in row] for row in frame.to_numpy(dtype=object).tolist()]
    if not rows or not rows[0]:
        raise InputError(f"the DataFrame has no cells: {TABLE_EXAMPLE}")
    heads = [tidy(_plain(x)) for x in frame.columns.tolist()]
    names = [tidy(_plain(x)) for x in frame.index.names]
    index = [x if isinstance(x, tuple) else (x,) for x in frame.index.tolist()]
    if any(isinstance(head, tuple) for head in heads):
        raise InputError(
            f"the DataFrame's columns have several levels: give them one; {TABLE_EXAMPLE}"
        )
    called = [f"'{x[0] if len(x) == 1 else x}'" for x in index]
    if not _counts(frame.index.tolist()) or len(names) > 1 or names[0] is not None:
        top = [_corner(frame, names), *names[1:]]
        heads = [*top, *heads]
        rows = [[*map(tidy, map(_plain, own)), *row] for own, row in zip(index, rows, strict=True)]
    plain_index = len(heads) == len(frame.columns)
    if plain_index and not _counts(heads) and all(looks_like_payoffs(head) for head in heads):
        raise InputError(
            f"the DataFrame's headings, {', '.join(map(str, heads[:4]))}, look like payoffs: read "
            "the file with header=None, or name the actions in its columns and its index"
        )
    if _counts(frame.columns.tolist()) and plain_index:
        head_rows: list[list[Any]] = []  # nothing is called anything
    else:
        head_rows, called = [heads], ["of headings", *called]
    columns = [f"'{head}'" if head is not None else "of labels" for head in heads]
    return Grid("the DataFrame", [*head_rows, *rows], called, columns)


def _corner(frame: Any, names: list[Any]) -> Any:
    """What stands over the index: the names of both axes, where both have one."""
    across = tidy(_plain(frame.columns.name))
    if len(names) == 1 and names[0] is not None and across is not None:
        return f"{names[0]} \\ {across}"
    return names[0]


def _counts(axis: list[Any]) -> bool:
    return axis == list(range(len(axis)))


def _plain(value: Any) -> Any:
    """A scalar of NumPy as Python's; pandas' missing values as None."""
    if type(value).__name__ == "NAType":
        return None
    return value.item() if hasattr(value, "item") and not hasattr(value, "isoformat") else value
