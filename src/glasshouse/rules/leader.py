"""One player leads: its step counts how the others will have answered it."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, not_negative, whole
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, SECOND, AbstractMemoryless, Directions, standing
from glasshouse.rules.calculus import gradients, pulled, solved


class Leader(AbstractMemoryless):
    """One player ascends what it is paid after the others' best answers; they follow gradients.

    Definition: of the leader l, d_l = ∂_l U_l - H_flᵀ (H_ffᵀ - λI)^{-1} ∂_f U_l, with f its
    followers together, H_ff the Jacobian of their selfish gradients ξ_f in their own parameters and
    H_fl that in the leader's; d_f = ξ_f. At λ = 0 it is the derivative of U_l along answers that
    keep ξ_f = 0. For large λ it is ∂_l U_l plus LOLA's shaping at look-ahead 1/λ.
    Undefined (NaN) where H_ff - λI is singular: at λ = 0 also at followers' mixed equilibria in
    finite games, whose payoffs are linear in probabilities. It leaves rest points of selfish
    learning, and its own are Stackelberg equilibria only if followers' answers are best ones.

    **Arguments:** `leader`, a player's number from 0; `damping` λ, in units of H_ff.
    **Raises:** `InputError` for numbers that cannot be, and where parameters are not apart.
    **Cost:** a linear system in the followers' parameters: eliminated up to 40, GMRES beyond.
    **Source:** Fiez, Chasnov & Ratliff 2020, Implicit learning dynamics in Stackelberg games.
    """

    leader: int = eqx.field(static=True)
    damping: Float[RealArray, ""]

    words: ClassVar[str] = "an implicit leader"
    keeps_rest_points: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    formula: ClassVar[str] = "of the leader ξ_l - H_flᵀ (H_ffᵀ - λ I)^{-1} ∂_f U_l, of others ξ_f"
    cost: ClassVar[str] = "a linear system in the followers' parameters"
    listed: ClassVar[int] = 15
    keys: ClassVar[Mapping[str, Key]] = {
        "leader": Key(
            'Of "leader": which player leads, counted from 0; default 0.', 0, int, least=0
        ),
        "damping": Key(
            'Of "leader": λ, by how much followers\' answers are damped; default 0.', 0.0, least=0
        ),
    }

    def __init__(self, leader: Whole = 0, damping: Numbers = 0.0):
        self.leader = whole(leader, "leader", least=0)
        self.damping = not_negative(damping, "damping")

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        first = self.leader
        if not first < len(params):
            raise InputError(
                f"leader={first} must be the number of one of {len(params)} players, from 0"
            )
        effects = gradients(game, params, key)
        selfish = tuple(own[i] for i, own in enumerate(effects))

        def backwards(vector: Params) -> Params:
            """Hᵀ (0, v), v the followers' part."""
            with_leader = (*vector[:first], standing(params[first]), *vector[first:])
            return pulled(game, params, with_leader, key)

        def answers(vector: Params) -> Params:
            own = _without(backwards(vector), first)
            return jax.tree.map(lambda x, v: x - self.damping * v, own, vector)

        worth = solved(answers, _without(effects[first], first))
        led = jax.tree.map(jnp.subtract, selfish[first], backwards(worth)[first])
        return (*selfish[:first], led, *selfish[first + 1 :])

    @classmethod
    def example(cls) -> "Leader":
        return cls(damping=0.5)


def _without(vector: Params, player: int) -> Params:
    return (*vector[:player], *vector[player + 1 :])
