"""The explorer: from a slider's move to the paint in Chromium, and what the server computes for it.

    .venv/bin/python benchmarks/explorer.py            # 100 moves; needs Chromium and Playwright
    .venv/bin/python benchmarks/explorer.py --json --moves 20
    .venv/bin/python benchmarks/explorer.py --only start --repeats 5
    .venv/bin/python benchmarks/explorer.py --only memory --moves 10000

Moves are made in the page: the slider's value is set, its event is sent, and the clock stops at the
animation frame after the one in which the picture of that move was painted. *Idle frames* are those
that went by meanwhile without it. *stages*: until the question is sent, until its answer is heard,
until the picture is drawn, and until the clock stops. The server's part is timed without a browser,
same scenes. *start*: from the command to the first picture, Chromium's own start included, with the
programs of the last time and with none. *memory*: of the server's process and of the page's heap,
while a slider moves. *beside*: the same portrait drawn by Bokeh's and Plotly's servers.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CLOCKS = """() => {
  const Own = WebSocket;
  window.marks = [];
  window.WebSocket = class extends Own {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', () => marks.push(['heard', performance.now()]));
    }
    send(data) { marks.push(['asked', performance.now()]); super.send(data); }
  };
  addEventListener('DOMContentLoaded', () => {
    const canvas = document.getElementById('portrait');
    const drawn = () => marks.push(['drawn', performance.now()]);
    if (canvas) new MutationObserver(drawn).observe(canvas, { attributeFilter: ['data-painted'] });
  });
}"""

MOVE = """async (value) => {
  const slider = document.querySelector('#couplings input[type=range]');
  const canvas = document.getElementById('portrait');
  const before = canvas.dataset.painted;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  marks.length = 0;
  const begin = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input'));
  let idle = -1;
  while (canvas.dataset.painted === before) { await frame(); idle += 1; }
  await frame();
  const end = performance.now();
  const at = (name) => (marks.find((mark) => mark[0] === name) ?? [name, NaN])[1];
  const times = [begin, at('asked'), at('heard'), at('drawn'), end];
  return [end - begin, Math.max(idle, 0), times.slice(1).map((x, k) => x - times[k])];
}"""

# A move of somebody else's slider, until its picture is painted and one frame more.
MOVE_BOKEH = """async (value) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const page = Bokeh.documents[0], slider = page.get_model_by_name('kappa');
  if (!window.painted) {
    const own = CanvasRenderingContext2D.prototype.beginPath;
    CanvasRenderingContext2D.prototype.beginPath = function () {
      window.drawing = true;
      return own.call(this);
    };
    const points = page.get_model_by_name('points');
    const changed = () => { window.changed = true; window.drawing = false; };
    points.properties.data.change.connect(changed);
    window.painted = true;
  }
  await frame();
  window.changed = window.drawing = false;
  const begin = performance.now();
  slider.value = value;
  while (!(window.changed && window.drawing)) await frame();
  await frame();
  return performance.now() - begin;
}"""

MOVE_PLOTLY = """async (value) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const plot = document.querySelector('.js-plotly-plot');
  if (window.painted === undefined) {
    window.painted = 0;
    plot.on('plotly_afterplot', () => { window.painted += 1; });
  }
  await frame();
  const before = window.painted, begin = performance.now();
  dash_clientside.set_props('kappa', { value });
  while (window.painted === before) await frame();
  await frame();
  return performance.now() - begin;
}"""

PAINTED = "() => document.getElementById('portrait').dataset.painted > 0"
UP_TO_DATE = "() => document.getElementById('state').textContent === 'Up to date'"
STAGES = ("ask", "answer", "draw", "frames")


def couplings(moves: int) -> list[float]:
    return [round(-0.5 + 1.6 * ((0.618 * k) % 1.0), 3) for k in range(moves)]


@contextlib.contextmanager
def serving(*words: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server that prints its address, until it is no more needed."""
    everywhere = {**os.environ, **environment}
    server = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, text=True, env=everywhere
    )
    assert server.stdout is not None
    try:
        found = re.search(r"http://[0-9.:]+/", server.stdout.readline())
        assert found is not None, words
        yield found[0], server
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def browsing() -> Iterator[Any]:
    """A page of a Chromium that starts now."""
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--headless", "--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.add_init_script(f"({CLOCKS})()")
        yield page
        browser.close()


