"""Four different things of one game, side by side: movement, tied, generic, equilibrium."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import jax
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import UNLESS_NONE, Result
from glasshouse.analysis.equilibrium.deviations import BoundaryTest, boundary_tests
from glasshouse.analysis.movement.first_order import (
    SLOWEST_MOVEMENT,
    cooperation,
    cooperation_margin,
    flow_derivative,
)
from glasshouse.analysis.outcomes.generic import Outcomes, generic_outcomes, observable_in
from glasshouse.analysis.outcomes.periods import Periods, periods
from glasshouse.dynamics.batch import batch_map, stack
from glasshouse.dynamics.learning import Learning, check_learning, learn, payoff_range
from glasshouse.dynamics.rest import Rest
from glasshouse.dynamics.starts import Starts
from glasshouse.errors import InputError
from glasshouse.parametric import require_exact
from glasshouse.parametric.capabilities import KINKED, kinks_of, listed
from glasshouse.parametric.dense import DenseGame
from glasshouse.parametric.measure import COOPERATION
from glasshouse.parametric.observable import PAYOFF, Observable
from glasshouse.rules.base import APART, AbstractDirection, check_direction, in_words
from glasshouse.theory.diagonals import RestPoint, diagonal_rest_points, tied_outcome
from glasshouse.theory.registry import Known, known

TIED_STEPS = 10
"""Tied runs may take this many times the steps of generic ones."""

NOT_FINITE = "moves at a rate that is not finite"
"""What is said where the neutral start has no derivative."""

UNTOLD = "moves in a way that is not known"
"""What is said where slopes differ on either side, so that derivatives tell nothing."""

LARGE_STEP = 5.0
"""Above this step size times payoff range, learning can jump across rest points."""


@dataclasses.dataclass(frozen=True, repr=False)
class FirstMovement(Evidenced):
    """How mean cooperation starts to change from the neutral start.

    **Arguments:** `margin`, its rate of change per unit time of the selfish gradient flow;
    `direction` of that change, "not finite" where it has no derivative there, "unknown" (and the
    margin NaN) in games whose slopes differ on either side, of which no derivative is to be had.
    """

    margin: float
    direction: Literal["rises", "falls", "rests", "not finite", "unknown"]
    method: str = "derivative"
    detail: str = "along the selfish gradients at the neutral start, exact to rounding"

    @property
    def words(self) -> str:
        """What it does: "rises"."""
        return {"not finite": NOT_FINITE, "unknown": UNTOLD}.get(self.direction, self.direction)


@dataclasses.dataclass(frozen=True, repr=False)
class TiedOutcome(Evidenced):
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


@dataclasses.dataclass(frozen=True, repr=False)
class Assessment(Result):
    """What is true of a parametric game; the parts answer different questions and can disagree.

    **Arguments:** `players`, how many; `first_movement`, where learning starts to go; `tied`,
    where it ends on the diagonal; `generic`, where it ends from the starts asked for;
    `rest_points` on the diagonal, None without closed form or without `tied`; `boundary`, whether
    the cooperative corner is an equilibrium. `tied`, `generic` and `boundary` are None where they
    do not apply or were not asked for; `notes` say why they do not apply, and warn of large steps;
    `periods`, what the runs of `generic` end in, where asked for.
    """

    players: int
    first_movement: FirstMovement
    tied: TiedOutcome | None
    generic: Outcomes | None
    rest_points: tuple[RestPoint, ...] | None
    boundary: BoundaryTest | None
    notes: tuple[str, ...]
    periods: Periods | None = dataclasses.field(default=None, metadata={UNLESS_NONE: True})


@in_float64
def assess(
    games: Sequence[DenseGame],
    *,
    learning: Learning = Learning(),
    tied: bool = True,
    outcomes: bool = True,
    boundary: bool = True,
    observe: str | Observable = COOPERATION,
    cycles: bool = False,
) -> list[Assessment]:
    """First movement, tied outcome, outcomes from starts and boundary test of each game.

    **Arguments:** `games`, alike in structure: one game at many couplings, say; `learning`, of the
    runs whose outcomes are counted (tied runs take up to ten times the steps, until they rest), its
    rule one that gives a direction; `tied`, `outcomes`, `boundary`: what to find out beside first
    movement; `observe`, the observable whose means at the ends `generic` has and, where it
    stands in place of cooperation, whose first movement it is; `cycles`, whether to tell rest from
    cycles, too.
    **Raises:** `InputError` for settings the games cannot take.
    **Cost:** games × starts × steps learning steps; all games are computed together.

        import glasshouse as gh
        from glasshouse.analysis import assess

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        (found,) = assess([family(0.5)], outcomes=False)
        print(found.first_movement.direction, found.boundary.passes)  # rises False
    """
    games = listed(games, "assess")
    require_exact(games[0], "an assessment", "observables")
    kinks = kinks_of(games[0])
    rule = check_direction(check_learning(learning, "assess").rule, "a first movement")
    generic: Sequence[Outcomes | None] = [None] * len(games)
    with progress("assessing"):
        if outcomes:
            generic = generic_outcomes(games, learning=learning, observe=observe)
        ended = periods(games, learning) if cycles else [None] * len(games)
        tied_found, no_tied = _tied_outcomes(games, learning) if tied else (None, "")
        tests, no_tests = _boundary_tests(games) if boundary else (None, [""] * len(games))
        seen = observable_in(games[0], observe)
        first = _unknown(games, kinks) if kinks else _first_movements(games, rule, seen)
    found = []
    for i, game in enumerate(games):
        asked = known("diagonal", game) if tied and rule.selfish else None
        closed = asked.value if isinstance(asked, Known) else None
        branch = None if closed is None else tied_outcome(closed)
        found.append(
            Assessment(
                players=game.players,
                first_movement=first[i],
                tied=dataclasses.replace(tied_found[i], predicted=branch) if tied_found else None,
                generic=generic[i],
                rest_points=None if closed is None else tuple(diagonal_rest_points(closed)),
                boundary=tests[i] if tests else None,
                notes=tuple(
                    note
                    for note in (_untold(kinks), _jumps(game, learning), no_tied, no_tests[i])
                    if note
                ),
                periods=ended[i],
            )
        )
    return found


def is_large_step(game: DenseGame, step_size: float) -> bool:
    """Whether learning can jump across rest points with steps of this size."""
    return step_size * payoff_range(game) > LARGE_STEP


def _untold(kinks: str) -> str:
    """That first movement is not known, and why; nothing in smooth games."""
    return f"no first movement: {KINKED} {kinks}" if kinks else ""


def _unknown(games: Sequence[DenseGame], kinks: str) -> list[FirstMovement]:
    detail = f"not sought: {KINKED} {kinks}"
    return [FirstMovement(math.nan, "unknown", "unknown", detail)] * len(games)


def _jumps(game: DenseGame, learning: Learning) -> str:
    step_size = learning.largest_step
    if not is_large_step(game, step_size):
        return ""
    largest = payoff_range(game)
    return (
        f"a step size of {step_size:g} is large for payoffs that range over {largest:g}, and "
        f"learning may jump across rest points: try {0.5 / largest:.2g}, and "
        f"{2 * step_size * largest:.3g} times as many steps"
    )


def _first_movements(
    games: Sequence[DenseGame], rule: AbstractDirection, observe: str | Observable
) -> list[FirstMovement]:
    along = "the selfish gradients" if rule.selfish else in_words(rule)
    what = None if isinstance(observe, str) else observe
    detail = f"along {along} at the neutral start, exact to rounding"

    def named(margin: float, game: DenseGame) -> FirstMovement:
        span = payoff_range(game)
        smallest = SLOWEST_MOVEMENT * span
        if what is not None and what.unit == PAYOFF:  # which is counted in payoffs itself
            smallest *= span
        if not math.isfinite(margin):
            return FirstMovement(margin, "not finite", detail=detail)
        direction = "rises" if margin > smallest else "falls" if margin < -smallest else "rests"
        return FirstMovement(margin, direction, detail=detail)

    if what is None:
        margins = batch_map(cooperation_margin, stack(games), None, rule)
    else:
        margins = batch_map(_observed_margin, stack(games), what, rule)
    return [named(float(margin), game) for margin, game in zip(margins, games, strict=True)]


def _observed_margin(
    game: DenseGame, what: Observable, rule: AbstractDirection
) -> Float[Array, ""]:
    """How fast an observable changes at the neutral start, the mean of its numbers."""
    return flow_derivative(game, game.neutral(), lambda g, at: what(g, at).mean(), rule)


def tied_learning(learning: Learning) -> Learning:
    """From the neutral start with one shared parameter, until rest: near thresholds it is slow."""
    steps = TIED_STEPS * learning.steps
    starts = Starts(kind="neutral")
    return dataclasses.replace(learning, starts=starts, steps=steps, stop=Rest(), tied=True)


def _tied_outcomes(
    games: Sequence[DenseGame], learning: Learning
) -> tuple[list[TiedOutcome] | None, str]:
    if len({str(jax.tree.map(np.shape, box.lower)) for box in games[0].spaces}) > 1:
        return None, "no tied outcome: the players' parameters differ in shape"
    if kinks := kinks_of(games[0]):
        return None, f"no tied outcome: {KINKED} {kinks}"
    if APART in learning.rule.needs:
        return None, f"no tied outcome: {learning.rule.words} needs each player's parameters apart"
    ends = learn(games, tied_learning(learning), cooperation)
    rests = Rest().met(ends.residuals[:, 0])
    detail = f"one shared parameter from {ends.detail}"
    found = [
        TiedOutcome(float(p), bool(rest), None, "learned", detail)
        for p, rest in zip(ends.observed[:, 0].mean(axis=-1), rests, strict=True)
    ]
    return found, ""


def _boundary_tests(games: Sequence[DenseGame]) -> tuple[list[BoundaryTest] | None, list[str]]:
    """The tests, and for each game why there is none or what it leaves open."""
    try:
        tests = boundary_tests(games)
    except InputError as reason:
        return None, [f"no boundary test: {reason}"] * len(games)
    undecided = "the boundary test is undecided: "
    return tests, ["" if test.passes is not None else undecided + test.reason for test in tests]
