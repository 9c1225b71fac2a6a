"""What the explorer keeps while sliders move: nothing."""

import gc
import re
import sys
from pathlib import Path

import pytest
from tests.explorers import ask, heard, running, until, visiting
from tests.test_explorer_browser import UP_TO_DATE, opened
from tests.test_report_browser import browser

__all__ = ["browser"]

MOVES = 10_000
"""Half of them on each of two pages."""

SLACK_MB = 6.0
"""The process grows and shrinks by some, when nothing is kept by less than one. A kilobyte of each
answer would be eight, all of each four hundred."""

SLACK = 2000
"""Objects, and small pieces of memory, which a number in a cache takes: a quarter of one a move."""

STATUS = Path("/proc/self/status")


def resident() -> float:
    found = re.search(r"VmRSS:\s+(\d+)", STATUS.read_text()) if STATUS.exists() else None
    return int(found[1]) / 1e3 if found else 0.0


@pytest.mark.slow
def test_memory_is_flat_over_ten_thousand_moves_and_two_pages_hear_their_own():
    games = [[[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]],
             [[[4.0, 0.0], [3.0, 2.0]], [[4.0, 3.0], [0.0, 2.0]]]]  # fmt: skip
    looks = []
    with running() as server, visiting(server) as one, visiting(server) as other:
        pages = (one, other)
        for page in pages:
            heard(page)
        for number in range(MOVES):
            k = number % 2
            coupling = [(0.618034 * number) % 1.0] * 2  # another one each time
            ask(pages[k], {"payoffs": games[k], "coupling": coupling}, number)
            header, _ = until(pages[k], "portrait")
            assert header["number"] == number
            corner = header["points"][-1]
            assert corner["payoffs"][0] <= games[k][0][0][0] + 2.0
            if number in (MOVES // 5, MOVES - 1):
                gc.collect()
                looks.append((len(gc.get_objects()), sys.getallocatedblocks(), resident()))
    objects, pieces, megabytes = (after - before for before, after in zip(*looks, strict=True))
    assert objects < SLACK
    assert pieces < SLACK
    assert megabytes < SLACK_MB


MANY = """async ([count, first]) => {
  const slider = document.querySelector('#couplings input[type=range]');
  const canvas = document.getElementById('portrait');
  const painted = () => new Promise((done) => {
    const seen = new MutationObserver(() => { seen.disconnect(); done(); });
    seen.observe(canvas, { attributeFilter: ['data-painted'] });
  });
  for (let k = first; k < first + count; k += 1) {
    const before = canvas.dataset.painted;
    slider.value = (61 * k) % 100 / 100;
    slider.dispatchEvent(new Event('input'));
    while (canvas.dataset.painted === before) await painted();
  }
  slider.dispatchEvent(new Event('change'));
}"""
"""Moves of a slider as fast as they are painted, after which it is let go."""


@pytest.mark.slow
def test_a_page_keeps_no_answer_no_node_and_no_listener(browser):
    looks = []
    with running() as server:
        page = opened(browser, server)
        session = page.context.new_cdp_session(page)
        for count, first in ((200, 0), (1000, 200)):
            page.wait_for_function(UP_TO_DATE, timeout=120_000)
            page.evaluate(MANY, [count, first])
            page.wait_for_function(UP_TO_DATE, timeout=120_000)
            for _ in range(2):
                session.send("HeapProfiler.collectGarbage")
            heap = session.send("Runtime.getHeapUsage")
            used = sum(heap[k] for k in ("usedSize", "embedderHeapUsedSize", "backingStorageSize"))
            counted = session.send("Memory.getDOMCounters")
            looks.append((used, counted["nodes"], counted["jsEventListeners"]))
        page.context.close()
    used, nodes, listeners = (after - before for before, after in zip(*looks, strict=True))
    assert used < 5e5  # bytes, half a kilobyte a move; an answer has 55
    assert nodes <= 0
    assert listeners <= 0
