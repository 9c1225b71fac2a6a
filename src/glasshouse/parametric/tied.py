"""One parameter for all players."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PyTree

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.numbers import shown
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.parametric.capabilities import (
    AbstractChecked,
    AbstractObservable,
    AbstractScaled,
    AbstractWrapped,
    kinks_of,
    require,
)
from glasshouse.parametric.measure import observed
from glasshouse.parametric.protocol import (
    SEPARATE,
    SHARED,
    AbstractParametricGame,
    Layout,
    Params,
    RandomKey,
)


class Tied(
    AbstractParametricGame, AbstractWrapped, AbstractObservable, AbstractScaled, AbstractChecked
):
    """All players share one parameter, each contributing its own selfish gradient.

    The shared parameter follows the mean over players of ∂U_i/∂θ_i, every player still
    differentiating only its own copy. In a symmetric game this is the motion along the diagonal
    θ_1 = … = θ_n, made exact: rounding cannot leave it. `params` is a tuple of one pytree.

    **Arguments:** `game`, whose players have parameters of the same structure and shape.
    **Raises:** `InputError` when the players' parameters differ in structure or shape, or are
    stacked in one array.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        tied = gh.Tied(family(0.5))
        end = gh.run(tied, steps=2000, step_size=0.5)
        print(round(float(tied.observables(end.params)["cooperation"][0]), 4))  # 0.6667
    """

    game: AbstractParametricGame

    def __init__(self, game: AbstractParametricGame):
        if fault := untieable(game):
            raise InputError(fault)
        self.game = game

    @property
    def players(self) -> int:
        return self.game.players

    @property
    def layout(self) -> Layout:
        return SHARED

    @property
    def spaces(self) -> tuple[Box, ...]:
        boxes = self.game.spaces
        numbers = jnp if is_traced(boxes) else np  # which keeps 64 bits, whatever JAX is set to
        lower = jax.tree.map(lambda *x: numbers.stack(x).max(axis=0), *[b.lower for b in boxes])
        upper = jax.tree.map(lambda *x: numbers.stack(x).min(axis=0), *[b.upper for b in boxes])
        if any(box.centre is None for box in boxes):
            return (Box(lower, upper),)
        # Whoever counts the players in another order ties them to the same.
        mean = jax.tree.map(
            lambda low, high, *x: numbers.clip(numbers.stack(x).mean(axis=0), low, high),
            *(lower, upper),
            *[b.centre for b in boxes],
        )
        return (Box(lower, upper, mean),)

    def untied(self, params: Params) -> Params:
        """The same profile with one copy of the shared parameter per player."""
        return params * len(self.game.spaces)

    def observables(self, params: Params) -> dict[str, Float[RealArray, "players"]]:
        inner = require(self.game, "observables", "what is observed of tied players")
        return inner.observables(self.untied(params))

    @in_float64_unless_traced
    def cooperation(self, params: Params) -> Float[RealArray, "players"]:
        """Everyone's probability of action 0."""
        inner = require(self.game, "observables", "cooperation of tied players")
        return observed(inner, self.untied(params), "cooperation")

    @in_float64_unless_traced
    def payoffs(self, params: Params, key: RandomKey = None) -> Float[RealArray, "players"]:
        return self.game.payoffs(self.untied(params), key)

    @in_float64_unless_traced
    def selfish_gradients(self, params: Params, key: RandomKey = None) -> Params:
        return (mean_of_params(self.game.selfish_gradients(self.untied(params), key)),)

    @in_float64_unless_traced
    def gradient_scales(self, params: Params) -> Params:
        inner = require(self.game, "scales", "how large gradients of tied players could be")
        scales = inner.gradient_scales(self.untied(params))
        return (jax.tree.map(_mean_scale, *scales),)

    @in_float64_unless_traced
    def faults(self, params: Params) -> Bool[RealArray, "players"] | None:
        return require(self.game, "checks", "looking for faults").faults(self.untied(params))


def untieable(game: AbstractParametricGame) -> str:
    """Why the players of a game cannot share one parameter; nothing where they can."""
    if game.layout is not SEPARATE or len(game.spaces) < 2:
        return (
            f"{type(game).__name__} keeps everybody's parameters in one array: only games with "
            "one entry of params per player can be tied"
        )
    shapes = [jax.tree.map(jnp.shape, box.lower) for box in game.spaces]
    if any(shape != shapes[0] for shape in shapes):
        return f"only parameters of one shape can be tied, not {shown(shapes)}"
    if where := kinks_of(game):
        return f"players cannot be tied where slopes differ on either side {where}: learn apart"
    return ""


def _mean_scale(*scales: RealArray) -> Array:
    """The mean of scales; who is indifferent, with an infinite one, adds no gradient and nothing.

    It is infinite only where everybody is: an infinite mean would take any gradient for rest.
    """
    stacked = jnp.stack([jnp.asarray(x) for x in scales])
    mean = jnp.where(jnp.isinf(stacked), 0.0, stacked).mean(axis=0)
    return jnp.where(jnp.all(jnp.isinf(stacked), axis=0), jnp.inf, mean)


def mean_of_params(trees: Params) -> PyTree:
    """The mean over players whose parameters have one structure."""
    return jax.tree.map(lambda *leaves: sum(leaves[1:], start=leaves[0]) / len(leaves), *trees)