def explorer(game: str) -> tuple[str, ...]:
    return ("-m", "glasshouse", "explore", game, "--no-browser")


def in_the_browser(moves: int, game: str) -> dict:
    with serving(*explorer(game)) as (address, _), browsing() as page:
        page.goto(address)
        page.wait_for_function(UP_TO_DATE, timeout=300_000)
        for value in couplings(10):
            page.evaluate(MOVE, value)
        timed = [page.evaluate(MOVE, value) for value in couplings(moves)]
    paints, idle, stages = zip(*timed, strict=True)
    middle = [statistics.median(column) for column in zip(*stages, strict=True)]
    return {
        "paint_ms_median": statistics.median(paints),
        "paint_ms_p95": percentile(paints),
        "idle_frames_median": statistics.median(idle),
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
                    with browsing() as page:
                        page.goto(address)
                        page.wait_for_function(PAINTED, timeout=300_000)
                        first = time.perf_counter() - begin
                        page.wait_for_function(UP_TO_DATE, timeout=300_000)
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


def remembered(moves: int, game: str) -> dict:
    """Memory along many moves: of the server in MB, of the page's heap after a collection."""
    looks, rows = 10, []
    with serving(*explorer(game)) as (address, server), browsing() as page:
        page.goto(address)
        page.wait_for_function(UP_TO_DATE, timeout=300_000)
        session = page.context.new_cdp_session(page)
        for k, value in enumerate(couplings(moves + 1)):
            if k % max(1, moves // looks) == 0:
                session.send("HeapProfiler.collectGarbage")
                heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
                status = Path(f"/proc/{server.pid}/status").read_text()
                resident = re.search(r"VmRSS:\s+(\d+)", status)
                assert resident is not None
                rows.append((k, int(resident[1]) / 1e3, heap))
            page.evaluate(MOVE, value)
    return {
        "server_MB": [round(x, 1) for _, x, _ in rows],
        "page_heap_MB": [round(x, 2) for _, _, x in rows],
    }


def beside(moves: int, game: str) -> dict:
    """The same portrait by others' servers, in the same run; none where they are not installed."""
    found = {}
    for name, move, module in (
        ("bokeh", MOVE_BOKEH, "bokeh"),
        ("plotly", MOVE_PLOTLY, "dash"),
    ):
        ready = {
            "bokeh": "() => window.Bokeh?.documents[0]?.get_model_by_name('kappa')",
            "plotly": "() => document.querySelector('.js-plotly-plot') && window.dash_clientside",
        }[name]
        try:
            __import__(module)
        except ImportError:
            print(f'{name}: not installed (the extra "peers"), and left out', file=sys.stderr)
            continue
        peers = str(Path(__file__).with_name("explorer_peers.py"))
        with serving(peers, name, "--game", game) as (address, _), browsing() as page:
            time.sleep(2)  # it prints before it listens
            page.goto(address, timeout=120_000)
            page.wait_for_function(ready, timeout=120_000)
            page.wait_for_timeout(2000)
            for value in couplings(10):
                page.evaluate(move, value)
            timed = [page.evaluate(move, value) for value in couplings(moves)]
        found[f"{name}_ms_median"] = statistics.median(timed)
        found[f"{name}_ms_p95"] = percentile(timed)
    return found


def percentile(values: Any) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3, help="starts of either kind")
    parser.add_argument("--game", default="prisoners_dilemma")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("server", "browser", "start", "memory", "beside"))
    given = parser.parse_args()
    parts = {
        "server": lambda: on_the_server(given.moves, given.game),
        "browser": lambda: in_the_browser(given.moves, given.game),
        "beside": lambda: beside(given.moves, given.game),
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
