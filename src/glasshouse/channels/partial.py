"""Partial access: some players are read, or some coordinates are visible."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Bool, PyTree

from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import shown, whole
from glasshouse.channels.base import AbstractAccess, Views, shown_to_others
from glasshouse.channels.box import Box
from glasshouse.errors import InputError

MOST_NAMED = 12
"""As many players are named."""


class OneSided(AbstractAccess):
    """Only some players can read; to the others everybody's parameters look neutral.

    A player who is read has reason to show good will; reading gives none. With two players and
    `readers=(0,)` the first reads, the second is read.

    **Arguments:** `readers`, the indices of those who see the others' parameters, or one of them.
    **Raises:** `InputError` for indices that are no whole numbers or occur twice and, in a game,
    for a reader that is no player.
    """

    stays_in_boxes = True
    meaning: ClassVar[str] = "to the others everybody's parameters look neutral"
    study_name: ClassVar[str] = "one_sided"
    listed: ClassVar[int] = 2
    keys: ClassVar[Mapping[str, Key]] = {
        "readers": Key(
            "Who reads, counted from 0: [0] for the first player alone.",
            kind=int,
            several=True,
            fewest=0,
            least=0,
        )
    }

    readers: tuple[int, ...] = eqx.field(static=True)

    @property
    def words(self) -> str:
        names = [str(i + 1) for i in sorted(self.readers)]
        if len(names) > MOST_NAMED:
            more = len(names) - MOST_NAMED
            return f"only players {', '.join(names[:MOST_NAMED])} and {more} more read"
        if len(names) < 2:
            return f"only player {names[0]} reads" if names else "nobody reads"
        return f"only players {', '.join(names[:-1])} and {names[-1]} read"

    def __init__(self, readers: Any):
        several = isinstance(readers, Iterable) and getattr(readers, "ndim", 1) > 0
        given: tuple[Any, ...] = tuple(readers) if several else (readers,)
        self.readers = tuple(whole(i, "each of readers", least=0) for i in given)
        if len(set(self.readers)) < len(self.readers):
            raise InputError(
                f"readers={self.readers!r:.60} must be different players, counted from 0: (0,) "
                "lets the first player alone read"
            )

    def check(self, boxes: tuple[Box, ...]) -> None:
        unknown = [i for i in self.readers if i >= len(boxes)]
        if unknown:
            raise InputError(
                f"readers names player {unknown[0]}, but players are counted from 0 to "
                f"{len(boxes) - 1}"
            )

    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        blind = shown_to_others(params, tuple(box.neutral() for box in boxes))
        return Views(tuple(params if i in self.readers else x for i, x in enumerate(blind)))

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "OneSided":
        return cls(readers=(0,))


class Mask(AbstractAccess):
    """Only some coordinates of the parameters are visible; the others look neutral to readers.

    **Arguments:** `visible`, for each owner True where readers see the coordinate: a pytree of the
    structure and shapes of its parameters, lists being arrays; or one such pytree for all players
    alike, which is what a mask that fits everybody's parameters means, be they a tuple or not.
    **Raises:** `InputError`, in a game, for a mask of another structure or shape.
    """

    stays_in_boxes = True
    meaning: ClassVar[str] = "the other coordinates look neutral to readers"
    listed: ClassVar[int] = 3
    section: ClassVar[Any] = "glasshouse.study.spec.access:MaskSection"
    keys: ClassVar[Mapping[str, Key]] = {
        "visible": Key(
            "Whether readers see each coordinate: one list for all players, or one list for each.",
            annotation="glasshouse.study.spec.access:Visible",
        )
    }

    visible: tuple[PyTree, ...] | PyTree

    @property
    def words(self) -> str:
        if not isinstance(self.visible, tuple):
            return f"{_counted(self.visible)} coordinates of each player visible"
        each = list(map(_counted, self.visible))
        more = [f"… {len(each) - MOST_NAMED} more"] * (len(each) > MOST_NAMED)
        return f"coordinates visible, player by player: {', '.join([*each[:MOST_NAMED], *more])}"

    def __init__(self, visible: tuple[PyTree, ...] | PyTree):
        self.visible = jax.tree.map(_as_mask, visible, is_leaf=lambda tree: isinstance(tree, list))

    def check(self, boxes: tuple[Box, ...]) -> None:
        masks = self._masks(boxes)
        if len(masks) != len(boxes):
            raise InputError(
                f"the mask is for {len(masks)} player(s), but there are {len(boxes)}: give one "
                "mask for all, or a tuple with one for each"
            )
        for i, (mask, box) in enumerate(zip(masks, boxes, strict=True)):
            found, wanted = (jax.tree.map(np.shape, tree) for tree in (mask, box.lower))
            if jax.tree.structure(mask) != jax.tree.structure(box.lower) or found != wanted:
                raise InputError(
                    f"the mask of player {i + 1} has shape {shown(found)}, but its parameters "
                    f"have {shown(wanted)}: give True or False for every coordinate"
                )

    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        each = zip(self._masks(boxes), params, boxes, strict=True)
        shown = [jax.tree.map(jnp.where, mask, own, box.neutral()) for mask, own, box in each]
        return Views(shown_to_others(params, tuple(shown)))

    def _masks(self, boxes: tuple[Box, ...]) -> tuple[PyTree, ...]:
        structure = jax.tree.structure(self.visible)
        fits_all = all(jax.tree.structure(box.lower) == structure for box in boxes)
        one_each = isinstance(self.visible, tuple) and not fits_all
        return self.visible if one_each else (self.visible,) * len(boxes)

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Mask":
        """Every other coordinate of each array, the first being visible."""

        def alternating(bound: ArrayLike) -> np.ndarray:
            shape = np.shape(bound)
            return (np.arange(int(np.prod(shape))) % 2 == 0).reshape(shape)

        return cls(tuple(jax.tree.map(alternating, box.lower) for box in boxes))


def _counted(mask: PyTree) -> str:
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(mask)]
    return f"{sum(int(x.sum()) for x in leaves)} of {sum(x.size for x in leaves)}"


def _as_mask(value: ArrayLike | list) -> Bool[np.ndarray, "..."]:
    try:
        array = np.asarray(value)
    except ValueError:
        raise InputError(
            f"a mask must have rows of equal lengths, but holds {value!r:.60}: give True or False "
            "for every coordinate"
        ) from None
    if array.dtype != bool:
        raise InputError(
            f"a mask says True or False for every coordinate, but holds {value!r:.60}: compare, "
            "as in weights > 0"
        )
    return array
