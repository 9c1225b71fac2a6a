"""Play the blocks of a page in order: read them as JSON, print what each of them printed as JSON.

Run as `python _play.py` in the folder in which the blocks shall work. A block is a pair of its kind
and its text: "python" blocks share one namespace, "sh" blocks run with `bash -e`, and any other
kind is the name of a file to write.

`python _play.py --many` plays any number of pages, each in a process of its own that need not load
the library again: a line of standard input names the folder to work in and one with the blocks, and
the exit code is printed when they are played.
"""

import contextlib
import importlib
import io
import json
import os
import pkgutil
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


def fork_for_each_page() -> None:
    """Comes back in a new process for each page, which reads and writes files instead of pipes.

    Nothing is computed before, for the threads of JAX, which begin then, would not be forked.
    """
    import glasshouse

    for module in pkgutil.walk_packages(glasshouse.__path__, "glasshouse."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("matplotlib.pyplot")
    for line in sys.stdin:
        place, files = json.loads(line)
        child = os.fork()
        if child == 0:
            os.chdir(place)
            writing = os.O_WRONLY | os.O_CREAT
            for stream, (name, how) in enumerate(
                [("blocks", os.O_RDONLY), ("printed", writing), ("errors", writing)]
            ):
                os.dup2(os.open(Path(files, name), how), stream)
            sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()


if __name__ == "__main__":
    sys.path[0] = ""  # modules that the page has written can be imported
    if sys.argv[1:] == ["--many"]:
        fork_for_each_page()
    json.dump(play(json.load(sys.stdin)), sys.stdout)
