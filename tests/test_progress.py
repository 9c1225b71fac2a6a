"""Progress bars: on a terminal after a second, nowhere else."""

import os
import subprocess
import sys

import pytest

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


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_nothing_shows_when_it_is_quick():
    assert printed(0.01, terminal=True) == ""


def test_nothing_shows_where_nobody_looks():
    assert printed(0.9, terminal=False) == ""
