"""Tables with one row for each profile of actions."""

import itertools
import math
import re
from typing import Any

import numpy as np

from glasshouse.errors import InputError
from glasshouse.interop.files import MOST_PLAYERS_READ
from glasshouse.interop.tables.found import (
    TWO_NAMES,
    FoundPayoffs,
    as_label,
    check_size,
    only_payoffs,
)
from glasshouse.interop.tables.sheet import TABLE_EXAMPLE, Grid
from glasshouse.interop.tables.written import read_every_way, ways

LONG_ROWS = "one row for each profile of actions"
"""How such a table was read, in words."""


PAYS = r"(?:payoffs?|utility|utilities|reward|pays)"


WHOSE = re.compile(
    rf"(?:(?:{PAYS}|u|π)[ _:.\-(]+(?:(?:of|to|for) )?(?P<after>[^)]+)\)?"
    rf"|(?:{PAYS}|u|π)(?P<number>[0-9]+)|(?P<before>.+?)(?:'s|’s)?[ _:.\-]+{PAYS}|{PAYS})",
    re.IGNORECASE,
)
"""The heading of a column of payoffs."""


def without_count(sheet: Grid) -> Grid:
    """Without a first column that has no heading and counts the profiles."""
    heads, counted = sheet.rows[0], [row[0] for row in sheet.rows[1:]]
    if heads[0] is not None or not any(map(is_payoff_heading, heads)):
        return sheet
    texts = [str(x) for x in counted]
    for first in (0, 1):
        if texts == [str(k + first) for k in range(len(texts))]:
            return sheet.without_column()
    return sheet


def is_payoff_heading(head: Any) -> bool:
    """Whether this stands over a column of payoffs."""
    return isinstance(head, str) and WHOSE.fullmatch(head) is not None


def lists_profiles(sheet: Grid) -> bool:
    """Whether this has one row for each profile: its headings say which columns are payoffs."""
    heads = sheet.rows[0]
    beside = [row[0] for row in sheet.rows[1:]]
    corner = heads[0]
    if any(map(is_payoff_heading, beside)) and not any(map(is_payoff_heading, heads)):
        raise sheet.error(
            0, 0, f"the headings stand in this column: let them stand in a row; {TABLE_EXAMPLE}"
        )
    if corner is None or (isinstance(corner, str) and TWO_NAMES.fullmatch(corner)):
        return False
    half = len(heads) // 2
    return any(map(is_payoff_heading, heads)) or (half > 1 and heads[:half] == heads[half:])


def payoffs_of_list(sheet: Grid) -> FoundPayoffs:
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
    check_size(sheet, len(own) * math.prod(counts))
    actions = tuple(tuple(known) for known in names)
    _check_complete(sheet, seen, actions)
    payoffs = payoffs_of_columns(sheet, paid)
    tensor = np.empty((len(own), *counts))
    for profile, r in seen.items():
        tensor[(slice(None), *profile)] = payoffs[r - 1]
    return FoundPayoffs(tensor, players, actions, LONG_ROWS)


def payoffs_of_columns(sheet: Grid, paid: list[int]) -> np.ndarray:
    """Payoffs by rows and players."""
    body = Grid(
        sheet.name,
        [[row[c] for c in paid] for row in sheet.rows[1:]],
        sheet.row_names[1:],
        [sheet.column_names[c] for c in paid],
        sheet.points,
    )
    return only_payoffs(body, read_every_way(body, ways(1, sheet.points)))[..., 0]


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
    half, listed = len(heads) // 2, [c for c, head in enumerate(heads) if is_payoff_heading(head)]
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
        player = whose_payoffs(sheet, c, list(players))
        if player in order:
            twice = f"are those of column {sheet.column_names[order[player]]}, too"
            raise sheet.error(
                0, c, f"'{heads[c]}': these payoffs {twice}: every player has one column"
            )
        order[player] = c
    return own, [order[i] for i in range(len(own))], tuple(players)


def whose_payoffs(sheet: Grid, column: int, players: list[str]) -> int:
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
