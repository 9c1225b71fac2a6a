"""Figures of phase portraits and deviation curves: what they say and where they draw it."""

import functools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from tests.reference import (
    CHICKEN,
    COORDINATING_PD,
    DONATION,
    PD,
    STAG_HUNT,
    equal_couplings,
    expected_payoffs,
    normal_form,
    parametric,
    selfish_field,
    sigmoid,
)

from glasshouse.analysis import phase_portrait
from glasshouse.dynamics import Learning
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.plots import plot_deviation_curve, plot_portrait
from glasshouse.semantics import Logistic

mpl.use("agg")

GAMES = {
    "pd": parametric(PD, 0.5, 3.0),
    "pd, cooperative": parametric(PD, 0.9, 3.0),
    "coordinating pd": parametric(COORDINATING_PD, 0.5, 3.0),
    "stag hunt": parametric(STAG_HUNT, 0.5, 3.0),
    "chicken": parametric(CHICKEN, 0.5, 3.0),
    "donation at its threshold": parametric(DONATION, 1 / 3, 3.0),
    "matching pennies": ParametricGame(
        from_catalogue("matching_pennies")(), Logistic((2, 2), 0.0, 3.0)
    ),
}


@functools.cache
def portrait(name):
    return phase_portrait(
        GAMES[name], resolution=33, cells=12, trajectories=4, learning=Learning(steps=2000)
    )


def legend_of(ax):
    legend = ax.get_legend()
    assert legend is not None
    return legend


def entries(ax):
    return [text.get_text() for text in legend_of(ax).get_texts()]


