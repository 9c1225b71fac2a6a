"""Games from tables: both payoffs in each cell, one player's, or one row for each profile."""

import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from glasshouse._foundation.digits import exactly
from glasshouse.errors import InputError
from glasshouse.games.labels import Labels, default_labels
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import is_symmetric
from glasshouse.interop.files import MOST_PAYOFFS_READ, MOST_PLAYERS_READ
from glasshouse.interop.tables.sheet import TABLE_EXAMPLE, Grid, one_spelling
from glasshouse.interop.tables.written import (
    NOT_FINITE,
    Read,
    looks_like_payoffs,
    read_every_way,
    ways,
)

BOTH_IN_EACH = "both players' payoffs in each cell, the row player's first"
ONE_IN_EACH = "a symmetric game, the row player's payoffs alone"
LONG_ROWS = "one row for each profile of actions"
"""How a table was read, in words."""

TWO_NAMES = re.compile(r"([^\\/|]+?) ?(?:[\\/|]| vs\.? ) ?([^\\/|]+)")
"""The corner of a table: whose actions go down and whose go across."""

PAYS = r"(?:payoffs?|utility|utilities|reward|pays)"
WHOSE = re.compile(
    rf"(?:(?:{PAYS}|u|π)[ _:.\-(]+(?:(?:of|to|for) )?(?P<after>[^)]+)\)?"
    rf"|(?:{PAYS}|u|π)(?P<number>[0-9]+)|(?P<before>.+?)(?:'s|’s)?[ _:.\-]+{PAYS}|{PAYS})",
    re.IGNORECASE,
)
"""The heading of a column of payoffs."""


class AmbiguousError(InputError):
    """A table that can be read in two ways."""


def game_of(sheet: Grid, title: str) -> NormalFormGame:
    """The game that a table holds.

    **Raises:** `InputError` naming row and column where it holds none, or could hold two.
    """
    sheet = _without_count(sheet)
    found = _profiles(sheet) if _lists_profiles(sheet) else _matrix(_framed(sheet))
    usual = default_labels(found.payoffs.shape[1:])
    labels = Labels(
        found.players or usual.players,
        one_spelling(sheet, found.actions or usual.actions),
        title,
        f"{Path(sheet.name).name}, read as {found.how}",
    )
    return NormalFormGame(found.payoffs, labels, player_axis=0)


class _Found(NamedTuple):
    payoffs: np.ndarray
    players: tuple[str, ...] | None
    actions: tuple[tuple[str, ...], ...] | None
    how: str


def _matrix(sheet: Grid) -> _Found:
    """A table with the row player's actions down and the column player's across."""
    corner = sheet.rows[0][0]
    players = TWO_NAMES.fullmatch(corner) if isinstance(corner, str) else None
    if corner is not None and (looks_like_payoffs(corner) or not isinstance(corner, str)):
        _check_not_a_list(sheet)
        return _of_reads(sheet, sheet, None, None)
    if isinstance(corner, str) and NOT_FINITE.fullmatch(corner.strip()):
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
    read = _only(body, read_every_way(body, ways(1, sheet.points)))
    pairs = read.reshape(len(rows), len(columns), 2)
    return _Found(np.moveaxis(pairs, -1, 0), names, (rows, columns), BOTH_IN_EACH)


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


def _of_reads(sheet: Grid, body: Grid, players: Any, actions: Any) -> _Found:
    """Both players' payoffs, or those of a symmetric game, by what all cells can be read as."""
    _check_size(sheet, 2 * len(body.rows) * len(body.rows[0]))
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
    payoffs = _only(body, mirrored or [*pairs, *singles])
    if payoffs.shape[-1] == 2:
        return _Found(np.moveaxis(payoffs, -1, 0), players, actions, BOTH_IN_EACH)
    own = payoffs[..., 0]
    return _Found(np.stack([own, own.T]), players, actions, ONE_IN_EACH)


def _mirrors(pairs: np.ndarray) -> bool:
    """Whether pairs of payoffs are those of a symmetric game whose players are paid differently
    somewhere: decimal places of single numbers do not mirror each other by accident."""
    tensor = np.moveaxis(pairs, -1, 0)
    return is_symmetric(tensor) and not np.array_equal(tensor[0], tensor[1])


