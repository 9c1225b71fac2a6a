"""Figures as files for papers: PDF, SVG and PNG of exactly the size that they were drawn for."""

import dataclasses
import io
import os
from pathlib import Path
from typing import Any

import matplotlib as mpl

from glasshouse._foundation.files import write_file
from glasshouse._foundation.results import Result
from glasshouse.errors import InputError
from glasshouse.study.drawing.pages import MM_PER_INCH
from glasshouse.study.report.finished import StudyFigure

EMBEDDED: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "glasshouse",
}
"""PDF with TrueType fonts inside, as journals ask; letters of SVG as shapes, so that they look the
same where the font is missing. No random identifiers."""

SUFFIXES = (".pdf", ".svg", ".png")

LOWEST_DPI, HIGHEST_DPI = 50, 2400

MOST_PIXELS = 20_000
"""Along a side: what is larger is a slip of the finger."""


@dataclasses.dataclass(frozen=True, repr=False)
class SavedFigure(Result):
    """A file with a figure.

    **Arguments:** `file`; `kind`, `title`, `alt`, what it shows in words; `caption`;
    `width`, `height` in millimetres.
    """

    file: str
    kind: str
    title: str
    alt: str
    caption: str
    width: float
    height: float


def check_file(out: Path, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse a file of another kind, or one that cannot be written, before anything is computed.

    **Raises:** `InputError` saying why.
    """
    if out.suffix.lower() not in suffixes:
        known = f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
        extra = "; PDF embeds its fonts, and EPS has no transparency" if ".pdf" in suffixes else ""
        raise InputError(f"{out}: a figure is written as {known}, by the end of its name{extra}")
    parent = out.absolute().parent
    if not parent.is_dir():
        raise InputError(f"{out} cannot be written: there is no folder {parent}")
    if out.is_dir() or not os.access(out if out.exists() else parent, os.W_OK):
        raise InputError(f"{out} cannot be written: choose another --out")


def save_figure(figure: StudyFigure, out: Path, *, dpi: int = 300) -> SavedFigure:
    """Write a figure as PDF (TrueType fonts inside), SVG (letters as shapes) or PNG.

    **Arguments:** `out`, whose suffix says which; `dpi`, pixels per inch of a PNG.
    **Raises:** `InputError` for another suffix, a file that cannot be written, or too many pixels.
    """
    check_file(out)
    kind = out.suffix.lower()[1:]
    inches = figure.figure.get_size_inches()
    check_dpi(dpi, float(max(inches)))
    words = {"Title": figure.title, ("Subject" if kind == "pdf" else "Description"): figure.alt}
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[kind]
    with io.BytesIO() as file, mpl.rc_context(EMBEDDED):
        figure.figure.savefig(file, format=kind, dpi=dpi, metadata={**words, **undated})
        content = file.getvalue()
    write_file(out, content)
    width, height = (float(x) * MM_PER_INCH for x in inches)
    said = (figure.title, figure.alt, figure.caption)
    return SavedFigure(os.fspath(out), figure.name, *said, width, height)


def check_dpi(dpi: int, inches: float) -> None:
    """Refuse resolutions that nothing can show.

    **Raises:** `InputError` saying what may be.
    """
    if not LOWEST_DPI <= dpi <= HIGHEST_DPI or dpi * inches > MOST_PIXELS:
        raise InputError(
            f"--dpi {dpi} must be from {LOWEST_DPI} to {HIGHEST_DPI}, and no side longer than "
            f"{MOST_PIXELS} pixels: papers take 300 to 600"
        )


def size_words(saved: SavedFigure) -> str:
    """How large a figure is on paper: "86 mm wide, 92.4 mm high"."""
    return f"{saved.width:.4g} mm wide, {saved.height:.4g} mm high"
