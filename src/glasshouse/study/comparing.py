"""What a study compares: how its learners fare beside each other."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from glasshouse._foundation.processes import usable_cores
from glasshouse.analysis.outcomes.comparison import (
    ComparedRow,
    Comparison,
    Reference,
    compared_row,
)
from glasshouse.study.setting import Prepared, Setting, entry_name, rules_called
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
        name=entry_name(entry, setting),
        rule=", ".join(table.rule for table in tables),
        how=_learning(setting),
        at=dict(entry.at),
        quantity=spec.quantity,
        player=spec.player,
        threshold=spec.threshold,
        reference=None if given is None else Reference(given.mean, given.std, given.seeds),
    )


def _learning(setting: Setting) -> str:
    """How a line-up learns: "LOLA (look-ahead 1): 100 steps of 0.5 from the neutral start"."""
    learning = setting.learning
    pace = 1.0 if learning.step_size is None else learning.step_size
    sizes = np.ravel(getattr(learning.rule, "step_sizes", 1.0)) * pace
    said = " and ".join(dict.fromkeys(f"{size:g}" for size in sizes))
    steps = f"{learning.steps} step{'s' * (learning.steps != 1)}"
    stop = "" if learning.stop is None else f", {learning.stop.in_words}"
    tied = "; all players share one parameter" * learning.tied
    return f"{rules_called(learning.rule)}: {steps} of {said} from {learning.starts}{stop}{tied}"


def comparison_notes(comparison: Comparison | None) -> list[str]:
    """What a reader of the comparison should be warned of."""
    return [
        f"{row.failed} of {row.seeds} runs of {row.name} left the reals, and are in no mean"
        for row in (comparison.rows if comparison else ())
        if row.failed
    ]
