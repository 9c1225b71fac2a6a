"""The page that new figures are for: how wide they are, and how large their text and lines.

A plot without axes of its own makes a figure for the screen, 4.8 inches wide. Inside `on_page` it
makes one for the page instead, which `_layout.fit` gives the height that its legend leaves it.
"""

import contextlib
import contextvars
import dataclasses
import weakref
from collections.abc import Iterable, Iterator

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from glasshouse.plots._palette import TEXT

LEGEND_ROOM = 1.3
"""Inches that labels and a legend take of the height of a figure for the screen."""

LOWEST = 1.2
"""Inches that axes are high at least."""

SPARE = 3.0
"""Inches of height to begin with, above what axes need: no label is wrapped for want of height."""


@dataclasses.dataclass(frozen=True)
class Page:
    """What figures are made for.

    **Arguments:** `width` and `height` in inches, the height by what is drawn where it is None;
    `scale`, how much larger text, lines and marks are than on the screen.
    """

    width: float
    height: float | None = None
    scale: float = 1.0


_PAGE: contextvars.ContextVar[Page | None] = contextvars.ContextVar("page", default=None)

_WANTED: "weakref.WeakKeyDictionary[Figure, float]" = weakref.WeakKeyDictionary()
"""How high the axes of a figure should be together, in inches."""

_ENLARGED: "weakref.WeakSet[Artist]" = weakref.WeakSet()


@contextlib.contextmanager
def on_page(page: Page) -> Iterator[None]:
    """Inside, plots without axes of their own make figures for this page."""
    token = _PAGE.set(page)
    try:
        yield
    finally:
        _PAGE.reset(token)


def current_page() -> Page | None:
    """The page that figures are made for; None for the screen."""
    return _PAGE.get()


def page_scale() -> float:
    """How much larger than on the screen everything measured in points is."""
    page = current_page()
    return 1.0 if page is None else page.scale


def size_on_page(figsize: tuple[float, float]) -> tuple[float, float]:
    """A size in inches for the screen as it is to begin with on the page."""
    page = current_page()
    if page is None:
        return figsize
    if page.height is not None:
        return page.width, page.height
    return page.width, wanted_height(figsize, page) + SPARE * page.scale


def wanted_height(figsize: tuple[float, float], page: Page) -> float:
    """How high all axes of a figure are together, of one that is for the screen so large."""
    width = page.width / page.scale
    shrunk = min(1.0, width / figsize[0]) if figsize[0] else 1.0
    return page.scale * max(LOWEST, (figsize[1] - LEGEND_ROOM) * shrunk)


def expect(figure: Figure, figsize: tuple[float, float], shrinks: bool) -> None:
    """Keep how high the axes of a new figure are to be; all of its height unless it shrinks."""
    page = current_page()
    if page is not None and page.height is None:
        as_wide = figsize if shrinks else (0.0, figsize[1])
        _WANTED[figure] = wanted_height(as_wide, page)


def enlarge(ax: Axes, handles: Iterable[Artist] = ()) -> None:
    """Text, lines and marks of finished axes as large as the page asks, each once.

    **Arguments:** `handles`, of a legend that is still to come, which takes their sizes.
    """
    scale = page_scale()
    if scale == 1.0:
        return
    if ax not in _ENLARGED:  # ticks that are still to come, too
        ax.tick_params(labelsize=TEXT * scale, width=0.8 * scale, length=3.5 * scale)
    ticks = [tick for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()]
    legends = [legend for legend in (ax.get_legend(),) if legend is not None]
    settled = {part for artist in (*ticks, *legends) for part in artist.findobj()}
    for artist in {*ax.findobj(), *handles} - settled - set(_ENLARGED):
        _ENLARGED.add(artist)
        _enlarge(artist, scale)


def _enlarge(artist: Artist, scale: float) -> None:
    if isinstance(artist, Text):
        artist.set_fontsize(float(artist.get_fontsize()) * scale)
    elif isinstance(artist, Line2D):
        artist.set_linewidth(artist.get_linewidth() * scale)
        artist.set_markersize(artist.get_markersize() * scale)
        artist.set_markeredgewidth(artist.get_markeredgewidth() * scale)
    elif isinstance(artist, Collection):
        artist.set_linewidth((scale * np.atleast_1d(artist.get_linewidth())).tolist())
    elif isinstance(artist, Patch):
        artist.set_linewidth(artist.get_linewidth() * scale)


def take_wanted(figure: Figure) -> float | None:
    """How high a figure's axes are to be, in inches, as `expect` has kept it; told once."""
    return _WANTED.pop(figure, None)
