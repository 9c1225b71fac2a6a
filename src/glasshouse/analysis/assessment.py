"""Four different things at a coupling, side by side: movement, tied, generic, equilibrium."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import jax
import numpy as np
from jaxtyping import Array

from glasshouse.analysis.deviations import BoundaryTest, boundary_tests
from glasshouse.analysis.diagonal import RestPoint, diagonal_rest_points, tied_outcome
from glasshouse.analysis.family import LogisticFamily
from glasshouse.analysis.first_order import RESTS, cooperation_margin, mean_cooperation
from glasshouse.analysis.outcomes import Outcomes, Starts, generic_outcomes
from glasshouse.analysis.precision import in_float64
from glasshouse.dynamics.batch import batch_map, stack
from glasshouse.dynamics.driver import run
from glasshouse.dynamics.rest import Rest
from glasshouse.dynamics.solution import RESULTS
from glasshouse.errors import InputError
from glasshouse.parametric import ParametricGame, Tied
from glasshouse.rules.gradient import Gradient

TIED_STEPS = 10
"""Tied runs may take this many times the steps of generic ones: near thresholds they are slow."""

LARGE_STEP = 5.0
"""Above this step size times payoff range, learning can jump across rest points."""


@dataclasses.dataclass(frozen=True)
class FirstMovement:
    """How mean cooperation starts to change from the neutral start.

    **Arguments:** `margin`, its rate of change per unit time of the selfish gradient flow;
    `direction` of that change.
    """

    margin: float
    direction: Literal["rises", "falls", "rests"]
    method: str = "derivative"
    detail: str = "along the selfish gradients at the neutral start, exact to rounding"


@dataclasses.dataclass(frozen=True)
class TiedOutcome:
    """Where cooperation ends when all players share one parameter that starts neutral.

    **Arguments:** `cooperation`, mean probability of action 0 at the end; `converged`, whether
    the end is a rest point; `predicted`, the closed-form branch p*(κ), or None where there is no
    closed form (symmetric 2×2 games in which all read all alike have one for κ > -1).
    """

    cooperation: float
    converged: bool
    predicted: float | None
    method: str
    detail: str


@dataclasses.dataclass(frozen=True)
class Assessment:
    """What is true at one coupling; the parts answer different questions and can disagree.

    **Arguments:** `first_movement`, where learning starts to go; `tied`, where it ends on the
    diagonal; `generic`, where unequal starts end; `rest_points` on the diagonal, None without
    closed form; `boundary`, whether the cooperative corner is an equilibrium. `tied` and
    `boundary` are None where they do not apply; `notes` say why, and warn of large steps.
    """

    coupling: float
    first_movement: FirstMovement
    tied: TiedOutcome | None
    generic: Outcomes
    rest_points: tuple[RestPoint, ...] | None
    boundary: BoundaryTest | None
    notes: tuple[str, ...]


@in_float64
def assess(
    family: LogisticFamily,
    couplings: Sequence[float],
    *,
    starts: Starts = Starts(),
    steps: int = 6000,
    step_size: float = 0.1,
) -> list[Assessment]:
    """First movement, tied outcome, generic outcomes and boundary test at each coupling.

    **Arguments:** `family`, the game at a coupling; `starts`, of the generic runs; `steps`,
    `step_size` of learning (tied runs take up to ten times the steps, until they rest).
    **Raises:** `InputError` for settings the game or the semantics cannot take.
    **Cost:** couplings × starts × steps learning steps; all couplings are computed together.
    """
    games = [family(float(k)) for k in couplings]
    generic = generic_outcomes(games, starts=starts, steps=steps, step_size=step_size)
    tied = _tied_outcomes(games, steps, step_size)
    first = _first_movements(games)
    boundary, no_boundary = _boundary_tests(games)
    no_tied = "no tied outcome: the players' parameters differ in shape" if tied is None else ""
    largest = float(np.max(games[0].game.payoff_ranges))
    jumps = (
        f"a step size of {step_size:g} is large for payoffs that range over {largest:g}, and "
        f"learning may jump across rest points: try {0.5 / largest:.2g}"
        if step_size * largest > LARGE_STEP
        else ""
    )
    found = []
    for i, coupling in enumerate(map(float, couplings)):
        payoffs = family.symmetric_payoffs if coupling > -1 else None
        branch = rest_points = None
        if payoffs is not None:
            branch = tied_outcome(payoffs, coupling, family.bound)
            rest_points = tuple(diagonal_rest_points(payoffs, coupling, family.bound))
        found.append(
            Assessment(
                coupling=coupling,
                first_movement=first[i],
                tied=None if tied is None else dataclasses.replace(tied[i], predicted=branch),
                generic=generic[i],
                rest_points=rest_points,
                boundary=None if boundary is None else boundary[i],
                notes=tuple(note for note in (jumps, no_tied, no_boundary) if note),
            )
        )
    return found


def _first_movements(games: Sequence[ParametricGame]) -> list[FirstMovement]:
    smallest = RESTS * float(np.max(games[0].game.payoff_ranges))

    def named(margin: float) -> FirstMovement:
        direction = "rises" if margin > smallest else "falls" if margin < -smallest else "rests"
        return FirstMovement(margin, direction)

    return [named(float(margin)) for margin in batch_map(cooperation_margin, stack(games))]


def _tied_outcomes(
    games: Sequence[ParametricGame], steps: int, step_size: float
) -> list[TiedOutcome] | None:
    if len({str(jax.tree.map(np.shape, box.lower)) for box in games[0].spaces}) > 1:
        return None
    most, stop = TIED_STEPS * steps, Rest()
    ends, rests = batch_map(_learn_tied, stack(games), most, np.asarray(step_size), stop)
    detail = (
        f"one shared parameter from the neutral start, at most {most} steps of {step_size:g}, "
        f"stopped at rest to {stop.tolerance:g}"
    )
    return [
        TiedOutcome(float(p), bool(rest), None, "learned", detail)
        for p, rest in zip(ends, rests, strict=True)
    ]


def _learn_tied(
    game: ParametricGame, steps: int, step_size: Array, stop: Rest
) -> tuple[Array, Array]:
    tied = Tied(game)
    solution = run(tied, Gradient(), steps=steps, step_size=step_size, stop=stop, throw=False)
    return mean_cooperation(tied, solution.params), solution.result == RESULTS.converged


def _boundary_tests(games: Sequence[ParametricGame]) -> tuple[list[BoundaryTest] | None, str]:
    try:
        return boundary_tests(games), ""
    except InputError as reason:
        return None, f"no boundary test: {reason}"
