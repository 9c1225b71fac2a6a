"""`[access]` of a study: one class per kind, each building its channel."""

from typing import Annotated, Any, ClassVar, Literal

import jax
import numpy as np
from pydantic import BeforeValidator, Field, StrictBool

from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.box import Box
from glasshouse.channels.full import Full
from glasshouse.channels.misreport import Decoupled, Misreport
from glasshouse.channels.partial import Mask, OneSided
from glasshouse.channels.uncertain import Noisy, Probabilistic
from glasshouse.errors import InputError
from glasshouse.study.spec.values import Section
from glasshouse.theory.access import WITHOUT_THRESHOLD

NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False, strict=True)]


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


class FullSpec(Section):
    """Everybody sees everybody's parameters as they are."""

    SETTING: ClassVar[str] = "kind"
    MEANING: ClassVar[str] = "everybody sees everybody's parameters as they are"

    kind: Literal["full"] = "full"
    """Who sees what: full, one_sided, mask, probabilistic, noisy, misreport or decoupled."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return Full()


class OneSidedSpec(Section):
    """Only some players read; to the others everybody's parameters look neutral."""

    SETTING: ClassVar[str] = "readers"
    MEANING: ClassVar[str] = "to the others everybody's parameters look neutral"

    kind: Literal["one_sided"]
    """Who sees what."""
    readers: list[Annotated[int, Field(ge=0, strict=True)]]
    """Who reads, counted from 0: [0] for the first player alone."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return OneSided(self.readers)


class MaskSpec(Section):
    """Only some coordinates of the parameters are visible; the others look neutral."""

    SETTING: ClassVar[str] = "visible"
    MEANING: ClassVar[str] = "the other coordinates look neutral to readers"

    kind: Literal["mask"]
    """Who sees what."""
    visible: Annotated[list[StrictBool | list[StrictBool]], BeforeValidator(_visible)]
    """Whether readers see each coordinate: one list for all players, or one list for each."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes.

        **Raises:** `InputError` for lists that do not fit the parameters.
        """
        alike = not isinstance(self.visible[0], list)
        rows = [self.visible] * len(boxes) if alike else self.visible
        if len(rows) != len(boxes):
            raise InputError(f"visible has {len(rows)} lists, but there are {len(boxes)} players")
        pairs = enumerate(zip(rows, boxes, strict=True))
        masks = tuple(_mask(i, row, box) for i, (row, box) in pairs)
        return Mask(masks[0] if alike and len({m.shape for m in masks}) == 1 else masks)


class ProbabilisticSpec(Section):
    """Every reader sees every owner's parameters with some probability, else the neutral ones."""

    SETTING: ClassVar[str] = "probability"
    MEANING: ClassVar[str] = (
        "in every play, for each reader and owner by itself; what is not seen looks neutral"
    )

    kind: Literal["probabilistic"]
    """Who sees what."""
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
    """λ, from 0 to 1, the same for all readers and owners."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return Probabilistic(self.probability)


class NoisySpec(Section):
    """Readers see parameters plus noise N(0, σ²), drawn for each reader, owner and coordinate."""

    SETTING: ClassVar[str] = "scale"
    MEANING: ClassVar[str] = "drawn anew in every play, independently for each reader and owner"

    kind: Literal["noisy"]
    """Who sees what."""
    scale: NotNegative
    """σ, the standard deviation in units of the parameter."""
    draws: Annotated[int, Field(ge=2, le=1_000_000, multiple_of=2, strict=True)] = 256
    """How many draws stand for noise in more than two numbers per reader; fewer are integrated."""
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    """Of these draws: the same seed gives the same noise, whatever JAX's settings."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return Noisy(self.scale, self.draws, self.seed)


class MisreportSpec(Section):
    """Players show what they play plus an offset within a budget, and learn the offset, too."""

    SETTING: ClassVar[str] = "budget"
    MEANING: ClassVar[str] = (
        "everybody learns two things, what it plays and the offset that the others see added to it"
    )

    kind: Literal["misreport"]
    """Who sees what."""
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
    """b: every coordinate of the offset lies in [-b, b]."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return Misreport(self.budget)


class DecoupledSpec(Section):
    """Players show a parameter that has nothing to do with the one they play, and learn both."""

    SETTING: ClassVar[str] = "kind"
    MEANING: ClassVar[str] = "everybody learns two things, what it plays and what it shows"

    kind: Literal["decoupled"]
    """Who sees what."""

    def build(self, boxes: tuple[Box, ...]) -> AbstractChannel:
        """The channel for parameters in these boxes."""
        return Decoupled()


AccessSpec = (
    FullSpec
    | OneSidedSpec
    | MaskSpec
    | ProbabilisticSpec
    | NoisySpec
    | MisreportSpec
    | DecoupledSpec
)
ACCESS_SPECS: dict[str, type[AccessSpec]] = {
    "full": FullSpec,
    "one_sided": OneSidedSpec,
    "mask": MaskSpec,
    "probabilistic": ProbabilisticSpec,
    "noisy": NoisySpec,
    "misreport": MisreportSpec,
    "decoupled": DecoupledSpec,
}


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
