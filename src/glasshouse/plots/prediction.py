"""Predicted against measured switches, network by network."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import ArrayLike, Float
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from glasshouse.errors import InputError
from glasshouse.plots._layout import arrange, new_figure
from glasshouse.plots._palette import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, TEXT

GROUP_MARKERS = ((BLUE, "o"), (ORANGE, "^"), (GREEN, "s"), (PURPLE, "D"))
"""Colour and shape of each group in turn."""

ROOM = 1.15
"""Beyond the largest and the smallest gain shown, as a factor."""

Pairs = Float[np.ndarray, "networks 2"]


def plot_predictions(
    groups: Mapping[str, ArrayLike | Sequence],
    title: str = "",
    measured: str = "gain κ at which the switch was measured",
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Measured against predicted switches: points on the diagonal are as predicted.

    **Arguments:** `groups`, by label an array of shape `(networks, 2)`: the predicted and the
    measured gain, positive, NaN for a measured one that was not found, which is drawn at the upper
    edge with a hollow marker; `measured`, the label of the vertical axis; `legend`, whether one is
    drawn below; `ax`, drawn into and returned, by default the axes of a new figure 4.4 inches wide
    that is not registered with pyplot. The shaded band is a factor of two wide in either direction.
    **Raises:** `InputError` for more than four groups, or predictions that are not positive.
    """
    pairs = _checked(groups)
    ax = ax or new_figure((4.4, 4.6)).subplots()
    shown = np.concatenate([p.ravel() for p in pairs.values()])
    shown = shown[np.isfinite(shown)]
    low, high = (shown.min() / ROOM, shown.max() * ROOM) if shown.size else (0.1, 1.0)
    line = np.array([low, high])
    ax.fill_between(line, line / 2, line * 2, color=GREY, alpha=0.15, lw=0, label="factor of two")
    ax.plot(line, line, color=BLACK, lw=1.0, label="measured = predicted")
    for (label, found), (colour, shape) in zip(pairs.items(), GROUP_MARKERS, strict=False):
        missing = np.isnan(found[:, 1])
        style = {"marker": shape, "ms": 4.0, "ls": "none", "mew": 0.9, "color": colour}
        ax.plot(*found[~missing].T, alpha=0.75, label=label, **style)
        if missing.any():
            edge = np.full(int(missing.sum()), high)
            ax.plot(found[missing, 0], edge, markerfacecolor="none", clip_on=False, **style)
    if any(np.isnan(p[:, 1]).any() for p in pairs.values()):
        hollow = {"marker": "o", "ls": "none", "markerfacecolor": "none", "ms": 4.0}
        ax.plot([], [], color=GREY, label="no switch measured", **hollow)
    for axis, scale in ((ax.xaxis, ax.set_xscale), (ax.yaxis, ax.set_yscale)):
        scale("log")
        axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axis.set_minor_formatter(NullFormatter())
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    ax.set_xlabel("gain κ predicted from sensitivities at the start", fontsize=TEXT)
    ax.set_ylabel(measured, fontsize=TEXT)
    ax.set_title(title, fontsize=TEXT + 0.5)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, columns=2, legend=legend, handlelength=1.8, columnspacing=1.5)
    return ax


def _checked(groups: Mapping[str, ArrayLike | Sequence]) -> dict[str, Pairs]:
    pairs = {
        label: np.asarray(found, dtype=float).reshape(-1, 2) for label, found in groups.items()
    }
    if len(pairs) > len(GROUP_MARKERS):
        raise InputError(
            f"{len(pairs)} groups are given: at most {len(GROUP_MARKERS)} can be told apart"
        )
    for label, found in pairs.items():
        if not np.all(found[:, 0] > 0):
            raise InputError(
                f"group {label!r} has predicted gains that are not positive, which a logarithmic "
                "axis cannot show: leave out networks without a prediction"
            )
    return pairs
