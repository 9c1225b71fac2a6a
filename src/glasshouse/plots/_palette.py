"""What figures share: colours, the size of text, a legend that covers no data."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

# Okabe & Ito's palette, told apart with every common form of colour blindness.
BLUE, ORANGE, GREY, GREEN, BLACK = "#0072B2", "#D55E00", "#7F7F7F", "#009E73", "#000000"
PURPLE, YELLOW = "#CC79A7", "#F0E442"

TEXT = 8.5
"""Size of all text, in points."""

BELOW_AXES = 38.0
"""Points between the axes and a legend below: room for tick labels and the axis label."""


def legend_below(ax: Axes, **options: Any) -> None:
    """A legend under the axis label, however large the axes are."""
    offset = ScaledTranslation(0, -BELOW_AXES / 72, ax.figure.dpi_scale_trans)
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=ax.transAxes + offset,
        borderaxespad=0.0,
        frameon=False,
        fontsize=TEXT,
        title_fontsize=TEXT,
        **options,
    )
