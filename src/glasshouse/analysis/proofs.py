"""What is proved of a game: of the rest points reached, the cooperative corner, a threshold."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import numpy as np

from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibrium.certified_thresholds import (
    CertifiedThreshold,
    EquilibriumCurve,
    certified_threshold,
    equilibrium_curve,
)
from glasshouse.analysis.equilibrium.deviations import Deviation
from glasshouse.analysis.equilibrium.judging import (
    cooperates,
    cooperative_corner,
    gains_more,
    judge,
    pays,
)
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.outcomes.reached import (
    SAME_END,
    ReachedPoint,
    ReachedRestPoints,
    learned_ends,
)
from glasshouse.certificates.certificate import Certificate, GainBounds
from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.starts import Starts
from glasshouse.errors import InputError
from glasshouse.families.family import AbstractDenseFamily
from glasshouse.games.base import unrolls
from glasshouse.parametric import ParametricGame, Params, capabilities
from glasshouse.parametric.capabilities import ONCE, kinks_of
from glasshouse.theory.limits import corner_limits

LEAST_BOXES, PROOF_BUDGET, MOST_WORK = 60, 20_000, 480_000
"""Boxes looked at for each player of a proof, and for all proofs about points together: these are
60 000 boxes of a game with eight payoffs, since a box costs as much as there are payoffs."""

THRESHOLD_BUDGET = 7_000
"""Boxes for each player of a proof about a threshold: half a minute is lost at most if in vain."""

CURVE_TOLERANCE, CURVE_BUDGET = 1e-3, 2_000
"""Thresholds at several bounds are for a figure: so narrow, and so many boxes for each proof."""

MOST_CERTIFIED = 8
"""Of the rest points where the study's runs end, so many are certified, the most frequent ones."""

MOST_ENDS = 3
"""Of the ends of runs that have not come to rest, so many are judged, the most frequent ones."""

MOST_PARAMETERS = 3
"""Of a player: with more, proofs about a threshold take longer than the rest of a study."""

NO_REST = (
    "no run{} came to rest to 1e-6: points are judged where runs stand after the steps taken, "
    "which more steps may change (learning.steps, --steps)"
)

UNTOLD_REST = (
    "no run counts as being at rest where slopes differ on either side: points are judged where "
    "runs stand after the steps taken"
)

EQUAL_GAINS = 1e-9
"""Gains that differ by no more than this share are equal."""


@dataclasses.dataclass(frozen=True, repr=False)
class CertifiedPoint(Result):
    """A profile of a game, with a certificate that tells whether it is an ε-equilibrium.

    **Arguments:** `name`, of its file: "tied_rest_point", "rest_point_1" (the most frequent one)
    and so on, where no run rests "tied_end", "end_1" and so on, or "corner"; `reached`, where
    learning ends, or None where it does not end there; the tied one has the share of the runs that
    end there too; `corner`, whether it is the cooperative corner, all parameters at the bounds
    towards which cooperation rises; `cooperation`, each player's probability of action 0;
    `payoffs`, one per player; `certificate`.
    """

    name: str
    reached: ReachedPoint | None
    corner: bool
    cooperation: tuple[float, ...]
    payoffs: tuple[float, ...]
    certificate: Certificate

    @property
    def file(self) -> str:
        """The certificate's file in the folder of the study."""
        return certificate_file(self.name)

    @property
    def gain(self) -> GainBounds:
        """The player who is known to gain most, the first of several to whom the same is true."""
        worst, gains = self.certificate.worst, self.certificate.gains
        return next(
            gain
            for gain in gains
            if gain.witness_gain >= worst.witness_gain * (1 - EQUAL_GAINS)
            and gain.upper >= worst.upper * (1 - EQUAL_GAINS)
        )


@dataclasses.dataclass(frozen=True, repr=False)
class SearchedPoint(Result):
    """A profile of which neither is proved, with what a search for deviations found.

    **Arguments:** as in `CertifiedPoint`; `params`; `epsilon`, gains up to which count as none;
    `deviations`, the best found for each player, empty where none could be sought; `gains`, whether
    one of them gains more than ε: False is no proof; `why` nothing is proved.
    """

    name: str
    reached: ReachedPoint | None
    corner: bool
    cooperation: tuple[float, ...]
    payoffs: tuple[float, ...]
    params: Params
    epsilon: float
    deviations: tuple[Deviation, ...]
    gains: bool | None
    why: str

    @property
    def best(self) -> Deviation | None:
        """The deviation found that gains most, where that is more than ε."""
        return gains_more(self.deviations, self.epsilon)


