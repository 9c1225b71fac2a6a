"""The numbers of a report: predicted beside found, payoffs, all with how they were obtained."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from glasshouse._foundation.digits import between
from glasshouse.analysis.assessment import Assessment
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.outcomes.generic import Outcomes
from glasshouse.analysis.phase.portrait import Portrait
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.study.report.proved import Line, gain_numbers, threshold_numbers
from glasshouse.study.result import Predictions, StudyResult
from glasshouse.study.words.sentences import axis_name

MOST_CELLS = 144
"""Games with more action profiles than this are not written out."""

MOST_PROFILES_REPORTED = 6
"""Of equilibria and optima, so many are listed."""

MOST_BRACKETS = 8
"""Of several switches, so many are listed."""


@dataclasses.dataclass(frozen=True)
class Compared:
    """A line of the table of switches, predicted and found.

    **Arguments:** `what` it is about; `value`, or `words` where there is none; the `bracket` it
    lies in; `difference` from the line it is to be compared with, which lies in `apart`.
    """

    what: str
    value: float | None
    words: str
    method: str
    detail: str
    bracket: tuple[float, float] | None = None
    difference: float | None = None
    apart: tuple[float, float] | None = None


class Number(NamedTuple):
    """A number of the study and how it was obtained.

    `value` may also be yes or no, a tuple of numbers, a `Share`, a `Switch`, `Bounds`, or words.
    """

    what: str
    value: Any
    method: str
    detail: str


def comparison(predictions: Predictions) -> list[Compared]:
    """First movement predicted, as its margin turns and as measured; a long run; equilibrium."""
    name, closed = axis_name(predictions.key), predictions.closed_form
    lines = []
    predicted = None if closed is None else closed.neutral.value
    reason = f"none: {predictions.reason}" if closed is None else closed.neutral.reason
    method = "" if closed is None else closed.method
    conditions = "" if closed is None else closed.conditions
    first = f"First movement: {name} above which cooperation rises from the neutral start"
    lines.append(Compared(f"{first}, predicted", predicted, reason, method, conditions))
    reference = predicted
    for switch, what in (
        (predictions.first_movement, "First movement: where the margin turns"),
        (predictions.measured_first_movement, "First movement: measured, in a short window"),
    ):
        lines.append(_compared(switch, what, reference))
        reference = switch.value if reference is None else reference
    what = "Long run: above it mean cooperation stands higher after learning than at the start"
    lines.append(_compared(predictions.long_run_switch, what, None))
    equilibrium = None if closed is None else closed.equilibrium
    if closed is not None and equilibrium is not None:
        what = f"Equilibrium: {name} from which {equilibrium.meaning.removesuffix('.')}, predicted"
        value, reason = equilibrium.value, equilibrium.reason
        lines.append(Compared(what, value, reason, closed.method, closed.conditions))
    reference = None if equilibrium is None else equilibrium.value
    lines.append(_compared_equilibrium(predictions, reference))
    return lines


def _compared_equilibrium(predictions: Predictions, reference: float | None) -> Compared:
    found = predictions.equilibrium
    what = "Equilibrium: where the cooperative corner passes the boundary test"
    if found is None:
        reason = f"not tested: {predictions.no_equilibrium_reason}"
        return Compared(what, None, reason, "", "")
    if not isinstance(found, CertifiedThreshold):
        return _compared(found, what, reference)
    what = "Equilibrium: where the cooperative corner is one"
    words = f"proved: holds {found.holds} in the range searched"
    if found.result == "nowhere":
        words = f"refuted at {found.highest:g}, the largest value searched"
    if found.bracket is not None:
        words = "proved: holds above it"
    line = Compared(what, found.value, words, found.method, found.detail, found.bracket)
    return _against(line, reference)


def _compared(switch: Switch, what: str, reference: float | None) -> Compared:
    words = switch_words(switch) if switch.value is None else f"holds {switch.holds} it"
    line = Compared(what, switch.value, words, switch.method, switch.detail, switch.bracket)
    return _against(line, reference)


def _against(line: Compared, reference: float | None) -> Compared:
    """A line with its difference from another one, of which its bracket is all that is unknown."""
    if line.value is None or line.bracket is None or reference is None:
        return line
    low, high = (end - reference for end in line.bracket)
    return dataclasses.replace(line, difference=line.value - reference, apart=(low, high))


def switch_words(switch: Switch) -> str:
    """Why a switch has no single value."""
    if switch.result == "not bracketed":
        return f"holds {switch.holds} in the range searched"
    if switch.brackets:
        shown, more = switch.brackets[:MOST_BRACKETS], len(switch.brackets) - MOST_BRACKETS
        spans = ", ".join(" and ".join(between(low, high)) for low, high in shown)
        return f"{switch.result}, between {spans}" + (f", and {more} more" if more > 0 else "")
    return switch.result


def action_names(game: NormalFormGame) -> tuple[tuple[str, ...], ...]:
    """One tuple of names per player; a mere number is no name, it becomes "action 1"."""
    return tuple(
        tuple(f"action {name}" if name.isdigit() else name for name in names)
        for names in game.action_names
    )


def cooperation_words(game: NormalFormGame) -> list[tuple[str, str]]:
    """Which action counts as cooperation, and of whom: of everybody (""), or player by player."""
    first = [names[0] for names in action_names(game)]
    if len(set(first)) == 1:
        return [(first[0], "")]
    return [(name, f"player {i + 1}") for i, name in enumerate(first)]


def payoff_matrix(result: StudyResult) -> dict[str, Any] | None:
    """The payoff table of two players; None for other games."""
    game = result.prepared.base.game
    if game.players != 2 or math.prod(game.actions) > MOST_CELLS:
        return None
    rows, columns = action_names(game)
    cells = [[_cell(result, (i, j)) for j in range(len(columns))] for i in range(len(rows))]
    return {"rows": list(zip(rows, cells, strict=True)), "columns": columns}


def payoff_list(result: StudyResult) -> list[dict[str, Any]]:
    """All profiles of a game of more players with their payoffs; none where there are too many."""
    game = result.prepared.base.game
    if game.players == 2 or math.prod(game.actions) > MOST_CELLS:
        return []
    profiles = itertools.product(*(range(m) for m in game.actions))
    return [{"profile": profile_name(game, p), **_cell(result, p)} for p in profiles]


def _cell(result: StudyResult, profile: tuple[int, ...]) -> dict[str, Any]:
    tensor = np.asarray(result.prepared.base.game.tensor, dtype=float)
    return {
        "payoffs": [float(x) for x in tensor[(slice(None), *profile)]],
        "equilibrium": profile in result.base_game.pure_equilibria,
        "optimum": profile in result.base_game.welfare_optima,
    }


def profile_name(game: NormalFormGame, profile: Sequence[int]) -> str:
    """The actions of a profile by name, in parentheses; when many do the same, that once."""
    names = [names[a] for names, a in zip(action_names(game), profile, strict=True)]
    if len(set(names)) == 1 and len(names) > 2:
        return f"(all {names[0]})"
    return f"({', '.join(names)})"


def situations(result: StudyResult) -> list[dict[str, Any]]:
    """Payoffs and welfare without transparency beside those that learning reached with it."""
    base, game = result.base_game, result.prepared.base.game
    found = [
        {"kind": kind, "profile": profile_name(game, profile), "payoffs": payoffs, "of": len(all_)}
        for kind, all_, all_payoffs in (
            ("equilibrium", base.pure_equilibria, base.pure_equilibrium_payoffs),
            ("optimum", base.welfare_optima, base.welfare_optimum_payoffs),
        )
        for profile, payoffs in list(zip(all_, all_payoffs, strict=True))[:MOST_PROFILES_REPORTED]
    ]
    for situation in found:
        situation["welfare"] = math.fsum(situation["payoffs"])
    if result.base.generic is not None:
        payoffs = result.base.generic.payoffs
        learned = {"kind": "learned", "profile": "", "payoffs": payoffs, "of": 1}
        found.append({**learned, "welfare": math.fsum(payoffs)})
    best = max((math.fsum(p) for p in base.pure_equilibrium_payoffs), default=None)
    for situation in found:
        situation["change"] = None if best is None else situation["welfare"] - best
    return found


def learned_payoffs(row: dict[str, Any]) -> list[float | None]:
    """Every player's mean payoff in a row of the sweep."""
    return [value for name, value in row.items() if name.startswith("payoff_player_")]


