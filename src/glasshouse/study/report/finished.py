"""A finished figure: what it shows in words, and its files."""

import dataclasses
import functools
import io
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from glasshouse.plots._layout import fit

SVG: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "glasshouse"}
"""Text stays text, and no random identifiers enter the files."""

DPI = 200
"""Dots per inch of PNG files, for which layouts are settled: others set formulas anew."""


@dataclasses.dataclass(frozen=True, eq=False)
class StudyFigure:
    """A figure to be read.

    **Arguments:** `name`, of its files; `title`; `alt`, what it shows in words, numbers included;
    `caption`, how that was obtained; `figure`, its layout settled.
    """

    name: str
    title: str
    alt: str
    caption: str
    figure: Figure

    def svg(self) -> str:
        """As an SVG document whose text is text; the same figure gives the same bytes."""
        return self._svg

    @functools.cached_property
    def _svg(self) -> str:
        """Drawn once, for its file and for the report."""
        with io.StringIO() as file, mpl.rc_context(SVG):
            metadata = {"Title": self.title, "Description": self.alt, "Date": None}
            self.figure.savefig(file, format="svg", metadata=metadata, dpi=DPI)
            return file.getvalue()

    def png(self) -> bytes:
        """As a PNG of 200 dots per inch."""
        with io.BytesIO() as file:
            metadata = {"Title": self.title, "Description": self.alt}
            self.figure.savefig(file, format="png", metadata=metadata, dpi=DPI)
            return file.getvalue()


def finished_figure(ax: Any) -> Figure:
    """The finished figure, laid out while Matplotlib still remembers its last formulas.

    Laid out once: each further drawing could move things by a hair; and what has no engine, not
    even one that does nothing, is drawn once for each file and not twice.
    """
    figure = ax.get_figure()
    fit(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    return figure
