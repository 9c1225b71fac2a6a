"""What is differentiated in place of expectations: scores, clipped ratios, DiCE."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from glasshouse._foundation.arrays import RealArray


def clipped_weights(
    log_ratios: Float[RealArray, "..."],
    advantages: Float[RealArray, "..."],
    clip: Float[RealArray, ""] | float,
) -> Float[RealArray, "..."]:
    """What ∇ log π is multiplied by in the gradient of min(ρ A, clip(ρ, 1-ε, 1+ε) A).

    Definition: ρ A, and 0 where ρ has left [1-ε, 1+ε] in the direction that A rewards.

    **Arguments:** `log_ratios`, of today's probability to that with which it was played;
    `advantages`; `clip` ε.
    **Source:** Schulman et al. 2017, Proximal policy optimization algorithms, equation 7.
    """
    ratios, advantages = jnp.exp(jnp.asarray(log_ratios)), jnp.asarray(advantages)
    left = jnp.where(advantages > 0, ratios > 1 + clip, ratios < 1 - clip)
    return jnp.where(left, 0.0, ratios * advantages)


def magic_box(values: Float[RealArray, "..."]) -> Float[RealArray, "..."]:
    """exp(x - x), the second x held fixed: 1, with all derivatives of a probability's share."""
    return jnp.exp(values - jax.lax.stop_gradient(values))


def dice(
    log_probabilities: Float[RealArray, "steps episodes players"],
    rewards: Float[RealArray, "steps episodes players"],
    discount: float,
    baseline: Float[RealArray, "steps episodes players"] | None = None,
) -> Float[RealArray, "episodes players"]:
    """What an episode paid, with all derivatives of the expected discounted sum.

    Definition: Σ_t γ^t □(Σ_{k≤t} log π(a_k)) r_t + Σ_t γ^t (1 - □(log π(a_t))) b_t, □(x) =
    exp(x - stop(x)), π being the probability of all players' actions together. A baseline changes
    no expectation, and lowers the variance of first derivatives; see `loaded_dice` for the second.

    **Arguments:** `log_probabilities` of each player's action, at the parameters to differentiate
    in; `rewards`; `discount` γ; `baseline` b_t.
    **Source:** Foerster et al. 2018, DiCE: the infinitely differentiable Monte Carlo estimator.
    """
    joint = jnp.asarray(log_probabilities).sum(axis=-1, keepdims=True)
    rewards = jnp.asarray(rewards)
    powers = step_powers(discount, rewards)
    found = (powers * magic_box(jnp.cumsum(joint, axis=0)) * rewards).sum(axis=0)
    if baseline is None:
        return found
    return found + (powers * (1 - magic_box(joint)) * jnp.asarray(baseline)).sum(axis=0)


def loaded_dice(
    log_probabilities: Float[RealArray, "steps episodes players"],
    advantages: Float[RealArray, "steps episodes players"],
    discount: float,
    decay: Float[RealArray, ""] | float = 1.0,
) -> Float[RealArray, "episodes players"]:
    """The derivatives of the expected discounted sum from advantages; its value is 0.

    Definition: Σ_t γ^t (□(w_t) - □(λ w_{t-1})) A_t, w_t = λ w_{t-1} + log π(a_t), w_{-1} = 0. With
    λ = 1 and exact advantages all derivatives are right in expectation; smaller λ forgets how
    earlier actions came about, which lowers the variance of second derivatives and biases them.

    **Arguments:** as of `dice`; `advantages` A_t; `decay` λ.
    **Source:** Farquhar, Whiteson, Foerster 2019, Loaded DiCE, equation 14.
    """
    joint = jnp.asarray(log_probabilities).sum(axis=-1)
    advantages, forgets = jnp.asarray(advantages), jnp.asarray(decay)

    def step(total: Array, now: Array) -> tuple[Array, tuple[Array, Array]]:
        before = forgets * total
        return before + now, (before, before + now)

    _, (before, upto) = jax.lax.scan(step, jnp.zeros_like(joint[0]), joint)
    share = (magic_box(upto) - magic_box(before))[..., None]
    return (step_powers(discount, advantages) * share * advantages).sum(axis=0)


def softmax_factors(
    values: Float[RealArray, "*batch actions"], taken: Int[RealArray, "*batch"]
) -> Float[RealArray, "*batch"]:
    """1 - π(b), π the softmax of `values`: how log π(b) changes with the value of b alone.

    **Source:** Aghajohari et al. 2024, LOQA: learning with opponent Q-learning awareness.
    """
    values = jnp.asarray(values)
    chance = jnp.exp(jax.nn.log_softmax(values, axis=-1))
    return 1 - jnp.take_along_axis(chance, jnp.asarray(taken)[..., None], axis=-1)[..., 0]


def step_powers(discount: float, like: Float[RealArray, "steps *batch"]) -> Array:
    """γ^t along the first axis."""
    steps = jnp.arange(len(like), dtype=like.dtype)
    return (jnp.asarray(discount, like.dtype) ** steps).reshape(-1, *[1] * (like.ndim - 1))