def numbers(result: StudyResult) -> list[tuple[str, list[list[Number]]]]:
    """Every number of the study apart from its sweep: groups of runs obtained in the same way."""
    groups = [
        ("Thresholds in closed form", _closed_numbers(result.predictions)),
        ("Switches found by trying values", _switch_numbers(result.predictions)),
        ("Equilibrium threshold, proved", _named(threshold_numbers(result.predictions))),
        ("First movement at the study's own values", _first_numbers(result.base)),
        ("Outcome of tied learning at the study's own values", _tied_numbers(result.base)),
        (
            "Outcomes from the study's starts at its own values",
            [] if result.base.generic is None else _outcome_numbers(result.base.generic),
        ),
        ("Equilibrium: boundary test at the study's own values", _boundary_numbers(result.base)),
        ("Equilibrium: certificates at the study's own values", _named(gain_numbers(result))),
        ("Rest points on the diagonal", _diagonal_numbers(result.base)),
        ("Phase portrait", [] if result.portrait is None else _plane_numbers(result.portrait)),
        ("Base game, without transparency", _base_numbers(result)),
    ]
    return [
        (title, [list(run) for _, run in itertools.groupby(found, lambda n: (n.method, n.detail))])
        for title, found in groups
        if found
    ]


def _named(lines: Sequence[Line]) -> list[Number]:
    return [Number(*line) for line in lines]


