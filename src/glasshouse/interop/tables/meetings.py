"""What entrants were paid when they met, from tables: square ones, or one row for each meeting."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from glasshouse.errors import InputError
from glasshouse.games.tables import is_table
from glasshouse.interop.tables.found import as_label, check_size
from glasshouse.interop.tables.layouts import BOTH_IN_EACH, framed, matrix_of
from glasshouse.interop.tables.lists import (
    is_payoff_heading,
    lists_profiles,
    payoffs_of_columns,
    whose_payoffs,
    without_count,
)
from glasshouse.interop.tables.read import only_reading
from glasshouse.interop.tables.sheet import Grid
from glasshouse.interop.tables.sources import frame_sheet, sheets_of_file
from glasshouse.interop.tables.written import NO_NUMBER

RUN_HEADING = re.compile(r"(seeds?|runs?|repeats?|repetitions?|replicates?|trials?)", re.IGNORECASE)
"""The heading of the column that counts the runs."""


class MeetingTable(NamedTuple):
    """Names of `entrants`, and their `payoffs` [row, column, player, run], NaN where missing."""

    entrants: tuple[str, ...]
    payoffs: Float[np.ndarray, "entrants entrants 2 runs"]


def read_meetings(source: Any, *, sheet: str | None = None) -> MeetingTable:
    """A table of what entrants were paid when they met, for `leagues.rate`.

    Two layouts are read. *Square*: entrants down and across in the same order, and in each cell the
    row's payoff, or both, as in `read_table`. *One row for each meeting*: two columns of entrants,
    then one headed `payoff`, the first's, or two, `payoff A` and `payoff B` for columns headed A
    and B; a column headed `seed` or `run` tells runs apart. Meetings that are listed in one order
    with both payoffs count for the other order, too. Cells that are empty or say `nan` are missing.

    **Arguments:** `source`, a DataFrame or the path of a .csv, .tsv, .txt or .xlsx file; `sheet`,
    which one of several.
    **Raises:** `InputError` that names row and column, as spreadsheets show them.
    """
    if is_table(source):
        return only_reading([frame_sheet(source)], meetings_of, _same)
    if not isinstance(source, str | os.PathLike):
        raise InputError(f"meetings are read from a path or a DataFrame, not {source!r:.40}")
    return only_reading(sheets_of_file(Path(source), sheet), meetings_of, _same)


def meetings_of(sheet: Grid) -> MeetingTable:
    """What a table holds.

    **Raises:** `InputError` naming row and column where it holds no meetings, or could hold others.
    """
    sheet = without_count(sheet)
    return _listed(sheet) if lists_profiles(sheet) else _square(framed(sheet))


def _same(one: MeetingTable, other: MeetingTable) -> bool:
    return one.entrants == other.entrants and np.array_equal(
        one.payoffs, other.payoffs, equal_nan=True
    )


def _square(sheet: Grid) -> MeetingTable:
    cells = [(r, c) for r in range(1, len(sheet.rows)) for c in range(1, len(sheet.rows[0]))]
    holes = {(r, c) for r, c in cells if _is_missing(sheet.rows[r][c])}
    found = matrix_of(_filled(sheet, holes, cells))
    down, across = found.actions or ((), ())
    if down != across:
        raise InputError(
            f"{sheet.name}: rows are {', '.join(down)} and columns {', '.join(across)}: both must "
            "name the same entrants in the same order"
        )
    count = found.payoffs.shape[1]
    if found.payoffs.shape[2] != count:
        raise InputError(
            f"{sheet.name}: {count} rows and {found.payoffs.shape[2]} columns of payoffs: rows and "
            "columns must be the same entrants"
        )
    payoffs = np.moveaxis(found.payoffs, 0, -1).copy()
    first = len(sheet.rows) - count
    columns_each = (len(sheet.rows[0]) - first) // count
    for r, c in holes:
        row, column = r - first, (c - first) // columns_each
        payoffs[row, column, slice(None) if found.how == BOTH_IN_EACH else 0] = np.nan
        if found.how != BOTH_IN_EACH:
            payoffs[column, row, 1] = np.nan
    names = down or tuple(str(k + 1) for k in range(count))
    return MeetingTable(tuple(names), payoffs[..., None])


def _listed(sheet: Grid) -> MeetingTable:
    heads = sheet.rows[0]
    paid = [c for c, head in enumerate(heads) if is_payoff_heading(head)]
    runs = [c for c, head in enumerate(heads) if _heads(RUN_HEADING, head)]
    who = [c for c in range(len(heads)) if c not in (*paid, *runs)]
    if len(who) != 2 or len(paid) not in (1, 2) or len(runs) > 1:
        raise InputError(
            f"{sheet.name}: columns are {', '.join(str(head) for head in heads)}: a list of "
            "meetings has two columns of entrants, one or two of payoffs, and at most one of "
            "seeds, as row, column, seed, payoff"
        )
    if len(paid) == 2:
        order = [whose_payoffs(sheet, c, [str(heads[k]) for k in who]) for c in paid]
        if sorted(order) != [0, 1]:
            raise sheet.error(0, paid[1], f"'{heads[paid[1]]}' says whose payoffs twice")
        paid = [paid[order.index(i)] for i in (0, 1)]
    return _placed(sheet, who, paid, runs)


def _placed(
    sheet: Grid, who: Sequence[int], paid: Sequence[int], runs: Sequence[int]
) -> MeetingTable:
    """The payoffs of a list, each at its place."""
    names: dict[str, int] = {}
    numbers: dict[str, int] = {}
    seen: dict[tuple[int, int, int], int] = {}
    for r in range(1, len(sheet.rows)):
        for c in (*who, *runs):
            if sheet.rows[r][c] is None:
                raise sheet.error(r, c, "is empty, and should name an entrant or a run")
        row, column = (names.setdefault(as_label(sheet, r, c), len(names)) for c in who)
        run = numbers.setdefault(as_label(sheet, r, runs[0]) if runs else "", len(numbers))
        if (row, column, run) in seen:
            before = sheet.row_names[seen[row, column, run]]
            said = f"this meeting is that of row {before}, too"
            raise sheet.error(r, who[0], f"{said}: tell runs apart by a column headed seed")
        seen[row, column, run] = r
    count = len(names)
    check_size(sheet, 2 * count**2 * max(1, len(numbers)))
    cells = [(r, c) for r in range(1, len(sheet.rows)) for c in paid]
    holes = {(r, c) for r, c in cells if _is_missing(sheet.rows[r][c])}
    read = payoffs_of_columns(_filled(sheet, holes, cells), list(paid))
    payoffs = np.full((count, count, 2, len(numbers)), np.nan)
    for (row, column, run), r in seen.items():
        given = [np.nan if (r, c) in holes else read[r - 1, k] for k, c in enumerate(paid)]
        payoffs[row, column, : len(paid), run] = given
    if len(paid) == 1:
        payoffs[:, :, 1] = np.swapaxes(payoffs[:, :, 0], 0, 1)
        return MeetingTable(tuple(names), payoffs)
    for row, column, run in seen:
        if (column, row, run) not in seen:
            payoffs[column, row, :, run] = payoffs[row, column, ::-1, run]
    return MeetingTable(tuple(names), payoffs)


def _filled(sheet: Grid, holes: set[tuple[int, int]], cells: Sequence[tuple[int, int]]) -> Grid:
    """The table with what stands in some other cell in each hole, so that all of it can be read."""
    whole = [place for place in cells if place not in holes]
    if not whole:
        raise InputError(f"{sheet.name}: all payoffs are missing")
    r, c = whole[0]
    rows = [list(cells) for cells in sheet.rows]
    for row, column in holes:
        rows[row][column] = sheet.rows[r][c]
    return sheet.with_rows(rows)


def _is_missing(cell: Any) -> bool:
    return cell is None or _heads(NO_NUMBER, cell)


def _heads(pattern: re.Pattern[str], cell: Any) -> bool:
    return isinstance(cell, str) and pattern.fullmatch(cell) is not None
