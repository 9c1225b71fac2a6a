"""How wide figures are on paper, and in which style."""

import dataclasses
import logging
import math
import re
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import style as styles

from glasshouse.errors import InputError, nearest
from glasshouse.plots._page import Page
from glasshouse.plots._palette import TEXT

MM_PER_INCH = 25.4

UNITS = {"mm": 1 / MM_PER_INCH, "cm": 10 / MM_PER_INCH, "in": 1.0, "pt": 1 / 72}
"""In inches."""

NAMED_WIDTHS = {"single": 86.0, "double": 178.0}
"""Millimetres of one column and of two in most journals."""

NARROWEST_PAGE, WIDEST_PAGE = 50.0, 1200.0
"""Millimetres: what is narrower has no room for labels."""

WRITTEN_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(mm|cm|in|pt)\s*")


@dataclasses.dataclass(frozen=True)
class FigureStyle:
    """A style by its usual `width` and the `scale` of text, lines and marks; `words`, for help."""

    width: str
    scale: float
    words: str


FIGURE_STYLES = {
    "paper": FigureStyle("single", 1.0, "text of 8.5 pt, one column wide"),
    "report": FigureStyle("4.8in", 1.0, "as in reports, on the screen"),
    "slides": FigureStyle("220mm", 1.9, "text of 16 pt and bold lines"),
}
"""The built-in styles by name."""


def page_of(style: str, width: str | None, height: str | None) -> tuple[Page, tuple[Any, ...]]:
    """The page for a style and a size, and the style sheets that Matplotlib reads first.

    **Raises:** `InputError` for lengths and styles that are none.
    """
    sheets, own = _style(style)
    inches = length(width or own.width, "width")
    high = None if height is None else length(height, "height")
    return Page(inches, high, own.scale), sheets


def length(text: str, called: str) -> float:
    """A length in inches, from "86mm", "8.6cm", "3.4in", "244pt" or the name of a width.

    **Raises:** `InputError` for anything else, and below 50 or above 1200 mm.
    """
    named = NAMED_WIDTHS.get(text) if called == "width" else None
    read = WRITTEN_LENGTH.fullmatch(text)
    if named is None and read is None:
        names = ", single (86mm), double (178mm)" if called == "width" else ""
        raise InputError(
            f"{called} {text!r:.40} is no length: give a number with its unit, as 86mm, 8.6cm, "
            f"3.4in or 244pt{names}"
        )
    inches = named / MM_PER_INCH if named else float(read[1]) * UNITS[read[2]]  # type: ignore[index]
    if not NARROWEST_PAGE <= inches * MM_PER_INCH <= WIDEST_PAGE:
        raise InputError(
            f"{called} {text} is {inches * MM_PER_INCH:g} mm: choose {NARROWEST_PAGE:g} to "
            f"{WIDEST_PAGE:g} mm"
        )
    return inches


def _style(name: str) -> tuple[tuple[Any, ...], FigureStyle]:
    if name in FIGURE_STYLES:
        return (), FIGURE_STYLES[name]
    if name in styles.available:
        settings = styles.library[name]
    elif Path(name).is_file():
        settings = _settings_of(name)
    else:
        raise InputError(
            f"unknown style '{name}': {nearest(name, FIGURE_STYLES)}; or give a Matplotlib style, "
            "or the path of a style file"
        )
    size = settings.get("font.size", TEXT)
    scale = size / TEXT if isinstance(size, int | float) and math.isfinite(size) else 1.0
    return (settings,), FigureStyle("single", scale, "")


def _settings_of(file: str) -> mpl.RcParams:
    """What a style file says; lines that Matplotlib would only warn of are refused."""
    log, heard = logging.getLogger("matplotlib"), BufferingHandler(capacity=10_000)
    log.addHandler(heard)
    try:
        settings = mpl.rc_params_from_file(file, use_default_template=False)
    except (OSError, ValueError) as error:
        raise InputError(f"style {file}: cannot be read as a Matplotlib style: {error}") from error
    finally:
        log.removeHandler(heard)
    if heard.buffer:
        said = " ".join(heard.buffer[0].getMessage().split())
        raise InputError(f"style {file}: is no Matplotlib style: {said}")
    return settings