def _closed_numbers(predictions: Predictions | None) -> list[Number]:
    closed = None if predictions is None else predictions.closed_form
    if closed is None:
        return []
    named = [closed.defection, closed.neutral, closed.cooperation, closed.equilibrium]
    found = [
        Number(f"above it {t.meaning}", t.reason if t.value is None else t.value, closed.method, "")
        for t in named
        if t is not None
    ]
    found = [n._replace(detail=closed.conditions) for n in found]
    return [*found, Number("regime", closed.regime, closed.method, closed.explanation)]


def _switch_numbers(predictions: Predictions | None) -> list[Number]:
    if predictions is None:
        return []
    return [
        Number(what, switch, switch.method, switch.detail)
        for what, switch in (
            ("mean cooperation starts to rise", predictions.first_movement),
            (
                "mean cooperation starts to rise, measured in a short window",
                predictions.measured_first_movement,
            ),
            (
                "mean cooperation stands higher after a long run than at its start",
                predictions.long_run_switch,
            ),
            ("the cooperative corner passes the boundary test", predictions.equilibrium),
        )
        if isinstance(switch, Switch)
    ]


def _first_numbers(base: Assessment) -> list[Number]:
    first = base.first_movement
    return [
        Number(
            "margin, rate of change of mean cooperation", first.margin, first.method, first.detail
        ),
        Number("mean cooperation", first.direction, first.method, "the sign of the margin"),
    ]


def _tied_numbers(base: Assessment) -> list[Number]:
    tied = base.tied
    if tied is None:
        return []
    found = [
        Number("cooperation at the end", tied.cooperation, tied.method, tied.detail),
        Number("the end is a rest point", tied.converged, tied.method, tied.detail),
    ]
    if tied.predicted is not None:
        detail = "the rest point on the diagonal that the neutral start leads to"
        found.append(Number("cooperation predicted", tied.predicted, "closed form", detail))
    return found


