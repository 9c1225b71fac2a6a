"""One arm: a branch from one special point to the next, by pseudo-arclength steps."""

import dataclasses
from typing import Literal

import numpy as np

from glasshouse.analysis.continuation.nodes import (
    UPRIGHT,
    Half,
    Node,
    crossed_rate,
    found_branch_point,
    found_fold,
    located,
    many_branches,
    touched,
)
from glasshouse.analysis.continuation.states import Landscape, State, tangent
from glasshouse.analysis.continuation.systems import Solved, crossing

FIRST_STEP, LONGEST_STEP, SHORTEST_STEP = 2e-3, 2e-2, 1e-7
"""Of the way in units of boxes and axis."""

MOST_POINTS = 4000
"""An arm of more points is given up, and said to be."""

STRAIGHT = 0.97
"""Cosine between two directions in a row: where a branch bends more, steps are shorter."""

Ending = Literal["node", "end of the axis", "closed", "lost", "too long"]


@dataclasses.dataclass
class Arm:
    """Points in a row, special ones that it passes through, and how it ends."""

    states: list[State]
    passed: list[Node]
    ending: Ending
    node: Node | None = None


@dataclasses.dataclass(frozen=True)
class _Step:
    """Where a branch is, and where it goes: the sign of the bordered determinant tells branch
    points, the direction's part along the axis folds; None where they cannot be told.
    """

    state: State
    onward: np.ndarray
    turn: float | None
    along: float | None
    growing: int | None


def _step(state: State, onward: np.ndarray) -> _Step:
    sign = float(np.linalg.slogdet(np.concatenate([state.reduced, onward[None]]))[0])
    along = float(onward[-1])
    return _Step(state, onward, sign, along if abs(along) > UPRIGHT else None, state.growing)


def follow(land: Landscape, start: State, half: Half) -> Arm:
    """An arm from a start until it meets others, or ends."""
    state = land.state(start.z, half.held)
    at = _Step(state, half.direction, None, None, None)
    arm, length = Arm([state], [], "too long"), FIRST_STEP
    while len(arm.states) < MOST_POINTS:
        ahead = _ahead(land, at, length)
        if ahead is None:
            length /= 2
            if length < SHORTEST_STEP:
                arm.ending = "lost"
                break
            continue
        met, reached = ahead
        special = _special(land, at, met, length)
        if special == "again":
            length /= 2
            continue
        if isinstance(special, Node):
            if special.kind not in ("fold", "Hopf", "stability change"):
                arm.states.append(special.state)
                arm.ending, arm.node = "node", special
                break
            arm.passed.append(special)
            arm.states.append(special.state)
        arm.states.append(met.state)
        if reached is not None:
            arm.ending, arm.node = reached
            break
        if _closed(arm, half, met, length):
            arm.ending = "closed"
            arm.states[-1] = start
            break
        # What is not decided here, a rate that is zero say, is compared with where it last was.
        growing = at.growing if met.growing is None else met.growing
        along = at.along if met.along is None else met.along
        at = dataclasses.replace(met, growing=growing, along=along)
        length = min(1.5 * length, LONGEST_STEP)
    return arm


def _ahead(
    land: Landscape, at: _Step, length: float
) -> tuple[_Step, tuple[Ending, Node | None] | None] | None:
    """One step further, or where it meets a bound or the end of the axis; None if it is too far."""
    state, onward = at.state, at.onward
    guess = state.z + length * onward
    solved = land.solve(state, guess, onward, float(onward @ guess))
    if not solved.holds or np.linalg.norm(solved.unknowns - guess) > 0.3 * length:
        return None
    new = land.solved(solved, state.held)
    towards = tangent(new.reduced, onward)
    if towards is None or towards @ onward < STRAIGHT:
        return None
    beyond = _beyond(land, at, new)
    if beyond is None:
        return _step(new, towards), None
    found = [(_way(at, x[0]), *x) for x in beyond if x[0].holds]
    found = [x for x in found if -1e-9 <= x[0] <= 1.5 * length]
    if len(found) < len(beyond):
        return None
    _, first, is_end = min(found, key=lambda x: x[0])
    there = land.solved(first, state.held)
    towards = tangent(there.reduced, onward)
    if towards is None:
        return None
    if is_end:
        there.z[-1] = round(there.z[-1])  # where others are told to be on the same arm
        return _step(there, towards), ("end of the axis", None)
    node = touched(land, there, first.tolerances())
    return _step(there, towards), ("node", node)


