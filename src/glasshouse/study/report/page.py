"""The report of a study: one HTML file that needs nothing beside itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup

from glasshouse.study.report.figures import StudyFigure
from glasshouse.study.report.sections import facts, sections
from glasshouse.study.report.svg import colours, inline_svg
from glasshouse.study.result import StudyResult


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
    inlined = [(figure, Markup(inline_svg(figure))) for figure in figures]
    light, dark = (
        " ".join(f"{name}: {value};" for name, value in variables.items())
        for variables in colours([svg for _, svg in inlined])
    )
    return environment.get_template("page.html.jinja").render(
        title=result.prepared.base.title,
        light=light,
        dark=dark,
        facts=facts(result),
        sections=sections(result, inlined, provenance),
        version=provenance.get("versions", {}).get("glasshouse", ""),
    )
