"""Full access: everybody sees everything."""

from typing import ClassVar

from jaxtyping import PyTree

from glasshouse.channels.base import AbstractAccess, Views
from glasshouse.channels.box import Box


class Full(AbstractAccess):
    """Everybody sees everybody's parameters as they are."""

    is_full = True
    has_one_switch = True
    stays_in_boxes = True
    meaning: ClassVar[str] = "everybody sees everybody's parameters as they are"
    listed: ClassVar[int] = 1

    @property
    def words(self) -> str:
        return "full access"

    def check(self, boxes: tuple[Box, ...]) -> None:
        return

    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        return Views((params,) * len(params))

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Full":
        return cls()
