"""Gradients with a correction by the transposed Jacobian, which no look-ahead motivates."""

from collections.abc import Mapping
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, finite_number, not_negative
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, SECOND, AbstractMemoryless, Directions
from glasshouse.rules.calculus import along, inner, pulled

WEIGHT = Key(
    'Of "sga" and "consensus": the weight of their correction; default 1.', 1.0, symbol="λ"
)


class Consensus(AbstractMemoryless):
    """Every player also lowers the size of everybody's gradients.

    Definition: ξ - λ Hᵀ ξ = ξ - λ ∇ ½‖ξ‖². It rests where every selfish gradient vanishes, at bad
    points too, and where I - λHᵀ is singular.

    **Arguments:** `weight` λ, in units of a step size.
    **Raises:** `InputError` for what is no number, and where players' parameters are not apart.
    **Source:** Mescheder et al. 2017, The numerics of GANs, eq. 7.
    """

    weight: Float[RealArray, ""]

    words: ClassVar[str] = "consensus"
    keeps_rest_points: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    formula: ClassVar[str] = "ξ - λ Hᵀ ξ"
    cost: ClassVar[str] = "about 2 gradient steps"
    listed: ClassVar[int] = 9
    keys: ClassVar[Mapping[str, Key]] = {"weight": WEIGHT}

    def __init__(self, weight: Numbers = 1.0):
        self.weight = not_negative(weight, "weight")

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        selfish = game.selfish_gradients(params, key)
        pull = pulled(game, params, selfish, key)
        return jax.tree.map(lambda x, y: x - self.weight * y, selfish, pull)

    @classmethod
    def example(cls) -> "Consensus":
        return cls(0.2)


class Sga(AbstractMemoryless):
    """Symplectic adjustment: gradients turned against the rotation of the game.

    Definition: ξ - λ Aᵀ ξ with A = (H - Hᵀ)/2 and λ of the sign of
    -⟨ξ, Hᵀξ⟩⟨Aᵀξ, Hᵀξ⟩/d + alignment, d the number of parameters. In potential games A = 0 and it
    is selfish; in zero-sum games it is LookAhead while λ > 0.

    **Arguments:** `weight`, the size of λ in units of a step size; `alignment`, which decides where
    the products are small, in units of ⟨ξ, Hᵀξ⟩²: it changes with the unit of payoffs.
    **Raises:** `InputError` for what is no number, and where players' parameters are not apart.
    **Source:** Balduzzi et al. 2018, The mechanics of n-player differentiable games, Algorithm 1.
    """

    weight: Float[RealArray, ""]
    alignment: Float[RealArray, ""]

    words: ClassVar[str] = "symplectic adjustment"
    keeps_rest_points: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    formula: ClassVar[str] = "ξ - λ Aᵀ ξ"
    cost: ClassVar[str] = "about 3 gradient steps"
    listed: ClassVar[int] = 8
    keys: ClassVar[Mapping[str, Key]] = {
        "weight": WEIGHT,
        "alignment": Key(
            'Of "sga": what decides the sign where products are small; default 0.1.', 0.1
        ),
    }

    def __init__(self, weight: Numbers = 1.0, alignment: Numbers = 0.1):
        self.weight = not_negative(weight, "weight")
        self.alignment = finite_number(alignment, "alignment")

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        selfish = game.selfish_gradients(params, key)
        pull = pulled(game, params, selfish, key)
        push = along(game, params, selfish, key)
        turn = jax.tree.map(lambda x, y: (x - y) / 2, pull, push)  # Aᵀξ
        count = sum(jnp.size(x) for x in jax.tree.leaves(params))
        aligned = -inner(selfish, pull) * inner(turn, pull) / count + self.alignment
        weight = self.weight * jnp.sign(aligned)
        return jax.tree.map(lambda x, y: x - weight * y, selfish, turn)

    @classmethod
    def example(cls) -> "Sga":
        return cls(0.2)
