"""The rule of any two who meet: which one each learns by is a number, and no other program."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, AbstractDirection, Directions, moves_of
from glasshouse.rules.calculus import check_separate, own_of_each
from glasshouse.rules.gradient import Gradient


class Seats(AbstractDirection):
    """Player i learns by the rule `number[i]` of the group `kind[i]`.

    What `PerPlayer` is for one line-up, this is for all of a league: the program holds every group
    of rules once, as a branch of which each player takes one. Where neither index belongs to a
    batch nothing else is computed, which is a sixth of the work of a league of twelve; a loop over
    the players keeps each branch from being compiled for either.

    **Arguments:** `rules`, whose arrays have a leading axis over the members of their group.
    **Cost:** the rules of both players, once each.
    """

    rules: tuple[AbstractDirection, ...]
    kind: Int[RealArray, "players"]
    number: Int[RealArray, "players"]

    words: ClassVar[str] = "a pair of a league"
    keeps_rest_points: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({APART})
    formula: ClassVar[str] = "player i's own rule"
    cost: ClassVar[str] = "each player's rule once"
    in_studies: ClassVar[bool] = False

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        check_separate(game, "a league")

        def of(number: Array) -> tuple[Any, ...]:
            each = (_member(rule, number) for rule in self.rules)
            return tuple(rule.init(game, params, key) for rule in each)

        return jax.vmap(of)(jnp.asarray(self.number))

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        def of(k: int, rule: AbstractDirection, state: tuple[Any, ...]) -> tuple[Params, Any]:
            found, own = rule.direction(game, params, state[k], key)
            return moves_of(params, found), (*state[:k], own, *state[k + 1 :])

        directions, state = self._of_each(of, state)
        return own_of_each(directions), state

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        def of(k: int, rule: AbstractDirection, state: tuple[Any, ...]) -> Params:
            return moves_of(params, rule.resting_direction(game, params, state[k], key))

        return own_of_each(self._of_each(of, state))

    def _of_each(self, of: Callable[..., Any], state: Any) -> Any:
        """What `of(k, rule, state)` gives of each player's rule, with a leading axis over them."""
        branches = [
            lambda number, state, k=k, rule=rule: of(k, _member(rule, number), state)
            for k, rule in enumerate(self.rules)
        ]

        def body(_: None, seat: Any) -> tuple[None, Any]:
            kind, number, state = seat
            return None, jax.lax.switch(kind, branches, number, state)

        seats = (jnp.asarray(self.kind), jnp.asarray(self.number), state)
        return jax.lax.scan(body, None, seats)[1]

    @classmethod
    def example(cls) -> "Seats":
        return cls((Gradient(),), np.zeros(2, int), np.zeros(2, int))


def _member(rule: AbstractDirection, number: Array) -> AbstractDirection:
    """One rule of a group; a number beyond its end is that of another group, and not used."""

    def taken(x: Any) -> Any:
        return jnp.asarray(x)[jnp.minimum(number, len(x) - 1)] if eqx.is_array(x) else x

    return jax.tree.map(taken, rule)
