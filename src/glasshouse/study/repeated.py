"""What a reader of a study of a repeated game should be told."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from glasshouse.games.repeated import is_repeated
from glasshouse.parametric.capabilities import ONCE
from glasshouse.study.setting import Prepared, Setting


def left_out_together(notes: Iterable[str]) -> list[str]:
    """Notes in their order, those about what games lack that are repeated being one."""
    notes = [note for note in notes if note]
    once = [note for note in notes if note.endswith(ONCE)]
    names = [note.partition(":")[0] for note in once]
    if len(once) < 2:
        return notes
    one = f"{', '.join(names[:-1])} and {names[-1]}: they are {ONCE}"
    return [one if note is once[0] else note for note in notes if note not in once[1:]]


def repeated_notes(prepared: Prepared, table: pa.Table) -> Iterator[str]:
    """On who takes turns, and on the unit in which look-aheads count."""
    exploited = np.array(table.column("exploitation_share").to_pylist(), dtype=float)
    if is_repeated(prepared.base.played) and np.any(exploited > 0):
        yield (
            "who cooperates is told by discounted rates: players who take turns stand on either "
            'side of ½, and count as exploitation; observe = "rate CD" tells them apart'
        )
    asked = prepared.study.analysis.outcomes or prepared.study.analysis.tied
    learn = [*([prepared.base] if asked else []), *prepared.compared]
    counted = dict.fromkeys(words for setting in learn for words in _counted(setting))
    if counted:
        yield (
            f"look-aheads count in payoffs per round: in discounted sums, as most of the "
            f"literature has them, they are 1 - γ times as much, {', '.join(counted)}; "
            'unit = "sum" in [game] repeated counts so'
        )


def _counted(setting: Setting) -> Iterator[str]:
    """Look-aheads in payoffs per round, and what they are in discounted sums."""
    played = setting.played
    if not is_repeated(played) or played.unit != "step" or not float(played.discount):
        return
    rule = setting.learning.rule
    for one in getattr(rule, "rules", (rule,)):
        ahead = float(getattr(one, "look_ahead", 0.0))
        if ahead:
            yield f"{ahead * (1 - float(played.discount)):.4g} for {ahead:g}"
