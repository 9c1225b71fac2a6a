"""Payoffs in labelled tables of pandas and xarray, which are read without importing them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.labels import Labels, default_labels

PLAYER = "player"
"""The dimension of an xarray that counts the players, wherever it stands."""

Names = list[Any] | None


class Table(NamedTuple):
    """Payoffs without their names, the names along each axis, and whether the first is known to
    count the players."""

    payoffs: Any
    names: tuple[Names, ...]
    told: bool


def unlabelled_payoffs(payoffs: Any) -> Table:
    """Payoffs as (players, *actions), and what pandas or xarray call their rows and columns.

    Two tables are those of the row and of the column player, their index the row player's actions
    and their columns the column player's.
    """
    if is_table(payoffs):
        raise InputError(
            "a DataFrame holds one player's payoffs, and a game needs those of both: give two, the "
            "row player's first, as (A, B); of a symmetric game these are (A, A.T)"
        )
    if _is_labelled(payoffs):
        return _of_dimensions(payoffs)
    if isinstance(payoffs, list | tuple) and any(_names_of(x) is not None for x in payoffs):
        return _of_tables(payoffs)
    return Table(payoffs, (), False)


def labels_of(names: Sequence[Names], actions: tuple[int, ...]) -> Labels | None:
    """Labels from the names along each axis, players first; numbers where there are none."""
    if all(given is None for given in names):
        return None
    usual = default_labels(actions)
    players, *rest = names
    return Labels(
        tuple(usual.players if players is None else players),
        tuple(
            tuple(own if given is None else given)
            for own, given in zip(usual.actions, rest, strict=True)
        ),
    )


def check_square(payoffs: Any) -> None:
    """Refuse a table whose rows and columns are not the same actions in the same order."""
    found = _names_of(payoffs)
    if found is not None and None not in found and found[0] != found[1]:
        raise InputError(
            f"rows are {_shown(found[0])} and columns {_shown(found[1])}: both must name the same "
            "actions in the same order, as A.loc[actions, actions]"
        )


def is_table(value: Any) -> bool:
    """Whether this is a DataFrame of pandas or another library like it."""
    there = all(hasattr(value, name) for name in ("index", "columns", "to_numpy"))
    return there and not callable(value.index)


def _is_labelled(value: Any) -> bool:
    """Whether this is a DataArray of xarray."""
    return all(hasattr(value, name) for name in ("dims", "coords", "to_numpy"))


def _names_of(value: Any) -> tuple[Names, ...] | None:
    """The names along each axis of a table or labelled array, None for anything else."""
    if is_table(value):
        return _named(value.index), _named(value.columns)
    if _is_labelled(value):
        return tuple(_named(value.coords.get(dim)) for dim in value.dims)
    return None


def _named(axis: Any) -> Names:
    """What an axis is called; None where it is only counted, from 0."""
    if axis is None:
        return None
    names = axis.to_numpy().tolist()
    return None if names == list(range(len(names))) else names


def _of_dimensions(payoffs: Any) -> Table:
    dims = list(payoffs.dims)
    told = PLAYER in dims
    at = dims.index(PLAYER) if told else 0
    names = list(_names_of(payoffs) or ())
    names.insert(0, names.pop(at))
    return Table(np.moveaxis(payoffs.to_numpy(), at, 0), tuple(names), told)


def _of_tables(payoffs: Sequence[Any]) -> Table:
    """Several tables, one for each player; arrays among them have the names of the others."""
    each = [names for names in map(_names_of, payoffs) if names is not None]
    for names in each[1:]:
        for first, other in zip(each[0], names, strict=False):
            if first != other:
                raise InputError(
                    f"the tables name actions differently, {_shown(first)} and {_shown(other)}: "
                    "bring both into one order, as B.loc[A.index, A.columns]"
                )
    arrays = [x if _names_of(x) is None else x.to_numpy() for x in payoffs]
    return Table(arrays, (None, *each[0]), True)


def _shown(names: Names) -> str:
    return "numbered" if names is None else f"{names!r:.60}"
