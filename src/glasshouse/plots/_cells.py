"""Two swept numbers as a plane of cells, whatever is drawn in them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib import patheffects
from matplotlib.axes import Axes

from glasshouse.errors import InputError
from glasshouse.plots._axes import axis_label
from glasshouse.plots._palette import TEXT
from glasshouse.plots.coupling import Columns

PROBABILITIES = "game.repeated."
"""The beginning of keys of numbers that all lie between 0 and 1."""


@dataclasses.dataclass(frozen=True)
class SweptPlane:
    """The cells around each pair of values.

    **Arguments:** `values` of the first and second axis, rising; `edges`, where cells end;
    `labels` of the axes.
    """

    values: tuple[np.ndarray, np.ndarray]
    edges: tuple[np.ndarray, np.ndarray]
    labels: tuple[str, str]

    @classmethod
    def of(
        cls,
        x: ArrayLike | Sequence,
        y: ArrayLike | Sequence,
        keys: tuple[str, str],
        owners: tuple[Any, Any],
    ) -> "SweptPlane":
        """The plane of these values, cut where a number cannot be."""
        values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        each = list(zip(values, keys, owners, strict=True))
        first, second = (np.clip(_edges(v), *_limits(key, owner)) for v, key, owner in each)
        one, other = (axis_label(key, owner) for _, key, owner in each)
        return cls(values, (first, second), (one, other))

    def table(self, columns: Columns, name: str) -> np.ndarray:
        """A column as a table: one row per value of the second axis."""
        x, y = self.values
        if name not in columns:
            raise InputError(f"the table has no column {name!r} to draw: {', '.join(columns)}")
        values = np.asarray(columns[name], dtype=float)
        if values.size != x.size * y.size:
            raise InputError(
                f"column {name!r} has {values.size} rows, but {x.size} × {y.size} values were "
                "swept: give one row for each pair, the first axis running fastest"
            )
        return values.reshape(y.size, x.size)

    def label(self, ax: Axes) -> None:
        """Limits, ticks and names of the axes: cells reach beyond what was studied."""
        ax.set(xlim=self.edges[0][[0, -1]], ylim=self.edges[1][[0, -1]])
        for axis, values in zip((ax.xaxis, ax.yaxis), self.values, strict=True):
            axis.set_ticks(_ticks(axis.get_ticklocs(), values))
        ax.set_xlabel(self.labels[0], fontsize=TEXT)
        ax.set_ylabel(self.labels[1], fontsize=TEXT)
        ax.tick_params(labelsize=TEXT)


def _edges(values: np.ndarray) -> np.ndarray:
    """Borders of the cells around values: halfway between neighbours."""
    if values.size == 1:
        half = 0.5 * (abs(float(values[0])) or 1.0)
        return np.array([values[0] - half, values[0] + half])
    middles = (values[1:] + values[:-1]) / 2
    return np.concatenate([[2 * values[0] - middles[0]], middles, [2 * values[-1] - middles[-1]]])


def _limits(key: str, owner: Any) -> tuple[float, float]:
    """Beyond which a swept number cannot be, so that no cell reaches there."""
    if key.startswith(PROBABILITIES):
        return 0.0, 1.0
    said = getattr(owner, "keys", {}).get(key.rpartition(".")[2])
    low = [x for x in (getattr(said, "least", None), getattr(said, "above", None)) if x is not None]
    most = getattr(said, "most", None)
    return float(max(low, default=-np.inf)), np.inf if most is None else float(most)


def _ticks(usual: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The usual ticks among the values, and their ends where these are far from all ticks."""
    ticks = [at for at in usual if values[0] <= at <= values[-1]]
    if not ticks:
        return np.unique(values[[0, -1]])
    half = 0.5 * (usual[1] - usual[0]) if len(usual) > 1 else 0.0
    first = [values[0]] if ticks[0] - values[0] > half else []
    last = [values[-1]] if values[-1] - ticks[-1] > half else []
    return np.array([*first, *ticks, *last])


def halo(width: float) -> list[patheffects.AbstractPathEffect]:
    """White around what lies on colours of any lightness."""
    return [patheffects.withStroke(linewidth=width, foreground="white")]
