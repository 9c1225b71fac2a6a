"""What is left out of a study for one reason, and what a reader of a repeated game is told."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from glasshouse.games.repeated import is_repeated
from glasshouse.parametric.capabilities import KINKED, ONCE
from glasshouse.study.setting import Prepared, Setting


def left_out_together(notes: Iterable[str]) -> list[str]:
    """Notes in their order, those being one about what repeated games lack, and about what follows
    derivatives in games whose slopes differ on either side."""
    kept = [note for note in notes if note]
    kept = _as_one(kept, [note for note in kept if note.endswith(ONCE)], f"they are {ONCE}")
    kinked = [note for note in kept if KINKED in note]
    if not kinked:
        return kept
    where = kinked[0].partition(KINKED)[2].partition(":")[0].strip()
    return _as_one(kept, kinked, f"{KINKED} {where}; best deviations and proofs need no slopes")


def _as_one(notes: list[str], alike: list[str], reason: str) -> list[str]:
    """The same with one note in place of two or more that give one reason."""
    if len(alike) < 2:
        return notes
    names = [note.partition(":")[0] for note in alike]
    one = f"{', '.join(names[:-1])} and {names[-1]}: {reason}"
    return [one if note is alike[0] else note for note in notes if note not in alike[1:]]


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
