"""Linear programs by HiGHS, whose optimum is looked at again in rational numbers where small."""

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat
from jaxtyping import Float

from glasshouse.errors import InputError

ON_A_BOUND = 1e-9
"""Of numbers of the size of 1: what HiGHS leaves this close to a bound is taken to lie on it, which
exact arithmetic then confirms or not."""

LARGEST_EXACT = 120
"""Unknowns and equations of the largest system that is solved in rational numbers."""


class LinearProgram(NamedTuple):
    """The largest objective · x where rows · x <= limits, equal · x = sums, and x >= 0.

    **Arguments:** of floats, or of fractions, in which the optimum is then looked at again;
    `free`, which x may be negative; `level`, what is added to the value: where x are probabilities,
    what all have in common would hide from HiGHS by what they differ.
    """

    objective: np.ndarray
    rows: np.ndarray
    limits: np.ndarray
    equal: np.ndarray
    sums: np.ndarray
    free: np.ndarray
    level: Any = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether it is written in fractions."""
        return self.rows.dtype == object


class InfeasibleError(InputError):
    """Nothing meets all constraints of a linear program."""


class Optimum(NamedTuple):
    """The optimum of a linear program.

    **Arguments:** `x`; `value`; `prices`, how fast the value rises with each limit; `bound`, what
    the prices show the value not to exceed; `exact`, whether both were found to be feasible, and
    the value and the bound to be the same, in rational numbers.
    """

    x: Float[np.ndarray, "unknowns"]
    value: float
    prices: Float[np.ndarray, "rows"]
    bound: float
    exact: bool


def optimum(program: LinearProgram, infeasible: str) -> Optimum:
    """Solve a linear program.

    Rows and objective are first brought to the size of 1 by powers of 2, which round nothing: what
    HiGHS takes for feasible, and what is taken to lie on a bound here, does not know their units.

    **Arguments:** `infeasible`, what is wrong where nothing meets all constraints.
    **Raises:** `InfeasibleError` then, which is an `InputError`; `InputError` where HiGHS gives up.
    """
    by_row = np.array([_to_size_one(row) for row in program.rows])
    whole = _to_size_one(program.objective)
    exact = program.is_exact
    rows, unit = (fractions_of(by_row), Fraction(whole)) if exact else (by_row, whole)
    found = _solved_by_highs(
        program._replace(
            objective=program.objective * unit,
            level=program.level * unit,
            rows=program.rows * rows[:, None] if len(rows) else program.rows,
            limits=program.limits * rows,
        ),
        infeasible,
    )
    return found._replace(
        value=found.value / whole, prices=found.prices * by_row / whole, bound=found.bound / whole
    )


def _to_size_one(numbers: np.ndarray) -> float:
    """The power of 2 that brings the largest of some numbers to between 1/2 and 1."""
    return power_near(float(max((abs(x) for x in numbers.tolist()), default=0.0)))


def power_near(largest: float) -> float:
    """The power of 2 by which such a number comes to between 1/2 and 1; 1 of zero."""
    return 2.0 ** -math.frexp(largest)[1] if largest else 1.0


def _solved_by_highs(program: LinearProgram, infeasible: str) -> Optimum:
    from scipy.optimize import linprog  # takes as long to import as a tenth of glasshouse

    c, rows, limits, equal, sums = (np.asarray(part, dtype=float) for part in program[:5])
    found = linprog(
        -c,
        A_ub=rows if len(rows) else None,
        b_ub=limits if len(rows) else None,
        A_eq=equal,
        b_eq=sums,
        bounds=[(None, None) if one else (0, None) for one in program.free],
        method="highs-ds",
    )
    if found.status == 2:
        raise InfeasibleError(infeasible)
    if found.x is None or found.status != 0:
        raise InputError(f"the linear program was not solved: {found.message}"[:200])
    prices = -found.ineqlin.marginals if len(rows) else np.zeros(0)
    multipliers = -found.eqlin.marginals
    if program.is_exact:
        again = _in_fractions(program, found.x, prices, multipliers)
        if again is not None:
            return again
    bound = float(limits @ prices + sums @ multipliers) + float(program.level)
    value = float(c @ found.x) + float(program.level)
    return Optimum(found.x, value, prices, bound, exact=False)


def _in_fractions(
    program: LinearProgram, x: np.ndarray, prices: np.ndarray, multipliers: np.ndarray
) -> Optimum | None:
    """The same vertex and prices in rational numbers, if they prove each other optimal."""
    rows, limits, equal, sums = program[1:5]
    scale = 1.0 + np.abs(np.asarray(rows, dtype=float)).max(axis=1, initial=0.0)
    slack = np.asarray(limits, dtype=float) - np.asarray(rows, dtype=float) @ x
    tight = np.flatnonzero(slack <= ON_A_BOUND * scale)
    used = np.flatnonzero((x > ON_A_BOUND) | program.free)
    primal = _solved(
        np.concatenate([rows[np.ix_(tight, used)], equal[:, used]]),
        np.concatenate([limits[tight], sums]),
    )
    charged = np.flatnonzero(prices > ON_A_BOUND)
    cost = np.asarray(rows, dtype=float).T @ prices + np.asarray(equal, dtype=float).T @ multipliers
    even = np.flatnonzero(
        (
            np.abs(cost - np.asarray(program.objective, dtype=float))
            <= ON_A_BOUND * scale.max(initial=1)
        )
        | program.free
    )
    dual = _solved(
        np.concatenate([rows[np.ix_(charged, even)], equal[:, even]]).T, program.objective[even]
    )
    if primal is None or dual is None:
        return None
    exact_x, exact_prices = _zeros(len(x)), _zeros(len(rows))
    exact_x[used], exact_prices[charged] = primal, dual[: len(charged)]
    exact_multipliers = dual[len(charged) :]
    if not _prove_each_other(program, exact_x, exact_prices, exact_multipliers):
        return None
    value = float(program.objective @ exact_x + program.level)
    return Optimum(exact_x.astype(float), value, exact_prices.astype(float), value, exact=True)


def _prove_each_other(
    program: LinearProgram, x: np.ndarray, prices: np.ndarray, multipliers: np.ndarray
) -> bool:
    """Whether both are feasible, and their values are the same: no x has a larger one then."""
    objective, rows, limits, equal, sums, free, _ = program
    excess = rows.T @ prices + equal.T @ multipliers - objective
    feasible = (
        all(x[~free] >= 0)
        and all(rows @ x <= limits)
        and all(equal @ x == sums)
        and all(prices >= 0)
        and all(excess >= 0)
        and all(excess[free] == 0)
    )
    return bool(feasible and objective @ x == limits @ prices + sums @ multipliers)


def _zeros(count: int) -> np.ndarray:
    return np.array([Fraction(0)] * count, dtype=object)


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray | None:
    """A solution of a system in rational numbers, unknowns left open being 0; None without one."""
    equations, unknowns = matrix.shape
    if max(equations, unknowns) > LARGEST_EXACT:
        return None
    if not equations:
        return _zeros(unknowns)
    augmented = np.concatenate([matrix, right[:, None]], axis=1)
    reduced, rank = fmpq_mat(equations, unknowns + 1, _rationals(augmented.ravel())).rref()
    table = reduced.tolist()
    found = _zeros(unknowns)
    for row in table[:rank]:
        pivot = next(k for k, entry in enumerate(row) if entry != 0)
        if pivot == unknowns:
            return None
        found[pivot] = Fraction(int(row[-1].p), int(row[-1].q))
    return found


def _rationals(numbers: Iterable[Any]) -> list[fmpq]:
    return [fmpq(x.numerator, x.denominator) for x in map(Fraction, numbers)]


def fractions_of(array: Any) -> np.ndarray:
    """The exact values of an array of doubles, or of fractions and doubles."""
    numbers = np.asarray(array)
    found = np.empty(numbers.shape, dtype=object)
    found.ravel()[:] = [Fraction(x) for x in numbers.ravel().tolist()]
    return found
