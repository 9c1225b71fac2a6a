"""How other codes write strategies of memory one: their order, frame and sign."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Numbers, Whole, number_array, player_number, shown
from glasshouse.errors import InputError, near_miss

Rows = Float[np.ndarray, "states"]


class _Convention(NamedTuple):
    order: tuple[int, ...]
    """For each of its places, which of start, CC, CD, DC, DD stands there."""
    shares_frame: bool = False
    """Whether the second player's states are written as the first one sees them."""
    defects: bool = False
    """Whether numbers are about defection."""


CONVENTIONS = {
    "aletcher": _Convention((0, 1, 2, 3, 4), shares_frame=True),
    "alshedivat": _Convention((1, 2, 3, 4, 0), shares_frame=True),
    "pax": _Convention((1, 2, 3, 4, 0)),
    "pola": _Convention((4, 3, 2, 1, 0)),
    "jacq": _Convention((0, 1, 2, 3, 4), defects=True),
}
"""By the name of the repository or its author."""


def to_convention(x: Numbers, name: str, player: Whole, *, logits: bool = False) -> Rows:
    """A behaviour of ours (start, CC, CD, DC, DD, own action first, of cooperating) as theirs.

    **Arguments:** `x`, five probabilities, or `logits` of them; `name`, "aletcher" (stable opponent
    shaping), "alshedivat" (lola), "pax", "pola" or "jacq" (LOLA-DiCE); `player`, whose it is,
    counted from 0: some write the second player's states as the first one sees them.
    **Raises:** `InputError` for other names, shapes and players.

        import glasshouse as gh

        tit_for_tat = [1, 1, 0, 1, 0]
        print(gh.games.to_convention(tit_for_tat, "pola", player=1))  # [0. 1. 0. 1. 1.]
    """
    convention, rows = _read(x, name, logits)
    seen = _swapped(rows) if _is_swapped(convention, player) else rows
    return _signed(seen, convention, logits)[list(convention.order)]


def from_convention(x: Numbers, name: str, player: Whole, *, logits: bool = False) -> Rows:
    """A behaviour of theirs as ours: what undoes `to_convention`.

    **Arguments, Raises:** as `to_convention`.

        import glasshouse as gh

        print(gh.games.from_convention([0, 1, 0, 1, 1], "pola", player=1))  # [1. 1. 0. 1. 0.]
    """
    convention, rows = _read(x, name, logits)
    found = np.empty(5)
    found[list(convention.order)] = rows
    found = _signed(found, convention, logits)
    return _swapped(found) if _is_swapped(convention, player) else found


def _read(x: Numbers, name: str, logits: bool) -> tuple[_Convention, Rows]:
    if name not in CONVENTIONS:
        raise InputError(
            f"there is no convention {name!r:.40}; there are {', '.join(CONVENTIONS)}"
            f"{near_miss(name, CONVENTIONS)}"
        )
    rows = np.asarray(number_array(x, "x", shapes=None), dtype=float)
    if rows.shape != (5,):
        raise InputError(
            f"x has shape {rows.shape}: it must be shape (5,), one player's numbers at the start "
            "and after each joint action; convert players one by one, each in its own frame"
        )
    if np.isnan(rows).any() or not (logits or np.all((rows >= 0) & (rows <= 1))):
        raise InputError(f"x must be probabilities, but is {shown(x)}: say logits=True of logits")
    return CONVENTIONS[name], rows


def _is_swapped(convention: _Convention, player: Whole) -> bool:
    return player_number(player, 2) == 1 and convention.shares_frame


def _swapped(rows: Rows) -> Rows:
    """CD and DC in the other's frame."""
    return rows[[0, 1, 3, 2, 4]]


def _signed(rows: Rows, convention: _Convention, logits: bool) -> Rows:
    if not convention.defects:
        return rows
    return -rows if logits else 1 - rows
