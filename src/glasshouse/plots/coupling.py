"""Cooperation along one swept number: the tied branch, outcomes from starts, and thresholds."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Patch

from glasshouse.plots._axes import axis_label
from glasshouse.plots._layout import FIGURE_WIDTH, GAP, arrange, expected_width, new_figure
from glasshouse.plots._names import in_figure
from glasshouse.plots._palette import BLACK, BLUE, GREEN, GREY, ORANGE, TEXT

MOST_SHAPES = 1500
"""Curves of more points are drawn as pixels inside vector files, which stay small."""

ROW = 12.0
"""Points between rows of labels above the axes."""

EQUAL_VALUES = 1e-9
"""Values that differ by no more are equal; others drawn in one place are only close."""

STYLES = {"first order": ":", "long run": "-."}
"""Of the upright lines at what learners do."""

OUTCOME_LINES = (
    ("cooperation", BLUE, "-"),
    ("exploitation", ORANGE, "--"),
    ("defection", GREY, "-."),
)

Columns = Mapping[str, ArrayLike | Sequence]
"""Columns of a sweep's table by name; a missing number is NaN or None."""


@dataclasses.dataclass(frozen=True)
class Marker:
    """A value to mark.

    **Arguments:** `label`, may hold mathtext; `kind`: "first order", "long run" or "equilibrium";
    `within`, the bracket that the value is the middle of, None where it is known.
    """

    value: float
    label: str
    kind: str = "first order"
    within: tuple[float, float] | None = None


def outcome_names(players: int) -> dict[str, str]:
    """What the outcomes are called among so many players."""
    return {
        "cooperation": "both cooperate" if players == 2 else "all cooperate",
        "exploitation": "one exploits the other" if players == 2 else "some exploit others",
        "defection": "nobody cooperates",
    }


def plot_tied_branch(
    x: ArrayLike | Sequence,
    columns: Columns,
    ax: Axes | None = None,
    *,
    key: str = "",
    owner: Any = None,
    acts: str = "cooperating",
) -> Axes:
    """Cooperation at the end of tied runs, the closed-form branch over it, and means of all runs.

    **Arguments:** `x`, the values swept, rising; `columns` of the sweep's table: what is missing
    or holds no number is left out; `ax`, drawn into and returned, by default the axes of a new
    figure 4.8 inches wide that is not registered with pyplot; `key`, dotted, of what was swept;
    `owner`, the class whose number that is, default whichever declares such a key; `acts`, what
    action 0 is called.
    """
    ax = ax or new_figure((FIGURE_WIDTH, 3.4)).subplots()
    _draw_tied(np.asarray(x, dtype=float), columns, ax, axis_label(key, owner), acts)
    _arranged(ax)
    return ax


def plot_outcome_shares(
    x: ArrayLike | Sequence,
    columns: Columns,
    ax: Axes | None = None,
    *,
    key: str = "",
    owner: Any = None,
) -> Axes:
    """Shares of runs by outcome, with 95 % Wilson intervals as bands where columns have them.

    Where shares coincide, mostly at 0, one line shows through the gaps of the other.

    **Arguments:** as in `plot_tied_branch`.
    """
    ax = ax or new_figure((FIGURE_WIDTH, 3.4)).subplots()
    label = axis_label(key, owner)
    _arranged(ax, _draw_shares(np.asarray(x, dtype=float), columns, ax, label))
    return ax


