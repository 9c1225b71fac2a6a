"""Who would open? The game of being readable or not, whose payoffs are what learners then reach."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import Result
from glasshouse.analysis.finite.readable import check_readable, learned_payoffs
from glasshouse.analysis.outcomes.comparison import student_reach
from glasshouse.dynamics.learning import Learning, check_learning, payoff_range
from glasshouse.errors import InputError
from glasshouse.families import Axis, Family, Setup
from glasshouse.leagues.entrants import Entrant, checked_entrants
from glasshouse.leagues.meta import Choices, Estimated, choices_of, seats_are_alike
from glasshouse.leagues.play import check_pair, checked_axes
from glasshouse.leagues.shaping import mean_and_error
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.base import AbstractDirection
from glasshouse.rules.per_player import PerPlayer

OPEN_OR_NOT = ("open", "closed")

OPEN_TO = ((frozenset((0, 1)), frozenset((0,))), (frozenset((1,)), frozenset()))
"""Who can be read: a row where player 1 is open and one where it is closed, a column likewise for
player 2."""


@dataclasses.dataclass(frozen=True, repr=False)
class OpeningPrice(Result):
    """What one player pays for being the only one who opens.

    **Arguments:** `player`, from 1; `price`, its payoff where nobody opens less that where it alone
    does, per round, negative where opening alone pays; `error`, the standard error by differences
    start by start; `interval`, 95 % by Student's t.
    """

    player: int
    price: float
    error: float
    interval: tuple[float, float]


@dataclasses.dataclass(frozen=True, repr=False)
class OpeningPoint(Result):
    """Who would open at one point of the axes, for one pair of learners.

    **Arguments:** `at`, values of the axes; `learners`, of both players; `payoffs` per round, a row
    where player 1 opens and one where it closes, in each likewise for player 2, and of each player;
    `prices` of being the only one who opens; `gains` of both, where both open rather than nobody;
    `choices`, the equilibria of the game of opening, with what leaving each of them gains.
    """

    at: dict[str, float]
    learners: tuple[str, str]
    payoffs: tuple[tuple[tuple[float, ...], ...], ...]
    prices: tuple[OpeningPrice, ...]
    gains: tuple[float, ...]
    choices: Choices

    @property
    def equilibria(self) -> str:
        """The pure equilibria in words, with what is said of leaving each."""
        found = [f"{', '.join(one.profile)} ({one.verdict})" for one in self.choices.pure]
        return "; ".join(found) or "no pure one"


@dataclasses.dataclass(frozen=True, repr=False)
class Opening(Evidenced):
    """Who would open: for every pair of learners and every point of the axes.

    **Arguments:** `points`; `method`, "learned"; `detail`, how. Equilibria are those of estimated
    tables, and it is learned once it is settled who is open.
    """

    ROWS: ClassVar[str] = "rows"
    HEADINGS: ClassVar = {
        "learners": "learners",
        "at": "at",
        "open": "pays if both open",
        "closed": "if nobody does",
        "price": "price of opening alone",
        "equilibria": "equilibria",
    }

    points: tuple[OpeningPoint, ...]
    method: str
    detail: str

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """One for each point and pair: what opening pays, alone and together."""
        return tuple(
            {
                "learners": ", ".join(dict.fromkeys(one.learners)),
                "at": one.at,
                "open": list(one.payoffs[0][0]),
                "closed": list(one.payoffs[1][1]),
                "price": [each.price for each in one.prices],
                "equilibria": one.equilibria,
            }
            for one in self.points
        )


def opening(
    game: DenseGame,
    learners: Mapping[str, AbstractDirection] | Sequence[AbstractDirection],
    *,
    learning: Learning,
    axes: Sequence[Axis] = (),
) -> Opening:
    """Who would open, if being readable were a choice made before learning begins?

    Definition: a player that is open can be read by the other; one that is closed looks neutral.
    Each pair of learners learns at (open, open), (open, closed), (closed, open), (closed, closed)
    from the same starts; the means of what both are paid at the end are the payoffs of a game with
    two actions each.

    **Arguments:** `game` of two players under full access; `learners`, rules by name, or a list of
    them: every pair is looked at, with itself, too; `learning`, whose rule is left open; `axes`,
    places in the setup of game and learning, as of `leagues.play`.
    **Raises:** `InputError` for other games, learners that are none, and runs that left the reals.
    **Cost:** pairs × points × 4 × starts runs.

        import glasshouse as gh
        from glasshouse import leagues
        from glasshouse.dynamics import Learning, Starts
        from glasshouse.rules import Gradient

        game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)(0.9)
        learning = Learning(steps=500, starts=Starts(8))
        found = leagues.opening(game, [Gradient()], learning=learning)
        print(found.points[0].payoffs[0][0][0] > 2.5)  # True
    """
    check_readable(game, "who would open")
    check_pair(game)
    check_learning(learning, "who would open")
    if not learning.rule.selfish or learning.tied:
        raise InputError(
            "learning says how long and from where, and learners who learns how: leave rule and "
            "tied out of it"
        )
    everybody = _learners(learners)
    size = learning.step_size_for(payoff_range(game))
    base = Setup(game, dataclasses.replace(learning, step_size=size))
    points = []
    pairs = list(itertools.combinations_with_replacement(everybody, 2))
    for at, setup in _setups(base, axes):
        points.extend(_point(setup, at, *pair) for pair in pairs)
    steps = f"{learning.steps} steps of {size:g}"
    detail = f"{learning.starts}, the same for all four, {steps}; 4 runs of each for each pair"
    return Opening(tuple(points), "learned", detail)


def _setups(base: Setup, axes: Any) -> list[tuple[dict[str, float], Setup]]:
    """Every point of the axes, and its setup."""
    given = checked_axes(axes)
    if not given:
        return [({}, base)]
    family = Family(base, *given)
    every = itertools.product(*(one.numbers.tolist() for one in given))
    places = [dict(zip([one.name for one in given], values, strict=True)) for values in every]
    return [(at, family.at(**at)) for at in places]


def _point(setup: Setup, at: dict[str, float], row: Entrant, column: Entrant) -> OpeningPoint:
    learning = dataclasses.replace(setup.learning, rule=PerPlayer((row.rule, column.rule)))
    game: Any = setup.game
    readable = [who for row in OPEN_TO for who in row]
    found = learned_payoffs(game, readable, learning)
    runs = found.reshape(2, 2, *found.shape[1:])
    alike = row is column and seats_are_alike(game)
    if alike:
        runs = (runs + runs.transpose(1, 0, 2, 3)[..., ::-1]) / 2
    paid = runs.mean(axis=2)
    alone = (runs[0, 1, :, 0], runs[1, 0, :, 1])
    prices = tuple(_price(i + 1, runs[1, 1, :, i] - only) for i, only in enumerate(alone))
    return OpeningPoint(
        at=at,
        learners=(row.name, column.name),
        payoffs=tuple(tuple(tuple(cell.tolist()) for cell in row) for row in paid),
        prices=prices,
        gains=tuple((paid[0, 0] - paid[1, 1]).tolist()),
        choices=choices_of(Estimated(OPEN_OR_NOT, runs, alike)),
    )


def _price(player: int, runs: np.ndarray) -> OpeningPrice:
    mean, error = mean_and_error(runs)
    half = student_reach(len(runs)) * float(error)
    price = float(mean)
    return OpeningPrice(player, price, float(error), (price - half, price + half))


def _learners(given: Any) -> list[Entrant]:
    """Who learns, by name.

    **Raises:** `InputError` for who does not.
    """
    found = checked_entrants(given)
    for one in found:
        if one.strategy is not None:
            raise InputError(f"{one.name} keeps to a strategy, and learns nothing: give rules")
    return list(found)