def drawn(ax):
    """The whole figure of the axes, laid out and drawn."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    FigureCanvasAgg(figure).draw()
    return figure


def points_of(line):
    return np.column_stack(line.get_data()).astype(float)


def numbers(line):
    return [tuple(point) for point in np.round(points_of(line), 9).tolist()]


@pytest.mark.parametrize("name", sorted(GAMES))
def test_a_portrait_fits_its_figure_and_its_legend_hides_nothing(name):
    ax = plot_portrait(portrait(name))
    figure = drawn(ax)
    assert figure.get_figwidth() == 4.8
    legend, axes, whole = legend_of(ax).get_window_extent(), ax.get_window_extent(), figure.bbox
    label = ax.xaxis.label.get_window_extent()
    assert legend.y1 < label.y0 < axes.y0
    assert legend.y0 >= 0
    assert 0 <= legend.x0 < legend.x1 <= whole.x1 * 1.002
    assert axes.width == pytest.approx(axes.height, rel=1e-6)
    assert axes.width > 0.8 * whole.width
    texts = [*legend_of(ax).get_texts(), ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels()]
    assert all(8 <= float(text.get_fontsize()) <= 9 for text in texts)


def test_a_portrait_says_what_it_shows():
    ax = plot_portrait(portrait("pd"))
    assert ax.get_xlabel() == "parameter of player 1, $\\theta_1$"
    assert ax.get_ylabel() == "parameter of player 2, $\\theta_2$"
    assert ax.get_aspect() == 1.0
    assert entries(ax) == [
        "player 1 exploited: 50% of starts",
        "player 2 exploited: 50% of starts",
        "$\\partial U_1 / \\partial \\theta_1 = 0$",
        "$\\partial U_2 / \\partial \\theta_2 = 0$",
        "sample run, from the dot",
        "rest point, stable",
        "rest point, saddle",
    ]


def test_only_what_occurs_is_in_the_legend():
    cooperative = entries(plot_portrait(portrait("pd, cooperative")))
    assert "both cooperate: 100% of starts" in cooperative
    assert not [e for e in cooperative if "partial" in e or "saddle" in e or "exploited" in e]
    pennies = entries(plot_portrait(portrait("matching pennies")))
    assert "rest point, undecided" in pennies
    assert "still moving at the end: 100%" in pennies
    assert "rest points, a continuum" in entries(
        plot_portrait(portrait("donation at its threshold"))
    )


def test_rest_points_are_drawn_where_they_are():
    found = portrait("coordinating pd")
    ax = plot_portrait(found)
    shown = [set(numbers(line)) for line in ax.get_lines()]
    for stability in ("stable", "saddle"):
        points = {p.params for p in found.rest_points if p.stability == stability}
        assert {(round(x, 9), round(y, 9)) for x, y in points} in shown
    path = found.trajectories[1]
    assert {(round(x, 9), round(y, 9)) for x, y in path.tolist()} in shown


def test_shading_shows_the_outcome_of_each_start_in_its_place():
    """Player 1 starts high in the lower right, where it ends up exploited: not the same colour."""
    found = portrait("pd")
    (image,) = plot_portrait(found).get_images()
    assert image.get_extent() == [-3.0, 3.0, -3.0, 3.0]
    assert image.origin == "lower"
    shown = np.asarray(image.get_array())
    assert shown.shape == (96, 96)  # eight squares a side for each of 12 cells
    assert shown[20, 84] == 1  # rows are θ_2: high θ_1, low θ_2
    assert shown[84, 20] == 2
    colours = {tuple(np.round(image.cmap(image.norm(np.array(k))), 3)) for k in range(-1, 4)}
    assert len(colours) == 5


def test_nullclines_are_where_a_player_does_not_move():
    """Each player's own gradient, written by hand, vanishes on its line and not on the other's."""
    contours = [
        c for c in plot_portrait(portrait("pd")).collections if isinstance(c, QuadContourSet)
    ]
    assert len(contours) == 2
    for player, contour in enumerate(contours):
        vertices = np.concatenate([path.vertices for path in contour.get_paths()])
        assert len(vertices) > 30
        field = np.array([selfish_field(PD, equal_couplings(0.5), v) for v in vertices])
        assert np.abs(field[:, player]).max() < 0.01
        assert np.abs(field[:, 1 - player]).max() > 0.1


def test_plots_draw_into_the_axes_given_and_return_them():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_portrait(portrait("pd"), left) is left
    assert plot_deviation_curve(GAMES["pd"], (3.0, 3.0), ax=right) is right
    assert figure.get_figwidth() == mpl.rcParams["figure.figsize"][0]


def test_new_figures_are_not_registered_with_pyplot():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    plot_portrait(portrait("pd"))
    plot_deviation_curve(GAMES["pd"], (3.0, 3.0))
    assert pyplot.get_fignums() == before


def test_the_deviation_curve_is_the_payoff_and_marks_the_best():
    """Table of the boundary test: PD, M = 3, κ = 0.5: 0.950157922262 at t = -2.95235418363."""
    ax = plot_deviation_curve(GAMES["pd"], (3.0, 3.0))
    curve, *rest = ax.get_lines()
    tensor = np.asarray(normal_form(PD).tensor)
    for t, payoff in points_of(curve)[::40]:
        p, q = sigmoid(t + 1.5), sigmoid(3.0 + 0.5 * t)
        mixes = [np.array([p, 1 - p]), np.array([q, 1 - q])]
        assert payoff == pytest.approx(expected_payoffs(tensor, mixes)[0], abs=1e-12)
    marked = np.concatenate([points_of(line) for line in rest])
    now, best = points_of(curve)[-1], max(points_of(curve), key=lambda point: point[1])
    assert best == pytest.approx((-2.95235418363, now[1] + 0.950157922262), abs=1e-6)
    for point in (now, best):
        assert np.abs(marked - point).max(axis=1).min() < 1e-9
    assert "player 1" in ax.get_title()
    assert ax.get_xlabel() == "parameter of player 1, $\\theta_{1}$"
    assert ax.get_ylabel() == "expected payoff $U_{1}$"
    assert any("gain 0.9502" in entry and "-2.952" in entry for entry in entries(ax))
    assert any("$\\theta_{2}$ = 3" in entry for entry in entries(ax))
    drawn(ax)
    assert legend_of(ax).get_window_extent().y1 < ax.xaxis.label.get_window_extent().y0


def test_no_better_deviation_is_said_to_be_none():
    """κ = 0.9: (M, M) passes the boundary test."""
    ax = plot_deviation_curve(GAMES["pd, cooperative"], (3.0, 3.0), player=1)
    assert any("no deviation found that pays more" in entry for entry in entries(ax))
    assert not any("gain" in entry for entry in entries(ax))
    assert "player 2" in ax.get_title()


def test_deviations_that_cannot_be_drawn_are_refused():
    with pytest.raises(InputError, match="points=1"):
        plot_deviation_curve(GAMES["pd"], (3.0, 3.0), points=1)
    with pytest.raises(InputError, match="no player 2"):
        plot_deviation_curve(GAMES["pd"], (3.0, 3.0), player=2)
    several = ParametricGame(NormalFormGame(np.zeros((2, 3, 3))), Logistic((3, 3), 0.5, 3.0))
    with pytest.raises(InputError, match="player 1 has 2 parameters"):
        plot_deviation_curve(several, several.neutral())
