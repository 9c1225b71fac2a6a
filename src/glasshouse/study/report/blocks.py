"""What a report is made of: tables, facts and lists that know their HTML, and exact numbers."""

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from markupsafe import Markup, escape

from glasshouse._foundation.digits import MOST_DIGITS, bracketed, plus_minus, share_ends
from glasshouse.analysis.movement.switch import Switch
from glasshouse.analysis.outcomes.generic import Share
from glasshouse.study.report.finished import StudyFigure
from glasshouse.study.words.sentences import switch_words

DIGITS_OF_SWITCH = 12
"""At most, of the ends of its bracket."""

TALL = 16
"""Tables of more rows are scrolled in."""

Columns: TypeAlias = Sequence[tuple[object, str | None]]
"""The title of each column, and of which kind its cells are: "n" for numbers."""

DASH = Markup("–")
"""Where there is no number."""


SIDEWAYS = Markup('<p class="sideways" aria-hidden="true"><span>scrolls sideways →</span></p>')
"""Shown where a table is wider than the page: style decides, for no script runs."""


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """An element of HTML; what is no HTML is escaped, and attributes that are None left out."""
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{named}>{joined(content)}</{tag}>")


def preformatted(text: object) -> Markup:
    """What stands as it is written; where it is too wide, the keyboard can move it, too."""
    return element("pre", text, tabindex=0)


def joined(parts: Iterable[object], by: str = "") -> Markup:
    """What is no HTML is escaped."""
    return escape(by).join(map(escape, parts))


def quiet(text: str, *content: object) -> Markup:
    """A paragraph for those who want to know more; `text` is HTML with places for `content`."""
    return element("p", Markup(text).format(*content), class_="quiet")


@dataclasses.dataclass(frozen=True)
class PageSection:
    """A part of the page: its `name` for links, its title, and the blocks in it."""

    name: str
    title: str
    blocks: tuple[object, ...]


@dataclasses.dataclass(frozen=True)
class Facts:
    """Names and what is known of each; third, of which kind that is."""

    entries: tuple[tuple[object, ...], ...]

    def __html__(self) -> Markup:
        pairs = (
            element("dt", name) + element("dd", value, class_=next(iter(kind), None))
            for name, value, *kind in self.entries
        )
        return element("dl", joined(pairs, "\n"), class_="facts")


@dataclasses.dataclass(frozen=True)
class Items:
    """A list of this kind."""

    kind: str
    entries: tuple[object, ...]

    def __html__(self) -> Markup:
        return element(
            "ul", joined((element("li", e) for e in self.entries), "\n"), class_=self.kind
        )


@dataclasses.dataclass(frozen=True)
class ScrolledTable:
    """A table to be scrolled in: the cells of its head, the rows of its bodies.

    **Arguments:** `label`, what it is; `kind` of table: one to "stack" where it is narrow; `tall`,
    whether it is scrolled in downwards, too.
    """

    label: str
    head: Markup
    bodies: tuple[Markup, ...]
    caption: str = ""
    kind: str | None = None
    tall: bool = False

    @classmethod
    def of(
        cls, label: str, columns: Columns, rows: Iterable[Sequence[object]], **more: Any
    ) -> "ScrolledTable":
        """A table of rows as long as there are columns; `more` are further fields."""
        stack = more.get("kind") == "stack"
        labels = [t if stack and kind != "what" else None for t, kind in columns]
        kinds = [kind for _, kind in columns]
        cells = (
            (element("td", c, class_=k, data_label=t) for c, k, t in zip(row, kinds, labels))  # noqa: B905
            for row in rows
        )
        heads = (
            element("th", title, class_="n" if kind == "n" else None) for title, kind in columns
        )
        body = joined((element("tr", *row) for row in cells), "\n")
        return cls(label, joined(heads), (body,), **more)

    def __html__(self) -> Markup:
        parts = [element("caption", self.caption)] if self.caption else []
        parts += [element("thead", element("tr", self.head))]
        parts += [element("tbody", body) for body in self.bodies]
        table = element("table", joined(parts, "\n"), class_=self.kind)
        kind = "scroll tall" if self.tall else "scroll"
        inside = element("div", SIDEWAYS, table, class_="wide")
        label = f"{self.label}, table"  # a section may have the same name
        return element("div", inside, class_=kind, role="region", aria_label=label, tabindex=0)


