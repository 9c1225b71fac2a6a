"""The explorer: from a slider's move to the paint in Chromium, and what the server computes for it.

    .venv/bin/python benchmarks/explorer.py            # 100 moves; needs Chromium and Playwright
    .venv/bin/python benchmarks/explorer.py --json --moves 20
    .venv/bin/python benchmarks/explorer.py --only start --repeats 5
    .venv/bin/python benchmarks/explorer.py --only memory --moves 10000
    .venv/bin/python benchmarks/explorer.py --only beside --peers ENVIRONMENT/bin/python

Moves are made in the page: the slider's value is set, its event is sent, and the clock stops at the
animation frame after the one in which the picture of that move was painted. *Idle frames* are those
that went by meanwhile without it. *stages*: until the question is sent, until its answer is heard,
until the picture is drawn, and until the clock stops. The server's part is timed without a browser,
same scenes. *start*: from the command to the first picture, Chromium's own start included, with the
programs of the last time and with none. *memory*: of the server's process and of the page, while a
slider moves as fast as it is answered, and is let go ten times. *beside*: the same portrait drawn
by Bokeh's and Plotly's servers in turn with the explorer.
"""

import argparse
import itertools
import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from explorer_beside import beside
from explorer_pages import (
    EXPLORER,
    PATIENCE,
    UP_TO_DATE,
    WARMING,
    chromium,
    couplings,
    explorer,
    opened,
    percentile,
    said_of,
    serving,
    timed,
    warmed,
    window,
)

MANY = """async (values) => {
  const slider = document.querySelector('#couplings input[type=range]');
  const canvas = document.getElementById('portrait');
  const painted = () => new Promise((done) => {
    const seen = new MutationObserver(() => { seen.disconnect(); done(); });
    seen.observe(canvas, { attributeFilter: ['data-painted'] });
  });
  for (const value of values) {
    const before = canvas.dataset.painted;
    slider.value = value;
    slider.dispatchEvent(new Event('input'));
    while (canvas.dataset.painted === before) await painted();
  }
  slider.dispatchEvent(new Event('change'));
}"""
"""Moves of a slider as fast as they are painted, after which it is let go."""

PAINTED = "() => document.getElementById('portrait').dataset.painted > 0"
STAGES = ("ask", "answer", "draw", "frames")


def in_the_browser(moves: int, game: str) -> dict:
    with serving(*explorer(game)) as (address, _), chromium() as browser:
        page = window(browser)
        opened(page, address)
        warmed(page, EXPLORER)
        made = timed(page, couplings(moves))
    columns = zip(*(itertools.pairwise(move.times) for move in made), strict=True)
    middle = [statistics.median(b - a for a, b in column) for column in columns]
    return {
        **said_of(made, "paint"),
        **{f"{name}_ms_median": x for name, x in zip(STAGES, middle, strict=True)},
    }


def started(game: str, repeats: int) -> dict:
    """From the command to the first picture, and until all is there."""
    found = {}
    for kind in ("warm", "cold"):
        timed = []
        for _ in range(repeats + (kind == "warm")):
            with tempfile.TemporaryDirectory() as folder:
                where = {"XDG_CACHE_HOME": folder} if kind == "cold" else {}
                begin = time.perf_counter()
                with serving(*explorer(game), **where) as (address, _):
                    listens = time.perf_counter() - begin
                    with chromium() as browser:
                        page = window(browser)
                        page.goto(address)
                        page.wait_for_function(PAINTED, timeout=PATIENCE)
                        first = time.perf_counter() - begin
                        page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
                        timed.append((listens, first, time.perf_counter() - begin))
        last = timed[-repeats:]  # what warmed it is not counted
        for k, name in enumerate(("listens", "first_picture", "up_to_date")):
            found[f"{kind}_{name}_s"] = statistics.median(x[k] for x in last)
    return found


def on_the_server(moves: int, game: str) -> dict:
    import glasshouse as gh
    from glasshouse.explorer.building import scene_of_game
    from glasshouse.explorer.frames import portrait_frame

    scene = scene_of_game(gh.load_game(game))
    scenes = [scene.model_copy(update={"coupling": (x, x)}) for x in couplings(moves)]
    frame, timed, used = portrait_frame(scenes[0], 0), [], []  # the first compiles
    for one in scenes:
        begin, cpu = time.perf_counter(), time.process_time()
        frame = portrait_frame(one, 0)
        timed.append(1e3 * (time.perf_counter() - begin))
        used.append(1e3 * (time.process_time() - cpu))
    return {
        "server_ms_median": statistics.median(timed),
        "server_ms_p95": percentile(timed),
        "server_cpu_ms_median": statistics.median(used),
        "answer_kB": len(frame) / 1e3,
    }


def resident(process: int) -> float:
    """Memory of a process in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return round(int(found[1]) / 1e3, 1)


def page_memory(session: Any) -> tuple[float, int, int]:
    """Of a page, after a collection: MB with those of its arrays, nodes, and listeners."""
    for _ in range(2):  # the first lets go of what the second can collect
        session.send("HeapProfiler.collectGarbage")
    heap, counted = session.send("Runtime.getHeapUsage"), session.send("Memory.getDOMCounters")
    kinds = ("usedSize", "embedderHeapUsedSize", "backingStorageSize")
    used = sum(heap.get(kind, 0) for kind in kinds)
    return round(used / 1e6, 2), counted["nodes"], counted["jsEventListeners"]


def remembered(moves: int, game: str) -> dict:
    """Along many moves: the server's memory in MB; the page's once what it does not need is gone,
    also in MB; the nodes of its documents, and the listeners on them.
    """
    rows, values, piece = [], couplings(moves), max(1, moves // 10)
    with serving(*explorer(game)) as (address, server), chromium() as browser:
        page = window(browser, clocks=False)
        opened(page, address)
        session = page.context.new_cdp_session(page)
        page.evaluate(MANY, values[:WARMING])
        for k in range(0, moves + 1, piece):
            page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
            rows.append((k, resident(server.pid), *page_memory(session)))
            page.evaluate(MANY, values[k : k + piece])
    names = ("after_moves", "server_MB", "page_heap_MB", "page_nodes", "page_listeners")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3, help="starts of either kind")
    parser.add_argument("--game", default="prisoners_dilemma")
    parser.add_argument(
        "--peers",
        metavar="PYTHON",
        default=sys.executable,
        help="of an environment with glasshouse, Bokeh and Dash",
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("server", "browser", "start", "memory", "beside"))
    given = parser.parse_args()
    parts = {
        "server": lambda: on_the_server(given.moves, given.game),
        "browser": lambda: in_the_browser(given.moves, given.game),
        "beside": lambda: beside(given.moves, given.game, given.peers),
        "start": lambda: started(given.game, given.repeats),
        "memory": lambda: remembered(given.moves, given.game),
    }
    found: dict[str, Any] = {"load_before": os.getloadavg()[0], "moves": given.moves}
    for name, part in parts.items():
        if given.only == name or (given.only is None and name != "memory"):
            found |= part()
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:>24}  {value if isinstance(value, list) else format(value, '.4g')}")


if __name__ == "__main__":
    main()
