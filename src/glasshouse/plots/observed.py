"""An observable along one swept number: its mean over runs, and between which ends they lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes

from glasshouse.plots._axes import axis_label
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._names import in_figure, name_in_figure
from glasshouse.plots._palette import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, TEXT
from glasshouse.plots.coupling import Columns

LINES_OF_PLAYERS = (ORANGE, GREEN, PURPLE, BLACK)
"""Of so many players lines of their own are drawn."""


def plot_observed(
    x: ArrayLike | Sequence,
    columns: Columns,
    ax: Axes | None = None,
    *,
    words: str,
    names: Sequence[str] = (),
    key: str = "",
    owner: Any = None,
) -> Axes:
    """The mean of an observable where learning ends, over a band from the least run to the largest.

    **Arguments:** `x`, the values swept, rising; `columns` of the sweep's table, `observed_mean`
    among them; `ax`, drawn into and returned, by default the axes of a new figure 4.8 inches wide
    that is not registered with pyplot; `words`, what the observable is called; `names`, what
    players are called, whose own means are drawn where the table has them; `key`, `owner` as in
    `plot_tied_branch`.
    """
    ax = ax or new_figure((FIGURE_WIDTH, 3.4)).subplots()
    x = np.asarray(x, dtype=float)
    mean, low, high = (
        np.asarray(columns[f"observed_{name}"], dtype=float) for name in ("mean", "low", "high")
    )
    band = {"color": GREY, "lw": 0, "alpha": 0.25, "label": "least to largest run"}
    dots = {"marker": "o", "ms": 3.5} if len(x) <= 12 else {}
    if len(x) > 1:
        ax.fill_between(x, low, high, **band)
        ax.set_xlim(float(x.min()), float(x.max()))
    else:
        ax.vlines(x, low, high, **{**band, "lw": 4})
    each = [f"observed_player_{i + 1}" for i in range(len(LINES_OF_PLAYERS))]
    own = [np.asarray(columns[name], dtype=float) for name in each if name in columns]
    own = [line for line in own if np.isfinite(line).any()]
    ax.plot(
        x, mean, color=BLUE, lw=1.8, label="mean over runs" + " and players" * bool(own), **dots
    )
    for i, line in enumerate(own):
        style = {"color": LINES_OF_PLAYERS[i], "ls": "--", "lw": 1.3}
        ax.plot(x, line, label=f"mean of {name_in_figure(i, names)}", **style)
    ax.set_ylabel(in_figure(words), fontsize=TEXT)
    ax.set_xlabel(axis_label(key, owner), fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, columns=2, handlelength=2.2, columnspacing=1.5)
    return ax
