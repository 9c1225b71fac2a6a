"""What shapers gain over β and how well they know the other, as a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import ArrayLike
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from glasshouse.analysis.manipulation import TOLD
from glasshouse.errors import InputError
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._palette import BLACK, GREY, ORANGE, TEXT


def plot_manipulation(
    betas: ArrayLike,
    fidelities: ArrayLike,
    gain: ArrayLike,
    error: ArrayLike | None = None,
    *,
    half: ArrayLike | Sequence = (),
    predicted: ArrayLike | Sequence = (),
    quantity: str = "gain of the shaper, per step",
    most: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Gains as colours, the best critic at the top, and where half of them is left.

    Cells whose gain lies within two standard errors of 0 are hatched. Columns and rows are equally
    wide whatever their values; lines run between rows in proportion to √f.

    **Arguments:** `betas` of the columns; `fidelities` of the rows, as measured, falling; `gain`
    and its `error`, [row, column]; `half`, the fidelity at which half of the best row's gain is
    left, for each column, NaN where there is none; `predicted`, the same by a formula; `quantity`,
    what the numbers are; `most`, the gain of the darkest colours; `ax`, drawn into and returned, by
    default the axes of a new figure that is not registered with pyplot.
    **Raises:** `InputError` where shapes do not fit.
    """
    columns, rows = np.asarray(betas, dtype=float), np.asarray(fidelities, dtype=float)
    values = np.asarray(gain, dtype=float)
    errors = np.zeros(values.shape) if error is None else np.asarray(error, dtype=float)
    if values.shape != (rows.size, columns.size) or errors.shape != values.shape:
        raise InputError(
            f"gains of shape {values.shape} and errors of shape {errors.shape} do not fit "
            f"{rows.size} fidelities and {columns.size} betas: give a row for each fidelity"
        )
    ax = ax or new_figure((FIGURE_WIDTH, 1.6 + 0.36 * rows.size), shrinks=False).subplots()
    limit = most or float(np.nanmax(np.abs(values), initial=1e-9))
    mesh = ax.pcolormesh(
        np.arange(columns.size + 1) - 0.5,
        np.arange(rows.size + 1) - 0.5,
        np.ma.masked_invalid(values),
        cmap="cividis",
        norm=Normalize(-limit, limit),
        rasterized=True,
    )
    for row, column in np.argwhere(~(np.abs(values) > TOLD * errors)):
        place = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(place, 1, 1, fc="none", ec=GREY, hatch="///", lw=0))
    handles = [
        _line(ax, rows, values_at, look)
        for values_at, look in ((predicted, HALF_PREDICTED), (half, HALF_MEASURED))
        if np.isfinite(np.asarray(values_at, dtype=float)).any()
    ]
    ax.set_xticks(range(columns.size), [f"{x:g}" for x in columns])
    ax.set_yticks(range(rows.size), [f"{round(x, 2) + 0.0:.2f}" for x in rows])
    ax.set(xlim=(-0.5, columns.size - 0.5), ylim=(rows.size - 0.5, -0.5))
    ax.set_xlabel("alignment β", fontsize=TEXT)
    ax.set_ylabel("fidelity of the opponent critic", fontsize=TEXT)
    ax.tick_params(labelsize=TEXT, length=0)
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.03, aspect=20)
    bar.set_label(quantity, fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT)
    arrange(ax, handles, bar=bar.ax, legend=bool(handles))
    return ax


HALF_MEASURED = {"label": "half of the gain is left", "color": ORANGE, "ls": "-", "marker": "o"}
HALF_PREDICTED = {"label": "predicted: a shaper of √f β", "color": BLACK, "ls": "--", "marker": ""}


def _line(ax: Axes, rows: np.ndarray, fidelity: ArrayLike | Sequence, look: dict[str, Any]) -> Any:
    """A line of fidelities, placed between the rows around them in proportion to √f."""
    along, falling = np.asarray(fidelity, dtype=float), np.argsort(rows)
    roots, at = (np.sign(x) * np.sqrt(np.abs(x)) for x in (rows[falling], along))
    places = np.interp(at, roots, np.arange(rows.size, dtype=float)[falling])
    where = np.where(np.isfinite(along), places, np.nan)
    (line,) = ax.plot(np.arange(along.size), where, lw=2.0, ms=4.5, mec="white", zorder=3, **look)
    return line
