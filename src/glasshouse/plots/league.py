"""Who is paid what against whom, as a table in colours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from glasshouse.errors import InputError
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, expected_width, new_figure
from glasshouse.plots._names import names_in_figure
from glasshouse.plots._palette import BLACK, GREY, TEXT

MOST_NUMBERED = 12
"""Tables of more entrants have a colour bar in place of numbers."""

WORD_WIDTH = 0.62
"""Of a letter, in its height: numbers are set to fit into their cells."""

SHARE_OF_CELL = 0.86
"""Of a cell, for what stands in it."""

SMALLEST_TEXT = 3.5
"""Points of text in a cell."""

DIGITS = 3

KEEPS_ITS_COLOUR = 0.99
"""Reports turn colours on dark pages, but not of what one can see through."""

DARKEST = 0.42
"""Mean of the channels of colours on which what is black can be read."""


def plot_league(
    names: Sequence[str],
    payoffs: ArrayLike | Sequence,
    failed: ArrayLike | Sequence | None = None,
    *,
    starts: int | None = None,
    quantity: str = "mean payoff of the row, per round",
    ax: Axes | None = None,
) -> Axes:
    """What each entrant is paid against each other, the first row at the top.

    **Arguments:** `names`; `payoffs`, [row, column], NaN where there is no mean, which is hatched;
    `failed`, how many of the runs of each pair failed, of `starts`; `quantity`, what the numbers
    are; `ax`, drawn into and returned, by default the axes of a new figure that is not registered
    with pyplot.
    **Raises:** `InputError` where payoffs are no square with a row for each name.
    """
    values, count = np.asarray(payoffs, dtype=float), len(names)
    if not count or values.shape != (count, count):
        raise InputError(
            f"{count} names do not fit payoffs of shape {values.shape}: give a row and a column "
            "for each"
        )
    lost = np.zeros(values.shape, int) if failed is None else np.asarray(failed)
    numbered = count <= MOST_NUMBERED
    size = (max(FIGURE_WIDTH, 1.5 + 0.45 * count), 1.4 + 0.36 * min(count, 2 * MOST_NUMBERED))
    ax = ax or new_figure(size, shrinks=False).subplots()
    edges = np.arange(count + 1) - 0.5
    shades = np.ma.masked_invalid(values)
    mesh = ax.pcolormesh(edges, edges, shades, cmap="cividis", rasterized=True)
    for row, column in np.argwhere(~np.isfinite(values)):
        place = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(place, 1, 1, fc="none", ec=GREY, hatch="//", lw=0.5))
    shown = names_in_figure(names)
    ax.set_xticks(range(count), shown, rotation=90)
    ax.set_yticks(range(count), shown)
    ax.set(xlim=edges[[0, -1]], ylim=edges[[-1, 0]])
    ax.tick_params(labelsize=TEXT, length=0)
    ax.set_ylabel("who is paid", fontsize=TEXT)
    ax.set_xlabel("against whom", fontsize=TEXT)
    ax.spines[:].set_visible(False)
    if numbered:
        arrange(ax, legend=False)
        _numbers(ax, values, lost, starts, np.asarray(mesh.cmap(mesh.norm(values))))
    else:
        bar = ax.figure.colorbar(mesh, ax=ax, pad=0.03, aspect=28)
        bar.set_label(quantity, fontsize=TEXT)
        bar.ax.tick_params(labelsize=TEXT)
        arrange(ax, legend=False, bar=bar.ax)
    return ax


def _numbers(
    ax: Axes, values: np.ndarray, lost: np.ndarray, starts: int | None, colours: np.ndarray
) -> None:
    """What stands in each cell, all of one size, as large as fits."""
    of = "" if starts is None else f" of {starts}"
    words = [
        [
            f"{value:#.{DIGITS}g}" if np.isfinite(value) else f"{number}{of}\nfailed"
            for value, number in zip(*pair, strict=True)
        ]
        for pair in zip(values, lost, strict=True)
    ]
    longest = max(len(line) for row in words for word in row for line in word.split("\n"))
    cell = expected_width(ax) / len(values) * 72 / ax.figure.dpi
    size = float(np.clip(SHARE_OF_CELL * cell / (WORD_WIDTH * longest), SMALLEST_TEXT, TEXT))
    for (row, column), value in np.ndenumerate(values):
        style: dict[str, Any] = {"color": BLACK}
        if np.isfinite(value):  # on a dark page cells stay as they are, and so does what is on them
            light = colours[row, column, :3].mean() > DARKEST
            style = {"color": "#010101" if light else "#fefefe", "alpha": KEEPS_ITS_COLOUR}
        ax.text(column, row, words[row][column], ha="center", va="center", size=size, **style)
