"""Results for people and for programs: how they are shown, and as plain data."""

import contextvars
import dataclasses
import enum
import functools
import html
import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import wadler_lindig as wl

from glasshouse._foundation.tabular import ShownTable, html_table, shown_table

if TYPE_CHECKING:
    import pandas

LINE_WIDTH = 90
"""What is shown is broken into lines of this many columns."""

LINE_OF_TEXT = 70
"""Longer texts go over several lines."""

LONGEST_TEXT = 48
"""Longer texts are shortened where they are not the result's own."""

MOST_NUMBERS_SHOWN = 8
"""Longer sequences and larger arrays are shortened."""

MOST_IN_TEXT = 6
"""In sentences they are shortened sooner."""

MOST_ENTRIES_SHOWN = 4
"""Sequences of anything larger than numbers and texts are shortened sooner."""


UNLESS_NONE = "shown unless it is None"
"""Key in the metadata of a field that says nothing where it is None."""

SHOWN_WHOLE = "shown whole"
"""Key in the metadata of a field whose text is not shortened where its result is inside another."""


class Readable:
    """For dataclasses declared with `repr=False`: shown as `Name(field=value, …)`, to be read.

    Numbers are rounded to six digits, long sequences and arrays shortened; the attributes hold
    everything. Equinox, too, shows what has `__pdoc__` that way.
    """

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        return described(self, **settings)

    def __repr__(self) -> str:
        return wl.pformat(self, width=LINE_WIDTH)


class Result(Readable):
    """For dataclasses that hold results and settings: readable, available as plain data, and as a
    table for papers and notebooks.

    The table has the rows that the attribute `ROWS` names, or is that attribute; without one the
    result is a row of its own.
    """

    ROWS: ClassVar[str] = ""
    """What holds its rows, results or dictionaries, or a table."""

    HEADINGS: ClassVar[Mapping[str, str]] = {}
    """Of columns that people are shown, by key, with units in brackets; without any all are."""

    SAYS: ClassVar[str] = ""
    """What holds sentences that notebooks show above the table."""

    def to_dict(self) -> dict[str, Any]:
        """All fields as dictionaries, lists, numbers and strings, ready for JSON.

        Results inside become dictionaries, tuples and arrays lists, complex numbers their
        `real` and `imag`; NaN and infinities become None.
        """
        return {name: plain(value) for name, value in fields_of(self)}

    def to_dataframe(self) -> "pandas.DataFrame":
        """Its rows as a DataFrame, else itself as one row: every number, with all its digits.

        Lists and results inside are spread over columns, `payoffs_1`, `certificate_epsilon`; longer
        arrays, which the attributes hold, are left out.

        **Raises:** `ImportError` without pandas.
        """
        return self.as_table.dataframe()

    def to_latex(self) -> str:
        """Its rows as a LaTeX `tabular`, which needs no package, else itself line by line.

        Numbers have six digits, ends of intervals rounded outward; `to_csv` has all of them.
        """
        return self.as_table.latex()

    def to_csv(self) -> str:
        """The table of `to_dataframe` as text, every float64 as it is."""
        return self.as_table.csv()

    @property
    def as_table(self) -> ShownTable:
        """What is exported and shown: its rows, else itself as one."""
        if not self.ROWS:
            return shown_table([in_tables(self)], self.HEADINGS)
        held = getattr(self, self.ROWS)
        if isinstance(held, ShownTable):
            return held
        rows = list(held)
        headings = self.HEADINGS or (getattr(type(rows[0]), "HEADINGS", None) if rows else None)
        return shown_table(map(in_tables, rows), headings)

    def _repr_html_(self) -> str:
        """For notebooks: the rows as a table, else what `repr` shows, field by field."""
        name = type(self).__name__
        said = getattr(self, self.SAYS) if self.SAYS else ()
        above = "".join(f"<p>{html.escape(text)}</p>\n" for text in said)
        if self.ROWS:
            return above + self.as_table.html(name)
        lines = [
            [html.escape(text) for text in (key.replace("_", " "), _in_a_cell(value))]
            for key, value in fields_of(self)
        ]
        return html_table(name, None, lines, "ll")


