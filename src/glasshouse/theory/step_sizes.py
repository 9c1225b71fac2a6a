"""Up to which step size learning rests where the gradient flow does."""

from typing import Any

from glasshouse.parametric import ParametricGame
from glasshouse.theory.diagonals import AbstractDiagonal, diagonal_rest_points
from glasshouse.theory.registry import Known, Unknown, known, knows

STEP_SOURCE = "glasshouse: the linear map of a step at the interior rest point of the diagonal"


def largest_step(diagonal: AbstractDiagonal) -> float | None:
    """The step size below which tied learners rest at the interior rest point.

    Definition: a step of size η multiplies small deviations along the diagonal by 1 + ηλ,
    λ = λ_sym < 0 the rate of the flow, so that they die out iff η < 2/|λ|. Under the
    logistic semantics λ = (1+κ)² D v², v = p (1-p) at the rest point. At 2/|λ| a cycle of two
    steps appears. It says nothing about unequal starts, nor how far small is.

    **Arguments:** `diagonal(game)`, or a `LogisticDiagonal` or `AffineDiagonal` built by hand.
    **Returns:** parameter units per step and unit of gradient; None where no interior rest point
    attracts along the diagonal.

        import glasshouse as gh
        from glasshouse.theory import diagonal, largest_step

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=8.0)
        print(round(largest_step(diagonal(family(0.4))), 6))  # 17.013889
    """
    for point in diagonal_rest_points(diagonal):
        along = point.eigenvalue_along
        if along is not None and along < 0:
            return -2 / along
    return None


@knows("largest step", ParametricGame)
def _(game: Any) -> Known | Unknown:
    """What is known where the diagonal is."""
    found = known("diagonal", game)
    if isinstance(found, Unknown):
        return found
    size = largest_step(found.value)
    if size is None:
        return Unknown("no rest point inside the boxes attracts along the diagonal")
    return Known(size, f"{found.conditions}; tied learners, selfish gradients", STEP_SOURCE)
