"""Mutual cooperation as an equilibrium when the bound on parameters grows, in closed form."""

import dataclasses
import itertools
import math
from typing import NamedTuple

import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, number
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame, check_normal_form
from glasshouse.games.symmetric import Symmetric2x2
from glasshouse.theory.registry import Known, Unknown, knows, value_of
from glasshouse.theory.symmetric import SMALLEST_EFFECT, Threshold

LIMIT_MEANING = "smallest coupling at which the corner is an equilibrium, as the bound grows"

LIMIT_SOURCE = "glasshouse: limits of the boundary test for M → ∞"

AT_NO_COUPLING = "at no coupling that stays away from -1 as the bound grows"
DOWN_TO_MINUS_ONE = "at couplings ever closer to -1 as the bound grows: there is no smallest"

TIED = {(1, -1): 0.0, (1, 0): 1 / 3, (1, 1): 1.0, (0, -1): -1 / 3}
"""The limit of the thresholds where T = R, by the signs of R - S and P - R."""


class CouplingInterval(NamedTuple):
    """Couplings from `low` to `high`, which may be infinite; an end belongs to them if included."""

    low: float
    low_included: bool
    high: float
    high_included: bool

    def __str__(self) -> str:
        if self.low == self.high:
            return f"at κ = {self.low:g}"
        above = "≥" if self.low_included else ">"
        if self.high == math.inf:
            return f"for every κ {above} {self.low:g}"
        signs = ("≤" if included else "<" for included in (self.low_included, self.high_included))
        return "for {:g} {} κ {} {:g}".format(self.low, *signs, self.high)


PIECES = (
    (CouplingInterval(-1.0, False, 0.0, False), -0.5),
    (CouplingInterval(0.0, True, 0.0, True), 0.0),
    (CouplingInterval(0.0, False, 1.0, False), 0.5),
    (CouplingInterval(1.0, True, 1.0, True), 1.0),
    (CouplingInterval(1.0, False, math.inf, False), 2.0),
)
"""Couplings with the same limit gain, in order, and one from each."""


@dataclasses.dataclass(frozen=True, repr=False)
class CornerLimits(Evidenced):
    """What becomes of the cooperative corner (M, M) when the bound M on parameters grows.

    Two statements that are easily taken for one another, and that differ both ways. `couplings`
    are those with `limit_gain` zero: what a deviation gains vanishes as M grows. `threshold` is
    about the corner at every M, where nothing at all may be gained, however little. In the stag
    hunt the limit gain is zero at every coupling, but below κ_C = -1/4 small steps away from the
    corner pay at every M, by a gain that shrinks like e^{-(1+κ)M}. In deadlock it is positive above
    κ_C = 2 too, as a deviation far below -M takes both to mutual defection, which pays more, but
    within [-M, M] no deviation pays there.

    **Arguments:** `couplings`, where cooperation is an equilibrium in the limit, as intervals;
    `statement`, the same in words, such as "for every κ ≥ 1"; `threshold`, the limit for M → ∞ of
    κ_M, the smallest coupling at which (M, M) is an equilibrium in [-M, M]²; `rate`, the limit of
    M (1 - κ_M), so that κ_M is about 1 - rate / M, or None, and `rate_reason` says why.
    """

    couplings: tuple[CouplingInterval, ...]
    statement: str
    threshold: Threshold
    rate: float | None
    rate_reason: str = ""
    method: str = "closed form"
    conditions: str = (
        "symmetric game of two players with two actions each; logistic semantics, own weight 1, "
        "equal couplings above -1"
    )


def limit_gain(game: NormalFormGame, coupling: Numbers) -> float:
    """What the best deviation from the cooperative corner (M, M) gains in the limit M → ∞.

    Definition: G(κ) = lim_{M→∞} [sup_{t in R} U_1(t, M) - U_1(M, M)], where the parameters are
    bounded for the corner only: max(R, S, T) - R for -1 < κ < 0; max(R, T) - R for κ = 0;
    max(R, T, P) - R for 0 < κ < 1; max_p u(p, p) - R for κ = 1, where both always cooperate with
    the same probability p; max(R, S, P) - R for κ > 1. With α = S+T-2R and β = P-R the maximum at
    κ = 1 is R + max(0, β), or R + α²/(4(α-β)) where 0 < α < 2(α-β).

    **Arguments:** `game`, symmetric with two players and two actions each; action 0 is
    cooperation; `coupling` κ > -1, the weight of what each reads.
    **Returns:** payoff, at least 0; what is below 1e-12 of the payoff range counts as zero.
    **Raises:** `InputError` for any other game or coupling, or payoffs so large that they overflow.
    **Cost:** O(1); exact.
    """
    payoffs = value_of(_payoffs(check_normal_form(game, "limits need")))
    try:
        above = number(coupling, "coupling", above=-1.0)
    except InputError as error:
        raise InputError(
            f"{error}: at or below -1 the corner does not tend to cooperation, so give another"
        ) from error
    return _limit_gain(payoffs, above)


