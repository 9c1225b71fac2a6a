"""What the explorer's benchmarks share: servers that are started, a browser, and timed moves."""

import contextlib
import itertools
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATIENCE = 300_000
"""Milliseconds after which a page is not coming."""

WINDOW = {"width": 1400, "height": 900}

WARMING = 10
"""Moves that are not counted."""

CLOCKS = """() => {
  const Own = WebSocket;
  window.marks = [];
  window.WebSocket = class extends Own {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        marks.push(['heard', performance.now()]);
        window.answered = data;
      });
    }
    send(data) {
      marks.push(['asked', performance.now()]);
      window.asked = data;
      super.send(data);
    }
  };
  addEventListener('DOMContentLoaded', () => {
    const canvas = document.getElementById('portrait');
    const drawn = () => marks.push(['drawn', performance.now()]);
    if (canvas) new MutationObserver(drawn).observe(canvas, { attributeFilter: ['data-painted'] });
  });
}"""
"""When a page asks, hears and draws, and what it asked and heard last."""

TIMED = """async (value) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  marks.length = 0;
  const begin = performance.now();
  const isPainted = side.move(value);
  let idle = -1;
  while (!isPainted()) {
    if (performance.now() - begin > 60_000) throw new Error(`never painted: ${value}`);
    await frame();
    idle += 1;
  }
  await frame();
  const end = performance.now();
  const at = (name) => (marks.find((mark) => mark[0] === name) ?? [name, null])[1];
  const times = [begin, at('asked'), at('heard'), at('drawn'), end];
  return [end - begin, Math.max(idle, 0), times, String(side.drawn())];
}"""
"""A move of a slider, until the picture of that move is painted and one frame more.

`side` knows the page: `move(value)` moves its slider and gives what says whether the picture of
this very value is painted; `drawn()` is what is drawn there, to tell it from another.
"""

EXPLORER = """() => {
  const slider = document.querySelector('#couplings input[type=range]');
  const canvas = document.getElementById('portrait');
  return {
    move(value) {
      slider.value = value;
      slider.dispatchEvent(new Event('input'));
      const { number, scene } = JSON.parse(window.asked);
      if (scene.coupling[0] !== value) throw new Error(`asked about ${scene.coupling[0]}`);
      return () => Number(canvas.dataset.painted) === number;
    },
    drawn() { return new Uint8Array(window.answered).reduce((a, b) => (31 * a + b) | 0, 7); },
  };
}"""
"""What knows the explorer's page."""

UP_TO_DATE = "() => document.getElementById('state').textContent === 'Up to date'"


class Move(NamedTuple):
    """What a move took: milliseconds, frames without its picture, and when what happened."""

    took: float
    idle: int
    times: list[float | None]
    drawn: str


def couplings(moves: int) -> list[float]:
    """To and fro, in steps of a hundredth as the explorer's slider has them."""
    return [round(-0.5 + 1.6 * ((0.618 * k) % 1.0), 2) for k in range(moves)]


def warmed(page: Any, side: str) -> None:
    """Let the page be known by `side`, and move its slider where no move goes that is counted."""
    page.evaluate(f"() => {{ window.side = ({side})(); }}")
    timed(page, [round(-0.01 * (60 + k), 2) for k in range(WARMING)])


def timed(page: Any, values: list[float]) -> list[Move]:
    """Moves one after another, each of which draws something else than the one before.

    **Raises:** `AssertionError` otherwise.
    """
    moves = [Move(*page.evaluate(TIMED, value)) for value in values]
    for one, other in itertools.pairwise(moves):
        assert one.drawn != other.drawn, "nothing changed"
    return moves


def percentile(values: Any) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def said_of(moves: list[Move], name: str) -> dict[str, float]:
    """Of the moves of one page: middle, 95th percentile, frames without a picture."""
    return {
        f"{name}_ms_median": statistics.median(move.took for move in moves),
        f"{name}_ms_p95": percentile([move.took for move in moves]),
        f"{name}_idle_frames_median": statistics.median(move.idle for move in moves),
    }


@contextlib.contextmanager
def serving(
    *words: str, python: str = sys.executable, **environment: str
) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server that prints its address, until it is no more needed."""
    everywhere = {**os.environ, **environment}
    server = subprocess.Popen([python, *words], stdout=subprocess.PIPE, text=True, env=everywhere)
    assert server.stdout is not None
    try:
        found = re.search(r"http://[0-9.:]+/", server.stdout.readline())
        assert found is not None, words
        yield found[0], server
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def reached(address: str, seconds: float = 60.0) -> None:
    """Wait until somebody listens there."""
    where, end = urlsplit(address), time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection((str(where.hostname), where.port or 80), 1).close()
            return
        time.sleep(0.1)
    raise TimeoutError(address)


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium that starts now."""
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--headless", "--no-sandbox"]
        )
        yield browser
        browser.close()


def window(browser: Any, *, clocks: bool = True) -> Any:
    """A page of it, by itself."""
    page = browser.new_page(viewport=WINDOW)
    if clocks:
        page.add_init_script(f"({CLOCKS})()")
    return page


def explorer(game: str) -> tuple[str, ...]:
    return ("-m", "glasshouse", "explore", game, "--no-browser")


def opened(page: Any, address: str) -> None:
    """The explorer's page, when all of it is there."""
    page.goto(address)
    page.wait_for_function(UP_TO_DATE, timeout=PATIENCE)
