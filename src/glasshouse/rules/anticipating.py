"""What rules share that look ahead: how far each player is believed to step."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, checked_weights
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import Params
from glasshouse.rules.base import APART, SECOND, AbstractMemoryless

LOOK_AHEAD = Key(
    "How far the others are expected to step; default 1.",
    1.0,
    symbol="α",
    axis="look-ahead α (parameter units per unit of gradient)",
)

BELIEVED = Key(
    "Of each player, its step as all believe it, in multiples of look_ahead; default 1 each.",
    None,
    several=True,
)


class AbstractAnticipating(AbstractMemoryless):
    """A rule by which players expect the others to take a selfish step of size α.

    **Arguments:** `look_ahead` α, in units of a step size; `believed_step_sizes`, for each player
    how far it is believed to step, in multiples of α (default 1 each; 0 for one who does not
    learn).
    **Raises:** `InputError` for numbers that are negative or not finite, another number of players,
    and where players' parameters are not apart.
    """

    look_ahead: Float[RealArray, ""]
    believed_step_sizes: Float[RealArray, "players"] | None

    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    keys: ClassVar[Mapping[str, Key]] = {
        "look_ahead": LOOK_AHEAD,
        "believed_step_sizes": BELIEVED,
    }

    def __init__(self, look_ahead: Numbers = 1.0, believed_step_sizes: Numbers | None = None):
        self.look_ahead = not_negative(look_ahead, "look_ahead")
        given = believed_step_sizes is not None
        name = "believed_step_sizes"
        self.believed_step_sizes = not_negative(believed_step_sizes, name, None) if given else None

    def expected(self, vector: Params) -> Params:
        """What belongs to player j times the step that j is believed to take."""
        believed = self.believed_step_sizes
        if believed is None:
            return jax.tree.map(lambda x: self.look_ahead * x, vector)
        if np.shape(believed) != (len(vector),):
            raise InputError(
                f"believed_step_sizes must be one number for each of {len(vector)} players, but "
                f"has shape {np.shape(believed)}"
            )
        sizes = self.look_ahead * jnp.asarray(believed)
        return tuple(jax.tree.map(lambda x, j=j: sizes[j] * x, v) for j, v in enumerate(vector))


def not_negative(
    value: Numbers, name: str, shapes: Sequence[tuple[int, ...]] | None = ((),)
) -> RealArray:
    """Numbers of one of these shapes (None: of any), finite and none of them negative.

    **Raises:** `InputError` otherwise; what is traced is not looked at.
    """
    numbers = checked_weights(value, name, shapes)
    if not is_traced(numbers) and not np.all(np.asarray(numbers) >= 0):
        least = float(np.min(np.asarray(numbers)))
        raise InputError(f"{name}={least:g} must be at least 0")
    return numbers


def plus(one: Params, *others: Params) -> Params:
    """The sum of params."""
    return jax.tree.map(lambda x, *more: x + sum(more), one, *others)


def minus(one: Params, other: Params) -> Params:
    """The difference of params."""
    return jax.tree.map(lambda x, y: x - y, one, other)
