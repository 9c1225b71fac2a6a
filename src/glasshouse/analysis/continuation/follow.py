"""Branches of rest points along an axis of a family, and where they come, go and change."""

from typing import Any

import numpy as np

from glasshouse._foundation.numbers import Numbers, Whole, number, number_array, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.continuation.arms import Arm, follow
from glasshouse.analysis.continuation.nodes import (
    SINGULAR,
    Half,
    Node,
    found_branch_point,
    many_branches,
    touched,
)
from glasshouse.analysis.continuation.problem import as_params, in_units, problem_of, unit_bounds
from glasshouse.analysis.continuation.result import Branches, FollowedPoint, SpecialPoint
from glasshouse.analysis.continuation.search import rest_points_at, settled
from glasshouse.analysis.continuation.states import Landscape, State, kernel
from glasshouse.analysis.continuation.systems import RESTS
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError

MOST_ARMS = 200
"""Arms followed unless the caller says otherwise; where there are more, a note says so."""

ONE_SPECIAL = 1e-6
"""Special points closer than this, in units of boxes and axis, are one."""

METHOD = "numerical"

CONTINUUM = "a branch meets a continuum of rest points, all at this value"


@in_float64
def branches(
    family: Any,
    axis: Any = "coupling",
    start: Any = None,
    *,
    value: Numbers | None = None,
    between: Any = None,
    search: Numbers | None = None,
    most: Whole = MOST_ARMS,
) -> Branches:
    """Rest points of selfish learning followed along an axis, with every point where they change.

    Definition: θ rests when every selfish gradient ∂U_i/∂θ_i is zero, or pushes outward at a bound.
    Rest points depend on the game, not on the rule, and are no equilibria. Pseudo-arclength steps;
    folds, branch points and collisions with bounds solve systems of their own, and all branches
    that leave are followed.

    **Arguments:** `family`, a `Family` (other axes stand as in its setup; tied where its learning
    is) or a `LogisticFamily` and the like; `axis`, by name, a number of the game; `start`, params
    of a rest point at `value` of the axis, its lower end by default; without one, those that
    `search` finds; `between`, from where to where, default the axis' ends; `search`, values at
    which deflation looks for further rest points: default both ends without a start, none with
    one; `most`, arms followed.
    **Raises:** `InputError` for an axis of learning or of structure, payoffs that are drawn, and a
    start that does not rest or has no gradients.
    **Cost:** some 100 Jacobians an arm; numerical: branches that no start leads to are missed.
    **Source:** Allgower & Georg 2003, Introduction to Numerical Continuation Methods.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        found = gh.branches(family, "coupling", (-3.0, -3.0), value=0.0, between=(0.0, 3.0))
        print(found.points[0].place)  # corner
    """
    problem, name = problem_of(family, axis, between)
    low, high = float(problem.low), float(problem.high)
    first = problem.at(low)
    land = Landscape(problem, *unit_bounds(first))
    atlas = _Atlas(land, whole(most, "most", least=1))
    if start is not None:
        at = low if value is None else _inside(value, low, high, "value", name)
        atlas.explore(_start(land, start, at, name))
    elif value is not None:
        raise InputError(
            f"value={value} says where start rests: give start, too, or search={value}"
        )
    wanted = ((low, high) if start is None else ()) if search is None else search
    for at in _values(wanted):
        atlas.search((_inside(at, low, high, "search", name) - low) / (high - low))
    return _result(atlas, name, (low, high), first)


def _values(search: Any) -> list[float]:
    return np.atleast_1d(np.asarray(number_array(search, "search", shapes=None))).tolist()


def _inside(value: Any, low: float, high: float, what: str, name: str) -> float:
    found = number(value, what)
    if not low <= found <= high:
        raise InputError(
            f"{what}={found:g} must lie between {low:g} and {high:g}, where {name!r} is followed"
        )
    return found


def _start(land: Landscape, start: Any, value: float, name: str) -> State:
    """The rest point that was given, exactly.

    **Raises:** `InputError` where nothing rests.
    """
    problem = land.problem
    game = problem.at(value)
    units = in_units(game, check_params(game, start))
    tau = (value - float(problem.low)) / float(problem.high - problem.low)
    near = np.append(units, tau)
    state = settled(land, near)
    if state is None:
        here = land.state(near, np.zeros(len(units), dtype=int))
        if np.any(here.weights == 0):
            raise InputError(
                f"start has no gradients at {name} = {value:g}: behaviour is saturated until they "
                "are lost, or a player is indifferent; lower the bound"
            )
        raise InputError(
            f"start does not rest at {name} = {value:g}, nor anything right beside it: relative "
            f"gradients are up to {np.max(np.abs(here.relative)):.2g}; give a rest point, such as "
            "the end of a run or one of phase_portrait, or leave start out to search for them"
        )
    return state


