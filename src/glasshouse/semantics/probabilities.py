"""Logits to probabilities, accurate in both tails and in their derivatives."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.programs import traced_once

Scalar = Float[Array, ""]
Logits = Float[Array, "*shape"]


LARGEST_LOGIT = 708.39
"""Beyond it e^-|x| would leave the normal numbers of 64 bits, which XLA takes for zero."""

LOG2_HIGH, LOG2_LOW = 0.693145751953125, 1.42860682030941723212e-6
"""log 2 in two parts: products of the first with whole numbers up to 2^21 are exact."""

ODD = (1.26177193074810590878e-4, 3.02994407707441961300e-2, 0.99999999999999999991)
EVEN = (
    3.00198505138664455042e-6,
    2.52448340349684104192e-3,
    2.27265548208155028766e-1,
    2.00000000000000000009,
)
"""e^r = (q + p)/(q - p) for |r| <= log(2)/2, p/r and q polynomials in r²: Moshier's Cephes."""

TO_LAST_BITS = 1.5 * 2**52
"""Added to a small whole number, it puts that number into the last bits of the sum."""


@traced_once
def sigmoid_pair(logit: Scalar) -> tuple[Scalar, Scalar]:
    """The probabilities s(x) and s(-x), each to full relative precision, with one division.

    1 - s(x) would be zero beyond x = 37 in float64, and gradients with it; here the smaller
    probability and the derivative s(x) s(-x) stay accurate up to |x| = 708 (in 32 bits 87),
    where they stop shrinking instead of vanishing.
    """
    return _pair(logit)


@jax.custom_jvp
def _pair(logit: Scalar) -> tuple[Scalar, Scalar]:
    first, second, _ = _pair_and_slope(logit)
    return first, second


@_pair.defjvp
def _(primals, tangents):
    first, second, slope = _pair_and_slope(primals[0])
    change = slope * tangents[0]
    return (first, second), (change, -change)


@jax.custom_jvp
def _pair_and_slope(logit: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """s(x), s(-x) and s(x) s(-x)."""
    if logit.dtype == jnp.float64:
        least = _least(logit)
        negative, least = least < 0, jnp.abs(least)
        most = 1 - least  # at least ½, and so exact to rounding, as their product is
        first, second = jnp.where(negative, least, most), jnp.where(negative, most, least)
        return first, second, least * most
    first, second = _pair_of_odds(logit)
    return first, second, first * second


@_pair_and_slope.defjvp
def _(primals, tangents):
    first, second, slope = _pair_and_slope(primals[0])
    change = slope * tangents[0]
    return (first, second, slope), (change, -change, (second - first) * change)


@jax.custom_jvp
def sigmoid_pairs(logits: Logits) -> tuple[Logits, Logits]:
    """`sigmoid_pair` of every logit, for arrays whose last axis is short: several states, say.

    Short rows are computed number by number, for which XLA's own exponential is the quicker one.
    """
    return _pair_of_odds(logits)


@sigmoid_pairs.defjvp
def _(primals, tangents):
    first, second = sigmoid_pairs(primals[0])
    change = first * second * tangents[0]
    return (first, second), (change, -change)


def _pair_of_odds(logits: Logits) -> tuple[Logits, Logits]:
    tiny = float(jnp.finfo(logits.dtype).tiny)
    odds = jnp.clip(jnp.exp(-logits), tiny, 1 / tiny)
    first = 1 / (1 + odds)
    return first, odds * first


def _least(logit: Scalar) -> Scalar:
    """The smaller of s(x) and s(-x), with the sign of x.

    That is e/(1 + e) with e = e^-|x|. XLA's exponential ends in a quotient a/b of its own: a/(a+b)
    divides once, and takes half the time of an exponential where `exp` and a division take one and
    a quarter. It is one number because XLA writes all that is divided to memory, and
    computes the rest anew wherever it is used. The exponential is 2^n e^r, n a whole number.
    """
    x = -jnp.abs(logit)
    x = jnp.where(x < -LARGEST_LOGIT, -LARGEST_LOGIT, x)
    n = jax.lax.round(x * (1 / math.log(2)), jax.lax.RoundingMethod.TO_NEAREST_EVEN)
    r = (x - n * LOG2_HIGH) - n * LOG2_LOW
    square = r * r
    p, q = r * _horner(ODD, square), _horner(EVEN, square)
    bits = (jax.lax.bitcast_convert_type(n + TO_LAST_BITS, jnp.int64) << 52) + (1023 << 52)
    a, b = (q + p) * jax.lax.bitcast_convert_type(bits, jnp.float64), q - p
    return jnp.where(logit < 0, -a, a) / (a + b)


def _horner(coefficients: tuple[float, ...], x: Scalar) -> Scalar:
    found = coefficients[0] * x + coefficients[1]
    for coefficient in coefficients[2:]:
        found = found * x + coefficient
    return found


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
