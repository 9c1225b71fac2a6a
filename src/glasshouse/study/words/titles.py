"""What tells a study from others: its title, made from its game and from what is its own."""

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glasshouse.games.labels import player_word
from glasshouse.plots._axes import short_label
from glasshouse.study.setting import Prepared
from glasshouse.study.spec.comparison import ComparisonSpec
from glasshouse.study.spec.dotted import leaves, numeric_leaves

USUAL_SEMANTICS = "logistic"
"""Not worth a word in a title."""

MOST_DIFFERENCES = 2
"""What differs between studies of one title; so many are named."""


def study_title(prepared: Prepared) -> str:
    """The game, what is unusual about the study, and what is swept or compared.

    As in "Prisoner's dilemma, LOLA, over coupling κ and look-ahead α". Two studies of one run that
    would have the same title got others from `told_apart`.
    """
    if prepared.title:
        return prepared.title
    unusual = _unusual(prepared)
    varied = _varied(prepared)
    study = prepared.study
    joint = ", " if unusual or study.compare or study.league else " "
    return f"{', '.join([prepared.base.title, *unusual])}{joint if varied else ''}{varied}"


def _unusual(prepared: Prepared) -> list[str]:
    """How players learn, what parameters mean and who sees what, each unless it is the usual."""
    base, study = prepared.base, prepared.study
    rule, channel = base.learning.rule, base.parametric.channel
    rules = " against ".join(one.words for one in getattr(rule, "rules", (rule,)))
    swept = {axis.key.partition(".")[0] for axis in study.swept}
    access = "" if channel.is_full else channel.words
    return [
        *([] if study.league is None else [f"league of {len(study.league.entrants)}"]),
        *([] if study.map is None else ["map"]),
        *([] if rule.selfish or study.compare else [rules]),
        *(
            []
            if study.semantics.kind == USUAL_SEMANTICS
            else [f"{study.semantics.MADE.words} semantics"]
        ),
        *([access] if access and "access" not in swept else []),
    ]


def _varied(prepared: Prepared) -> str:
    study = prepared.study
    if study.swept:
        names = [short_label(axis.key) for axis in study.swept]
        most, last = ", ".join(names[:-1]), names[-1]
        return f"over {most} and {last}" if most else f"along {last}"
    if study.compare:
        compared = study.comparison or ComparisonSpec()
        names, who = prepared.base.game.player_names, compared.player
        whose = "" if who is None else f" of {player_word(who - 1, names)}"
        return f"{len(study.compare)} learners by {compared.quantity}{whose}"
    key = f"semantics.{study.semantics.COUPLING}"
    own = numeric_leaves(study.settings()).get(key)
    return "" if own is None else f"at {short_label(key)} = {own:g}"


def told_apart(prepared: Mapping[Path, Prepared]) -> dict[Path, Prepared]:
    """The studies of one run by their folders, those of the same title with what differs in it."""
    titles = {folder: study_title(study) for folder, study in prepared.items()}
    found = {}
    for folder, study in prepared.items():
        alike = [other for other in titles if titles[other] == titles[folder]]
        more = _differences(folder, [(at, prepared[at]) for at in alike])
        title = f"{titles[folder]} ({more})" if more else titles[folder]
        found[folder] = dataclasses.replace(study, title=title)
    return found


def _differences(folder: Path, alike: list[tuple[Path, Prepared]]) -> str:
    """What this study has otherwise than those of its title; else the name of its folder."""
    if len(alike) == 1:
        return ""
    written = {at: _own_values(study) for at, study in alike}
    mine = written[folder]
    keys = [key for key in mine if any(own.get(key) != mine[key] for own in written.values())]
    for count in range(1, MOST_DIFFERENCES + 1):
        for chosen in itertools.combinations(keys, count):
            said = [tuple(own.get(key) for key in chosen) for own in written.values()]
            if len(set(said)) == len(said):
                return ", ".join(_said(key, mine[key]) for key in chosen)
    return folder.name


def _own_values(study: Prepared) -> dict[str, Any]:
    return dict(leaves(study.study.settings()))


def _said(key: str, value: Any) -> str:
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{short_label(key)} = {shown}"
