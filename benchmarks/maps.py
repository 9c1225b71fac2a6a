"""Maps: what workers gain, what a million cells cost, and what is left when workers are killed.

`python benchmarks/maps.py`; the README in this folder says what each number means.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import pyarrow.parquet as pq

STUDY = """
game.name = "prisoners_dilemma"
semantics.bound = 3.0
[sweep]
"semantics.coupling" = {{ start = 0.0, stop = 1.5, count = {width} }}
"game.parameters.T" = {{ start = 3.2, stop = 7.0, count = {height} }}
[learning]
starts = {starts}
steps = {steps}
[map]
adaptive = {adaptive}
[analysis]
portrait = false
certify = false
boundary_test = false
"""

KILLS = 10
"""Workers to kill."""

WANTED = 1.7
"""Times as fast as one thread that two workers are to be."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--side", type=int, default=512, help="cells along each axis")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of who is killed, and when")
    parser.add_argument("--only", choices=list(PARTS), help="one of these")
    options = parser.parse_args()
    report: dict[str, Any] = {}
    for name, measure in PARTS.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                report[name] = measure(Path(folder), options)
            report[name]["load"] = os.getloadavg()[0]
    print(json.dumps({**report, "cores": os.cpu_count()}, indent=2))


def workers(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One thread and some workers, in turn, over every cell of a map; stops if maps differ."""
    side = options.side
    study = folder / "study.toml"
    study.write_text(
        STUDY.format(width=side, height=side, starts=4, steps=options.steps, adaptive="false")
    )
    sides = {
        "one thread": ({"GLASSHOUSE_CORES": "1", "NPROC": "1"}, ()),
        "workers": ({"GLASSHOUSE_CORES": str(options.workers)}, ("--engine", "dask")),
    }
    run(study, folder / "first", {}, ("--shard", "0/4"))  # what is compiled is kept on disk
    seconds = []
    for repeat in range(options.repeats):
        found = {name: run(study, folder / f"{name} {repeat}", *how) for name, how in sides.items()}
        tables = [pq.read_table(folder / f"{name} {repeat}" / "map.parquet") for name in sides]
        assert tables[0].equals(tables[1]), "maps differ"
        seconds.append(found)
    ratio = median(x["one thread"]["wall_s"] / x["workers"]["wall_s"] for x in seconds)
    return {
        "cells": side * side,
        "steps_of_all_runs": side * side * 4 * options.steps,
        "workers": options.workers,
        **{
            name: {k: median(x[name][k] for x in seconds) for k in seconds[0][name]}
            for name in sides
        },
        "times_one_thread": ratio,
        "as_wanted": ratio >= WANTED,
    }


def million(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """1000 × 1000 cells, 16 starts, 6000 steps, by threads."""
    study = folder / "study.toml"
    study.write_text(STUDY.format(width=1000, height=1000, starts=16, steps=6000, adaptive="true"))
    found = run(study, folder / "out", {}, ())
    told = json.loads((folder / "out" / "summary.json").read_text())["map"]
    return {**found, **told, "share_of_steps": told["steps"] / told["steps_of_grid"]}


def killed(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The same by Dask's workers, of which ten are killed; stops if a byte of the map differs."""
    study = folder / "study.toml"
    study.write_text(STUDY.format(width=1000, height=1000, starts=16, steps=6000, adaptive="true"))
    whole = run(study, folder / "whole", {}, ())
    begin, ended, moments = time.perf_counter(), 0, random.Random(options.seed)
    words = ["run", str(study), "--out", str(folder / "out"), "--engine", "dask"]
    with subprocess.Popen(
        [sys.executable, "-m", "glasshouse", *words], stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            time.sleep(moments.uniform(0.0, 1.0))
            at_work = [x for x in psutil.Process(process.pid).children() if is_at_work(x)]
            if at_work and ended < KILLS:
                moments.choice(at_work).kill()
                ended += 1
    if process.returncode:
        sys.exit("glasshouse run --engine dask failed")
    maps = [(folder / name / "map.parquet").read_bytes() for name in ("whole", "out")]
    assert maps[0] == maps[1], "maps differ"
    wall = time.perf_counter() - begin
    return {"kills": ended, "wall_s": wall, "same_bytes": True, "without_kills": whole}


def is_at_work(process: psutil.Process) -> bool:
    """Whether a process is one of Dask's workers, and past what it takes to begin."""
    try:
        is_worker = any("spawn_main" in word for word in process.cmdline())
        return is_worker and process.cpu_times().user > 5.0
    except psutil.Error:
        return False


def run(study: Path, out: Path, settings: dict[str, str], words: tuple[str, ...]) -> dict[str, Any]:
    """Wall and CPU seconds of a run with the processes it starts, and the largest one's memory."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "glasshouse", "run", str(study), "--out", str(out), *words],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"glasshouse run {study} failed")
    return {
        "wall_s": time.perf_counter() - begin,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_MiB": used.ru_maxrss / 1024,
    }


PARTS = {"workers": workers, "million": million, "killed": killed}


if __name__ == "__main__":
    main()
