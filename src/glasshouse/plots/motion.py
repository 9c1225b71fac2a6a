"""Phase portraits one after the other, as a film: the plane above, shares of outcomes below."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure

from glasshouse.analysis.phase.portrait import OUTCOMES, Portrait
from glasshouse.plots._layout import FIGURE_WIDTH, GAP, new_figure
from glasshouse.plots._names import names_in_figure
from glasshouse.plots._palette import BLACK, TEXT
from glasshouse.plots.coupling import Marker, mark_thresholds
from glasshouse.plots.phase import TINTS, basin_names, draw_portrait, tint

HEIGHT = 6.6
"""Inches."""


def plot_motion(
    portraits: Sequence[Portrait],
    values: Sequence[float],
    markers: Sequence[Marker] = (),
    *,
    label: str = "",
    symbol: str = "",
    names: Sequence[str] = (),
) -> Iterator[Figure]:
    """One figure, drawn anew for each of some portraits, with the shares of outcomes below.

    The figure has the same size for all, so that its frames make a film.

    **Arguments:** `portraits`, at the rising `values` of a number, which the axis calls `label` and
    titles `symbol`; `markers`, thresholds to mark along it; `names`, what players are called.
    """
    figure = new_figure((FIGURE_WIDTH, HEIGHT))
    plane, strip = figure.subplots(2, 1, height_ratios=(4.4, 1.0))
    x = np.asarray(values, dtype=float)
    shares = [[portrait.shares[name] for portrait in portraits] for name in OUTCOMES]
    outcomes = basin_names(names_in_figure(names))
    colours = [_solid(*TINTS[name]) for name in OUTCOMES]
    strip.stackplot(x, shares, colors=colours, labels=outcomes, lw=0)
    strip.set(xlim=(x[0], x[-1]), ylim=(0, 1))
    strip.set_xlabel(label, fontsize=TEXT)
    strip.set_ylabel("share of starts", fontsize=TEXT)
    strip.tick_params(labelsize=TEXT)
    mark_thresholds((strip,), x, markers)
    place = {"loc": "outside lower center", "ncols": 2, "frameon": False, "fontsize": TEXT}
    figure.legend(*strip.get_legend_handles_labels(), **place)
    now = strip.axvline(x[0], color=BLACK, lw=2.5)
    figure.get_layout_engine().set(h_pad=GAP / 72)  # type: ignore[union-attr]
    for k, portrait in enumerate(portraits):
        plane.clear()
        draw_portrait(portrait, plane, names=names)
        plane.set_title(f"{symbol} = {x[k]:.4g}", fontsize=TEXT + 2)
        now.set_xdata([x[k], x[k]])
        if k == 1:  # laid out once: nothing jumps
            figure.set_layout_engine(None)
        if k == 0:
            figure.draw_without_rendering()
        yield figure


def _solid(colour: str, strength: float) -> tuple[float, ...]:
    """The same shade as the shading has on white, with nothing to see through."""
    *parts, alpha = tint(colour, strength)
    return tuple(1 - alpha + alpha * part for part in parts)
