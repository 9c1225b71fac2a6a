"""The coupling from which a corner is an equilibrium, as a certified bracket."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar, Literal

import jax
import numpy as np

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Numbers, Pair, Whole, number, number_array, pair, whole
from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Result, few, plain
from glasshouse.analysis.equilibrium.certification import BOX_BUDGET, certify, quick_verdict
from glasshouse.certificates.certificate import Certificate, Verdict
from glasshouse.errors import InputError
from glasshouse.families.family import AbstractDenseFamily, AffineFamily, LogisticFamily
from glasshouse.parametric import ParametricGame, Params
from glasshouse.theory.limits import CornerLimits
from glasshouse.theory.registry import Unknown, known

BOUNDS = (1.0, 2.0, 3.0, 5.0)
"""Bounds at which the curve of thresholds is computed unless the caller says otherwise."""

PROVED = (LogisticFamily, AffineFamily)
"""Exactly these, whose coupling multiplies what is read: of others it may do anything. No attribute
says so, and nothing can be registered: a family that sets it wrongly would be a wrong proof."""

Corner = Literal["upper", "lower"]
"""All parameters of a player at their upper bounds, or at their lower ones."""


@dataclasses.dataclass(frozen=True, repr=False)
class CertifiedThreshold(Evidenced):
    """From which coupling on a corner is an equilibrium, proved.

    **Arguments:** `result`: "found", "everywhere" or "nowhere" in the range searched (nowhere: not
    at its top), or "unknown"; `bracket`, the threshold lies between: the corner is no equilibrium
    at its lower end, and one at every coupling from its upper end to `highest`; `lowest` and
    `highest`, the range searched; `corner`, one entry per player; `refuted` and `certified`, the
    proofs of both (None where there is nothing to prove); `method`, `detail`.
    """

    result: Literal["found", "everywhere", "nowhere", "unknown"]
    bracket: tuple[float, float] | None
    lowest: float
    highest: float
    corner: tuple[Corner, ...]
    refuted: Certificate | None
    certified: Certificate | None
    method: str
    detail: str

    @property
    def value(self) -> float | None:
        """The middle of the bracket, or None."""
        return None if self.bracket is None else sum(self.bracket) / 2

    @property
    def _proved(self) -> str:
        shown = {"found": "certified", "everywhere": "certified", "nowhere": "refuted"}
        return shown.get(self.result, "")

    @property
    def holds(self) -> Literal["above", "everywhere", "nowhere", "unclear"]:
        """Where in the range searched the corner is an equilibrium, as a `Switch` says it."""
        if self.result in ("found", "unknown"):
            return "above" if self.result == "found" else "unclear"
        return self.result


def certified_threshold(
    family: AbstractDenseFamily,
    corner: Corner | Sequence[Corner] = "upper",
    *,
    bracket: Pair | None = None,
    tolerance: Numbers = 1e-6,
    near: Numbers | None = None,
    budget: Whole = BOX_BUDGET,
) -> CertifiedThreshold:
    """The smallest coupling from which a corner is an equilibrium, between two proofs.

    Definition: the infimum of all κ such that the corner is an equilibrium in the parameters
    (ε = 0) at every coupling from κ to the top of the range. At the lower end of the bracket a
    deviation that pays is exhibited; from its upper end on none pays at any coupling.

    **Arguments:** `family`, a `LogisticFamily` with finite bound or an `AffineFamily`; `corner`,
    for all players or one entry each: cooperation is "upper"; `bracket`, couplings to search
    (default the family's own range); `tolerance`, widest bracket wanted; `near`, where the
    threshold is suspected, which saves proofs; `budget`, boxes for each proof and player.
    **Returns:** a `CertifiedThreshold`; "unknown" where the budget did not suffice for a bracket of
    this width.
    **Raises:** `InputError` for an unbounded box, a corner for another number of players, a
    bracket that is not increasing, or access that is not full.
    **Cost:** some thirty proofs: a second, more where small steps hardly lose (chicken, M = 5).

        import glasshouse as gh

        family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
        low, high = gh.certified_threshold(family, tolerance=1e-3).bracket
    print(round(low, 3), round(high, 3))  # 0.87 0.871
    """
    if type(family) not in PROVED:
        raise InputError(
            f"a threshold needs a LogisticFamily or an AffineFamily, not {type(family).__name__}"
        )
    _check_full(family)
    ends = (family.lowest, family.highest) if bracket is None else bracket
    low, high = pair(ends, "the bracket of couplings")
    tolerance = number(tolerance, "tolerance", least=1e-15)
    near = None if near is None else number(near, "near")
    budget = whole(budget, "budget")
    game = family(1.0)
    corners = (corner,) * len(game.spaces) if isinstance(corner, str) else tuple(corner)
    prover = _Prover(game, corner_of(game, corners), budget)
    with progress("proving thresholds"):
        found = None if near is None else prover.around(near, low, high, tolerance)
        found = found or prover.threshold(low, high, tolerance)
        result, ends, refuted, certified = found
    return CertifiedThreshold(
        result=result,
        bracket=ends,
        lowest=low,
        highest=high,
        corner=corners,
        refuted=refuted,
        certified=certified,
        method="branch and bound in Arb arithmetic",
        detail=f"at ε = 0, for all couplings up to {high:g}",
    )


@dataclasses.dataclass(frozen=True, repr=False)
class EquilibriumCurve(Result):
    """The equilibrium threshold of the cooperative corner, bound by bound, and where it tends.

    **Arguments:** `bounds` M, and for each of them `thresholds`, certified; `limits`, what becomes
    of it for M → ∞ in closed form, or None and the `reason` why there is none.
    """

    bounds: tuple[float, ...]
    thresholds: tuple[CertifiedThreshold, ...]
    limits: CornerLimits | None
    reason: str

    ROWS = "listed"
    HEADINGS: ClassVar = {
        "bound": "bound M",
        "bracket": "equilibrium from coupling",
        "result": "result",
    }

    @property
    def listed(self) -> list[dict[str, Any]]:
        """What is proved at each bound, as rows of a table."""
        return [
            {"bound": bound, "bracket": plain(found.bracket), "result": found.result}
            for bound, found in zip(self.bounds, self.thresholds, strict=True)
        ]


def equilibrium_curve(
    family: LogisticFamily,
    bounds: Numbers = BOUNDS,
    *,
    tolerance: Numbers = 1e-4,
    budget: Whole = BOX_BUDGET,
) -> EquilibriumCurve:
    """How the coupling from which cooperation is an equilibrium depends on the bound.

    **Arguments:** `family`, whose own bound does not matter; `bounds` M, rising; `tolerance` and
    `budget` as in `certified_threshold`.
    **Returns:** an `EquilibriumCurve`; `plots.plot_equilibrium_thresholds` draws it.
    **Raises:** `InputError` for bounds that are not positive, finite and rising.
    **Cost:** one `certified_threshold` per bound.
    """
    bounds = tuple(number(bound, "each of bounds") for bound in _listed(bounds))
    if not bounds or any(b <= a for a, b in itertools.pairwise((0.0, *bounds))):
        raise InputError(f"bounds={few(bounds)} must be positive and rising, at least one")
    found = [
        certified_threshold(
            dataclasses.replace(family, bound=bound), tolerance=tolerance, budget=budget
        )
        for bound in bounds
    ]
    limits = known("corner limits", family)  # under full access, as the thresholds are
    if isinstance(limits, Unknown):
        return EquilibriumCurve(bounds, tuple(found), None, limits.reason)
    return EquilibriumCurve(bounds, tuple(found), limits.value, "")


def _listed(bounds: Numbers) -> RealArray:
    """Bounds as an array with one axis, be they one or several."""
    return np.atleast_1d(number_array(bounds, "bounds", shapes=None))


def _check_full(family: AbstractDenseFamily) -> None:
    if not family.channel.is_full:
        raise InputError(
            f"thresholds are certified under full access only, not {family.channel.words}: "
            "certify the game at one coupling, or search for the threshold, which proves nothing"
        )


def corner_of(game: ParametricGame, corner: Sequence[Corner]) -> Params:
    """The profile at a corner of everyone's boxes.

    **Raises:** `InputError` for an unbounded box, or another number of players.
    """
    if len(corner) != len(game.spaces) or not set(corner) <= {"upper", "lower"}:
        raise InputError(
            f'corner={corner} must be "upper" or "lower", for all or for each of '
            f"{len(game.spaces)} players"
        )
    params = tuple(getattr(box, end) for box, end in zip(game.spaces, corner, strict=True))
    if not all(math.isfinite(x) for leaf in jax.tree.leaves(params) for x in leaf.ravel()):
        raise InputError("an unbounded box has no such corner: set the semantics' bound")
    return params


Found = tuple[
    Literal["found", "everywhere", "nowhere", "unknown"],
    tuple[float, float] | None,
    Certificate | None,
    Certificate | None,
]


@dataclasses.dataclass(frozen=True)
class _Prover:
    """Proofs about one corner at one coupling, or at all in an interval."""

    game: ParametricGame
    corner: Params
    budget: int
    proved: dict[tuple[float, float], Certificate] = dataclasses.field(default_factory=dict)

    def prove(self, low: float, high: float) -> Certificate:
        if (low, high) not in self.proved:
            self.proved[low, high] = certify(
                self.game, self.corner, 0.0, couplings=(low, high), budget=self.budget
            )
        return self.proved[low, high]

    def verdict(self, coupling: float) -> Verdict:
        """What a proof at one coupling would say, where nobody asks for the proof."""
        where = coupling, coupling
        if where in self.proved:
            return self.proved[where].verdict
        return quick_verdict(self.game, self.corner, 0.0, where, self.budget)

    def around(self, near: float, low: float, high: float, tolerance: float) -> Found | None:
        """The threshold between two short numbers around a value, if it is there."""
        for fails, holds in _short_brackets(near, tolerance):
            if low <= fails < holds <= high:
                refuted = self.prove(fails, fails)
                if refuted.verdict == "refuted":
                    certified = self.prove(holds, high)
                    if certified.verdict == "certified":
                        return "found", (fails, holds), refuted, certified
        return None

    def threshold(self, low: float, high: float, tolerance: float) -> Found:
        if (verdict := self.verdict(high)) != "certified":
            top = self.prove(high, high)
            return ("nowhere" if verdict == "refuted" else "unknown"), None, top, None
        everywhere = self.prove(low, high)
        if everywhere.verdict == "certified":
            return "everywhere", None, None, everywhere
        if everywhere.verdict == "unknown":
            return "unknown", None, None, self.prove(high, high)
        fails, holds = self._by_points(_failing_coupling(everywhere), high, tolerance)
        certified = self.prove(holds, high)
        if certified.verdict != "certified":  # it fails again further up
            fails, holds, certified = self._by_intervals(fails, high, tolerance)
        refuted = self.prove(fails, fails)
        found = holds - fails <= tolerance and refuted.verdict == "refuted"
        return ("found" if found else "unknown"), (fails, holds), refuted, certified

    def _by_points(self, fails: float, holds: float, tolerance: float) -> tuple[float, float]:
        """Two neighbouring couplings, at the first of which it fails and at the second not."""
        while holds - fails > tolerance:
            middle = fails + (holds - fails) / 2
            verdict = self.verdict(middle)
            if verdict == "unknown" or not fails < middle < holds:
                break
            fails, holds = (middle, holds) if verdict == "refuted" else (fails, middle)
        return fails, holds

    def _by_intervals(
        self, fails: float, high: float, tolerance: float
    ) -> tuple[float, float, Certificate]:
        """The same where it holds at every coupling from the second on, which is proved."""
        holds, certified = high, self.prove(high, high)
        while holds - fails > tolerance:
            middle = fails + (holds - fails) / 2
            proof = self.prove(middle, high)
            if proof.verdict == "unknown" or not fails < middle < holds:
                break
            if proof.verdict == "refuted":
                fails = _failing_coupling(proof)
            else:
                holds, certified = middle, proof
        return fails, holds, certified


def _failing_coupling(refuted: Certificate) -> float:
    """The largest coupling at which a witness of the refutation gains."""
    return max(gain.witness[-1] for gain in refuted.gains if gain.witness_gain > 0)


def _short_brackets(value: float, tolerance: float) -> list[tuple[float, float]]:
    """Numbers of few digits that enclose a value, which may be one of them up to rounding."""
    width = Decimal(10) ** math.floor(math.log10(tolerance))
    exact = Decimal(value)
    nearest = exact.quantize(width)
    pairs = [(nearest - width, nearest), (nearest, nearest + width)]
    if abs(exact - nearest) < width / 100:
        pairs.append((nearest - width / 2, nearest + width / 2))
    elif exact > nearest:
        pairs.reverse()
    return [(float(fails), float(holds)) for fails, holds in pairs]
