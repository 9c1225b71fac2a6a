"""Draw the figure of the front page: where selfish learners go as they read each other more.

Run as `python docs/_idea.py`; it writes `docs/idea-light.svg` and `docs/idea-dark.svg`, and both
again for phones, as `idea-narrow-light.svg` and `idea-narrow-dark.svg`.
"""

import io
import re
import sys
import textwrap
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import glasshouse as gh
from glasshouse.analysis import generic_outcomes
from glasshouse.dynamics import Learning, Rest, Starts, batch_map

Size = tuple[float, float]
COUPLINGS = (0.2, 0.55, 1.1)
ENDS = ("both defect", "one ends exploiting the other", "both cooperate")
POINTS = 36
"""So many of a path are drawn, equally far apart."""

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#757575"
THEMES = {"light": ("#1a1a1a", "#ffffff"), "dark": ("#e6e6e6", "#0d1117")}
TEXT, SMALL = 9.5, 8.5
WIDE, NARROW = (8.2, 6.0), (4.1, 4.9)
"""Inches: text is as large in both."""
LINE = 30
"""So many letters stand in one line of the wide figure."""
NUMBER = re.compile(r"(?<![\w.#-])-?\d+\.\d{3,}")
"""Coordinates, of which four digits are plenty."""

FAMILY = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), bound=3.0)
LEARNING = Learning(steps=100_000, stop=Rest(), starts=Starts(400))


def paths(coupling: float) -> list[np.ndarray]:
    """Where learning leads from a lattice of unequal starts."""
    game = FAMILY(coupling)
    lattice = np.linspace(-2.4, 2.4, 5)
    first, second = (x.ravel() for x in np.meshgrid(lattice, lattice + 0.15))

    def path(params):
        return gh.run(game, params=params, steps=6000, step_size=0.1, save="path").path

    return [even(line) for line in np.stack(batch_map(path, (first, second)), axis=-1)]


def even(line: np.ndarray) -> np.ndarray:
    """The same path in equal steps."""
    gone = np.concatenate([[0.0], np.linalg.norm(np.diff(line, axis=0), axis=1).cumsum()])
    wanted = np.linspace(0.0, gone[-1], POINTS)
    return np.stack([np.interp(wanted, gone, x) for x in line.T], axis=-1)


def shares(couplings: np.ndarray) -> np.ndarray:
    """How many runs end with nobody, one and both cooperating."""
    found = generic_outcomes([FAMILY(k) for k in couplings], learning=LEARNING)
    return np.array([[x.defection.value, x.exploitation.value, x.cooperation.value] for x in found])


def outcome(coupling: float, end: np.ndarray) -> str:
    """The colour of where a path ends."""
    count = int(np.sum(np.asarray(FAMILY(coupling).cooperation(tuple(end))) > 0.5))
    return (GREY, ORANGE, BLUE)[count]


def portrait(ax: Axes, coupling: float, lines: list[np.ndarray], text: str, size: Size) -> None:
    """Paths in the plane of both parameters, coloured by the outcome they end in."""
    for line in lines:
        colour = outcome(coupling, line[-1])
        ax.plot(*line.T, color=colour, lw=0.9, alpha=0.75)
        k = POINTS // 3
        ax.annotate(
            "",
            line[k + 1],
            line[k],
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 0, "mutation_scale": 7},
        )
        ax.plot(*line[-1], "o", color=colour, ms=6, zorder=5, clip_on=False)
    ax.set(xlim=(-3.1, 3.1), ylim=(-3.1, 3.1), xticks=(-3, 0, 3), yticks=(-3, 0, 3), aspect="equal")
    ax.set_title(
        f"{'coupling ' * (size is WIDE)}κ = {coupling:g}\n{broken(text, size, 13)}", fontsize=TEXT
    )
    ax.set_xlabel(f"{'parameter ' * (size is WIDE)}$\\theta_1$ of player 1", fontsize=SMALL)
    ax.tick_params(labelsize=SMALL)


def broken(text: str, size: Size, narrow: int) -> str:
    """In lines as long as there is room for, which is `narrow` letters in the narrow figure."""
    return textwrap.fill(text, LINE if size is WIDE else narrow)


def diagram(ax: Axes, couplings: np.ndarray, found: np.ndarray, size: Size) -> None:
    """Outcomes along the coupling, with where things switch."""
    names = ("nobody cooperates", "one exploits the other", "both cooperate")
    places = ((0.2, 0.5), (0.585, 0.5), (0.98 if size is WIDE else 1.04, 0.5))
    ax.stackplot(couplings, found.T, colors=(GREY, ORANGE, BLUE), alpha=0.85, lw=0)
    for name, place in zip(names, places, strict=True):
        text = {
            "color": "white",
            "fontsize": TEXT,
            "weight": "bold",
            "ha": "center",
            "va": "center",
        }
        ax.text(*place, broken(name, size, 10), **text)
    moves = FAMILY.closed_form().neutral.value
    proved = gh.certified_threshold(FAMILY).bracket[1]
    marks = {
        moves: f"κ = {moves:.4f}: selfish learners set out toward cooperation",
        proved: f"κ = {proved:.4f}: full cooperation is an equilibrium, proved",
    }
    for at, words in marks.items():
        ax.axvline(at, ymax=1.07, color="C0", lw=1.2, clip_on=False)
        ax.annotate(
            broken(words, size, 17),
            (at, 1.08),
            xycoords=("data", "axes fraction"),
            fontsize=SMALL,
            ha="center",
            va="bottom",
        )
    ax.set(xlim=couplings[[0, -1]], ylim=(0, 1), yticks=(0, 0.5, 1))
    ax.set_xlabel("coupling κ: how strongly each reads the other", fontsize=TEXT)
    ax.set_ylabel("share of pairs\nof learners", fontsize=SMALL)
    ax.tick_params(labelsize=SMALL)


def draw(folder: Path) -> None:
    """All files."""
    lines = {coupling: paths(coupling) for coupling in COUPLINGS}
    couplings = np.linspace(0.0, 1.2, 61)
    found = shares(couplings)
    for theme, (ink, paper) in THEMES.items():
        style = {
            "text.color": ink,
            "axes.labelcolor": ink,
            "axes.edgecolor": ink,
            "xtick.color": ink,
            "ytick.color": ink,
            "axes.facecolor": paper,
            "figure.facecolor": paper,
            "axes.prop_cycle": matplotlib.cycler(color=[ink]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "svg.hashsalt": "glasshouse",
            "path.simplify_threshold": 0.5,
        }
        with matplotlib.rc_context(style):
            for size, name in ((WIDE, "idea"), (NARROW, "idea-narrow")):
                written = io.StringIO()
                figure = drawn(size, lines, couplings, found)
                figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
                rounded = NUMBER.sub(lambda x: f"{float(x[0]):.4g}", written.getvalue())
                (folder / f"{name}-{theme}.svg").write_text(rounded, "utf-8")


def drawn(
    size: Size, lines: dict[float, list[np.ndarray]], couplings: np.ndarray, found: np.ndarray
) -> Figure:
    """The figure in one size."""
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.add_gridspec(2, 3, height_ratios=(1.45 if size is WIDE else 1.0, 1))
    for k, (coupling, text) in enumerate(zip(COUPLINGS, ENDS, strict=True)):
        portrait(figure.add_subplot(grid[0, k]), coupling, lines[coupling], text, size)
    words = f"{'parameter ' * (size is WIDE)}$\\theta_2$ of player 2"
    figure.axes[0].set_ylabel(words, fontsize=SMALL)
    diagram(figure.add_subplot(grid[1, :]), couplings, found, size)
    return figure


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent)
