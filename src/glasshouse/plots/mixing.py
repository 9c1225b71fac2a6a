"""Which parameters symmetric players mix, and how often, along the coupling."""

import itertools

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from glasshouse.analysis.equilibria.mixed.mixing import MixingBranch
from glasshouse.errors import InputError
from glasshouse.plots._layout import arrange, new_figure
from glasshouse.plots._palette import BLACK, BLUE, GREY, TEXT

LARGEST_MARK, SMALLEST_MARK = 60.0, 2.0
"""Areas of the marks of an atom that is always played and of one that hardly is, in points²."""


def plot_mixing_branch(branch: MixingBranch, ax: Axes | None = None) -> Axes:
    """The atoms of symmetric mixtures against the coupling, each as large as it is probable.

    Dashed lines mark the couplings at which an atom sets in or vanishes; where a mixture is not
    certified its marks are hollow.

    **Arguments:** `branch`, of players with one parameter each; `ax`, drawn into and returned, by
    default the axes of a new figure 4.8 inches wide that is not registered with pyplot.
    **Raises:** `InputError` for players with several parameters.
    """
    if any(np.size(atom) != 1 for mixture in branch.mixtures for atom in mixture.atoms[0]):
        raise InputError("these players have several parameters; a figure of atoms needs one")
    ax = ax or new_figure((4.8, 4.0)).subplots()
    for certified in (True, False):
        marks = [
            (coupling, float(atom), SMALLEST_MARK + (LARGEST_MARK - SMALLEST_MARK) * share)
            for coupling, mixture in zip(branch.couplings, branch.mixtures, strict=True)
            if (mixture.verdict == "certified") == certified
            for atom, share in zip(mixture.atoms[0], mixture.weights[0], strict=True)
        ]
        if marks:
            x, y, area = map(list, zip(*marks, strict=True))
            face = BLUE if certified else "none"
            ax.scatter(x, y, s=area, facecolors=face, edgecolors=BLUE, linewidths=0.8, zorder=3)
    for turn, style in zip(branch.turns, itertools.cycle(("--", ":", "-.")), strict=False):
        does = "sets in" if turn.sets_in else "vanishes"
        label = f"weight on {float(turn.atom):.4g} {does} at $\\kappa$ = {turn.coupling:.6f}"
        ax.axvline(turn.coupling, color=BLACK, lw=1.0, ls=style, zorder=1, label=label)
    handles: list[Artist] = [*ax.get_legend_handles_labels()[0]]
    for share, words in ((1.0, "the only atom"), (0.1, "an atom of probability 0.1")):
        size = np.sqrt(SMALLEST_MARK + (LARGEST_MARK - SMALLEST_MARK) * share)
        handles.append(Line2D([], [], ls="", marker="o", ms=size, color=BLUE, label=words))
    ax.axhline(0.0, color=GREY, lw=0.6, zorder=0)
    ax.set_xlabel("coupling $\\kappa$ (weight of what each reads)", fontsize=TEXT)
    ax.set_ylabel("parameters that are played, $\\theta$", fontsize=TEXT)
    ax.set_title("A symmetric equilibrium in mixed parameters", fontsize=TEXT + 0.5)
    ax.tick_params(labelsize=TEXT)
    ax.spines[["top", "right"]].set_visible(False)
    arrange(ax, handles)
    return ax
