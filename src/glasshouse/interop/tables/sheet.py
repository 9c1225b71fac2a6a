"""A table as it was given: cells in rows and columns, and what each place is called."""

import dataclasses
import math
import numbers
from collections.abc import Sequence
from typing import Any

from glasshouse.errors import InputError

TABLE_EXAMPLE = (
    "a table is either 'Ada \\ Ben | work | shirk' over 'work | 3; 3 | 0; 5' and so on, payoffs of "
    "the row player first, or one row for each profile, 'Ada | Ben | payoff Ada | payoff Ben' over "
    "'work | work | 3 | 3' and so on"
)
"""What is read, in one line."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """Cells of a table: None where one is empty, else a text, a number, or what else was there.

    **Arguments:** `name`, what errors call it; `rows`, all of one length; `row_names` and
    `column_names`, what places are called; `points`, whether columns are separated by commas,
    so that a point groups no digits; `merged`, cells that others in their row extend over.
    """

    name: str
    rows: list[list[Any]]
    row_names: list[str]
    column_names: list[str]
    points: bool = False
    merged: frozenset[tuple[int, int]] = frozenset()

    def place(self, row: int, column: int) -> str:
        """What a cell is called."""
        return f"row {self.row_names[row]}, column {self.column_names[column]}"

    def error(self, row: int, column: int, said: str) -> InputError:
        """What is wrong with a cell, and where it is."""
        return InputError(f"{self.name}: {self.place(row, column)}: {said}")

    def with_rows(self, rows: list[list[Any]]) -> "Grid":
        """The same places with other cells."""
        return dataclasses.replace(self, rows=rows)

    def without_column(self) -> "Grid":
        """The same without the first column."""
        return self.part(0, 1)

    def part(self, row: int, column: int) -> "Grid":
        """What lies from that row and that column on."""
        return dataclasses.replace(
            self,
            rows=[cells[column:] for cells in self.rows[row:]],
            row_names=self.row_names[row:],
            column_names=self.column_names[column:],
            merged=frozenset((r - row, c - column) for r, c in self.merged),
        )


def counted_sheet(
    name: str,
    rows: Sequence[Sequence[Any]],
    points: bool = False,
    merged: frozenset[tuple[int, int]] = frozenset(),
) -> Grid:
    """A sheet whose places are called as in a spreadsheet, without empty rows and columns around.

    **Raises:** `InputError` where nothing is in it, and where a row inside is empty.
    """
    tidied = [[tidy(cell) for cell in row] for row in rows]
    filled = [k for k, row in enumerate(tidied) if any(cell is not None for cell in row)]
    if not filled:
        raise InputError(f"{name}: there is nothing in it: {TABLE_EXAMPLE}")
    width = max(map(len, tidied))
    grid = [row + [None] * (width - len(row)) for row in tidied]
    used = [c for c in range(width) if any(row[c] is not None for row in grid)]
    top, left, right = filled[0], used[0], used[-1]
    if empty := sorted({*range(top, filled[-1])} - {*filled}):
        raise InputError(
            f"{name}: row {empty[0] + 1} is empty inside the table: a file holds one table, so "
            f"remove the row, or what follows it; {TABLE_EXAMPLE}"
        )
    return Grid(
        name,
        [grid[r][left : right + 1] for r in filled],
        [str(r + 1) for r in filled],
        [letters(c) for c in range(left, right + 1)],
        points,
        frozenset((r - top, c - left) for r, c in merged),
    )


def tidy(cell: Any) -> Any:
    """A cell without blanks around a text; None where there is nothing."""
    if isinstance(cell, str):
        return " ".join(cell.replace("\ufeff", "").split()) or None
    if cell is None or isinstance(cell, bool | tuple | list):
        return cell
    if isinstance(cell, numbers.Real):
        return None if math.isnan(cell) else cell
    return None if cell != cell else cell  # pandas' NaT and others that are not there


def letters(column: int) -> str:
    """What spreadsheets call a column, counted from 0."""
    text = ""
    column += 1
    while column:
        column, last = divmod(column - 1, 26)
        text = chr(65 + last) + text
    return text
