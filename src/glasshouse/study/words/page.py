"""What the figures of a study show, in words: title, the finding with its numbers, and method."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from glasshouse._foundation.digits import digits, headline
from glasshouse.analysis.assessment import TiedOutcome
from glasshouse.analysis.equilibrium.certified_thresholds import (
    CertifiedThreshold,
    EquilibriumCurve,
)
from glasshouse.analysis.phase.portrait import Portrait
from glasshouse.parametric.observable import Observable
from glasshouse.plots.coupling import Marker, outcome_names
from glasshouse.plots.outcome_map import QUANTITIES
from glasshouse.study.computed import Computed
from glasshouse.study.questions import is_of_rule
from glasshouse.study.sweep import MOST_REST
from glasshouse.study.words.names import axis_name, in_words_and, neighbours, upper
from glasshouse.study.words.outcomes import exploited, least_and_most
from glasshouse.study.words.signs import (
    CURVE_SIGNS,
    map_signs,
    share_signs,
    threshold_signs,
    tied_signs,
)

TIED_SETTINGS = ("learning.step_size", "learning.steps")
"""What tied runs from the neutral start depend on."""

PASSES = "passes the boundary test (numerical, not proved)"

MOST_SHEETS = 9
"""Over more than two axes so many maps are drawn."""

LEADERS = ("cooperation", "exploitation", "defection")


class Sheet(NamedTuple):
    """A map over the first two axes: `at` which values of the others, in words; its `rows` of the
    table and its `slices`."""

    at: str
    rows: slice
    slices: slice


def leading_outcomes(result: Computed) -> list[str | None]:
    """The most frequent outcome at each point; None where two tie or none was counted."""
    shares = np.array([result.column(f"{name}_share") for name in LEADERS], dtype=float)
    found: list[str | None] = []
    for column in shares.T:
        first = np.flatnonzero(column == column.max())  # nothing equals NaN
        found.append(LEADERS[int(first[0])] if len(first) == 1 else None)
    return found


def along_words(
    result: Computed, marks: Sequence[Marker], unmarked: Sequence[str] = ()
) -> tuple[str, str, str]:
    """Title, alternative text and caption of the diagram along one axis.

    **Arguments:** `unmarked`, what has too many switches to be marked, in words.
    """
    (axis,) = result.axes
    name, x = axis_name(axis.key), axis.values
    parts = [f"{_upper(name)} runs from {x[0]:g} to {x[-1]:g}."]
    tied = result.column("tied_cooperation")
    known = np.flatnonzero(np.isfinite(tied))
    if len(known):
        first, last = (f"{tied[k]:.3g} at {x[k]:g}" for k in known[[0, -1]])
        parts.append(
            f"Tied learning from the neutral start ends with cooperation {first} and {last}."
        )
    if result.base.generic is not None:
        names = outcome_names(result.prepared.base.game.players)
        spans = _spans(
            x, [names.get(leader or "", "no single one") for leader in leading_outcomes(result)]
        )
        parts.append(f"Most frequent outcome of the runs: {spans}.")
        each = [f"{name} in {100 * share:.2g}%" for name, share in exploited(result).items()]
        if each:
            parts.append(
                f"Where some exploit others, exploited is {in_words_and(each)} of the runs."
            )
    if marks:
        parts.append(f"Marked: {', '.join(map(_marked, marks))}.")
    return (f"Cooperation along {name}", " ".join(parts), _along_caption(result, marks, unmarked))


def observed_words(result: Computed, seen: Observable) -> tuple[str, str, str]:
    """Title, alternative text and caption of the diagram of an observable along one axis."""
    (axis,) = result.axes
    name, x = axis_name(axis.key), axis.values
    means = result.column("observed_mean").astype(float)
    ends = " and ".join(f"{means[k]:.4g} at {x[k]:g}" for k in (0, -1))
    span = least_and_most(means)
    found = "is known at no point tried"
    if span is not None:
        found = f"is {ends}, at least {span[0]:.4g} and at most {span[1]:.4g}"
    alt = (
        f"{_upper(name)} runs from {x[0]:g} to {x[-1]:g}. The mean {seen.words} over runs {found}."
    )
    caption = (
        f"{upper(seen.words)}, {seen.formula}, where learning ends: {result.learned}. The band "
        "reaches from the run with the least to the one with the largest."
    )
    return f"{upper(seen.words)} along {name}", alt, caption


def observed_map_words(result: Computed, seen: Observable, sheet: Sheet) -> tuple[str, str, str]:
    """Title, alternative text and caption of the map of an observable over the first two axes."""
    first, second = (axis_name(axis.key) for axis in result.axes[:2])
    values = result.column("observed_mean")[sheet.rows].astype(float)
    at = f" at {sheet.at}" if sheet.at else ""
    alt = f"Mean {seen.words} over {first} and {second}{at}: {_from_to(values, 4)}."
    caption = [f"Colours: mean {seen.words}, {seen.formula}, over runs ({result.learned})."]
    caption += _moving(result, sheet)
    return f"{upper(seen.words)} over {first} and {second}{at}", alt, " ".join(caption)


def map_words(result: Computed, quantity: str, sheet: Sheet) -> tuple[str, str, str]:
    """Title, alternative text and caption of a map over the first two axes."""
    first, second = (axis_name(axis.key) for axis in result.axes[:2])
    values = result.column(quantity)[sheet.rows].astype(float)
    at = f" at {sheet.at}" if sheet.at else ""
    parts = [
        f"{QUANTITIES[quantity].capitalize()} over {first} and {second}{at}: {_from_to(values, 3)}."
    ]
    leading = leading_outcomes(result)[sheet.rows] if result.base.generic is not None else []
    if result.base.generic is not None:
        count = leading.count("exploitation")
        parts.append(
            f"Exploitation is the most frequent outcome at {count} of {len(values)} points."
        )
    slices = result.slices[sheet.slices]
    ends = [slices[0], slices[-1]] if slices else []
    for words, name in (
        ("First movement turns to cooperation", "first_movement"),
        ("The cooperative corner passes the boundary test from", "equilibrium"),
        ("In at least half of the runs all cooperate in the end from", "cooperation"),
    ):
        found = [(s.value, getattr(s, name)) for s in ends if getattr(s, name) is not None]
        where = " and ".join(f"{first} {at:.4g} for {second} {value:g}" for value, at in found)
        if any(s.moves == "up to a value" for s in ends):
            words = words.replace("turns to", "turns from")
        parts += [f"{words} at {where}."] if found and name == "first_movement" else []
        parts += [f"{words} {where}."] if found and name != "first_movement" else []
    caption = [f"Colours: {_quantity_method(result, quantity)}."]
    caption += map_signs(hatched="exploitation" in leading)
    if any(s.predicted is not None for s in slices):
        caption.append("Line: first movement predicted in closed form, derived here.")
    if any(s.first_movement is not None for s in slices):
        caption.append(
            "Circles: where the first-movement margin, a derivative, changes sign, interpolated "
            "between points of the sweep."
        )
    if any(s.equilibrium is not None for s in slices):
        caption.append(f"Squares: the first point from which on the cooperative corner {PASSES}.")
    if any(s.cooperation is not None for s in slices):
        caption.append(
            "Triangles: the first point from which on at least half of the runs end with all "
            "cooperating."
        )
    caption += _moving(result, sheet)
    return f"Outcomes over {first} and {second}{at}", " ".join(parts), " ".join(caption)


def _from_to(values: np.ndarray, count: int) -> str:
    """From the least to the largest number, with so many digits."""
    ends = least_and_most(values)
    return (
        "nothing is known"
        if ends is None
        else " to ".join(
            f"{word}{x:.{count}g}" for word, x in zip(("from ", ""), ends, strict=True)
        )
    )


def sheets(result: Computed) -> list[Sheet]:
    """The maps to draw: one over two axes; of more, at the first, middle and last of the others.

    Of many axes some combinations only, evenly spread.
    """
    first, second, *others = result.axes
    found = []
    for at, place in planes_shown([(axis.key, axis.values) for axis in others]):
        k = 0
        for axis, index in zip(reversed(others), place, strict=True):
            k = k * len(axis.values) + index
        rows, size = len(second.values), len(second.values) * len(first.values)
        found.append(Sheet(at, slice(k * size, (k + 1) * size), slice(k * rows, (k + 1) * rows)))
    return found


def planes_shown(
    others: Sequence[tuple[str, Sequence[float] | np.ndarray]],
) -> list[tuple[str, tuple[int, ...]]]:
    """Where the axes beside the first two stand in what is drawn, in words, and their places from
    the last axis to the first: at their first, middle and last values, of many evenly spread."""
    ends = [sorted({0, (len(x) - 1) // 2, len(x) - 1}) for _, x in reversed(others)]
    places = list(itertools.product(*ends))
    if len(places) > MOST_SHEETS:
        chosen = np.linspace(0, len(places) - 1, MOST_SHEETS).round().astype(int)
        places = [places[k] for k in chosen]
    found = []
    for place in places:
        where = zip(others, reversed(place), strict=True)
        at = ", ".join(f"{axis_name(key)} = {values[k]:g}" for (key, values), k in where)
        found.append((at, place))
    return found


def _moving(result: Computed, sheet: Sheet) -> list[str]:
    """Where runs had not come to rest, on maps on which learning itself changes or many lie."""
    if len(result.axes) < 3 and not any(is_of_rule(axis.key) for axis in result.axes):
        return []
    rests = result.column("at_rest_share")[sheet.rows].astype(float)
    moving = int(np.sum(rests < MOST_REST))
    which = f"at {moving} of {len(rests)} points fewer than {MOST_REST:.0%} of the runs"
    return [f"Not at rest: {which} had come to rest."] if moving else []


def portrait_words(
    portrait: Portrait, where: str, basins: Sequence[str], does: str, signs: str
) -> tuple[str, str, str]:
    """Title, alternative text and caption of the phase portrait.

    **Arguments:** as in `portrait_alt`; `signs`, what each sign means.
    """
    caption = f"{signs} {_upper(portrait.detail)}."
    shown = portrait_alt(portrait, basins, does)
    return f"Phase portrait{where}", shown, " ".join([caption, *_sentences(portrait.notes)])


def portrait_alt(portrait: Portrait, basins: Sequence[str], does: str = "cooperate") -> str:
    """What a phase portrait shows, in words.

    **Arguments:** `basins`, what they are called; `does`, what players do with probability p.
    """
    kinds = [point.stability for point in portrait.rest_points]
    counted = [f"{kinds.count(k)} {k}" for k in dict.fromkeys(kinds)]
    shares = dict(zip(basins, portrait.shares.values(), strict=True))
    ends = ", ".join(f"{name} {share:.1%}" for name, share in shares.items() if share > 0)
    stable = [p.cooperation for p in portrait.rest_points if p.stability == "stable"][:6]
    at = "; ".join(f"({a:.3g}, {b:.3g})" for a, b in stable)
    return (
        f"Plane of both players' parameters. Rest points found: {', '.join(counted) or 'none'}."
        + (f" Stable ones lie where the players {does} with probability {at}." if at else "")
        + f" Of a grid of starts, so many end in each outcome: {ends or 'none is finite'}."
    )


def curve_words(curve: EquilibriumCurve) -> tuple[str, str, str]:
    """Title, alternative text and caption of the equilibrium threshold against the bound."""
    at = ", ".join(
        f"{headline(*threshold.bracket)} at M = {bound:g}"
        for bound, threshold in zip(curve.bounds, curve.thresholds, strict=True)
        if threshold.bracket is not None
    )
    alt = f"The coupling from which on cooperation by all is an equilibrium: {at}."
    caption = (
        "Dots: brackets between two proofs, that a deviation pays and that none does at any "
        "coupling above."
    )
    if curve.limits is not None:
        tends = curve.limits.threshold.value
        to = f", where the threshold tends to {digits(tends)}" if tends is not None else ""
        caption += (
            f" For M → ∞ in closed form{to}; that nothing is gained in the limit holds "
            f"{curve.limits.statement} when deviations beyond the corner's bound count. "
            f"{CURVE_SIGNS}"
        )
    return "From which coupling on cooperation is an equilibrium, by bound", alt, caption


def _along_caption(result: Computed, marks: Sequence[Marker], unmarked: Sequence[str]) -> str:
    tied, learned = result.base.tied, result.learned
    parts = []
    if tied is not None:
        parts.append(f"Tied start: {_tied_detail(result, tied)}.")
        parts += tied_signs(tied.predicted is not None, learned is not None)
    if learned is not None:
        parts.append(f"Outcomes: {learned}.")
        parts.append(share_signs(result.prepared.base.game.players))
    if any(mark.kind == "first order" for mark in marks):
        closed = result.predictions is not None and result.predictions.closed_form is not None
        how = "in closed form" if closed else "as found by trying values"
        meanings = threshold_signs(marks, [plain_label(mark.label) for mark in marks])
        parts.append(f"Dotted: first-order thresholds {how}{meanings}.")
    if any(mark.kind == "long run" for mark in marks):
        parts.append(
            "Dash-dotted: where a long run begins, or ceases, to stand higher than its start."
        )
    if any(mark.kind == "equilibrium" for mark in marks):
        predictions = result.predictions
        proved = predictions is not None and isinstance(predictions.equilibrium, CertifiedThreshold)
        holds = "is an equilibrium (proved)" if proved else PASSES
        parts.append(f"Solid upright line: from there on the cooperative corner {holds}.")
    return " ".join([*parts, *_sentences([f"not marked: {words}" for words in unmarked])])


def _quantity_method(result: Computed, quantity: str) -> str:
    tied = result.base.tied
    detail = result.learned
    if quantity.startswith("tied"):
        detail = None if tied is None else _tied_detail(result, tied)
    return QUANTITIES[quantity] + ("" if detail is None else f" ({detail})")


def _tied_detail(result: Computed, tied: TiedOutcome) -> str:
    """How tied runs were made along the sweep, whose steps are not those of the study itself."""
    swept = [axis.key for axis in result.axes if axis.key in TIED_SETTINGS]
    return tied.detail + (f", but {' and '.join(swept)} as swept" if swept else "")


def _spans(x: Sequence[float], names: Sequence[str]) -> str:
    """Neighbours of one name together: "nobody cooperates 0 to 0.4, all cooperate 0.5 to 1"."""
    found = []
    for name, first, last in neighbours(names):
        end = f" to {x[last]:g}" if last > first else ""
        found.append(f"{name} at {x[first]:g}{end}")
    shown = found if len(found) <= 12 else [*found[:11], f"and {len(found) - 11} more changes"]
    return ", ".join(shown)


def _sentences(notes: Sequence[str]) -> list[str]:
    return [f"{_upper(note)}." for note in notes]


def _upper(words: str) -> str:
    """With a capital letter, unless they begin with a dotted key."""
    return words if "." in words.split()[0] else upper(words)


def _marked(mark: Marker) -> str:
    """A mark with its value, and where that is not known what it lies between."""
    value = digits(mark.value) if mark.within is None else headline(*mark.within)
    return f"{plain_label(mark.label)} {value}"


def plain_label(label: str) -> str:
    """A label without mathtext."""
    plain = label.replace("$", "").replace("{1/2}", "½")
    for letter, name in (("κ", "kappa"), ("λ", "lambda"), ("σ", "sigma"), ("ω", "omega")):
        plain = plain.replace(f"\\{name}", letter)
    return plain
