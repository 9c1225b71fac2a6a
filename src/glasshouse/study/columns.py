"""Columns of tables from their buffers: `pa.array` looks for pandas first, which takes a second."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def column_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column of values some of which may be None."""
    given = np.array([value is not None for value in values])
    filled = [value or 0 for value in values]
    if kind == pa.string():
        texts = [(value or "").encode() for value in values]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        data = [pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    elif kind == pa.bool_():
        data = [pa.py_buffer(np.packbits(np.array(filled, bool), bitorder="little"))]
    else:
        data = [pa.py_buffer(np.array(filled, kind.to_pandas_dtype()))]
    valid = None if given.all() else pa.py_buffer(np.packbits(given, bitorder="little"))
    missing = len(given) - int(given.sum())
    return pa.Array.from_buffers(kind, len(given), [valid, *data], missing)


def float_column(values: np.ndarray) -> pa.Array:
    """Numbers as a column, NaN as missing."""
    there = ~np.isnan(values)
    valid = pa.py_buffer(np.packbits(there, bitorder="little"))
    data = pa.py_buffer(np.where(there, values, 0.0))
    return pa.Array.from_buffers(pa.float64(), len(values), [valid, data], int((~there).sum()))


def whole_column(values: np.ndarray) -> pa.Array:
    """Whole numbers as a column."""
    data = pa.py_buffer(np.ascontiguousarray(values, dtype=np.int32))
    return pa.Array.from_buffers(pa.int32(), len(values), [None, data])


def bool_column(values: np.ndarray) -> pa.Array:
    """Yes and no as a column."""
    data = pa.py_buffer(np.packbits(np.asarray(values, bool), bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, data])
