"""Line-ups: every player learns by a rule of its own."""

from collections.abc import Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.numbers import Numbers, checked_weights, shown
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, AbstractDirection, Directions
from glasshouse.rules.calculus import check_separate
from glasshouse.rules.gradient import Gradient


class PerPlayer(AbstractDirection):
    """Player i learns by `rules[i]`, all at once.

    **Arguments:** `rules`, one for each player (`Fixed()` for one that does not learn);
    `step_sizes`, one for each player, in multiples of the step size of the run (default 1 each).
    **Raises:** `InputError` for what are no rules that give directions, step sizes that are not
    positive, a game of another number of players, and where players' parameters are not apart.
    **Cost:** what each distinct rule costs, once.
    """

    rules: tuple[AbstractDirection, ...]
    step_sizes: Float[RealArray, "players"]
    alike: tuple[int, ...] = eqx.field(static=True, repr=False)

    words: ClassVar[str] = "a line-up"
    keeps_rest_points: ClassVar[bool] = False  # only where all of its rules do
    needs: ClassVar[frozenset[str]] = frozenset({APART})
    formula: ClassVar[str] = "player i's own rule"
    cost: ClassVar[str] = "each distinct rule once"
    in_studies: ClassVar[bool] = False

    def __init__(self, rules: Sequence[Any], step_sizes: Numbers | None = None):
        if not isinstance(rules, list | tuple) or not rules:
            raise InputError(f"rules must be one rule for each player, not {shown(rules)}")
        for i, rule in enumerate(rules):
            if not isinstance(rule, AbstractDirection):
                raise InputError(
                    f"the rule of player {i + 1} must be one that gives a direction, such as "
                    f"Gradient() or Fixed(), not {shown(rule)}"
                )
        self.rules, self.alike = tuple(rules), _first_alike(rules)
        ones = np.ones(len(rules))
        sizes = ones if step_sizes is None else checked_weights(step_sizes, "step_sizes", None)
        if np.shape(sizes) != ones.shape:
            raise InputError(
                f"step_sizes must be one number for each of {len(rules)} players, but has shape "
                f"{np.shape(sizes)}"
            )
        if not is_traced(sizes) and not np.all(np.asarray(sizes) > 0):
            raise InputError(f"step_sizes must be positive, but are {shown(sizes)}")
        self.step_sizes = sizes

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        check_separate(game, "a line-up of rules")
        if game.players != len(self.rules):
            raise InputError(
                f"the line-up has {len(self.rules)} rules, but the game has {game.players} players"
            )
        return [rule.init(game, params, key) for rule in self.distinct()[0]]

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        rules, which = self.distinct()
        found = [
            rule.direction(game, params, own, key) for rule, own in zip(rules, state, strict=True)
        ]
        sizes = jnp.asarray(self.step_sizes, dtype=float)
        directions = tuple(
            jax.tree.map(lambda d, i=i: sizes[i] * d, found[k][0][i]) for i, k in enumerate(which)
        )
        return directions, [own for _, own in found]

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        rules, which = self.distinct()
        found = [
            rule.resting_direction(game, params, own, key)
            for rule, own in zip(rules, state, strict=True)
        ]
        return tuple(found[k][i] for i, k in enumerate(which))

    def distinct(self) -> tuple[list[AbstractDirection], list[int]]:
        """The rules without repetitions, and which of them each player uses.

        A rule computes all players' directions at once, so that two players who learn alike share
        them.
        """
        used = sorted(set(self.alike))
        return [self.rules[k] for k in used], [used.index(k) for k in self.alike]

    @classmethod
    def example(cls) -> "PerPlayer":
        return cls((Gradient(), Gradient()), (1.0, 0.5))


def _first_alike(rules: Sequence[AbstractDirection]) -> tuple[int, ...]:
    """For each rule the first that equals it; compared while numbers can be read."""
    return tuple(
        next(k for k, other in enumerate(rules) if other is rule or _equal(other, rule))
        for rule in rules
    )


def _equal(one: AbstractDirection, other: AbstractDirection) -> bool:
    return not is_traced(one, other) and bool(eqx.tree_equal(one, other))
