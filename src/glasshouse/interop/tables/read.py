"""Games from tables in files, texts and DataFrames."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.interop.tables.found import AmbiguousError
from glasshouse.interop.tables.layouts import game_of
from glasshouse.interop.tables.sheet import Grid
from glasshouse.interop.tables.sources import frame_sheet, sheets_of_file, sheets_of_text

Read = TypeVar("Read")


def read_table(path: str | os.PathLike, *, sheet: str | None = None) -> NormalFormGame:
    """The game in a table: a CSV or TSV file, or a spreadsheet.

    Three layouts are read. *Both payoffs in each cell*: the row player's actions down, the column
    player's across, the players' names in the corner (`Ada \\ Ben`) or nowhere. *One payoff in each
    cell*: the row player's of a symmetric game, rows and columns the same actions. *One row for
    each profile*, for any number of players: a column of actions under each player's name, and a
    column of payoffs under `payoff Ada` or `u1`. The first action named comes first in the game.
    `labels.source` says which one it was. What could be read in two ways is refused.

    **Arguments:** `path` of a .csv, .tsv or .txt file (columns separated by commas, semicolons or
    tabs, UTF-8 or UTF-16) or an .xlsx workbook (needs the extra `excel`); `sheet`, which one of
    several.
    **Raises:** `InputError` that names row and column, as spreadsheets show them; `ImportError`
    without openpyxl.
    """
    return _game(sheets_of_file(path, sheet), Path(path).stem)


def parse_table(text: str, name: str = "<text>") -> NormalFormGame:
    """The game in a table written as text, such as cells copied from a spreadsheet.

    **Arguments:** `text`, its columns separated by tabs, commas or semicolons, as in `read_table`;
    `name`, what errors call it.
    **Raises:** `InputError` that names row and column.

        from glasshouse.interop import parse_table

        game = parse_table("Ada/Ben; work; rest\\nwork; 3, 3; 0, 5\\nrest; 5, 0; 1, 1")
        print(game.labels.players, game.tensor[0])  # ('Ada', 'Ben') [[3. 0.] [5. 1.]]
    """
    return _game(sheets_of_text(text, name), "")


def read_frame(frame: Any) -> NormalFormGame:
    """The game in one DataFrame, in one of the layouts of `read_table`.

    **Arguments:** `frame`, its index, unless it only counts, being its first columns.
    **Raises:** `InputError` that names row and column.
    """
    return _game([frame_sheet(frame)], "")


def only_reading(
    sheets: list[Grid], read: Callable[[Grid], Read], same: Callable[[Read, Read], bool]
) -> Read:
    """What a table holds, if the ways to separate columns that make something all make the same.

    **Arguments:** `read` takes each; `same` tells whether two of its results are.
    """
    found: list[Read] = []
    errors: list[tuple[bool, int, InputError]] = []
    for sheet in sheets:
        try:
            found.append(read(sheet))
        except InputError as error:
            width = sum(cell is not None for cell in sheet.rows[0])
            errors.append((isinstance(error, AmbiguousError), width, error))
    if not found:
        raise max(errors, key=lambda found: found[:2])[2]
    if not all(same(found[0], other) for other in found[1:]):
        raise AmbiguousError(
            f"{sheets[0].name}: row 1: commas or semicolons may separate its columns, and make "
            "different games: use tabs"
        )
    ambiguous = [error for is_ambiguous, _, error in errors if is_ambiguous]
    if ambiguous:
        raise ambiguous[0]
    return found[0]


def _game(sheets: list[Grid], title: str) -> NormalFormGame:
    return only_reading(sheets, lambda sheet: game_of(sheet, title), _same)


def _same(one: NormalFormGame, other: NormalFormGame) -> bool:
    return np.array_equal(other.tensor, one.tensor) and other.labels == one.labels
