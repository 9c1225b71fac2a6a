"""All equilibria of a game in parameters."""

import dataclasses

import numpy as np

from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibria.attraction import attraction_unless_moving
from glasshouse.analysis.equilibria.complete.search import complete, pose
from glasshouse.analysis.equilibria.numerical import numerical_equilibria
from glasshouse.analysis.equilibria.points import Equilibria, EquilibriumPoint
from glasshouse.analysis.outcomes.isolation import bounds
from glasshouse.errors import InputError
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.base import AbstractDirection, check_direction
from glasshouse.rules.gradient import Gradient

PIECE_BUDGET = 20_000
"""Pieces of the box looked at before the rest is left: some ten seconds."""


@in_float64
def find_equilibria(
    game: DenseGame, *, budget: Whole = PIECE_BUDGET, rule: AbstractDirection = Gradient()
) -> Equilibria:
    """All equilibria in the parameters: proved to be all, where a complete search is possible.

    Definition: profiles θ in the box with sup U_i(θ_i', θ_-i) ≤ U_i(θ) for every player i.

    Of two players with one parameter each and a smooth semantics each equilibrium is isolated in a
    region with exactly one; the rest of the box is cut into pieces without any, by Arb arithmetic.
    Of other games corners and the ends of Newton's method from many starts are certified one by
    one, and others may be missed. The page about all equilibria says what is proved, and when the
    answer is "unknown".

    **Arguments:** `game`, in normal form, its boxes bounded; `budget`, pieces looked at at most;
    `rule`, under which it is said whether equilibria attract.
    **Returns:** `Equilibria`; its `write` makes a file for `verify`.
    **Raises:** `InputError` for other games, and where the semantics cannot be bounded.
    **Cost:** a second where equilibria are clearly so; more near games where they come or go, and
    half a minute or more with several parameters, in whose number certificates are exponential.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        found = gh.find_equilibria(family(0.5))
        print(found.count, found.number)  # exactly 0
    """
    budget, rule = whole(budget, "budget"), check_direction(rule, "stability")
    problem = pose(game)
    if isinstance(problem, str):
        if not np.isfinite(np.concatenate(bounds(game))).all():
            raise InputError(
                "all equilibria are sought in boxes that are bounded: set the semantics' bound"
            )
        found = numerical_equilibria(game, budget)
    else:
        found = complete(game, problem, budget)
    points = tuple(_judged(game, point, rule) for point in found.points)
    return dataclasses.replace(found, points=points)


def _judged(game: DenseGame, point: EquilibriumPoint, rule: AbstractDirection) -> EquilibriumPoint:
    """A point with what is known of learning nearby."""
    found = attraction_unless_moving(game, point.params, rule)
    stable = None if found is None else found.attracts
    return dataclasses.replace(point, stable=stable, attraction=found)
