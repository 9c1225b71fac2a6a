"""Formulas of provability logic about what programs do: the tree, and how it is written."""

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

OTHER, ITSELF = "X", "self"
"""The program that is met, and the one whose formula it is."""

COOPERATE, DEFECT = "C", "D"


@dataclasses.dataclass(frozen=True)
class Formula:
    """Something that is true or false at each world."""

    ALONE: ClassVar[bool] = True
    """Whether it needs no brackets after □ and ¬."""

    @property
    def parts(self) -> "tuple[Formula, ...]":
        """The formulas it is made of."""
        return ()

    @property
    def after_sign(self) -> str:
        """As written after □ or ¬."""
        return str(self) if self.ALONE else f"({self})"


@dataclasses.dataclass(frozen=True)
class Truth(Formula):
    """⊤ or ⊥."""

    value: bool

    def __str__(self) -> str:
        return "⊤" if self.value else "⊥"


@dataclasses.dataclass(frozen=True)
class SameSource(Formula):
    """Both programs have the same formula."""

    def __str__(self) -> str:
        return "same"


@dataclasses.dataclass(frozen=True)
class Does(Formula):
    """What `who` does against `against` is `action`."""

    ALONE: ClassVar[bool] = False
    who: str
    against: str
    action: str

    def __str__(self) -> str:
        usual = {OTHER: ITSELF, ITSELF: OTHER}.get(self.who) == self.against
        return f"{self.who}{'' if usual else f'({self.against})'} = {self.action}"


@dataclasses.dataclass(frozen=True)
class Negation(Formula):
    """¬ of a formula."""

    inner: Formula

    def __str__(self) -> str:
        if isinstance(self.inner, Provable) and isinstance(self.inner.inner, Negation):
            return f"◇{self.inner.inner.inner.after_sign}"
        return f"¬{self.inner.after_sign}"

    @property
    def parts(self) -> tuple[Formula, ...]:
        return (self.inner,)


@dataclasses.dataclass(frozen=True)
class Provable(Formula):
    """□ of a formula: at a world where the formula holds at all earlier worlds."""

    inner: Formula

    def __str__(self) -> str:
        return f"□{self.inner.after_sign}"

    @property
    def parts(self) -> tuple[Formula, ...]:
        return (self.inner,)


TIGHTNESS = {"↔": 1, "→": 2, "∨": 3, "∧": 4}
"""Connectives, and how tightly each binds."""

MEANINGS = {
    "↔": lambda left, right: left == right,
    "→": lambda left, right: right or not left,
    "∨": lambda left, right: left or right,
    "∧": lambda left, right: left and right,
}


@dataclasses.dataclass(frozen=True)
class Connected(Formula):
    """Two formulas and a connective between them."""

    ALONE: ClassVar[bool] = False
    connective: str
    left: Formula
    right: Formula

    def __str__(self) -> str:
        own = TIGHTNESS[self.connective]
        # Of → the right one, of the others the left one may be the same again without brackets.
        left, right = (own + 1, own) if self.connective == "→" else (own, own + 1)
        return f"{self._side(self.left, left)} {self.connective} {self._side(self.right, right)}"

    @staticmethod
    def _side(part: Formula, outer: int) -> str:
        if isinstance(part, Connected):
            return f"({part})" if TIGHTNESS[part.connective] < outer else str(part)
        return str(part)

    @property
    def parts(self) -> tuple[Formula, ...]:
        return (self.left, self.right)


def everything_in(formula: Formula) -> Iterator[Formula]:
    """The formula and all that it is made of."""
    waiting = [formula]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.parts)
