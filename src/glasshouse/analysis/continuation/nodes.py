"""Special points: found to rounding, and which branches leave them."""

import dataclasses
import itertools
from typing import Any

import numpy as np

from glasshouse.analysis.continuation.result import Kind
from glasshouse.analysis.continuation.states import Landscape, State, kernel, tangent
from glasshouse.analysis.continuation.systems import RESTS, bending, branch_point, fold

SINGULAR = 1e-6
"""Singular values below this share of the largest are zero at a special point."""

TRIAL = 1e-4
"""How far branches that leave a collision are followed to see whether they exist."""

MOST_TOUCHING = 4
"""With more coordinates at their bounds at once only some choices of who is held are tried."""

UPRIGHT = 1e-6
"""A direction with a smaller share along the axis is straight across it."""


@dataclasses.dataclass
class Half:
    """A branch that leaves a special point, and whether it was followed."""

    held: np.ndarray
    direction: np.ndarray
    used: bool = False


@dataclasses.dataclass
class Node:
    """A special point, with how far it may be off, and the branches that leave it."""

    kind: Kind
    state: State
    tolerances: np.ndarray
    detail: str
    halves: list[Half] = dataclasses.field(default_factory=list)
    arms: list[int] = dataclasses.field(default_factory=list)


def found_fold(land: Landscape, near: State, direction: np.ndarray) -> Node | None:
    """The fold near a state, by its augmented system."""
    start = direction[:-1]
    solved = fold(land.frame(near.held, near.weights), near.z, start)
    if not solved.holds:
        return None
    z, along = np.split(solved.unknowns, [len(near.z)])
    state = land.state(z, near.held)
    bends = bending(land.frame(near.held, near.weights), z, np.append(along, 0.0)[None])[0, 0]
    cokernel = np.linalg.svd(state.reduced[:, :-1])[0][:, -1]
    moved = float(cokernel @ state.reduced[:, -1])
    turns = -float(cokernel @ bends) / moved if moved else 0.0
    ahead = "above" if turns > 0 else "below"
    detail = f"two rest points {ahead}, none on the other side nearby"
    return Node("fold", state, solved.tolerances()[: len(z)], detail)


def found_branch_point(land: Landscape, near: State, incoming: np.ndarray) -> Node | None:
    """The simple branch point near a state, by its augmented system, with all its branches."""
    frame = land.frame(near.held, near.weights)
    cokernel = np.linalg.svd(near.reduced)[0][:, -1]
    solved = branch_point(frame, near.z, cokernel)
    size = len(near.z)
    if not solved.holds or abs(solved.unknowns[size]) > RESTS:
        return None
    z, cokernel = solved.unknowns[:size], solved.unknowns[size + 1 :]
    state = land.state(z, near.held)
    plane = kernel(state.reduced, SINGULAR)
    if len(plane) != 2:
        return None
    (a, b), (_, c) = bending(frame, z, plane) @ cokernel
    lines = _zero_lines(a, b, c)
    if lines is None:
        return None
    directions = [line @ plane for line in lines]
    upright = [abs(d[-1]) < UPRIGHT for d in directions]
    kind = "pitchfork" if any(upright) and not all(upright) else "transcritical"
    if all(upright):
        kind = "branch point"
    halves = [Half(near.held, sign * d) for d in directions for sign in (1.0, -1.0)]
    return Node(kind, state, solved.tolerances()[:size], "two branches meet", halves)


def _zero_lines(a: float, b: float, c: float) -> list[np.ndarray] | None:
    """The two lines on which a x² + 2 b x y + c y² is zero, if there are two."""
    inside = b * b - a * c
    size = max(abs(a), abs(b), abs(c))
    if not inside > 1e-10 * size * size:
        return None
    root = np.sqrt(inside)
    # Each line from the larger of two equivalent pairs, so that nothing cancels.
    away = -(b + np.copysign(root, b))
    found = [np.array([away, a]), np.array([c, away])]
    return [x / np.linalg.norm(x) for x in found]


