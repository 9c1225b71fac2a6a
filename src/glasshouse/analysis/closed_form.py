"""Closed-form coupling thresholds of symmetric two-action games, in plain Python and NumPy."""

import dataclasses
import math
from typing import Literal

import numpy as np

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import is_symmetric

ZERO = 1e-12
"""Effects smaller than this share of the payoff range count as zero: they are rounding."""

Regime = Literal["one switch", "mixed rest point", "two basins", "not classified"]


@dataclasses.dataclass(frozen=True)
class Threshold:
    """A coupling threshold, or the reason why there is none.

    **Arguments:** `value`, None where there is none; `meaning`, what holds above it; `reason`,
    empty where there is a value.
    """

    value: float | None
    meaning: str
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """First-order thresholds on the diagonal, where all players have the same parameter.

    `defection` is κ_D = κ*(0), `neutral` κ_½ = κ*(½), `cooperation` κ_C = κ*(1). None of them says
    where unequal starts end (`generic_outcomes`) or what is an equilibrium (`boundary_test`).
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
    """
    if not isinstance(game, NormalFormGame):
        raise InputError(f"thresholds needs a game, not {game!r:.40}: see load_game")
    tensor = np.asarray(game.tensor)
    if set(game.actions) != {2} or game.players < 2 or not is_symmetric(tensor):
        raise InputError(
            f"{game.title}: closed-form thresholds need a symmetric game with two actions each; "
            "use first_order_margin or critical_coupling for this one"
        )
    found = Thresholds(
        defection=_threshold(tensor, 0.0, "mutual defection no longer attracts"),
        neutral=_threshold(tensor, 0.5, "cooperation rises from the neutral start"),
        cooperation=_threshold(tensor, 1.0, "mutual cooperation attracts"),
        regime="not classified",
        explanation="",
    )
    regime, explanation = _regime(tensor, found)
    return dataclasses.replace(found, regime=regime, explanation=explanation)


def _threshold(tensor: np.ndarray, p: float, meaning: str) -> Threshold:
    """κ*(p) where the effect of others' cooperation is positive; the reason otherwise."""
    own, others = diagonal_effects(tensor, p)
    if not math.isfinite(own) or not math.isfinite(others):
        return Threshold(None, meaning, "payoffs overflow: rescale them")
    lowest = lowest_coupling(tensor.shape[0])
    scale = ZERO * float(np.ptp(tensor))
    if abs(others) <= scale:
        when = "at every" if own > scale else "at no" if own < -scale else "undecided at every"
        return Threshold(None, meaning, f"others' cooperation pays nothing here: {when} coupling")
    value = -own / others + 0.0  # + 0.0 turns -0.0 into 0.0
    if others < 0 and value <= lowest:
        return Threshold(
            None, meaning, f"at no coupling above {lowest:.6g}: cooperation hurts here"
        )
    if others < 0:
        reason = f"others' cooperation hurts here: the inequality reverses, below {value:.6g}"
        return Threshold(None, meaning, reason)
    if value <= lowest:
        return Threshold(None, meaning, f"holds at every coupling above {lowest:.6g}")
    return Threshold(value, meaning)


def _regime(tensor: np.ndarray, found: Thresholds) -> tuple[Regime, str]:
    """What happens between κ_D and κ_C, by the sign of D."""
    (own_0, others_0), (own_1, others_1) = (diagonal_effects(tensor, p) for p in (0.0, 1.0))
    scale = ZERO * float(np.ptp(tensor))
    if found.defection.value is None or found.cooperation.value is None:
        return "not classified", "there are no switches at both ends of the diagonal"
    if tensor.shape[0] > 2 and not _constant_effects(tensor):
        return "not classified", "with more than two players there can be several rest points"
    interaction = (own_1 + others_1 - own_0 - others_0) / 2  # D of a 2×2 game: F(1)-F(0) at κ = 1
    if abs(interaction) <= scale:
        return "one switch", "D = 0: everywhere on the diagonal the same threshold"
    if interaction < 0:
        return (
            "mixed rest point",
            "D < 0: between κ_D and κ_C a mixed rest point attracts along the diagonal",
        )
    return "two basins", "D > 0: between κ_C and κ_D both ends attract along the diagonal"


def _constant_effects(tensor: np.ndarray) -> bool:
    ends = np.array([diagonal_effects(tensor, p) for p in (0.0, 0.25, 0.5, 0.75, 1.0)])
    return bool(np.allclose(ends, ends[0], rtol=0.0, atol=1e-9 * float(np.ptp(tensor))))
