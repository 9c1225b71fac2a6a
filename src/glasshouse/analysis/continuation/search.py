"""Rest points at one value of the axis, found one after the other by deflation."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.special import ndtri

from glasshouse._foundation.programs import program
from glasshouse.analysis.continuation.problem import AxisProblem
from glasshouse.analysis.continuation.states import TOUCHING, Landscape, State

DEFLATION_ROUNDS = 8
"""So often starts are tried again with what was found taken out, as long as something is found."""

DEFLATED_STARTS = 24
"""From so many places Newton's method starts in each round, corners among them in the first."""

MOST_KNOWN = 64
"""Rest points taken out at once."""

NO_ROOT = 1e6
"""Stands for no root: so far away that nothing is divided by it, and has derivatives, unlike ∞."""

DISTINCT = 1e-6
"""Rest points closer than this, in units of boxes, are one."""

POLISHED_FROM = 1e-5
"""What Newton's method leaves near a root that is polished afterwards."""


@program
def _deflated(
    problem: AxisProblem, starts: Any, at: Any, known: Any, lower: Any, upper: Any
) -> Array:
    import optimistix as optx  # takes as long to import as a tenth of glasshouse

    def system(u, _):
        field = problem.relative(jnp.append(u, at))
        # A point rests where a step along its gradient, brought back into the box, stands still.
        still = u - jnp.clip(u + field, lower, upper)
        away = jnp.sum((known - u[None]) ** 2, axis=1)
        return still * jnp.prod(1.0 + 1.0 / jnp.maximum(away, 1e-12))

    def found(start):
        solver = optx.Newton(rtol=1e-8, atol=1e-8)
        ends = {"lower": jnp.where(jnp.isinf(lower), -1e3, lower)}
        ends["upper"] = jnp.where(jnp.isinf(upper), 1e3, upper)
        options = {name: jnp.asarray(end) for name, end in ends.items()}
        solved = optx.root_find(system, solver, start, options=options, max_steps=40, throw=False)
        return solved.value

    return jax.vmap(found)(starts)


def rest_points_at(land: Landscape, at: float, known: list[State]) -> list[State]:
    """Rest points at a value of the axis besides those known, as far as deflation finds them.

    Definition: a root of R(u) = u - clip(u + f(u)), f the relative gradient, rests; Newton's method
    is applied to R(u) Π (1 + 1/|u - r|²) over the roots r known, which it cannot find again.

    **Arguments:** `at`, τ.
    **Source:** Farrell, Birkisson & Funke 2015, Deflation techniques for finding distinct solutions
    of nonlinear partial differential equations, SIAM Journal on Scientific Computing 37; with
    bounds: Farrell, Croci & Surowiec 2020, Optimization Methods and Software 35.
    """
    size = len(land.lower)
    found: list[State] = []
    for turn in range(DEFLATION_ROUNDS):
        taken = np.full((MOST_KNOWN, size), NO_ROOT)
        rows = [s.z[:-1] for s in [*known, *found]][-MOST_KNOWN:]
        if rows:
            taken[: len(rows)] = rows
        starts = _starts(land, turn)
        ends = _deflated(land.problem, starts, np.asarray(at), taken, land.lower, land.upper)
        before = len(found)
        for u in np.asarray(ends):
            state = settled(land, np.append(u, at)) if np.all(np.isfinite(u)) else None
            if state is not None and all(_differ(state, s) for s in [*known, *found]):
                found.append(state)
        if len(found) == before:
            break
    return found


def settled(land: Landscape, near: np.ndarray) -> State | None:
    """The rest point at the same value of the axis next to a point, if there is one."""
    u = np.clip(near[:-1], land.lower, land.upper)
    state = land.state(np.append(u, near[-1]), np.zeros(len(u), dtype=int))
    low, high = u - land.lower <= POLISHED_FROM, land.upper - u <= POLISHED_FROM
    held = np.where(low & (state.relative < 0), -1, np.where(high & (state.relative > 0), 1, 0))
    state = land.state(state.z, held)
    solved = land.solve(state, state.z, np.eye(len(near))[-1], float(near[-1]))
    if not solved.holds or np.max(np.abs(solved.unknowns - near)) > 1e-2:
        return None
    there = land.solved(solved, held)
    lost = np.any(there.weights == 0)
    if lost or land.outside(there) or land.released(there):
        return None
    return there


def _differ(one: State, other: State) -> bool:
    return float(np.max(np.abs(one.z - other.z))) > max(DISTINCT, TOUCHING)


def _starts(land: Landscape, turn: int) -> np.ndarray:
    """Corners and places spread evenly over the box, others in each round."""
    size = len(land.lower)
    ratio = 2.0
    for _ in range(60):  # x^(size + 1) = x + 1: the golden ratio's counterparts
        ratio = (1.0 + ratio) ** (1.0 / (size + 1))
    steps = ratio ** -np.arange(1.0, size + 1)
    numbers = np.arange(1 + turn * DEFLATED_STARTS, 1 + (turn + 1) * DEFLATED_STARTS)
    spread = (0.5 + numbers[:, None] * steps[None]) % 1.0
    if turn == 0:
        all_corners = itertools.product((0.0, 1.0), repeat=size)
        corners = np.array(list(all_corners) if size <= 3 else [[0.0] * size, [1.0] * size])
        spread[: len(corners)] = corners
        spread[len(corners)] = 0.5
    finite = np.isfinite(land.lower) & np.isfinite(land.upper)
    anywhere = ndtri(np.clip(spread, 0.01, 0.99))
    return np.clip(np.where(finite, spread, anywhere), land.lower, land.upper)
