"""Text in figures: cut off nowhere, covering nothing, at the sizes that papers have."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from tests.layout import faults
from tests.reference import CHICKEN, PD, STAG_HUNT, normal_form, parametric

from glasshouse.analysis import phase_portrait
from glasshouse.dynamics import Learning
from glasshouse.plots import (
    Marker,
    plot_coupling,
    plot_deviation_curve,
    plot_equilibrium_thresholds,
    plot_network,
    plot_outcome_map,
    plot_outcome_shares,
    plot_portrait,
    plot_predictions,
    plot_tied_branch,
)
from glasshouse.plots._layout import wrap
from glasshouse.semantics import Reading
from glasshouse.theory import corner_limits

X = np.linspace(0.0, 1.0, 13)
KEYS = ("semantics.coupling", "game.parameters.T")
READING = Reading([0, 1, 1, 2, 3], [1, 0, 2, 3, 1], [0.5, 1.0, 2.0, 1.0, -1.0], 4)

MARKERS = (
    Marker(0.02, "first movement"),
    Marker(0.4, "$\\kappa_{1/2}$"),
    Marker(0.43, "measured first movement"),
    Marker(0.47, "long-run switch"),
    Marker(0.99, "equilibrium", "equilibrium"),
)


def swept() -> dict[str, np.ndarray]:
    """Nobody cooperates first, then one exploits the other, then both cooperate: shares 0 and 1."""
    found = {"tied_cooperation": X**2, "tied_predicted": X**2, "mean_cooperation": 0.9 * X}
    found["tied_converged"] = np.abs(X - X[3]) > 0
    places = {"defection": X < 0.3, "exploitation": (X >= 0.3) & (X < 0.8), "cooperation": X >= 0.8}
    for name, where in places.items():
        share = where.astype(float)
        found |= {f"{name}_share": share, f"{name}_low": 0.95 * share}
        found |= {f"{name}_high": 0.05 + 0.95 * share}
    return found


@pytest.fixture(scope="module")
def portraits():
    """By name, of games that end in two and in four outcomes; few steps make no other figure."""
    games = {"pd": (PD, 0.5), "stag hunt": (STAG_HUNT, 0.2)}
    few = {"resolution": 17, "cells": 4, "trajectories": 2, "learning": Learning(steps=300)}
    return {name: phase_portrait(parametric(*game, 3.0), **few) for name, game in games.items()}


def draw_shares(ax: Axes, _) -> None:
    plot_outcome_shares(X, swept(), ax, key=KEYS[0])


def draw_branch(ax: Axes, _) -> None:
    plot_tied_branch(X, swept(), ax, key="learning.step_size")


def draw_map(ax: Axes, _) -> None:
    y = np.linspace(3.25, 6.0, 4)
    shares = {name: np.tile(column, 4) for name, column in swept().items()}
    lines = {"predicted": y / 10, "first_movement": y / 10, "equilibrium": 0.3 + y / 10}
    plot_outcome_map(X, y, shares, lines=lines, keys=KEYS, ax=ax)


def draw_thresholds(ax: Axes, _) -> None:
    limits = corner_limits(normal_form(PD))
    plot_equilibrium_thresholds([1.0, 10.0, 50.0], [0.605, 0.97, 0.99], limits, ax=ax)


def draw_falling_thresholds(ax: Axes, _) -> None:
    limits = corner_limits(normal_form(STAG_HUNT))
    plot_equilibrium_thresholds([1.0, 2.0, 5.0], [-0.05, -0.15, -0.24], limits, ax=ax)


def draw_network(ax: Axes, _) -> None:
    plot_network(READING, [0.1, 0.9, 0.5, 1.0], ax, names="abcd")


def draw_predictions(ax: Axes, _) -> None:
    pairs = np.geomspace(0.05, 4.0, 9)[:, None] * [1.0, 1.1]
    groups = {f"{kind} networks, from random starts": pairs for kind in ("small", "large", "dense")}
    groups["small networks, from random starts"][2, 1] = np.nan
    plot_predictions(groups, "Mean cooperation after the window of 600 steps of 0.05", ax=ax)


def draw_portrait(ax: Axes, portraits) -> None:
    plot_portrait(portraits["stag hunt"], ax)


def draw_other_portrait(ax: Axes, portraits) -> None:
    plot_portrait(portraits["pd"], ax)


def draw_deviation(ax: Axes, _) -> None:
    plot_deviation_curve(parametric(CHICKEN, 0.5, 3.0), (3.0, 3.0), ax=ax)


PLOTS: dict[Callable, float] = {
    draw_shares: 3.0,
    draw_branch: 3.0,
    draw_map: 3.6,
    draw_thresholds: 3.0,
    draw_falling_thresholds: 3.0,
    draw_network: 3.4,
    draw_predictions: 4.2,
    draw_portrait: 5.2,
    draw_other_portrait: 5.2,
    draw_deviation: 3.2,
}
"""How high in inches each plot needs to be in one column of a paper."""

every_plot = pytest.mark.parametrize("draw", PLOTS)
PAIRS = list(zip([*PLOTS][::2], [*PLOTS][1::2], strict=True))


@every_plot
def test_plots_fit_into_one_column(draw, portraits):
    figure = Figure(figsize=(3.4, PLOTS[draw]), layout="constrained")
    draw(figure.subplots(), portraits)
    assert faults(figure) == []


@pytest.mark.parametrize("pair", PAIRS)
def test_plots_fit_side_by_side_into_two_columns(pair, portraits):
    figure = Figure(figsize=(7.0, max(PLOTS[draw] for draw in pair)), layout="constrained")
    for ax, draw in zip(figure.subplots(1, 2), pair, strict=True):
        draw(ax, portraits)
    assert faults(figure) == []


@every_plot
def test_plots_fit_into_plain_axes(draw, portraits):
    """`plt.subplots()` without an engine, as most people begin."""
    figure = Figure(figsize=(6.4, 4.8))
    draw(figure.subplots(), portraits)
    assert faults(figure) == []


@pytest.mark.parametrize("draw", [draw_deviation, draw_thresholds])
def test_narrow_axes_without_an_engine_keep_their_labels_inside(draw):
    figure = Figure(figsize=(3.4, 3.4))
    draw(figure.subplots(), None)
    assert faults(figure) == []


@pytest.mark.parametrize(
    ("size", "layout"), [((3.4, 6.0), "constrained"), ((7.0, 7.0), "constrained"), (None, None)]
)
def test_thresholds_are_labelled_whatever_the_width(size, layout):
    if size is None:
        upper, _ = plot_coupling(X, swept(), MARKERS)
    else:
        axes = Figure(figsize=size, layout=layout).subplots(2, 1, sharex=True)
        upper, _ = plot_coupling(X, swept(), MARKERS, tuple(axes))
    figure = upper.get_figure()
    assert isinstance(figure, Figure)
    assert faults(figure) == []
    assert [text.get_text() for text in upper.texts] == [marker.label for marker in MARKERS]


def test_plots_in_a_grid_within_a_grid_fit():
    figure = Figure(figsize=(9.0, 3.4), layout="constrained")
    left, right = figure.add_gridspec(1, 2)
    draw_deviation(figure.add_subplot(left), None)
    inner = right.subgridspec(1, 2)
    for column, draw in enumerate((draw_shares, draw_branch)):
        draw(figure.add_subplot(inner[0, column]), None)
    assert faults(figure) == []


def test_coinciding_shares_are_told_apart_without_their_colours():
    """At 0 and 1 one line shows through the gaps of the other, at its own value; no bands mix."""
    figure, columns = Figure(), swept()
    ax = plot_outcome_shares(X, columns, figure.subplots(), key=KEYS[0])
    FigureCanvasAgg(figure).draw()
    bands = [band for band in ax.collections if isinstance(band, PolyCollection)]
    assert len(bands) == 3
    assert all(np.all(np.asarray(band.get_facecolor())[:, 3] == 1.0) for band in bands)
    lines = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    assert len({line.get_linestyle() for line in lines}) == 3
    lowest = min(lines, key=lambda line: line.get_zorder())
    assert lowest.get_linestyle() == "-"
    assert len({line.get_zorder() for line in lines}) == 3
    names = ("cooperation", "exploitation", "defection")
    for line, name in zip(lines, names, strict=True):
        at = ax.transData.inverted().transform(
            line.get_transform().transform(np.asarray(line.get_xydata()))
        )
        np.testing.assert_allclose(at[:, 1], columns[f"{name}_share"], atol=1e-9)


def test_shades_of_a_portrait_are_told_apart_without_their_colours(portraits):
    (image,) = plot_portrait(portraits["pd"]).images
    tints = np.asarray(image.cmap(np.asarray(image.norm(np.arange(4)))))
    on_white = tints[:, 3:] * tints[:, :3] + 1 - tints[:, 3:]
    lightness = np.sort(on_white @ [0.299, 0.587, 0.114])
    assert np.diff(lightness).min() > 0.05


def test_long_words_break_at_blanks_into_lines_of_like_length():
    text = Figure(dpi=72).text(0, 0, "one two three four five $a = b + c$ six")
    whole = text.get_window_extent().width
    wrap(text, 0.6 * whole)
    first, second = text.get_text().split("\n")
    assert "$a = b + c$" in f"{first} {second}"
    assert len(second) > 0.5 * len(first)
    assert text.get_window_extent().width <= 0.6 * whole
    wrap(text, 1.0)
    assert text.get_text().split("\n") == [
        "one",
        "two",
        "three",
        "four",
        "five",
        "$a = b + c$",
        "six",
    ]


PLAIN = {"layout": None}


def figure_with(draw: Callable[[Axes], object], **settings) -> Figure:
    figure = Figure(**{"figsize": (4.0, 3.0), "layout": "constrained", **settings})
    draw(figure.subplots())
    return figure


@pytest.mark.parametrize(
    ("draw", "settings", "words"),
    [
        (lambda ax: ax.set_title("much too long a title " * 5), {}, "cut off at the left"),
        (
            lambda ax: ax.set_ylabel("y"),
            {"layout": None, "figsize": (1.0, 3.0)},
            "cut off at the left",
        ),
        (lambda ax: ax.plot([0, 1], label="a" * 80) and ax.legend(), PLAIN, "a legend is cut off"),
        (lambda ax: [ax.text(0.5, 0.5 + y, "label") for y in (0.0, 0.02)], {}, "overlaps"),
        (lambda ax: ax.plot([0, 1], label="a") and ax.legend(loc="upper right"), {}, "covers data"),
        (
            lambda ax: ax.plot([0, 1]) and ax.text(0.5, 0.48, "on it", ha="center"),
            {},
            "covers data",
        ),
        (lambda ax: ax.set_xlabel("x", labelpad=130), {}, "axes are only"),
        (lambda ax: ax.set_xticks(np.linspace(0, 1, 60)), {}, "overlaps"),
    ],
)
def test_the_look_at_figures_sees_what_is_wrong(draw, settings, words):
    assert any(words in fault for fault in faults(figure_with(draw, **settings)))


def test_the_look_at_figures_lets_good_ones_pass():
    assert faults(figure_with(lambda ax: ax.plot([0, 1]))) == []
    figure = Figure(figsize=(4.0, 3.0))
    left, _ = figure.subplots(1, 2)
    left.plot([0, 1], label="falls over")
    left.legend(bbox_to_anchor=(1.1, 0.5))
    assert any("lies over other axes" in fault for fault in faults(figure))
