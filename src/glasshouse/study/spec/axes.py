"""`[sweep]` of a study: which numbers take which values."""

import itertools
import math
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from glasshouse.study.spec.dotted import flat
from glasshouse.study.spec.values import Number, Section, is_number


class RangeSpec(Section):
    """Evenly spaced values, both ends included."""

    start: Number
    """The first value."""
    stop: Number
    """The last value."""
    count: Annotated[int, Field(ge=2, le=100_000, strict=True)]
    """How many values."""

    @model_validator(mode="after")
    def _increasing(self) -> "RangeSpec":
        if not self.start < self.stop:
            raise ValueError(f"start {self.start:g} must be below stop {self.stop:g}")
        values = self.values()
        if np.any(values[1:] <= values[:-1]):
            raise ValueError(f"{self.count} values between {self.start} and {self.stop} coincide")
        return self

    def values(self) -> np.ndarray:
        """The values, those between the ends rounded to twelve digits so that 0.3 is 0.3."""
        largest = max(abs(self.start), abs(self.stop))
        digits = 12 - math.floor(math.log10(largest))
        # Neither stop - start nor 10**digits, which overflow for numbers that are fine.
        inner = np.arange(1, self.count - 1) / (self.count - 1)
        between = (self.start * (1 - inner) + self.stop * inner).tolist()
        rounded = [round(value, digits) + 0.0 for value in between]  # and no -0.0
        return np.array([self.start, *rounded, self.stop], dtype=float)


def _values(value: object) -> object:
    """A list of numbers in increasing order."""
    if not isinstance(value, list | tuple) or not value or not all(map(is_number, value)):
        raise ValueError(f"must be a range or a list of numbers, but is {value!r:.60}")
    if any(b <= a for a, b in itertools.pairwise(value)):
        raise ValueError(f"values must increase, but are {list(value)!r:.60}")
    return [float(x) for x in value]


AxisSpec = Annotated[
    Annotated[RangeSpec, Tag("range")]
    | Annotated[list[Number], BeforeValidator(_values), Tag("values")],
    Discriminator(lambda v: "range" if isinstance(v, dict | RangeSpec) else "values"),
]


def flat_axes(value: object) -> object:
    """`semantics.coupling = …` without quotes is a nested table in TOML, and means the same."""
    return flat(value, "sweep", _is_table) if isinstance(value, dict) else value


def _is_table(entry: object) -> bool:
    """Whether this holds axes, and is no range: `learning.start.0.0` has a key `start` too."""
    if not isinstance(entry, dict):
        return False
    of_range = {"start", "stop", "count"} & set(entry)
    return bool(entry) and (
        not of_range or any(isinstance(entry[key], dict | list | tuple) for key in of_range)
    )


class SweepAxis(NamedTuple):
    """One axis of a sweep: the dotted `key` of a number in the study, and its `values`."""

    key: str
    values: tuple[float, ...]
