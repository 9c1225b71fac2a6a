"""Figures of equilibrium thresholds against the bound: what they draw, and what they refuse."""

import math

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from tests.reference import CHICKEN, DEADLOCK, PD, STAG_HUNT, Payoffs, normal_form

from glasshouse.errors import InputError
from glasshouse.plots import plot_equilibrium_thresholds
from glasshouse.theory import corner_limits

BOUNDS = np.array([1.0, 2.0, 3.0, 5.0])
VALUES = np.array([0.60496511036, 0.780488696205, 0.870467371354, 0.936357190659])
"""Thresholds of the prisoner's dilemma."""

BRACKETS = np.stack([VALUES - 1e-9, VALUES + 1e-9], 1)
RATE = math.log(3 / 2) / 2


def limits(payoffs: Payoffs = PD):
    return corner_limits(normal_form(payoffs))


def lines(ax) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def asymptote(ax) -> np.ndarray | None:
    found = [drawn for label, drawn in lines(ax).items() if label.startswith("for large")]
    return found[0] if found else None


def levels(ax) -> list[float]:
    """Heights of the horizontal lines through the whole axes."""
    ends = [np.asarray(line.get_xydata()) for line in ax.lines]
    return [float(y[0, 1]) for y in ends if len(y) == 2 and y[:, 0].tolist() == [0, 1]]


def test_brackets_are_drawn_as_points_at_their_middles():
    ax = plot_equilibrium_thresholds(BOUNDS, BRACKETS)
    drawn = lines(ax)["threshold at bound $M$"]
    assert drawn == pytest.approx(np.stack([BOUNDS, VALUES], 1), abs=1e-12)
    (ends,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    segments = [np.asarray(segment) for segment in ends.get_segments()]
    assert np.array([s[:, 1] for s in segments]) == pytest.approx(BRACKETS, abs=1e-12)
    assert (levels(ax), asymptote(ax), labels(ax)) == ([], None, ["threshold at bound $M$"])
    single = plot_equilibrium_thresholds(BOUNDS, VALUES)
    assert lines(single)["threshold at bound $M$"] == pytest.approx(drawn, abs=1e-12)


def test_the_limit_is_a_line_and_the_rate_an_asymptote():
    ax = plot_equilibrium_thresholds(BOUNDS, BRACKETS, limits())
    assert levels(ax) == [1.0]
    assert [text.get_text() for text in ax.texts] == ["limit for $M \\to \\infty$: $\\kappa = 1$"]
    drawn = asymptote(ax)
    assert drawn is not None
    assert drawn[:, 1] == pytest.approx(1 - RATE / drawn[:, 0])
    assert "for large $M$: $1 - 0.203 / M$" in labels(ax)


def test_a_negative_rate_and_rates_that_say_nothing():
    above = plot_equilibrium_thresholds(BOUNDS, 2 - VALUES, limits(Payoffs(2.5, 2.0, 5.0, 0.0)))
    assert "for large $M$: $1 + 0.502 / M$" in labels(above)
    for payoffs, level in ((STAG_HUNT, -0.25), (DEADLOCK, 2.0), (CHICKEN, 1.0)):
        ax = plot_equilibrium_thresholds(BOUNDS, VALUES, limits(payoffs))
        assert (levels(ax), asymptote(ax)) == ([level], None)


def test_a_limit_may_be_a_number_or_missing():
    assert levels(plot_equilibrium_thresholds(BOUNDS, VALUES, 0.95)) == [0.95]
    nowhere = limits(Payoffs(3.0, 2.0, 0.0, 2.0))
    assert levels(plot_equilibrium_thresholds(BOUNDS, VALUES, nowhere)) == []


def test_everything_drawn_but_the_asymptote_is_within_the_axes():
    bounds = np.array([1.0, 5.0, 40.0])
    for values in (VALUES[:3], np.full(3, 2.0), np.array([np.nan, 0.3, 0.31])):
        ax = plot_equilibrium_thresholds(bounds, np.stack([values - 1e-6, values + 1e-6], 1), 1.0)
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        assert left < 1.0
        assert right > 40.0
        assert low < min(1.0, np.nanmin(values))
        assert high > max(1.0, np.nanmax(values))
        assert high - low < 2


def test_a_gap_where_there_is_no_threshold():
    values = np.where(BOUNDS == 3, np.nan, VALUES)
    drawn = lines(plot_equilibrium_thresholds(BOUNDS, values))["threshold at bound $M$"]
    assert np.isnan(drawn[:, 1]).tolist() == [False, False, True, False]
    nothing = plot_equilibrium_thresholds(BOUNDS, np.full(4, np.nan))
    assert not np.isfinite(lines(nothing)["threshold at bound $M$"][:, 1]).any()


def test_many_bounds_are_on_a_logarithmic_axis_with_plain_numbers():
    ax = plot_equilibrium_thresholds([1, 10, 50], [0.6, 0.97, 0.99], limits())
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    shown = [text.get_text() for text in ax.get_xticklabels()]
    assert ax.get_xscale() == "log"
    assert {"1", "2", "5", "10", "20", "50"} <= set(shown)
    assert plot_equilibrium_thresholds(BOUNDS, VALUES).get_xscale() == "linear"


@pytest.mark.parametrize("payoffs", [PD, STAG_HUNT])
def test_no_text_is_cut_off_or_covers_another(payoffs):
    ax = plot_equilibrium_thresholds([1.0, 10.0, 50.0], [0.6, 0.97, 0.99], limits(payoffs))
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (ax.title, *ax.texts, ax.xaxis.label)]
    legend = ax.get_legend()
    assert legend is not None
    boxes.append(legend.get_window_extent())
    assert all(a.count_overlaps([b]) == 0 for a in boxes for b in boxes if a is not b)
    everything = Bbox.union(boxes)
    assert np.min(everything.min) >= 0
    assert np.all(everything.max <= figure.get_size_inches() * figure.dpi)


def test_axes_in_axes_out_and_one_bound():
    ax = Figure().subplots()
    assert plot_equilibrium_thresholds(BOUNDS, VALUES, ax=ax, title="Mine") is ax
    assert ax.get_title() == "Mine"
    one = plot_equilibrium_thresholds([3.0], [0.87], limits())
    assert lines(one)["threshold at bound $M$"].tolist() == [[3.0, 0.87]]


@pytest.mark.parametrize("bounds", [[], [1.0, 1.0], [2.0, 1.0], [0.0, 1.0], [1.0, math.inf], 3.0])
def test_bounds_must_be_positive_and_rising(bounds):
    with pytest.raises(InputError, match="finite numbers above 0, rising"):
        plot_equilibrium_thresholds(bounds, np.zeros(np.size(bounds)))


@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4), (4, 1)])
def test_one_threshold_or_bracket_for_each_bound(shape):
    with pytest.raises(InputError, match="there are 4 bounds"):
        plot_equilibrium_thresholds(BOUNDS, np.zeros(shape))
