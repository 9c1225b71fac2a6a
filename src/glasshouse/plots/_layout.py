"""Room for text: legends under their axes, long words in several lines, whatever the size.

A layout engine ("constrained", which the plots' own figures have) makes room around axes for what
stands beside them, but it does not shorten what is longer than the axes. Axes without an engine get
room as they would for a colour bar: it is taken from their own.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox, ScaledTranslation

from glasshouse.plots._page import enlarge, expect, page_scale, size_on_page, take_wanted
from glasshouse.plots._palette import TEXT

FIGURE_WIDTH = 4.8
"""Inches: on the screen of a phone, text is then no smaller than 8 pixels."""

GAP = 6.0
"""Points between the axis label and a legend, and kept free at the edges of a figure."""

SETTLED = 0.01
"""Inches by which a height may still be off."""

LEAST = 72.0
"""Points: nothing is wrapped to less, which would be one word a line."""

WORD = re.compile(r"(?:\$[^$]*\$|[^\s$]| = |\$)+")
"""What is kept in one line: formulas, and what equals what."""


class Size(NamedTuple):
    """Of axes, in pixels."""

    width: float
    height: float


def new_figure(
    figsize: tuple[float, float],
    layout: Literal["constrained", "compressed"] = "constrained",
    shrinks: bool = True,
) -> Figure:
    """A figure, its size in inches unless a page settles it, that pyplot does not know.

    On a narrow page its axes are lower, unless it does not shrink.
    Its canvas keeps the renderer by which texts are measured, and what that has measured.
    """
    figure = Figure(figsize=size_on_page(figsize), layout=layout)
    FigureCanvasAgg(figure)
    expect(figure, figsize, shrinks)
    return figure


def arrange(
    ax: Axes,
    handles: Sequence[Artist] | None = None,
    *,
    columns: int = 1,
    legend: bool = True,
    bar: Axes | None = None,
    **options: Any,
) -> None:
    """Settle what stands around finished axes: to be called when all else is drawn.

    **Arguments:** `handles` of the legend, by default everything labelled; `columns`, at most so
    many; `legend`, whether there is one; `bar`, axes of the colour bar; `options` of the legend.
    """
    enlarge(ax, handles or ())
    if ax.get_aspect() != "auto":
        # At the bottom of its place, so that engines see how far the legend hangs out of it.
        ax.set_anchor("S")
    ax.apply_aspect()
    width = expected_width(ax, bar)
    for text in (ax.title, ax.xaxis.label):
        wrap(text, width)
    shown = None
    if legend and (handles or (handles is None and ax.get_legend_handles_labels()[0])):
        shown = _legend_below(ax, handles, width, columns, options)
    if not _managed(ax):
        _take_room(ax, shown, bar)
    height = _expected_height(ax, shown)
    for side in (ax,) if bar is None else (ax, bar):
        wrap(side.yaxis.label, height)
    if not _managed(ax):
        _take_room(ax, None, bar)  # for more lines on the left


def fit(figure: Figure) -> None:
    """Settle a finished figure's height, where the page leaves it open.

    Axes of equal units are as high as they are wide; others as the size of the figure on the screen
    says.
    """
    for ax in figure.axes:
        enlarge(ax)
    wanted = take_wanted(figure)
    panels = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    if wanted is None:
        return
    for _ in range(3):  # labels break at the new height, and need room
        figure.draw_without_rendering()
        now = sum(ax.get_window_extent().height for ax in panels) / figure.dpi
        if any(ax.get_aspect() != "auto" for ax in panels):
            height = figure.get_tightbbox().height + 2 * GAP / 72
        else:
            height = figure.get_figheight() + wanted - now
            for ax in figure.axes:
                share = ax.get_window_extent().height / now / figure.dpi
                wrap(ax.yaxis.label, share * wanted * figure.dpi)
        if abs(height - figure.get_figheight()) < SETTLED:
            return
        figure.set_figheight(height)


def expected_width(ax: Axes, bar: Axes | None = None) -> float:
    """How wide the axes will be once labels have their room, in pixels."""
    if not _managed(ax):
        return ax.get_position(original=True).width * ax.figure.bbox.width
    point = ax.figure.dpi / 72
    beside = None if bar is None else bar.get_tightbbox()
    labels = _beside(ax).width + (0.0 if beside is None else beside.width + 10 * point)
    return max(_slot(ax).width - labels - 2 * GAP * point, LEAST * point)


def wrap(text: Text, length: float) -> None:
    """Break a text into as few lines of at most `length` pixels as words allow, of like length."""
    whole = text.get_text()

    def measured(words: str) -> float:
        text.set_text(words)
        box = text.get_window_extent()
        return box.height if text.get_rotation() == 90 else box.width

    found = []
    for paragraph in whole.split("\n"):
        if not paragraph.strip() or measured(paragraph) <= length:
            found.append(paragraph)
            continue
        words = WORD.findall(paragraph)
        widths, blank = [measured(word) for word in words], measured("x x") - measured("xx")
        lines = _lines(widths, blank, length)
        for share in (0.6, 0.7, 0.8, 0.9):  # no line of one word at the end
            shorter = _lines(widths, blank, share * length)
            if len(shorter) == len(lines) and max(widths) <= share * length:
                lines = shorter
                break
        found += [" ".join(words[first:last]) for first, last in lines]
    text.set_text("\n".join(found))


def _lines(widths: Sequence[float], blank: float, length: float) -> list[tuple[int, int]]:
    """From which word to before which each line goes, filled one after the other."""
    lines, first, end = [], 0, -blank
    for k, width in enumerate(widths):
        if k > first and end + blank + width > length:
            lines.append((first, k))
            first, end = k, -blank
        end += blank + width
    return [*lines, (first, len(widths))]


def _managed(ax: Axes) -> bool:
    """Whether a layout engine will place the axes."""
    engine = ax.figure.get_layout_engine()
    works = engine is not None and not isinstance(engine, PlaceHolderLayoutEngine)
    return works and ax.get_subplotspec() is not None and ax.get_in_layout()


def _slot(ax: Axes) -> Size:
    """The part of the figure that belongs to the axes and what stands around them."""
    spec, figure = ax.get_subplotspec(), ax.figure
    assert spec is not None
    grid = spec.get_gridspec()
    across, up = (
        np.asarray(ratios, dtype=float)
        for ratios in (grid.get_width_ratios(), grid.get_height_ratios())
    )
    share = [
        across[spec.colspan.start : spec.colspan.stop].sum() / across.sum(),
        up[spec.rowspan.start : spec.rowspan.stop].sum() / up.sum(),
    ]
    outer = spec.get_topmost_subplotspec()
    if outer.get_gridspec() is not grid:  # a grid in a grid: a little less than its share
        pars, box = figure.subplotpars, spec.get_position(cast(Figure, figure))
        share = [box.width / (pars.right - pars.left), box.height / (pars.top - pars.bottom)]
    return Size(share[0] * figure.bbox.width, share[1] * figure.bbox.height)


def _of_axis(ax: Axes, axis: Axis) -> Bbox | None:
    """Where the labels of an axis are, if it is drawn."""
    return axis.get_tightbbox() if ax.axison else None


def _beside(ax: Axes) -> Size:
    """How far the vertical axis reaches out to the left, the horizontal one downwards."""
    box = ax.get_window_extent()
    left, below = (_of_axis(ax, axis) for axis in (ax.yaxis, ax.xaxis))
    return Size(
        0.0 if left is None else max(box.x0 - left.x0, 0.0),
        0.0 if below is None else max(box.y0 - below.y0, 0.0),
    )


def _legend_below(
    ax: Axes, handles: Sequence[Artist] | None, width: float, columns: int, options: dict[str, Any]
) -> Legend:
    """A legend under the axis label, as wide as the axes and what stands left of them at most."""
    point = ax.figure.dpi / 72
    beside = _beside(ax)
    most, down = width + beside.width, beside.height / point + GAP
    ticks = ax.axison and any(label.get_visible() for label in ax.get_xticklabels())
    if ticks and not ax.xaxis.label.get_text():
        down += 1.6 * TEXT  # for an axis label that is still to come
    offset = ScaledTranslation(0, -down / 72, ax.figure.dpi_scale_trans)
    style = {
        "loc": "upper center",
        "bbox_to_anchor": (0.5, 0.0),
        "bbox_transform": ax.transAxes + offset,
        "borderaxespad": 0.0,
        "borderpad": 0.0,
        "frameon": False,
        "fontsize": TEXT * page_scale(),
        "title_fontsize": TEXT * page_scale(),
        **({} if handles is None else {"handles": handles}),
        **options,
    }
    legend, total = None, np.inf
    while legend is None or (total > most and columns > 0):
        legend = ax.legend(ncols=columns, **style)
        wrap(legend.get_title(), max(most, LEAST * point))
        total, columns = legend.get_window_extent().width, columns - 1
    if total > most:
        longest = max(text.get_window_extent().width for text in legend.get_texts())
        for text in legend.get_texts():
            wrap(text, max(most - (total - longest), LEAST * point))
        total = legend.get_window_extent().width
    # In the middle, but not beyond the right end of the axes.
    aside = ScaledTranslation(
        min(width - total, 0.0) / 2 / ax.figure.dpi, 0, ax.figure.dpi_scale_trans
    )
    legend.set_bbox_to_anchor((0.5, 0.0), style["bbox_transform"] + aside)
    return legend


def _around(ax: Axes, legend: Legend | None) -> Bbox:
    """The axes with what stands above and below them."""
    boxes = [ax.get_window_extent()]
    boxes += [text.get_window_extent() for text in (ax.title, *ax.texts) if text.get_text()]
    below = _of_axis(ax, ax.xaxis)
    boxes += [] if below is None else [below]
    boxes += [] if legend is None else [legend.get_window_extent()]
    return Bbox.union(boxes)


def _expected_height(ax: Axes, legend: Legend | None) -> float:
    box, around = ax.get_window_extent(), _around(ax, legend)
    if not _managed(ax):
        return box.height
    point = ax.figure.dpi / 72
    free = _slot(ax).height - (around.height - box.height) - 2 * GAP * point
    return max(free, LEAST * point)


def _take_room(ax: Axes, legend: Legend | None, bar: Axes | None) -> None:
    """Shrink axes that no engine places, by the height of the legend and what would be cut off."""
    figure = ax.figure
    gap = GAP * figure.dpi / 72
    box = ax.get_position(original=True).transformed(figure.transSubfigure)
    if legend is not None:
        height = legend.get_window_extent().height + gap
        box = Bbox([[box.x0, box.y0 + height], box.max])
    whole = figure.bbox
    shift = box.y0 - ax.get_window_extent().y0  # what stands below moves up with the edge
    around = _around(ax, legend)
    upright = _of_axis(ax, ax.yaxis)
    left = box.x0 if upright is None else upright.x0
    low = max(whole.y0 + gap - (around.y0 + shift), 0.0)
    new = Bbox(
        [
            [box.x0 + max(whole.x0 + gap - left, 0.0), box.y0 + low],
            [box.x1, box.y1 - max(around.y1 + gap - whole.y1, 0.0)],
        ]
    )
    if new.width > 0 and new.height > 0:
        new = new.transformed(figure.transSubfigure.inverted())
        ax.set_position(new)
        ax.set_in_layout(True)
        if bar is not None:
            old = bar.get_position(original=True)
            bar.set_position(Bbox([[old.x0, new.y0], [old.x1, new.y1]]))
            bar.set_in_layout(True)
