"""The four answers of a study, each in a few words: what stands first in its report."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from glasshouse.analysis.equilibrium.certified_thresholds import CertifiedThreshold
from glasshouse.analysis.outcomes.comparison import Comparison
from glasshouse.certificates.certificate import Certificate
from glasshouse.study.computed import Computed
from glasshouse.study.words.compared import mean_words, quantity_words, references_words
from glasshouse.study.words.headlines import along_slices, corner_is, corner_judged, passing
from glasshouse.study.words.league import league_glances
from glasshouse.study.words.maps import map_glances
from glasshouse.study.words.names import (
    at_own_values,
    axis_name,
    digits_of,
    players_called,
    points_words,
    spans,
    upper,
)
from glasshouse.study.words.outcomes import (
    FEWEST_COOPERATE,
    FEWEST_EXPLOIT,
    counted,
    holding,
    seldom_exploits,
)
from glasshouse.study.words.sentences import toward, where_words, which_ends
from glasshouse.study.words.verdicts import about_program, judged

OURS = "closed form, derived here"
"""Of formulas that stand in no paper that is cited."""

NOT_SOUGHT = "not asked"

ENDS_ABOVE = 0.5
"""Of tied runs: all cooperate where they end above it."""


class Glance(NamedTuple):
    """An answer in a few words: what it is about, the `question`, the `answer`, and `how` it was
    obtained."""

    about: str
    question: str
    answer: str
    how: str


def glance(result: Computed) -> list[Glance]:
    """First movement, outcomes of tied and of other starts, and equilibrium; or a comparison, a
    league or a map."""
    found, names = result.comparison, players_called(result)
    compared = [] if found is None else _compared(found, names)
    if result.league is not None:
        compared += [Glance(*line) for line in league_glances(result.league)]
    if result.map is not None:
        compared += [Glance(*line) for line in map_glances(result.map, result.prepared.base.game)]
    if result.compares_only:
        return compared
    return [*compared, _movement(result), _tied(result), _outcomes(result), _equilibrium(result)]


def _compared(comparison: Comparison, names: Sequence[str]) -> list[Glance]:
    runs = [row.seeds for row in comparison.rows]
    how = f"learned, {'–'.join(map(str, dict.fromkeys((min(runs), max(runs)))))} runs each"
    what = quantity_words(comparison, names)
    best = comparison.best
    said = "no run of any learner ended"
    if best:
        first, *same = best
        others = f"; {len(same)} not told apart from it" if same else ""
        said = f"{first.name}: {mean_words(first)}{others}"
    found = [Glance("Best", f"Who does best by {what}?", said, how)]
    ended = [row for row in comparison.rows if np.isfinite(row.mean)]
    if len(ended) > 1:
        last = max(ended, key=lambda row: row.mean * (1 if comparison.quantity == "loss" else -1))
        found.append(Glance("Worst", "Who does worst?", f"{last.name}: {mean_words(last)}", how))
    if references := references_words(comparison):
        found.append(Glance("References", "Is what was published met?", upper(references), how))
    return found


def _movement(result: Computed) -> Glance:
    question, way = "Which way do learners set out from the neutral start?", toward(result)
    predictions, how = result.predictions, "derivative"
    if result.untold:
        return Glance("First movement", question, f"not known: {result.untold}", "–")
    if predictions is not None:
        answer = f"{way} {where_words(predictions.first_movement, predictions.key)}"
        closed = predictions.closed_form
        how = OURS if closed is not None and closed.neutral.value is not None else how
    elif result.slices:
        turns = along_slices(result, "first_movement") if _rising(result) else ""
        answer = f"{way} {turns}" if turns else _rises(result)
    else:
        answer = _rises(result)
    return Glance("First movement", question, answer, how)


def _rising(result: Computed) -> bool:
    """Whether along every slice cooperation rises from a value on, if it turns at all."""
    return all(x.moves in ("from a value on", "everywhere", "nowhere") for x in result.slices)


def _rises(result: Computed) -> str:
    if not result.axes:
        away = toward(result).replace("toward", "away from", 1)
        if result.observable is not None:
            away = f"toward lower {result.observable.words}"
        said = {"rises": toward(result), "falls": away, "not finite": "its rate is not finite"}
        at_rest = "nowhere: the neutral start is at rest"
        return said.get(result.base.first_movement.direction, at_rest)
    rises = [direction == "rises" for direction in result.column("first_movement")]
    return f"{toward(result)} {_at(result, rises)}"


def _tied(result: Computed) -> Glance:
    question = "Where does learning end if all share one parameter?"
    tied = result.base.tied
    if tied is None:
        why = next((x for x in result.base.notes if x.startswith("no tied outcome: ")), "")
        return Glance("Tied outcome", question, why or NOT_SOUGHT, "–")
    how = "learned" if tied.predicted is None else f"learned; {OURS}"
    ends = result.column("tied_cooperation").astype(float)
    above = (ends > ENDS_ABOVE).tolist()
    if not result.axes:
        return Glance("Tied outcome", question, f"at cooperation {digits_of(ends[0])}", how)
    return Glance("Tied outcome", question, f"at cooperation above ½ {_at(result, above)}", how)


def _outcomes(result: Computed) -> Glance:
    question = "Where does learning end from the study's starts?"
    generic = result.base.generic
    if generic is None:
        return Glance("Outcomes", question, NOT_SOUGHT, "–")
    starts = result.prepared.base.learning.starts.runs
    how = f"learned, {starts} run{'s' * (starts != 1)} a point"
    if not result.axes or result.observable is not None:
        return Glance("Outcomes", question, counted(result), how)
    everyone = "both" if result.prepared.base.game.players == 2 else "all"
    parts, seldom = [], seldom_exploits(result)
    for name, least, words, never in (
        (
            "cooperation",
            FEWEST_COOPERATE,
            f"{everyone} cooperate in half of the runs",
            f"at no point tried do {everyone} cooperate in half of the runs",
        ),
        (
            "exploitation",
            FEWEST_EXPLOIT,
            f"some exploit others in {FEWEST_EXPLOIT:.0%} of the runs",
            f"some exploit others {seldom}" if seldom else "in no run is anybody exploited",
        ),
        ("defection", FEWEST_COOPERATE, "nobody cooperates in half of the runs", ""),
    ):
        holds = holding(result, f"{name}_share", least)
        parts.append(f"{words} {_at(result, holds)}" if any(holds) else never)
    return Glance("Outcomes", question, "; ".join(filter(None, parts)), how)


def _at(result: Computed, holds: Sequence[bool]) -> str:
    """At which points of the sweep."""
    if len(result.axes) == 1:
        return spans(result.axes[0].values, holds, axis_name(result.axes[0].key))
    return points_words(result, holds)


def _equilibrium(result: Computed) -> Glance:
    question = "Is cooperation by all an equilibrium, and is where learning ends?"
    if result.observable is not None:
        question = "Is where learning ends an equilibrium?"
    if result.repeated:
        return Glance("Equilibrium", question, "not asked of games that are repeated", "–")
    said, hows = [], []
    predictions = result.predictions
    found = None if predictions is None else predictions.equilibrium
    if predictions is not None and found is not None:
        said.append(f"cooperation {corner_is(found, axis_name(predictions.key))}")
        hows.append("proved" if isinstance(found, CertifiedThreshold) else "numerical")
    elif judgement := corner_judged(result):
        said.append(judgement)
        hows += [_proved(p.certificate) for p in result.certificates if p.corner][:1]
    elif tested := passing(result):
        said.append(tested)
        hows.append("numerical")
    points = [p.certificate for p in result.certificates if p.reached is not None]
    if points:
        verdicts = [proof.verdict for proof in points]
        here = f"{at_own_values(result).strip()}, " if result.axes else ""
        said.append(f"{here}{judged(verdicts, points[0].epsilon, which_ends(result))}")
        hows += [] if set(verdicts) == {"unknown"} else [_proved(points[0])]
    if result.searched:
        count = len(result.searched)
        said.append(f"{count} point{'s' * (count > 1)} searched for deviations, not proved")
        hows.append("numerical")
    asked = result.prepared.study.analysis.boundary_test
    answer = "; ".join(said) or ("not tested, or undecided" if asked else NOT_SOUGHT)
    return Glance("Equilibrium", question, answer, "; ".join(dict.fromkeys(hows)) or "–")


def _proved(certificate: Certificate) -> str:
    """That it is proved, and of what, where that is the program of a semantics."""
    about = about_program(certificate).strip(" ()").partition(",")[0]
    return f"proved {about}".strip()
