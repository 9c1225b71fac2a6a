"""Systems of equations about rest points, solved by Newton's method as Optimistix has it.

Held coordinates stay in a system, as rows that say so, so that one program serves all places:
interior, edges and corners. Rows about gradients are divided by `weights`, which are constants:
a scale has kinks, and a derivative of it would bring them in.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from jaxtyping import Array

from glasshouse.analysis.continuation.problem import Problem

PRECISION = 1e-13
"""Of unknowns in units of boxes and axis, when Newton's steps are small enough."""

STEPS = 25
"""Newton's method converges in fewer, or not at all."""

RESTS = 1e-10
"""No larger relative gradient is left at a solution."""


class Frame(NamedTuple):
    """Which coordinates are held where, and by what gradients are divided."""

    problem: Problem
    held: Any
    bounds: Any
    weights: Any


class Solved(NamedTuple):
    """Unknowns, what is left of each equation, and its derivatives."""

    unknowns: np.ndarray
    left: np.ndarray
    jacobian: np.ndarray

    @property
    def holds(self) -> bool:
        """Whether the equations hold."""
        finite = np.all(np.isfinite(self.unknowns)) and np.all(np.isfinite(self.jacobian))
        return bool(finite and np.max(np.abs(self.left)) <= RESTS)

    def tolerances(self) -> np.ndarray:
        """How far each unknown may be off: what is left, and rounding, through the inverse."""
        rounding = 64 * np.finfo(np.float64).eps
        try:
            inverse = np.abs(np.linalg.inv(self.jacobian))
        except np.linalg.LinAlgError:
            return np.full(len(self.unknowns), np.inf)
        return inverse @ (np.abs(self.left) + rounding) + rounding * np.abs(self.unknowns)


def _rest(z: Any, frame: Frame) -> Array:
    """Zero at rest: relative gradients of free coordinates, and how far held ones are off."""
    field = frame.problem.field(z) * frame.weights
    return jnp.where(frame.held, z[:-1] - frame.bounds, field)


def _solved(system: Any, guess: Any, args: Any) -> tuple[Array, Array, Array]:
    solver = optx.Newton(rtol=PRECISION, atol=PRECISION)
    found = optx.root_find(system, solver, guess, args, max_steps=STEPS, throw=False).value
    return found, system(found, args), jax.jacfwd(lambda y: system(y, args))(found)


@eqx.filter_jit
def _crossing(guess: Any, args: Any) -> tuple[Array, Array, Array]:
    def system(z, args):
        frame, along, at, by_field = args
        last = along @ z - at + by_field @ (frame.problem.field(z) * frame.weights)
        return jnp.concatenate([_rest(z, frame), last[None]])

    return _solved(system, guess, args)


@eqx.filter_jit
def _fold(guess: Any, args: Any) -> tuple[Array, Array, Array]:
    def system(y, args):
        frame, normal = args
        z, kernel = y[: normal.shape[0] + 1], y[normal.shape[0] + 1 :]
        along = jnp.concatenate([kernel, jnp.zeros(1)])
        rest, moved = jax.jvp(lambda z: _rest(z, frame), (z,), (along,))
        return jnp.concatenate([rest, moved, (normal @ kernel - 1.0)[None]])

    return _solved(system, guess, args)


@eqx.filter_jit
def _branch_point(guess: Any, args: Any) -> tuple[Array, Array, Array]:
    def system(y, args):
        size = args.held.shape[0]
        z, unfolding, cokernel = y[: size + 1], y[size + 1], y[size + 2 :]
        rest, pull = jax.vjp(lambda z: _rest(z, args), z)
        length = cokernel @ cokernel - 1.0
        return jnp.concatenate([rest + unfolding * cokernel, pull(cokernel)[0], length[None]])

    return _solved(system, guess, args)


@eqx.filter_jit
def _bending(z: Any, frame: Frame, directions: Any) -> Array:
    def second(one, other):
        def first(z):
            return jax.jvp(lambda z: _rest(z, frame), (z,), (one,))[1]

        return jax.jvp(first, (z,), (other,))[1]

    return jax.vmap(lambda one: jax.vmap(lambda other: second(one, other))(directions))(directions)


def _as_solved(found: tuple[Array, Array, Array]) -> Solved:
    return Solved(*map(np.asarray, found))


def crossing(
    frame: Frame,
    guess: np.ndarray,
    along: np.ndarray,
    at: float,
    by_field: np.ndarray | None = None,
) -> Solved:
    """Where a branch crosses the plane along · z = at, or a relative gradient is zero.

    **Arguments:** `by_field`, whose relative gradients are added to that equation, none by default.
    """
    by_field = np.zeros(len(guess) - 1) if by_field is None else by_field
    return _as_solved(_crossing(guess, (frame, along, np.asarray(at), by_field)))


def fold(frame: Frame, guess: np.ndarray, kernel: np.ndarray) -> Solved:
    """F = 0, F_u v = 0, n · v = 1 for (z, v): where a branch turns around along the axis."""
    normal = kernel / (kernel @ kernel)
    return _as_solved(_fold(np.concatenate([guess, kernel]), (frame, normal)))


def branch_point(frame: Frame, guess: np.ndarray, cokernel: np.ndarray) -> Solved:
    """F + βw = 0, wᵀF_z = 0, |w| = 1 for (z, β, w): where branches meet, then β = 0.

    **Source:** Moore 1980, The numerical treatment of non-trivial bifurcation points, Numerical
    Functional Analysis and Optimization 2.
    """
    start = np.concatenate([guess, [0.0], cokernel])
    return _as_solved(_branch_point(start, frame))


def bending(frame: Frame, z: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Second derivatives F_zz along all pairs of directions, shape `(pairs, pairs, rows)`."""
    return np.asarray(_bending(z, frame, directions))
