"""The explorer's portrait drawn by a Bokeh server and by a Plotly-based one (Dash).

    ENVIRONMENT/bin/python benchmarks/explorer_peers.py bokeh   # prints its address

`explorer.py` starts both, by the Python that `--peers` names: that of an environment with the
extra `drawing`. The numbers are those of `portrait_frame`, as the explorer's page gets them; lines
of nullclines are found by contourpy, as the page finds them in JavaScript. Arrows, nullclines, runs
and rest points are drawn, no shading and no text beside. Each may be as fast as it can: lines of a
kind are one line, data go as bytes, and Dash's server keeps its connections and writes no log.
"""

import argparse
import logging
import socket
from importlib import import_module
from typing import Any

import numpy as np

import glasshouse as gh
from glasshouse.cli.cache import keep_programs
from glasshouse.explorer.building import scene_of_game
from glasshouse.explorer.frames import portrait_frame
from glasshouse.explorer.protocol import read_answer

FIRST = 0.5


class Drawn:
    """A portrait as lines: each kind a list of arrays of shape `(points, 2)`."""

    def __init__(self, game: str, coupling: float):
        import contourpy

        scene = scene_of_game(gh.load_game(game))
        scene = scene.model_copy(update={"coupling": (coupling, coupling)})
        header, arrays = read_answer(portrait_frame(scene, 0))
        low, high = np.array(header["low"]), np.array(header["high"])
        count = header["field_points"]
        x, y = (np.linspace(low[k], high[k], count) for k in (0, 1))
        relative = arrays["relative"].reshape(count, count, 2)
        self.nullclines: list[Any] = [
            contourpy.contour_generator(x, y, relative[..., k].T).lines(0.0) for k in (0, 1)
        ]
        self.runs = np.split(arrays["paths"], np.cumsum(header["lengths"])[:-1])
        self.points = np.array([p["params"] for p in header["points"]]).reshape(-1, 2)
        cells = len(arrays["arrows"])
        middles = (np.arange(cells) + 0.5) / cells
        at = low + (high - low) * np.stack(np.meshgrid(middles, middles, indexing="ij"), axis=-1)
        self.arrows = arrow_lines(at, arrays["arrows"], 0.55 * (high - low) / cells)
        self.low, self.high = low, high


def arrow_lines(at: np.ndarray, direction: np.ndarray, length: np.ndarray) -> list[np.ndarray]:
    """Shaft and head of each arrow in one line, with gaps, of those that have a direction."""
    moves = direction.any(axis=-1)
    at, direction = at[moves], direction[moves]
    tip, tail = at + direction * length / 2, at - direction * length / 2
    across = np.stack([-direction[:, 1], direction[:, 0]], axis=-1)
    left, right = (tip - 0.36 * length * (0.87 * direction + s * 0.5 * across) for s in (-1, 1))
    gap = np.full_like(tip, np.nan)
    return [np.stack([tail, tip, gap, left, tip, right, gap], axis=1).reshape(-1, 2)]


def joined(found: list) -> dict:
    """Lines as one, with gaps: both draw one line faster than many."""
    gap = np.full((1, 2), np.nan)
    rows = np.concatenate([part for line in found for part in (line, gap)] or [gap])
    return {"x": rows[:, 0], "y": rows[:, 1]}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def serve_bokeh(game: str, side: int, port: int) -> None:
    names = ("layouts", "models", "plotting", "server.server")
    layouts, models, plotting, serving = (import_module(f"bokeh.{name}") for name in names)

    def columns(drawn: Drawn) -> list[dict]:
        points = {"x": drawn.points[:, 0], "y": drawn.points[:, 1]}
        return [*map(joined, (drawn.arrows, *drawn.nullclines, drawn.runs)), points]

    def page(doc) -> None:
        drawn = Drawn(game, FIRST)
        kappa = models.Slider(start=-1, end=2, step=0.001, value=FIRST, name="kappa", title="κ")
        ranges = {
            "x_range": (drawn.low[0], drawn.high[0]),
            "y_range": (drawn.low[1], drawn.high[1]),
        }
        plot = plotting.figure(width=side, height=side, tools="", name="plot", **ranges)
        sources = [models.ColumnDataSource(data) for data in columns(drawn)]
        looks = [("grey", 1.1), ("green", 2.2), ("purple", 2.2), ("black", 1.2)]
        for source, (colour, width) in zip(sources, looks, strict=False):
            plot.line("x", "y", source=source, line_color=colour, line_width=width)
        plot.scatter("x", "y", source=sources[-1], size=12, color="black")

        def moved(_attribute, _old, new) -> None:
            doc.hold("collect")
            for source, data in zip(sources, columns(Drawn(game, new)), strict=True):
                source.data = data
            plot.tags = [new]
            doc.unhold()

        kappa.on_change("value", moved)
        doc.add_root(layouts.column(kappa, plot))

    server = serving.Server({"/": page}, port=port, address="127.0.0.1", num_procs=1)
    server.start()
    print(f"http://127.0.0.1:{port}/", flush=True)
    server.io_loop.start()


def serve_plotly(game: str, side: int, port: int) -> None:
    dash, graph = import_module("dash"), import_module("plotly.graph_objects")

    def picture(coupling: float) -> Any:
        drawn = Drawn(game, coupling)
        looks = [("grey", 1.1), ("green", 2.2), ("purple", 2.2), ("black", 1.2)]
        kinds = [drawn.arrows, *drawn.nullclines, drawn.runs]
        traces = [
            graph.Scatter(**joined(kind), mode="lines", line={"color": colour, "width": width})
            for kind, (colour, width) in zip(kinds, looks, strict=True)
        ]
        points = {"x": drawn.points[:, 0], "y": drawn.points[:, 1]}
        traces.append(graph.Scatter(**points, mode="markers", marker={"size": 12}))
        found = graph.Figure(traces)
        ranges = [[drawn.low[k], drawn.high[k]] for k in (0, 1)]
        found.update_layout(
            width=side, height=side, showlegend=False, uirevision="kept", template="none",
            margin={"l": 40, "r": 10, "t": 10, "b": 40}, meta=coupling,
        )  # fmt: skip
        found.update_xaxes(range=ranges[0])
        found.update_yaxes(range=ranges[1])
        return found

    app = dash.Dash(__name__)
    slider = dash.dcc.Slider(-1, 2, 0.001, value=FIRST, id="kappa", updatemode="drag", marks=None)
    plot = dash.dcc.Graph(id="plot", figure=picture(FIRST), config={"staticPlot": True})
    app.layout = dash.html.Div([slider, plot])
    app.callback(dash.Output("plot", "figure"), dash.Input("kappa", "value"))(picture)
    import_module("werkzeug.serving").WSGIRequestHandler.protocol_version = "HTTP/1.1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    print(f"http://127.0.0.1:{port}/", flush=True)
    app.run(port=str(port), debug=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", choices=("bokeh", "plotly"))
    parser.add_argument("--game", default="prisoners_dilemma")
    parser.add_argument("--side", type=int, default=640, help="of the picture, in pixels")
    given = parser.parse_args()
    keep_programs(wanted=True)
    Drawn(given.game, FIRST)  # compiled before anybody comes
    {"bokeh": serve_bokeh, "plotly": serve_plotly}[given.server](
        given.game, given.side, free_port()
    )


if __name__ == "__main__":
    main()
