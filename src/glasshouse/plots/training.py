"""What training came to, update by update."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes

from glasshouse._foundation.seeds import band_of_seeds
from glasshouse.errors import InputError
from glasshouse.plots._layout import arrange, new_figure
from glasshouse.plots._names import in_figure
from glasshouse.plots._palette import BLUE, GREEN, ORANGE, PURPLE, TEXT

COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
"""Of players; of more they begin again."""

MOST_SEEDS_DRAWN = 20
"""Of more seeds only the mean and its band are drawn."""


def plot_training(
    updates: ArrayLike,
    values: ArrayLike,
    players: Sequence[str] | None = None,
    *,
    quantity: str = "payoff per step",
    ax: Axes | None = None,
) -> Axes:
    """A quantity along a training: of each player every seed, the mean of seeds and its error.

    **Arguments:** `updates` of each record; `values`, of shape `(records, seeds, players)`, NaN
    from where a seed has failed, which is then left out of the mean; `players`, their names;
    `quantity`, the label of the vertical axis; `ax`, drawn into and returned, by default the axes
    of a new figure that is not registered with pyplot.
    **Raises:** `InputError` for other shapes.
    """
    along, found = np.asarray(updates, dtype=float), np.asarray(values, dtype=float)
    if found.ndim != 3 or len(found) != len(along):
        raise InputError(
            f"values of shape {found.shape} do not fit {len(along)} records: give them as "
            "(records, seeds, players)"
        )
    ax = ax or new_figure((5.2, 3.3)).subplots()
    band = band_of_seeds(found)
    names = players or [f"player {i + 1}" for i in range(found.shape[2])]
    for i, name in enumerate(names):
        colour = COLOURS[i % len(COLOURS)]
        if found.shape[1] <= MOST_SEEDS_DRAWN:
            ax.plot(along, found[..., i], color=colour, lw=0.6, alpha=0.35)
        mean, low, high = band[:, i].T
        if not np.isnan(mean).any():
            ax.fill_between(along, low, high, color=colour, alpha=0.25, lw=0)
            ax.plot(along, mean, color=colour, lw=1.8, label=in_figure(name))
    ax.set_xlim(along[0], along[-1])
    ax.set_xlabel("updates", fontsize=TEXT)
    ax.set_ylabel(quantity, fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, columns=3)
    return ax
