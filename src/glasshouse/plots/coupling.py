"""Cooperation against coupling: the tied branch, generic outcomes, and the thresholds."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from glasshouse.analysis.assessment import Assessment

# Okabe & Ito's palette, told apart with every common form of colour blindness.
BLUE, ORANGE, GREY, GREEN, BLACK = "#0072B2", "#D55E00", "#7F7F7F", "#009E73", "#000000"


@dataclasses.dataclass(frozen=True)
class Marker:
    """A coupling to mark: `label` may hold mathtext; `kind` is "first order" or "equilibrium"."""

    value: float
    label: str
    kind: str = "first order"


def plot_tied_branch(assessments: Sequence[Assessment], ax: Axes) -> Axes:
    """Cooperation at the end of tied runs, the closed-form branch over it, and generic means.

    **Arguments:** `assessments`, by rising coupling; `ax`, drawn into and returned.
    """
    tied = [(a.coupling, a.tied) for a in assessments if a.tied is not None]
    for rested, face, label in (
        (True, BLUE, "tied start, learned"),
        (False, "white", "tied start, not yet at rest"),
    ):
        points = [(k, t.cooperation) for k, t in tied if t.converged == rested]
        if points:
            ax.plot(
                *zip(*points, strict=True), "o", ms=4.5, mfc=face, mec=BLUE, label=label, zorder=3
            )
    predicted = [(k, t.predicted) for k, t in tied if t.predicted is not None]
    if predicted:
        x, y = _with_breaks(predicted)
        ax.plot(x, y, color=BLACK, lw=1.4, label="tied start, predicted $p^*(\\kappa)$", zorder=4)
    x = [a.coupling for a in assessments]
    means = [a.generic.mean_cooperation for a in assessments]
    ax.plot(x, means, color=GREEN, lw=1.4, ls="--", label="unequal starts, mean", zorder=2)
    ax.set_ylabel("probability of cooperating")
    ax.set_ylim(-0.04, 1.04)
    return ax


def plot_outcome_shares(assessments: Sequence[Assessment], ax: Axes) -> Axes:
    """Shares of runs from unequal starts by outcome, with 95 % Wilson intervals as bands.

    **Arguments:** as in `plot_tied_branch`.
    """
    x = [a.coupling for a in assessments]
    everyone = "both cooperate" if len(assessments[0].generic.exploited) == 2 else "all cooperate"
    for name, colour, style, label in (
        ("cooperation", BLUE, "-", everyone),
        ("exploitation", ORANGE, "--", "some exploit others"),
        ("defection", GREY, "-.", "nobody cooperates"),
    ):
        shares = [getattr(a.generic, name) for a in assessments]
        low, high = zip(*(share.interval for share in shares), strict=True)
        ax.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)
        ax.plot(x, [share.value for share in shares], color=colour, ls=style, lw=1.6, label=label)
    ax.set_ylabel("share of runs")
    ax.set_ylim(-0.04, 1.04)
    return ax


def plot_coupling(
    assessments: Sequence[Assessment], markers: Sequence[Marker], title: str, caption: str
) -> Figure:
    """The figure of a study: tied branch above, outcome shares below, thresholds through both.

    **Arguments:** `markers`, thresholds to mark, those outside the couplings studied left out;
    `title`; `caption`, how the points were obtained, set in small type below.
    **Returns:** a figure of 7 × 6 inches that is not registered with pyplot.
    """
    figure = Figure(figsize=(7.0, 6.0), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    plot_tied_branch(assessments, upper)
    plot_outcome_shares(assessments, lower)
    low, high = assessments[0].coupling, assessments[-1].coupling
    _mark(upper, lower, [m for m in markers if low <= m.value <= high], high - low)
    lower.set_xlabel("coupling $\\kappa$ (weight with which each reads the other)")
    lower.set_xlim(low, high)
    for ax in (upper, lower):
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.suptitle(title, fontsize=11)
    figure.supxlabel(caption, fontsize=7, color="0.35")
    return figure


def _mark(upper: Axes, lower: Axes, markers: Sequence[Marker], width: float) -> None:
    """Vertical lines through both panels, their labels above the upper one without overlap."""
    merged: list[Marker] = []
    for marker in sorted(markers, key=lambda m: m.value):
        last = merged[-1] if merged else None
        if last and last.kind == marker.kind and abs(last.value - marker.value) < 1e-3 * width:
            merged[-1] = dataclasses.replace(last, label=f"{last.label} = {marker.label}")
        else:
            merged.append(marker)
    right_end = [-np.inf, -np.inf, -np.inf]  # of the labels in each row
    for marker in merged:
        style = ":" if marker.kind == "first order" else "-"
        colour = BLACK if marker.kind == "first order" else ORANGE
        for ax in (upper, lower):
            ax.axvline(marker.value, color=colour, ls=style, lw=1.0, zorder=1)
        half = 0.011 * width * _printed_length(marker.label)
        row = next((r for r in range(3) if right_end[r] < marker.value - half), 2)
        right_end[row] = marker.value + half
        upper.annotate(
            marker.label,
            (marker.value, 1.0),
            (0, 3 + 12 * row),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=colour,
        )


def _printed_length(label: str) -> int:
    return len(label.replace("$", "").replace("\\kappa", "k").replace("_", "").replace("\\", ""))


def _with_breaks(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The branch with a gap wherever it jumps, so that no line suggests values between."""
    x, y = [points[0][0]], [points[0][1]]
    for (_, before), (coupling, after) in itertools.pairwise(points):
        if abs(after - before) > 0.3:
            x.append(np.nan)
            y.append(np.nan)
        x.append(coupling)
        y.append(after)
    return x, y
