"""The explorer: from a slider's move to the paint in Chromium, and what the server computes for it.

    .venv/bin/python benchmarks/explorer.py            # 100 moves; needs Chromium and Playwright
    .venv/bin/python benchmarks/explorer.py --json --moves 20

Moves are made in the page: the slider's value is set, its event is sent, and the clock stops at the
animation frame after the one in which the picture of that move was painted. *Idle frames* are those
that went by meanwhile without it. The server's part is timed without a browser, same scenes.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

MOVE = """async (value) => {
  const slider = document.querySelector('#couplings input[type=range]');
  const canvas = document.getElementById('portrait');
  const before = canvas.dataset.painted;
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const begin = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input'));
  let idle = -1;
  while (canvas.dataset.painted === before) { await frame(); idle += 1; }
  await frame();
  return [performance.now() - begin, Math.max(idle, 0)];
}"""

PAINTED = "() => document.getElementById('portrait').dataset.painted > 0"
UP_TO_DATE = "() => document.getElementById('state').textContent === 'Up to date'"


def couplings(moves: int) -> list[float]:
    return [round(-0.5 + 1.6 * ((0.618 * k) % 1.0), 3) for k in range(moves)]


def in_the_browser(moves: int, game: str) -> dict:
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    begin = time.perf_counter()
    words = [sys.executable, "-m", "glasshouse", "explore", game, "--no-browser"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r"http://[0-9.:]+/", server.stdout.readline())
    assert found is not None
    listens = time.perf_counter() - begin
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=executable, args=["--headless", "--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto(found[0])
            page.wait_for_function(PAINTED, timeout=300_000)
            first = time.perf_counter() - begin
            page.wait_for_function(UP_TO_DATE, timeout=300_000)
            settled = time.perf_counter() - begin
            for value in couplings(10):
                page.evaluate(MOVE, value)
            timed = [page.evaluate(MOVE, value) for value in couplings(moves)]
            browser.close()
    finally:
        server.terminate()
        server.wait()
    paints, idle = zip(*timed, strict=True)
    return {
        "listens_s": listens,
        "first_picture_s": first,
        "up_to_date_s": settled,
        "paint_ms_median": statistics.median(paints),
        "paint_ms_p95": sorted(paints)[int(0.95 * (len(paints) - 1))],
        "idle_frames_median": statistics.median(idle),
    }


def on_the_server(moves: int, game: str) -> dict:
    import glasshouse as gh
    from glasshouse.explorer.building import scene_of_game
    from glasshouse.explorer.frames import portrait_frame

    scene = scene_of_game(gh.load_game(game))
    scenes = [scene.model_copy(update={"coupling": (x, x)}) for x in couplings(moves)]
    frame, timed = portrait_frame(scenes[0], 0), []  # the first compiles
    for one in scenes:
        begin = time.perf_counter()
        frame = portrait_frame(one, 0)
        timed.append(1e3 * (time.perf_counter() - begin))
    return {
        "server_ms_median": statistics.median(timed),
        "server_ms_p95": sorted(timed)[int(0.95 * (len(timed) - 1))],
        "answer_kB": len(frame) / 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=100)
    parser.add_argument("--game", default="prisoners_dilemma")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    found = {**on_the_server(given.moves, given.game), **in_the_browser(given.moves, given.game)}
    found = {"load_before": load, "moves": given.moves, **found}
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f"{name:>20}  {value:.4g}")


if __name__ == "__main__":
    main()
