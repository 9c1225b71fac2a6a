"""The figures of a study's map."""

from collections.abc import Iterator

from glasshouse.plots._palette import TEXT
from glasshouse.plots.coupling import plot_outcome_shares
from glasshouse.plots.outcome_map import plot_outcome_map
from glasshouse.study.report.finished import StudyFigure, finished_figure
from glasshouse.study.report.markers import owner_of
from glasshouse.study.result import StudyResult
from glasshouse.study.words.maps import (
    END_SHARES,
    map_figure_words,
    map_slices,
    marginal_words,
    marginals,
)


def map_figures(result: StudyResult) -> Iterator[StudyFigure]:
    """Outcomes over the first two axes, plane by plane; of more, also along each of all axes."""
    found, study = result.map, result.prepared.study
    if found is None:
        return
    planes = map_slices(found)
    (first, x), (second, y), *others = found.axes.items()
    shares = {name: found.shares[name] for name in END_SHARES}
    for k, plane in enumerate(planes, start=1):
        ax = plot_outcome_map(
            x,
            y,
            {name: share[plane.place].ravel() for name, share in shares.items()},
            quantity="cooperation_share",
            keys=(first, second),
            owners=(owner_of(study, first), owner_of(study, second)),
        )
        if plane.at:
            ax.set_title(f"at {plane.at}", fontsize=TEXT)
        name = "map" if len(planes) == 1 else f"map_{k}"
        yield StudyFigure(name, *map_figure_words(found, plane), figure=finished_figure(ax))
    for k, (key, values) in enumerate(found.axes.items() if others else (), start=1):
        ax = plot_outcome_shares(values, marginals(found, key), key=key, owner=owner_of(study, key))
        words = marginal_words(found, key)
        yield StudyFigure(f"map_along_{k}", *words, figure=finished_figure(ax))
