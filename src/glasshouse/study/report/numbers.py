"""The numbers of a report: predicted beside found, payoffs, all with how they were obtained."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from glasshouse._foundation.digits import exactly
from glasshouse.analysis.assessment import Assessment
from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.predictions import Predictions
from glasshouse.games.labels import called, player_word
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.study.report.blocks import interval
from glasshouse.study.report.proved import Number, gain_numbers, threshold_numbers
from glasshouse.study.result import StudyResult
from glasshouse.study.words.base_game import mixture_name
from glasshouse.study.words.glance import OURS
from glasshouse.study.words.names import axis_name, basins_called, cooperation_said, players_called
from glasshouse.study.words.sentences import switch_words
from glasshouse.theory.symmetric import Threshold, Thresholds

MOST_PROFILES_REPORTED = 6
"""Of equilibria and optima, so many are listed."""

MIXED = "mixed equilibrium"


def comparison(predictions: Predictions) -> Iterator[tuple[object, ...]]:
    """First movement predicted, as its margin turns and as measured; a long run; equilibrium.

    What it is about, its value, its difference from the line it is to be compared with, and how.
    """
    name, closed = axis_name(predictions.key), predictions.closed_form
    what = f"First movement: {name} above which cooperation rises from the neutral start, predicted"
    if closed is None:
        yield _compared(what, None, f"none: {predictions.reason}")
    else:
        yield _predicted(what, closed.neutral, closed)
    reference = None if closed is None else closed.neutral.value
    for switch, what in (
        (predictions.first_movement, "First movement: where the margin turns"),
        (predictions.measured_first_movement, "First movement: measured, in a short window"),
    ):
        yield _found(what, switch, reference)
        reference = switch.value if reference is None else reference
    what = "Long run: above it mean cooperation stands higher after learning than at the start"
    yield _found(what, predictions.long_run_switch, None)
    equilibrium, reference = None if closed is None else closed.equilibrium, None
    if closed is not None and equilibrium is not None:
        reference = equilibrium.value
        what = f"Equilibrium: {name} from which {equilibrium.meaning.removesuffix('.')}, predicted"
        yield _predicted(what, equilibrium, closed)
    yield _compared_equilibrium(predictions, reference)


def _compared_equilibrium(predictions: Predictions, reference: float | None) -> tuple[object, ...]:
    found = predictions.equilibrium
    what = "Equilibrium: where the cooperative corner passes the boundary test"
    if found is None:
        return _compared(what, None, f"not tested: {predictions.no_equilibrium_reason}")
    if not isinstance(found, CertifiedThreshold):
        return _found(what, found, reference)
    words = f"proved: holds from {exactly(found.lowest)} to {exactly(found.highest)}"
    if found.result == "nowhere":
        words = f"refuted at {found.highest:g}, the largest value searched"
    if found.bracket is not None:
        words = "proved: holds above it"
    what = "Equilibrium: where the cooperative corner is one"
    how = found.method, words, found.detail
    return _compared(what, found.value, *how, bracket=found.bracket, reference=reference)


def _predicted(what: str, threshold: Threshold, closed: Thresholds) -> tuple[object, ...]:
    return _compared(what, threshold.value, OURS, threshold.reason, closed.conditions)


def _found(what: str, switch: Switch, reference: float | None) -> tuple[object, ...]:
    words = switch_words(switch) if switch.value is None else f"holds {switch.holds} it"
    how = switch.method, words, switch.detail
    return _compared(what, switch.value, *how, bracket=switch.bracket, reference=reference)


def _compared(
    what: str,
    value: float | None,
    *how: str,
    bracket: tuple[float, float] | None = None,
    reference: float | None = None,
) -> tuple[object, ...]:
    """A line with its difference from the reference, of which its bracket is all not known."""
    apart = difference = None
    if value is not None and bracket is not None and reference is not None:
        apart, difference = tuple(end - reference for end in bracket), value - reference
    said = "; ".join(filter(None, how))
    return what, interval(value, bracket), interval(difference, apart), said


def action_names(game: NormalFormGame) -> tuple[tuple[str, ...], ...]:
    """One tuple of names per player; a mere number is no name, it becomes "action 1"."""
    return tuple(called(names, "action") for names in game.action_names)


def profile_name(game: NormalFormGame, profile: Sequence[int]) -> str:
    """The actions of a profile by name, in parentheses; when many do the same, that once."""
    names = [names[a] for names, a in zip(action_names(game), profile, strict=True)]
    if len(set(names)) == 1 and len(names) > 2:
        return f"(all {names[0]})"
    return f"({', '.join(names)})"


def numbers(result: StudyResult) -> list[tuple[str, list[list[Number]]]]:
    """Every number of the study apart from its sweep: groups of runs obtained in the same way."""
    stage, names = "Stage game, each pure profile repeated for ever", players_called(result)
    groups = [
        ("Thresholds in closed form", _closed_numbers(result.predictions)),
        ("Switches found by trying values", _switch_numbers(result.predictions)),
        ("Equilibrium threshold, proved", threshold_numbers(result.predictions)),
        ("First movement at the study's own values", _first_numbers(result)),
        ("Outcome of tied learning at the study's own values", _tied_numbers(result.base)),
        (
            "Outcomes from the study's starts at its own values",
            _outcome_numbers(result.base, names),
        ),
        (
            "Equilibrium: boundary test at the study's own values",
            _boundary_numbers(result.base, names),
        ),
        ("Equilibrium: certificates at the study's own values", gain_numbers(result)),
        ("Rest points on the diagonal", _diagonal_numbers(result.base)),
        ("Phase portrait", _plane_numbers(result)),
        (stage if result.repeated else "Base game, without transparency", _base_numbers(result)),
    ]
    return [
        (title, [list(run) for _, run in itertools.groupby(found, lambda n: (n.method, n.detail))])
        for title, found in groups
        if found
    ]


def _closed_numbers(predictions: Predictions | None) -> list[Number]:
    closed = None if predictions is None else predictions.closed_form
    if closed is None:
        return []
    named = (closed.defection, closed.neutral, closed.cooperation, closed.equilibrium)
    found = [
        (f"above it {t.meaning}", t.reason if t.value is None else t.value) for t in named if t
    ]
    regime = Number("regime", closed.regime, closed.method, closed.explanation)
    return [*_obtained(found, closed.method, closed.conditions), regime]


def _switch_numbers(predictions: Predictions | None) -> list[Number]:
    if predictions is None:
        return []
    rises, stands = "mean cooperation starts to rise", "mean cooperation stands higher after"
    named = {
        rises: predictions.first_movement,
        f"{rises}, measured in a short window": predictions.measured_first_movement,
        f"{stands} a long run than at its start": predictions.long_run_switch,
        "the cooperative corner passes the boundary test": predictions.equilibrium,
    }
    found = ((what, switch) for what, switch in named.items() if isinstance(switch, Switch))
    return [Number(what, switch, switch.method, switch.detail) for what, switch in found]


def _first_numbers(result: StudyResult) -> list[Number]:
    first, seen = result.base.first_movement, result.observable
    what = "mean cooperation" if seen is None else seen.words
    margin, sign = f"margin, rate of change of {what}", "the sign of the margin"
    return [
        Number(margin, first.margin, first.method, first.detail),
        Number(what, first.direction, first.method, sign),
    ]


def _tied_numbers(base: Assessment) -> list[Number]:
    tied = base.tied
    if tied is None:
        return []
    ends = (
        ("cooperation at the end", tied.cooperation),
        ("the end is a rest point", tied.converged),
    )
    found = _obtained(ends, tied.method, tied.detail)
    if tied.predicted is not None:
        detail = "the rest point on the diagonal that the neutral start leads to"
        found.append(Number("cooperation predicted", tied.predicted, "closed form", detail))
    return found


def _outcome_numbers(base: Assessment, names: Sequence[str]) -> list[Number]:
    generic = base.generic
    if generic is None:
        return []
    shares: list[tuple[str, Any]] = [
        ("all cooperate: share of runs", generic.cooperation),
        ("some exploit others: share of runs", generic.exploitation),
        ("nobody cooperates: share of runs", generic.defection),
        ("at rest at the end: share of runs", generic.at_rest),
        *(
            (f"{who} exploited: share of runs", share)
            for who, share in zip(names, generic.exploited, strict=True)
        ),
    ]
    means: list[tuple[str, Any]] = [
        ("mean cooperation", generic.mean_cooperation),
        (f"mean payoff of each player ({', '.join(names)})", generic.payoffs),
        ("welfare, the sum of mean payoffs", math.fsum(generic.payoffs)),
        ("runs that left the reals, in no share", generic.not_finite),
    ]
    if (seen := generic.observed) is not None and seen.unit:  # and not cooperation
        shares, means = shares[3:4], means[1:]
    brackets = f"{generic.detail}; in brackets 95\N{NO-BREAK SPACE}% Wilson intervals"
    lines = _obtained(shares, generic.method, brackets)
    lines += _obtained(means, generic.method, generic.detail)
    if seen is not None:
        whose = f", mean of each player ({', '.join(names)})" if len(seen.players) > 1 else ""
        value = seen.players if seen.players else seen.mean
        detail = f"{seen.formula}; {generic.detail}"
        lines.append(Number(f"observed: {seen.words}{whose}", value, generic.method, detail))
    return lines


def _boundary_numbers(base: Assessment, names: Sequence[str]) -> list[Number]:
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
        who, best = player_word(deviation.player, names), np.ravel(deviation.best).tolist()
        each = [""] if len(best) == 1 else [f" {k}" for k in range(1, len(best) + 1)]
        gained = f"{who}: gain of the best deviation found", deviation.gain
        there = [(f"{who}: its parameter{k} there", x) for k, x in zip(each, best, strict=True)]
        found += _obtained((gained, *there), deviation.method, deviation.detail)
    slopes = (
        (f"{player_word(i, names)}: slope at the corner", x) for i, x in enumerate(test.slopes)
    )
    return found + _obtained(slopes, test.method, "relative to the largest it could be")


def _diagonal_numbers(base: Assessment) -> list[Number]:
    found = []
    for point in base.rest_points or ():
        attracts = {True: "attracts", False: "does not attract", None: "a limit"}
        along, nearby = attracts[point.attracts_along], attracts[point.attracts]
        detail = f"along the diagonal it {along}; across all nearby starts: {nearby}"
        found.append(Number(f"{point.kind}: p, θ", (point.p, point.theta), point.method, detail))
    return found


def _plane_numbers(result: StudyResult) -> list[Number]:
    portrait, game = result.portrait, result.prepared.base.game
    acts = "cooperation"
    if result.observable is not None:
        acts = f"probability of {cooperation_said(game)}"
    if portrait is None:
        return []
    found = []
    for point in portrait.rest_points:
        what = f"{point.stability} rest point ({point.place}): θ_1, θ_2"
        detail = f"{acts} " + ", ".join(f"{x:.6g}" for x in point.cooperation)
        found.append(Number(what, point.params, portrait.method, detail))
    ends = zip(basins_called(result), portrait.shares.values(), strict=True)
    shares = [(f"{name}: share of the grid of starts", x) for name, x in ends]
    ends = [*shares, ("runs at rest", portrait.at_rest)]
    return found + _obtained(ends, "learned", portrait.detail)


def _base_numbers(result: StudyResult) -> list[Number]:
    base = result.base_game
    found: list[tuple[str, Any]] = [
        (f"{words} {name}: payoffs", payoffs)
        for words, name, payoffs in listed_profiles(result, "welfare optimum")
        if words != MIXED
    ]
    found.append(("pure equilibria, how many", len(base.pure_equilibria)))
    found.append(("largest welfare", base.welfare))
    mixed: list[tuple[str, Any]] = [
        (f"{MIXED} {mixture_name(result.prepared.base.game, x)}: payoffs", x.payoffs)
        for x in (base.mixed or ())[:MOST_PROFILES_REPORTED]
    ]
    if base.mixed is not None:
        mixed.append(("mixed equilibria, how many", len(base.mixed)))
    numbers = _obtained(found, base.method, base.detail)
    return numbers + _obtained(mixed, base.method, base.mixed_detail)


def _obtained(found: Iterable[tuple[str, Any]], method: str, detail: str) -> list[Number]:
    """Numbers that were obtained in the same way."""
    return [Number(what, value, method, detail) for what, value in found]


def listed_profiles(
    result: StudyResult, optimum: str
) -> Iterator[tuple[str, str, tuple[float, ...]]]:
    """The first equilibria, pure and mixed, and profiles of largest welfare, called `optimum`: what
    each is, its name, and what it pays."""
    base, game = result.base_game, result.prepared.base.game
    for words, profiles, payoffs in (
        ("pure equilibrium", base.pure_equilibria, base.pure_equilibrium_payoffs),
        (optimum, base.welfare_optima, base.welfare_optimum_payoffs),
    ):
        for profile, paid in list(zip(profiles, payoffs, strict=True))[:MOST_PROFILES_REPORTED]:
            yield words, profile_name(game, profile), paid
    for mixture in (base.mixed or ())[:MOST_PROFILES_REPORTED]:
        yield MIXED, mixture_name(game, mixture), mixture.payoffs
