"""Search for one player's best deviation over several parameters: ascent from random starts."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PRNGKeyArray, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.random import Purpose, Seed, laid_out, uniforms
from glasshouse.channels.box import Box
from glasshouse.dynamics.batch import batch_map
from glasshouse.dynamics.driver import run
from glasshouse.parametric import (
    AbstractChecked,
    AbstractParametricGame,
    AbstractScaled,
    Layout,
    Params,
)
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.gradient import Gradient
from glasshouse.rules.transformed import Transformed


class _Alone(AbstractParametricGame, AbstractScaled, AbstractChecked):
    """The game one player faces when all others stay where they are; its payoffs are centred."""

    game: DenseGame
    others: Params
    player: int = eqx.field(static=True)

    @property
    def players(self) -> int:
        return 1

    @property
    def layout(self) -> Layout:
        return Layout.separate

    @property
    def spaces(self) -> tuple[Box, ...]:
        return (self.game.spaces[self.player],)

    def profile(self, params: Params) -> Params:
        return (*self.others[: self.player], *params, *self.others[self.player + 1 :])

    def payoffs(self, params: Params, key: PRNGKeyArray | None = None) -> RealArray:
        return self.game.centred_payoffs(self.profile(params))[self.player, None]

    def selfish_gradients(self, params: Params, key: PRNGKeyArray | None = None) -> Params:
        return (self.game.selfish_gradients(self.profile(params))[self.player],)

    def gradient_scales(self, params: Params) -> Params:
        return (self.game.gradient_scales(self.profile(params))[self.player],)

    def faults(self, params: Params) -> RealArray | None:
        return self.game.faults(self.profile(params))


def search(
    game: DenseGame, params: Params, player: int, starts: int, steps: int, seed: Seed
) -> tuple[float, PyTree]:
    """The largest gain found, and the parameters that bring it; the present ones are a start."""
    alone = _Alone(game, params, player)
    box = game.spaces[player]
    columns = sum(np.size(low) for low in jax.tree.leaves(box.lower))
    drawn = laid_out(uniforms(seed, Purpose.DEVIATIONS, starts, columns), box.lower)

    def placed(u: np.ndarray, low: RealArray, high: RealArray, own: RealArray) -> np.ndarray:
        low, high = np.asarray(low), np.asarray(high)
        begin = np.clip(low + (high - low) * u, low, high)  # rounding leaves the box otherwise
        begin[0] = own
        return begin

    begin = (jax.tree.map(placed, drawn, box.lower, box.upper, params[player]),)
    widths = jax.tree.map(lambda low, high: np.max(np.asarray(high - low)), box.lower, box.upper)
    step_size = 2.0 * max(jax.tree.leaves(widths)) / steps  # may cross the box twice
    ends, values = batch_map(_ascend, begin, alone, steps, np.asarray(step_size))
    best = int(np.argmax(values))
    gain = float(values[best] - alone.payoffs((params[player],))[0])
    if gain <= 0:
        return 0.0, jax.tree.map(np.asarray, params[player])
    return gain, jax.tree.map(lambda x: x[best], ends[0])


def _ascend(start: Params, alone: _Alone, steps: int, step_size: Array) -> tuple[Params, Array]:
    import optax  # which no other game waits for

    # A numerical method of one player's maximum, whatever rule the players learn by: Adam walks on
    # where gradients saturate.
    rule = Transformed(Gradient(), optax.scale_by_adam())
    end = run(alone, rule, start, steps=steps, step_size=step_size, throw=False).params
    return end, alone.payoffs(end)[0]
