"""Results as tables: DataFrames and CSV hold every digit, LaTeX and HTML what people read."""

import csv
import html
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from glasshouse._foundation.digits import at_least, at_most

if TYPE_CHECKING:
    import pandas

INTERVALS = {"interval", "bracket", "brackets", "between", "searched", "couplings", "enclosure"}
"""Keys whose two numbers are a lower and an upper end."""

MOST_EXPANDED = 64
"""Longer lists make no columns: they are arrays, which the result's attributes hold."""

MOST_ROWS_IN_HTML = 60

ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", "–": "--", "…": r"\ldots{}",
    "“": "``", "”": "''", "½": r"$\frac{1}{2}$", "±": r"$\pm$",
    "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "∞": r"$\infty$", "−": "$-$",
    "¬": r"$\neg$", "∧": r"$\wedge$", "∨": r"$\vee$", "→": r"$\to$", "↔": r"$\leftrightarrow$",
    "⊥": r"$\bot$", "⊤": r"$\top$", "□": "box~",
    "∂": r"$\partial$", "·": r"$\cdot$", "²": r"$^{2}$",
} | {
    letter: rf"$\{name}$"
    for letter, name in zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ",
        ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
         "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi",
         "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi",
         "Omega"),
        strict=True,
    )
}  # fmt: skip
"""What stands for itself in texts and not in LaTeX."""

INDEXED = re.compile("([α-ωΑ-Ω])_(½|[A-Za-z0-9]+)")
"""A letter of Greek with an index, such as κ_C."""

STYLE = {
    "table": "border-collapse:collapse;color:inherit;background:transparent",
    "th": "text-align:{};padding:.2em .7em;border-bottom:1px solid currentColor;font-weight:600",
    "td": "text-align:{};padding:.15em .7em",
}
"""Colours are those of the page around, light or dark."""


class ShownColumn(NamedTuple):
    """A column: its `key` in data, and its `heading` for people, with its unit."""

    key: str
    heading: str


class ShownTable(NamedTuple):
    """Rows of numbers, texts, yes and no, and None.

    **Arguments:** `columns`, those that people are shown first or alone; `records`, one dictionary
    for each row, which may have more.
    """

    columns: tuple[ShownColumn, ...]
    records: tuple[dict[str, Any], ...]

    @property
    def keys(self) -> list[str]:
        """All keys, those of the columns shown first."""
        found = dict.fromkeys(column.key for column in self.columns)
        for record in self.records:
            found |= dict.fromkeys(record)
        return list(found)

    def dataframe(self) -> "pandas.DataFrame":
        """All columns, every digit.

        **Raises:** `ImportError` without pandas.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_dataframe needs pandas: pip install pandas") from error
        return pandas.DataFrame(
            {key: [record.get(key) for record in self.records] for key in self.keys}
        )

    def csv(self) -> str:
        """All columns, numbers in as few digits as make the same double."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.keys)
        for record in self.records:
            writer.writerow([_exact(record.get(key)) for key in self.keys])
        return text.getvalue()

    def latex(self) -> str:
        """The columns shown as a `tabular`, which needs no package; one row goes down."""
        if not self.columns:
            return _tabular("l", None, [["--"]])
        if len(self.records) == 1:
            alone, body = "ll", list(self._downward(latex_cell, latex_text))
            return _tabular(alone, None, body)
        shown = [[latex_cell(r.get(c.key), c.key) for c in self.columns] for r in self.records]
        return _tabular(self._alignment, [latex_text(c.heading) for c in self.columns], shown)

    def html(self, title: str) -> str:
        """The columns shown as a table, for notebooks."""
        if len(self.records) == 1:
            return html_table(title, None, list(self._downward(html_cell, html.escape)), "ll")
        rows = [
            [html_cell(record.get(column.key), column.key) for column in self.columns]
            for record in self.records[:MOST_ROWS_IN_HTML]
        ]
        more = len(self.records) - len(rows)
        if more:
            rows.append([f"… {more} more rows", *[""] * (len(self.columns) - 1)])
        head = [html.escape(column.heading) for column in self.columns]
        return html_table(title, head, rows, self._alignment)

    def _downward(self, cell: Any, text: Any) -> Iterator[list[str]]:
        (record,) = self.records
        for column in self.columns:
            yield [text(column.heading), cell(record.get(column.key), column.key)]

    @property
    def _alignment(self) -> str:
        return "".join(
            "l" if any(isinstance(r.get(c.key), str | bool) for r in self.records) else "r"
            for c in self.columns
        )


