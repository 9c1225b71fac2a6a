"""How much better than expected it went from each step on: returns and advantages."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray


def discounted_returns(
    rewards: Float[RealArray, "steps *batch"],
    discount: float,
    last: Float[RealArray, "*batch"] | None = None,
) -> Float[RealArray, "steps *batch"]:
    """What is still to come at each step.

    Definition: G_t = Σ_{k≥t} γ^{k-t} r_k + γ^{T-t} V_T.

    **Arguments:** `rewards`; `discount` γ; `last` V_T, what is expected after the last step where
    episodes were only cut off there; None where nothing comes after.
    """
    rewards = jnp.asarray(rewards)
    after = jnp.zeros_like(rewards[0]) if last is None else jnp.asarray(last, rewards.dtype)
    return backwards(rewards, discount, after)


def estimated_advantages(
    rewards: Float[RealArray, "steps *batch"],
    values: Float[RealArray, "steps *batch"],
    last: Float[RealArray, "*batch"],
    discount: float,
    trace: Float[RealArray, ""] | float,
) -> Float[RealArray, "steps *batch"]:
    """Generalised advantage estimates.

    Definition: A_t = Σ_{k≥t} (γλ)^{k-t} δ_k, δ_k = r_k + γ V_{k+1} - V_k. λ = 0 is the temporal
    difference itself, λ = 1 the return less the value.

    **Arguments:** `rewards`; `values` V_t of a critic; `last` V_T, zeros where episodes ended;
    `discount` γ; `trace` λ.
    **Source:** Schulman et al. 2016, High-dimensional continuous control using generalised
    advantage estimation, equation 16.
    """
    rewards, values = jnp.asarray(rewards), jnp.asarray(values)
    onward = jnp.concatenate([values[1:], jnp.asarray(last, values.dtype)[None]])
    errors = rewards + discount * onward - values
    decay = jnp.asarray(discount * trace, errors.dtype)
    return backwards(errors, decay, jnp.zeros_like(errors[0]))


def normalised(values: Float[RealArray, "..."]) -> Float[RealArray, "..."]:
    """The same with mean 0 and standard deviation 1 over everything together."""
    values = jnp.asarray(values)
    return (values - values.mean()) / (values.std() + 1e-8)


def of_the_others(values: Float[RealArray, "*batch players"]) -> Float[Array, "*batch players"]:
    """For each player the sum over all others."""
    values = jnp.asarray(values)
    return values.sum(axis=-1, keepdims=True) - values


def backwards(
    terms: Float[RealArray, "steps *batch"], decay: Array | float, after: Float[RealArray, "*batch"]
) -> Float[RealArray, "steps *batch"]:
    """x_t = terms_t + decay x_{t+1}, from what comes after the last step."""

    def step(x: Array, term: Array) -> tuple[Array, Array]:
        x = term + decay * x
        return x, x

    return jax.lax.scan(step, jnp.asarray(after), jnp.asarray(terms), reverse=True)[1]
