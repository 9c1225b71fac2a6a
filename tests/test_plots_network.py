"""Who cooperates, drawn on the graph: colours, arrows, places, and what is refused."""

import networkx as nx
import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from glasshouse.errors import InputError
from glasshouse.plots import plot_network
from glasshouse.semantics import Reading


def circles(ax) -> PathCollection:
    (found,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    return found


def lines(ax) -> list[np.ndarray]:
    drawn = [c for c in ax.collections if isinstance(c, LineCollection)]
    return [np.asarray(segment) for c in drawn for segment in c.get_segments()]


def arrows(ax) -> list[FancyArrowPatch]:
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


MIXED = Reading([0, 1, 1, 2, 3], [1, 0, 2, 3, 1], [0.5, 1.0, 2.0, 1.0, -1.0], 4)
"""0 and 1 read each other; 1 reads 2, 2 reads 3, and 3 reacts against 1."""


def test_circles_have_the_probabilities_and_lie_apart():
    ax = plot_network(MIXED, [0.1, 0.9, 0.5, 1.0], names="abcd")
    found = circles(ax)
    assert np.asarray(found.get_array()).tolist() == [0.1, 0.9, 0.5, 1.0]
    assert found.get_clim() == (0.0, 1.0)
    assert [text.get_text() for text in ax.texts] == list("abcd")
    places = np.asarray(found.get_offsets())
    gaps = np.linalg.norm(places[:, None] - places[None], axis=-1) + 9 * np.eye(4)
    assert gaps.min() > 0.2


def test_arrows_lead_from_the_reader_to_the_one_read():
    ax = plot_network(MIXED, np.full(4, 0.5))
    places = np.asarray(circles(ax).get_offsets())
    drawn = [getattr(arrow, "_posA_posB") for arrow in arrows(ax)]  # noqa: B009
    ends = {tuple(map(tuple, np.round(pair, 9))) for pair in drawn}
    expected = {
        tuple(map(tuple, np.round(places[list(pair)], 9))) for pair in ((1, 2), (2, 3), (3, 1))
    }
    assert ends == expected
    (mutual,) = lines(ax)
    assert np.allclose(np.sort(mutual, axis=0), np.sort(places[:2], axis=0))
    assert labels(ax) == [
        "both read each other",
        "the tail reads the head",
        "one reads the other with negative weight",
    ]


def test_the_layout_is_the_seeds():
    first, same, other = (
        np.asarray(circles(plot_network(MIXED, np.zeros(4), seed=seed)).get_offsets())
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.allclose(first, other)


def test_axes_given_are_drawn_into():
    figure = Figure()
    left, _ = figure.subplots(1, 2)
    assert plot_network(MIXED, np.zeros(4), left) is left
    assert plot_network(Reading([], [], [], 3), np.zeros(3)).get_legend() is None


def test_a_few_hundred_players_are_drawn_without_overlapping_their_neighbours():
    graph = nx.watts_strogatz_graph(300, 4, 0.1, seed=1)
    ax = plot_network(Reading.from_graph(graph), np.linspace(0, 1, 300))
    assert len(lines(ax)) == 600
    ax.figure.canvas.draw()


@pytest.mark.parametrize(
    ("players", "cooperation", "names", "message"),
    [
        (301, np.zeros(301), None, "301 players are too many.*at most 300"),
        (4, np.zeros(3), None, r"shape \(3,\).*each of 4 players"),
        (4, np.zeros(4), "abc", "3 names are given for 4 players"),
    ],
)
def test_what_cannot_be_drawn_is_refused(players, cooperation, names, message):
    reading = Reading([0], [1], [1.0], players)
    with pytest.raises(InputError, match=message):
        plot_network(reading, cooperation, names=names)
