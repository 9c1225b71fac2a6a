"""Rest points of symmetric 2×2 games on the diagonal, where both parameters are equal."""

import abc
import dataclasses
import math
from typing import Any

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import HeldFloat, checked_bound, number
from glasshouse._foundation.results import Result, few
from glasshouse.channels.full import Full
from glasshouse.games.normal_form import is_normal_form
from glasshouse.games.symmetric import Symmetric2x2
from glasshouse.parametric import ParametricGame
from glasshouse.parametric.dense import out_of_date
from glasshouse.semantics import Affine, Logistic
from glasshouse.theory.registry import Known, Unknown, known, knows, value_of
from glasshouse.theory.symmetric import SMALLEST_EFFECT

NEED = "closed forms on the diagonal need"

EQUAL_COUPLINGS = "own weight 1, equal couplings above -1"

DIAGONAL_SOURCE = "glasshouse: the joint selfish gradient where both parameters are equal"


@dataclasses.dataclass(frozen=True, repr=False)
class RestPoint(Evidenced):
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


@dataclasses.dataclass(frozen=True, repr=False)
class AbstractDiagonal(Result, abc.ABC):
    """A symmetric 2×2 game where both players have the same parameter θ, at one coupling.

    Everything is a function of p, everyone's probability of cooperating, which rises with θ.
    `payoffs` are those of the base game.
    """

    payoffs: Symmetric2x2

    @abc.abstractmethod
    def drift(self, p: float) -> float:
        """F(p), linear in p: the sign of dθ/dt along the diagonal."""

    @property
    @abc.abstractmethod
    def slope(self) -> float:
        """F'(p), the same at every p."""

    @property
    @abc.abstractmethod
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(p, θ) at the lower and at the upper end of the box."""

    @abc.abstractmethod
    def theta(self, p: float) -> float:
        """The parameter at which both cooperate with probability p in (0, 1)."""

    @abc.abstractmethod
    def eigenvalues(self, p: float) -> tuple[float, float]:
        """λ_sym and λ_anti of the joint field at a p where F vanishes: along and across."""


@dataclasses.dataclass(frozen=True, repr=False)
class LogisticDiagonal(AbstractDiagonal):
    """The diagonal under the logistic semantics, own weight 1: p = s((1+κ) θ).

    Definition: dθ/dt = v F(p) with F(p) = A(p) + κ B(p), v = p (1-p);
    λ_sym = (1+κ)² D v², λ_anti = -(1-κ) v [(1-κ) D v + 2κ B(p)(1-2p)].

    **Arguments:** `coupling` κ > -1, with which each reads the other; `bound`, possibly infinite.
    **Raises:** `InputError` for κ <= -1, where the diagonal runs the other way, or bound <= 0.
    """

    coupling: HeldFloat
    bound: HeldFloat = math.inf

    def __post_init__(self):
        object.__setattr__(self, "coupling", number(self.coupling, "coupling", above=-1.0))
        object.__setattr__(self, "bound", float(checked_bound(self.bound)))

    def drift(self, p: float) -> float:
        return self.payoffs.own_effect(p) + self.coupling * self.payoffs.other_effect(p)

    @property
    def slope(self) -> float:
        return (1 + self.coupling) * self.payoffs.interaction

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        logit = (1 + self.coupling) * self.bound
        return (_sigmoid(-logit), -self.bound), (_sigmoid(logit), self.bound)

    def theta(self, p: float) -> float:
        return math.log(p / (1 - p)) / (1 + self.coupling)

    def eigenvalues(self, p: float) -> tuple[float, float]:
        D, v, coupling = self.payoffs.interaction, p * (1 - p), self.coupling
        pull = 2 * coupling * self.payoffs.other_effect(p) * (1 - 2 * p)
        across = -(1 - coupling) * v * ((1 - coupling) * D * v + pull)
        return (1 + coupling) ** 2 * D * v**2, across


@dataclasses.dataclass(frozen=True, repr=False)
class AffineDiagonal(AbstractDiagonal):
    """The diagonal under the affine semantics: p = θ in [0, 1].

    Definition: dθ/dt = F(p) = (1-w) A(p) + w B(p); λ_sym = D, λ_anti = -(1-2w)² D. So where D ≠ 0
    an interior rest point repels along the diagonal or across it, unless w = ½, where p_1 = p_2
    whatever the parameters, and only their mean moves.

    **Arguments:** `weight` w in [0, 1].
    **Raises:** `InputError` for other weights.
    """

    weight: HeldFloat

    def __post_init__(self):
        object.__setattr__(self, "weight", number(self.weight, "weight", least=0.0, most=1.0))

    def drift(self, p: float) -> float:
        own, other = self.payoffs.own_effect(p), self.payoffs.other_effect(p)
        return (1 - self.weight) * own + self.weight * other

    @property
    def slope(self) -> float:
        return self.payoffs.interaction

    @property
    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        return (0.0, 0.0), (1.0, 1.0)

    def theta(self, p: float) -> float:
        return p

    def eigenvalues(self, p: float) -> tuple[float, float]:
        D = self.payoffs.interaction
        return D, -((1 - 2 * self.weight) ** 2) * D


def diagonal(game: ParametricGame) -> AbstractDiagonal:
    """The closed form of a game's diagonal.

    **Raises:** `InputError` saying why there is none: the base game is not a symmetric 2×2 game,
    the players do not read each other alike or not everything, or nothing is known for this
    semantics.
    """
    return value_of(known("diagonal", game))


@knows("diagonal", ParametricGame)
def _(game: ParametricGame) -> Known | Unknown:
    """Any other channel and semantics than those below."""
    if not game.channel.is_full:
        return Unknown(f"{NEED} full access, not {type(game.channel).__name__}")
    payoffs = _payoffs(game)
    if isinstance(payoffs, Unknown):
        return payoffs
    return Unknown(
        "no closed form on the diagonal is known for the semantics "
        f"{type(game.semantics).__name__} with {type(game.channel).__name__}"
    )


@knows("diagonal", ParametricGame, Logistic, Full)
def _(game: Any) -> Known | Unknown:
    payoffs = _payoffs(game)
    if isinstance(payoffs, Unknown):
        return payoffs
    if lacking := unlike(game.semantics):
        return Unknown(f"{NEED} {lacking}")
    coupling = float(_couplings(game.semantics).flat[0])
    if coupling <= -1:
        return Unknown(f"{NEED} a coupling above -1, not {coupling:.6g}")
    found = LogisticDiagonal(payoffs.value, coupling, float(np.asarray(game.semantics.bound)))
    return Known(
        found, f"{payoffs.conditions}; logistic semantics, {EQUAL_COUPLINGS}", DIAGONAL_SOURCE
    )


@knows("diagonal", ParametricGame, Affine, Full)
def _(game: Any) -> Known | Unknown:
    payoffs = _payoffs(game)
    if isinstance(payoffs, Unknown):
        return payoffs
    found = AffineDiagonal(payoffs.value, float(np.asarray(game.semantics.weight)))
    return Known(found, f"{payoffs.conditions}; affine semantics", DIAGONAL_SOURCE)


def _payoffs(game: ParametricGame) -> Known | Unknown:
    """The four payoffs of a game whose diagonal may be known."""
    base, stale = game.game, out_of_date(game)
    if stale:
        return Unknown(stale)
    payoffs = Symmetric2x2.from_tensor(np.asarray(base.tensor)) if is_normal_form(base) else None
    if payoffs is None:
        return Unknown(
            f"{NEED} a symmetric game with two players and two actions each, not this one with "
            f"{base.actions} actions"
        )
    conditions = "symmetric game of two players with two actions each; full access"
    return Known(payoffs, conditions, DIAGONAL_SOURCE)


def unlike(semantics: Logistic) -> str:
    """What keeps players from reading all alike with own weight 1; nothing where they do."""
    couplings = _couplings(semantics)
    if not couplings.size:
        return "at least two players"
    if np.any(couplings != couplings.flat[0]):
        return f"players who read each other with the same coupling, not {few(couplings)}"
    own_weight = np.asarray(semantics.own_weight, dtype=np.float64)
    return f"own weight 1, not {few(own_weight)}" if np.any(own_weight != 1) else ""


def _couplings(semantics: Logistic) -> np.ndarray:
    coupling = np.asarray(semantics.coupling, dtype=np.float64)
    if coupling.ndim:
        coupling = coupling[~np.eye(len(coupling), dtype=bool)]  # the others; oneself is 0
    return coupling


def diagonal_rest_points(diagonal: AbstractDiagonal) -> list[RestPoint]:
    """All rest points on the diagonal, by rising p.

    Definition: p* = -F(0)/F' where it lies inside the box, and the ends at which the gradient
    points outward, or vanishes and points to them from inside. Where F vanishes everywhere (D = 0
    at the threshold) every point rests and the list is empty.

    **Arguments:** `diagonal(game)`, or a `LogisticDiagonal` or `AffineDiagonal` built by hand.
    """
    lower, upper = diagonal.ends
    points = [_end(diagonal, *lower, "defecting end", -1)]
    p = interior_rest_point(diagonal)
    if p is not None and lower[0] < p < upper[0]:
        along, across = diagonal.eigenvalues(p)
        attracts = along < 0 and across < 0
        theta = diagonal.theta(p)
        points.append(RestPoint(p, theta, "interior", along, across, along < 0, attracts))
    points.append(_end(diagonal, *upper, "cooperative end", 1))
    return [point for point in points if point is not None]


def interior_rest_point(diagonal: AbstractDiagonal) -> float | None:
    """p* in (0, 1) with F(p*) = 0, or None."""
    if diagonal.slope == 0:
        return None
    p = -diagonal.drift(0.0) / diagonal.slope
    return p if 0 < p < 1 else None


def tied_outcome(diagonal: AbstractDiagonal) -> float:
    """Where cooperation ends when both share one parameter that starts neutral, at p = ½.

    The nearest rest point in the direction of the first movement: the interior one, or the end
    of the box.

    **Arguments:** as in `diagonal_rest_points`.
    """
    start = diagonal.drift(0.5)
    if abs(start) <= SMALLEST_EFFECT * diagonal.payoffs.payoff_range:
        return 0.5
    lower, upper = diagonal.ends
    end = upper[0] if start > 0 else lower[0]
    p = interior_rest_point(diagonal)
    if p is None or (p - 0.5) * start <= 0 or abs(p - 0.5) >= abs(end - 0.5):
        return end
    return p


def _end(
    diagonal: AbstractDiagonal, p: float, theta: float, kind: str, outward: int
) -> RestPoint | None:
    """The end of the box if it rests; `outward` is the sign of θ there."""
    push = outward * diagonal.drift(p)
    if (push or -diagonal.slope) <= 0:
        return None
    attracts = None
    if math.isfinite(theta):  # without a push one player alone moves back at the mean of both rates
        attracts = push != 0 or sum(diagonal.eigenvalues(p)) < 0
    return RestPoint(p, theta, kind, None, None, True, attracts)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit)) if logit > -700 else 0.0
