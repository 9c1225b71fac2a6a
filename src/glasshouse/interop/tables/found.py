"""What all layouts of tables have in common: payoffs that were found, and names."""

import re
from typing import NamedTuple, NoReturn

import numpy as np

from glasshouse._foundation.digits import exactly
from glasshouse.errors import InputError
from glasshouse.interop.files import MOST_PAYOFFS_READ
from glasshouse.interop.tables.sheet import Grid
from glasshouse.interop.tables.written import Read

TWO_NAMES = re.compile(r"([^\\/|]+?) ?(?:[\\/|]| vs\.? ) ?([^\\/|]+)")
"""The corner of a table: whose actions go down and whose go across."""


class AmbiguousError(InputError):
    """A table that can be read in two ways."""


class FoundPayoffs(NamedTuple):
    """Payoffs by player and profile, names, and how they were read, in words."""

    payoffs: np.ndarray
    players: tuple[str, ...] | None
    actions: tuple[tuple[str, ...], ...] | None
    how: str


def only_payoffs(body: Grid, found: list[Read]) -> np.ndarray:
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


def as_label(sheet: Grid, row: int, column: int) -> str:
    """What a cell names; whole numbers without a point."""
    cell = sheet.rows[row][column]
    if isinstance(cell, tuple | list) or hasattr(cell, "isoformat"):
        raise sheet.error(row, column, f"'{cell!s:.40}' is no name of an action: write a text")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def check_size(sheet: Grid, count: int) -> None:
    """Refuse more payoffs than are read."""
    if count > MOST_PAYOFFS_READ:
        raise InputError(
            f"{sheet.name}: {count} payoffs, and more than {MOST_PAYOFFS_READ} are not read: use a "
            "smaller game"
        )
