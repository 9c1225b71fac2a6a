"""How often a discounted chain is in each of its states, to full precision at any discount."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

MOST_STATES_UNROLLED = 4
"""Chains of more states are eliminated in a loop, which compiles faster."""

RARE = 1e-250
"""How likely a restart is in the limit of no discount."""


@jax.custom_jvp
def occupancy(
    first: Float[Array, "states"], rows: Float[Array, "states states"], discount: Float[Array, ""]
) -> Float[Array, "states"]:
    """The share of discounted time in each state: d = (1-γ) p_0ᵀ (I - γP)^{-1}, which sums to 1.

    It is the stationary distribution of the chain that starts anew with probability 1-γ. That is
    eliminated without subtractions, its start last, so that every share has full relative precision
    for all γ < 1, where a linear solver loses 1e-16 / (1-γ). Derivatives are those of the linear
    system, see `visits_onward`: through the elimination they would be slower, and compile for
    minutes.

    **Arguments:** `first`, p_0; `rows`, P, from each state to each; `discount` γ.
    **Cost:** cubic in the states.
    **Source:** Grassmann, Taksar & Heyman 1985, Regenerative analysis and steady state
    distributions for Markov chains, Operations Research 33.
    """
    return _eliminated(first, rows, discount, 1 - discount)


def limit_occupancy(
    first: Float[Array, "states"], rows: Float[Array, "states states"]
) -> Float[Array, "states"]:
    """The share of time in each state as γ → 1, in 64 bits; it has no derivatives.

    The elimination has no subtraction, so that a restart may be as unlikely as the smallest numbers
    are: beside it every transition, and a few of them in a row, must be all but certain.
    """
    return _eliminated(first, rows, jnp.ones(()), jnp.asarray(RARE))


def _eliminated(first: Array, rows: Array, discount: Array, anew: Array) -> Array:
    """The stationary shares of the chain that starts anew with that probability."""
    count = len(first)
    restart = jnp.full((count, 1), 1.0) * anew
    start = jnp.append(first, 0.0)
    chain = jnp.concatenate([jnp.concatenate([discount * rows, restart], axis=1), start[None]])
    later = jnp.arange(count + 1)

    def eliminate(k: int, chain: Array) -> Array:
        onward = jnp.where(later > k, chain[k], 0.0)
        into = jnp.where(later > k, chain[:, k], 0.0)
        return chain + jnp.outer(into, onward / onward.sum())

    def restore(k: int, shares: Array) -> Array:
        onward = jnp.where(later > k, chain[k], 0.0)
        into = jnp.where(later > k, chain[:, k], 0.0)
        return shares.at[k].set(shares @ into / onward.sum())

    shares = jnp.zeros(count + 1, chain.dtype).at[count].set(1.0)
    if count <= MOST_STATES_UNROLLED:
        for k in range(count):
            chain = eliminate(k, chain)
        for k in reversed(range(count)):
            shares = restore(k, shares)
    else:
        chain = jax.lax.fori_loop(0, count, eliminate, chain)
        shares = jax.lax.fori_loop(0, count, lambda k, x: restore(count - 1 - k, x), shares)
    return shares[:count] / shares[:count].sum()


@occupancy.defjvp
def _(primals, tangents):
    # Not the elimination's shares: where only derivatives are asked for, it is then never compiled.
    _, moved = jax.jvp(solved_occupancy, primals, tangents)
    return occupancy(*primals), moved


def solved_occupancy(
    first: Float[Array, "states"], rows: Float[Array, "states states"], discount: Float[Array, ""]
) -> Float[Array, "states"]:
    """The same by matrices: faster to compile and to differentiate, for learning."""
    return (1 - discount) * visits(first, rows, discount, visits_onward(rows, discount))


@jax.custom_jvp
def visits(
    first: Float[Array, "states"],
    rows: Float[Array, "states states"],
    discount: Float[Array, ""],
    onward: Float[Array, "states states"],
) -> Float[Array, "states"]:
    """p_0ᵀ N, discounted visits to each state, `onward` being N of these rows.

    d(p_0ᵀ N) = (dp_0ᵀ + p_0ᵀ N d(γP)) N takes products with vectors only, where dN takes products
    of matrices.
    """
    return first @ onward


@visits.defjvp
def _(primals, tangents):
    (first, rows, discount, onward), (first_change, *change) = primals, tangents
    found = visits(first, rows, discount, onward)
    moved = found @ _change(rows, discount, *change[:2])
    return found, visits(first_change + moved, rows, discount, onward)


@jax.custom_jvp
def worth(
    paid: Float[Array, "states payoffs"],
    rows: Float[Array, "states states"],
    discount: Float[Array, ""],
    onward: Float[Array, "states states"],
) -> Float[Array, "states payoffs"]:
    """N r, what all that is to come is worth from each state on, `onward` being N of these rows."""
    return onward @ paid


@worth.defjvp
def _(primals, tangents):
    # As the visits of the transposed chain LOLA would take at least a quarter more time.
    (paid, rows, discount, onward), (paid_change, *change) = primals, tangents
    found = worth(paid, rows, discount, onward)
    moved = _change(rows, discount, *change[:2]) @ found
    return found, worth(paid_change + moved, rows, discount, onward)


def _change(rows: Array, discount: Array, rows_change: Array, discount_change: Array) -> Array:
    """d(γP)."""
    return discount * rows_change + discount_change * rows


@jax.custom_jvp
def visits_onward(
    rows: Float[Array, "states states"], discount: Float[Array, ""]
) -> Float[Array, "states states"]:
    """N = (I - γP)^{-1}: discounted visits to each state (columns) from each (rows).

    dN = N d(γP) N, so that derivatives of any order are products of this one inverse: a solver's
    own derivatives compile four times as long.
    """
    count = len(rows)
    system = jnp.eye(count, dtype=rows.dtype) - discount * rows

    # Gauss and Jordan, without pivots, which diagonal dominance makes as good: array operations
    # only. LAPACK would be called once for each member of a batch, and two batches that call it at
    # the same time wait for each other for ever.
    def eliminate(k: int | Array, both: Array) -> Array:
        pivot = both[k] / both[k, k]
        rest = both - both[:, k, None] * pivot[None]
        return jnp.where(jnp.arange(count)[:, None] == k, pivot[None], rest)

    both = jnp.concatenate([system, jnp.eye(count, dtype=rows.dtype)], axis=1)
    if count > MOST_STATES_UNROLLED:
        return jax.lax.fori_loop(0, count, eliminate, both)[:, count:]
    for k in range(count):
        both = eliminate(k, both)
    return both[:, count:]


@visits_onward.defjvp
def _(primals, tangents):
    onward = visits_onward(*primals)
    return onward, onward @ _change(*primals, *tangents) @ onward
