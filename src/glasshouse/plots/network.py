"""Who cooperates, drawn on the graph of who reads whom."""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from glasshouse._foundation.numbers import Numbers, Whole, number_array, whole
from glasshouse.errors import InputError
from glasshouse.plots._layout import FIGURE_WIDTH, arrange, new_figure
from glasshouse.plots._names import in_figure
from glasshouse.plots._palette import BLACK, GREY, ORANGE, TEXT
from glasshouse.semantics.reading import Reading

MOST_CIRCLES = 300
"""More circles than this hide each other and their arrows."""

EDGE_KINDS = {
    "mutual": {"colors": GREY, "label": "both read each other"},
    "one way": {"colors": BLACK, "label": "the tail reads the head"},
    "against": {"colors": ORANGE, "label": "one reads the other with negative weight"},
}
"""The three kinds of edges."""


def plot_network(
    reading: Reading,
    cooperation: Numbers,
    ax: Axes | None = None,
    *,
    names: Sequence[Hashable] | None = None,
    seed: Whole = 0,
) -> Axes:
    """Players as circles coloured by how probably they cooperate, who reads whom as arrows.

    **Arguments:** `reading`; `cooperation`, one probability per player, such as
    `game.cooperation(params)` where learning ended; `ax`, drawn into and returned, by default the
    axes of a new figure 4.8 inches wide that is not registered with pyplot; `names`, written
    into the circles; `seed`, of NetworkX's spring layout.
    **Raises:** `InputError` for more than 300 players, and for other numbers of probabilities or
    names than players.
    """
    values = _probabilities(reading, cooperation)
    if names is not None and len(names) != reading.players:
        raise InputError(f"{len(names)} names are given for {reading.players} players")
    ax = ax or new_figure((FIGURE_WIDTH, 4.4)).subplots()
    places = _places(reading, whole(seed, "seed", least=0, most=2**32 - 1))
    diameter = 15.0 if reading.players <= 40 else max(4.5, 95 / math.sqrt(reading.players))
    handles = _edges(reading, places, diameter, ax)
    circles = ax.scatter(
        *places.T,
        s=diameter**2,
        c=values,
        cmap="cividis",
        vmin=0.0,
        vmax=1.0,
        edgecolors=BLACK,
        linewidths=0.7,
        zorder=3,
    )
    for name, place, value in zip(names or (), places, values, strict=bool(names)):
        style = {"ha": "center", "va": "center_baseline", "fontsize": TEXT - 1, "zorder": 4}
        ax.annotate(in_figure(str(name)), place, color="white" if value < 0.5 else BLACK, **style)
    ax.margins(0.07)
    ax.set_axis_off()
    bar = ax.figure.colorbar(circles, ax=ax, pad=0.02, aspect=28)
    bar.set_label("probability of cooperating", fontsize=TEXT)
    bar.ax.tick_params(labelsize=TEXT)
    arrange(ax, handles, bar=bar.ax, handlelength=2.0)
    return ax


def _probabilities(reading: Reading, cooperation: Numbers) -> np.ndarray:
    if reading.players > MOST_CIRCLES:
        raise InputError(
            f"{reading.players} players are too many to be drawn as circles, at most "
            f"{MOST_CIRCLES} can be told apart: draw a part of the graph, or a histogram of "
            "their cooperation"
        )
    values = np.asarray(number_array(cooperation, "cooperation", shapes=None))
    if values.shape != (reading.players,):
        raise InputError(
            f"cooperation has shape {values.shape}: give one probability for each of "
            f"{reading.players} players"
        )
    return values


def _places(reading: Reading, seed: int) -> np.ndarray:
    """Where NetworkX puts the players, weights and directions left aside."""
    import networkx

    graph = networkx.empty_graph(reading.players)
    pairs = zip(np.asarray(reading.readers), np.asarray(reading.owners), strict=True)
    graph.add_edges_from((int(i), int(j)) for i, j in pairs)
    # Wide for few: what repels keeps circles apart, weaker where many share the place.
    distance = 2.2 / math.sqrt(reading.players)
    found = networkx.spring_layout(graph, k=distance, seed=seed, iterations=200)
    return np.array([found[player] for player in range(reading.players)])


def _edges(reading: Reading, places: np.ndarray, diameter: float, ax: Axes) -> list[Line2D]:
    """Lines where two read each other, arrows where one does; legend entries of those drawn."""
    columns = (np.asarray(x).tolist() for x in (reading.readers, reading.owners, reading.weights))
    weight_of = {(i, j): weight for i, j, weight in zip(*columns, strict=True) if weight}
    lines: dict[str, list] = {"mutual": [], "against": []}
    drawn = []
    for (reader, owner), weight in weight_of.items():
        back = weight_of.get((owner, reader), 0.0)
        kind = "against" if min(weight, back) < 0 else "mutual" if back else "one way"
        if kind not in drawn:
            drawn.append(kind)
        if not back:
            arrow = FancyArrowPatch(
                (places[reader][0], places[reader][1]),
                (places[owner][0], places[owner][1]),
                arrowstyle="-|>",
                mutation_scale=min(9.0, 0.7 * diameter),
                shrinkA=diameter / 2,
                shrinkB=diameter / 2,
                color=EDGE_KINDS[kind]["colors"],
                linewidth=0.7,
                linestyle="--" if kind == "against" else "-",
                zorder=2,
            )
            ax.add_patch(arrow)
        elif reader < owner:
            lines[kind].append((places[reader], places[owner]))
    for kind, segments in lines.items():
        style = "--" if kind == "against" else "-"
        colour = EDGE_KINDS[kind]["colors"]
        collection = LineCollection(segments, colors=colour, linestyles=style, linewidths=0.9)
        ax.add_collection(collection)
        collection.set_zorder(1)
    return [_handle(kind) for kind in EDGE_KINDS if kind in drawn]


def _handle(kind: str) -> Line2D:
    colour, label = EDGE_KINDS[kind]["colors"], EDGE_KINDS[kind]["label"]
    if kind == "one way":
        style = {"marker": ">", "ms": 4.5, "markevery": [1], "lw": 0.9}
        return Line2D([0, 1], [0, 0], color=colour, label=label, **style)
    return Line2D([], [], color=colour, label=label, lw=0.9, ls="--" if kind == "against" else "-")
