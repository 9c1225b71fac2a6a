"""Figures over swept numbers: what they draw, and what they leave out."""

import numpy as np
import pytest
from matplotlib.collections import PolyQuadMesh, QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from glasshouse.errors import InputError
from glasshouse.plots import (
    Marker,
    plot_coupling,
    plot_endings,
    plot_outcome_map,
    plot_outcome_shares,
    plot_tied_branch,
)
from glasshouse.semantics import Affine

X = np.linspace(0.0, 1.0, 11)


def columns(x: np.ndarray = X) -> dict[str, np.ndarray]:
    nothing = np.full(len(x), np.nan)
    shares = {"cooperation": x, "exploitation": 0.5 * (1 - x), "defection": 0.5 * (1 - x)}
    found = {"tied_cooperation": x**2, "tied_predicted": x**2, "mean_cooperation": 0.9 * x}
    for name, share in shares.items():
        found |= {f"{name}_share": share, f"{name}_low": share - 0.1, f"{name}_high": share + 0.1}
    return {**found, "tied_converged": np.array(x != x[3], dtype=object), "boundary_gain": nothing}


def labels(ax) -> list[str]:
    legend = ax.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def figure_of(ax) -> Figure:
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    return figure


def lines(ax) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}


def test_coupling_draws_what_is_in_the_table():
    upper, lower = plot_coupling(X, columns())
    drawn = lines(upper)
    assert drawn["tied start, learned"] == pytest.approx(np.delete(np.stack([X, X**2], 1), 3, 0))
    assert drawn["tied start, not yet at rest"] == pytest.approx(np.array([[X[3], X[3] ** 2]]))
    assert drawn["mean over starts"][:, 1] == pytest.approx(0.9 * X)
    assert lines(lower)["both cooperate"][:, 1] == pytest.approx(X)
    assert lower.get_xlabel().startswith("coupling")
    assert upper.get_figure() is lower.get_figure()


def test_axes_in_axes_out():
    axes = Figure().subplots(1, 2)
    assert plot_coupling(X, columns(), (), tuple(axes)) == tuple(axes)
    assert plot_tied_branch(X, columns(), axes[0]) is axes[0]
    assert plot_outcome_shares(X, columns(), axes[1]) is axes[1]
    assert plot_outcome_map(X[:2], X[:3], shares_at(X[:2], X[:3]), ax=axes[0]) is axes[0]


def test_missing_analyses_are_left_out():
    missing = {name: [None] * len(X) for name in columns()}
    given = {name: columns()[name] for name in ("cooperation_share",)}
    assert labels(plot_tied_branch(X, missing)) == []
    assert labels(plot_outcome_shares(X, missing)) == []
    assert labels(plot_outcome_shares(X, {**missing, **given}))[0] == "both cooperate"
    assert labels(plot_tied_branch(X, {})) == []


def test_outcomes_are_named_after_how_many_play():
    three = {**columns(), "exploited_share_player_3": X}
    assert labels(plot_outcome_shares(X, three))[:2] == ["all cooperate", "some exploit others"]
    assert labels(plot_outcome_shares(X, columns()))[1] == "one exploits the other"


def test_markers_outside_are_left_out_and_coinciding_ones_share_a_label():
    marks = [Marker(0.3, "a"), Marker(0.3 + 1e-6, "b"), Marker(0.9, "c", "equilibrium")]
    upper, lower = plot_coupling(X, columns(), [*marks, Marker(1.4, "d")])
    assert sorted(text.get_text() for text in upper.texts) == ["a, b", "c"]
    for ax in (upper, lower):
        ends = [np.asarray(line.get_xdata()) for line in ax.lines]
        at = [float(x[0]) for x in ends if len(x) == 2 and x[0] == x[1]]
        assert at == pytest.approx([0.3, 0.9], abs=1e-5)


