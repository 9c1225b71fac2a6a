"""Learning with opponent-learning awareness: my step moves also what you will learn."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, checked_weights
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, SECOND, AbstractMemoryless, Directions
from glasshouse.rules.calculus import across, shaped

FORMS = ("taylor", "original")


class Lola(AbstractMemoryless):
    """Every player ascends the payoff it expects after one selfish step of all the others.

    Definition: ξ_i + α (H_o ξ)_i + α χ_i = ∇_i [U_i + α Σ_j≠i ξ_j · ∂U_i/∂θ_j], the first-order
    expansion in the look-ahead α; form "original" leaves out H_o ξ, as its authors' code does. ξ
    are the selfish gradients, H_o the cross blocks of their Jacobian, χ_i what moving the others'
    gradients is worth to player i. Its rest points are in general others than those of selfish
    learning, and are equilibria of neither by themselves.

    **Arguments:** `look_ahead` α, in units of a step size: how far the others are expected to step;
    `form`, "taylor" or "original".
    **Raises:** `InputError` for other forms, and where players' parameters are not apart.
    **Source:** Foerster et al. 2018, Learning with opponent-learning awareness; expansion as in
    Letcher et al. 2019, Stable opponent shaping, eq. 3.
    """

    look_ahead: Float[RealArray, ""]
    form: str = eqx.field(static=True)

    words: ClassVar[str] = "LOLA"
    keeps_rest_points: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    formula: ClassVar[str] = "ξ_i + α (H_o ξ)_i + α χ_i"
    cost: ClassVar[str] = "2 to 3 gradient steps with two or three players"
    listed: ClassVar[int] = 2
    keys: ClassVar[Mapping[str, Key]] = {
        "look_ahead": Key(
            'Of "lola": how far the others are expected to step; default 1.',
            1.0,
            symbol="α",
            axis="look-ahead α (parameter units per unit of gradient)",
        ),
        "form": Key(
            'Of "lola": "taylor" (default), or "original" without the term H_o ξ.', "taylor", FORMS
        ),
    }

    def __init__(self, look_ahead: Numbers = 1.0, form: str = "taylor"):
        if form not in FORMS:
            raise InputError(f"form={form!r} must be one of {' and '.join(map(repr, FORMS))}")
        self.look_ahead = checked_weights(look_ahead, "look_ahead")
        if not is_traced(self.look_ahead) and float(self.look_ahead) < 0:
            raise InputError(f"look_ahead={float(self.look_ahead):g} must be at least 0")
        self.form = form

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        selfish = game.selfish_gradients(params, key)
        terms = [shaped(game, params, key)]
        if self.form == "taylor":
            terms.append(across(game, params, selfish, key))
        return jax.tree.map(lambda x, *more: x + self.look_ahead * sum(more), selfish, *terms)

    @classmethod
    def example(cls) -> "Lola":
        return cls(0.5)
