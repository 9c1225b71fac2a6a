"""Logits to probabilities, accurate in both tails and in their derivatives."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Scalar = Float[Array, ""]


@jax.custom_jvp
def sigmoid_pair(logit: Scalar) -> tuple[Scalar, Scalar]:
    """The probabilities s(x) and s(-x), each to full relative precision, with one exponential.

    1 - s(x) would be zero beyond x = 37 in float64, and gradients with it; here the smaller
    probability and the derivative s(x) s(-x) stay accurate up to |x| = 708 (in 32 bits 87),
    where they stop shrinking instead of vanishing.
    """
    tiny = float(jnp.finfo(logit.dtype).tiny)
    odds = jnp.clip(jnp.exp(-logit), tiny, 1 / tiny)
    first = 1 / (1 + odds)
    return first, odds * first


@sigmoid_pair.defjvp
def _(primals, tangents):
    first, second = sigmoid_pair(primals[0])
    change = first * second * tangents[0]
    return (first, second), (change, -change)


@jax.custom_jvp
def softmax(logits: Float[Array, "actions"]) -> Float[Array, "actions"]:
    """Softmax whose derivative keeps its relative precision when one probability is near 1.

    dp_a = Σ_b≠a p_a p_b (dx_a - dx_b), instead of the textbook form whose 1 - p_a cancels.
    """
    return jax.nn.softmax(logits)


@softmax.defjvp
def _(primals, tangents):
    probabilities = softmax(primals[0])
    weights = jnp.outer(probabilities, probabilities)
    weights = weights * (1 - jnp.eye(len(probabilities), dtype=weights.dtype))
    change = weights.sum(axis=1) * tangents[0] - weights @ tangents[0]
    return probabilities, change


@jax.custom_jvp
def softmax_unrolled(logits: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    """The same for a few logits as scalars, so that a batch stays the only array axis."""
    top = logits[0]
    for logit in logits[1:]:
        top = jnp.maximum(top, logit)
    powers = [jnp.exp(logit - top) for logit in logits]
    total = sum(powers[1:], start=powers[0])
    return tuple(power / total for power in powers)


@softmax_unrolled.defjvp
def _(primals, tangents):
    p, dx = softmax_unrolled(primals[0]), tangents[0]
    changes = []
    for a in range(len(p)):
        terms = [p[a] * p[b] * (dx[a] - dx[b]) for b in range(len(p)) if b != a]
        changes.append(sum(terms[1:], start=terms[0]) if terms else 0.0 * dx[a])
    return p, tuple(changes)
