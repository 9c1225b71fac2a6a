"""The numbers of certificate files: each is exact, and written in one way only."""

import math
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer


def _exact(value: object) -> float:
    """A number, or one written as `float.hex` does it: 0x1.8000000000000p-1 for 0.75.

    Zero has one sign: as a real number it has none.
    """
    number = math.nan
    if isinstance(value, float):
        number = value
    elif isinstance(value, str):
        try:
            number = float.fromhex(value)
        except (ValueError, OverflowError):
            number = math.nan
        number = number if number.hex() == value else math.nan
    if math.isnan(number):
        raise ValueError(
            f"must be a number such as '0x1.8000000000000p-1' for 0.75, but is {value!r:.40}"
        )
    return number + 0.0


Exact = Annotated[float, BeforeValidator(_exact), PlainSerializer(float.hex)]
"""A double, written exactly; "inf" and "-inf" for infinities."""

Finite = Annotated[Exact, Field(allow_inf_nan=False)]
"""One that is finite."""


def _nested(value: object) -> object:
    """Numbers in lists of lists, however deep."""
    return tuple(map(_nested, value)) if isinstance(value, list | tuple) else _exact(value)


def _written(value: Any) -> Any:
    return list(map(_written, value)) if isinstance(value, tuple) else float.hex(value)


Nested = Annotated[Any, BeforeValidator(_nested), PlainSerializer(_written)]


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of nested tuples, or a `ValueError` where they are ragged."""
    if not isinstance(value, tuple):
        return ()
    shapes = set(map(shape_of, value))
    if len(shapes) != 1:
        raise ValueError("lists inside must have one length, and not be empty")
    return (len(value), *shapes.pop())


def flattened(value: Any) -> Iterator[float]:
    """All numbers in nested tuples or lists."""
    if isinstance(value, list | tuple):
        for entry in value:
            yield from flattened(entry)
    else:
        yield value


Count = Annotated[int, Field(ge=0, strict=True)]
"""A whole number."""

Truth = Annotated[bool, Field(strict=True)]
