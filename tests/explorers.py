"""A running explorer, and somebody who talks to it as its page does."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

import glasshouse as gh
from glasshouse.explorer.building import scene_of_game
from glasshouse.explorer.protocol import read_answer
from glasshouse.explorer.server import Running

PATIENCE = 120
"""Seconds after which an answer is not coming."""


@contextlib.contextmanager
def running(game: str = "prisoners_dilemma") -> Iterator[Running]:
    server = Running(scene_of_game(gh.load_game(game)), port=free_port())
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """One that nobody listens on; where somebody takes it meanwhile, the server says so."""
    from glasshouse.explorer.server import listening

    with contextlib.closing(listening(0)) as found:
        return found.getsockname()[1]


@contextlib.contextmanager
def started(*words: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """`glasshouse explore` as a process of its own, with its address."""
    command = [sys.executable, "-m", "glasshouse", "explore", "--no-browser", *words]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            assert found is not None
            yield process, found[0]
        finally:
            process.kill()
            process.wait()


def assert_ctrl_c_ends(process: subprocess.Popen) -> None:
    """Within a second, without an error, and it says so."""
    assert process.stderr is not None
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=PATIENCE) == 0
    assert time.monotonic() - begin < 1.0
    assert process.stderr.read().strip() == "glasshouse: the explorer has ended"


def visiting(server: Running, **how: Any) -> ClientConnection:
    """A page's socket."""
    origin = Origin(f"http://127.0.0.1:{server.port}")
    return connect(f"ws://127.0.0.1:{server.port}/socket", origin=origin, **how)


def heard(page: ClientConnection) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    data = page.recv(timeout=PATIENCE)
    assert isinstance(data, bytes)
    return read_answer(data)


def until(page: ClientConnection, kind: str, **wanted: Any) -> tuple[dict[str, Any], dict]:
    """The next answer of a kind with these entries in its header."""
    while True:
        header, arrays = heard(page)
        if header["kind"] == kind and all(header[key] == x for key, x in wanted.items()):
            return header, arrays
        assert header["kind"] != "error", header


def ask(page: ClientConnection, scene: dict[str, Any], number: int, *parts: str) -> None:
    page.send(json.dumps({"number": number, "scene": scene, "parts": parts or ("portrait",)}))
