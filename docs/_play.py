"""Play the blocks of a page in order: read them as JSON, print what each of them printed as JSON.

Run as `python _play.py` in the folder in which the blocks shall work. A block is a pair of its kind
and its text: "python" blocks share one namespace, "sh" blocks run with `bash -e`, and any other
kind is the name of a file to write.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path


def play(blocks: list[tuple[str, str]]) -> list[str]:
    """What each block printed; the first block that fails ends the program."""
    namespace = {"__name__": "__main__"}
    return [
        _play_one(kind, text, f"block {k + 1}", namespace) for k, (kind, text) in enumerate(blocks)
    ]


def _play_one(kind: str, text: str, name: str, namespace: dict) -> str:
    if kind == "python":
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, name, "exec"), namespace)
        return printed.getvalue()
    if kind == "sh":
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", text],
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": path},
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{name} ended with {done.returncode}:\n{text}\n{done.stdout}")
        return done.stdout
    Path(kind).parent.mkdir(parents=True, exist_ok=True)
    Path(kind).write_text(text, "utf-8")
    return ""


if __name__ == "__main__":
    sys.path[0] = ""  # modules that the page has written can be imported
    json.dump(play(json.load(sys.stdin)), sys.stdout)