def _only(body: Grid, found: list[Read]) -> np.ndarray:
    """The payoffs, if all ways to read the table give the same."""
    first = found[0]
    for other in found[1:]:
        if first.payoffs.shape == other.payoffs.shape:
            apart = np.argwhere((first.payoffs != other.payoffs).any(axis=-1))
            if not len(apart):
                continue
            r, c = map(int, apart[0])
        else:
            r, c = 0, 0
        _ambiguous(body, r, c, [first.payoffs[r, c], other.payoffs[r, c]])
    return first.payoffs


def _ambiguous(body: Grid, r: int, c: int, meanings: list[np.ndarray]) -> NoReturn:
    said = " or ".join(
        f"{'payoffs ' * (len(each) > 1)}{' and '.join(map(exactly, each))}" for each in meanings
    )
    advice = "'3; 0' for two payoffs, and 1.5, without separators of thousands, for one"
    cell = body.rows[r][c]
    raise AmbiguousError(
        f"{body.name}: {body.place(r, c)}: '{cell}' may mean {said}, and no other cell decides "
        f"which: write {advice}"
    )


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


def as_label(sheet: Grid, row: int, column: int) -> str:
    """What a cell names; whole numbers without a point."""
    cell = sheet.rows[row][column]
    if isinstance(cell, tuple | list) or hasattr(cell, "isoformat"):
        raise sheet.error(row, column, f"'{cell!s:.40}' is no name of an action: write a text")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


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


def _framed(sheet: Grid) -> Grid:
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


def _without_count(sheet: Grid) -> Grid:
    """Without a first column that has no heading and counts the profiles."""
    heads, counted = sheet.rows[0], [row[0] for row in sheet.rows[1:]]
    if heads[0] is not None or not any(map(_is_payoff_heading, heads)):
        return sheet
    texts = [str(x) for x in counted]
    for first in (0, 1):
        if texts == [str(k + first) for k in range(len(texts))]:
            return sheet.without_column()
    return sheet


def _is_payoff_heading(head: Any) -> bool:
    return isinstance(head, str) and WHOSE.fullmatch(head) is not None


def _lists_profiles(sheet: Grid) -> bool:
    """Whether this has one row for each profile: its headings say which columns are payoffs."""
    heads = sheet.rows[0]
    beside = [row[0] for row in sheet.rows[1:]]
    corner = heads[0]
    if any(map(_is_payoff_heading, beside)) and not any(map(_is_payoff_heading, heads)):
        raise sheet.error(
            0, 0, f"the headings stand in this column: let them stand in a row; {TABLE_EXAMPLE}"
        )
    if corner is None or (isinstance(corner, str) and TWO_NAMES.fullmatch(corner)):
        return False
    half = len(heads) // 2
    return any(map(_is_payoff_heading, heads)) or (half > 1 and heads[:half] == heads[half:])


def _profiles(sheet: Grid) -> _Found:
    """A table with one row for each profile of actions."""
    own, paid, players = _columns(sheet)
    names: list[dict[str, int]] = [{} for _ in own]
    seen: dict[tuple[int, ...], int] = {}
    for r in range(1, len(sheet.rows)):
        for c in own:
            if sheet.rows[r][c] is None:
                raise sheet.error(r, c, "is empty, and should name an action")
        named = [as_label(sheet, r, c) for c in own]
        profile = tuple(
            known.setdefault(name, len(known)) for known, name in zip(names, named, strict=True)
        )
        if profile in seen:
            before = sheet.row_names[seen[profile]]
            said = f"the profile ({', '.join(named)}) is that of row {before}, too"
            raise sheet.error(r, own[0], f"{said}: every profile has one row")
        seen[profile] = r
    counts = tuple(map(len, names))
    _check_size(sheet, len(own) * math.prod(counts))
    actions = tuple(tuple(known) for known in names)
    _check_complete(sheet, seen, actions)
    payoffs = _payoffs_of_columns(sheet, paid)
    tensor = np.empty((len(own), *counts))
    for profile, r in seen.items():
        tensor[(slice(None), *profile)] = payoffs[r - 1]
    return _Found(tensor, players, actions, LONG_ROWS)


