"""LOLA among many who are alike: every player meets its mean opponent, so many times."""

from collections.abc import Mapping
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, not_negative
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.parametric.tied import untieable
from glasshouse.rules.anticipating import LOOK_AHEAD
from glasshouse.rules.base import APART, SECOND
from glasshouse.rules.calculus import plus
from glasshouse.rules.conditional import AbstractConditional, differ, probes

OTHER_BOXES = (
    "needs players who can be exchanged for one another, and in this {game} their boxes differ: "
    "use Lola() there"
)
OTHER_PAYOFFS = (
    "needs players who can be exchanged for one another, and in this {game} exchanging two changes "
    "more than their payoffs: use Lola() there"
)


class MeanFieldLola(AbstractConditional):
    """LOLA that shapes its mean opponent, n - 1 times: for players who are alike.

    Definition: ξ_i + α (n-1) [(∂ξ_i/∂θ_j) ξ_j + (∂ξ_j/∂θ_i)ᵀ ∂U_i/∂θ_j], the bracket for any one
    j ≠ i where i is at θ_i and all others are at their mean. Where the others are equal it is
    `Lola` exactly, and with two players always. Its rest points are in general others than those of
    selfish learning.

    **Arguments:** `look_ahead` α, in units of a step size.
    **Raises:** `InputError` for a negative look-ahead, where parameters are not apart, and where
    exchanging two players changes more than their payoffs.
    **Cost:** selfish gradients, and for each player a few gradients of two payoffs: about 5
    gradient steps whatever the number of players, where `Lola` takes more the more there are.
    **Source:** LOLA as of Foerster et al. 2018, at the mean opponent as in Yang et al. 2018, Mean
    field multi-agent reinforcement learning.
    """

    look_ahead: Float[RealArray, ""]

    words: ClassVar[str] = "mean-field LOLA"
    study_name: ClassVar[str] = "meanfield"
    keeps_rest_points: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    formula: ClassVar[str] = (
        "ξ_i + α (n-1) [(∂ξ_i/∂θ_j) ξ_j + (∂ξ_j/∂θ_i)ᵀ ∂U_i/∂θ_j] at the others' mean"
    )
    cost: ClassVar[str] = "about 5 gradient steps, whatever the number of players"
    listed: ClassVar[int] = 18
    keys: ClassVar[Mapping[str, Key]] = {"look_ahead": LOOK_AHEAD}
    reasons: ClassVar[tuple[str, ...]] = (OTHER_BOXES, OTHER_PAYOFFS)

    def __init__(self, look_ahead: Numbers = 1.0):
        self.look_ahead = not_negative(look_ahead, "look_ahead")

    def obstacles(self, game: AbstractParametricGame) -> Bool[RealArray, "reasons"]:
        if fault := untieable(game):
            raise InputError(
                f"{self.words} needs players who can be exchanged for one another, and "
                f"{type(game).__name__} has others: {fault}"
            )
        players = game.players
        spaces = [(box.lower, box.upper) for box in game.spaces]
        boxes = jnp.any(jnp.stack([_unequal(spaces[0], own) for own in spaces]))
        # A swap of two and a turn of all make every other order.
        orders = [(1, 0, *range(2, players)), (*range(1, players), 0)]
        found = []
        for params in probes(game):
            here = game.payoffs(params)
            for order in orders:
                there = game.payoffs(tuple(params[i] for i in order))
                found.append(differ(there, here[jnp.asarray(order)], jnp.max(jnp.abs(here))))
        return jnp.stack([boxes, jnp.any(jnp.stack(found))])

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Params:
        others, selfish = game.players - 1, game.selfish_gradients(params, key)

        def shaping(own: PyTree, mean: PyTree) -> PyTree:
            """What is added to the selfish gradient of one at `own` whose others are at `mean`."""

            def paid(player: int, mine: PyTree, theirs: PyTree) -> Array:
                return game.payoffs((mine, theirs, *[mean] * (others - 1)), key)[player]

            def along(player: int, move: PyTree) -> PyTree:
                """How ∂U_player/∂θ_0 changes as player 1 moves."""
                slope = jax.grad(lambda mine, theirs: paid(player, mine, theirs))
                return jax.jvp(lambda theirs: slope(own, theirs), (mean,), (move,))[1]

            effect, answer = (jax.grad(paid, 2)(player, own, mean) for player in (0, 1))
            scale = self.look_ahead * others
            terms = along(0, answer), along(1, effect)
            return jax.tree.map(lambda x, y: scale * (x + y), *terms)

        stacked = jax.tree.map(lambda *x: jnp.stack(x), *params)
        means = jax.tree.map(lambda x: (x.sum(axis=0) - x) / others, stacked)
        added = jax.vmap(shaping)(stacked, means)
        each = tuple(jax.tree.map(lambda x, i=i: x[i], added) for i in range(game.players))
        return plus(selfish, each)

    @classmethod
    def example(cls) -> "MeanFieldLola":
        return cls(0.5)


def _unequal(one: PyTree, other: PyTree) -> Array:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return jnp.any(jnp.stack([jnp.any(x != y) for x, y in pairs]))
