"""What two players can be paid, and what they are paid where learning ends and at equilibria."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from glasshouse.analysis.equilibria.feasible import FeasibleSet
from glasshouse.errors import InputError
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._names import name_in_figure
from glasshouse.plots._palette import BLACK, BLUE, GREY, ORANGE, TEXT


def plot_feasible_set(
    feasible: FeasibleSet,
    equilibria: Sequence[Sequence[float]] = (),
    ends: Sequence[Sequence[float]] | np.ndarray = (),
    ax: Axes | None = None,
    *,
    names: Sequence[str] = (),
) -> Axes:
    """The feasible payoffs of two players, shaded where both are paid their minimax at least.

    **Arguments:** `feasible`, from `feasible_set`; `equilibria`, payoffs of each, as stars; `ends`,
    payoffs where runs ended, as dots; `ax`, drawn into and returned, by default the axes of a new
    figure 4.8 inches wide that is not registered with pyplot; `names`, what the players are called,
    default "player 1" and "player 2".
    **Raises:** `InputError` for a game that is not of two players.
    """
    if feasible.payoffs is None or feasible.rational is None:
        raise InputError(
            f"the feasible set of {len(feasible.minimax)} players is not drawn: give that of two"
        )
    ax = ax or new_figure((FIGURE_WIDTH, FIGURE_WIDTH)).subplots()
    style = {"closed": True, "zorder": 1}
    ax.add_patch(
        Polygon(feasible.payoffs, fc="none", ec=GREY, lw=1.2, label="can be paid", **style)
    )
    rational = {"fc": (*_rgb(BLUE), 0.15), "ec": "none", "label": "and both at least the minimax"}
    if len(feasible.rational) > 1:
        ax.add_patch(Polygon(feasible.rational, **rational, **style))
    for draw, least in zip((ax.axvline, ax.axhline), feasible.minimax, strict=True):
        draw(least, color=GREY, lw=0.9, ls="--", zorder=0)
    if len(ends):
        x, y = np.asarray(ends, dtype=float).T
        ax.plot(x, y, "o", ms=5, color=ORANGE, alpha=0.6, zorder=2, label="where learning ends")
    if len(equilibria):
        x, y = np.asarray(equilibria, dtype=float).T
        ax.plot(x, y, "*", ms=11, mfc="white", mec=BLACK, mew=1.2, zorder=3, label="equilibrium")
    ax.autoscale_view()
    ax.margins(0.05)
    ax.set_xlabel(f"payoff of {name_in_figure(0, names)}", fontsize=TEXT)
    ax.set_ylabel(f"payoff of {name_in_figure(1, names)}", fontsize=TEXT)
    ax.tick_params(labelsize=TEXT)
    ax.set_aspect("equal")
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, columns=2, columnspacing=1.5)
    return ax


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
