"""The result of a study in words: a sentence each on first movement, outcome and equilibrium."""

import math
from collections.abc import Sequence

from glasshouse._foundation.declared import study_settings
from glasshouse._foundation.digits import at_most, between, digits, exactly, headline
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.predictions import Predictions
from glasshouse.analysis.proofs import MOST_CERTIFIED, CertifiedPoint, most_frequent
from glasshouse.rules.registry import RULES
from glasshouse.study.computed import Computed
from glasshouse.study.sweep import MOST_REST
from glasshouse.study.words.compared import comparison_claim
from glasshouse.study.words.endings import ending_claims
from glasshouse.study.words.equilibria import branch_claims, survey_claims
from glasshouse.study.words.league import league_claims
from glasshouse.study.words.maps import map_claims
from glasshouse.study.words.names import (
    EVERY_OR_NO,
    at_own_values,
    axis_name,
    cooperation_noted,
    in_words_and,
    players_called,
    points_words,
    strength,
    tried,
)
from glasshouse.study.words.outcomes import outcome_claims
from glasshouse.study.words.verdicts import (
    about_program,
    ends_words,
    equilibrium,
    gains_by,
    judged,
    point_words,
    searched_words,
    witness_words,
)

CLAIM_KINDS = ("First movement", "Outcome", "Equilibrium", "Rest points", "Comparison", "League")
"""What claims are about, as they begin."""

TURNS = {"from a value on": "above", "up to a value": "below"}
"""On which side of the one value at which it turns cooperation rises."""

MOST_BRACKETS = 8
"""Of several switches, so many are listed."""

_NOT_ASKED = (
    "Equilibrium: not asked, for certificates and the boundary test are about games that are "
    "played once."
)

CORNER = "cooperation by all, at the upper ends of their parameters,"

CORNER_OF_MANY = "cooperation by all, at the corner of their boxes towards which it rises,"
"""The same of players with several parameters, of which some are at the lower ends."""


def claims(result: Computed) -> list[str]:
    """What the study found; each sentence begins with which of the three things it is about."""
    predictions = result.predictions
    if predictions is not None:
        movement, corner = (
            _movement_claim(predictions, learners(result), toward(result)),
            _NOT_ASKED if result.repeated else equilibrium_claim(predictions),
        )
        long_run = [_long_run_claim(predictions)]
        if predictions.equilibrium is None and not result.repeated:
            corner = _without_threshold(result, corner)
    else:
        movement = _slices_claim(result) if result.slices else _rises_claim(result)
        corner, long_run = _passes_claim(result), []
    compared = result.comparison
    if (compared is not None and not result.axes) or result.compares_only:
        movement = ""  # which nobody asked for
    found = [
        movement,
        *outcome_claims(result),
        *ending_claims(result),
        *long_run,
        corner,
        _rest_points_claim(result),
    ]
    found.append(_searched_claim(result))
    found += survey_claims(result.survey, at_own_values(result), players_called(result))
    found += branch_claims(result.branches)
    met = [comparison_claim(compared, players_called(result))] if compared else []
    found = [*met, *league_claims(result.league), *map_claims(result), *found]
    return [_under(access(result), claim) for claim in found if claim]


def access(result: Computed) -> str:
    """Who sees what, in words; nothing under full access."""
    channel = result.prepared.base.parametric.channel
    if any(axis.key.startswith("access.") for axis in result.axes):
        return "access as swept"
    return "" if channel.is_full else channel.words


def learners(result: Computed) -> str:
    """Who learns: "selfish learners", or by which rule."""
    learning = result.prepared.base.learning
    numbers = {f"learning.{key}" for rule in RULES.values() for key in study_settings(rule)}
    changed = any(axis.key in numbers or "players" in axis.key for axis in result.axes)
    return f"learners by {learning.rule.words}, as swept," if changed else learning.learners


def toward(result: Computed) -> str:
    """Whereto learners move, with the action that counts as cooperation: it is said early."""
    if result.observable is not None:
        return f"toward higher {result.observable.words}"
    return f"toward cooperation{cooperation_noted(result.prepared.base.game)}"


