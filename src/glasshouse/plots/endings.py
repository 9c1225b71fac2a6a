"""What learning in finite steps ends in, over two swept numbers: rest, cycles, chaos."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from glasshouse.plots._cells import SweptPlane, halo
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._palette import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, YELLOW
from glasshouse.plots.coupling import Columns


class _Kind(NamedTuple):
    """A kind of ending: how it is named in a key, and its colour."""

    words: str
    colour: str


ENDS_OF_STEPS = (
    _Kind("rest inside", BLUE),
    _Kind("rest at a bound", "#56B4E9"),
    _Kind("cycle of 2 steps", GREEN),
    _Kind("cycle of 4 steps", YELLOW),
    _Kind("other or several cycles", ORANGE),
    _Kind("chaos, by its exponent", BLACK),
    _Kind("none of these", GREY),
    _Kind("several, none in most runs", PURPLE),
)
"""What a point of the map can be, in the order of the key."""

LARGEST_STEP = "largest step at rest, closed form"
"""The line on the map; its label."""

REST_ENDING, CORNER_ENDING, PAIR, FOUR, CYCLES, CHAOS, MOVING, SEVERAL = range(len(ENDS_OF_STEPS))


def plot_endings(
    x: ArrayLike | Sequence,
    y: ArrayLike | Sequence,
    columns: Columns,
    *,
    largest: ArrayLike | Sequence = (),
    keys: tuple[str, str] = ("", ""),
    owners: tuple[Any, Any] = (None, None),
    ax: Axes | None = None,
) -> Axes:
    """What most runs end in over two swept numbers, one colour for each kind of ending.

    **Arguments:** `x`, `y`, values of the first and second axis, rising; `columns` of the table of
    a study with `[analysis] cycles = true`, whose rows have the first axis running fastest;
    `largest`, at each x the y up to which the rest point between the corners attracts in closed
    form, NaN or None where there is none, drawn as a line; `keys`, dotted, of both axes; `owners`,
    the classes whose numbers they are; `ax`, drawn into and returned, by default the axes of a new
    figure 4.8 inches wide not registered with pyplot.
    **Raises:** `InputError` when the columns do not have one row for each pair of values.
    """
    plane = SweptPlane.of(x, y, keys, owners)
    ax = ax or new_figure((FIGURE_WIDTH, 4.9)).subplots()
    names = ("corner_share", "cycle_share", "chaotic_share", "moving_share", "period")
    found = kinds_of_endings(*(plane.table(columns, name) for name in names))
    colours = ListedColormap([kind.colour for kind in ENDS_OF_STEPS])
    ax.pcolormesh(
        *plane.edges,
        found,
        cmap=colours,
        vmin=-0.5,
        vmax=len(ENDS_OF_STEPS) - 0.5,
        rasterized=True,
        zorder=0,
    )
    handles: list[Patch | Line2D] = [
        Patch(fc=kind.colour, ec="none", label=kind.words)
        for place, kind in enumerate(ENDS_OF_STEPS)
        if (found == place).any()
    ]
    line = np.asarray(largest, dtype=float)  # None becomes NaN
    if np.isfinite(line).any():
        style = {"color": BLACK, "lw": 1.4, "ls": "--", "label": LARGEST_STEP}
        drawn = ax.plot(plane.values[0], line, **style, path_effects=halo(3.4))
        handles += drawn
    plane.label(ax)
    arrange(ax, handles)
    return ax


def kinds_of_endings(
    corner: np.ndarray,
    cycle: np.ndarray,
    chaotic: np.ndarray,
    moving: np.ndarray,
    period: np.ndarray,
) -> np.ndarray:
    """What more than half of the runs end in at each point, as a place in `ENDS_OF_STEPS`.

    NaN where nothing was counted.

    **Arguments:** shares of the runs that end so, and the period they all have, NaN for none.
    """
    rest = 1.0 - corner - cycle - chaotic - moving
    found = np.full(np.shape(corner), float(SEVERAL))
    for share, kind in (
        (rest, REST_ENDING),
        (corner, CORNER_ENDING),
        (cycle, CYCLES),
        (chaotic, CHAOS),
        (moving, MOVING),
    ):
        found[share > 0.5] = kind
    found[(found == CYCLES) & (period == 2)] = PAIR
    found[(found == CYCLES) & (period == 4)] = FOUR
    found[~np.isfinite(corner)] = np.nan
    return found
