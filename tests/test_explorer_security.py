"""The explorer keeps to itself: what it opens and calls, how many it answers, what it lets in.

Whom it turns away, and what of a question it refuses one by one: tests/test_explorer.py.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest
import websockets
from tests.explorers import PATIENCE, ask, free_port, heard, running, until, visiting
from tests.test_explorer import PD
from websockets.sync.client import connect
from websockets.typing import Origin

import glasshouse
from glasshouse.errors import InputError
from glasshouse.explorer import frames
from glasshouse.explorer.protocol import LONGEST_QUESTION, RANGES, read_answer, read_question
from glasshouse.explorer.server import MOST_PAGES

slow = pytest.mark.slow

SOON = 15
"""Seconds: who does not even answer whether it is there is given up after forty."""

WATCHED = """
import os, sys

told = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
names = "connect getaddrinfo gethostbyname sendto sendmsg"
calls = {f"socket.{name}" for name in names.split()} | {"subprocess.Popen", "urllib.Request"}
calls |= {"os.system", "os.exec", "os.posix_spawn", "os.fork", "webbrowser.open", "shutil.move"}
calls |= {f"os.{name}" for name in "mkdir remove rename rmdir link symlink truncate".split()}

def watch(event, args):
    if event == "open":
        path, mode, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        said = f"{'write' if writes else 'read'}\\t{path!s}"
    elif event in calls:
        said = f"{event}\\t{args[0] if event.startswith('os.') else args}"
    else:
        return
    os.write(told, (said.replace("\\n", " ") + "\\n").encode())

sys.addaudithook(watch)
from glasshouse.cli.main import main
main()
"""
"""The command, which writes to a file what files it opens and whom it calls."""


def everything(address: str) -> None:
    """All that a page asks: files, a portrait with all that comes later, the story, nonsense."""
    port = int(address.rstrip("/").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        for path in (
            "/",
            "/main.js",
            "/../../etc/passwd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/x?a=/etc",
        ):
            connection.request("GET", path)
            connection.getresponse().read()
    scene = {**PD, "title": "../../secret.toml"}
    parts = ["portrait", "deviation", "proof", "switches", "basins", "equilibria", "study"]
    with connect(f"ws://127.0.0.1:{port}/socket", origin=Origin(address.rstrip("/"))) as page:
        assert heard(page)[0]["kind"] == "hello"
        ask(page, scene, 1, *parts)
        for kind in ("portrait", "study", "basins", "equilibria"):
            until(page, kind)
        until(page, "switches", complete=True)
        ask(page, scene, 2, "script")
        until(page, "script")
        for card in ("contents", "much", "../../secret.toml"):
            page.send(json.dumps({"number": 3, "card": card}))
            header, _ = heard(page)
            assert (header["kind"] == "error") == ("secret" in card)


@slow
def test_it_opens_no_file_but_its_own_writes_none_and_calls_nobody(tmp_path):
    """Of `glasshouse explore`, from its start to its end: by what Python itself is told of."""
    here, seen = tmp_path / "here", tmp_path / "seen.txt"
    here.mkdir()
    for name in ("secret.toml", "texts.fr.json", ".env", "glasshouse.toml"):
        (here / name).write_text("title = 'secret'\n")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path)}
    words = [sys.executable, "-c", WATCHED, str(seen), "explore", "--no-browser"]
    words += ["--port", str(free_port())]
    process = subprocess.Popen(words, cwd=here, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        everything(process.stdout.readline().split()[4].rstrip(","))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0
    told = [line.split("\t", 1) for line in seen.read_text().splitlines()]
    library = (sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), *glasshouse.__path__)
    cache = os.environ["JAX_COMPILATION_CACHE_DIR"]
    system = ("/usr/", "/etc/", "/lib", "/dev/", "/proc/", "/sys/")
    fits = {
        "read": (*(str(Path(x).resolve()) for x in library), cache, *system),
        "write": (cache, "/dev/"),
        **dict.fromkeys(("os.mkdir", "os.remove", "os.rename"), (cache,)),
    }
    strange = [
        (kind, what)
        for kind, what in told
        if not what.isdigit() and not os.path.realpath(what).startswith(fits.get(kind, ("\0",)))
    ]
    assert not strange
    assert sum(kind == "read" for kind, _ in told) > 100, "it was watched"
    assert sorted(x.name for x in here.iterdir()) == [
        ".env", "glasshouse.toml", "secret.toml", "texts.fr.json"
    ]  # fmt: skip


@slow
def test_an_export_writes_the_file_that_is_named_and_no_other(tmp_path):
    words = [sys.executable, "-m", "glasshouse", "explore", "stag_hunt", "--export", "page.html"]
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "it needs no server" in done.stdout
    assert [x.name for x in tmp_path.iterdir()] == ["page.html"]


def test_one_more_page_than_are_answered_is_turned_away_and_let_in_when_one_goes():
    with running() as server, contextlib.ExitStack() as stack:
        pages = [stack.enter_context(visiting(server)) for _ in range(MOST_PAGES)]
        assert heard(pages[-1])[0]["kind"] == "hello"
        with visiting(server) as more, pytest.raises(websockets.ConnectionClosed) as closed:
            more.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert "64 pages are open" in closed.value.rcvd.reason
        pages[0].close()
        end = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(websockets.ConnectionClosed), visiting(server) as more:
                assert heard(more)[0]["kind"] == "hello"
                return
            assert time.monotonic() < end


@slow
def test_a_page_that_never_reads_is_computed_for_no_more(monkeypatch):
    """Once the machine's buffers between the two are full, nothing is computed for it or kept."""
    counts = {"silent": 0}
    own = frames.portrait_frame

    def counting(scene, number):
        counts["silent"] += scene.title == "silent"
        return own(scene, number)

    monkeypatch.setattr(frames, "portrait_frame", counting)
    enough = 300
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running())
        narrow = stack.enter_context(socket.socket())
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", server.port))
        silent = stack.enter_context(visiting(server, sock=narrow, close_timeout=1))
        other = stack.enter_context(visiting(server))
        number, before, waited = 0, 0, 0
        while waited < 20:
            number += 1
            before = counts["silent"]
            assert before < enough, "it is answered into some buffer that has no end"
            coupling = [0.001 * (number % 1000)] * 2
            ask(silent, {**PD, "title": "silent", "coupling": coupling}, number)
            end = time.monotonic() + 0.1
            while counts["silent"] == before and time.monotonic() < end:
                time.sleep(0.001)
            waited = waited + 1 if counts["silent"] == before else 0
        ask(other, PD, 3)
        header: dict = {}
        while header.get("kind") != "portrait":
            header, _ = read_answer(other.recv(timeout=SOON, decode=False))
        assert header["number"] == 3