def located(
    land: Landscape, before: State, direction: np.ndarray, length: float, measure: Any
) -> tuple[State, float] | None:
    """Where along a step a measure of states changes its sign, and how far that may be off."""

    def state_at(share: float) -> State | None:
        at = float(direction @ before.z) + share * length
        guess = before.z + share * length * direction
        solved = land.solve(before, guess, direction, at)
        return land.solved(solved, before.held) if solved.holds else None

    def signed(share: float) -> float:
        state = state_at(share)
        if state is None:
            raise ArithmeticError
        return float(measure(state))

    try:
        from scipy import optimize  # takes as long to import as a tenth of glasshouse

        root: Any = optimize.brentq(signed, 0.0, 1.0, xtol=1e-13)
        share = float(root)
        found = state_at(share)
        nearby = abs(signed(min(share + 1e-6, 1.0)) - signed(max(share - 1e-6, 0.0)))
    except (ArithmeticError, ValueError):
        return None
    if found is None:
        return None
    # Its own rounding, of eigenvalues say, through its slope.
    rounding = 1e-14 * max(1.0, float(np.abs(found.here.jacobian).max()))
    off = length * (1e-13 + 2e-6 * rounding / nearby) if nearby > 0 else float("inf")
    return found, off


def crossed_rate(before: State, after: State) -> Any:
    """The real part of the rate that changes its sign between two states, as a measure."""
    first, last = before.growing or 0, after.growing or 0
    rank = min(first, last)
    return lambda state: state.eigenvalues.real[rank]


def touched(land: Landscape, state: State, tolerances: np.ndarray) -> Node:
    """A collision with bounds, and the branches that leave it: every choice of who is held."""
    touching = land.touching(state)
    at_bounds = state.held.copy()
    for i, side in touching:
        at_bounds[i] = side
    halves: list[Half] = []
    for free in _choices(touching):
        held = state.held.copy()
        for i, side in touching:
            held[i] = 0 if i in free else side
        here = land.state(state.z, held)
        lines = kernel(here.reduced, SINGULAR)
        if len(lines) != 1:
            continue
        for direction in (lines[0], -lines[0]):
            if _exists(land, here, direction):
                halves.append(Half(held, direction))
    upper = [side > 0 for _, side in touching]
    bound = "upper" if all(upper) else "lower" if not any(upper) else "lower and upper"
    who = ", ".join(str(i + 1) for i, _ in touching)
    many = "parameters" if len(touching) > 1 else "parameter"
    ends = "bounds" if len(touching) > 1 else "bound"
    detail = f"{many} {who} at the {bound} {ends}, where the gradient changes its sign"
    return Node("collision", land.state(state.z, at_bounds), tolerances, detail, halves)


def _choices(touching: list[tuple[int, int]]) -> list[set[int]]:
    """Which coordinates are free: all choices of few, and of many none, all, and one each."""
    who = [i for i, _ in touching]
    if len(who) <= MOST_TOUCHING:
        return [
            set(chosen) for k in range(len(who) + 1) for chosen in itertools.combinations(who, k)
        ]
    return [set(), set(who), *({i} for i in who)]


def _exists(land: Landscape, state: State, direction: np.ndarray) -> bool:
    """Whether there are rest points a little along a direction: inside the box, pushed outward."""
    at = float(direction @ state.z) + TRIAL
    solved = land.solve(state, state.z + TRIAL * direction, direction, at)
    if not solved.holds or np.linalg.norm(solved.unknowns - state.z) > 2 * TRIAL:
        return False
    there = land.solved(solved, state.held)
    return not land.outside(there) and not land.released(there)


def many_branches(land: Landscape, state: State) -> list[Half]:
    """Branches that leave a point where several rates are zero at once, tried one by one.

    Directions: the axis' own, and single coordinates and differences of two, as far as they lie
    in the kernel; where players are alike, branches leave along such ones.
    """
    plane = kernel(state.reduced, SINGULAR)
    size = len(state.held)
    free = np.flatnonzero(state.free)
    units = [np.eye(size + 1)[i] for i in free]
    pairs = [a - b for a, b in itertools.combinations(units, 2)]
    found: list[np.ndarray] = []
    for tried in [np.eye(size + 1)[-1], *units, *pairs]:
        inside = (tried @ plane.T) @ plane
        if np.linalg.norm(inside) < 1e-3:
            continue
        for direction in (inside, -inside):
            unit = direction / np.linalg.norm(direction)
            if all(unit @ other < 0.999 for other in found) and _lands(land, state, unit):
                found.append(unit)
    return [Half(state.held, direction) for direction in found]


def _lands(land: Landscape, state: State, direction: np.ndarray) -> bool:
    """Whether a branch goes that way, rather than another one nearby."""
    far = 100 * TRIAL
    at = float(direction @ state.z) + far
    solved = land.solve(state, state.z + far * direction, direction, at)
    if not solved.holds:
        return False
    onward = tangent(land.solved(solved, state.held).reduced, direction)
    close = np.linalg.norm(solved.unknowns - state.z - far * direction) < 0.3 * far
    return bool(close and onward is not None and onward @ direction > 0.9)
