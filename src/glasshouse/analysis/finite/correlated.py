"""Correlated equilibria, and others in which no deviation of a set gains, by linear programs."""

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import HeldArray, number, number_array, player_number, shown
from glasshouse._foundation.results import Result
from glasshouse.analysis.finite.deviation_sets import (
    Deviations,
    deviation_gains,
    deviations_of,
    dual_rows,
)
from glasshouse.analysis.finite.optimum import LinearProgram, Optimum, fractions_of, optimum
from glasshouse.analysis.finite.tables import finite_payoffs, named_profiles
from glasshouse.errors import InputError

if TYPE_CHECKING:
    from glasshouse.games.normal_form import NormalFormGame

MOST_FRACTIONS = 40_000
"""Coefficients of the largest linear program that is written in fractions."""

MOST_COEFFICIENTS = 20_000_000
"""Of the largest linear program that is solved: 160 MB."""

SHOWN_PROBABILITY = 1e-12
"""Profiles that are less likely are rounding, and left out of tables."""


@dataclasses.dataclass(frozen=True, repr=False)
class DeviationPrice(Result):
    """A deviation that keeps the objective from being better.

    **Arguments:** `player`, from 1; `deviation`, in words; `price`, by how much the objective would
    rise for each unit of payoff that this deviation were allowed to gain.
    """

    player: int
    deviation: str
    price: float


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class CorrelatedEquilibrium(Evidenced):
    """The best distribution over profiles from which no deviation of a set gains.

    **Arguments:** `kind`: "correlated equilibrium", "coarse correlated equilibrium", …;
    `objective`, in words, and its `value`; `distribution`, [action of each player]; `payoffs`;
    `gains`, the most that a deviation of each player gains, which is 0 or less but for rounding
    (None without any); `prices` of the deviations that bind; `bound`, which the prices show the
    value not to exceed (where the least is sought, not to fall below); `profiles`, their names;
    `method`, "certified" where exact arithmetic confirmed value and bound, else "numerical";
    `detail`.
    """

    ROWS: ClassVar[str] = "rows"

    kind: str
    objective: str
    value: float
    distribution: HeldArray
    payoffs: tuple[float, ...]
    gains: tuple[float | None, ...]
    prices: tuple[DeviationPrice, ...]
    bound: float
    profiles: tuple[str, ...]
    method: str
    detail: str

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The profiles that are played, and how likely each of them is."""
        each = zip(self.profiles, np.ravel(self.distribution).tolist(), strict=True)
        return tuple(
            {"profile": name, "probability": x} for name, x in each if x > SHOWN_PROBABILITY
        )


class _Constraints(NamedTuple):
    """Rows of the program, what each of them is about, and how many further unknowns there are."""

    rows: np.ndarray
    limits: np.ndarray
    about: tuple[tuple[int, str], ...]
    free: np.ndarray


def correlated_equilibrium(
    game: "NormalFormGame",
    deviations: Any = "internal",
    *,
    objective: Any = "welfare",
    constraints: Sequence[tuple[Any, Any]] = (),
    largest: bool = True,
) -> CorrelatedEquilibrium:
    """The distribution over profiles that is best by an objective while no deviation gains.

    Definition: z is a Φ-equilibrium iff u_i(φ(z)) <= u_i(z) for every player i and φ in Φ_i, which
    says what to play instead of each action one is told. With all φ that replace one action by
    another z is a correlated equilibrium, with all that ignore what one is told a coarse one.

    **Arguments:** `deviations`: "internal", "external", "none"; or for each player a list of
    stochastic matrices [told, played], or a `DeviationPolytope`; `objective`: "welfare", a player
    from 0, or an array with a weight for each profile, as np.eye(3) for the mass on the diagonal;
    `constraints` on z, pairs of a cost of each profile and what its mean may be at most;
    `largest=False` seeks the least.
    **Raises:** `InputError` for what does not fit the game, or if no z meets all constraints.
    **Cost:** one linear program by HiGHS; small ones are confirmed in rational numbers.
    **Source:** Aumann 1974; Greenwald & Jafari 2003; constraints whose deviations do not depend
    on z after Bernasconi et al. 2023.

        import glasshouse as gh
        from glasshouse.analysis.finite import correlated_equilibrium

        found = correlated_equilibrium(gh.load_game("chicken:T=7,R=6,P=0,S=2"))
        print(found.value, found.distribution.tolist())  # 10.5 [[0.5, 0.25], [0.25, 0.0]]
    """
    payoffs = finite_payoffs(game, "correlated equilibria need")
    asked = deviations_of(deviations, game.action_names)
    costs = [_cost(cost, limit, payoffs.shape[1:]) for cost, limit in constraints]
    coefficients = payoffs[0].size * sum(max(1, len(own)) for own in asked.matrices)
    if coefficients > MOST_COEFFICIENTS:
        raise InputError(
            f"{game.title} has {coefficients} profiles times deviations, and "
            f"{MOST_COEFFICIENTS} are the most: leave actions out, or ask for 'external' ones"
        )
    written = fractions_of(payoffs) if coefficients <= MOST_FRACTIONS else payoffs
    sign = 1 if largest else -1
    weights, words = _weights(objective, written, game, sign)
    held = _constraints(written, asked, costs)
    found = optimum(_program(weights, held), "no distribution meets all constraints")
    return _named(game, payoffs, asked, held, found, words, sign)


def _program(weights: np.ndarray, held: _Constraints) -> LinearProgram:
    count, unknowns = weights.size, held.rows.shape[1]
    more = np.zeros(unknowns - count)
    level = weights.ravel().min()
    weights = weights - level
    parts: list[Any] = [
        np.concatenate([weights.ravel(), more]),
        held.rows,
        held.limits,
        np.concatenate([np.ones(count), more])[None],
        np.ones(1),
    ]
    if held.rows.dtype == object:
        parts, level = [fractions_of(x) for x in parts], Fraction(level)
    free = np.concatenate([np.zeros(count, dtype=bool), held.free])
    return LinearProgram(*parts, free=free, level=level)


def _constraints(
    payoffs: np.ndarray, asked: Deviations, costs: list[tuple[np.ndarray, float]]
) -> _Constraints:
    profiles = payoffs[0].size
    blocks = (
        []
        if asked.polytopes is None
        else [dual_rows(payoffs[i], i, own) for i, own in enumerate(asked.polytopes)]
    )
    sizes = [(block[1].shape[1], block[2].shape[1]) for block in blocks]
    unknowns = profiles + sum(map(sum, sizes))
    rows: list[np.ndarray] = []
    about: list[tuple[int, str]] = []
    for i, own in enumerate(asked.matrices):
        for name, matrix in own:
            rows.append(deviation_gains(payoffs[i], i, matrix))
            about.append((i, name))
    at, free = profiles, [False] * (unknowns - profiles)
    for i, (of_profiles, of_prices, of_told) in enumerate(blocks):
        wide = np.zeros((len(of_profiles), unknowns), dtype=of_profiles.dtype)
        wide[:, :profiles] = of_profiles
        middle, end = at + sizes[i][0], at + sum(sizes[i])
        wide[:, at:middle], wide[:, middle:end] = of_prices, of_told
        free[middle - profiles : end - profiles] = [True] * (end - middle)
        at = end
        rows.extend(wide)
        about.extend((i, "the best deviation of its polytope") for _ in wide)
    rows.extend(cost.ravel() for cost, _ in costs)
    about.extend((-1, f"constraint {k + 1}") for k in range(len(costs)))
    dtype = payoffs.dtype
    table = np.zeros((len(rows), unknowns), dtype=dtype)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    limits = np.zeros(len(rows))
    if costs:
        limits[-len(costs) :] = [limit for _, limit in costs]
    return _Constraints(table, limits, tuple(about), np.array(free, dtype=bool))


def _named(
    game: "NormalFormGame",
    payoffs: np.ndarray,
    asked: Deviations,
    held: _Constraints,
    found: Optimum,
    objective: str,
    sign: int,
) -> CorrelatedEquilibrium:
    profiles = payoffs[0].size
    z = found.x[:profiles]
    gains = [
        max(
            (float(deviation_gains(own, i, matrix) @ z) for _, matrix in asked.matrices[i]),
            default=None,
        )
        for i, own in enumerate(payoffs)
    ]
    if asked.polytopes is not None:
        gains = [_gain_in(own, i, z, asked.polytopes[i]) for i, own in enumerate(payoffs)]
    prices = [
        DeviationPrice(i + 1, name, float(price))
        for (i, name), price in zip(held.about, found.prices, strict=True)
        if i >= 0 and price > SHOWN_PROBABILITY and asked.polytopes is None
    ]
    distribution = z.reshape(payoffs.shape[1:])
    distribution.setflags(write=False)
    how = "the value and the bound that its prices give are the same in rational arithmetic"
    return CorrelatedEquilibrium(
        kind=asked.kind,
        objective=objective,
        value=sign * found.value + 0.0,
        distribution=distribution,
        payoffs=tuple(float(own.ravel() @ z) for own in payoffs),
        gains=tuple(gains),
        prices=tuple(sorted(prices, key=lambda one: -one.price)),
        bound=sign * found.bound + 0.0,
        profiles=tuple(named_profiles(game)),
        method="certified" if found.exact else "numerical",
        detail=f"linear program of {len(held.rows)} constraints by HiGHS; "
        + (how if found.exact else "not looked at again in rational arithmetic"),
    )


def _gain_in(own: np.ndarray, player: int, z: np.ndarray, polytope: Any) -> float:
    """The most that a deviation of a polytope gains, by a linear program of its own."""
    count = own.shape[player]
    moving = np.moveaxis(own, player, 0).reshape(count, -1)
    told = np.moveaxis(z.reshape(own.shape), player, 0).reshape(count, -1)
    program = LinearProgram(
        (told @ moving.T).ravel(),
        np.asarray(polytope.costs).reshape(len(polytope.limits), -1),
        np.asarray(polytope.limits),
        np.kron(np.eye(count), np.ones(count)),
        np.ones(count),
        np.zeros(count**2, dtype=bool),
    )
    return optimum(program, "no deviation meets the constraints").value - float(own.ravel() @ z)


def _weights(
    objective: Any, payoffs: np.ndarray, game: "NormalFormGame", sign: int
) -> tuple[np.ndarray, str]:
    """What is made as large as can be, profile by profile, and in words.

    **Arguments:** `payoffs`, as doubles or fractions; `sign`, whole, so that fractions stay exact.
    """
    most = "largest" if sign > 0 else "least"
    if isinstance(objective, str):
        if objective != "welfare":
            raise InputError(
                f"objective={shown(objective)} must be 'welfare', a player counted from 0, or an "
                "array with a weight for each profile"
            )
        return sign * payoffs.sum(axis=0), f"{most} sum of payoffs"
    if np.ndim(objective) == 0:
        player = player_number(objective, len(payoffs))
        return sign * payoffs[player], f"{most} payoff of {game.player_names[player]}"
    array = number_array(objective, "objective", shapes=[payoffs.shape[1:]])
    weights = np.asarray(array, dtype=float)
    if not np.all(np.isfinite(weights)):
        raise InputError("objective must be finite for every profile")
    return sign * weights, f"{most} mean of given weights of profiles"


def _cost(cost: Any, limit: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, float]:
    array = np.asarray(number_array(cost, "the cost of a constraint", shapes=[shape]), dtype=float)
    if not np.all(np.isfinite(array)):
        raise InputError("the cost of a constraint must be finite for every profile")
    return array, number(limit, "the limit of a constraint")