FARTHER = {
    "payoffs": lambda x: {"payoffs": [[[x, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]]},
    "coupling": lambda x: {"coupling": [0.5, x]},
    "bound": lambda x: {"bound": x},
    "step_size": lambda x: {"step_size": x},
    "look_ahead": lambda x: {"look_ahead": x},
    "probability": lambda x: {"access": {"kind": "probabilistic", "probability": x}},
    "scale": lambda x: {"access": {"kind": "noisy", "scale": x}},
    "start": lambda x: {"starts": [[0.5, x]]},
    "near": lambda x: {"near": [x, 0.0]},
    "discount": lambda x: {"repeated": {"discount": x}},
}
"""A scene that has a number in each place."""


@pytest.mark.parametrize("name", RANGES)
def test_numbers_are_within_their_ranges(name):
    least, most = RANGES[name]

    def read(x: float):
        scene = {**PD, **FARTHER[name](x)}
        return read_question(json.dumps({"number": 1, "scene": scene}))

    read(least)
    read(most)
    width = most - least
    for wrong in (least - 1e-9 * width, most + 1e-9 * width, 1e308, float("nan"), -float("inf")):
        with pytest.raises(InputError, match=r"^key 'scene\."):
            read(wrong)


@pytest.mark.parametrize("where", ["", "scene", "scene.access", "scene.repeated"])
def test_keys_that_nobody_knows_are_named(where):
    asked = {"number": 1, "scene": {**PD, "access": {"kind": "full"}, "repeated": {}}}
    place = asked
    for key in filter(None, where.split(".")):
        place = place[key]
    place["__class__"] = "x"
    with pytest.raises(
        InputError, match=rf"^unknown key '{where + '.' if where else ''}__class__'"
    ):
        read_question(json.dumps(asked))


def test_a_question_as_long_as_may_be_is_read_and_one_byte_more_ends_the_talk():
    text = json.dumps({"number": 1, "scene": PD, "parts": ["study"]})
    with running() as server, visiting(server) as page:
        heard(page)
        page.send(text + " " * (LONGEST_QUESTION - len(text)))
        assert until(page, "study")[0]["number"] == 1
        page.send(text + " " * (LONGEST_QUESTION - len(text) + 1))
        with pytest.raises(websockets.ConnectionClosed):
            until(page, "study")


def test_only_what_a_page_does_is_answered():
    """Other methods than a page's, and heads that never end."""
    with running() as server:
        for method, path, status in (
            ("POST", "/", 405),
            ("PUT", "/main.js", 405),
            ("DELETE", "/", 405),
            ("GET", "/socket", 404),
            ("GET", "/" + "a" * 40_000, 404),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
            with contextlib.closing(connection):
                connection.request(method, path)
                assert connection.getresponse().status == status, (method, path[:20])
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as endless:
            endless.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000)
            assert endless.recv(100).startswith(b"HTTP/1.1 400")
