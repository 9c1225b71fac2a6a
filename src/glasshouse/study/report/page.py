"""The report of a study: one HTML file that needs nothing beside itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from glasshouse.study.report.finished import StudyFigure
from glasshouse.study.report.first import first_screen
from glasshouse.study.report.sections import sections
from glasshouse.study.report.svg import colours, declared, inline_svg
from glasshouse.study.report.template import page_template
from glasshouse.study.result import StudyResult
from glasshouse.study.words.headlines import finding
from glasshouse.study.words.names import upper
from glasshouse.study.words.titles import study_title


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
    inlined = [(figure, Markup(inline_svg(figure))) for figure in figures]
    light, dark = map(declared, colours([svg for _, svg in inlined]))
    return page_template("page.html.jinja").render(
        title=study_title(result.prepared),
        lead=f"{upper(finding(result))}.",
        light=light,
        dark=dark,
        first=first_screen(result, inlined),
        sections=sections(result, inlined, provenance),
        version=provenance.get("versions", {}).get("glasshouse", ""),
    )
