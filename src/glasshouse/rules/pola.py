"""Proximal shaping: as far as it pays, with a price on changing what one does."""

from collections.abc import Mapping
from typing import ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, not_negative, positive, whole
from glasshouse.parametric.dense import DenseGame
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import APART, BEHAVIOURS, SECOND, Directions
from glasshouse.rules.calculus import minus

MOST_INNER = 1_000_000
"""Inner steps up to which a proximal point may be sought."""


class Pola(AbstractAnticipating):
    """Every player moves to where a shaped step pays most, behaviour having a price of change.

    Definition: the direction is θ'_i - θ_i, so that a step of size 1 is the proximal step; θ'_i =
    argmax U_i(θ'_i, θ_-i + αξ_-i(θ'_i, θ_-i)) - β Σ_s KL(σ_i(θ)[s] ‖ σ_i(θ'_i, θ_-i)[s]) over
    information states s. It is the maximum that gradient ascent from θ_i reaches: steps of size
    `inner_step` until one changes behaviour by a Σ_s KL below `tolerance`, at most `most_steps`.
    What one does matters, and not by which parameters: as β → ∞, β (θ' - θ) is the natural gradient
    of exact LOLA.

    **Arguments:** `look_ahead` and `believed_step_sizes` as of `AbstractAnticipating`; `penalty` β,
    payoff per nat; `inner_step`, parameters per unit of gradient; `tolerance`; `most_steps`.
    **Raises:** `InputError` for numbers that cannot be, where parameters are not apart, and for
    games without behaviour.
    **Cost:** two gradient steps per inner step and player, hundreds of these in repeated games.
    **Source:** Zhao et al. 2022, Proximal learning with opponent-learning awareness, outer POLA.
    """

    penalty: Float[RealArray, ""]
    inner_step: Float[RealArray, ""]
    tolerance: Float[RealArray, ""]
    most_steps: int = eqx.field(static=True)

    words: ClassVar[str] = "POLA"
    keeps_rest_points: ClassVar[bool] = False
    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND, BEHAVIOURS})
    formula: ClassVar[str] = "argmax [U_i(θ'_i, θ_-i + α ξ_-i) - β KL(old ‖ new)] - θ_i"
    cost: ClassVar[str] = "about 4 gradient steps for each player and inner step"
    listed: ClassVar[int] = 19
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "penalty": Key(
            'Of "pola": what changing its behaviour by one nat of KL costs a player; default 1.',
            1.0,
            symbol="β",
            axis="penalty β (payoff per nat)",
        ),
        "inner_step": Key('Of "pola": the step size of its inner ascent; default 0.1.', 0.1),
        "tolerance": Key(
            'Of "pola": the inner ascent ends where a step changes behaviour by less, in nats; '
            "default 1e-8.",
            1e-8,
        ),
        "most_steps": Key(
            'Of "pola": the most steps of its inner ascent; default 5000.',
            5000,
            int,
            least=1,
            most=MOST_INNER,
        ),
    }

    def __init__(
        self,
        look_ahead: Numbers = 1.0,
        penalty: Numbers = 1.0,
        inner_step: Numbers = 0.1,
        tolerance: Numbers = 1e-8,
        most_steps: Whole = 5000,
        believed_step_sizes: Numbers | None = None,
    ):
        super().__init__(look_ahead, believed_step_sizes)
        self.penalty = not_negative(penalty, "penalty")
        self.inner_step = positive(inner_step, "inner_step")
        self.tolerance = positive(tolerance, "tolerance")
        self.most_steps = whole(most_steps, "most_steps", least=1, most=MOST_INNER)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        dense = cast(DenseGame, game)  # as `init` has looked at
        there = tuple(self._proximal(dense, params, i, key) for i in range(len(params)))
        return minus(there, params)

    def _proximal(self, game: DenseGame, params: Params, i: int, key: RandomKey) -> PyTree:
        """θ'_i, by ascent from θ_i."""
        box, start = game.spaces[i], game.behaviours(params)[i]

        def behaviour(mine: PyTree) -> RealArray:
            return game.behaviours((*params[:i], mine, *params[i + 1 :]))[i]

        def worth(mine: PyTree) -> RealArray:
            paid = self.paid_while_they_learn(game, params, i, mine, 1, key)
            return paid - self.penalty * _divergence(start, behaviour(mine))

        def is_moving(carry: tuple[PyTree, Array, Array]) -> Array:
            return (carry[1] >= self.tolerance) & (carry[2] < self.most_steps)

        def ascended(carry: tuple[PyTree, Array, Array]) -> tuple[PyTree, Array, Array]:
            mine, _, taken = carry
            moves = jax.tree.map(lambda x, d: x + self.inner_step * d, mine, jax.grad(worth)(mine))
            there = box.project(moves)
            changed = _divergence(behaviour(mine), behaviour(there))
            return there, changed, taken + 1

        begin = params[i], jnp.asarray(jnp.inf, dtype=start.dtype), jnp.asarray(0)
        return jax.lax.while_loop(is_moving, ascended, begin)[0]

    @classmethod
    def example(cls) -> "Pola":
        return cls(0.5, penalty=0.5)


def _divergence(old: RealArray, new: RealArray) -> Array:
    """Σ_s KL(old ‖ new); mixes that are close are told apart by more than the digits of a logarithm
    near 1."""
    known = old > 0
    change = (new - old) / jnp.where(known, old, 1.0)
    return jnp.sum(jnp.where(known, old * (change - jnp.log1p(change)), new))