def figure_markup(figure: StudyFigure, svg: Markup) -> Markup:
    """A figure with its title, its caption and the names of its files."""
    files = joined((code(f"{figure.name}.{kind}") for kind in ("svg", "png")), ", ")
    caption = element("figcaption", f"{figure.caption} Files: ", files, ".")
    title = element("h3", figure.title)
    return element("figure", title, svg, caption, id=f"figure-{figure.name}")


class Bounds(NamedTuple):
    """Two numbers between which something lies, to be rounded outward to at most so many digits."""

    lower: float
    upper: float
    digits: int = MOST_DIGITS


def number_markup(value: object, digits: int = 6, sign: bool = False) -> Markup:
    """A number to so many digits that keeps its exact value; words stay, nothing is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return DASH
    if isinstance(value, bool | np.bool_):
        return Markup("yes" if value else "no")
    if isinstance(value, int | float | np.number):
        return _data(float(value), f"{value:{'+' if sign else ''}.{digits}g}".replace("inf", "∞"))
    if isinstance(value, Share):
        ends = _ends(value.interval, share_ends(*value.interval))
        return Markup("{} ({}); {} of {}").format(
            number_markup(value.value), ends, value.count, value.runs
        )
    if isinstance(value, Switch):
        if value.bracket is None:
            return escape(switch_words(value))
        ends = _ends(value.bracket, bracketed(*value.bracket, DIGITS_OF_SWITCH))
        return Markup("{} ({})").format(interval(value.value, value.bracket), ends)
    if isinstance(value, Bounds):
        return _ends((value.lower, value.upper), bracketed(*value))
    if isinstance(value, list | tuple):
        return joined((number_markup(entry, digits) for entry in value), ", ")
    return escape(value)


def interval(value: float | None, bracket: Sequence[float] | None) -> Markup:
    """A number ± what is not known of it, in one piece; without a bracket as it is."""
    if value is None or bracket is None:
        return number_markup(value)
    return _data(float(value), plus_minus(*bracket), "whole")


def percent(value: float | None) -> Markup:
    """A share in per cent that keeps its exact value."""
    if value is None or math.isnan(value):
        return DASH
    return _data(value, f"{100 * value:.3g}\N{NO-BREAK SPACE}%")


def _data(value: float, text: str, kind: str | None = None) -> Markup:
    return element("data", text, class_=kind, value=repr(float(value)))


def _ends(values: Sequence[float], texts: Sequence[str]) -> Markup:
    """Both ends of an interval, with their exact values."""
    return joined(map(_data, values, texts), " to ")


def code(text: object) -> Markup:
    """What is written in files and on the command line."""
    return element("code", text)


def breakable(name: str, after: str = ".") -> Markup:
    """A name that may be broken into lines after dots, or another letter."""
    return escape(name).replace(after, Markup("{}<wbr>").format(after))


def formula(text: str, numbers: Mapping[str, Any]) -> Markup:
    """Plain text as HTML: θ_i and θ_{ij}, e^{x}, `code`, and numbers whose names are in braces."""
    found = ""
    for k, part in enumerate(text.split("`")):
        if k % 2:
            found += str(code(part))
            continue
        said = str(escape(part))
        for sign, tag, before in (("_", "sub", r"(?<=\w)"), (r"\^", "sup", "")):
            said = re.sub(
                rf"{sign}\{{([^{{}}]*)\}}|{before}{sign}(\w)(?!\w)",
                lambda m, tag=tag: f"<{tag}>{m[1] or m[2]}</{tag}>",
                said,
            )
        found += re.sub(
            r"\{([\w.]+)\}",
            lambda m: str(number_markup(numbers[m[1]])) if m[1] in numbers else m[0],
            said,
        )
    return Markup(found)