class _Atlas:
    """Arms followed so far, special points met, and branches that wait to be followed."""

    def __init__(self, land: Landscape, most: int):
        self.land, self.most = land, most
        self.arms: list[Arm] = []
        self.nodes: list[Node] = []
        self.waiting: list[tuple[State, Half, Node | None]] = []
        self.notes: list[str] = []

    def explore(self, start: State) -> None:
        """All branches that hang together with a rest point."""
        node = self._node_at(start)
        if node is not None:
            self._add(node)
        else:
            lines = kernel(start.reduced, SINGULAR)
            for sign in (1.0, -1.0):
                self.waiting.append((start, Half(start.held, sign * lines[0]), None))
        while self.waiting:
            begin, half, source = self.waiting.pop(0)
            if half.used:
                continue
            half.used = True
            if len(self.arms) >= self.most:
                self.notes.append(f"more than {self.most} arms: some were not followed")
                self.waiting.clear()
                break
            self._take(follow(self.land, begin, half), source)

    def search(self, at: float) -> None:
        """What deflation finds at a value of the axis and what hangs together with it."""
        for state in rest_points_at(self.land, at, self.crossings(at)):
            if not any(_close(state, other) for other in self.crossings(at)):
                self.explore(state)

    def crossings(self, at: float) -> list[State]:
        """Rest points at a value of the axis that lie on arms."""
        found = []
        for arm in self.arms:
            along = np.array([state.z[-1] for state in arm.states]) - at
            for k in np.flatnonzero(along[:-1] * along[1:] <= 0):
                one, other = arm.states[k], arm.states[k + 1]
                gap = along[k] - along[k + 1]
                guess = one.z + (along[k] / gap if gap else 0.0) * (other.z - one.z)
                held = arm.states[min(1, len(arm.states) - 1)].held
                state = self.land.state(guess, held)
                solved = self.land.solve(state, guess, np.eye(len(guess))[-1], at)
                z = solved.unknowns if solved.holds else guess
                found.append(self.land.state(z, held))
        return found

    def _node_at(self, start: State) -> Node | None:
        """The special point that a start is, if it is one."""
        if self.land.touching(start):
            return touched(self.land, start, np.full(len(start.z), RESTS))
        lines = kernel(start.reduced, SINGULAR)
        if len(lines) == 1:
            return None
        found = found_branch_point(self.land, start, lines[0])
        if found is not None and _close(found.state, start):
            return found
        halves = many_branches(self.land, start)
        detail = "the start, where several branches meet"
        return Node("branch point", start, np.full(len(start.z), RESTS), detail, halves)

    def _known(self, node: Node) -> Node:
        """The same special point, if it was met before."""
        for other in self.nodes:
            # Collisions are where they are, whoever is held on the way there.
            if _close(node.state, other.state) and (node.kind == other.kind):
                return other
        return self._add(node)

    def _add(self, node: Node) -> Node:
        self.nodes.append(node)
        self.waiting += [(node.state, half, node) for half in node.halves]
        return node

    def _take(self, arm: Arm, source: Node | None) -> None:
        """An arm, with the special points on it."""
        number = len(self.arms)
        self.arms.append(arm)
        for node in [source, *map(self._known, arm.passed)]:
            if node is not None and number not in node.arms:
                node.arms.append(number)
        if arm.node is not None:
            node = self._known(arm.node)
            node.arms.append(number)
            _mark(node, arm)
        if arm.ending == "lost":
            value = float(self.land.problem.value(arm.states[-1].z))
            self.notes.append(
                f"arm {number} was lost at {value:.6g}, where Newton's method no longer converges"
            )
        if arm.ending == "too long":
            self.notes.append(f"arm {number} was given up after {len(arm.states)} points")


def _mark(node: Node, arm: Arm) -> None:
    """The branch on which an arm arrived is not followed back."""
    back = arm.states[-2].z - node.state.z
    held = arm.states[0].held
    size = float(np.linalg.norm(back))
    alike = [
        (float(half.direction @ back) / size, half)
        for half in node.halves
        if np.array_equal(half.held, held)
    ]
    if size and alike:
        best, half = max(alike, key=lambda x: x[0])
        if best > 0.7:
            half.used = True


def _close(one: State, other: State) -> bool:
    return float(np.max(np.abs(one.z - other.z))) <= ONE_SPECIAL


def _result(atlas: _Atlas, name: str, ends: tuple[float, float], game: Any) -> Branches:
    def value(state: State) -> float:
        return min(max(float(atlas.land.problem.value(state.z)), ends[0]), ends[1])

    def described(state: State) -> dict[str, Any]:
        return {
            "value": value(state),
            "params": as_params(game, state.here.params),
            "cooperation": tuple(map(float, np.ravel(state.here.cooperation))),
            "payoffs": tuple(map(float, state.here.payoffs)),
            "place": state.where,
        }

    points = [
        FollowedPoint(
            **described(state),
            arm=k,
            stability=state.attraction,
            eigenvalues=tuple(complex(x) for x in state.eigenvalues),
        )
        for k, arm in enumerate(atlas.arms)
        for state in arm.states
    ]
    continua = {k for k, arm in enumerate(atlas.arms) if _is_continuum(arm)}
    specials = [
        SpecialPoint(
            **described(node.state),
            kind="branch point" if _on(continua, node) else node.kind,
            tolerance=float(node.tolerances[-1]) * (ends[1] - ends[0]),
            params_tolerance=as_params(game, node.tolerances[:-1] * node.state.here.widths),
            arms=tuple(node.arms),
            detail=CONTINUUM if _on(continua, node) else node.detail,
        )
        for node in atlas.nodes
    ]
    notes = [
        f"arm {k} is a continuum of rest points at {value(atlas.arms[k].states[0]):.6g}"
        for k in sorted(continua)
    ]
    detail = (
        "pseudo-arclength continuation; special points solve their augmented systems to "
        f"{RESTS:g}; branches that no start leads to are not known"
    )
    return Branches(
        points=tuple(points),
        specials=tuple(sorted(specials, key=lambda s: s.value)),
        axis=name,
        between=ends,
        notes=(*dict.fromkeys(atlas.notes), *notes),
        method=METHOD,
        detail=detail,
    )


def _is_continuum(arm: Arm) -> bool:
    """Whether an arm stays at one value of the axis."""
    along = [state.z[-1] for state in arm.states]
    return len(along) > 3 and float(np.ptp(along)) < ONE_SPECIAL


def _on(continua: set[int], node: Node) -> bool:
    """Whether a continuum of rest points leaves a point where branches cross."""
    return node.kind in ("pitchfork", "transcritical") and not continua.isdisjoint(node.arms)
