"""Outcomes over two swept numbers, with the lines where first movement and equilibrium switch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from glasshouse.plots._cells import SweptPlane, halo
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
    plane = SweptPlane.of(x, y, keys, owners)
    ax = ax or new_figure((FIGURE_WIDTH, 4.9)).subplots()
    mesh = ax.pcolormesh(
        *plane.edges,
        plane.table(columns, quantity),
        cmap="cividis",
        vmin=0.0 if label is None else None,
        vmax=1.0 if label is None else None,
        rasterized=True,
        zorder=0,
    )
    handles: list[Patch | Line2D] = [*_exploitation(ax, columns, plane)]
    for name, style in LINES.items():
        values = np.asarray(lines.get(name, []), dtype=float)  # None becomes NaN
        if np.isfinite(values).any():
            handles += _line(ax, values, plane.values[1], style)
    plane.label(ax)
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.03, aspect=28)
    bar.set_label(label or QUANTITIES.get(quantity, quantity), fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT)
    arrange(ax, handles, bar=bar.ax, handlelength=2.6)
    return ax


def _exploitation(ax: Axes, columns: Columns, plane: SweptPlane) -> list[Patch]:
    """Hatch and outline the cells in which exploitation is the most frequent outcome."""
    names = ("exploitation_share", "cooperation_share", "defection_share")
    if not all(name in columns for name in names):
        return []
    exploit, cooperate, defect = (plane.table(columns, name) for name in names)
    leads = (exploit > cooperate) & (exploit > defect)  # NaN leads nowhere
    if not leads.any():
        return []
    borders = _borders(leads, *plane.edges)
    pixels = len(borders) > MOST_SHAPES
    style = {"fc": "none", "ec": "white", "hatch": "///", "lw": 0.0, "rasterized": pixels}
    ax.add_patch(PathPatch(_cells(leads, *plane.edges), **style, zorder=1))
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
    line.set_path_effects(halo(style.get("lw", 1.0) + 1.6))
    return [line]
