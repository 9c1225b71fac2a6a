"""Closed-form thresholds of symmetric two-action games, in plain Python and NumPy."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.results import Result
from glasshouse.games.normal_form import NormalFormGame, check_normal_form
from glasshouse.games.symmetric import Symmetric2x2, is_symmetric
from glasshouse.theory.registry import Known, Unknown, knows, value_of

THRESHOLD_SOURCE = "Todorov, ten Napel & Müller 2026, arXiv:2606.27068"
"""The notion of a coupling threshold."""

SMALLEST_EFFECT = 1e-12
"""Effects smaller than this share of the payoff range count as zero: they are rounding."""

THRESHOLD_MEANINGS = (
    "mutual defection no longer attracts",
    "cooperation rises from the neutral start",
    "mutual cooperation attracts",
)
"""What holds above the thresholds at p = 0, ½ and 1."""

Regime = Literal["one switch", "mixed rest point", "two basins", "not classified"]


@dataclasses.dataclass(frozen=True, repr=False)
class Threshold(Result):
    """A coupling threshold, or the reason why there is none.

    **Arguments:** `value`, None where there is none; `meaning`, what holds above it; `reason`,
    empty where there is a value.
    """

    value: float | None
    meaning: str
    reason: str = ""


@dataclasses.dataclass(frozen=True, repr=False)
class Thresholds(Evidenced):
    """First-order thresholds on the diagonal, where all players have the same parameter.

    `defection` is κ_D = κ*(0), `neutral` κ_½ = κ*(½), `cooperation` κ_C = κ*(1), or the weights
    w_D, w_½, w_C of the affine semantics. None of them says where unequal starts end
    (`generic_outcomes`) or what is an equilibrium. That is `equilibrium`, from where on mutual
    cooperation is one, or None where no formula is known (then see `boundary_test`).
    """

    defection: Threshold
    neutral: Threshold
    cooperation: Threshold
    regime: Regime
    explanation: str
    method: str = "closed form"
    conditions: str = (
        "symmetric game with two actions each; logistic semantics, own weight 1, everyone reads "
        "everyone with the same coupling"
    )
    equilibrium: Threshold | None = None

    ROWS = "kinds"
    HEADINGS: ClassVar = {
        "kind": "threshold",
        "value": "value",
        "meaning": "above it",
        "reason": "none since",
    }

    @property
    def kinds(self) -> list[dict[str, Any]]:
        """Each threshold with its name, as rows of a table."""
        names = ("defection", "neutral", "cooperation", "equilibrium")
        found = {name: getattr(self, name) for name in names}
        return [{"kind": name, **x.to_dict()} for name, x in found.items() if x is not None]


def diagonal_effects(tensor: np.ndarray, p: float) -> tuple[float, float]:
    """A(p) and B(p): how player 1's payoff changes with its own and with all others' cooperation.

    Definition: at the profile where everyone cooperates with probability p, A = ∂u_1/∂p_1 and
    B = Σ_j≠1 ∂u_1/∂p_j, so that the drift along the diagonal has the sign of A + κB.

    **Arguments:** `tensor`, shape `(players, 2, …, 2)`, of a symmetric game; `p` in [0, 1].
    """
    mix = np.array([p, 1 - p])
    players = tensor.shape[0]

    def slope(player: int) -> float:
        table = np.moveaxis(tensor[0], player, 0)
        table = table[0] - table[1]
        for _ in range(players - 1):
            table = table @ mix
        return float(table)

    return slope(0), sum(slope(j) for j in range(1, players))


def lowest_coupling(players: int) -> float:
    """-1/(n-1): below it, raising everyone's parameter lowers everyone's cooperation."""
    return -1 / (players - 1)


def thresholds(game: NormalFormGame) -> Thresholds:
    """The couplings κ*(p) = -A(p)/B(p) above which cooperation rises at p = 0, ½ and 1.

    Definition: with everyone at the same parameter, ∂U_i/∂θ_i = v [A(p) + κ B(p)], v = p (1-p). For
    two players A(p) = p (R-T) + (1-p)(S-P) and B(p) = p (R-S) + (1-p)(T-P). From the neutral
    start mean cooperation rises, and stays up, iff κ > κ_½; for two players this also holds
    from every start with θ_1 + θ_2 = 0, as long as no bound is reached.

    **Arguments:** `game`, symmetric with two actions each; action 0 is cooperation.
    **Raises:** `InputError` for any other game; `first_order_margin` applies to all of them.
    **Source:** the notion of a coupling threshold is of Todorov, ten Napel & Müller 2026,
    arXiv:2606.27068; for donation games κ* = c/b is Hamilton's rule.

        import glasshouse as gh

        found = gh.thresholds(gh.load_game("prisoners_dilemma"))
        print(round(found.neutral.value, 6), found.regime)  # 0.428571 mixed rest point
    """
    return value_of(logistic_thresholds(check_normal_form(game, "thresholds needs")))


@knows("thresholds", NormalFormGame)
def logistic_thresholds(game: NormalFormGame) -> Known | Unknown:
    """What is known of the thresholds under the logistic semantics and full access."""
    tensor = np.asarray(game.tensor)
    if set(game.actions) != {2} or game.players < 2 or not is_symmetric(tensor):
        return Unknown(
            f"{game.title}: closed-form thresholds need a symmetric game with two actions each; "
            "of this one switches are searched for instead"
        )
    scale, lowest = SMALLEST_EFFECT * float(np.ptp(tensor)), lowest_coupling(game.players)

    def threshold(p: float, meaning: str) -> Threshold:
        return switch_of_effects(*diagonal_effects(tensor, p), scale, lowest, meaning)

    return _along_the_diagonal(tensor, threshold, "κ")


def _along_the_diagonal(
    tensor: np.ndarray, threshold: Callable[[float, str], Threshold], symbol: str, **more: Any
) -> Known:
    """The thresholds at p = 0, ½ and 1, and what happens between those at the ends."""
    defection, neutral, cooperation = map(threshold, (0.0, 0.5, 1.0), THRESHOLD_MEANINGS)
    regime = _regime(tensor, defection, cooperation, symbol)
    found = Thresholds(defection, neutral, cooperation, *regime, **more)
    return Known(found, found.conditions, THRESHOLD_SOURCE)


def affine_thresholds(game: NormalFormGame) -> Thresholds:
    """The weights of the affine semantics from which cooperation rises, and is an equilibrium.

    Definition: with both at the same parameter, ∂U_i/∂θ_i = (1-w) A(p) + w B(p), which is positive
    for w > w*(p) = A(p) / (A(p) - B(p)) where A(p) <= 0 < B(p): at p = 0, ½ and 1. Mutual
    cooperation is an equilibrium iff (R-T) + (T-S) w - max(D, 0) w (1-w) >= 0, as the payoff is
    quadratic in one's own parameter with leading coefficient w(1-w)D.

    **Arguments:** `game`, symmetric with two players and two actions each; action 0 is cooperation.
    **Raises:** `InputError` for any other game; `first_order_margin` applies to all of them.
    """
    return value_of(known_affine_thresholds(check_normal_form(game, "thresholds needs")))


def known_affine_thresholds(game: NormalFormGame) -> Known | Unknown:
    """What is known of the thresholds under the affine semantics and full access."""
    tensor = np.asarray(game.tensor)
    payoffs = Symmetric2x2.from_tensor(tensor)
    if payoffs is None:
        return Unknown(
            f"{game.title}: closed-form thresholds of the affine semantics need a symmetric game "
            "with two players and two actions each; of this one switches are searched for instead"
        )
    return _along_the_diagonal(
        tensor,
        functools.partial(_affine_threshold, payoffs),
        "w",
        conditions="symmetric game with two players and two actions each; affine semantics",
        equilibrium=_affine_equilibrium(payoffs),
    )


def switch_of_effects(
    own: float, others: float, scale: float, lowest: float, meaning: str
) -> Threshold:
    """Where own + κ others turns positive if the latter is; the reason otherwise.

    **Arguments:** `own`, `others`, effects on a payoff of one's own cooperation and of that of
    others per unit of coupling; `scale`, effects this small are none; `lowest`, the coupling below
    which nothing is said.
    """
    if not math.isfinite(own) or not math.isfinite(others):
        return Threshold(None, meaning, "payoffs overflow: rescale them")
    if abs(others) <= scale:
        when = "at every" if own > scale else "at no" if own < -scale else "undecided at every"
        return Threshold(None, meaning, f"others' cooperation pays nothing here: {when} coupling")
    own = 0.0 if abs(own) <= scale else own
    value = -own / others + 0.0  # + 0.0 turns -0.0 into 0.0
    if others > 0 and value > lowest:
        return Threshold(value, meaning)
    if others > 0:
        reason = f"holds at every coupling above {lowest:.6g}"
    elif value <= lowest:
        reason = f"at no coupling above {lowest:.6g}: cooperation hurts here"
    else:
        reason = f"others' cooperation hurts here: the inequality reverses, below {value:.6g}"
    return Threshold(None, meaning, reason)


def _affine_threshold(payoffs: Symmetric2x2, p: float, meaning: str) -> Threshold:
    """Where (1-w) A + w B, linear in w, turns positive; the reason if it does not."""
    own, other = payoffs.own_effect(p), payoffs.other_effect(p)
    scale = SMALLEST_EFFECT * payoffs.payoff_range
    if not math.isfinite(own) or not math.isfinite(other) or not math.isfinite(scale):
        return Threshold(None, meaning, "payoffs overflow: rescale them")
    own, other = (0.0 if abs(x) <= scale else x for x in (own, other))
    if own == 0 == other:
        reason = "undecided at every weight: neither's cooperation pays anything here"
    elif own <= 0 and other <= 0:
        reason = "at no weight: neither one's own nor the other's cooperation pays here"
    elif own > 0 and other >= 0:
        reason = "holds at every weight" + (" below 1" if other == 0 else "")
    elif other > 0:
        return Threshold(-own / (other - own) + 0.0, meaning)
    else:
        value = own / (own - other)
        reason = f"the other's cooperation hurts here: the inequality reverses, below {value:.6g}"
    return Threshold(None, meaning, reason)


def _affine_equilibrium(payoffs: Symmetric2x2) -> Threshold:
    """From which weight on mutual cooperation is an equilibrium, or why there is no such weight."""
    meaning = "mutual cooperation is an equilibrium"
    scale = SMALLEST_EFFECT * payoffs.payoff_range
    if not math.isfinite(scale) or not payoffs.interaction < math.inf:
        return Threshold(None, meaning, "payoffs overflow: rescale them")
    found = equilibrium_weights(payoffs)
    if not found:
        return Threshold(None, meaning, "at no weight")
    (start, end), last = found[0], found[-1]
    if len(found) == 2:
        gap = f"up to {end:.6g} and again from {last[0]:.6g}, not between"
        return Threshold(None, meaning, f"not from one weight on: {gap}")
    if start > 0:
        return Threshold(start, meaning)
    if end < 1:
        return Threshold(None, meaning, f"the inequality reverses: up to {end:.6g}")
    return Threshold(None, meaning, "holds at every weight")


def equilibrium_weights(payoffs: Symmetric2x2) -> tuple[tuple[float, float], ...]:
    """The weights w where f(w) = (R-T) + (T-S) w - max(D, 0) w (1-w) is not negative.

    A player who moves from 1 to 1-x gains -x g + x² w(1-w) D, g = (R-T) + (T-S) w. Where D <= 0
    small moves pay most for their size, so that g >= 0 decides; where D > 0 the whole way does,
    x = 1. f is convex, f(0) = R-T and f(1) = R-S.

    **Returns:** none, one or two intervals in [0, 1], in order.
    """
    scale = SMALLEST_EFFECT * payoffs.payoff_range
    numbers = (payoffs.R - payoffs.T, payoffs.R - payoffs.S, max(payoffs.interaction, 0.0))
    at_0, at_1, bend = (0.0 if abs(x) <= scale else x for x in numbers)
    if at_0 < 0 and at_1 < 0:
        return ()
    low, high = _zeros(bend, at_1 - at_0 - bend, at_0)
    if at_0 < 0:
        return ((min(high, 1.0), 1.0),)
    until = (0.0, max(low, 0.0))
    if at_1 < 0:
        return (until,)
    depth = bend * (high - low) ** 2 / 4  # of f between its zeros
    if not depth > scale or high <= SMALLEST_EFFECT or low >= 1 - SMALLEST_EFFECT:
        return ((0.0, 1.0),)
    return (until, (min(high, 1.0), 1.0))


def _zeros(a: float, b: float, c: float) -> tuple[float, float]:
    """The zeros of a w² + b w + c with a >= 0, by size; NaN where there are none.

    Of a line the one zero counts twice.
    """
    if a == 0:
        return (-c / b, -c / b) if b else (math.nan, math.nan)
    exponent = math.frexp(max(abs(a), abs(b), abs(c)))[1]
    a, b, c = (math.ldexp(x, -exponent) for x in (a, b, c))  # exact, and no square overflows
    discriminant = b * b - 4 * a * c
    if discriminant <= 0:
        return math.nan, math.nan
    q = -0.5 * (b + math.copysign(math.sqrt(discriminant), b))
    first, second = q / a, c / q
    return min(first, second), max(first, second)


def _regime(
    tensor: np.ndarray, defection: Threshold, cooperation: Threshold, symbol: str
) -> tuple[Regime, str]:
    """What happens between the thresholds at both ends, by the sign of D."""
    effects = np.array([diagonal_effects(tensor, p) for p in (0.0, 0.25, 0.5, 0.75, 1.0)])
    size = float(np.ptp(tensor))
    if defection.value is None or cooperation.value is None:
        return "not classified", "there are no switches at both ends of the diagonal"
    constant = np.allclose(effects, effects[0], rtol=0.0, atol=1e-9 * size)
    if tensor.shape[0] > 2 and not constant:
        return "not classified", "with more than two players there can be several rest points"
    (own_0, others_0), *_, (own_1, others_1) = effects.tolist()
    interaction = (own_1 + others_1 - own_0 - others_0) / 2  # D of a 2×2 game: F(1)-F(0) at κ = 1
    if abs(interaction) <= SMALLEST_EFFECT * size:
        return "one switch", "D = 0: everywhere on the diagonal the same threshold"
    if interaction < 0:
        between = f"D < 0: between {symbol}_D and {symbol}_C"
        return "mixed rest point", f"{between} a mixed rest point attracts along the diagonal"
    between = f"D > 0: between {symbol}_C and {symbol}_D"
    return "two basins", f"{between} both ends attract along the diagonal"
