"""Directions of another rule, post-processed by an Optax transformation."""

import functools
from typing import TYPE_CHECKING, Any, ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import wadler_lindig as wl

from glasshouse._foundation.results import call
from glasshouse.errors import InputError
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import (
    AbstractDirection,
    AbstractRule,
    Directions,
    check_direction,
    moves_of,
)
from glasshouse.rules.gradient import Gradient

if TYPE_CHECKING:  # whoever brings a transformation has loaded it
    import optax

PROBES = 5
"""Updates looked at: a schedule may begin with a step of zero."""


class Transformed(AbstractDirection):
    """The directions of `rule` after an Optax transformation: Adam, momentum, clipping, ….

    Directions are directions of *ascent*, so take the transformations Optax names `scale_by_…`,
    `trace` or `clip…`. A complete optimiser such as `optax.adam(0.1)` ends in a multiplication
    by -0.1 and would make every player minimise its payoff; it is refused.

    **Arguments:** `rule`; `transformation`, applied to all players' directions together.
    **Raises:** `InputError` from `init` when the transformation reverses directions.
    """

    rule: AbstractDirection
    transformation: "optax.GradientTransformation" = eqx.field(static=True)

    words: ClassVar[str] = "an Optax transformation"
    keeps_rest_points: ClassVar[bool] = False  # only where the rule inside does
    formula: ClassVar[str] = "T(direction of another rule), T from Optax"
    cost: ClassVar[str] = "that of the other rule"
    in_studies: ClassVar[bool] = False

    def __check_init__(self):
        check_direction(self.rule, "an Optax transformation")
        if not all(callable(getattr(self.transformation, x, None)) for x in ("init", "update")):
            raise InputError(
                f"transformation must be one of Optax, not {type(self.transformation).__name__}"
            )

    def init(self, game: AbstractParametricGame, params: Params, key: RandomKey = None) -> Any:
        _check_keeps_direction(self.transformation, params)
        return self.rule.init(game, params, key), self.transformation.init(params)

    def direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> tuple[Directions, Any]:
        rule_state, transformation_state = state
        directions, rule_state = self.rule.direction(game, params, rule_state, key)
        moves = moves_of(params, directions)  # Optax knows nobody who stands still
        updates, transformation_state = self.transformation.update(
            moves, transformation_state, params
        )
        return cast(Directions, updates), (rule_state, transformation_state)

    def resting_direction(
        self, game: AbstractParametricGame, params: Params, state: Any, key: RandomKey = None
    ) -> Directions:
        # Adam, momentum and clipping send directions of zero, and no others, to zero for good.
        return self.rule.resting_direction(game, params, state[0], key)

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        # Optax makes the functions of a transformation inside the one that has its name.
        maker = getattr(self.transformation.update, "__qualname__", "…").split(".")[0]
        fields = {"rule": self.rule, "transformation": wl.TextDoc(maker)}
        return call("Transformed", fields.items(), **settings)

    @classmethod
    def example(cls) -> "Transformed":
        import optax

        return cls(Gradient(), optax.scale_by_adam())


def through_adam(rule: AbstractRule) -> Transformed:
    """The rule through Adam, whose memory is of each number's direction and of its square.

    It is one and the same Adam for all, so that what is compiled for one rule serves others that
    differ in their numbers.

    **Raises:** `InputError` for what gives no direction.
    """
    return Transformed(check_direction(rule, "Adam"), scaling_by_adam())


@functools.cache
def scaling_by_adam() -> Any:
    """Adam, but for the step size."""
    import optax  # which takes a while to load, and only who learns needs it

    return optax.scale_by_adam()


def _check_keeps_direction(transformation: "optax.GradientTransformation", params: Params) -> None:
    """Send ones through the transformation a few times: none of them may come out negative."""
    with jax.ensure_compile_time_eval():
        ones = jax.tree.map(lambda x: jnp.ones(jnp.shape(x)), params)
        state, lowest = transformation.init(ones), 0.0
        for _ in range(PROBES):
            updates, state = transformation.update(ones, state, ones)
            lowest = min(lowest, *(float(jnp.min(x)) for x in jax.tree.leaves(updates) if x.size))
    if lowest < 0:
        raise InputError(
            "this Optax transformation turns directions of ascent into descent: use the "
            "scale_by_… form (optax.scale_by_adam() for optax.adam) and set run's step_size"
        )
