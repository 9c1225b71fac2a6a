"""Outcomes over two swept numbers, with the lines where first movement and equilibrium switch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from glasshouse.errors import InputError
from glasshouse.plots._axes import axis_label
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._palette import BLACK, GREEN, ORANGE, TEXT
from glasshouse.plots.coupling import MOST_SHAPES, Columns

QUANTITIES = {
    "mean_cooperation": "mean cooperation after learning",
    "cooperation_share": "share of runs in which all cooperate",
    "exploitation_share": "share of runs in which some exploit others",
    "defection_share": "share of runs in which nobody cooperates",
    "tied_cooperation": "cooperation after learning, tied start",
}
"""What a map can show; the colour bar's label."""

LINES = {
    "predicted": {"label": "first movement, closed form", "color": BLACK, "ls": "-", "lw": 1.6},
    "first_movement": {
        "label": "first movement, margin's change of sign",
        "color": BLACK,
        "ls": "",
        "marker": "o",
        "mfc": "white",
        "ms": 4.5,
    },
    "equilibrium": {
        "label": "equilibrium test passes from here on",
        "color": ORANGE,
        "ls": "--",
        "lw": 1.8,
        "marker": "s",
        "ms": 3.5,
    },
    "cooperation": {
        "label": "all cooperate in half of the runs from here on",
        "color": GREEN,
        "ls": "-.",
        "lw": 1.8,
        "marker": "^",
        "ms": 4.0,
    },
}
"""The lines that can lie on a map, by the name of their values."""

PROBABILITIES = "game.repeated."
"""The beginning of keys of numbers that all lie between 0 and 1."""

MOST_MARKS = 25
"""Along a line no more values than this are marked."""


def plot_outcome_map(
    x: ArrayLike | Sequence,
    y: ArrayLike | Sequence,
    columns: Columns,
    *,
    quantity: str = "mean_cooperation",
    label: str | None = None,
    lines: Mapping[str, ArrayLike | Sequence] = {},
    keys: tuple[str, str] = ("", ""),
    owners: tuple[Any, Any] = (None, None),
    ax: Axes | None = None,
) -> Axes:
    """A share or mean over two swept numbers as colours, hatched where exploitation leads.

    Hatched are the points at which more runs end with some exploiting others than with all, or
    none, cooperating.

    **Arguments:** `x`, `y`, values of the first and second axis, rising; `columns` of the sweep's
    table, whose rows have the first axis running fastest; `quantity`, a column of shares or
    probabilities, or of any numbers that `label` names; `lines`, by their names in `LINES` the
    value of x at each y, NaN or None where there is none; `keys`, dotted, of both axes; `owners`,
    the classes whose numbers they are; `ax`, drawn into and returned, by default the axes of a new
    figure 4.8 inches wide not registered with pyplot.
    **Raises:** `InputError` when the columns do not have one row for each pair of values.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    ax = ax or new_figure((FIGURE_WIDTH, 4.9)).subplots()
    limits = [_limits(key, owner) for key, owner in zip(keys, owners, strict=True)]
    edges = np.clip(_edges(x), *limits[0]), np.clip(_edges(y), *limits[1])
    mesh = ax.pcolormesh(
        *edges,
        _grid(columns, quantity, x, y),
        cmap="cividis",
        vmin=0.0 if label is None else None,
        vmax=1.0 if label is None else None,
        rasterized=True,
        zorder=0,
    )
    handles: list[Patch | Line2D] = [*_exploitation(ax, columns, x, y, edges)]
    for name, style in LINES.items():
        values = np.asarray(lines.get(name, []), dtype=float)  # None becomes NaN
        if np.isfinite(values).any():
            handles += _line(ax, values, y, style)
    ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])
    for axis, values in ((ax.xaxis, x), (ax.yaxis, y)):  # cells reach beyond what was studied
        axis.set_ticks(_ticks(axis.get_ticklocs(), values))
    ax.set_xlabel(axis_label(keys[0], owners[0]), fontsize=TEXT)
    ax.set_ylabel(axis_label(keys[1], owners[1]), fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.03, aspect=28)
    bar.set_label(label or QUANTITIES.get(quantity, quantity), fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT)
    arrange(ax, handles, bar=bar.ax, handlelength=2.6)
    return ax


def _grid(columns: Columns, name: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A column as a table: one row per value of y."""
    if name not in columns:
        raise InputError(f"the table has no column {name!r} to draw: {', '.join(columns)}")
    values = np.asarray(columns[name], dtype=float)
    if values.size != x.size * y.size:
        raise InputError(
            f"column {name!r} has {values.size} rows, but {x.size} × {y.size} values were swept: "
            "give one row for each pair, the first axis running fastest"
        )
    return values.reshape(y.size, x.size)


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


def _exploitation(
    ax: Axes, columns: Columns, x: np.ndarray, y: np.ndarray, edges: tuple[np.ndarray, np.ndarray]
) -> list[Patch]:
    """Hatch and outline the cells in which exploitation is the most frequent outcome."""
    names = ("exploitation_share", "cooperation_share", "defection_share")
    if not all(name in columns for name in names):
        return []
    exploit, cooperate, defect = (_grid(columns, name, x, y) for name in names)
    leads = (exploit > cooperate) & (exploit > defect)  # NaN leads nowhere
    if not leads.any():
        return []
    borders = _borders(leads, *edges)
    pixels = len(borders) > MOST_SHAPES
    style = {"fc": "none", "ec": "white", "hatch": "///", "lw": 0.0, "rasterized": pixels}
    ax.add_patch(PathPatch(_cells(leads, *edges), **style, zorder=1))
    for colour, width in (("white", 2.4), (BLACK, 1.0)):
        outline = {"colors": colour, "linewidths": width, "capstyle": "projecting"}
        outline["rasterized"] = pixels
        ax.add_collection(LineCollection(borders, **outline, zorder=2))
    colour = "#7d7c78"  # the middle of the colour map
    label = "exploitation is the most frequent outcome"
    return [Patch(fc=colour, ec="white", hatch="///", lw=0, label=label)]


def _cells(mask: np.ndarray, left: np.ndarray, low: np.ndarray) -> Path:
    """The cells of a mask as one path, neighbours in a row as one rectangle."""
    rectangles = []
    for row, marked in enumerate(mask):
        ends = np.flatnonzero(np.diff([False, *marked, False]))
        for first, last in ends.reshape(-1, 2):
            a, b, c, d = left[first], left[last], low[row], low[row + 1]
            rectangles.append(Path([(a, c), (b, c), (b, d), (a, d), (a, c)], closed=True))
    return Path.make_compound_path(*rectangles)


def _borders(mask: np.ndarray, left: np.ndarray, low: np.ndarray) -> list[np.ndarray]:
    """The line segments between cells in and out of a mask."""
    padded = np.pad(mask, 1)
    across = np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1])
    along = np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1])
    return [
        *(np.array([(left[j], low[i]), (left[j], low[i + 1])]) for i, j in across),
        *(np.array([(left[j], low[i]), (left[j + 1], low[i])]) for i, j in along),
    ]


def _line(ax: Axes, values: np.ndarray, y: np.ndarray, style: dict) -> list[Line2D]:
    every = max(1, -(-len(y) // MOST_MARKS))
    (line,) = ax.plot(values, y, **style, markevery=every, zorder=3)
    line.set_path_effects(_halo(style.get("lw", 1.0) + 1.6))
    return [line]


def _halo(width: float) -> list[patheffects.AbstractPathEffect]:
    """White around what lies on colours of any lightness."""
    return [patheffects.withStroke(linewidth=width, foreground="white")]
