"""Advantage alignment: who has gained so far does what is good for the others, and who lost not."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.rules.sampled.advantages import of_the_others

ALIGNMENT_FORMS = ("paper", "mean", "proximal", "meanfield", "past")
"""How past advantages are weighed: discounted, by their mean, discounted in a clipped step,
discounted and the others counted by their mean, or discounted without what was still to come."""


def alignment_term(
    own: Float[RealArray, "steps *batch players"],
    others: Float[RealArray, "steps *batch players"],
    discount: float,
    form: str = "paper",
    trace: Float[RealArray, ""] | float = 0.0,
) -> Float[RealArray, "steps *batch players"]:
    """What is added to each player's advantages for every unit of β.

    Definition: γ (Σ_{k<t} γ^{t-k} A^i_k) Σ_{j≠i} A^j_t; in the form "mean", which the authors' code
    has, (1/t Σ_{k<t} A^i_k) Σ_{j≠i} A^j_t without any γ; in the form "meanfield" the first one over
    n - 1, so that one's mean opponent counts, however many there are; in the form "past" A^i_k is
    what had come of it before step t: see `gained_ahead`. Of the first step it is 0.

    **Arguments:** `own`, advantages that say whether one has gained so far; `others`, those by
    which one's actions are judged for the others (mostly the same); `discount` γ; `form`; `trace`
    λ of the advantages, which the form "past" asks for.
    **Source:** Duque et al. 2025, Advantage alignment algorithms, equation 12.
    """
    return gained_so_far(own, discount, form, trace) * _of_one(of_the_others(others), form)


class Aligned(NamedTuple):
    """What alignment adds, and how much of it is there because what is to come counts as past."""

    added: Float[Array, "steps *batch players"]
    ahead: Float[Array, "steps *batch players"]


def aligned_with(
    own: Float[RealArray, "steps *batch players"],
    theirs: Float[RealArray, "steps *batch players"],
    discount: float,
    form: str,
    trace: Float[RealArray, ""] | float,
) -> Aligned:
    """How much each player has gained so far times what its action is worth to the others.

    **Arguments:** as of `alignment_term`; `theirs`, the sum of the others' advantages as each
    player takes it to be.
    """
    theirs = _of_one(theirs, form)
    added = theirs * gained_so_far(own, discount, form, trace)
    if form == "past":
        return Aligned(added, jnp.zeros_like(added))
    return Aligned(added, theirs * gained_ahead(own, discount, trace, form))


def gained_so_far(
    own: Float[RealArray, "steps *batch players"],
    discount: float,
    form: str = "paper",
    trace: Float[RealArray, ""] | float = 0.0,
) -> Float[RealArray, "steps *batch players"]:
    """How much better than expected it went before each step, as a form weighs that."""
    own = jnp.asarray(own)
    if form == "mean":
        return (jnp.cumsum(own, axis=0) - own) / _steps_before(own)
    found = discount * earlier(own, discount)
    return found - gained_ahead(own, discount, trace) if form == "past" else found


def gained_ahead(
    own: Float[RealArray, "steps *batch players"],
    discount: float,
    trace: Float[RealArray, ""] | float,
    form: str = "paper",
) -> Float[RealArray, "steps *batch players"]:
    """The part of `gained_so_far` that is not past: what each step, and those after it, bring.

    Definition: generalised advantages A_k = Σ_{l≥k} (γλ)^{l-k} δ_l hold (γλ)^{t-k} A_t of every
    later step t, so that Σ_{k<t} γ^{t-k} A_k holds Σ_{k<t} (γ²λ)^{t-k} A_t. With λ = 0, errors of
    one step, it is 0.

    **Arguments:** as of `alignment_term`; `trace` λ of the advantages.
    """
    own = jnp.asarray(own)
    held = discount * jnp.asarray(trace, own.dtype)
    each = jnp.ones_like(own)
    if form == "mean":
        return earlier(each, held) / _steps_before(own) * own
    return discount * earlier(each, discount * held) * own


def _of_one(theirs: Float[RealArray, "*batch players"], form: str) -> Array:
    """What the others' advantages count as: their sum, or that of a mean opponent."""
    theirs = jnp.asarray(theirs)
    return theirs / max(theirs.shape[-1] - 1, 1) if form == "meanfield" else theirs


def _steps_before(values: Float[RealArray, "steps *batch"]) -> Array:
    """How many steps there were before each, at least 1."""
    counts = jnp.maximum(jnp.arange(len(values), dtype=values.dtype), 1.0)
    return counts.reshape(-1, *[1] * (values.ndim - 1))


def aligned(
    advantages: Float[RealArray, "steps *batch players"],
    beta: Float[RealArray, ""] | float,
    discount: float,
    form: str = "paper",
) -> Float[RealArray, "steps *batch players"]:
    """Advantages with `beta` times the `alignment_term`.

    from glasshouse.rules.sampled import aligned

    rows = [[1.0, 3.0], [-2.0, 5.0], [4.0, -1.0]]  # of each step, of two players
    print(aligned(rows, 2.0, 0.5).T.tolist())  # [[1.0, 0.5, 4.75], [3.0, 2.0, 12.0]]
    """
    found = jnp.asarray(advantages)
    return found + beta * alignment_term(found, found, discount, form)


def earlier(
    values: Float[RealArray, "steps *batch"], discount: Float[RealArray, ""] | float
) -> Float[RealArray, "steps *batch"]:
    """Σ_{k<t} γ^{t-k} x_k: everything before a step, the older the less."""

    values = jnp.asarray(values)
    fade = jnp.asarray(discount, values.dtype)

    def step(total: Array, value: Array) -> tuple[Array, Array]:
        return fade * (total + value), total

    return jax.lax.scan(step, jnp.zeros_like(values[0]), values)[1]
