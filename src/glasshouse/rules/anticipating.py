"""What rules share that look ahead: how far each player is believed to step."""

from collections.abc import Mapping
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, not_negative
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import APART, SECOND, AbstractMemoryless, ascend
from glasshouse.rules.calculus import across, plus, shaped

LOOK_AHEAD = Key(
    "How far the others are expected to step; default 1.",
    1.0,
    symbol="α",
    axis="look-ahead α (parameter units per unit of gradient)",
)

BELIEVED = Key(
    "Of each player, its step as all believe it, in multiples of look_ahead; default 1 each.",
    None,
    several=True,
)


MOST_UNROLLED = 3
"""Steps of the others up to which no loop is made of them. JAX 0.10.2 differentiates a `scan` of
one step that clips (to a box) wrongly on CPUs, by some percent; of two steps and more it does not,
which a test of bounded boxes looks after."""


class AbstractAnticipating(AbstractMemoryless):
    """A rule by which players expect the others to take a selfish step of size α.

    **Arguments:** `look_ahead` α, in units of a step size; `believed_step_sizes`, for each player
    how far it is believed to step, in multiples of α (default 1 each; 0 for one who does not
    learn).
    **Raises:** `InputError` for numbers that are negative or not finite, another number of players,
    and where players' parameters are not apart.
    """

    look_ahead: Float[RealArray, ""]
    believed_step_sizes: Float[RealArray, "players"] | None

    needs: ClassVar[frozenset[str]] = frozenset({APART, SECOND})
    keys: ClassVar[Mapping[str, Key]] = {
        "look_ahead": LOOK_AHEAD,
        "believed_step_sizes": BELIEVED,
    }

    def __init__(self, look_ahead: Numbers = 1.0, believed_step_sizes: Numbers | None = None):
        self.look_ahead = not_negative(look_ahead, "look_ahead")
        given = believed_step_sizes is not None
        name = "believed_step_sizes"
        self.believed_step_sizes = not_negative(believed_step_sizes, name, None) if given else None

    def expected(self, vector: Params) -> Params:
        """What belongs to player j times the step that j is believed to take."""
        believed = self.believed_step_sizes
        if believed is None:
            return jax.tree.map(lambda x: self.look_ahead * x, vector)
        if np.shape(believed) != (len(vector),):
            raise InputError(
                f"believed_step_sizes must be one number for each of {len(vector)} players, but "
                f"has shape {np.shape(believed)}"
            )
        sizes = self.look_ahead * jnp.asarray(believed)
        return tuple(jax.tree.map(lambda x, j=j: sizes[j] * x, v) for j, v in enumerate(vector))

    def ahead(
        self,
        game: AbstractParametricGame,
        params: Params,
        selfish: Params,
        key: RandomKey = None,
    ) -> Params:
        """(I + αH_o) ξ: selfish gradients where the others are expected to be, to first order."""
        return plus(selfish, across(game, params, self.expected(selfish), key))

    def shaping(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Params:
        """αχ: what moving the steps that the others are expected to take is worth."""
        return shaped(game, params, key, believed=self.expected)

    def paid_while_they_learn(
        self,
        game: AbstractParametricGame,
        params: Params,
        player: int,
        mine: PyTree,
        steps: int,
        key: RandomKey = None,
    ) -> Float[RealArray, ""]:
        """What a player at `mine` is paid on average over some selfish steps of the others.

        Definition: (1/T) Σ_{t=1..T} U_i(θ_i, θ_-i^t), θ_-i^{t+1} = project(θ_-i^t + αξ_-i), ξ_-i at
        (θ_i, θ_-i^t).
        """

        def learned(here: Params, _: None = None) -> tuple[Params, RealArray]:
            moves = self.expected(game.selfish_gradients(here, key))
            others = (*moves[:player], None, *moves[player + 1 :])
            there = ascend(game, here, others, jnp.ones(()))
            return there, game.payoffs(there, key)[player]

        here = (*params[:player], mine, *params[player + 1 :])
        if steps > MOST_UNROLLED:
            return jax.lax.scan(learned, here, length=steps)[1].mean()
        paid = []
        for _ in range(steps):
            here, now = learned(here)
            paid.append(now)
        return jnp.mean(jnp.stack(paid))