def test_only_equal_thresholds_are_called_equal():
    """Two thresholds drawn in one place are equal only where their values are."""
    close = [Marker(0.3, "a"), Marker(0.3 + 1e-7, "b"), Marker(0.6, "c"), Marker(0.6 + 1e-12, "d")]
    upper, _ = plot_coupling(X, columns(), [*close, Marker(0.9, "e"), Marker(0.9 + 1e-7, "e")])
    assert [text.get_text() for text in upper.texts] == ["a, b", "c = d", "e"]


def test_labels_of_neighbouring_thresholds_do_not_overlap():
    names = ("first movement", "measured", "equilibrium")
    upper, _ = plot_coupling(X, columns(), [Marker(0.4 + 0.05 * k, n) for k, n in enumerate(names)])
    figure_of(upper).draw_without_rendering()
    boxes = [text.get_window_extent() for text in upper.texts]
    assert len(boxes) == 3
    assert boxes[0].count_overlaps(boxes[1:]) == boxes[1].count_overlaps(boxes[2:]) == 0
    assert all(box.y0 >= upper.get_window_extent().y1 for box in boxes)


def test_a_jump_of_the_branch_is_a_gap():
    jump = {"tied_predicted": np.where(X < 0.55, 0.0, 1.0)}
    ((x, y),) = (drawn.T for drawn in lines(plot_tied_branch(X, jump)).values())
    at = int(np.flatnonzero(np.isnan(y))[0])
    assert (x[at - 1], x[at + 1]) == pytest.approx((0.5, 0.6))


def test_a_sweep_of_one_value_is_drawn():
    one = {name: column[:1] for name, column in columns().items()}
    upper, _ = plot_coupling(X[:1], one, [Marker(0.0, "a")])
    figure_of(upper).draw_without_rendering()


def test_long_sweeps_stay_small_as_vectors(tmp_path):
    x = np.linspace(0, 1, 20_000)
    upper, _ = plot_coupling(x, columns(x))
    figure_of(upper).savefig(tmp_path / "long.svg")
    assert (tmp_path / "long.svg").stat().st_size < 1_000_000


