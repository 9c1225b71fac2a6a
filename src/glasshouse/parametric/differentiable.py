"""Games given by their payoffs as functions of everyone's parameters."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.numbers import shown
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import (
    SEPARATE,
    AbstractParametricGame,
    Layout,
    Params,
    RandomKey,
)


class DifferentiableGame(AbstractParametricGame):
    """A game whose payoffs are any differentiable function of all players' parameters.

    It has no actions, and so neither cooperation nor proofs: rules learn in it, and what needs more
    says so.

    **Arguments:** `function(params)`, everyone's payoffs in a list or as one vector, written in
    `jax.numpy`; `spaces`, one `Box` per player.
    **Raises:** `InputError` when the function cannot be called with such parameters, or gives
    another number of payoffs.
    **Cost:** a gradient takes one reverse pass per player.

        import glasshouse as gh
        from glasshouse.semantics import Box

        def cournot(quantities):
            price = 10 - sum(quantities)
            return [price * quantity - 1.0 * quantity for quantity in quantities]

        game = gh.DifferentiableGame(cournot, [Box(0.0, 10.0), Box(0.0, 10.0)])
        end = gh.run(game, steps=200, step_size=0.2).params
        print([round(float(x), 6) for x in end])  # [3.0, 3.0]
    """

    function: Callable[[Any], Any]
    boxes: tuple[Box, ...]

    def __init__(self, function: Callable[[Any], Any], spaces: Sequence[Box]):
        boxes = spaces if isinstance(spaces, list | tuple) else ()
        if not callable(function) or not boxes or not all(isinstance(b, Box) for b in boxes):
            raise InputError(
                "a DifferentiableGame takes a function of everyone's parameters and one Box per "
                f"player, not {shown(function)} and {shown(spaces)}"
            )
        self.function, self.boxes = function, tuple(spaces)
        params = tuple(box.neutral() for box in self.boxes)
        try:
            found = jax.eval_shape(self._payoffs, params)
        except Exception as error:
            raise InputError(
                f"the payoffs cannot be computed at the neutral parameters {shown(params)}: {error}"
            ) from error
        if found.shape != (self.players,):
            raise InputError(
                f"the function gives payoffs of shape {found.shape}, but there are {self.players} "
                "boxes: one payoff and one box for each player"
            )

    @property
    def players(self) -> int:
        return len(self.boxes)

    @property
    def layout(self) -> Layout:
        return SEPARATE

    @property
    def spaces(self) -> tuple[Box, ...]:
        return self.boxes

    @in_float64_unless_traced
    def payoffs(self, params: Params, key: RandomKey = None) -> Float[RealArray, "players"]:
        return self._payoffs(as_floats(params))

    @in_float64_unless_traced
    def selfish_gradients(self, params: Params, key: RandomKey = None) -> Params:
        params = as_floats(params)
        values, pull_back = jax.vjp(self._payoffs, params)
        return tuple(pull_back(jnp.eye(len(values))[i])[0][i] for i in range(self.players))

    def _payoffs(self, params: Params) -> Float[RealArray, "players"]:
        found = self.function(params)
        return jnp.stack([jnp.asarray(x, dtype=float) for x in found])