def _under(access: str, claim: str) -> str:
    """A claim that says under which access it holds, unless that is full."""
    kind = next(kind for kind in CLAIM_KINDS if claim.startswith(kind))
    return f"{kind}, {access}{claim.removeprefix(kind)}" if access else claim


def _movement_claim(predictions: Predictions, who: str, toward: str) -> str:
    closed = predictions.closed_form
    if closed is None:
        predicted = "no closed form"
    elif closed.neutral.value is None:
        predicted = f"closed form: {closed.neutral.reason}"
    else:
        predicted = f"predicted {digits(closed.neutral.value)} in closed form"
    moves, measured, key = (
        predictions.first_movement,
        predictions.measured_first_movement,
        predictions.key,
    )
    low, high = moves.searched or (math.nan, math.nan)
    searched = f"; searched from {low:.4g} to {high:.4g}" if moves.searched else ""
    return (
        f"First movement: from the neutral start {who} move {toward} "
        f"{where_words(moves, key)} ({predicted}{searched}); measured, in a window of "
        f"{measured.learned}, {where_words(measured, key)}."
    )


def _long_run_claim(predictions: Predictions) -> str:
    """Where a long run from the neutral start stands, which is no first movement."""
    long_run = predictions.long_run_switch
    return (
        f"Outcome of a long run ({long_run.learned} from the neutral start): mean cooperation "
        f"stands higher than at the start {where_words(long_run, predictions.key)}."
    )


def _rises_claim(result: Computed) -> str:
    if result.untold:
        return f"First movement: not known, for {result.untold}."
    rises = [direction == "rises" for direction in result.column("first_movement")]
    if not result.axes:
        moves = result.base.first_movement.words
        learning = result.prepared.base.learning
        who = "" if learning.rule.selfish else f" of {learning.learners}"
        noted = cooperation_noted(result.prepared.base.game)
        what = f"mean cooperation{noted}" if result.observable is None else result.observable.words
        return f"First movement: from the neutral start {what}{who} {moves}."
    return (
        f"First movement: from the neutral start {learners(result)} move "
        f"{toward(result)} {points_words(result, rises)}."
    )


def _slices_claim(result: Computed) -> str:
    first, *rest = (axis_name(axis.key) for axis in result.axes)
    others = in_words_and(rest)
    slices, of = result.slices, "values" if len(rest) == 1 else "pairs"
    of = of if len(rest) < 3 else "combinations"
    counted = {kind: sum(s.moves == kind for s in slices) for kind in (*EVERY_OR_NO, "elsewhere")}
    elsewhere = [
        f"{tried(kind, first) if kind in EVERY_OR_NO else _untold(first)}, at {count}"
        for kind, count in counted.items()
        if count
    ]
    found = []
    for kind, side in TURNS.items():
        turns = [
            (s.first_movement, s.predicted, s.between[1] - s.between[0])
            for s in slices
            if s.moves == kind and s.first_movement is not None and s.between is not None
        ]
        if not turns:
            continue
        values, closed, widths = zip(*turns, strict=True)
        both = [abs(p - turn) for turn, p in zip(values, closed, strict=True) if p is not None]
        error = f"; the closed form differs by at most {at_most(max(both), 1)}" if both else ""
        found.append(
            f"{side} a {first} of about {_from_to(min(values), max(values))} at {len(turns)} of "
            f"{len(slices)} {of} of {others} (interpolated between points of the sweep, at most "
            f"{at_most(max(widths), 2)} apart{error})"
        )
    return (
        f"First movement: from the neutral start {learners(result)} move "
        f"{toward(result)} {'; '.join([*found, *elsewhere])}"
        f"{'' if found else f' {of} of {others}'}."
    )


def _from_to(low: float, high: float) -> str:
    """Two numbers of four digits, or one where they read alike."""
    return " to ".join(dict.fromkeys((f"{low:.4g}", f"{high:.4g}")))