def plot_coupling(
    x: ArrayLike | Sequence,
    columns: Columns,
    markers: Sequence[Marker] = (),
    axes: tuple[Axes, Axes] | None = None,
    *,
    key: str = "semantics.coupling",
    owner: Any = None,
    acts: str = "cooperating",
) -> tuple[Axes, Axes]:
    """Tied branch above, outcome shares below, thresholds through both.

    **Arguments:** `x`, `columns`, `key`, `owner`, `acts` as in `plot_tied_branch`; `markers`,
    thresholds to mark, those outside the values swept left out; `axes`, drawn into and returned, by
    default two of a new figure 4.8 inches wide that is not registered with pyplot.
    """
    if axes is None:
        figure = new_figure((FIGURE_WIDTH, 5.8))
        upper, lower = figure.subplots(2, 1, sharex=True)
    else:
        upper, lower = axes
    values = np.asarray(x, dtype=float)
    _draw_tied(values, columns, upper, "", acts)
    more = _draw_shares(values, columns, lower, axis_label(key, owner))
    mark_thresholds((upper, lower), values, markers)
    _arranged(upper)
    _arranged(lower, more)
    return upper, lower


def _draw_tied(x: np.ndarray, columns: Columns, ax: Axes, along: str, acts: str) -> None:
    pixels = len(x) > MOST_SHAPES
    tied, rests = _numbers(columns, "tied_cooperation"), columns.get("tied_converged")
    rested = np.ones(len(x), bool) if rests is None else np.asarray(rests).astype(bool)
    for mask, face, label in (
        (rested, BLUE, "tied start, learned"),
        (~rested, "white", "tied start, not yet at rest"),
    ):
        shown = np.zeros(len(x), bool) if tied is None else mask & np.isfinite(tied)
        if tied is not None and shown.any():
            size = 4.5 if len(x) <= 90 else 3.0
            style = {"ms": size, "mfc": face, "mec": BLUE, "mew": 0.9, "rasterized": pixels}
            ax.plot(x[shown], tied[shown], "o", label=label, zorder=3, clip_on=False, **style)
    predicted = _numbers(columns, "tied_predicted")
    if predicted is not None:
        style = {"color": BLACK, "lw": 1.4, "rasterized": pixels}
        ax.plot(*_with_breaks(x, predicted), label="tied start, closed form", zorder=4, **style)
    mean = _numbers(columns, "mean_cooperation")
    if mean is not None:
        style = {"color": GREEN, "lw": 1.6, "ls": "--", **_dots(x, GREEN), "rasterized": pixels}
        ax.plot(x, mean, label="mean over starts", zorder=2, **style)
    _axes_of(ax, x, f"probability of {in_figure(acts)}", along)


def _draw_shares(x: np.ndarray, columns: Columns, ax: Axes, along: str) -> list[Patch]:
    """The lines with their bands; what the legend has besides them."""
    pixels = len(x) > MOST_SHAPES
    names = outcome_names(3 if "exploited_share_player_3" in columns else 2)
    banded = False
    for place, (name, colour, style) in enumerate(OUTCOME_LINES):
        value, low, high = (_numbers(columns, f"{name}_{end}") for end in ("share", "low", "high"))
        if value is None:
            continue
        # The solid line below, so that it shows through the gaps of one that lies on it.
        line = {
            "color": colour,
            "ls": style,
            "lw": 1.6,
            **_dots(x, colour),
            "zorder": 3 + place / 9,
        }
        ax.plot(x, value, label=names[name], **line, rasterized=pixels)
        if low is None or high is None:
            continue
        banded = True
        if len(x) > 1:
            # Without transparency, which would mix bands to a colour of neither; outlined, so that
            # one below another is known by its edges.
            ax.fill_between(x, low, high, color=_tint(colour), lw=0, zorder=1, rasterized=pixels)
            for edge in (low, high):
                ax.plot(x, edge, color=colour, ls=style, lw=0.5, zorder=2, rasterized=pixels)
        else:
            ax.vlines(x, low, high, color=_tint(colour), lw=4, zorder=1, rasterized=pixels)
    _axes_of(ax, x, "share of runs", along)
    return [Patch(color=_tint(GREY), lw=0, label="95 % interval")] if banded else []


