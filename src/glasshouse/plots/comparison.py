"""Learners beside each other."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes

from glasshouse.errors import InputError
from glasshouse.plots._layout import arrange, new_figure
from glasshouse.plots._names import in_figure
from glasshouse.plots._palette import BLUE, GREY, ORANGE, TEXT

ROW_HEIGHT = 0.32
"""Height of a row, in inches."""

BELOW = 0.22
"""Of a row, by how much a published mean with its interval lies below ours."""


def plot_comparison(
    names: Sequence[str],
    means: ArrayLike | Sequence,
    intervals: ArrayLike | Sequence,
    references: Sequence[float | None] | None = None,
    *,
    reference_intervals: Sequence[tuple[float, float] | None] | None = None,
    quantity: str = "payoff per round",
    threshold: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Means of learners with their intervals, the first at the top.

    **Arguments:** `names`; `means`, NaN where no run ended; `intervals`, of shape `(learners, 2)`;
    `references`, published means or None; `reference_intervals`, theirs or None; `quantity`, the
    label of the horizontal axis; `threshold`, drawn as a line; `ax`, drawn into and returned, by
    default the axes of a new figure that is not registered with pyplot.
    **Raises:** `InputError` for unequal lengths.
    """
    centre = np.asarray(means, dtype=float)
    ends = np.asarray(intervals, dtype=float)
    if not len(names) or centre.shape != (len(names),) or ends.shape != (len(names), 2):
        raise InputError(
            f"{len(names)} names do not fit means of shape {centre.shape} and intervals of shape "
            f"{ends.shape}: give one mean and two ends for each name"
        )
    size = (5.2, 1.3 + ROW_HEIGHT * len(names))
    ax = ax or new_figure(size, shrinks=False).subplots()
    rows = np.arange(len(names))
    if threshold is not None:
        ax.axvline(threshold, color=GREY, lw=0.9, ls="--", label="threshold of the shares")
    ax.hlines(rows, ends[:, 0], ends[:, 1], color=BLUE, lw=2.2, label="95 % interval of the mean")
    ax.plot(centre, rows, "o", ms=4.5, color=BLUE, label="mean")
    known = [
        (x, k + BELOW * bool(reference_intervals))
        for k, x in enumerate(references or ())
        if x is not None
    ]
    spans = [(*ends, k) for k, ends in enumerate(reference_intervals or ()) if ends is not None]
    if spans:
        low, high, places = zip(*spans, strict=True)
        style = {"color": ORANGE, "lw": 1.2, "label": "95 % interval published"}
        ax.hlines(np.array(places) + BELOW, low, high, **style)
    if known:
        ax.plot(*zip(*known, strict=True), "x", ms=6, mew=1.2, color=ORANGE, label="published")
    ax.set_yticks(rows, list(map(in_figure, names)))
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(quantity, fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.grid(axis="y", color=GREY, alpha=0.25, lw=0.5)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, columns=2, handlelength=1.8, columnspacing=1.5)
    return ax
