"""Systems of equations about rest points, solved by Newton's method.

Held coordinates stay in a system, as rows that say so, so that one program serves all places:
interior, edges and corners. Rows about gradients are divided by `weights`, which are constants:
a scale has kinks, and a derivative of it would bring them in.

JAX gives values and derivatives, and steps are taken in NumPy: a compiled loop around systems of
so few equations took three to six times as long to compile, and as long to run.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from glasshouse.analysis.continuation.problem import Place, Problem, place

PRECISION = 1e-14
"""Of unknowns in units of boxes and axis: Newton's method stops after a smaller step."""

STEPS = 25
"""Newton's method converges in fewer, or not at all."""

FAR = 10.0
"""A step so long, in units of boxes and axis, leads nowhere."""

RESTS = 1e-10
"""No larger relative gradient is left at a solution."""


class Frame(NamedTuple):
    """Which coordinates are held where, and by what gradients are divided."""

    problem: Problem
    held: Any
    bounds: Any
    weights: Any


class Solved(NamedTuple):
    """Unknowns, what is left of each equation, its derivatives, and what decides there."""

    unknowns: np.ndarray
    left: np.ndarray
    jacobian: np.ndarray
    here: Place | None = None

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


def _newton(evaluate: Callable[[np.ndarray], Solved], guess: np.ndarray) -> Solved:
    """The solution next to a guess, or where it was given up: see `Solved.holds`."""
    found = evaluate(guess)
    for _ in range(STEPS):
        try:
            step = np.linalg.solve(found.jacobian, -found.left)
        except np.linalg.LinAlgError:
            break
        size = float(np.max(np.abs(step)))
        if not size < FAR:  # or NaN
            break
        if size <= PRECISION:
            break
        after = evaluate(found.unknowns + step)
        # Where rounding has the last word, steps stop to become shorter.
        if found.holds and not np.max(np.abs(after.left)) < np.max(np.abs(found.left)):
            break
        found = after
    return found


@eqx.filter_jit
def _fold(y: Any, frame: Frame, normal: Any) -> tuple[Array, Array]:
    def system(y):
        z, kernel = y[: normal.shape[0] + 1], y[normal.shape[0] + 1 :]
        along = jnp.concatenate([kernel, jnp.zeros(1)])
        rest, moved = jax.jvp(lambda z: _rest(z, frame), (z,), (along,))
        value = jnp.concatenate([rest, moved, (normal @ kernel - 1.0)[None]])
        return value, value

    return jax.jacfwd(system, has_aux=True)(y)


@eqx.filter_jit
def _branch_point(y: Any, frame: Frame) -> tuple[Array, Array]:
    def system(y):
        size = frame.held.shape[0]
        z, unfolding, cokernel = y[: size + 1], y[size + 1], y[size + 2 :]
        rest, pull = jax.vjp(lambda z: _rest(z, frame), z)
        length = cokernel @ cokernel - 1.0
        value = jnp.concatenate([rest + unfolding * cokernel, pull(cokernel)[0], length[None]])
        return value, value

    return jax.jacfwd(system, has_aux=True)(y)


@eqx.filter_jit
def _bending(z: Any, frame: Frame, directions: Any) -> Array:
    def second(one, other):
        def first(z):
            return jax.jvp(lambda z: _rest(z, frame), (z,), (one,))[1]

        return jax.jvp(first, (z,), (other,))[1]

    return jax.vmap(lambda one: jax.vmap(lambda other: second(one, other))(directions))(directions)


def _evaluated(y: np.ndarray, found: tuple[Array, Array]) -> Solved:
    return Solved(y, np.asarray(found[1]), np.asarray(found[0]))


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

    def evaluate(z: np.ndarray) -> Solved:
        here = Place(*map(np.asarray, place(frame.problem, z)))
        field, slopes = here.field * frame.weights, here.jacobian * frame.weights[:, None]
        rest = np.where(frame.held, z[:-1] - frame.bounds, field)
        rows = np.where(frame.held[:, None], np.eye(len(z) - 1, len(z)), slopes)
        last = along @ z - at + by_field @ field
        jacobian = np.concatenate([rows, (along + by_field @ slopes)[None]])
        return Solved(z, np.append(rest, last), jacobian, here)

    return _newton(evaluate, guess)


def fold(frame: Frame, guess: np.ndarray, kernel: np.ndarray) -> Solved:
    """F = 0, F_u v = 0, n · v = 1 for (z, v): where a branch turns around along the axis."""
    normal = kernel / (kernel @ kernel)
    start = np.concatenate([guess, kernel])
    return _newton(lambda y: _evaluated(y, _fold(y, frame, normal)), start)


def branch_point(frame: Frame, guess: np.ndarray, cokernel: np.ndarray) -> Solved:
    """F + βw = 0, wᵀF_z = 0, |w| = 1 for (z, β, w): where branches meet, then β = 0.

    **Source:** Moore 1980, The numerical treatment of non-trivial bifurcation points, Numerical
    Functional Analysis and Optimization 2.
    """
    start = np.concatenate([guess, [0.0], cokernel])
    return _newton(lambda y: _evaluated(y, _branch_point(y, frame)), start)


def bending(frame: Frame, z: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Second derivatives F_zz along all pairs of directions, shape `(pairs, pairs, rows)`."""
    return np.asarray(_bending(z, frame, directions))
