"""The first screen of a report: the main figure, and the four answers beside it."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from glasshouse.study.report.blocks import ScrolledTable, element, figure_markup, joined
from glasshouse.study.report.finished import StudyFigure
from glasshouse.study.result import StudyResult
from glasshouse.study.words.glance import OURS, glance

CITED = Markup(
    'Concepts: <a href="https://arxiv.org/abs/2606.27068">Todorov, ten Napel &amp; Müller 2026</a>.'
)


def first_screen(
    result: StudyResult, figures: Sequence[tuple[StudyFigure, Markup]]
) -> Iterator[Markup]:
    """The main figure, where there is one, and the answers in one table."""
    if figures:
        yield figure_markup(*figures[0])
    found = glance(result)
    rows = [
        (element("strong", line.about) + element("span", line.question), line.answer, line.how)
        for line in found
    ]
    columns = (("Question", "what"), ("Answer", None), ("How obtained", "how"))
    table = ScrolledTable.of("The answers", columns, rows, kind="stack")
    ours = " “Derived here”: the formula is our own." if any(OURS in x.how for x in found) else ""
    yield element(
        "div", joined([table, element("p", CITED, ours, class_="quiet")]), class_="answers"
    )