def mark_thresholds(axes: Sequence[Axes], x: np.ndarray, markers: Sequence[Marker]) -> None:
    """Vertical lines through all panels, their labels above the first one, without overlap.

    **Arguments:** `x`, the values swept; markers outside them are left out.
    """
    low, high = float(x.min()), float(x.max())
    width = high - low
    shown = [m for m in markers if low <= m.value <= high]
    top, point = axes[0], axes[0].figure.dpi / 72
    room = expected_width(top)
    right_end: list[float] = []  # of the labels in each row, in pixels from the left
    for marker in _merged(shown, width):
        equilibrium = marker.kind == "equilibrium"
        for ax in axes:
            colour, style = (ORANGE, "-") if equilibrium else (BLACK, STYLES.get(marker.kind, ":"))
            ax.axvline(marker.value, color=colour, ls=style, lw=1.2, zorder=1)
        label = top.annotate(
            marker.label,
            (marker.value, 1.0),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=TEXT + 1,
        )
        half = label.get_window_extent().width / 2
        line = room * ((marker.value - low) / width if width else 0.5)
        # Near an end of the axes the label moves inwards, as far as its line stays under it.
        middle = min(max(line, half - 3 * GAP * point), room - half + GAP * point)
        row = next((r for r, end in enumerate(right_end) if end <= middle - half), len(right_end))
        right_end[row : row + 1] = [middle + half + GAP * point]
        label.xyann = ((middle - line) / point, 3 + ROW * row)


def _merged(markers: Sequence[Marker], width: float) -> list[Marker]:
    """The markers in order, those that cannot be told apart in the figure as one."""
    found: list[Marker] = []
    for marker in sorted(markers, key=lambda m: m.value):
        last = found[-1] if found else None
        if last and _alike(last, marker) and abs(last.value - marker.value) < 1e-3 * width:
            equal = last.kind == marker.kind and abs(last.value - marker.value) <= EQUAL_VALUES
            joint = " = " if equal else ", "
            same = marker.label == last.label
            label = last.label if same else f"{last.label}{joint}{marker.label}"
            found[-1] = dataclasses.replace(last, label=label)
        else:
            found.append(marker)
    return found


def _alike(one: Marker, other: Marker) -> bool:
    """Whether one line may stand for both: where learners go is no equilibrium."""
    return (one.kind == "equilibrium") == (other.kind == "equilibrium")


def _numbers(columns: Columns, name: str) -> np.ndarray | None:
    """A column as floats; None where it is missing or holds no number."""
    if name not in columns:
        return None
    found = np.asarray(columns[name], dtype=float)  # None becomes NaN
    return found if np.isfinite(found).any() else None


def _dots(x: np.ndarray, colour: str) -> dict:
    """Dots on the points of short sweeps, which may be single values."""
    return {"marker": "o", "ms": 3.5, "mfc": colour, "mec": colour} if len(x) <= 12 else {}


def _tint(colour: str) -> str:
    """The colour of a band around a line of this colour."""
    red, green, blue = (1 - 0.25 * (1 - part) for part in to_rgb(colour))
    return to_hex((red, green, blue))


def _axes_of(ax: Axes, x: np.ndarray, label: str, along: str) -> None:
    """Labels and limits."""
    ax.set_ylabel(label, fontsize=TEXT)
    ax.set_ylim(-0.04, 1.04)
    if len(x) > 1:
        ax.set_xlim(float(x.min()), float(x.max()))
    if along:
        ax.set_xlabel(along, fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)


def _arranged(ax: Axes, more: Sequence[Patch] = ()) -> None:
    handles = [*ax.get_legend_handles_labels()[0], *more]
    arrange(ax, handles, columns=2, handlelength=2.2, columnspacing=1.5)


def _with_breaks(x: np.ndarray, y: np.ndarray) -> tuple[list[float], list[float]]:
    """The branch with a gap wherever it jumps, so that no line suggests values between."""
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    left, up = [points[0][0]], [points[0][1]]
    for (_, before), (value, after) in itertools.pairwise(points):
        if abs(after - before) > 0.3:
            left.append(np.nan)
            up.append(np.nan)
        left.append(value)
        up.append(after)
    return left, up
