"""Shaping of others who may learn in several ways, each with a probability."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.declared import Key, settings_of, study_name
from glasshouse._foundation.numbers import PROBABILITY_TOLERANCE, Numbers, not_negative, shown
from glasshouse.errors import InputError, nearest
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.anticipating import AbstractAnticipating
from glasshouse.rules.base import AbstractDirection, Directions, check_direction, moves_of
from glasshouse.rules.calculus import among_learners

TYPES = ("gradient", "lola")


class Believing(AbstractAnticipating):
    """Every player shapes others of whom it does not know how they learn: by a mean of types.

    Definition: ∇_i [U_i + α Σ_j≠i Σ_t w_t d^t_j · ∂U_i/∂θ_j], d^t the direction of rule t, which
    depends on θ_i as much as the rest. To this order the expected step is all that counts, not how
    far types lie apart. With `exact` it is ∇_i Σ_t w_t U_i(θ_i, θ_-i + α d^t_-i), where that
    counts, too. Of one naive type it is `Lola`; of one that is exact LOLA of order k, exact LOLA of
    order k + 1. It leaves rest points of selfish learning.

    **Arguments:** `types`, rules that give a direction, or names of rules at this look-ahead;
    `weights`, a probability of each (default all alike); `look_ahead` and `believed_step_sizes` as
    of `AbstractAnticipating`; `exact`. A type that remembers moves as who has always been there.
    **Raises:** `InputError` for what are no types or probabilities, and where a type cannot learn.
    **Cost:** that of the types, a derivative more, for each player.
    **Source:** for one naive type, Foerster et al. 2018; the mixture is an extension.
    """

    types: tuple[AbstractDirection, ...]
    weights: Float[RealArray, "types"]
    exact: bool = eqx.field(static=True)

    words: ClassVar[str] = "shaping by beliefs"
    keeps_rest_points: ClassVar[bool] = False
    formula: ClassVar[str] = "∇_i [U_i + α Σ_j Σ_t w_t d^t_j · ∂U_i/∂θ_j]"
    cost: ClassVar[str] = "for each player a derivative of what the types cost"
    listed: ClassVar[int] = 21
    keys: ClassVar[Mapping[str, Key]] = {
        **AbstractAnticipating.keys,
        "types": Key(
            'Of "believing": rules by which others may learn, all at this look-ahead; default '
            '["gradient", "lola"].',
            TYPES,
            str,
            several=True,
        ),
        "weights": Key(
            'Of "believing": the probability of each type; default all alike.', None, several=True
        ),
        "exact": Key(
            'Of "believing": whether payoffs after each type\'s step count, rather than their '
            "first-order expansion; default false.",
            False,
            bool,
        ),
    }

    def __init__(
        self,
        types: Sequence[Any] = TYPES,
        weights: Numbers | None = None,
        look_ahead: Numbers = 1.0,
        exact: bool = False,
        believed_step_sizes: Numbers | None = None,
    ):
        super().__init__(look_ahead, believed_step_sizes)
        if not isinstance(types, list | tuple) or not types:
            raise InputError(f"types must be a list of rules or their names, not {shown(types)}")
        self.types = tuple(_type(given, self.look_ahead) for given in types)
        self.weights = _probabilities(weights, len(types))
        self.exact = bool(exact)

    def towards(
        self, game: AbstractParametricGame, params: Params, key: RandomKey = None
    ) -> Directions:
        weights = jnp.asarray(self.weights, dtype=float)

        def step(rule: AbstractDirection, here: Params) -> Params:
            found = rule.resting_direction(game, here, rule.init(game, here, key), key)
            return self.expected(moves_of(here, found))

        def mean(each: Sequence[Params]) -> Params:
            return jax.tree.map(lambda *x: sum(map(jnp.multiply, weights, x)), *each)

        def met(steps: Callable[[Params], Params]) -> Params:
            return among_learners(game, params, steps, key, expanded=not self.exact)

        if self.exact:
            return mean([met(partial(step, rule)) for rule in self.types])
        return met(lambda here: mean([step(rule, here) for rule in self.types]))

    @classmethod
    def example(cls) -> "Believing":
        return cls(weights=(0.25, 0.75), look_ahead=0.5)


def _type(given: Any, look_ahead: Any) -> AbstractDirection:
    """A rule, or the one of this name at the same look-ahead."""
    if not isinstance(given, str):
        return check_direction(given, "a type")
    from glasshouse.rules.registry import RULES  # which lists what is in this folder

    named = {study_name(cls): cls for cls in RULES.values() if cls.in_studies}
    if given not in named:
        raise InputError(
            f"types must name rules, and {given!r:.60} is none: {nearest(given, named)}"
        )
    cls: Any = named[given]
    same = {"look_ahead": look_ahead} if "look_ahead" in settings_of(cls) else {}
    return check_direction(cls(**same), "a type")


def _probabilities(weights: Numbers | None, count: int) -> RealArray:
    if weights is None:
        return np.full(count, 1 / count)
    found = not_negative(weights, "weights", None)
    if np.shape(found) != (count,):
        raise InputError(
            f"weights must be one probability for each of {count} types, but has shape "
            f"{np.shape(found)}"
        )
    if not is_traced(found) and abs(np.sum(np.asarray(found)) - 1) > PROBABILITY_TOLERANCE:
        raise InputError(f"weights must sum to 1, but are {shown(found)}")
    return found
