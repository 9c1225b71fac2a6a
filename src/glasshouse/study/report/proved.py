"""What a report says of the certificates beside it: thresholds and points, with their files."""

import math
from typing import Any, NamedTuple, TypeAlias

from glasshouse._foundation.digits import MOST_DIGITS, exactly
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.outcomes.generic import Share
from glasshouse.certificates.certificate import Certificate, GainBounds
from glasshouse.study.proofs import CertifiedPoint, certificate_file
from glasshouse.study.result import Predictions, StudyResult
from glasshouse.study.words.sentences import axis_name, equilibrium_claim
from glasshouse.study.words.verdicts import equilibrium, gain_words, point_words, verdict_words

ATTAINED = {True: "attained", False: "not attained: a limit", None: "whether attained is not known"}


Line: TypeAlias = tuple[str, Any, str, str]
"""What, its value, method and detail."""


class Bounds(NamedTuple):
    """Two numbers between which something lies, to be rounded outward to at most so many digits."""

    lower: float
    upper: float
    digits: int = MOST_DIGITS


class ProvedPoint(NamedTuple):
    """A line of the table of points.

    **Arguments:** `what` it is; `params` and `cooperation` of all players; `share` of the runs that
    end there; `verdict` in words; `who` gains most, with the bounds of that `gain` and the `best`
    deviation, and whether it is attained; `file`, in the folder of certificates.
    """

    what: str
    params: str
    cooperation: tuple[float, ...]
    share: Share | None
    verdict: str
    who: str
    gain: Bounds
    best: str
    file: str


def proved_points(result: StudyResult) -> list[ProvedPoint]:
    """The points of a study that were certified, refuted, or left open."""
    return [_line(point) for point in result.certificates]


def proved_threshold_words(predictions: Predictions | None) -> list[tuple[str, str]]:
    """From where on the corner is an equilibrium: sentences, each with the file that proves it."""
    found = None if predictions is None else predictions.equilibrium
    if predictions is None or not isinstance(found, CertifiedThreshold):
        return []
    name, said = axis_name(predictions.key), []
    if found.certified is not None:
        words = equilibrium_claim(predictions).partition(": ")[2]
        said.append((_upper(words), certificate_file("threshold_holds")))
    if found.refuted is not None:
        gain = found.refuted.worst
        *deviation, coupling = gain.witness
        words = (
            f"At {name} {exactly(coupling)} player {gain.player + 1} gains at least "
            f"{gain_words(gain)} by moving alone from there to about "
            f"{point_words(deviation, 6)}."
        )
        said.append((words, certificate_file("threshold_fails")))
    return said


def epsilon_words(result: StudyResult) -> str:
    """What the certificates of points are about."""
    first = result.certificates[0].certificate
    relative = ""
    if first.epsilon and math.isfinite(first.relative_epsilon):
        relative = f" ({first.relative_epsilon:.2g} of the smallest payoff range of a player)"
    unit = ", in units of payoff" if first.epsilon else ""
    return f"{equilibrium(first.epsilon)}{unit}{relative}"


def gain_numbers(result: StudyResult) -> list[Line]:
    """What is proved of each player's best gain."""
    return [
        line
        for point in result.certificates
        for gain in point.certificate.gains
        for line in _gain_numbers(point, gain)
    ]


def threshold_numbers(predictions: Predictions | None) -> list[Line]:
    """The proved threshold."""
    found = None if predictions is None else predictions.equilibrium
    if not isinstance(found, CertifiedThreshold):
        return []
    how = found.method, found.detail
    corner, top = "the cooperative corner is an equilibrium", exactly(found.highest)
    if found.bracket is not None:
        ends = Bounds(*found.bracket)
        return [(f"{corner} up to {top}, from a value between", ends, *how)]
    if found.result == "everywhere":
        return [(f"{corner} from {exactly(found.lowest)} to {top}", True, *how)]
    return [(f"{corner} at {top}", False, *how)]


def _line(point: CertifiedPoint) -> ProvedPoint:
    certificate, gain = point.certificate, point.gain
    return ProvedPoint(
        what=_name(point),
        params=", ".join(point_words(own, 6) for own in certificate.params),
        cooperation=point.cooperation,
        share=None if point.reached is None else point.reached.share,
        verdict=_verdict(point),
        who=f"player {gain.player + 1}",
        gain=Bounds(gain.lower, gain.upper),
        best=f"{point_words(gain.best, 6)}, {ATTAINED[gain.attained]}"
        if gain.lower > 0
        else "none",
        file=point.file.rpartition("/")[2],
    )


def _verdict(point: CertifiedPoint) -> str:
    certificate = point.certificate
    about = "" if certificate.about == "the game" else f" (about {certificate.about})"
    advice = f"; {certificate.advice}" if certificate.advice else ""
    return f"{verdict_words(point)}{about}{advice}"


def _name(point: CertifiedPoint) -> str:
    if point.reached is None:
        return "Cooperative corner"
    corner = ", the cooperative corner" if point.corner else ""
    if point.reached.starts == "tied":
        return f"Rest point of tied learning{corner}"
    return f"Rest point {point.name.rpartition('_')[2]}{corner}"


def _gain_numbers(point: CertifiedPoint, gain: GainBounds) -> list[Line]:
    who = f"{_name(point)}, player {gain.player + 1}"
    how = _how(point.certificate)
    found: list[Line] = [(f"{who}: best gain between", Bounds(gain.lower, gain.upper), *how)]
    if gain.witness_gain > 0:
        found.append((f"{who}: gains by moving to", gain.witness, *how))
    return found


def _how(certificate: Certificate) -> tuple[str, str]:
    return certificate.method, certificate.detail


def _upper(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
