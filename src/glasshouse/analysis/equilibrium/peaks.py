"""The highest peak of a payoff over one parameter: a grid that follows behaviour, and bisection."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

GRID = 1025
"""Points at which a one-parameter deviation's derivative is evaluated before refinement."""

ADAPTATIONS = 4
"""How often the grid is moved to where behaviour changes; each time it resolves 1000 times more."""

PEAKS = 16
"""Of that grid's cells in which the payoff peaks, so many with the highest ends are refined."""


def highest_peak(
    payoff_at: Callable[[Array], Array],
    behaviour_at: Callable[[Array], Array],
    now: Array,
    low: Array,
    high: Array,
) -> tuple[Array, Array]:
    """By how much the highest payoff met exceeds that at `now`, and where it is.

    **Arguments:** `payoff_at` and `behaviour_at` a parameter; `low` and `high`, its range.
    """
    payoff, slope = jax.vmap(payoff_at), jax.vmap(jax.grad(payoff_at))
    grid = low + (high - low) * jnp.linspace(0.0, 1.0, GRID)
    grid = jax.lax.fori_loop(
        0,
        ADAPTATIONS,
        lambda _, points: _denser_where_behaviour_changes(points, behaviour_at),
        grid,
    )
    slopes, payoffs = slope(grid), payoff(grid)
    peaks = (slopes[:-1] > 0) & (slopes[1:] <= 0)

    def halve(_, bracket):
        left, right = bracket
        middle = 0.5 * (left + right)
        rising = slope(middle) > 0
        return jnp.where(rising, middle, left), jnp.where(rising, right, middle)

    heights = jnp.where(peaks, jnp.maximum(payoffs[:-1], payoffs[1:]), -jnp.inf)
    heights, peaks_at = jax.lax.top_k(heights, PEAKS)
    left, right = jax.lax.fori_loop(0, 60, halve, (grid[peaks_at], grid[peaks_at + 1]))
    refined = jnp.where(jnp.isfinite(heights), 0.5 * (left + right), low)

    candidates = jnp.concatenate([jnp.stack([now, low, high, grid[jnp.argmax(payoffs)]]), refined])
    values = payoff(candidates)
    best = jnp.argmax(values)
    return values[best] - values[0], candidates[best]


def _denser_where_behaviour_changes(grid: Array, behaviour_at: Callable[[Array], Array]) -> Array:
    """As many points, half of them spread by how much everyone's behaviour changes between them."""
    change = jnp.abs(jnp.diff(jax.vmap(behaviour_at)(grid), axis=0)).sum(axis=1)
    even = jnp.diff(grid) / (grid[-1] - grid[0])
    weights = even + jnp.where(change.sum() > 0, change / change.sum(), even)
    reached = jnp.concatenate([jnp.zeros(1), jnp.cumsum(weights)])
    return jnp.interp(jnp.linspace(0.0, reached[-1], len(grid)), reached, grid)