def equilibrium_claim(predictions: Predictions) -> str:
    """From which value on the cooperative corner is an equilibrium."""
    found = predictions.equilibrium
    if found is None:
        return f"Equilibrium: not tested ({predictions.no_equilibrium_reason})."
    closed = predictions.closed_form
    predicted = ""
    if closed is not None and closed.equilibrium is not None:
        value, reason = closed.equilibrium.value, closed.equilibrium.reason
        predicted = f"closed form {reason if value is None else digits(value)}"
    if isinstance(found, CertifiedThreshold):
        return _proved_claim(found, axis_name(predictions.key), predicted)
    predicted = f"{predicted}; " if predicted else ""
    return (
        f"Equilibrium: {CORNER} passes the boundary test {where_words(found, predictions.key)} "
        f"({predicted}numerical, not proved)."
    )


def _proved_claim(found: CertifiedThreshold, name: str, predicted: str) -> str:
    predicted = f" ({predicted})" if predicted else ""
    top = exactly(found.highest)
    if found.result == "nowhere":
        return (
            f"Equilibrium, refuted: {CORNER} is no equilibrium at {name} {top}, the largest "
            f"searched{predicted}."
        )
    if found.bracket is None:
        where = f"from {exactly(found.lowest)} to {top}"
    else:
        fails, holds = found.bracket
        where = f"from {_rounded_up(holds, found.highest)} to {top}, and not at {exactly(fails)}"
    return f"Equilibrium, proved: {CORNER} is an equilibrium at every {name} {where}{predicted}."


def _rounded_up(number: float, most: float) -> str:
    """A number, as it is where it is short, or a little larger one."""
    short = exactly(number) if len(exactly(number)) <= 9 else at_most(number, 7)
    return short if float(short) <= most else exactly(number)


def which_ends(result: Computed) -> str:
    """What the points are called at which learning ends, and of which something was proved."""
    reached = [point.reached for point in result.certificates if point.reached is not None]
    if not all(point.at_rest for point in reached):
        return "end points of learning"
    if any(point.dimension != 0 for point in reached):
        return "rest points sampled from a continuum"
    generic = sum(point.starts == "generic" for point in reached)
    return "most frequent rest points" if generic >= MOST_CERTIFIED else "rest points reached"


def _rest_points_claim(result: Computed) -> str:
    """Whether the rest points reached are equilibria; nothing where none was certified."""
    points = [point for point in result.certificates if point.reached is not None]
    common = most_frequent(result.certificates)
    if common is None:
        return ""
    verdicts = [point.certificate.verdict for point in points]
    proved = "" if set(verdicts) == {"unknown"} else ", proved"
    found = judged(verdicts, common.certificate.epsilon, which_ends(result))
    program = about_program(common.certificate)
    against = witness_words(common, players_called(result))
    said = "; ".join(filter(None, [f"{found}{program}", against, _moving(result)]))
    return f"Equilibrium{at_own_values(result)}{proved}: {said}."


def _moving(result: Computed) -> str:
    """How much of learning has not come to rest where rest points are told of, if it is much."""
    generic = result.base.generic
    if generic is None or generic.at_rest.value >= MOST_REST:
        return ""
    return f"{100 * (1 - generic.at_rest.value):.3g}% of the runs had not come to rest anywhere"


def _passes_claim(result: Computed) -> str:
    """On the boundary test, point by point; nothing where it was not asked for."""
    answers = result.column("boundary_passes").tolist()
    tested = sum(answer is not None for answer in answers)
    if not result.prepared.study.analysis.wanted["boundary"]:
        return ""
    if result.repeated:
        return _NOT_ASKED
    if not tested:
        return _untested_claim(result) or "Equilibrium: not tested, or undecided."
    corner = next((point for point in result.certificates if point.corner), None)
    if not result.axes and corner is not None and corner.certificate.verdict != "unknown":
        return _corner_claim(corner, players_called(result))
    passes = [answer is True for answer in answers]
    which = "" if tested == len(answers) else f"; tested at {tested} of {len(answers)} points"
    if not result.axes:
        verb, where = ("passes" if passes[0] else "does not pass"), ""
    else:
        verb, where = "passes", f" {points_words(result, passes)}"
    return f"Equilibrium: {CORNER} {verb} the boundary test{where} (numerical, not proved{which})."