def corner_limits(game: NormalFormGame) -> CornerLimits:
    """At which couplings mutual cooperation is an equilibrium as the bound on parameters grows.

    Definition: κ_M is the smallest coupling above -1 at which no player gains by moving alone from
    (M, M) within [-M, M]; κ_C = (T-R)/(R-S). For M → ∞ it tends to max(1, κ_C) if T > R > S, and to
    κ_C if R > T > S, whatever P is. Where κ_M → 1, M (1 - κ_M) → ln z with
    (T-R) z² + max(P-R, 0) z = R-S, z > 0. The page about certificates has the other orders of
    payoffs, and why.

    **Arguments:** `game`, symmetric with two players and two actions each; action 0 is cooperation.
    **Raises:** `InputError` for any other game, or payoffs so large that they overflow.
    **Cost:** O(1); differences below 1e-12 of the payoff range count as none.
    """
    return value_of(known_corner_limits(check_normal_form(game, "limits need")))


@knows("corner limits", NormalFormGame)
def known_corner_limits(game: NormalFormGame) -> Known | Unknown:
    """What is known of the limits under the logistic semantics and full access."""
    found = _payoffs(game)
    if isinstance(found, Unknown):
        return found
    payoffs, couplings = found.value, []
    zero = [_limit_gain(payoffs, coupling) == 0 for _, coupling in PIECES]
    for holds, pieces in itertools.groupby(zip(zero, PIECES, strict=True), lambda x: x[0]):
        intervals = [interval for _, (interval, _) in pieces]
        if holds:
            couplings.append(CouplingInterval(*intervals[0][:2], *intervals[-1][2:]))
    threshold = _threshold(payoffs)
    rate = _rate(payoffs, threshold)
    reason = "" if rate is not None else "the thresholds do not tend to 1"
    only = "" if couplings and couplings[-1].high == math.inf else " only"
    statement = " and ".join(map(str, couplings)) + only if couplings else "never"
    limits = CornerLimits(tuple(couplings), statement, threshold, rate, reason)
    return Known(limits, limits.conditions, LIMIT_SOURCE)


def _payoffs(game: NormalFormGame) -> Known | Unknown:
    """The payoffs of a game that has limits."""
    payoffs = Symmetric2x2.from_tensor(np.asarray(game.tensor))
    if payoffs is None:
        return Unknown(
            f"{game.title}: limits of the cooperative corner need a symmetric game with two "
            "players and two actions each; of this one a large bound shows how it tends there"
        )
    if not 4 * payoffs.payoff_range < math.inf:
        return Unknown(f"{game.title}: payoffs overflow: rescale them")
    return Known(payoffs, CornerLimits.conditions, LIMIT_SOURCE)


def _limit_gain(payoffs: Symmetric2x2, coupling: float) -> float:
    T, R, P, S = payoffs
    if coupling < 0:
        gain = max(S, T) - R
    elif coupling == 0:
        gain = T - R
    elif coupling < 1:
        gain = max(T, P) - R
    elif coupling == 1:
        gain = _symmetric_gain((S - R) + (T - R), P - R)
    else:
        gain = max(S, P) - R
    return gain if gain > SMALLEST_EFFECT * payoffs.payoff_range else 0.0


def _symmetric_gain(slope: float, end: float) -> float:
    """The maximum of u(p, p) - R = slope · r - (slope - end) r² over r = 1-p in [0, 1]."""
    bend = slope - end
    if 0 < slope < 2 * bend:
        return slope / bend * slope / 4
    return max(0.0, end)


def _sign(payoffs: Symmetric2x2, difference: float) -> int:
    small = abs(difference) <= SMALLEST_EFFECT * payoffs.payoff_range
    return 0 if small else int(math.copysign(1, difference))


def _threshold(payoffs: Symmetric2x2) -> Threshold:
    T, R, P, S = payoffs
    tempted, loses = (_sign(payoffs, x) for x in (T - R, R - S))
    if tempted == 0:
        case = loses, _sign(payoffs, P - R)
        reason = AT_NO_COUPLING if case == (0, 1) else DOWN_TO_MINUS_ONE
        return (
            Threshold(TIED[case], LIMIT_MEANING)
            if case in TIED
            else Threshold(None, LIMIT_MEANING, reason)
        )
    if tempted > 0:
        if loses > 0:
            return Threshold(max(1.0, (T - R) / (R - S)), LIMIT_MEANING)
        return Threshold(None, LIMIT_MEANING, AT_NO_COUPLING)
    if loses > 0 and _sign(payoffs, T - S) > 0:
        return Threshold((T - R) / (R - S), LIMIT_MEANING)
    return Threshold(None, LIMIT_MEANING, DOWN_TO_MINUS_ONE)


def _rate(payoffs: Symmetric2x2, threshold: Threshold) -> float | None:
    if threshold.value is None or abs(threshold.value - 1) > SMALLEST_EFFECT:
        return None
    T, R, P, S = payoffs
    tempted, punished = max(T - R, 0.0), max(P - R, 0.0)
    root = math.hypot(punished, 2 * math.sqrt(tempted) * math.sqrt(R - S))
    return math.log(2 * (R - S) / (punished + root))