def _in_a_cell(value: Any) -> str:
    """A field in a table; words stand for themselves."""
    return value if isinstance(value, str) else wl.pformat(pretty(value), width=LINE_WIDTH)


_KEEPS_ALL = contextvars.ContextVar("whether plain data keep NaN and infinities", default=False)


def in_tables(value: Any) -> Any:
    """`value` as `plain` has it, with NaN and infinities, which tables can hold and JSON cannot."""
    token = _KEEPS_ALL.set(True)
    try:
        return plain(value)
    finally:
        _KEEPS_ALL.reset(token)


def plain(value: Any) -> Any:
    """`value` as dictionaries, lists, numbers and strings; NaN and infinities become None."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if hasattr(value, "dtype"):
        return plain(np.asarray(value).tolist())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) or _KEEPS_ALL.get() else None
    if isinstance(value, complex):
        return {"real": plain(value.real), "imag": plain(value.imag)}
    return _plain_structure(value)


def _plain_structure(value: Any) -> Any:
    if hasattr(type(value), "to_dict"):
        return value.to_dict()
    if not isinstance(value, type) and dataclasses.is_dataclass(value):
        return {name: plain(entry) for name, entry in fields_of(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    if callable(value):
        function = _unwrapped(value)
        return f"{function.__module__}:{_function_name(function)}"
    raise TypeError(f"{type(value).__name__} has no plain form")


def fields_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of the fields of a dataclass that are set and meant to be shown."""
    for field in dataclasses.fields(value):
        if field.repr and hasattr(value, field.name):
            held = getattr(value, field.name)
            if held is not None or UNLESS_NONE not in field.metadata:
                yield field.name, held


def described(value: Any, **settings: Any) -> wl.AbstractDoc:
    """A dataclass as `Name(field=value, …)`; as `__pdoc__` of a class it shows its instances."""
    whole = {field.name for field in dataclasses.fields(value) if SHOWN_WHOLE in field.metadata}
    shown = ((name, _text(x, 1) if name in whole else x) for name, x in fields_of(value))
    return call(type(value).__name__, shown, **settings)


def call(
    name: str, arguments: Iterable[tuple[str, Any]], *, depth: int = 0, **settings: Any
) -> wl.AbstractDoc:
    """`name(argument=value, …)`, in one line where it fits, shorter inside of something else.

    **Arguments:** `depth`, inside of how many; other `settings` are those of the printer.
    """
    docs = [wl.TextDoc(f"{key}=") + pretty(value, depth + 1) for key, value in arguments]
    begin, end = wl.TextDoc(f"{name}("), wl.TextDoc(")")
    return _filled(begin, docs, end) if depth else wl.bracketed(begin, docs, wl.comma, end, 2)


def pretty(value: Any, depth: int = 1) -> wl.AbstractDoc:
    """Any value, rounded and shortened; arrays that have no numbers yet by their shape."""
    if isinstance(value, wl.AbstractDoc):
        return value
    if hasattr(type(value), "__pdoc__"):
        return value.__pdoc__(depth=depth)
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _array(value)
    if isinstance(value, str):
        return _text(value, depth)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        fields = value._asdict().items()  # pyright: ignore[reportAttributeAccessIssue]
        return call(type(value).__name__, fields, depth=depth)
    if isinstance(value, list | tuple | dict):
        return _sequence(value, depth)
    return wl.TextDoc(_atom(value))


def _atom(value: Any) -> str:
    if value is None or isinstance(value, bool | int):
        return repr(value)
    if isinstance(value, float):
        return _rounded(value)
    if isinstance(value, complex):
        return f"{value.real:.6g}{value.imag:+.6g}j"
    if isinstance(value, enum.Enum):
        return repr(value.name)
    if isinstance(value, Path):
        return repr(str(value))
    if callable(value) and not dataclasses.is_dataclass(value):
        return _function_name(value)
    found = repr(value) if type(value).__repr__ is not object.__repr__ else ""
    if found and len(found) <= LINE_OF_TEXT and not re.search(r"\b0x[0-9a-fA-F]+|\n", found):
        return found
    return f"{type(value).__name__}(…)"


