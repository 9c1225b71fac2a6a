"""Learning with opponent-learning awareness: my step moves also what you will learn."""

from collections.abc import Mapping
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, whole
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.results import UNLESS_NONE
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import Directions
from glasshouse.rules.calculus import anticipated, gradients, minus, plus

FORMS = ("taylor", "original", "exact")

HIGHEST_ORDER = 4
"""Of the orders: every one more takes as many times the work of the last as there are players."""


class Lola(AbstractAnticipating):
    """Every player ascends the payoff it expects after one selfish step of all the others.

    Definition: ξ_i + α (H_o ξ)_i + α χ_i = ∇_i [U_i + α Σ_j≠i ξ_j · ∂U_i/∂θ_j], the first-order
    expansion in the look-ahead α; form "original" leaves out H_o ξ, as its authors' code does.
    Form "exact" of order k is ∇_i U_i(θ_i, θ_-i + Δ^{k-1}_-i(θ)) with Δ^k = α times this and
    Δ^0 = αξ: order 0 is selfish, order 1 LOLA without the expansion, and order k expects the others
    to learn by order k - 1. ξ are the selfish gradients, H_o the cross blocks of their Jacobian,
    χ_i what moving the others' gradients is worth to player i. Its rest points are in general
    others than those of selfish learning, and are equilibria of neither by themselves.

    **Arguments:** `look_ahead` and `believed_step_sizes` as of `AbstractAnticipating`; `form`,
    "taylor", "original" or "exact"; `order`, of the exact form.
    **Raises:** `InputError` for other forms and orders, and where parameters are not apart.
    **Source:** Foerster et al. 2018, Learning with opponent-learning awareness; expansion as in
    Letcher et al. 2019, Stable opponent shaping, eq. 3; orders as in Willi et al. 2022, COLA.
    """

    form: str = eqx.field(static=True)
    order: int | None = eqx.field(static=True, metadata={UNLESS_NONE: True})

    words: ClassVar[str] = "LOLA"
    keeps_rest_points: ClassVar[bool] = False
    formula: ClassVar[str] = "ξ_i + α (H_o ξ)_i + α χ_i"
    cost: ClassVar[str] = (
        "2 to 3 gradient steps with two or three players; (2n)^k or so for the exact form of order "
        "k among n"
    )
    listed: ClassVar[int] = 2
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "form": Key(
            'Of "lola": "taylor" (default), "original" without the term H_o ξ, or "exact".',
            "taylor",
            FORMS,
        ),
        "order": Key(
            'Of "lola" in its exact form: how many steps of each other all think ahead; default 1.',
            None,
            int,
            least=0,
            most=HIGHEST_ORDER,
        ),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        form: str = "taylor",
        order: Whole | None = None,
        believed_step_sizes: Numbers | None = None,
    ):
        if form not in FORMS:
            *most, last = map(repr, FORMS)
            raise InputError(f"form={form!r} must be one of {', '.join(most)} and {last}")
        super().__init__(look_ahead, believed_step_sizes)
        if form != "exact" and order is not None:
            raise InputError(f"order={order!r:.20} belongs to form='exact': leave it out")
        exact = whole(1 if order is None else order, "order", least=0, most=HIGHEST_ORDER)
        self.form, self.order = form, exact if form == "exact" else None

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        if self.order is not None:
            return self._all_of_order(self.order, game, params, key)
        if self.form == "taylor":
            return plus(*anticipated(game, params, key, self.expected))
        return plus(game.selfish_gradients(params, key), self.shaping(game, params, key))

    @in_float64_unless_traced
    def consistency(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Float[RealArray, ""]:
        """How far all are from learning as the others expect them to: 0 where they do.

        Definition: the largest |Δ^{k+1} - Δ^k| / α at `params`, k the order; of the other forms,
        the first order's. Where it vanishes for all params the rule is consistent (COLA).
        """
        self.init(game, params, key)  # which refuses games without what it needs
        first = 1 if self.order is None else self.order
        one, other = (self._all_of_order(k, game, params, key) for k in (first, first + 1))
        leaves = [jnp.max(jnp.abs(x)) for x in jax.tree.leaves(minus(one, other))]
        return jnp.max(jnp.stack(leaves))

    def _all_of_order(
        self, order: int, game: AbstractParametricGame, params: Params, key: RandomKey
    ) -> Params:
        """∇_i U_i(θ_i, θ_-i + Δ^{k-1}_-i(θ)) of every player i."""
        if order == 0:
            return game.selfish_gradients(params, key)
        players = range(len(params))
        return tuple(self._of_order(order, game, params, i, key) for i in players)

    def _of_order(
        self, order: int, game: AbstractParametricGame, params: Params, i: int, key: RandomKey
    ) -> PyTree:
        """The same of one player, for which only the others' steps are needed, and of each only
        its own."""
        if order == 0:
            return game.selfish_gradients(params, key)[i]
        none = jax.tree.map(jnp.zeros_like, params[i])

        def steps(mine: PyTree) -> Params:
            here = (*params[:i], mine, *params[i + 1 :])
            return self.expected(
                tuple(
                    none if j == i else self._of_order(order - 1, game, here, j, key)
                    for j in range(len(params))
                )
            )

        moved, pull_back = jax.vjp(steps, params[i])
        effect = gradients(game, plus(params, moved), key)[i]
        (through,) = pull_back((*effect[:i], none, *effect[i + 1 :]))
        return jax.tree.map(jnp.add, effect[i], through)

    @classmethod
    def example(cls) -> "Lola":
        return cls(0.5)