class Judged(NamedTuple):
    """What is known of the points of a game: `certified`, those with certificates; `searched`,
    those of which neither is proved; `note`, what is left out and why."""

    certified: tuple[CertifiedPoint, ...] = ()
    searched: tuple[SearchedPoint, ...] = ()
    note: str = ""


def certificate_file(name: str) -> str:
    """Where a study keeps the certificate of that name."""
    return f"certificates/{name}.json"


def threshold_files(found: object) -> dict[str, Certificate]:
    """What proves that the property holds above a threshold and fails below, by file; nothing
    where it was not proved."""
    if not isinstance(found, CertifiedThreshold):
        return {}
    proofs = {"threshold_holds": found.certified, "threshold_fails": found.refuted}
    return {certificate_file(name): proof for name, proof in proofs.items() if proof is not None}


def most_frequent(points: tuple[CertifiedPoint, ...]) -> CertifiedPoint | None:
    """Of the rest points reached, the one where most of the study's runs end."""
    reached = [point for point in points if point.reached is not None]
    return max(reached, key=_runs, default=None)


def judged_points(
    game: ParametricGame,
    learning: Learning,
    epsilon: float | Literal[False],
    *,
    tied: bool = True,
    outcomes: bool = True,
    boundary: bool = True,
) -> Judged:
    """What is proved, or else found, of the points of a game that matter, and what is left out.

    **Arguments:** `learning`, whose ends they are; `epsilon`, False to judge nothing;
    `tied`, `outcomes`, `boundary`: whether tied runs, runs from its starts and the cooperative
    corner are asked about.
    """
    if epsilon is False:
        return Judged()
    if "dense" not in capabilities(game):
        return Judged(note=f"no certificates: they are {ONCE}")
    corner = cooperative_corner(game) if boundary else None
    reached, left_out = _reached(game, learning, tied, outcomes)
    profiles = _profiles(reached, corner)
    budget = _budget(game, len(profiles))
    certified, searched, reasons = [], [], []
    with progress("proving", len(profiles)) as advance:
        for name, params, point, is_corner in profiles:
            found = judge(game, params, float(epsilon), budget)
            about = name, point, is_corner, cooperates(game, params), pays(game, params)
            if found.certificate is not None:
                certified.append(CertifiedPoint(*about, found.certificate))
            if found.certificate is None or found.certificate.verdict == "unknown":
                gains = gains_more(found.deviations, float(epsilon)) is not None
                known = gains if found.deviations else None
                searched.append(
                    SearchedPoint(
                        *about, params, float(epsilon), found.deviations, known, found.why
                    )
                )
            reasons += [f"no certificates: {found.why}"] * (found.certificate is None)
            advance()
    notes = filter(None, [left_out, *dict.fromkeys(reasons)])
    return Judged(tuple(certified), tuple(searched), "; ".join(notes))


def _budget(game: ParametricGame, profiles: int) -> int:
    """Boxes for each player of each proof: one costs as much as there are payoffs, and more where
    many parameters are differentiated."""
    payoffs = len(game.spaces) * math.prod(game.semantics.actions)
    most = max(len(_numbers((box.lower,))) for box in game.spaces)
    proofs = len(game.spaces) * max(profiles, 1)
    boxes = int(MOST_WORK / (proofs * payoffs * max(1.0, most / MOST_PARAMETERS)))
    return max(LEAST_BOXES, min(PROOF_BUDGET, boxes))


def threshold_curve(family: Any) -> EquilibriumCurve | None:
    """The equilibrium threshold at several bounds; None but for symmetric games with two actions,
    by their coupling."""
    if not getattr(family, "has_closed_forms", False):
        return None
    try:
        corner_limits(family.game)
    except InputError:
        return None
    return equilibrium_curve(family, tolerance=CURVE_TOLERANCE, budget=CURVE_BUDGET)


def _profiles(
    reached: Sequence[ReachedPoint], corner: Params | None
) -> list[tuple[str, Params, ReachedPoint | None, bool]]:
    """What there is to certify: a name, the profile, which rest point and whether the corner."""
    found, generic = [], 0
    for point in reached:
        generic += point.starts == "generic"
        kind = "rest_point" if point.at_rest else "end"
        name = f"tied_{kind}" if point.starts == "tied" else f"{kind}_{generic}"
        is_corner = corner is not None and _numbers(point.params) == _numbers(corner)
        found.append((name, point.params, point, is_corner))
    if corner is not None and not any(is_corner for *_, is_corner in found):
        found.append(("corner", corner, None, True))
    return found


