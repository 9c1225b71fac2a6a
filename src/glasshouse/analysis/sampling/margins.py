"""First movements from episodes: products of two means, each without the other's noise."""

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.sampling.counted import EachStep
from glasshouse.analysis.sampling.estimates import Estimate, jackknifed, products_of_means
from glasshouse.analysis.sampling.parts import Groups, ask, kernels_of
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.parametric.protocol import RandomKey


@in_float64
def sampled_margin(
    game: AbstractParametricGame,
    params: Params,
    quantity: str | EachStep,
    key: RandomKey,
    episodes: Whole | None,
) -> Estimate:
    """`first_order_margin` where payoffs are drawn, when all ascend their selfish gradients.

    Definition: the mean of ⟨∇m from group b, v from group c⟩ over groups b ≠ c of episodes.
    """
    asked = ask(game, "the first-order margin", quantity, key, episodes)
    value, without = margin_of(asked.groups(params, key))
    return Estimate(float(value), float(jackknifed(without)), detail=asked.how)


def margin_of(
    found: Groups,
) -> tuple[Float[np.ndarray, ""], Float[np.ndarray, "groups"]]:
    """The margin of all owners and readers together, and what it is without each group in turn."""
    return products_of_means(np.asarray(kernels_of(found)).sum(axis=(0, 1)))