def _outcome_numbers(generic: Outcomes) -> list[Number]:
    found: list[tuple[str, Any]] = [
        ("all cooperate: share of runs", generic.cooperation),
        ("some exploit others: share of runs", generic.exploitation),
        ("nobody cooperates: share of runs", generic.defection),
        ("at rest at the end: share of runs", generic.at_rest),
        *((f"player {i + 1} exploited: share of runs", s) for i, s in enumerate(generic.exploited)),
        ("mean cooperation", generic.mean_cooperation),
        ("mean payoff of each player", generic.payoffs),
        ("welfare, the sum of mean payoffs", math.fsum(generic.payoffs)),
        ("runs that left the reals, in no share", generic.not_finite),
    ]
    detail = f"{generic.detail}; in brackets 95\N{NO-BREAK SPACE}% Wilson intervals"
    lines = [Number(what, value, generic.method, detail) for what, value in found]
    if (seen := generic.observed) is not None:
        what, detail = f"observed: {seen.words}, mean of each player", f"{seen.formula}; {detail}"
        lines.append(Number(what, seen.players, generic.method, detail))
    return lines


def _boundary_numbers(base: Assessment) -> list[Number]:
    test = base.boundary
    if test is None:
        return []
    passes = "cannot be told" if test.passes is None else test.passes
    found = [
        Number("the corner is the cooperative one", test.cooperative, test.method, test.detail),
        Number("passes (numerical, not proved)", passes, test.method, test.reason or test.detail),
        Number("tolerance, share of the payoff range", test.tolerance, "setting", ""),
    ]
    for deviation in test.deviations:
        who, best = f"player {deviation.player + 1}", float(np.ravel(deviation.best)[0])
        how = deviation.method, deviation.detail
        found.append(Number(f"{who}: gain of the best deviation found", deviation.gain, *how))
        found.append(Number(f"{who}: its parameter there", best, *how))
    detail = "relative to the largest it could be"
    found += [
        Number(f"player {i + 1}: slope at the corner", slope, test.method, detail)
        for i, slope in enumerate(test.slopes)
    ]
    return found


def _diagonal_numbers(base: Assessment) -> list[Number]:
    found = []
    for point in base.rest_points or ():
        attracts = {True: "attracts", False: "does not attract", None: "a limit"}[point.attracts]
        along = "attracts" if point.attracts_along else "does not attract"
        detail = f"along the diagonal it {along}; across all nearby starts: {attracts}"
        value = point.p, point.theta
        found.append(Number(f"{point.kind}: p, θ", value, point.method, detail))
    return found


def _plane_numbers(portrait: Portrait) -> list[Number]:
    found = [
        Number(f"{point.stability} rest point ({point.place}): θ_1, θ_2", point.params, how, detail)
        for point, how, detail in (
            (p, portrait.method, "cooperation " + ", ".join(f"{x:.6g}" for x in p.cooperation))
            for p in portrait.rest_points
        )
    ]
    found += [
        Number(f"{name}: share of the grid of starts", share, "learned", portrait.detail)
        for name, share in portrait.shares.items()
    ]
    return [*found, Number("runs at rest", portrait.at_rest, "learned", portrait.detail)]


def _base_numbers(result: StudyResult) -> list[Number]:
    base, game = result.base_game, result.prepared.base.game
    found = [
        Number(f"{words} {profile_name(game, profile)}: payoffs", payoffs, base.method, base.detail)
        for words, profiles, all_payoffs in (
            ("pure equilibrium", base.pure_equilibria, base.pure_equilibrium_payoffs),
            ("welfare optimum", base.welfare_optima, base.welfare_optimum_payoffs),
        )
        for profile, payoffs in list(zip(profiles, all_payoffs, strict=True))[
            :MOST_PROFILES_REPORTED
        ]
    ]
    count = len(base.pure_equilibria)
    found.append(Number("pure equilibria, how many", count, base.method, base.detail))
    return [*found, Number("largest welfare", base.welfare, base.method, base.detail)]
