"""The report of a study: one HTML file that needs nothing beside itself."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup, escape

from glasshouse._foundation.digits import bracketed, plus_minus, share_ends
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.outcomes.generic import Share
from glasshouse.plots.coupling import outcome_names
from glasshouse.study.report.figures import StudyFigure
from glasshouse.study.report.numbers import (
    MOST_PROFILES_REPORTED,
    Compared,
    comparison,
    cooperation_words,
    learned_payoffs,
    numbers,
    payoff_list,
    payoff_matrix,
    situations,
    switch_words,
)
from glasshouse.study.report.proved import (
    Bounds,
    epsilon_words,
    proved_points,
    proved_threshold_words,
)
from glasshouse.study.report.svg import colours, inline_svg
from glasshouse.study.result import StudyResult
from glasshouse.study.words.page import leading_outcomes
from glasshouse.study.words.sentences import CLAIM_KINDS, axis_name, claims, own_values

MOST_ROWS = 300
"""Rows of the sweep shown; all of them are in the table beside the report."""

MOST_LETTERS = 20_000
"""Of the study file, so much is shown."""

MOST_SLICES = 100
"""Values of a second axis, and those after it, whose switches are listed."""

MOST_PAID = 36
"""Points of the sweep whose mean payoffs are listed."""

UNBROKEN = re.compile(r"[\d.e-]+ ± [\d.e-]+|[\d.]+e-\d+")
"""A number with what is not known of it, and a power of ten, which lines must not break."""

DIGITS_OF_SWITCH = 12
"""At most, of the ends of its bracket."""


def report_html(
    result: StudyResult, figures: Sequence[StudyFigure], provenance: Mapping[str, Any]
) -> str:
    """The report of a study as the text of one HTML file.

    It loads nothing: figures are inline, styles too, and there is no script. Every number in a
    table carries its exact value in the `value` attribute of a `data` element.

    **Arguments:** `figures`, as `study_figures` makes them; `provenance`: "versions", "inputs",
    "table" (names and SHA-256), "seed", "random" (how numbers are drawn), "python", "platform",
    "device", "precision"; what is missing is left out.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("glasshouse.study.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number_markup
    environment.filters["percent"] = percent
    environment.filters["interval"] = interval
    environment.filters["axis"] = axis_name
    environment.filters["breakable"] = breakable
    inlined = [(figure, Markup(inline_svg(figure))) for figure in figures]
    light, dark = colours([svg for _, svg in inlined])
    return environment.get_template("page.html.jinja").render(
        result=result,
        figures=inlined,
        light=light,
        dark=dark,
        provenance=provenance,
        claims=[_parted(claim) for claim in claims(result)],
        compared=_compared(result),
        threshold=proved_threshold_words(result.predictions),
        certified=proved_points(result),
        epsilon=epsilon_words(result) if result.certificates else "",
        axes=result.axes,
        own_values=own_values(result),
        game_keys=[axis.key for axis in result.axes if axis.key.startswith("game.")],
        learning_keys=[axis.key for axis in result.axes if axis.key.startswith("learning.")],
        settings=result.prepared.study.settings(),
        access=result.prepared.base.parametric.channel.words,
        semantics=_semantics(result),
        access_meaning=result.prepared.study.access.MEANING,
        study_file=_shortened(result.prepared.study.to_toml()),
        game=result.prepared.base.game,
        starts=result.prepared.base.learning.starts,
        learn=result.prepared.base.learning.in_words,
        cooperation=cooperation_words(result.prepared.base.game),
        payoff_matrix=payoff_matrix(result),
        payoff_list=payoff_list(result),
        situations=situations(result),
        points=_points(result),
        slices=_every(result.slices, MOST_SLICES),
        numbers=numbers(result),
        columns=result.table.column_names,
        rows=_rows(result),
        most_rows=MOST_ROWS,
        infinity=math.inf,
        most_profiles=MOST_PROFILES_REPORTED,
    )


def number_markup(value: object, digits: int = 6, sign: bool = False) -> Markup:
    """A number to so many digits that keeps its exact value; words stay, nothing is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Markup("–")
    if isinstance(value, bool | np.bool_):
        return Markup("yes" if value else "no")
    if isinstance(value, int | float | np.number):
        shown = f"{value:{'+' if sign else ''}.{digits}g}".replace("inf", "∞")
        return Markup('<data value="{}">{}</data>').format(repr(float(value)), shown)
    if isinstance(value, Share):
        ends = _data(value.interval, share_ends(*value.interval))
        return Markup("{} ({}); {} of {}").format(
            number_markup(value.value), ends, value.count, value.runs
        )
    if isinstance(value, Switch):
        if value.bracket is None:
            return escape(switch_words(value))
        ends = _data(value.bracket, bracketed(*value.bracket, DIGITS_OF_SWITCH))
        return Markup("{} ({})").format(interval(value.value, value.bracket), ends)
    if isinstance(value, Bounds):
        return _data((value.lower, value.upper), bracketed(*value))
    if isinstance(value, list | tuple):
        return Markup(", ").join(number_markup(entry, digits) for entry in value)
    return escape(value)


def interval(value: float | None, bracket: tuple[float, float] | None) -> Markup:
    """A number ± what is not known of it, in one piece; without a bracket as it is."""
    if value is None or bracket is None:
        return number_markup(value)
    return Markup('<data class="whole" value="{}">{}</data>').format(
        repr(float(value)), plus_minus(*bracket)
    )


def _data(values: Sequence[float], texts: Sequence[str]) -> Markup:
    """Both ends of an interval, with their exact values."""
    return Markup(" to ").join(
        Markup('<data value="{}">{}</data>').format(repr(float(value)), text)
        for value, text in zip(values, texts, strict=True)
    )


def breakable(name: str, after: str = ".") -> Markup:
    """A name that may be broken into lines after dots, or another letter."""
    return escape(name).replace(after, Markup("{}<wbr>").format(after))


def percent(value: float | None) -> Markup:
    """A share in per cent that keeps its exact value."""
    if value is None or math.isnan(value):
        return Markup("–")
    return Markup('<data value="{}">{:.3g}\N{NO-BREAK SPACE}%</data>').format(
        repr(float(value)), 100 * value
    )


def _parted(claim: str) -> tuple[str, Markup]:
    """What a claim is about, and the rest of it; lines do not break within 0.43 ± 1e-10."""
    kind = next((kind for kind in CLAIM_KINDS if claim.startswith(kind)), "")
    rest = str(escape(claim.removeprefix(kind)))
    return kind, Markup(UNBROKEN.sub(r'<span class="whole">\g<0></span>', rest))


def _semantics(result: StudyResult) -> Markup:
    """What parameters mean: the semantics' own words and formula, with its numbers."""
    base, section = result.prepared.base, result.prepared.study.semantics
    text, numbers = section.said(base.game, base.parametric.semantics.spaces)
    words = section.MADE.words
    return formula(f"{words[:1].upper()}{words[1:]}: {text}", numbers)


def formula(text: str, numbers: Mapping[str, Any]) -> Markup:
    """Plain text as HTML: θ_i and θ_{ij}, e^{x}, `code`, and numbers whose names are in braces."""
    found = ""
    for k, part in enumerate(text.split("`")):
        if k % 2:
            found += f"<code>{escape(part)}</code>"
            continue
        said = re.sub(r"_\{([^{}]*)\}|(?<=\w)_(\w)(?!\w)", _sub, str(escape(part)))
        said = re.sub(r"\^\{([^{}]*)\}|\^(\w)(?!\w)", _sup, said)
        found += re.sub(
            r"\{([\w.]+)\}",
            lambda m: str(number_markup(numbers[m[1]])) if m[1] in numbers else m[0],
            said,
        )
    return Markup(found)


def _sub(found: re.Match[str]) -> str:
    return f"<sub>{found[1] or found[2]}</sub>"


def _sup(found: re.Match[str]) -> str:
    return f"<sup>{found[1] or found[2]}</sup>"


def _compared(result: StudyResult) -> list[Compared]:
    return [] if result.predictions is None else comparison(result.predictions)


def _points(result: StudyResult) -> list[dict[str, Any]]:
    """Mean payoffs and welfare at a few points, spread over the sweep, its ends among them."""
    lengths = [len(axis.values) for axis in result.axes]
    if result.base.generic is None or not lengths:
        return []
    most = 9 if len(lengths) == 1 else 3
    chosen = [0]
    for k, length in reversed(list(enumerate(lengths))):
        spread = _spread(length, most if k < 3 else 2)
        chosen = [length * before + i for before in chosen for i in spread]
    chosen = [chosen[k] for k in _spread(len(chosen), MOST_PAID)]
    rows, leaders = result.rows(), leading_outcomes(result)
    names = outcome_names(result.prepared.base.game.players)
    return [
        {
            "values": [rows[k][axis.key] for axis in result.axes],
            "payoffs": learned_payoffs(rows[k]),
            "welfare": rows[k]["welfare"],
            "leader": names.get(leaders[k] or "", "no single one"),
            "share": rows[k].get(f"{leaders[k]}_share"),
        }
        for k in chosen
    ]


def _spread(count: int, most: int) -> list[int]:
    """At most so many indices, evenly spread, both ends included."""
    return sorted({round(x) for x in np.linspace(0, count - 1, min(count, most)).tolist()})


def _every(entries: Sequence[Any], most: int) -> list[Any]:
    return [entries[k] for k in _spread(len(entries), most)] if entries else []


def _shortened(text: str) -> str:
    """The beginning of a long file: a study may list a hundred thousand starts."""
    if len(text) <= MOST_LETTERS:
        return text
    return f"{text[:MOST_LETTERS]}\n… the rest is in the file study.toml beside this report"


def _rows(result: StudyResult) -> list[list[Any]]:
    """The first rows of the sweep."""
    return [list(row.values()) for row in result.table.slice(0, MOST_ROWS).to_pylist()]
