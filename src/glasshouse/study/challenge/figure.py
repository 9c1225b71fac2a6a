"""The figure of the challenge: what was predicted against what was measured."""

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes

from glasshouse.analysis.challenge.scores import ChallengeFindings, standard
from glasshouse.analysis.challenge.settings import (
    GAMES,
    KINDS,
    RANDOM,
    RATES,
    SAMPLED,
    part_of,
)
from glasshouse.plots._layout import new_figure
from glasshouse.plots._palette import TEXT
from glasshouse.plots.prediction import plot_predictions
from glasshouse.study.report.finished import StudyFigure

DRAWN_WINDOW = 500
"""The window that is drawn, or the longest before it."""

CALLED = {
    "mirrored": "mirrored networks",
    "interpreter": "one network reads both",
    "policies": "two networks",
    "once": "played once",
    "repeated": "repeated",
    "sampled": "repeated, sampled",
}
"""What figures and tables call kinds and games."""

START_WORDS = {None: f"{RANDOM} starts", **{rate: f"trained to {rate:g}" for rate in RATES}}
"""What figures call starts by the rate of cooperation to which networks were trained."""


def challenge_figure(findings: ChallengeFindings) -> StudyFigure:
    """One scatter plot for each kind of networks and game, after the window of 500 steps."""
    windows = findings.settings.windows
    steps = max((w for w in windows if w <= DRAWN_WINDOW), default=windows[0])
    games = (*GAMES, SAMPLED)
    tried = [(kind, game) for game in games for kind in KINDS if _tried(findings, kind, game)]
    panels = tried or [(KINDS[0], GAMES[0])]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    with style.context("default"):
        size = (0.4 + 3.6 * columns, 0.6 + 3.7 * rows)
        figure = new_figure(size)
        figure.get_layout_engine().set(h_pad=0.12)  # type: ignore[union-attr]
        axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
        for ax, (kind, game) in zip(axes, panels, strict=False):
            _panel(findings, kind, game, steps, ax)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        entries = [ax.get_legend_handles_labels() for ax in axes]
        shown = {
            label: handle
            for handles, labels in entries
            for handle, label in zip(handles, labels, strict=True)
        }
        place = {"loc": "outside lower center", "ncols": min(columns + 1, 4)}
        figure.legend(shown.values(), shown, frameon=False, fontsize=TEXT, **place)
    alt = (
        f"Scatter plots of gains measured after {steps} steps against predicted ones, for "
        f"{len(findings.trials)} pairs of networks, with the diagonal."
    )
    return StudyFigure("challenge", "Predicted and measured switches", alt, "", figure)


def _panel(findings: ChallengeFindings, kind: str, game: str, steps: int, ax: Axes) -> None:
    window = findings.settings.windows.index(steps)
    parts = _tried(findings, kind, game)
    groups = {}
    for rate, label in START_WORDS.items():
        trials = [t for p in parts if part_of(p).rate == rate for t in findings.of(p)]
        if trials:
            pairs = [(t.forecast.predicted, t.measured[window]) for t in trials]
            groups[label] = [(p, np.nan if m is None else m) for p, m in pairs if p]
    scores = [findings.score(part, steps) for part in parts]
    right, runs = sum(s.right.count for s in scores), sum(s.right.runs for s in scores)
    title = f"{CALLED[kind]}, {CALLED[game]}:\n{right} of {runs} within a factor of two"
    measured = f"gain κ of the switch measured after {steps} steps"
    plot_predictions(groups, title, measured, legend=False, ax=ax)


def _tried(findings: ChallengeFindings, kind: str, game: str) -> list[str]:
    """The parts of these factors with payoffs that vary, or the standard ones if they are all."""
    wanted = {kind, game}
    names = [name for name in findings.settings.parts if wanted <= set(name.split("-"))]
    drawn = [name for name in names if not standard(name)]
    return drawn or names