def _corner_claim(corner: CertifiedPoint, names: Sequence[str], where: str = "") -> str:
    """On the corner at one point, where it was certified or refuted."""
    what, gain = equilibrium(corner.certificate.epsilon), corner.gain
    proof = corner.certificate
    ends = [tuple(high for _, high in box) for box in proof.document.problem.boxes]
    upper = all(tuple(own) == end for own, end in zip(proof.params, ends, strict=True))
    alone = all(len(own) == 1 for own in proof.params)
    named = CORNER if upper and alone else CORNER_OF_MANY
    if corner.certificate.verdict == "certified":
        return f"Equilibrium{where}, proved: {named} is an {what}{about_program(proof)}."
    move, about = f"moving to about {point_words(gain.witness)}", about_program(proof)
    return (
        f"Equilibrium{where}, refuted: {named} is no {what}{about}; {gains_by(gain, move, names)}."
    )


def _without_threshold(result: Computed, why: str) -> str:
    """What is known of the corner at the study's own values, where no threshold was sought."""
    return _untested_claim(result) or why


def _untested_claim(result: Computed) -> str:
    """On a corner to which the boundary test does not apply, at the study's own values."""
    at = at_own_values(result)
    for point in result.certificates:
        if point.corner and point.certificate.verdict != "unknown":
            return _corner_claim(point, players_called(result), at)
    for point in result.searched:
        if point.corner:
            said = searched_words(point, players_called(result))
            return f"Equilibrium{at}: {CORNER_OF_MANY} {said}."
    return ""


def _own_verdict(result: Computed) -> str:
    """What is known of the corner at the study's own values, in a word or two."""
    corner = next((point for point in result.certificates if point.corner), None)
    verdict = "" if corner is None else corner.certificate.verdict
    known = {"certified": "proved", "refuted": "refuted"}.get(verdict)
    return f"{known}{at_own_values(result)}" if known else "not known"


def _searched_claim(result: Computed) -> str:
    """On the most frequent end of learning of which neither is proved."""
    ends = [(point.reached, point) for point in result.searched if point.reached is not None]
    if not ends:
        return ""
    reached, common = max(ends, key=lambda pair: pair[0].share.count if pair[0].share else 0)
    said = f"where {ends_words(reached)}, {searched_words(common, players_called(result))}"
    more = f"; {len(ends) - 1} more are not decided" if len(ends) > 1 else ""
    return f"Equilibrium{at_own_values(result)}: {said}{more}."


def where_words(switch: Switch, key: str) -> str:
    """Where a property holds, in words: "above coupling 0.4286"."""
    name = strength(key)
    if switch.value is not None and switch.bracket is not None:
        side = "above" if switch.holds == "above" else "below"
        return f"{side} {name or f'{axis_name(key)} ='} {headline(*switch.bracket)}"
    if switch.holds in EVERY_OR_NO:
        return tried(switch.holds, name or f"value of {axis_name(key)}")
    return f"{_untold(name or axis_name(key))} ({switch.result})"


def _untold(name: str) -> str:
    return f"at values of {name} that one number does not tell"


def switch_words(switch: Switch) -> str:
    """Why a switch has no single value."""
    if switch.result == "not bracketed":
        return f"holds {switch.words}"
    if switch.brackets:
        shown, more = switch.brackets[:MOST_BRACKETS], len(switch.brackets) - MOST_BRACKETS
        spans = ", ".join(" and ".join(between(low, high)) for low, high in shown)
        return f"{switch.result}, between {spans}" + (f", and {more} more" if more > 0 else "")
    return switch.result