def _reached(
    game: ParametricGame, learning: Learning, tied: bool, outcomes: bool
) -> tuple[tuple[ReachedPoint, ...], str]:
    """The rest points of the runs that were asked for, and in words what they leave out.

    One reached both ways is one point. Where no run rests, where the runs stand at their end.
    """
    if not tied and not outcomes:
        return (), ""
    if not outcomes:
        learning = dataclasses.replace(learning, starts=Starts(kind="neutral"), tied=False)
    learned = learned_ends(game, learning)
    found = learned.rest_points(MOST_CERTIFIED)
    shared = [point for point in found if point.starts == "tied" and tied]
    generic = [point for point in found if point.starts == "generic" and outcomes]
    for k, point in enumerate(shared):
        for other in generic:
            if _is_same(point.params, other.params):
                shared[k] = dataclasses.replace(point, share=other.share)
                generic.remove(other)
                break
    points = (*shared, *generic)
    if not points or (outcomes and not generic and not _shares(shared)):
        wanted = {"tied": tied and not shared, "generic": outcomes}
        points = (*shared, *(x for x in learned.all_ends(MOST_ENDS) if wanted[x.starts]))
        if kinks_of(game):
            return points, UNTOLD_REST
        return points, NO_REST.format(" but the tied" if shared else "")
    return points, _left_out(found, points) if outcomes else ""


def _shares(points: Sequence[ReachedPoint]) -> bool:
    """Whether runs from the starts end at one of these, too."""
    return any(point.share is not None for point in points)


def _left_out(found: ReachedRestPoints, points: tuple[ReachedPoint, ...]) -> str:
    """That there are rest points beside those listed, of which these may be mere samples."""
    said = []
    sizes = [point.dimension for point in points]
    if any(size != 0 for size in sizes):
        known = [size for size in sizes if size is not None]
        size = f", {max(known)}-dimensional as far as derivatives tell" if known else ""
        said.append(
            f"rest points are not isolated but form a continuum{size}, of which the points listed "
            "are samples"
        )
    if found.unlisted:
        runs = sum(point.share.runs for point in found[-1:] if point.share is not None)
        of_all = f" of {runs}" if runs else ""
        said.append(f"{found.unlisted}{of_all} runs rest at points that are not listed")
    return "; ".join(said)


def _is_same(one: Params, other: Params) -> bool:
    numbers = zip(_numbers(one), _numbers(other), strict=True)
    return all(abs(x - y) <= SAME_END * (1 + abs(x)) for x, y in numbers)


def _numbers(params: Params) -> tuple[float, ...]:
    leaves = jax.tree.leaves(params)
    return tuple(float(x) for leaf in leaves for x in np.ravel(np.asarray(leaf, np.float64)))


def _runs(point: CertifiedPoint) -> int:
    share = None if point.reached is None else point.reached.share
    return 0 if share is None else share.count


def _too_large(game: ParametricGame) -> bool:
    """Whether proofs about a threshold would take too long for a study."""
    most = max(len(_numbers((box.lower,))) for box in game.spaces)
    return not unrolls(game.semantics.actions) or most > MOST_PARAMETERS


def proved_threshold(
    family: AbstractDenseFamily, measured: Switch, low: float, high: float
) -> CertifiedThreshold | None:
    """The equilibrium threshold of the cooperative corner between two proofs, or None.

    None under partial access, where it is not proved, and where what was measured tells more than
    proofs do: that the corner is an equilibrium somewhere, but not at the largest coupling.

    **Arguments:** `measured`, by `equilibrium_threshold` from `low` to `high`: where to prove.
    """
    if not family.channel.is_full or measured.holds == "below":
        return None
    if _too_large(family(high)):
        return None
    if cooperative_corner(family(high)) is None or len(_numbers(family(high).neutral())) != len(
        family(high).spaces
    ):
        return None  # of several parameters thresholds are not proved
    found = certified_threshold(
        family, bracket=(low, high), near=measured.value, budget=THRESHOLD_BUDGET
    )
    if found.result == "nowhere":
        return found if measured.holds == "nowhere" else None
    if found.result == "unknown":
        return None
    holds = low if found.bracket is None else found.bracket[1]
    return None if cooperative_corner(family(holds)) is None else found