def _rounded(value: float) -> str:
    text = f"{value:.6g}"
    return text if re.search(r"[.ean]", text) else f"{text}.0"


def _function_name(function: Callable) -> str:
    function = _unwrapped(function)
    return getattr(function, "__qualname__", type(function).__name__)


def _unwrapped(function: Callable) -> Callable:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _text(value: str, depth: int) -> wl.AbstractDoc:
    """A text as Python writes it; a long one as several that Python would put together."""
    if depth > 1:
        return wl.TextDoc(repr(shortened(value, LONGEST_TEXT)))
    if len(value) <= LINE_OF_TEXT:
        return wl.TextDoc(repr(value))
    *lines, last = textwrap.wrap(value, LINE_OF_TEXT - 1, break_on_hyphens=False) or [""]
    return wl.TextDoc("\n".join([*(repr(f"{line} ") for line in lines), repr(last)]))


def shortened(text: str, width: int) -> str:
    """The beginning of a text, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _array(value: Any) -> wl.AbstractDoc:
    if math.prod(value.shape) > MOST_NUMBERS_SHOWN or not has_numbers(value):
        return wl.TextDoc(f"array of shape {tuple(value.shape)}")
    return pretty(np.asarray(value).tolist())


def few(values: Any) -> str:
    """Numbers in a sentence: one by itself, of many the first and how many more there are."""
    numbers = np.ravel(np.asarray(values))
    texts = [f"{x:.6g}" for x in numbers[:MOST_IN_TEXT]]
    if len(numbers) == 1:
        return texts[0]
    more = [f"… {len(numbers) - MOST_IN_TEXT} more"] * (len(numbers) > MOST_IN_TEXT)
    return f"({', '.join([*texts, *more])})"


def has_numbers(value: Any) -> bool:
    """Whether the array's numbers can be read: it is neither traced nor deleted nor elsewhere."""
    if isinstance(value, np.ndarray | np.generic):
        return True
    import jax.core
    import jax.numpy as jnp

    return (
        isinstance(value, jax.Array)
        and not isinstance(value, jax.core.Tracer)
        and not jnp.issubdtype(value.dtype, jax.dtypes.extended)
        and value.is_fully_addressable
        and not value.is_deleted()
    )


def _sequence(value: Sequence | dict, depth: int) -> wl.AbstractDoc:
    entries = list(value.values() if isinstance(value, dict) else value)
    simple = all(isinstance(x, int | float | complex | str | None) for x in entries)
    most = MOST_NUMBERS_SHOWN if simple else MOST_ENTRIES_SHOWN
    docs: list[wl.AbstractDoc] = [pretty(entry, depth) for entry in entries[:most]]
    if isinstance(value, dict):
        docs = [pretty(key) + wl.TextDoc(": ") + doc for key, doc in zip(value, docs, strict=False)]
    elif len(entries) == 1 and isinstance(value, tuple):
        docs = [docs[0] + wl.TextDoc(",")]
    if len(entries) > most:
        docs.append(wl.TextDoc(f"… {len(entries) - most} more"))
    begin, end = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else "()"
    return _filled(wl.TextDoc(begin), docs, wl.TextDoc(end))


def _filled(begin: wl.TextDoc, docs: Sequence[wl.AbstractDoc], end: wl.TextDoc) -> wl.AbstractDoc:
    """Entries in brackets, as many in a line as fit."""
    lines: wl.AbstractDoc = begin
    for k, doc in enumerate(docs):
        after = wl.TextDoc(",") if k < len(docs) - 1 else end
        lines = lines + (wl.BreakDoc(" " if k else "") + doc.group() + after).group().nest(2)
    return lines if docs else begin + end
