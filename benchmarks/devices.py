"""Learning steps per second on whatever device JAX computes on, and whether a batch suits it.

`python benchmarks/devices.py`; the README in this folder says what each number means.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from throughput_glasshouse import _learn
from throughput_numpy import BOUND, COUPLING, STEP_SIZE, dilemma

from glasshouse import NormalFormGame, ParametricGame
from glasshouse.dynamics import Learning, Starts, batch_map, learn
from glasshouse.semantics import Logistic

SMALL = 4096
"""Members of a batch that suits a core's cache, and leaves a GPU idle."""

CHECKED, CLOSE = 1000, 1e-9
"""Ends compared with those that the processor computes, and how near they must be."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--chunks", action="store_true", help=f"in chunks of {SMALL} beside it")
    parser.add_argument("--two-cores", action="store_true", help="two processor cores beside it")
    parser.add_argument("--cores", type=int, help="of the processor that may be used: for that")
    options = parser.parse_args()
    if options.cores:  # before JAX has threads
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    starts = tuple(np.random.default_rng(0).normal(size=(2, options.trajectories)))
    game = ParametricGame(NormalFormGame(dilemma()), Logistic((2, 2), COUPLING, BOUND))
    drawn = Learning(step_size=STEP_SIZE, steps=options.steps, starts=Starts(options.trajectories))
    sides: dict[str, Callable[[], Any]] = {
        "glasshouse": lambda: batch_map(_learn, starts, game, options.steps),
        "learn": lambda: learn([game], drawn, judged=False).params,
        "one flat vmap": flat(starts, game, options.steps),
    }
    if options.chunks:
        sides["chunks"] = lambda: batch_map(_learn, starts, game, options.steps, chunk_size=SMALL)
    ends = {name: np.stack(side()) for name, side in sides.items()}  # compiles, too
    check_drawn(ends.pop("learn")[:, 0], game, drawn)
    check(ends, starts, game, options.steps)
    seconds = [
        {name: clocked(side) for name, side in sides.items()} for _ in range(options.repeats)
    ]
    steps = options.trajectories * options.steps
    report = {
        "device": str(jax.devices()[0].device_kind),
        "jax": jax.__version__,
        "trajectories": options.trajectories,
        "steps": options.steps,
        "steps_per_second": {name: steps / median(s[name] for s in seconds) for name in sides},
        "of_flat": median(s["one flat vmap"] / s["glasshouse"] for s in seconds),
        "of_flat_by_learn": median(s["one flat vmap"] / s["learn"] for s in seconds),
    }
    if options.chunks:
        report["times_chunks"] = median(s["chunks"] / s["glasshouse"] for s in seconds)
    if options.two_cores:
        beside = on_two_cores(options)
        report["two_cores"] = beside
        report["learn_times_two_cores"] = report["steps_per_second"]["learn"] / beside["learn"]
    print(json.dumps(report, indent=2))


def on_two_cores(options: argparse.Namespace) -> dict[str, float]:
    """Steps per second of a tenth of the trajectories on two cores of this machine's processor."""
    few = ["--trajectories", str(options.trajectories // 10), "--steps", str(options.steps)]
    done = subprocess.run(
        [sys.executable, __file__, *few, "--repeats", "3", "--cores", "2"],
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)["steps_per_second"]


def flat(starts: Any, game: ParametricGame, steps: int) -> Callable[[], Any]:
    """The same loop under `jax.vmap` alone, on arrays that are on the device already."""
    with jax.enable_x64(True):
        there = jax.device_put(tuple(jnp.asarray(x) for x in starts))
        learn = jax.jit(jax.vmap(lambda start: _learn(start, game, steps)))

        def side() -> Any:
            with jax.enable_x64(True):
                return jax.block_until_ready(learn(there))

        return side


def check_drawn(ends: np.ndarray, game: ParametricGame, drawn: Learning) -> None:
    """The ends from starts that `learn` draws; of fewer it draws the first of them."""
    few = dataclasses.replace(drawn, starts=Starts(CHECKED))
    with jax.default_device(jax.devices("cpu")[0]):
        right = np.stack(learn([game], few, judged=False).params)[:, 0]
    compare("learn", ends[:, :CHECKED], right)


def check(ends: dict[str, np.ndarray], starts: Any, game: ParametricGame, steps: int) -> None:
    """All sides end where the processor does, from the first starts."""
    few = tuple(x[:CHECKED] for x in starts)
    with jax.default_device(jax.devices("cpu")[0]):
        right = np.stack(batch_map(_learn, few, game, steps))
    for name, found in ends.items():
        compare(name, found[:, :CHECKED], right)


def compare(name: str, found: np.ndarray, right: np.ndarray) -> None:
    apart = np.abs(found - right).max(axis=0)
    wrong = int((apart > CLOSE).sum())
    if wrong > max(1, apart.size // 1000):  # next to the edge of a basin rounding grows
        raise SystemExit(f"{name}: {wrong} of {apart.size} ends differ, by up to {apart.max():g}")


def clocked(side: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    side()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
