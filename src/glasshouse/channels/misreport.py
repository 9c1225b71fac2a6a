"""Reports: what players show is not what they play."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PyTree

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, number_within
from glasshouse.channels.base import AbstractChannel, Views, shown_to_others
from glasshouse.channels.box import Box
from glasshouse.errors import InputError


class Misreported(NamedTuple):
    """What a player chooses where it may misreport: what it plays, and the offset of what it shows.

    **Arguments:** `played`, the semantics' own parameter; `offset`, of the same structure and
    shapes, added to it in what the others see.
    """

    played: PyTree
    offset: PyTree


class Reported(NamedTuple):
    """What a player chooses where its report is free: what it plays, and what it shows.

    **Arguments:** `played` and `shown`, each a parameter of the semantics.
    """

    played: PyTree
    shown: PyTree


class Misreport(AbstractChannel):
    """Players show what they play plus an offset within a budget, and learn the offset, too.

    Definition: everyone's params are `Misreported(played, offset)`, every coordinate of the offset
    in [-b, b]; the others see played + offset, which may lie outside the box of what is played.

    **Arguments:** `budget` b > 0, a number in units of the parameter.
    **Raises:** `InputError` for a budget that is not positive, infinite or no number.
    """

    meaning: ClassVar[str] = (
        "everybody learns two things, what it plays and the offset that the others see added to it"
    )
    listed: ClassVar[int] = 6
    keys: ClassVar[Mapping[str, Key]] = {
        "budget": Key(
            "b: every coordinate of the offset lies in [-b, b].",
            symbol="b",
            axis="budget b of misreports (parameter units)",
            above=0,
        )
    }

    budget: Float[RealArray, ""]

    @property
    def words(self) -> str:
        most = float(np.asarray(self.budget))
        return f"reports off by a learned offset of at most {most:.6g}"

    def __init__(self, budget: Numbers):
        self.budget = number_within(budget, "budget")
        if not is_traced(self.budget) and not float(np.asarray(self.budget)) > 0:
            raise InputError("budget must be positive: where nobody misreports, access is Full()")

    def check(self, boxes: tuple[Box, ...]) -> None:
        return

    def spaces(self, boxes: tuple[Box, ...]) -> tuple[Box, ...]:
        def offsets(bound: PyTree, sign: float) -> PyTree:
            return jax.tree.map(lambda x: sign * self.budget * np.ones(np.shape(x)), bound)

        lower = [Misreported(box.lower, offsets(box.lower, -1.0)) for box in boxes]
        upper = [Misreported(box.upper, offsets(box.upper, 1.0)) for box in boxes]
        centre = [
            None if box.centre is None else Misreported(box.centre, offsets(box.lower, 0.0))
            for box in boxes
        ]
        return tuple(map(Box, lower, upper, centre))

    def played(self, params: tuple[Misreported, ...]) -> tuple[PyTree, ...]:
        return tuple(own.played for own in params)

    def look(self, params: tuple[Misreported, ...], boxes: tuple[Box, ...]) -> Views:
        shown = tuple(jax.tree.map(jnp.add, own.played, own.offset) for own in params)
        return Views(shown_to_others(self.played(params), shown))

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Misreport":
        return cls(1.0)


class Decoupled(AbstractChannel):
    """Players show a parameter that has nothing to do with the one they play, and learn both.

    Definition: everyone's params are `Reported(played, shown)`, both in the semantics' box.
    """

    stays_in_boxes = True
    meaning: ClassVar[str] = "everybody learns two things, what it plays and what it shows"
    listed: ClassVar[int] = 7

    @property
    def words(self) -> str:
        return "reports learned apart from what is played"

    def check(self, boxes: tuple[Box, ...]) -> None:
        return

    def spaces(self, boxes: tuple[Box, ...]) -> tuple[Box, ...]:
        def twice(own: PyTree) -> Reported | None:
            return None if own is None else Reported(own, own)

        return tuple(Box(twice(box.lower), twice(box.upper), twice(box.centre)) for box in boxes)

    def played(self, params: tuple[Reported, ...]) -> tuple[PyTree, ...]:
        return tuple(own.played for own in params)

    def look(self, params: tuple[Reported, ...], boxes: tuple[Box, ...]) -> Views:
        return Views(shown_to_others(self.played(params), tuple(own.shown for own in params)))

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Decoupled":
        return cls()
