"""What a report says of the certificates beside it: thresholds and points, with their files."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from glasshouse._foundation.digits import exactly
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.predictions import Predictions
from glasshouse.analysis.proofs import CertifiedPoint, SearchedPoint, certificate_file
from glasshouse.games.labels import player_word
from glasshouse.study.report.blocks import Bounds, breakable, code, number_markup, percent
from glasshouse.study.result import StudyResult
from glasshouse.study.words.equilibria import params_words
from glasshouse.study.words.names import axis_name, players_called, upper
from glasshouse.study.words.sentences import equilibrium_claim
from glasshouse.study.words.verdicts import (
    equilibrium,
    gains_by,
    point_words,
    searched_words,
    verdict_words,
)

ATTAINED = {True: "attained", False: "not attained: a limit", None: "whether attained is not known"}


class Number(NamedTuple):
    """A number of the study and how it was obtained.

    `value` may also be yes or no, a tuple of numbers, a `Share`, a `Switch`, `Bounds`, or words.
    """

    what: str
    value: Any
    method: str
    detail: str


def proved_points(result: StudyResult) -> Iterator[tuple[object, ...]]:
    """The points of a study that were certified, refuted, or left open.

    What a point is, its parameters, cooperation and payoffs, the share of runs that end there, the
    verdict in words, who gains most and how much, the best deviation, and the file of the proof.
    """
    names = players_called(result)
    for point in result.certificates:
        gain, share = point.gain, None if point.reached is None else point.reached.share
        attained = f"{point_words(gain.best, 6)}, {ATTAINED[gain.attained]}"
        yield (
            _name(point),
            ", ".join(point_words(own, 6) for own in point.certificate.params),
            number_markup(point.cooperation, 4),
            number_markup(point.payoffs, 4),
            percent(None if share is None else share.value),
            _verdict(point, names),
            f"{player_word(gain.player, names)}: " + number_markup(Bounds(gain.lower, gain.upper)),
            attained if gain.lower > 0 else "none",
            code(breakable(point.file.rpartition("/")[2], "_")),
        )


def searched_points(result: StudyResult) -> Iterator[tuple[object, ...]]:
    """The points of which neither is proved, and what a search for deviations found."""
    for point in result.searched:
        share = None if point.reached is None else point.reached.share
        how = "; ".join(dict.fromkeys(f"{x.method}: {x.detail}" for x in point.deviations))
        yield (
            _name(point),
            params_words(point.params, 6),
            number_markup(point.payoffs, 4),
            percent(None if share is None else share.value),
            searched_words(point, players_called(result)),
            how or point.why,
        )


def proved_threshold_words(
    predictions: Predictions | None, names: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """From where on the corner is an equilibrium: sentences, each with the file that proves it.

    **Arguments:** `names`, what players are called.
    """
    found = None if predictions is None else predictions.equilibrium
    if predictions is None or not isinstance(found, CertifiedThreshold):
        return []
    name, said = axis_name(predictions.key), []
    if found.certified is not None:
        words = equilibrium_claim(predictions).partition(": ")[2]
        said.append((upper(words), certificate_file("threshold_holds")))
    if found.refuted is not None:
        gain = found.refuted.worst
        *deviation, coupling = gain.witness
        move = f"moving alone from there to about {point_words(deviation, 6)}"
        words = f"At {name} {exactly(coupling)} {gains_by(gain, move, names)}."
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


def gain_numbers(result: StudyResult) -> list[Number]:
    """What is proved of each player's best gain."""
    found, names = [], players_called(result)
    for point in result.certificates:
        how = point.certificate.method, point.certificate.detail
        for gain in point.certificate.gains:
            who = f"{_name(point)}, {player_word(gain.player, names)}"
            ends = Bounds(gain.lower, gain.upper)
            found.append(Number(f"{who}: best gain between", ends, *how))
            if gain.witness_gain > 0:
                found.append(Number(f"{who}: gains by moving to", gain.witness, *how))
    return found


def threshold_numbers(predictions: Predictions | None) -> list[Number]:
    """The proved threshold."""
    found = None if predictions is None else predictions.equilibrium
    if not isinstance(found, CertifiedThreshold):
        return []
    how = found.method, found.detail
    corner, top = "the cooperative corner is an equilibrium", exactly(found.highest)
    if found.bracket is not None:
        ends = Bounds(*found.bracket)
        return [Number(f"{corner} up to {top}, from a value between", ends, *how)]
    if found.result == "everywhere":
        return [Number(f"{corner} from {exactly(found.lowest)} to {top}", True, *how)]
    return [Number(f"{corner} at {top}", False, *how)]


def _verdict(point: CertifiedPoint, names: Sequence[str]) -> str:
    certificate = point.certificate
    about = "" if certificate.about == "the game" else f" (about {certificate.about})"
    advice = f"; {certificate.advice}" if certificate.advice else ""
    return f"{verdict_words(point, names)}{about}{advice}"


def _name(point: CertifiedPoint | SearchedPoint) -> str:
    if point.reached is None:
        return "Cooperative corner"
    corner = ", the cooperative corner" if point.corner else ""
    kind = "Rest point" if point.reached.at_rest else "Not at rest: end"
    if point.reached.starts == "tied":
        return f"{kind} of tied learning{corner}"
    return f"{kind} {point.name.rpartition('_')[2]}{corner}"
