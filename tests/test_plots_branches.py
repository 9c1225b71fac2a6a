"""Figures of branches: what attracts, what is special, and what is proved."""

import functools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import glasshouse as gh
from glasshouse.games import NormalFormGame
from glasshouse.plots import Marker, plot_branches
from glasshouse.plots._palette import BLUE, GREEN, ORANGE

DILEMMA = NormalFormGame([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])


@functools.cache
def found():
    setup = gh.Setup(gh.LogisticFamily(DILEMMA, 3.0)(0.5))
    axis = gh.Axis("coupling", [0.0, 1.2], at=lambda s: s.game.semantics.coupling)
    return gh.branches(gh.Family(setup, axis), "coupling")


def drawn(ax):
    FigureCanvasAgg(ax.get_figure(root=True)).draw()
    return [text.get_text() for text in ax.get_legend().get_texts()]


def lines(ax, colour):
    return [np.array(line.get_data()).T for line in ax.get_lines() if line.get_color() == colour]


def test_the_legend_names_what_occurs_and_all_text_fits():
    ax = plot_branches(
        found(),
        thresholds=[Marker(0.25, "$\\kappa_D$"), Marker(3 / 7, "$\\kappa_{1/2}$")],
        certified=[((0.871, 1.2), (3.0, 3.0))],
    )
    assert drawn(ax) == [
        "equilibrium, proved",
        "rests, and attracts",
        "rests, but repels",
        "fold at 0.8801",
        "pitchfork at 0.4186",
        "meets or leaves a bound",
    ]
    assert ax.get_ylabel() == "probability of cooperating of player 1"
    assert ax.get_xlabel() == "coupling κ (weight of what each reads)"
    shown = ax.get_legend()
    assert shown is not None
    whole, legend = ax.figure.bbox, shown.get_window_extent()
    assert 0 <= legend.x0 < legend.x1 <= whole.x1
    assert legend.y0 >= 0


def test_solid_lines_attract_and_dashed_ones_do_not():
    """On the diagonal: p* attracts from κ_D on until the pitchfork, and repels after it."""
    ax = plot_branches(found(), show="params")

    def on_diagonal(colour):
        shown = []
        for kappa, height in np.concatenate(lines(ax, colour)):
            p = (4 * kappa - 1) / (1 + kappa)
            if 0 < p < 1 and abs(height) < 2.9:
                theta = np.log(p / (1 - p)) / (1 + kappa)
                shown += [kappa] * int(abs(height - theta) < 1e-6)
        return np.array(shown)

    assert on_diagonal(BLUE).max() < 0.41862
    assert on_diagonal(ORANGE).min() > 0.41861
    assert len(on_diagonal(BLUE)) > 5
    assert len(on_diagonal(ORANGE)) > 5


def test_bands_lie_where_a_proof_is_given_and_nowhere_else():
    (band,) = lines(plot_branches(found(), certified=[((0.871, 1.2), (3.0, 3.0))]), GREEN)
    assert band[:, 0].min() == pytest.approx(0.871)
    assert band[:, 0].max() == pytest.approx(1.2)
    wanted = 1 / (1 + np.exp(-3 * (1 + band[:, 0])))
    np.testing.assert_allclose(band[:, 1], wanted, atol=1e-4)
    assert not lines(plot_branches(found(), certified=[((0.1, 1.2), (1.0, 1.0))]), GREEN)


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(gh.InputError, match="player=2 must"):
        plot_branches(found(), player=2)
