"""Gradients without the rotation of the game, found by solving for it."""

from typing import ClassVar

import jax

from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, SECOND, AbstractMemoryless, Directions
from glasshouse.rules.calculus import along, pulled, solved


class Lss(AbstractMemoryless):
    """Local symplectic surgery: near a rest point, only what is no rotation moves the players.

    Definition: ½ (I + HᵀH^{-1}) ξ = S H^{-1} ξ, S = (H + Hᵀ)/2 the symmetric part of the Jacobian.
    In potential games it is selfish. It rests where every selfish gradient vanishes, and also where
    S H^{-1} is singular: in bilinear zero-sum games, where S = 0, everywhere. Where H is singular
    it is undefined (NaN) unless ξ = 0. It is the limit of its authors' method in which they solve
    for H^{-1} ξ on a faster time scale, without their regularisation.

    **Raises:** `InputError` where players' parameters are not apart.
    **Cost:** a linear system in all parameters: eliminated up to 40, GMRES beyond.
    **Source:** Mazumdar et al. 2019, On finding local Nash equilibria (and only local Nash
    equilibria) in zero-sum games.
    """

    words: ClassVar[str] = "symplectic surgery"
    keeps_rest_points: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    formula: ClassVar[str] = "½ (I + Hᵀ H^{-1}) ξ"
    cost: ClassVar[str] = "a linear system in all parameters, one gradient step for each product"
    listed: ClassVar[int] = 13

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        selfish = game.selfish_gradients(params, key)
        back = solved(lambda vector: along(game, params, vector, key), selfish)
        turned = pulled(game, params, back, key)
        return jax.tree.map(lambda x, y: (x + y) / 2, selfish, turned)

    @classmethod
    def example(cls) -> "Lss":
        return cls()
