"""Policies computed by neural networks, with and without memory."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.random import Purpose, Seed, uniforms
from glasshouse.channels.box import Box
from glasshouse.games.stochastic.base import AbstractStochasticGame, Observation
from glasshouse.semantics.neural.base import (
    count_weights,
    each_drawn,
    tanh_shape,
    weights_box,
    weights_of,
    with_weights,
    without_numbers,
)
from glasshouse.semantics.policies.base import AbstractPolicy, count_logits
from glasshouse.semantics.policies.table import common_actions

MOST_WIDTH, MOST_DEPTH = 4096, 64
"""Units of a layer, and layers: weights of more fill memory before anything is played."""


class MlpPolicy(AbstractPolicy):
    """A network with hidden layers of tanh units from what is seen to logits; it remembers nothing.

    **Arguments:** `game`; `width` and `depth` of the hidden layers.
    """

    network: PyTree = eqx.field(repr=False)
    actions: int = eqx.field(static=True)

    words: ClassVar[str] = "a network"
    study_name: ClassVar[str] = "mlp"
    listed: ClassVar[int] = 2
    formula: ClassVar[str] = "softmax(f(o; θ))"
    keys: ClassVar[Mapping[str, Key]] = {
        "width": Key("Units of each hidden layer.", 32, int, least=1, most=MOST_WIDTH),
        "depth": Key("Hidden layers.", 2, int, least=1, most=MOST_DEPTH),
    }

    def __init__(self, game: AbstractStochasticGame, width: Whole = 32, depth: Whole = 2):
        self.actions = common_actions(game)
        wide = whole(width, "width", least=1, most=MOST_WIDTH)
        sizes = wide, whole(depth, "depth", least=1, most=MOST_DEPTH)
        shape = tanh_shape(game.features, count_logits(self.actions), *sizes)
        self.network = without_numbers(shape)

    @property
    def space(self) -> Box:
        return weights_box(self.network, np.asarray(math.inf))

    def begin(self) -> tuple[()]:
        return ()

    def logits(
        self, weights: PyTree, memory: tuple[()], seen: Observation
    ) -> tuple[Float[Array, "logits"], tuple[()]]:
        return with_weights(self.network, weights)(seen.features), ()

    def initials(self, seed: Seed, count: int) -> PyTree:
        return _drawn(weights_of(self.network), seed, count)

    @classmethod
    def example(cls, game: AbstractStochasticGame) -> "MlpPolicy":
        return cls(game, width=4, depth=1)


class GruPolicy(AbstractPolicy):
    """A gated recurrent unit from what is seen and remembered to logits.

    **Arguments:** `game`; `width`, how many numbers it remembers.
    """

    network: PyTree = eqx.field(repr=False)
    width: int = eqx.field(static=True)
    actions: int = eqx.field(static=True)

    words: ClassVar[str] = "a network with memory"
    study_name: ClassVar[str] = "gru"
    listed: ClassVar[int] = 3
    formula: ClassVar[str] = "softmax(f(h; θ)), h ← GRU(o, h; θ)"
    keys: ClassVar[Mapping[str, Key]] = {
        "width": Key("How many numbers it remembers.", 32, int, least=1, most=MOST_WIDTH),
    }

    def __init__(self, game: AbstractStochasticGame, width: Whole = 32):
        self.actions = common_actions(game)
        self.width = whole(width, "width", least=1, most=MOST_WIDTH)
        made = eqx.filter_eval_shape(
            _recurrent, game.features, self.width, count_logits(self.actions)
        )
        self.network = without_numbers(made)

    @property
    def space(self) -> Box:
        return weights_box(self.network, np.asarray(math.inf))

    def begin(self) -> Float[Array, "width"]:
        return jnp.zeros(self.width)

    def logits(
        self, weights: PyTree, memory: Float[Array, "width"], seen: Observation
    ) -> tuple[Float[Array, "logits"], Float[Array, "width"]]:
        cell, out = with_weights(self.network, weights)
        remembered = cell(seen.features, memory.astype(seen.features.dtype))
        return out(remembered), remembered

    def initials(self, seed: Seed, count: int) -> PyTree:
        return _drawn(weights_of(self.network), seed, count)

    @classmethod
    def example(cls, game: AbstractStochasticGame) -> "GruPolicy":
        return cls(game, width=4)


def _recurrent(inputs: int, width: int, outputs: int) -> Any:
    first, second = jax.random.split(jax.random.key(0))
    return eqx.nn.GRUCell(inputs, width, key=first), eqx.nn.Linear(width, outputs, key=second)


def _drawn(shapes: PyTree, seed: Seed, count: int) -> PyTree:
    """Weights with variance 1/(inputs of their unit), one row of numbers for each network."""
    return each_drawn(uniforms(seed, Purpose.NETWORK, count, count_weights(shapes)), shapes)