def _way(at: _Step, solved: Solved) -> float:
    return float((solved.unknowns - at.state.z) @ at.onward)


def _beyond(land: Landscape, at: _Step, new: State) -> list[tuple[Solved, bool]] | None:
    """Where a step first met each bound that it passed; whether it is one of the axis."""
    old, size = at.state, len(new.z)
    frame, found = land.frame(old.held, old.weights), []

    def between(first: float, last: float) -> np.ndarray:
        share = first / (first - last) if first != last else 0.5
        return old.z + min(max(share, 0.0), 1.0) * (new.z - old.z)

    for end in (0.0, 1.0):
        if (new.z[-1] - end) * (1 if end else -1) > 0:
            guess = between(old.z[-1] - end, new.z[-1] - end)
            found.append((crossing(frame, guess, np.eye(size)[-1], end), True))
    for i, side in land.outside(new):
        bound = land.upper[i] if side > 0 else land.lower[i]
        guess = between(old.z[i] - bound, new.z[i] - bound)
        found.append((crossing(frame, guess, np.eye(size)[i], float(bound)), False))
    for i in land.released(new):
        guess = between(old.relative[i], new.relative[i])
        unit = np.eye(size - 1)[i]
        found.append((crossing(frame, guess, np.zeros(size), 0.0, unit), False))
    return found or None


def _special(land: Landscape, at: _Step, met: _Step, length: float) -> Node | str | None:
    """The special point on the way from one step to the next; "again" where it was not found."""
    old, new = at.state, met.state
    if at.turn is not None and met.turn is not None and at.turn * met.turn < 0:
        found = found_branch_point(land, _nearer(old, new), met.onward)
        if found is not None and _on_the_way(at, met, found.state):
            return found
        return "again" if length > 50 * SHORTEST_STEP else _changed(land, at, met)
    if at.along is not None and met.along is not None and at.along * met.along < 0:
        near = min(((old, at), (new, met)), key=lambda x: abs(x[1].onward[-1]))
        found = found_fold(land, near[0], near[1].onward)
        if found is not None and _on_the_way(at, met, found.state):
            return found
        return "again" if length > 50 * SHORTEST_STEP else _changed(land, at, met)
    if at.growing is not None and met.growing is not None and at.growing != met.growing:
        return _changed(land, at, met)
    return None


def _nearer(old: State, new: State) -> State:
    """Of two states the one whose equations are nearer to singular."""
    return min(old, new, key=lambda s: np.linalg.svd(s.reduced)[1][-1] if s.free.any() else 1.0)


def _on_the_way(at: _Step, met: _Step, state: State) -> bool:
    """Whether a state lies between two others."""
    whole = met.state.z - at.state.z
    size = float(np.linalg.norm(whole))
    step = state.z - at.state.z
    share = float(step @ whole) / size**2
    aside = float(np.linalg.norm(step - share * whole))
    return -1e-6 <= share <= 1 + 1e-6 and aside <= 0.3 * size + 1e-9


def _changed(land: Landscape, at: _Step, met: _Step) -> Node | None:
    """Where a rate changes its sign: two complex ones (Hopf), several at once, or not told."""
    old, new = at.state, met.state
    if old.growing is None or new.growing is None or old.growing == new.growing:
        return None
    whole = new.z - old.z
    size = float(np.linalg.norm(whole))
    found = located(land, old, whole / size, size, crossed_rate(old, new))
    if found is None:
        return None
    state, off = found
    tolerances = off * np.abs(whole / size) + 1e-14
    rank = min(old.growing, new.growing)
    rate, change = state.eigenvalues[rank], abs(new.growing - old.growing)
    if abs(rate.imag) > 1e-4 * np.max(np.abs(state.here.jacobian)):
        detail = f"two rates cross the imaginary axis at ±{abs(rate.imag):.4g}i"
        return Node("Hopf", state, tolerances, detail)
    if change > 1:
        detail = f"{change} rates are zero at once; branches were tried in the directions of "
        detail += "single parameters and of differences of two"
        return Node("branch point", state, tolerances, detail, many_branches(land, state))
    return Node("stability change", state, tolerances, "a rate changes its sign")


def _closed(arm: Arm, half: Half, met: _Step, length: float) -> bool:
    """Whether a branch has come back to where it started."""
    gap = float(np.linalg.norm(met.state.z - arm.states[0].z))
    alike = float(met.onward @ half.direction) > 0.9
    return len(arm.states) > 5 and gap <= length and alike