def shares_at(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Exploitation leads where x > y; mean cooperation is x + 10 y. The first axis runs fastest."""
    across, up = (grid.ravel() for grid in np.meshgrid(x, y))
    leads = across > up
    return {
        "mean_cooperation": across + 10 * up,
        "exploitation_share": np.where(leads, 0.6, 0.2),
        "cooperation_share": np.where(leads, 0.2, 0.6),
        "defection_share": np.full(leads.size, 0.2),
    }


def test_map_puts_every_row_in_its_place():
    x, y = np.array([0.0, 0.1, 0.4]), np.array([0.0, 0.2])
    ax = plot_outcome_map(x, y, shares_at(x, y))
    (mesh,) = [c for c in ax.collections if isinstance(c, QuadMesh | PolyQuadMesh)]
    assert np.asarray(mesh.get_array()) == pytest.approx(x + 10 * y[:, None])
    corners = np.asarray(mesh.get_coordinates())
    assert corners[0, :, 0] == pytest.approx([-0.05, 0.05, 0.25, 0.55])
    assert corners[:, 0, 1] == pytest.approx([-0.1, 0.1, 0.3])


def test_map_hatches_where_exploitation_leads_and_nowhere_else():
    x, y = np.linspace(0.0, 1.0, 8), np.linspace(0.05, 0.95, 6)
    (hatched,) = [
        p for p in plot_outcome_map(x, y, shares_at(x, y)).patches if isinstance(p, PathPatch)
    ]
    assert hatched.get_hatch()
    for a in x:
        for b in y:
            assert hatched.get_path().contains_point((a, b)) == (a > b)


def test_map_without_exploitation_has_no_hatching():
    x, y = np.array([0.0, 0.1]), np.array([0.5, 0.6])
    ax = plot_outcome_map(x, y, shares_at(x, y))
    assert not ax.patches
    assert labels(ax) == []


def test_map_draws_the_lines_it_is_given():
    x, y = X, np.array([0.0, 0.5, 1.0])
    given = {
        "predicted": [0.2, 0.3, 0.4],
        "first_movement": [0.2, None, 0.4],
        "equilibrium": [None] * 3,
    }
    ax = plot_outcome_map(x, y, shares_at(x, y), lines=given, keys=("semantics.coupling", "a.b"))
    drawn = lines(ax)
    assert drawn["first movement, closed form"] == pytest.approx(np.stack([[0.2, 0.3, 0.4], y], 1))
    measured = drawn["first movement, margin's change of sign"]
    assert measured[:, 0] == pytest.approx([0.2, np.nan, 0.4], nan_ok=True)
    assert not any("equilibrium" in label for label in labels(ax))
    assert (ax.get_xlabel()[:8], ax.get_ylabel()) == ("coupling", "a b")


def test_map_refuses_a_table_of_another_size():
    with pytest.raises(InputError, match="6 rows, but 3 × 3 values were swept"):
        plot_outcome_map(X[:3], X[:3], shares_at(X[:3], X[:2]))
    with pytest.raises(InputError, match="no column 'welfare'"):
        plot_outcome_map(X[:3], X[:2], shares_at(X[:3], X[:2]), quantity="welfare")


def test_maps_have_ticks_where_something_was_studied():
    """Cells reach half a step beyond the values; what lies there was not computed."""
    values = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 0.96])
    columns = {"mean_cooperation": np.linspace(0, 1, 6)}
    ax = plot_outcome_map([0.3], values, columns)
    assert ax.get_xticks().tolist() == [0.3]
    assert 0.0 <= min(ax.get_yticks()) < max(ax.get_yticks()) <= 0.96
    assert max(ax.get_yticks()) == 0.96  # 0.8, the one before, is far away
    ax = plot_outcome_map([0.3], [0.0, 0.5, 1.01], {"mean_cooperation": np.zeros(3)})
    assert max(ax.get_yticks()) == 1.0


def test_cells_of_a_map_reach_no_value_that_cannot_be():
    discounts, far = np.array([0.0, 0.5, 0.96]), np.array([0.0, 1.0])
    found = {"mean_cooperation": np.zeros(6)}
    keys = ("semantics.weight", "game.repeated.discount")
    ax = plot_outcome_map(far, discounts, found, keys=keys, owners=(Affine, None))
    assert (ax.get_xlim(), ax.get_ylim()) == ((0.0, 1.0), (0.0, 1.0))
    assert plot_outcome_map(far, discounts, found).get_ylim() == pytest.approx((-0.25, 1.19))


def test_endings_are_coloured_by_what_most_runs_do():
    """Of six points one each: rest, corner, cycle of two, chaos, neither, and nothing counted."""
    nan = np.nan
    table = {
        "corner_share": [0.0, 0.9, 0.0, 0.1, 0.3, nan],
        "cycle_share": [0.1, 0.0, 1.0, 0.0, 0.3, nan],
        "chaotic_share": [0.0, 0.0, 0.0, 0.8, 0.3, nan],
        "moving_share": [0.1, 0.1, 0.0, 0.1, 0.1, nan],
        "period": [nan, nan, 2.0, nan, nan, nan],
    }
    ax = plot_endings([0.0, 0.5, 1.0], [1.0, 2.0], {k: np.array(v) for k, v in table.items()})
    assert labels(ax) == [
        "rest inside",
        "rest at a bound",
        "cycle of 2 steps",
        "chaos, by its exponent",
        "several, none in most runs",
    ]
    (mesh,) = (x for x in ax.collections if isinstance(x, QuadMesh | PolyQuadMesh))
    shown = np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), nan).ravel()
    assert shown == pytest.approx([0, 1, 2, 5, 7, nan], nan_ok=True)
    with pytest.raises(InputError, match="6 rows, but 3 × 3"):
        plot_endings(X[:3], X[:3], {k: np.array(v) for k, v in table.items()})
