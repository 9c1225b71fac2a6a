"""The figure of what learning in finite steps ends in."""

from collections.abc import Iterator

from glasshouse.plots._palette import TEXT
from glasshouse.plots.endings import plot_endings
from glasshouse.study.report.finished import StudyFigure, finished_figure
from glasshouse.study.report.markers import owner_of
from glasshouse.study.result import StudyResult
from glasshouse.study.words.endings import ENDING_COLUMNS, endings_words, largest_steps
from glasshouse.study.words.page import sheets


def ending_figures(result: StudyResult) -> Iterator[StudyFigure]:
    """Rest, cycles and chaos over the first two axes; of more, at several values of the others."""
    study = result.prepared.study
    if not study.analysis.cycles or len(result.axes) < 2 or result.map is not None:
        return
    first, second = result.axes[:2]
    columns, drawn = result.columns(), sheets(result)
    for k, sheet in enumerate(drawn, start=1):
        largest = largest_steps(result, sheet)
        ax = plot_endings(
            first.values,
            second.values,
            {name: columns[name][sheet.rows] for name in ENDING_COLUMNS},
            largest=largest,
            keys=(first.key, second.key),
            owners=(owner_of(study, first.key), owner_of(study, second.key)),
        )
        if sheet.at:
            ax.set_title(f"at {sheet.at}", fontsize=TEXT)
        words = endings_words(result, sheet, largest)
        name = "endings" if len(drawn) == 1 else f"endings_{k}"
        yield StudyFigure(name, *words, figure=finished_figure(ax))
