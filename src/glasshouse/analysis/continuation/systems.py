"""Systems of equations about rest points, solved by Newton's method.

Held coordinates stay in a system, as rows that say so, so that one program serves all places:
interior, edges and corners. Rows about gradients are divided by `weights`, which are constants:
a scale has kinks, and a derivative of it would bring them in.

All equations are made of the field and its Jacobian, which JAX gives in one program, and steps are
taken in NumPy. The matrix of Newton's method also has second derivatives of the field; these are
differences of Jacobians, which changes how fast it converges and not where to. Programs for them,
or with loops inside, took 5 to 20 seconds each to compile.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from glasshouse.analysis.continuation.problem import Place, Places

NEWTON_PRECISION = 1e-11
"""Of unknowns in units of boxes and axis: Newton's method stops where its next step, which it does
not take, is smaller. The one before was the root of it, so that mostly much more is right."""

NEWTON_STEPS = 25
"""Newton's method converges in fewer, or not at all."""

NEWTON_FAR = 10.0
"""A step so long, in units of boxes and axis, leads nowhere."""

DIFFERENCE = 1e-5
"""Between places whose Jacobians are compared: errors of 1e-10 in second derivatives."""

RESTS = 1e-10
"""No larger relative gradient is left at a solution."""


class Frame(NamedTuple):
    """Which coordinates are held where, and by what gradients are divided."""

    places: Places
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


class _Rest(NamedTuple):
    """What is zero at rest: relative gradients of free coordinates, and how far held ones are off.

    **Arguments:** `field` and its `field_slopes`, of all coordinates, held or not.
    """

    values: np.ndarray
    slopes: np.ndarray
    field: np.ndarray
    field_slopes: np.ndarray
    here: Place


def _rest(frame: Frame, z: np.ndarray) -> _Rest:
    here = frame.places(z)
    field, slopes = here.field * frame.weights, here.jacobian * frame.weights[:, None]
    values = np.where(frame.held, z[:-1] - frame.bounds, field)
    rows = np.where(frame.held[:, None], np.eye(len(z) - 1, len(z)), slopes)
    return _Rest(values, rows, field, slopes, here)


def _turning(frame: Frame, z: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """How the slopes change along a direction."""
    ahead, behind = (_rest(frame, z + sign * DIFFERENCE * direction).slopes for sign in (1, -1))
    return (ahead - behind) / (2 * DIFFERENCE)


def _newton(evaluate: Callable[[np.ndarray], Solved], guess: np.ndarray) -> Solved:
    """The solution next to a guess, or where it was given up: see `Solved.holds`."""
    found = evaluate(guess)
    for _ in range(NEWTON_STEPS):
        try:
            step = np.linalg.solve(found.jacobian, -found.left)
        except np.linalg.LinAlgError:
            break
        size = float(np.max(np.abs(step)))
        if not size < NEWTON_FAR:  # or NaN
            break
        if size <= NEWTON_PRECISION:
            break
        after = evaluate(found.unknowns + step)
        # Where rounding has the last word, steps stop to become shorter.
        if found.holds and not np.max(np.abs(after.left)) < np.max(np.abs(found.left)):
            break
        found = after
    return found


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
        rest = _rest(frame, z)
        last = along @ z - at + by_field @ rest.field
        jacobian = np.concatenate([rest.slopes, (along + by_field @ rest.field_slopes)[None]])
        return Solved(z, np.append(rest.values, last), jacobian, rest.here)

    return _newton(evaluate, guess)


def fold(frame: Frame, guess: np.ndarray, kernel: np.ndarray) -> Solved:
    """F = 0, F_u v = 0, n · v = 1 for (z, v): where a branch turns around along the axis."""
    normal, size = kernel / (kernel @ kernel), len(guess)

    def evaluate(y: np.ndarray) -> Solved:
        z, along = y[:size], y[size:]
        rest = _rest(frame, z)
        turning = _turning(frame, z, np.append(along, 0.0))
        none = np.zeros((size - 1, size - 1))
        last = np.concatenate([np.zeros(size), normal])[None]
        rows = np.block([[rest.slopes, none], [turning, rest.slopes[:, :-1]]])
        values = [rest.values, rest.slopes[:, :-1] @ along, [normal @ along - 1.0]]
        return Solved(y, np.concatenate(values), np.concatenate([rows, last]))

    return _newton(evaluate, np.concatenate([guess, kernel]))


def branch_point(frame: Frame, guess: np.ndarray, cokernel: np.ndarray) -> Solved:
    """F + βw = 0, wᵀF_z = 0, |w| = 1 for (z, β, w): where branches meet, then β = 0.

    **Source:** Moore 1980, The numerical treatment of non-trivial bifurcation points, Numerical
    Functional Analysis and Optimization 2.
    """
    size = len(guess)

    def evaluate(y: np.ndarray) -> Solved:
        z, unfolding, w = y[:size], y[size], y[size + 1 :]
        rest = _rest(frame, z)
        curvature = np.stack([w @ _turning(frame, z, unit) for unit in np.eye(size)], axis=1)
        identity, none = np.eye(size - 1), np.zeros((size, 1))
        rows = np.block(
            [
                [rest.slopes, w[:, None], unfolding * identity],
                [curvature, none, rest.slopes.T],
                [np.zeros((1, size + 1)), 2 * w[None]],
            ]
        )
        values = [rest.values + unfolding * w, rest.slopes.T @ w, [w @ w - 1.0]]
        return Solved(y, np.concatenate(values), rows)

    return _newton(evaluate, np.concatenate([guess, [0.0], cokernel]))


def bending(frame: Frame, z: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Second derivatives F_zz along all pairs of directions, shape `(pairs, pairs, rows)`."""
    return np.stack([directions @ _turning(frame, z, one).T for one in directions])
