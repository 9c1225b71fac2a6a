"""`[access]` of a study: what each kind needs beyond what its class says of itself."""

from typing import Annotated, Any, ClassVar

import jax
import numpy as np
from pydantic import BeforeValidator, StrictBool

from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.box import Box
from glasshouse.channels.registry import CHANNELS
from glasshouse.errors import InputError
from glasshouse.study.spec.declared import Declared, Kinds, made
from glasshouse.theory.access import WITHOUT_THRESHOLD


def _visible(value: object) -> object:
    """True or false for every coordinate, for all players alike or in one list per player."""
    rows = value if isinstance(value, list | tuple) else []
    flat = [x for row in rows for x in (row if isinstance(row, list | tuple) else [row])]
    kinds = {isinstance(row, list | tuple) for row in rows}
    if not flat or len(kinds) > 1 or not all(isinstance(x, bool) for x in flat):
        raise ValueError(
            f"must say true or false for every coordinate, or in one list per player, but is "
            f"{value!r:.60}"
        )
    return value


Visible = Annotated[list[StrictBool | list[StrictBool]], BeforeValidator(_visible)]


class AccessSection(Declared):
    """Who sees what, by a class that says what it takes."""

    SETTING: ClassVar[str] = "kind"
    """The key that errors of the channel name."""
    MEANING: ClassVar[str] = ""
    """What it means for players, for the report."""

    @classmethod
    def declare(cls) -> None:
        cls.MEANING = cls.MADE.meaning
        cls.SETTING = next(iter(cls.MADE.keys), "kind")

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return made(self.MADE, self.settings())


class MaskSection(AccessSection):
    """Only some coordinates of the parameters are visible; the others look neutral."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes.

        **Raises:** `InputError` for lists that do not fit the parameters.
        """
        visible = self.settings()["visible"]
        alike = not isinstance(visible[0], list)
        rows = [visible] * len(boxes) if alike else visible
        if len(rows) != len(boxes):
            raise InputError(f"visible has {len(rows)} lists, but there are {len(boxes)} players")
        pairs = enumerate(zip(rows, boxes, strict=True))
        masks = tuple(_mask(i, row, box) for i, (row, box) in pairs)
        return self.MADE(masks[0] if alike and len({m.shape for m in masks}) == 1 else masks)


ACCESS_SPECS: Kinds[AccessSection] = Kinds(CHANNELS, AccessSection, frozenset(), "Who sees what")
"""The tables of all kinds by name, registered ones too."""


def with_threshold(value: Any) -> Any:
    """Refuse access that learning cannot feel; a table without anything in it means full access."""
    if not isinstance(value, dict):
        return value
    reason = WITHOUT_THRESHOLD.get(str(value.get("kind")))
    if reason is not None:
        raise ValueError(f"{value['kind']} access has no first-order threshold: {reason}")
    return value or {"kind": "full"}


def _mask(player: int, row: Any, box: Box) -> np.ndarray:
    """A player's list in the shape of its parameters."""
    leaves = jax.tree.leaves(box.lower)
    if len(leaves) != 1 or np.size(leaves[0]) != len(row):
        size = sum(np.size(leaf) for leaf in leaves)
        raise InputError(
            f"visible has {len(row)} entries for player {player + 1}, which has {size} parameters: "
            "give true or false for each"
        )
    return np.reshape(np.array(row, dtype=bool), np.shape(leaves[0]))
