"""Progress: bars on a terminal after a second, elsewhere a line after half a minute."""

import os
import re
import subprocess
import sys

import pytest

from glasshouse._foundation.progress import duration

PIECES = """
import time
from glasshouse._foundation.progress import progress

with progress("the whole", 2) as advance:
    for _ in range(2):
        with progress("a part"):
            time.sleep({pause})
        advance()
print("done")
"""


def printed(pause: float, *, terminal: bool) -> str:
    """What goes to standard error."""
    words = [sys.executable, "-c", PIECES.format(pause=pause)]
    if not terminal:
        return subprocess.run(words, capture_output=True, text=True, check=True).stderr
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            shown += piece
        assert process.wait() == 0
    os.close(ours)
    return shown.decode()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_bars_show_on_a_terminal_once_it_takes_long():
    shown = printed(0.9, terminal=True)
    assert "the whole" in shown
    assert "a part" in shown
    assert "50%" in shown
    assert "so far" in shown
    assert "left" in shown


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_nothing_shows_when_it_is_quick():
    assert printed(0.01, terminal=True) == ""


def test_nothing_shows_where_nobody_looks():
    assert printed(0.9, terminal=False) == ""


LINES = """
import time
import glasshouse._foundation.progress as bars

bars.SILENCE = 0.2
with bars.progress("the whole"):
    with bars.progress("parts", 4) as advance:
        for _ in range(4):
            advance()
            time.sleep(0.2)
print("done")
"""


def test_without_a_terminal_a_line_says_now_and_then_what_is_left():
    words = [sys.executable, "-c", LINES]
    said = subprocess.run(words, capture_output=True, text=True, check=True)
    lines = said.stderr.splitlines()
    assert 1 <= len(lines) <= 3  # each pause is twice the last one
    for line in lines:
        shown = (
            r"glasshouse: the whole, parts \([1-4] of 4\): \d s so far, about \d s left of parts"
        )
        assert re.fullmatch(shown, line), line
    assert said.stdout == "done\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (150, "2 min 30 s"),
        (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_times_in_words(seconds, words):
    assert duration(seconds) == words
