"""What a study compares: how its learners fare beside each other."""

from concurrent.futures import ThreadPoolExecutor

from glasshouse._foundation.processes import usable_cores
from glasshouse.analysis.outcomes.comparison import (
    ComparedRow,
    Comparison,
    Reference,
    compared_row,
)
from glasshouse.rules.base import AbstractRule, in_words
from glasshouse.study.setting import Prepared, Setting
from glasshouse.study.spec.comparison import ComparisonSpec, EntrySpec


def study_comparison(prepared: Prepared) -> Comparison | None:
    """How the learners of `[[compare]]` fare; None where there are none.

    Line-ups are computed beside each other, since their compilation leaves cores idle.
    """
    entries = prepared.study.compare
    if not entries:
        return None
    spec = prepared.study.comparison or ComparisonSpec()
    with ThreadPoolExecutor(usable_cores()) as pool:
        rows = pool.map(
            lambda pair: _row(spec, *pair), zip(entries, prepared.compared, strict=True)
        )
        return Comparison(tuple(rows), spec.quantity, spec.player, spec.threshold, spec.within)


def _row(spec: ComparisonSpec, entry: EntrySpec, setting: Setting) -> ComparedRow:
    given, learning = entry.reference, setting.study.learning
    tables = learning.players or (learning,)
    return compared_row(
        setting.parametric,
        setting.learning,
        name=entry.name or _name(entry, setting),
        rule=", ".join(table.rule for table in tables),
        quantity=spec.quantity,
        player=spec.player,
        threshold=spec.threshold,
        reference=None if given is None else Reference(given.mean, given.std, given.seeds),
    )


def _name(entry: EntrySpec, setting: Setting) -> str:
    """What a line-up is called that a study gives no name."""
    values = ", ".join(
        f"{key} = {x}" if isinstance(x, str) else f"{key} = {x:g}" for key, x in entry.at.items()
    )
    return _called(setting.learning.rule) + (f" at {values}" if values else "")


def _called(rule: AbstractRule) -> str:
    return " against ".join(map(in_words, getattr(rule, "rules", (rule,))))


def comparison_notes(comparison: Comparison | None) -> list[str]:
    """What a reader of the comparison should be warned of."""
    return [
        f"{row.failed} of {row.seeds} runs of {row.name} left the reals, and are in no mean"
        for row in (comparison.rows if comparison else ())
        if row.failed
    ]
