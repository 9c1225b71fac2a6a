"""Values in study files: what is accepted, and what is said when it is not."""

import math
from typing import Annotated, Any, Literal, TypeGuard

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from glasshouse._foundation.arrays import DEEPEST


class Section(BaseModel):
    """One table of a study file: frozen, and no key goes unnoticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def is_number(value: object) -> TypeGuard[float]:
    """Whether this is a finite number; true and false are not."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _payoffs(value: object) -> object:
    """Nested lists of numbers in which everyone has a choice, or a `ValueError`."""
    found = _entries(value)
    try:
        shape = np.shape(found)  # type: ignore[arg-type]
    except ValueError:
        return found  # ragged: the game says so
    # Two dimensions are one player's table; a first one more counts the players.
    actions = shape if len(shape) == 2 and shape[0] == shape[1] else shape[1:]
    if 1 in actions:
        raise ValueError(f"player {actions.index(1) + 1} has one action: give at least two actions")
    return found


def _entries(value: object, where: str = "", level: int = 0) -> object:
    """Nested lists of numbers, or a `ValueError` saying which entry is not one."""
    if level > DEEPEST:
        raise ValueError(f"lists are nested more than {DEEPEST} levels deep")
    if isinstance(value, list | tuple):
        return [_entries(entry, f"{where}[{k}]", level + 1) for k, entry in enumerate(value)]
    if where and not is_number(value):
        raise ValueError(f"entry {where} must be a finite number, but is {value!r:.40}")
    return value


def as_tensor(payoffs: list[Any]) -> list[Any] | np.ndarray:
    """Payoffs of all players; two dimensions are the row player's in a symmetric game."""
    try:
        table = np.array(payoffs, dtype=float)
    except ValueError:
        return payoffs  # ragged: the game says so
    if table.ndim == 2 and table.shape[0] == table.shape[1]:
        return np.stack([table, table.T])
    return payoffs


def _rows(value: object, what: str) -> list[list[float]]:
    """Rows of numbers, or a `ValueError` saying which entry is not one."""
    rows = list(value) if isinstance(value, list | tuple) else []
    if not rows or not all(isinstance(row, list | tuple) for row in rows):
        raise ValueError(f"must be {what}, but is {value!r:.60}")
    for i, row in enumerate(rows):
        for j, entry in enumerate(row):
            if not is_number(entry):
                raise ValueError(f"entry [{i}][{j}] must be a finite number, but is {entry!r:.40}")
    return [[float(entry) for entry in row] for row in rows]


def _matrix(value: object) -> list[list[float]] | None:
    if value is None:
        return None
    rows = _rows(value, "a square matrix of numbers")
    if len({len(row) for row in rows} | {len(rows)}) > 1:
        lengths = [len(row) for row in rows]
        raise ValueError(f"must be a square matrix, but has rows of {lengths} numbers")
    return rows


NAMED_STARTS = ("normal", "grid", "neutral", "initial")
"""Starts that have a name in study files."""


def _start(value: object) -> str | list[list[float]]:
    if isinstance(value, str) and value in NAMED_STARTS:
        return value
    return _rows(
        value,
        "'normal', 'grid', 'neutral', 'initial' or a list of starts, each one number per player",
    )


def _cooperate(value: object) -> object:
    each = value if isinstance(value, list) and value else [value]
    if value is not None and not all(
        isinstance(x, str | int) and x is not True and x is not False for x in each
    ):
        raise ValueError(
            "must be an action's label, an index from 0, or a list of these, one for each player, "
            f"but is {value!r:.40}"
        )
    return value


def _epsilon(value: object) -> float | Literal[False]:
    if value is False:
        return False
    if not is_number(value) or value < 0:
        raise ValueError(
            f"must be a finite number of at least 0, in units of payoff, or false, but is "
            f"{value!r:.40}"
        )
    return float(value)


def _plugins(value: object) -> Any:
    if isinstance(value, str):
        raise ValueError(f"must be a list of names, as [{value!r:.60}]")
    places = tuple(value) if isinstance(value, list | tuple) else (value,)
    for place in places:
        is_file = isinstance(place, str) and place.endswith(".py") and "\0" not in place
        if not is_file and not (
            isinstance(place, str) and all(part.isidentifier() for part in place.split("."))
        ):
            raise ValueError(f"must name 'file.py' or 'package.module', but is {place!r:.60}")
    return places


def _number(value: object) -> Any:
    if not is_number(value):
        raise ValueError(f"must be a finite number, but is {value!r:.40}")
    return value


# One type each for what several keys hold; the schema says what editors should accept.
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Parameter = Annotated[int | float, BeforeValidator(_number)]
Plugins = Annotated[tuple[str, ...], BeforeValidator(_plugins)]
Parameters = dict[str, Parameter]
Payoffs = Annotated[list[Any], BeforeValidator(_payoffs)]
Epsilon = Annotated[
    Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)] | Literal[False],
    Field(union_mode="left_to_right"),  # 0 equals False
    BeforeValidator(_epsilon),
]
Matrix = Annotated[list[list[float]], BeforeValidator(_matrix)]
Start = Annotated[str | list[list[float]], BeforeValidator(_start)]
Cooperate = Annotated[str | int | list[str | int], BeforeValidator(_cooperate)]
