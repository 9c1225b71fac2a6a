"""What players may consider instead of what they are told: sets of deviations."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import number_array, shown
from glasshouse._foundation.results import Result
from glasshouse.analysis.finite.optimum import LinearProgram, fractions_of, optimum, power_near
from glasshouse.errors import InputError

SUM_TOLERANCE = 1e-9
"""Rows of deviations may sum to 1 within this."""

DEVIATION_KINDS = {
    "internal": "correlated equilibrium",
    "external": "coarse correlated equilibrium",
    "none": "any distribution",
}
"""What distributions are called that no deviation of these improves."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class DeviationPolytope(Result):
    """All deviations of one player that meet linear constraints, whatever is recommended.

    Definition: {φ : φ[a, b] >= 0, Σ_b φ[a, b] = 1, Σ_ab costs[r, a, b] φ[a, b] <= limits[r]}, where
    φ[a, b] is how likely it plays b when told a.

    **Arguments:** `costs`, shape (constraints, actions, actions); `limits`, shape (constraints,).
    **Raises:** `InputError` for other shapes.

        from glasshouse.analysis.finite import DeviationPolytope

        seldom = DeviationPolytope([[[0, 1], [1, 0]]], [0.5])  # leaves at most one time in two
        print(seldom.limits.tolist())  # [0.5]
    """

    costs: Any
    limits: Any

    def __post_init__(self):
        costs = np.asarray(number_array(self.costs, "costs", shapes=None), dtype=float)
        limits = np.asarray(number_array(self.limits, "limits", shapes=None), dtype=float)
        square = costs.ndim == 3 and costs.shape[1] == costs.shape[2]
        if not square or limits.shape != costs.shape[:1]:
            raise InputError(
                f"costs have shape {costs.shape} and limits {limits.shape}: give (constraints, "
                "actions, actions) and (constraints,)"
            )
        if not (np.all(np.isfinite(costs)) and np.all(np.isfinite(limits))):
            raise InputError("costs and limits must be finite")
        object.__setattr__(self, "costs", costs)
        object.__setattr__(self, "limits", limits)


class Deviations(NamedTuple):
    """Deviations that were asked for.

    **Arguments:** `kind`, what no gain by them makes of a distribution; `matrices`, of each player
    (what it is called, φ); `polytopes`, of each player, or None.
    """

    kind: str
    matrices: tuple[tuple[tuple[str, np.ndarray], ...], ...]
    polytopes: tuple[DeviationPolytope, ...] | None = None


def deviations_of(given: Any, names: Sequence[Sequence[str]]) -> Deviations:
    """The deviations that a user asks for.

    **Raises:** `InputError` for what are none.
    """
    if isinstance(given, str) and given in DEVIATION_KINDS:
        return Deviations(DEVIATION_KINDS[given], tuple(tuple(_usual(given, own)) for own in names))
    sets = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else []
    if len(sets) != len(names):
        raise InputError(
            f"deviations={shown(given)} must be one of {', '.join(map(repr, DEVIATION_KINDS))}, or "
            f"a list with matrices or a DeviationPolytope for each of {len(names)} players"
        )
    polytopes = tuple(own for own in sets if isinstance(own, DeviationPolytope))
    if polytopes and len(polytopes) < len(sets):
        raise InputError("deviations of some players are a DeviationPolytope: give one for each")
    if polytopes:
        for player, (own, actions) in enumerate(zip(polytopes, names, strict=True)):
            _check_polytope(own, player, len(actions))
        return Deviations("Φ-equilibrium of polytopes of deviations", ((),) * len(sets), polytopes)
    each = tuple(
        tuple(
            (f"deviation {k + 1}", _stochastic(matrix, player, len(actions)))
            for k, matrix in enumerate(own)
        )
        for player, (own, actions) in enumerate(zip(sets, names, strict=True))
    )
    return Deviations(f"Φ-equilibrium of {sum(map(len, each))} deviations", each)


def _usual(kind: str, names: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Always playing one action, or one action instead of another; or nothing."""
    count = len(names)
    for b, to in enumerate(names):
        if kind == "external":
            yield f"always {to}", np.tile(np.eye(count)[b], (count, 1))
        for a, told in enumerate(names):
            if kind == "internal" and a != b:
                matrix = np.eye(count)
                matrix[a] = np.eye(count)[b]
                yield f"{to} when told {told}", matrix


def _stochastic(given: Any, player: int, count: int) -> Float[np.ndarray, "told played"]:
    name = f"a deviation of player {player + 1}"
    matrix = np.asarray(number_array(given, name, shapes=[(count, count)]), dtype=float)
    if not (np.all(matrix >= 0) and np.all(np.abs(matrix.sum(axis=1) - 1) <= SUM_TOLERANCE)):
        raise InputError(
            f"{name} has rows {shown(matrix.tolist())}: each must be probabilities of what is "
            "played, and sum to 1"
        )
    return matrix


def _check_polytope(own: DeviationPolytope, player: int, count: int) -> None:
    if np.shape(own.costs)[1] != count:
        raise InputError(
            f"the polytope of player {player + 1} is for {np.shape(own.costs)[1]} actions, of "
            f"which it has {count}"
        )
    rows = np.asarray(own.costs).reshape(len(own.limits), -1)
    program = LinearProgram(
        np.zeros(count**2),
        rows,
        np.asarray(own.limits),
        np.kron(np.eye(count), np.ones(count)),
        np.ones(count),
        np.zeros(count**2, dtype=bool),
    )
    optimum(program, f"no deviation of player {player + 1} meets the constraints of its polytope")


def deviation_gains(own: np.ndarray, player: int, matrix: np.ndarray) -> np.ndarray:
    """What a deviation gains at every profile, in the numbers that payoffs are written in."""
    exact = own.dtype == object
    moving = np.moveaxis(own, player, 0)
    phi = fractions_of(matrix) if exact else matrix
    phi = phi / phi.sum(axis=1, keepdims=True)  # 1/3 three times is no 1 in doubles
    played = (phi @ moving.reshape(len(moving), -1)).reshape(moving.shape)
    return np.moveaxis(played - moving, 0, player).ravel()


def dual_rows(
    own: np.ndarray, player: int, polytope: DeviationPolytope
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows by which no φ of a polytope gains: its largest gain is bounded by multipliers.

    Definition: max_φ Σ_ab φ[a, b] g_ab <= u by λ >= 0 and μ with g_ab <= μ_a + Σ_r λ_r C_rab and
    Σ_a μ_a + Σ_r λ_r limit_r <= u, g_ab being what b is paid where a is told, times how often. Paid
    is counted from the least payoff on, which changes no gain, and multipliers in its unit.
    **Returns:** coefficients of profiles, of λ, and of μ.
    """
    count, profiles = own.shape[player], own.size
    told = np.moveaxis(np.arange(profiles).reshape(own.shape), player, 0).reshape(count, -1)
    own = own - own.ravel().min()
    unit = 1 / power_near(float(own.ravel().max()))
    paid = np.moveaxis(own, player, 0).reshape(count, -1)
    zero = own.ravel()[0] * 0
    rows = np.full((count**2 + 1, profiles), zero, dtype=own.dtype)
    for a in range(count):
        for b in range(count):
            rows[a * count + b, told[a]] = paid[b]
    rows[-1] = -own.ravel()
    costs = np.asarray(polytope.costs).reshape(len(polytope.limits), -1).T
    multipliers = np.concatenate([-costs, np.asarray(polytope.limits)[None]])
    each = np.concatenate([-np.kron(np.eye(count), np.ones(count)).T, np.ones((1, count))])
    return rows, unit * multipliers, unit * each
