"""A running explorer, and somebody who talks to it as its page does."""

import contextlib
import json
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


def visiting(server: Running) -> ClientConnection:
    """A page's socket."""
    origin = Origin(f"http://127.0.0.1:{server.port}")
    return connect(f"ws://127.0.0.1:{server.port}/socket", origin=origin)


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
