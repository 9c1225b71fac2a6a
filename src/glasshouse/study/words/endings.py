"""What learning in finite steps ends in, in words: rest, cycles, chaos, or none of these."""

from collections.abc import Iterator, Sequence

import numpy as np

from glasshouse.plots.endings import ENDS_OF_STEPS, kinds_of_endings
from glasshouse.study.computed import Computed
from glasshouse.study.words.names import axis_name, in_words_and, upper
from glasshouse.study.words.page import Sheet
from glasshouse.theory.registry import Known, known

COUNTED = (
    "they rest inside",
    "they rest at a bound",
    "they come back after 2 steps",
    "they come back after 4 steps",
    "they come back after other numbers of steps, or several",
    "they are chaotic (by a measured Lyapunov exponent, which is no proof)",
    "they do none of these",
    "no kind of ending is that of most runs",
)
"""What more than half of the runs do at a point, in the order of `ENDS_OF_STEPS`."""

ENDING_COLUMNS = ("corner_share", "cycle_share", "chaotic_share", "moving_share", "period")


def endings(result: Computed) -> np.ndarray:
    """What most runs end in at each point of the sweep, as a place in `ENDS_OF_STEPS`."""
    return kinds_of_endings(
        *(np.asarray(result.column(name), dtype=float) for name in ENDING_COLUMNS)
    )


def ending_claims(result: Computed) -> Iterator[str]:
    """What the runs end in, where it was asked for."""
    if not result.prepared.study.analysis.cycles:
        return
    found = endings(result)
    over = in_words_and([axis_name(axis.key) for axis in result.axes])
    where = f", over {over}" if over else ""
    yield f"Outcome in finite steps{where}: {_counted(found)}{_exponent(result)}."


def largest_steps(result: Computed, sheet: Sheet) -> list[float | None]:
    """At each value of the first axis the largest step at rest in closed form, where steps are the
    second axis and the formula is of these learners; else nothing."""
    first, second = result.axes[:2]
    learning = result.prepared.base.learning
    if second.key != "learning.step_size" or not (learning.tied and learning.rule.selfish):
        return []
    points = result.prepared.points[sheet.rows][: len(first.values)]
    found = [known("largest step", point.parametric) for point in points]
    return [x.value if isinstance(x, Known) else None for x in found]


def endings_words(
    result: Computed, sheet: Sheet, largest: Sequence[float | None]
) -> tuple[str, str, str]:
    """Title, alternative text and caption of the map of endings, with the `largest_steps`."""
    first, second = (axis_name(axis.key) for axis in result.axes[:2])
    at = f" at {sheet.at}" if sheet.at else ""
    title = f"What learning in finite steps ends in, over {first} and {second}{at}"
    caption = (
        f"Colours: what more than half of the runs end in ({_method(result)}). A cycle has come "
        "back three times to within 1e-6 of its length; chaos is measured, not proved."
    )
    if any(x is not None for x in largest):
        caption += (
            " Dashed line: the largest step with which tied learners rest between the corners, "
            "2/((1+κ)² |D| v²), derived here."
        )
    return title, f"{upper(_counted(endings(result)[sheet.rows]))}.", caption


def _counted(found: np.ndarray) -> str:
    if found.size == 1:
        place = found.item()
        return "nothing was counted" if np.isnan(place) else f"of most runs, {COUNTED[int(place)]}"
    each = [(COUNTED[k], int((found == k).sum())) for k in range(len(ENDS_OF_STEPS))]
    said = [f"at {count} {words}" for words, count in each if count]
    return f"of {found.size} points, by what most runs do, {'; '.join(said) or 'none was counted'}"


def _exponent(result: Computed) -> str:
    values = np.asarray(result.column("exponent"), dtype=float)
    if not np.isfinite(values).any():
        return ""
    return f"; the largest exponent is {np.nanmax(values):.2g} per step"


def _method(result: Computed) -> str:
    found = result.base.periods
    return "learned" if found is None else f"learned, {found.detail}"
