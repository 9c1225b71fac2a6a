"""Rest points of symmetric 2×2 games on the diagonal, where both parameters are equal."""

import dataclasses
import math

from glasshouse.analysis.closed_form import ZERO
from glasshouse.errors import InputError
from glasshouse.games.symmetric import Symmetric2x2


@dataclasses.dataclass(frozen=True)
class RestPoint:
    """A rest point with both players at the same parameter, and whether it attracts.

    **Arguments:** `p`, everyone's probability of cooperating; `theta`, the parameter (±inf for
    a limit); `kind`, "interior", "cooperative end" or "defecting end"; `eigenvalue_along` and
    `eigenvalue_across` (λ_sym, λ_anti: rates per unit time along and across the diagonal) for
    interior points, None at the ends of the box, where both gradients push outward;
    `attracts_along`: equal starts nearby; `attracts`: all starts nearby, None for a limit at
    infinity, where no start is near and unequal ones may be led away from it.
    """

    p: float
    theta: float
    kind: str
    eigenvalue_along: float | None
    eigenvalue_across: float | None
    attracts_along: bool
    attracts: bool | None
    method: str = "closed form"


def drift(payoffs: Symmetric2x2, coupling: float, p: float) -> float:
    """F(p) = A(p) + κ B(p): along the diagonal dθ/dt = p (1-p) F(p)."""
    return payoffs.own_effect(p) + coupling * payoffs.other_effect(p)


def diagonal_rest_points(
    payoffs: Symmetric2x2, coupling: float, bound: float = math.inf
) -> list[RestPoint]:
    """All rest points on the diagonal under the logistic semantics, by rising p.

    Definition: p* = -[(S-P) + κ(T-P)] / ((1+κ) D) where it lies inside the box, with
    λ_sym = (1+κ)² D v², λ_anti = -(1-κ) v [(1-κ) D v + 2κ B(p*)(1-2p*)], v = p*(1-p*); and the
    ends θ = ±bound where the gradient points outward. Where F vanishes everywhere (D = 0 at the
    threshold) every point rests and the list is empty.

    **Arguments:** `coupling` κ > -1; `bound`, possibly infinite.
    **Raises:** `InputError` for κ <= -1, where the diagonal runs the other way.
    """
    coupling = _checked(coupling)
    near = True if math.isfinite(bound) else None
    upper = _sigmoid((1 + coupling) * bound)
    lower = _sigmoid(-(1 + coupling) * bound)
    points = []
    slope = (1 + coupling) * payoffs.interaction  # of the drift, which decides where it is zero
    if (drift(payoffs, coupling, lower) or slope) < 0:
        points.append(RestPoint(lower, -bound, "defecting end", None, None, True, near))
    p = interior_rest_point(payoffs, coupling)
    if p is not None and lower < p < upper:
        points.append(_interior(payoffs, coupling, p))
    if (drift(payoffs, coupling, upper) or -slope) > 0:
        points.append(RestPoint(upper, bound, "cooperative end", None, None, True, near))
    return points


def interior_rest_point(payoffs: Symmetric2x2, coupling: float) -> float | None:
    """p* in (0, 1) with F(p*) = 0, or None."""
    slope = (1 + coupling) * payoffs.interaction
    if slope == 0:
        return None
    p = -drift(payoffs, coupling, 0.0) / slope
    return p if 0 < p < 1 else None


def tied_outcome(payoffs: Symmetric2x2, coupling: float, bound: float = math.inf) -> float:
    """Where cooperation ends when both share one parameter that starts neutral: p*(κ).

    The nearest rest point in the direction of the first movement: the interior one, or the end
    s(±(1+κ) bound) of the box.

    **Arguments and Raises:** as in `diagonal_rest_points`.
    """
    coupling = _checked(coupling)
    start = drift(payoffs, coupling, 0.5)
    if abs(start) <= ZERO * payoffs.payoff_range:
        return 0.5
    end = _sigmoid(math.copysign((1 + coupling) * bound, start))
    p = interior_rest_point(payoffs, coupling)
    if p is None or (p - 0.5) * start <= 0 or abs(p - 0.5) >= abs(end - 0.5):
        return end
    return p


def _interior(payoffs: Symmetric2x2, coupling: float, p: float) -> RestPoint:
    D, v = payoffs.interaction, p * (1 - p)
    along = (1 + coupling) ** 2 * D * v**2
    pull = 2 * coupling * payoffs.other_effect(p) * (1 - 2 * p)
    across = -(1 - coupling) * v * ((1 - coupling) * D * v + pull)
    theta = math.log(p / (1 - p)) / (1 + coupling)
    attracts = along < 0 and across < 0
    return RestPoint(p, theta, "interior", along, across, along < 0, attracts)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0


def _checked(coupling: float) -> float:
    if not coupling > -1:
        raise InputError(f"coupling {coupling} must be above -1 on the diagonal")
    return float(coupling)
