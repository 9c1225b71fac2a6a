"""What is wrong with the layout of a figure: text that is cut off, or covers something.

`faults` draws a figure once, as `savefig` does, and measures what was drawn.
"""

import itertools
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

SLACK = 1.0
"""Points by which boxes may overlap: they are a little larger than the letters in them."""

LEAST_SIDE = 0.8
"""Inches that axes have at least, but for colour bars: text has not taken all the room."""


def report_faults_to(path: str) -> None:
    """From now on, look at every figure when it is saved, and write down what is found."""
    save, found, file = Figure.savefig, [], Path(path).absolute()

    def looking(figure: Figure, name: Any, *options: Any, **more: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an engine that gives up only warns
            found.append((str(name), faults(figure)))
        file.write_text(json.dumps(found))
        save(figure, name, *options, **more)

    setattr(Figure, "savefig", looking)  # noqa: B010


def faults(figure: Figure) -> list[str]:
    """Sentences about text that leaves the figure, covers text, data or axes, and tiny axes."""
    FigureCanvasAgg(figure).draw()
    point = figure.dpi / 72
    texts = {text: text.get_window_extent() for text in shown_texts(figure)}
    legends = {legend: legend.get_window_extent() for legend in shown_legends(figure)}
    boxes: dict[Any, Bbox] = {**texts, **legends}
    names = {**{t: repr(t.get_text()) for t in texts}, **dict.fromkeys(legends, "a legend")}
    found = [
        f"{names[artist]} is cut off at {side}"
        for artist, box in boxes.items()
        for side in sides_left(box, figure.bbox, SLACK * point)
    ]
    own = {legend: {*legend.get_texts(), legend.get_title()} for legend in legends}
    for one, other in itertools.combinations(boxes.items(), 2):
        if any(one[0] in parts or other[0] in parts for parts in own.values()) and (
            one[0] in own.get(other[0], ()) or other[0] in own.get(one[0], ())
        ):
            continue
        if overlap(one[1], other[1], SLACK * point):
            found.append(f"{names[one[0]]} overlaps {names[other[0]]}")
    for ax in shown_axes(figure):
        area = ax.get_window_extent()
        inches = min(area.width, area.height) / figure.dpi
        if inches < LEAST_SIDE and ax.get_label() != "<colorbar>":
            found.append(f"axes are only {inches:.2f} inches wide or high")
        for artist, box in boxes.items():
            if artist.axes is not ax and overlap(box, area, SLACK * point):
                found.append(f"{names[artist]} lies over other axes")
        for artist in (*(text for text in ax.texts if text in texts), ax.get_legend()):
            box = boxes.get(artist)
            if box is not None and covers_data(box, ax, isinstance(artist, Legend)):
                found.append(f"{names[artist]} covers data")
    return found


def shown_axes(figure: Figure) -> list[Axes]:
    return [ax for ax in figure.axes if ax.get_visible()]


def shown_texts(figure: Figure) -> list[Text]:
    """Every text that is drawn, once."""
    hidden = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                inside = low - slack <= tick.get_loc() <= high + slack
                off = not (ax.axison and axis.get_visible() and tick.get_visible() and inside)
                hidden |= {tick.label1, tick.label2} if off else set()
            if not (ax.axison and axis.get_visible()):
                hidden |= {axis.label, axis.get_offset_text()}
    return [
        text
        for text in figure.findobj(Text)
        if isinstance(text, Text)
        and text.get_visible()
        and text.get_text().strip()
        and text not in hidden
    ]


def shown_legends(figure: Figure) -> list[Legend]:
    return [found for found in figure.findobj(Legend) if isinstance(found, Legend)]


def sides_left(box: Bbox, whole: BboxBase, slack: float) -> Iterator[str]:
    if box.x0 < whole.x0 - slack:
        yield "the left"
    if box.x1 > whole.x1 + slack:
        yield "the right"
    if box.y0 < whole.y0 - slack:
        yield "the bottom"
    if box.y1 > whole.y1 + slack:
        yield "the top"


def overlap(one: Bbox, other: Bbox, slack: float) -> bool:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return width > slack and height > slack


def covers_data(box: Bbox, ax: Axes, legend: bool) -> bool:
    """Whether a curve runs through a box, or a legend also lies over a point, image or mesh."""
    area = ax.get_window_extent()
    if not overlap(box, area, 0.0):
        return False
    shrunk = Bbox([np.add(box.min, 1.0), np.add(box.max, -1.0)])
    paths = [line.get_transform().transform(line.get_xydata()) for line in ax.lines]
    if any(path_in(path, shrunk, area) for path in paths):
        return True
    if not legend:
        return False
    dots = [c for c in ax.collections if isinstance(c, PathCollection)]
    places = [c.get_offset_transform().transform(c.get_offsets()) for c in dots]
    return bool(ax.images) or any(shrunk.count_contains(place) for place in places if len(place))


def path_in(path: np.ndarray, box: Bbox, area: Bbox) -> bool:
    """Whether a polyline has points in a box that are drawn in the area."""
    path = np.atleast_2d(path)
    steps = np.linspace(0.0, 1.0, 50)[:, None, None]
    between = path[:-1] + steps * np.diff(path, axis=0) if len(path) > 1 else path
    points = between.reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    low, high = np.maximum(box.min, area.min), np.minimum(box.max, area.max)
    return bool(((points > low) & (points < high)).all(axis=1).any())
