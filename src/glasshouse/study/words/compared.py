"""A comparison of learners in words: which does best, and whether what was published is met."""

import math
from collections.abc import Iterator, Sequence

from glasshouse.analysis.outcomes.comparison import ComparedRow, Comparison
from glasshouse.games.labels import player_word
from glasshouse.games.repeated import PAYOFF_UNITS
from glasshouse.study.setting import changes_in_words
from glasshouse.study.words.signs import comparison_signs

MOST_LISTED = 8
"""Of learners that do worse, so many are named."""


def comparison_brief(comparison: Comparison) -> str:
    """The answer in one short line: which learner does best, and whether references are met."""
    if not comparison.best:
        return "no run of any learner ended"
    return "; ".join(filter(None, [_best(comparison), references_words(comparison)]))


def comparison_claim(comparison: Comparison, names: Sequence[str] = ()) -> str:
    """Which learner does best, how the others fare, and whether all references are met.

    **Arguments:** `names`, what players are called.
    """
    best = comparison.best
    said = [f"Comparison ({quantity_words(comparison, names)}, mean ± 95 %)"]
    if not best:
        return f"{said[0]}: no run of any learner ended."
    others = [row for row in comparison.rows if row not in best and math.isfinite(row.mean)]
    worse = [f"{row.name} {mean_words(row)}" for row in others[:MOST_LISTED]]
    worse += [f"{len(others) - MOST_LISTED} more"] if len(others) > MOST_LISTED else []
    parts = [_best(comparison), ", ".join(worse), *map(_missed, _unmet(comparison))]
    parts += [references_words(comparison), _failed(comparison)]
    return f"{said[0]}: {'; '.join(filter(None, parts))}."


def quantity_words(comparison: Comparison, names: Sequence[str] = ()) -> str:
    """What is compared: "loss per round, mean of all players"; `names` of the players."""
    who = comparison.player
    whose = "mean of all players" if who is None else player_word(who - 1, names)
    return f"{comparison.quantity} per round, {whose}"


def share_words(comparison: Comparison) -> str:
    """Of which runs the share is: "below 1.2"; nothing without a threshold."""
    if comparison.threshold is None:
        return ""
    side = "above" if comparison.quantity == "payoff" else "below"
    return f"{side} {comparison.threshold:g}"


def mean_words(row: ComparedRow) -> str:
    """A mean and half of its interval, to two digits of that."""
    if not math.isfinite(row.mean):
        return "–"
    half = row.interval[1] - row.mean
    if math.isnan(half):
        return f"{row.mean:.6g} (one run)"
    if not half:
        return f"{row.mean:.6g} ± 0"
    places = max(0, 1 - math.floor(math.log10(half)))
    return f"{row.mean:.{places}f} ± {half:.{places}f}"


def references_words(comparison: Comparison) -> str:
    """How many references are met; nothing where there are none."""
    met = [comparison.met(row) for row in comparison.rows if row.reference is not None]
    if not met:
        return ""
    if None in met:
        return f"{met.count(None)} of {len(met)} references cannot be judged by one run"
    errors = f"within {comparison.within:g} combined standard errors"
    if all(met):
        both = {1: "the reference is", 2: "both references are"}
        return f"{both.get(len(met), f'all {len(met)} references are')} met, {errors}"
    missed = met.count(False)
    if missed == len(met):
        none = {1: "the reference is not", 2: "neither reference is"}
        return f"{none.get(missed, f'none of the {missed} references is')} met {errors}"
    verb = "is" if missed == 1 else "are"
    return f"{missed} of {len(met)} references {verb} not met {errors}"


def comparison_words(comparison: Comparison, names: Sequence[str] = ()) -> tuple[str, str, str]:
    """Title, alternative text and caption of the figure of a comparison."""
    what = quantity_words(comparison, names)
    rows = "; ".join(f"{row.name} {mean_words(row)}" for row in comparison.rows)
    marked = any(row.reference is not None for row in comparison.rows)
    caption = [
        f"{what[0].upper()}{what[1:]}: dots are means over the runs that ended, bars their 95 % "
        "intervals.",
        *(["Crosses: means to compare with, and their 95 % intervals."] if marked else []),
        *comparison_signs(comparison.threshold),
    ]
    return f"Learners compared by {comparison.quantity}", f"{rows}.", " ".join(caption)


def learning_words(row: ComparedRow) -> str:
    """How a row learns, what is its own, and in which unit of payoffs its steps count."""
    counted = "" if row.unit is None else f"steps count {PAYOFF_UNITS[row.unit]}"
    return "; ".join(filter(None, [row.learning, changes_in_words(row.at), counted]))


def _best(comparison: Comparison) -> str:
    first, *same = comparison.best
    verb = "does best" if len(comparison.rows) > 1 else "is alone"
    apart = ", ".join(f"{row.name} {mean_words(row)}" for row in same)
    return f"{first.name} {verb}, {mean_words(first)}" + (
        f" (not told apart: {apart})" * bool(same)
    )


def _unmet(comparison: Comparison) -> Iterator[ComparedRow]:
    yield from (row for row in comparison.rows if comparison.met(row) is False)


def _missed(row: ComparedRow) -> str:
    reference = row.reference
    assert reference is not None
    return f"{row.name} is {row.z:+.1f} standard errors from its reference {reference.mean:g}"


def _failed(comparison: Comparison) -> str:
    lost = sum(row.failed for row in comparison.rows)
    runs = sum(row.seeds for row in comparison.rows)
    return f"{lost} of {runs} runs left the reals and are in no mean" if lost else ""