def shown_table(
    records: Iterable[Mapping[str, Any]], headings: Mapping[str, str] | None = None
) -> ShownTable:
    """A table of plain data, lists and dictionaries inside of it spread over columns.

    **Arguments:** `headings`, which keys people are shown, and what they are called; without it
    all keys.
    """
    given = tuple(records)
    rows = tuple(dict(_spread("", record)) for record in given)
    if not rows:
        return ShownTable(tuple(ShownColumn(*column) for column in (headings or {}).items()), ())
    keys = list(dict.fromkeys(key for row in rows for key in row))
    spread = {key for key in keys if any(other.startswith(f"{key}_") for other in keys)}
    hollow = {key for key in spread if all(row.get(key) is None for row in rows)}
    rows = tuple({k: x for k, x in row.items() if k not in hollow} for row in rows)
    keys = [key for key in keys if key not in hollow]
    if not headings:
        return ShownTable(tuple(ShownColumn(key, _as_words(key)) for key in keys), rows)
    columns = []
    for wanted, heading in headings.items():
        inside = {key for r in given if isinstance(x := r.get(wanted), Mapping) for key in x}
        names = "".join(f"|_{re.escape(str(name))}(_.*)?" for name in sorted(inside, key=str))
        pattern = rf"{re.escape(wanted)}(_low|_high|(_\d+)*{names})"
        own = [key for key in keys if re.fullmatch(pattern, key)]
        for key in own:
            name, unit = re.fullmatch(r"(.*?)( \([^)]*\))?", heading).groups("")  # type: ignore[union-attr]
            ending = _as_words(key.removeprefix(wanted)) if len(own) > 1 or key != wanted else ""
            columns.append(ShownColumn(key, f"{name}{ending}{unit}"))
    return ShownTable(tuple(columns), rows)


def _as_words(key: str) -> str:
    return key.replace("_", " ")


def _spread(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Scalars inside of plain data, with keys that say where they stand."""
    within = f"{key}_" if key else ""
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield from _spread(f"{within}{name}", entry)
    elif isinstance(value, list | tuple):
        if _count(value) > MOST_EXPANDED:
            return
        last = key.rpartition("_")[2]
        ends = last in INTERVALS and len(value) == 2
        for name, entry in zip(("low", "high") if ends else range(1, len(value) + 1), value,
                               strict=True):  # fmt: skip
            yield from _spread(f"{within}{name}", entry)
    else:
        yield key, value


def _count(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list | tuple) else 1


def _exact(value: Any) -> Any:
    """What is written for a value; infinities and NaN as float() and pandas read them."""
    if isinstance(value, float):
        return repr(value)
    return "" if value is None else value


def number_text(value: float, key: str = "") -> str:
    """A number to six digits; the ends of an interval are rounded outward."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else f"{value:g}".replace("inf", "∞")
    if isinstance(value, int):
        return str(value)
    short = f"{value + 0.0:.6g}"  # + 0.0 turns -0.0 into 0.0
    if float(short) == value:
        return short
    if key.endswith(("low", "lower")):
        return at_least(value)
    return at_most(value) if key.endswith(("high", "upper")) else short


def _cell_text(value: Any, key: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number_text(value, key) if isinstance(value, int | float) else str(value)


def html_cell(value: Any, key: str = "") -> str:
    """A cell of HTML: words are escaped, and a number has all its digits in `value`."""
    text = html.escape(_cell_text(value, key))
    if isinstance(value, float) and math.isfinite(value):
        return f'<data value="{value!r}">{text}</data>'
    return text


def latex_cell(value: Any, key: str = "") -> str:
    """A cell of a `tabular`; numbers stand in mathematics."""
    text = _cell_text(value, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return latex_text(text)
    if math.isnan(value):
        return latex_text(text)
    mantissa, _, power = text.replace("∞", r"\infty").partition("e")
    times = rf"\times 10^{{{int(power)}}}" if power else ""
    return f"${mantissa}{times}$"


def latex_text(text: str) -> str:
    """A text in which nothing is a command of LaTeX."""
    before, *more = INDEXED.split(" ".join(text.split()))  # text, letter, index, text, …
    found = [_escaped(before)]
    for letter, index, after in zip(more[::3], more[1::3], more[2::3], strict=True):
        symbol = _escaped(letter).strip("$")
        found.append(f"${symbol}_{{{index.replace('½', '1/2')}}}${_escaped(after)}")
    return "".join(found)


def _escaped(text: str) -> str:
    return "".join(ESCAPED.get(letter, letter) for letter in text)


def _tabular(alignment: str, head: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> str:
    lines = [rf"\begin{{tabular}}{{{alignment}}}", r"\hline"]
    if head is not None:
        lines += [" & ".join(head) + r" \\", r"\hline"]
    lines += [_shielded(" & ".join(row)) + r" \\" for row in rows]
    return "\n".join([*lines, r"\hline", r"\end{tabular}"]) + "\n"


def _shielded(row: str) -> str:
    """A row that LaTeX does not take for what belongs to the line break before it."""
    return f"{{}}{row}" if row.startswith(("[", "*")) else row


def html_table(
    title: str, head: Sequence[str] | None, rows: Sequence[Sequence[str]], alignment: str
) -> str:
    """A table of HTML with a title; cells are HTML already, those that begin a row stand out."""
    sides = {"l": "left", "r": "right"}

    def row(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="{STYLE[tag].format(sides[side])}">{cell}</{tag}>'
            for cell, side in zip(cells, alignment, strict=True)
        )

    lines = [f'<table style="{STYLE["table"]}">']
    lines.append(
        f'<caption style="text-align:left;caption-side:top;color:inherit">{html.escape(title)}'
        "</caption>"
    )
    if head is not None:
        lines.append(f"<thead><tr>{row(head, 'th')}</tr></thead>")
    body = "\n".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return "\n".join([*lines, f"<tbody>{body}</tbody>", "</table>"])
