"""The explorer's page beside those of a Bokeh server and of a Plotly-based one, in one run.

All draw the same portrait, as large, for the same moves; each has its own server and its own page
of one Chromium, and they take turns. That they paint is checked: what is drawn has to be the answer
to the very move and another one than before, and the screen has to have changed after every turn.
"""

import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from explorer_pages import (
    EXPLORER,
    PATIENCE,
    Move,
    chromium,
    couplings,
    explorer,
    opened,
    reached,
    said_of,
    serving,
    timed,
    warmed,
    window,
)

TURN = 10
"""Moves of one page before it is another's turn."""

BOKEH = """() => {
  const [page] = Bokeh.documents, slider = page.get_model_by_name('kappa');
  const plot = page.get_model_by_name('plot');
  const sources = plot.renderers.map((x) => x.data_source);
  let isDrawn = false;
  const own = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...given) {
    isDrawn = true;
    return own.apply(this, given);
  };
  sources.forEach((x) => x.properties.data.change.connect(() => { isDrawn = false; }));
  const sum = (all) => Array.from(all).reduce((a, x) => (Number.isNaN(x) ? a : a + x), 0);
  return {
    move(value) {
      slider.value = value;
      return () => plot.tags[0] === value && isDrawn;
    },
    drawn() { return sources.map(({ data }) => sum(data.x) + sum(data.y)); },
  };
}"""
"""Its data come one after another, and then a tag with the coupling that they are of."""

PLOTLY = """() => {
  const plot = document.querySelector('.js-plotly-plot');
  let drawn = null;
  plot.on('plotly_afterplot', () => { drawn = plot.layout.meta; });
  return {
    move(value) {
      dash_clientside.set_props('kappa', { value });
      return () => drawn === value;
    },
    drawn() { return [...plot.querySelectorAll('path.js-line')].map((x) => x.getAttribute('d')); },
  };
}"""

IS_THERE = {
    "bokeh": "() => window.Bokeh?.documents[0]?.get_model_by_name('kappa')",
    "plotly": "() => document.querySelector('.js-plotly-plot') && window.dash_clientside",
}

SIDES = {"explorer": EXPLORER, "bokeh": BOKEH, "plotly": PLOTLY}

FRAMES = {"explorer": "#portrait", "bokeh": ".bk-Figure", "plotly": ".js-plotly-plot"}

MODULES = {"bokeh": "bokeh", "plotly": "dash"}


def installed(python: str) -> list[str]:
    """Which of the others' servers this Python can start."""
    found = []
    for name, module in MODULES.items():
        there = subprocess.run([python, "-c", f"import {module}"], capture_output=True)
        if there.returncode:
            print(f"{name}: not installed for {python}, and left out", file=sys.stderr)
        else:
            found.append(name)
    return found


def beside(moves: int, game: str, python: str) -> dict[str, Any]:
    """What a move takes in each page, and how many times that of the explorer's.

    **Arguments:** `python`, that of an environment with glasshouse and the others.
    """
    peers = str(Path(__file__).with_name("explorer_peers.py"))
    with ExitStack() as stack:
        address, _ = stack.enter_context(serving(*explorer(game)))
        browser = stack.enter_context(chromium())
        pages = {"explorer": window(browser)}
        opened(pages["explorer"], address)
        side = pages["explorer"].locator("#portrait").bounding_box()["width"]
        for name in installed(python):
            words = (peers, name, "--game", game, "--side", str(round(side)))
            address, _ = stack.enter_context(serving(*words, python=python))
            reached(address)
            pages[name] = window(browser)
            pages[name].goto(address, timeout=PATIENCE)
            pages[name].wait_for_function(IS_THERE[name], timeout=PATIENCE)
            pages[name].wait_for_timeout(2000)
        return compared(pages, couplings(moves))


def compared(pages: dict[str, Any], values: list[float]) -> dict[str, Any]:
    """Turn by turn, so that what else the machine does hits all of them."""
    made: dict[str, list[list[Move]]] = {name: [] for name in pages}
    seen = {}
    for name, page in pages.items():
        page.bring_to_front()
        warmed(page, SIDES[name])
        seen[name] = shown(page, name)
    for k in range(0, len(values), TURN):
        names = [*pages][(k // TURN) % len(pages) :] + [*pages][: (k // TURN) % len(pages)]
        for name in names:
            pages[name].bring_to_front()
            made[name].append(timed(pages[name], values[k : k + TURN]))
            now = shown(pages[name], name)
            assert now != seen[name], f"{name}: the screen shows what it showed"
            seen[name] = now
    found: dict[str, Any] = {}
    for name, turns in made.items():
        found |= said_of([move for turn in turns for move in turn], name)
    own = [middle(turn) for turn in made["explorer"]]
    for name in [x for x in made if x != "explorer"]:
        times = [middle(turn) / mine for turn, mine in zip(made[name], own, strict=True)]
        found[f"{name}_times_the_explorer"] = statistics.median(times)
    return found


def middle(moves: list[Move]) -> float:
    return statistics.median(move.took for move in moves)


def shown(page: Any, name: str) -> bytes:
    """The picture on the screen."""
    return page.locator(FRAMES[name]).first.screenshot()
