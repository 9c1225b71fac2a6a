"""Threshold policies: cooperate if what one sees of the other, and some noise, is small enough."""

from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, action_counts, positive
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.games.base import Product, unrolls
from glasshouse.semantics.base import AbstractSemantics


class Cutoff(AbstractSemantics):
    """Everybody cooperates if the number it sees of the other, plus noise, is at most its own.

    Definition: with noise uniform on [0, N], independent for each player, p_i = (θ_i - d_i)/N,
    brought into [0, 1], where d_i is what i sees of the other (the mean over several others) and
    θ_i lies in [0, bound]. Through the channel `Distance` d_i = |θ_i - θ_j|: similarity-based
    cooperation. Under full access d_i would be the other's parameter itself.

    **Arguments:** `actions`, two for each of at least two players; `noise` N > 0; `bound`, the
    largest θ; beyond N nobody cooperates more often.
    **Raises:** `InputError` for other numbers of actions or numbers that are not positive.
    **Source:** Oesterheld, Treutlein, Grosse, Conitzer & Foerster 2023, arXiv:2211.14468.

        import glasshouse as gh
        from glasshouse.channels import Distance
        from glasshouse.semantics import Cutoff

        semantics = Cutoff((2, 2), noise=1.0, bound=1.0)
        game = gh.ParametricGame(gh.load_game("prisoners_dilemma"), semantics, Distance())
        print(game.cooperation((0.75, 0.5)))  # [0.5  0.25]
    """

    proper = "everywhere"
    kinks: ClassVar[str] = "where somebody begins to cooperate always, or never"
    words: ClassVar[str] = "cutoff"
    formula: ClassVar[str] = (
        "player i cooperates where what it sees of the others, plus noise from 0 to N, is at most "
        "θ_i"
    )
    spread: ClassVar[float] = 0.2
    listed: ClassVar[int] = 4
    keys: ClassVar[Mapping[str, Key]] = {
        "noise": Key("N, the most that noise adds.", 1.0, symbol="N", above=0),
        "bound": Key("The largest parameter.", 1.0, above=0),
    }

    noise: Float[RealArray, ""]
    bound: Float[RealArray, ""]
    actions: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, actions: Numbers, noise: Numbers = 1.0, bound: Numbers = 1.0):
        self.actions = action_counts(actions)
        if len(self.actions) < 2 or set(self.actions) != {2}:
            raise InputError(
                "the cutoff semantics needs two actions for each of at least two players, but is "
                f"given {self.actions}: use Logistic"
            )
        self.noise, self.bound = positive(noise, "noise"), positive(bound, "bound")

    @property
    def spaces(self) -> tuple[Box, ...]:
        return (Box(np.zeros(()), self.bound),) * len(self.actions)

    def behaviours(self, params: tuple[PyTree, ...], seen: Any) -> Product:
        pairs = tuple(self._pair(i, own, seen[i]) for i, own in enumerate(params))
        return Product(pairs if unrolls(self.actions) else tuple(map(jnp.stack, pairs)))

    @classmethod
    def example(cls, actions: tuple[int, ...]) -> "Cutoff":
        return cls(actions, noise=16.0, bound=4.0)

    def _pair(self, player: int, own: ArrayLike, seen: Any) -> tuple[Array, Array]:
        others = [jnp.asarray(x) for j, x in enumerate(seen) if j != player]
        mean = sum(others[1:], start=others[0]) / len(others)
        first = (jnp.asarray(own) - mean) / jnp.asarray(self.noise)
        first = jnp.minimum(jnp.maximum(first, 0.0), 1.0)
        return first, 1 - first
