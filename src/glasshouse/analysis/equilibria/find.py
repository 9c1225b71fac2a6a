"""All equilibria of a game in parameters."""

from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.equilibria.complete import complete, pose
from glasshouse.analysis.equilibria.points import Equilibria
from glasshouse.errors import InputError
from glasshouse.parametric.dense import DenseGame

PIECE_BUDGET = 20_000
"""Pieces of the box looked at before the rest is left: some ten seconds."""


@in_float64
def find_equilibria(game: DenseGame, *, budget: Whole = PIECE_BUDGET) -> Equilibria:
    """All equilibria in the parameters of two players with one parameter each, proved to be all.

    Definition: profiles θ in the box with sup U_i(θ_i', θ_-i) ≤ U_i(θ) for every player i.

    Each is isolated in a region with exactly one equilibrium; the rest of the box is cut into
    pieces without any, by Arb arithmetic. The page about all equilibria says what is proved, and
    when the answer is "unknown".

    **Arguments:** `game`, in normal form, its boxes bounded, its semantics smooth; `budget`,
    pieces looked at at most.
    **Returns:** `Equilibria`; its `write` makes a file for `verify`.
    **Raises:** `InputError` for other games, and where the semantics cannot be bounded.
    **Cost:** a fraction of a second where equilibria are clearly so; more near games where they
    come or go.

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        found = gh.find_equilibria(family(0.5))
        print(found.count, found.number)  # exactly 0
    """
    budget = whole(budget, "budget")
    problem = pose(game)
    if isinstance(problem, str):
        raise InputError(
            "a complete search for equilibria needs two players with one bounded parameter each "
            f"and a smooth semantics, but {problem}"
        )
    return complete(game, problem, budget)
