"""What the explorer keeps while sliders move: nothing."""

import gc
import re
from pathlib import Path

import pytest
from tests.explorers import ask, heard, running, until, visiting

MOVES = 10_000
"""Half of them on each of two pages."""

SLACK_MB = 24.0
"""The process grows and shrinks by some: ten thousand answers of 55 kB are 550 MB."""

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
            coupling = [(0.618 * number) % 1.0] * 2
            ask(pages[k], {"payoffs": games[k], "coupling": coupling}, number)
            header, _ = until(pages[k], "portrait")
            assert header["number"] == number
            corner = header["points"][-1]
            assert corner["payoffs"][0] <= games[k][0][0][0] + 2.0
            if number in (MOVES // 5, MOVES - 1):
                gc.collect()
                looks.append((len(gc.get_objects()), resident()))
    (objects, before), (later, after) = looks
    assert later - objects < 2000
    assert after - before < SLACK_MB
