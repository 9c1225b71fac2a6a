"""Games from tables: both payoffs in each cell, one player's, or one row for each profile."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from glasshouse.games.labels import Labels, default_labels
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import is_symmetric
from glasshouse.interop.tables.found import (
    TWO_NAMES,
    FoundPayoffs,
    as_label,
    check_size,
    only_payoffs,
)
from glasshouse.interop.tables.lists import lists_profiles, payoffs_of_list, without_count
from glasshouse.interop.tables.sheet import TABLE_EXAMPLE, Grid, one_spelling
from glasshouse.interop.tables.written import (
    NO_NUMBER,
    looks_like_payoffs,
    read_every_way,
    ways,
)

BOTH_IN_EACH = "both players' payoffs in each cell, the row player's first"
ONE_IN_EACH = "a symmetric game, the row player's payoffs alone"
"""How a table was read, in words."""


def game_of(sheet: Grid, title: str) -> NormalFormGame:
    """The game that a table holds.

    **Raises:** `InputError` naming row and column where it holds none, or could hold two.
    """
    sheet = without_count(sheet)
    found = payoffs_of_list(sheet) if lists_profiles(sheet) else matrix_of(framed(sheet))
    usual = default_labels(found.payoffs.shape[1:])
    labels = Labels(
        found.players or usual.players,
        one_spelling(sheet, found.actions or usual.actions),
        title,
        f"{Path(sheet.name).name}, read as {found.how}",
    )
    return NormalFormGame(found.payoffs, labels, player_axis=0)


def matrix_of(sheet: Grid) -> FoundPayoffs:
    """A table with the row player's actions down and the column player's across."""
    corner = sheet.rows[0][0]
    players = TWO_NAMES.fullmatch(corner) if isinstance(corner, str) else None
    if corner is not None and (looks_like_payoffs(corner) or not isinstance(corner, str)):
        _check_not_a_list(sheet)
        return _of_reads(sheet, sheet, None, None)
    if isinstance(corner, str) and NO_NUMBER.fullmatch(corner.strip()):
        raise sheet.error(0, 0, f"'{corner}' is no payoff: write a finite number; {TABLE_EXAMPLE}")
    if len(sheet.rows) < 2 or len(sheet.rows[0]) < 2:
        raise sheet.error(0, 0, f"is a heading, and payoffs are missing: {TABLE_EXAMPLE}")
    body, across = sheet.part(1, 1), list(range(1, len(sheet.rows[0])))
    twice = _two_columns_each(sheet)
    rows = _labels(sheet, [(r, 0) for r in range(1, len(sheet.rows))])
    columns = _labels(sheet, [(0, c) for c in (across[::2] if twice else across)])
    if corner is None and _numeric(rows) and _numeric(columns) and not _count(rows, columns):
        why = "is empty: is a payoff missing? Else name actions by words"
        raise sheet.error(0, 0, f"{why}; {TABLE_EXAMPLE}")
    both_named = corner is None or players is not None
    if not both_named and _numeric(rows) != _numeric(columns):
        _no_labels(sheet, rows)
    names = (players[1].strip(), players[2].strip()) if players else None
    if not twice:
        return _of_reads(sheet, body, names, (rows, columns))
    read = only_payoffs(body, read_every_way(body, ways(1, sheet.points)))
    pairs = read.reshape(len(rows), len(columns), 2)
    return FoundPayoffs(np.moveaxis(pairs, -1, 0), names, (rows, columns), BOTH_IN_EACH)


def _count(*labels: Sequence[str]) -> bool:
    """Whether labels that are numbers only count."""
    return all([float(x) - float(own[0]) for x in own] == [*range(len(own))] for own in labels)


def _check_not_a_list(sheet: Grid) -> None:
    """Refuse four rows without headings that may list the profiles of two players."""
    profiles = {tuple(map(str, row[:2])) for row in sheet.rows}
    values = [{profile[k] for profile in profiles} for k in (0, 1) if len(sheet.rows[0]) == 4]
    if len(sheet.rows) == len(profiles) == 4 and [len(own) for own in values] == [2, 2]:
        why = "begins a table of 4 × 4 payoffs, or a list of 2 × 2 profiles: give headings"
        raise sheet.error(0, 0, f"{why}; {TABLE_EXAMPLE}")


def _of_reads(sheet: Grid, body: Grid, players: Any, actions: Any) -> FoundPayoffs:
    """Both players' payoffs, or those of a symmetric game, by what all cells can be read as."""
    check_size(sheet, 2 * len(body.rows) * len(body.rows[0]))
    square = len(body.rows) == len(body.rows[0])
    alike = square and (actions is None or actions[0] == actions[1])
    found = read_every_way(body, [*ways(1, sheet.points), *ways(2, sheet.points)])
    pairs = [read for read in found if read.way.payoffs == 2]
    singles = [read for read in found if read.way.payoffs == 1]
    if singles and not pairs and not alike:
        _not_symmetric(sheet, actions)
    # Two decimals are soon mirrored by accident, where commas do not separate columns.
    large = len(body.rows) > 2 or sheet.points or not singles
    mirrored = [read for read in pairs if square and large and _mirrors(read.payoffs)]
    # One payoff in a cell is a reading even where no game could have it: its writer may err.
    payoffs = only_payoffs(body, mirrored or [*pairs, *singles])
    if payoffs.shape[-1] == 2:
        return FoundPayoffs(np.moveaxis(payoffs, -1, 0), players, actions, BOTH_IN_EACH)
    own = payoffs[..., 0]
    return FoundPayoffs(np.stack([own, own.T]), players, actions, ONE_IN_EACH)


