"""First movements from episodes: products of two means, each without the other's noise."""

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import Whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.sampling.estimates import (
    TOLD_APART,
    Estimate,
    jackknifed,
    products_of_means,
)
from glasshouse.analysis.sampling.parts import (
    PARTED,
    EachStep,
    Groups,
    each_step_of,
    grouped,
    groups_of,
    kernels_of,
    plays_episodes,
)
from glasshouse.dynamics.doors import check_params
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
    game = plays_episodes(game, "the first-order margin", key)
    size = groups_of(episodes)
    found = grouped(game, check_params(game, params), key, size, each_step_of(quantity))
    value, without = margin_of(found)
    return Estimate(float(value), float(jackknifed(without)), detail=how(size))


def margin_of(
    found: Groups,
) -> tuple[Float[np.ndarray, ""], Float[np.ndarray, "groups"]]:
    """The margin of all owners and readers together, and what it is without each group in turn."""
    return products_of_means(np.asarray(kernels_of(found)).sum(axis=(0, 1)))


def how(size: int) -> str:
    """How it was estimated, in words."""
    return (
        f"{PARTED * size} episodes in {PARTED} groups, errors by leaving out one in turn, signs "
        f"beyond {TOLD_APART:g} standard errors"
    )
