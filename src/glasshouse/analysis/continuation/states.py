"""One point of a branch: what is held, whether it attracts, and where the branch goes."""

import dataclasses
import functools

import numpy as np

from glasshouse.analysis.continuation.problem import AxisProblem, Place, Places
from glasshouse.analysis.continuation.result import Attracts, Where
from glasshouse.analysis.continuation.systems import RESTS, Frame, Solved, crossing

TOUCHING = 1e-9
"""Closer than this to a bound, in units of the box, is on it; a relative gradient below is zero."""

DECIDED_RATE = 1e-8
"""Eigenvalues whose real part is below this share of the Jacobian's size count as zero."""


@dataclasses.dataclass(frozen=True)
class State:
    """A rest point z = (u, τ) with the coordinates `held`: -1 at the lower bound, 1 at the upper.

    **Arguments:** `here`, what decides about it; `weights`, by which gradients are multiplied.
    """

    z: np.ndarray
    held: np.ndarray
    here: Place
    weights: np.ndarray

    @property
    def free(self) -> np.ndarray:
        return self.held == 0

    @property
    def where(self) -> Where:
        count = int(np.sum(~self.free))
        return "interior" if count == 0 else "corner" if count == len(self.held) else "edge"

    @property
    def relative(self) -> np.ndarray:
        """Relative gradients: 0 where free, and pushing outward where held."""
        return self.here.field * self.weights

    @property
    def slopes(self) -> np.ndarray:
        """Derivatives of `relative` by z but for those of scales, shape `(coordinates, z)`."""
        return self.here.jacobian * self.weights[:, None]

    @property
    def reduced(self) -> np.ndarray:
        """Derivatives of what is zero along the branch: of free gradients, and held coordinates."""
        rows = np.eye(len(self.held), len(self.z))
        return np.where(self.free[:, None], self.slopes, rows)

    @property
    def eigenvalues(self) -> np.ndarray:
        """Rates per unit of time at which free coordinates move away, largest real part first."""
        own = self.here.jacobian[:, :-1] / self.here.widths[None, :]
        found = np.linalg.eigvals(own[np.ix_(self.free, self.free)])
        return found[np.lexsort((found.imag, -found.real))]

    @property
    def zero(self) -> float:
        """Below it a rate is rounding."""
        own = np.abs(self.here.jacobian[:, :-1] / self.here.widths[None, :])
        return DECIDED_RATE * float(own[np.ix_(self.free, self.free)].max(initial=0.0))

    @property
    def growing(self) -> int | None:
        """How many rates are positive; None where one of them is neither that nor negative."""
        real = np.real(self.eigenvalues)
        if np.any(np.abs(real) <= self.zero):
            return None
        return int(np.sum(real > 0))

    @property
    def attraction(self) -> Attracts:
        """Whether the projected flow comes back from nearby."""
        real = np.real(self.eigenvalues)
        push = (self.relative * self.held)[~self.free]
        if np.any(np.abs(real) <= self.zero) or np.any(push <= TOUCHING):
            return "undecided"
        if np.all(real < 0):
            return "stable"
        # Who is pushed against a bound comes back to it.
        return "unstable" if np.all(real > 0) and np.all(self.free) else "saddle"


@dataclasses.dataclass(frozen=True)
class Landscape:
    """A problem and between which units its coordinates lie."""

    problem: AxisProblem
    lower: np.ndarray
    upper: np.ndarray

    @functools.cached_property
    def places(self) -> Places:
        """What decides about points."""
        return Places(self.problem)

    def bounds(self, held: np.ndarray) -> np.ndarray:
        """Where held coordinates are."""
        return np.where(held < 0, self.lower, np.where(held > 0, self.upper, 0.0))

    def frame(self, held: np.ndarray, weights: np.ndarray) -> Frame:
        return Frame(self.places, held != 0, self.bounds(held), weights)

    def state(self, z: np.ndarray, held: np.ndarray) -> State:
        """The state of a point, whether it rests or not."""
        return self._state(z, held, self.places(z))

    def solved(self, solved: Solved, held: np.ndarray) -> State:
        """The state at a solution."""
        z, here = solved.unknowns, solved.here
        return self.state(z, held) if here is None else self._state(z, held, here)

    def _state(self, z: np.ndarray, held: np.ndarray, here: Place) -> State:
        # What is held is at its bound, whatever rounding says.
        z = np.append(np.where(held == 0, z[:-1], self.bounds(held)), z[-1])
        low, high = here.ends
        params = np.where(held < 0, low, np.where(held > 0, high, here.params))
        return State(z, held, here._replace(params=params), gradient_weights(here.scales))

    def solve(self, near: State, guess: np.ndarray, along: np.ndarray, at: float) -> Solved:
        """The rest point near a guess at which along · z = at, held as another is."""
        return crossing(self.frame(near.held, near.weights), guess, along, at)

    def outside(self, state: State) -> list[tuple[int, int]]:
        """Which free coordinates are beyond a bound: below the lower (-1), above the upper (1)."""
        u = state.z[:-1]
        below = [(int(i), -1) for i in np.flatnonzero(state.free & (u < self.lower - RESTS))]
        return below + [(int(i), 1) for i in np.flatnonzero(state.free & (u > self.upper + RESTS))]

    def released(self, state: State) -> list[int]:
        """Which held coordinates are pushed inward."""
        return [int(i) for i in np.flatnonzero(state.relative * state.held < -RESTS)]

    def touching(self, state: State) -> list[tuple[int, int]]:
        """Coordinates that are at a bound with no gradient, and at which."""
        u, still = state.z[:-1], np.abs(state.relative) <= 10 * TOUCHING
        found = []
        for side, bound in ((-1, self.lower), (1, self.upper)):
            found += [(int(i), side) for i in np.flatnonzero(still & (abs(u - bound) <= TOUCHING))]
        return sorted(found)


def gradient_weights(scales: np.ndarray) -> np.ndarray:
    """1 / scale; 0 where nothing moves anybody's behaviour, or nobody cares."""
    usable = np.isfinite(scales) & (scales > 1024 * np.finfo(np.float64).tiny)
    return np.where(usable, 1.0 / np.where(usable, scales, 1.0), 0.0)


def tangent(reduced: np.ndarray, onward: np.ndarray) -> np.ndarray | None:
    """The direction of a branch, of length 1, that goes on from one like it."""
    rows = np.concatenate([reduced, onward[None]])
    right = np.zeros(len(onward))
    right[-1] = 1.0
    try:
        found = np.linalg.solve(rows, right)
    except np.linalg.LinAlgError:
        return None
    size = float(np.linalg.norm(found))
    return found / size if np.isfinite(size) and size > 0 else None


def kernel(matrix: np.ndarray, tolerance: float) -> np.ndarray:
    """Directions that a matrix takes to zero, as rows."""
    _, sizes, rows = np.linalg.svd(matrix)
    small = np.concatenate([sizes, np.zeros(len(rows) - len(sizes))])
    return rows[small <= tolerance * max(float(small.max()), 1e-300)]
