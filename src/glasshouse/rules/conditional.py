"""What rules share that only some games suit, which numbers of the game tell."""

import abc
from collections.abc import Iterator
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, PyTree

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Purpose, uniforms
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, SECOND, AbstractDirection, AbstractRule, Directions
from glasshouse.rules.calculus import check_exact, check_separate

PROFILES_ASKED = 3
"""Profiles at which a game is asked what it is like: at random ones no property holds by chance."""

MERE_ROUNDING = 1024
"""Differences of so many times the precision are none."""


class AbstractConditional(AbstractDirection):
    """A rule without memory, for games of a kind that their numbers tell: payoffs, or couplings.

    It refuses all others. Where numbers are traced, on which no error can depend, its directions
    are NaN in others.
    """

    reasons: ClassVar[tuple[str, ...]]
    """Why it may not suit a game, in words that go on after its own."""

    @abc.abstractmethod
    def obstacles(self, game: AbstractParametricGame) -> Bool[RealArray, "reasons"]:
        """Which of the `reasons` hold in a game.

        **Raises:** `InputError` where its structure tells already.
        """

    @abc.abstractmethod
    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Params:
        """Everyone's direction of ascent at `params`, in a game that suits."""

    def check(self, game: AbstractParametricGame) -> Bool[RealArray, ""]:
        """Whether the game suits, where its numbers are traced; elsewhere it does.

        **Raises:** `InputError` for a game that does not.
        """
        if APART in self.needs:
            check_separate(game, self.words)
        if SECOND in self.needs:
            check_exact(game, self.words)
        if is_traced(game):
            found = self.obstacles(game)
        else:
            with jax.ensure_compile_time_eval():
                found = in_float64(self.obstacles)(game)
        if not is_traced(found):
            self.refuse(found, game)
        return ~jnp.any(found)

    def refuse(
        self, found: Bool[RealArray, "*games reasons"], game: AbstractParametricGame
    ) -> None:
        """Say the first reason that holds, in any of some games like this one.

        **Raises:** `InputError`, naming the rule and the game.
        """
        each = np.any(np.asarray(found).reshape(-1, len(self.reasons)), axis=0).tolist()
        for reason, holds in zip(self.reasons, each, strict=True):
            if holds:
                raise InputError(f"{self.words} {reason.format(game=type(game).__name__)}")

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        return self.check(game)

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        return self.resting_direction(game, params, state, key), state

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        found = self.towards(game, params, key)
        return jax.tree.map(lambda x: jnp.where(state, x, jnp.nan), found)


def conditional_inside(rule: AbstractRule) -> Iterator[AbstractConditional]:
    """The rules that only some games suit, among a rule and those it holds."""
    if isinstance(rule, AbstractConditional):
        yield rule
        return
    inner = jax.tree.leaves(rule, is_leaf=lambda x: isinstance(x, AbstractRule) and x is not rule)
    for other in inner:
        if isinstance(other, AbstractRule):
            yield from conditional_inside(other)


def check_suits(rule: AbstractRule, game: AbstractParametricGame) -> None:
    """Refuse a game that does not suit a rule, or one that it holds.

    **Raises:** `InputError` naming both.
    """
    for own in conditional_inside(rule):
        own.check(game)


def probes(game: AbstractParametricGame) -> list[Params]:
    """Some profiles inside the boxes, within 1 of the neutral one, always the same."""
    neutral = game.neutral()
    leaves, structure = jax.tree.flatten(neutral)
    lows = jax.tree.leaves(tuple(box.lower for box in game.spaces))
    highs = jax.tree.leaves(tuple(box.upper for box in game.spaces))
    sizes = [int(np.size(x)) for x in leaves]
    rows = uniforms(0, Purpose.DEVIATIONS, PROFILES_ASKED, sum(sizes))
    found = []
    for row in rows:
        parts = np.split(row, np.cumsum(sizes)[:-1])
        drawn = [
            _between(jnp.maximum(low, x - 1), jnp.minimum(high, x + 1), part)
            for x, low, high, part in zip(leaves, lows, highs, parts, strict=True)
        ]
        found.append(jax.tree.unflatten(structure, drawn))
    return found


def _between(low: Array, high: Array, share: np.ndarray) -> Array:
    return low + (high - low) * share.reshape(jnp.shape(low))


def differ(one: PyTree, other: PyTree, size: RealArray | float = 1.0) -> Bool[Array, ""]:
    """Whether some number differs by more than rounding of numbers of that size."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    apart = [jnp.max(jnp.abs(x - y), initial=0.0) for x, y in pairs]
    largest = jnp.max(jnp.stack(apart))
    return ~(largest <= MERE_ROUNDING * jnp.finfo(largest.dtype).eps * size)