def _mirrors(pairs: np.ndarray) -> bool:
    """Whether pairs of payoffs are those of a symmetric game whose players are paid differently
    somewhere: decimal places of single numbers do not mirror each other by accident."""
    tensor = np.moveaxis(pairs, -1, 0)
    return is_symmetric(tensor) and not np.array_equal(tensor[0], tensor[1])


def _two_columns_each(sheet: Grid) -> bool:
    """Whether every heading stands over two columns, for the payoffs of both players."""
    heads = sheet.rows[0][1:]
    if len(heads) % 2 or None in heads[::2] or any(x is not None for x in heads[1::2]):
        return False
    if all((0, c) in sheet.merged for c in range(2, len(heads) + 1, 2)):
        return True
    # Without merged cells, a heading may have been forgotten where the table could be square.
    return len(heads) > 2 and len(sheet.rows) - 1 != len(heads)


def _labels(sheet: Grid, places: list[tuple[int, int]]) -> tuple[str, ...]:
    """Names of actions, each there and different from the others."""
    seen: dict[str, tuple[int, int]] = {}
    for r, c in places:
        cell = sheet.rows[r][c]
        if cell is None:
            raise sheet.error(r, c, f"is empty, and should name an action: {TABLE_EXAMPLE}")
        name = as_label(sheet, r, c)
        if looks_like_payoffs(cell) and not _numeric((name,)):
            raise sheet.error(r, c, f"'{name:.40}' looks like payoffs, and should name an action")
        if name in seen:
            said = f"'{name:.40}' names two actions, also in {sheet.place(*seen[name])}"
            raise sheet.error(r, c, f"{said}: give each a name of its own")
        seen[name] = r, c
    return tuple(seen)


def _numeric(names: tuple[str, ...]) -> bool:
    return all(re.fullmatch(r"[+-]?[0-9.]+", name) for name in names)


def _no_labels(sheet: Grid, rows: tuple[str, ...]) -> NoReturn:
    where = (1, 0) if _numeric(rows) else (0, 1)
    name = as_label(sheet, *where)
    said = f"'{name}' stands where an action is named, and its names are missing"
    raise sheet.error(*where, f"{said}: {TABLE_EXAMPLE}")


def _not_symmetric(sheet: Grid, actions: Any) -> NoReturn:
    rows, columns = actions or ((), ())
    apart = [k for k, (a, b) in enumerate(zip(rows, columns, strict=False)) if a != b]
    if apart:
        r = apart[0] + 1
        what = f"row '{rows[r - 1]:.40}' stands against column '{columns[r - 1]:.40}'"
        where = (r, 0)
    else:
        what = f"it has {len(sheet.rows) - (actions is not None)} rows of payoffs and "
        what += f"{len(sheet.rows[0]) - (actions is not None)} columns"
        where = (len(sheet.rows) - 1, len(sheet.rows[0]) - 1)
    raise sheet.error(
        *where,
        f"one payoff in a cell is the row player's in a symmetric game, where both have the same "
        f"actions in the same order, but {what}: write both payoffs in each cell, as '3; 0'",
    )


def framed(sheet: Grid) -> Grid:
    """A table with the players' names in a row above and a column beside, brought into the corner.

    Such names stand over merged cells: one in the first row, one in the first column.
    """
    rows = sheet.rows
    if len(rows) < 3 or len(rows[0]) < 3 or any(rows[r][c] for r in (0, 1) for c in (0, 1)):
        return sheet
    above = [cell for cell in rows[0] if cell is not None]
    beside = [row[0] for row in rows if row[0] is not None]
    if len(above) != 1 or len(beside) != 1:
        return sheet
    inner = sheet.part(1, 1)
    inner.rows[0][0] = f"{beside[0]} \\ {above[0]}"
    return inner