def _payoffs_of_columns(sheet: Grid, paid: list[int]) -> np.ndarray:
    """Payoffs by rows and players."""
    body = Grid(
        sheet.name,
        [[row[c] for c in paid] for row in sheet.rows[1:]],
        sheet.row_names[1:],
        [sheet.column_names[c] for c in paid],
        sheet.points,
    )
    return _only(body, read_every_way(body, ways(1, sheet.points)))[..., 0]


def _check_complete(sheet: Grid, seen: dict[tuple[int, ...], int], actions: Any) -> None:
    counts = tuple(map(len, actions))
    if len(seen) == math.prod(counts):
        return
    every = itertools.product(*map(range, counts))
    missing = next(profile for profile in every if profile not in seen)
    names = ", ".join(own[a] for own, a in zip(actions, missing, strict=True))
    raise InputError(
        f"{sheet.name}: no row has the profile ({names}); there are {len(seen)} rows, and "
        f"{' × '.join(map(str, counts))} actions make {math.prod(counts)} profiles: add the missing"
    )


def _columns(sheet: Grid) -> tuple[list[int], list[int], tuple[str, ...]]:
    """The columns of actions, those of payoffs in the players' order, and the players' names."""
    heads = sheet.rows[0]
    half, listed = len(heads) // 2, [c for c, head in enumerate(heads) if _is_payoff_heading(head)]
    if not listed:  # players' names, and once more over their payoffs
        listed = list(range(half, len(heads)))
    own = [c for c in range(len(heads)) if c not in listed]
    players: dict[str, int] = {}
    for c in own:
        if heads[c] is None:
            raise sheet.error(
                0, c, f"has no heading, and should name a player or payoffs: {TABLE_EXAMPLE}"
            )
        name = as_label(sheet, 0, c)
        if name in players:
            raise sheet.error(0, c, f"'{name:.40}' names two players: give each a name of its own")
        players[name] = c
    if not own or len(own) != len(listed):
        counts = f"{len(own)} columns name actions and {len(listed)} hold payoffs"
        odd = (own or listed)[-1] if len(own) > len(listed) else listed[-1]
        raise sheet.error(0, odd, f"{counts}: every player has one of each; {TABLE_EXAMPLE}")
    if len(own) > MOST_PLAYERS_READ:
        raise sheet.error(0, own[-1], f"a game has at most {MOST_PLAYERS_READ} players")
    order: dict[int, int] = {}
    for c in listed:
        player = _whose(sheet, c, list(players))
        if player in order:
            twice = f"are those of column {sheet.column_names[order[player]]}, too"
            raise sheet.error(
                0, c, f"'{heads[c]}': these payoffs {twice}: every player has one column"
            )
        order[player] = c
    return own, [order[i] for i in range(len(own))], tuple(players)


def _whose(sheet: Grid, column: int, players: list[str]) -> int:
    """The player whose payoffs a column holds: by name, by the number in it, or by place."""
    head = str(sheet.rows[0][column])
    found = WHOSE.fullmatch(head)
    said = head if found is None else found["after"] or found["before"] or found["number"] or ""
    folded = [name.casefold() for name in players]
    if said.casefold() in folded:
        return folded.index(said.casefold())
    counted = re.fullmatch(r"(?:player ?)?([0-9]{1,3})", said, re.IGNORECASE)
    if counted and 1 <= int(counted[1]) <= len(players):
        numbers = [re.search(r"([0-9]+)$", name) for name in players]
        named = [i for i, x in enumerate(numbers) if x and int(x[1]) == int(counted[1])]
        if len(named) == 1:
            return named[0]
        if not any(numbers):
            return int(counted[1]) - 1
    names = ", ".join(players[:6])
    said = f"'{head:.40}' does not say whose payoffs these are"
    raise sheet.error(0, column, f"{said}: write 'payoff' and one of {names}")


def _check_size(sheet: Grid, count: int) -> None:
    if count > MOST_PAYOFFS_READ:
        raise InputError(
            f"{sheet.name}: {count} payoffs, and more than {MOST_PAYOFFS_READ} are not read: use a "
            "smaller game"
        )
