"""Learning steps per second on whatever device JAX computes on, and whether a batch suits it.

`python benchmarks/devices.py`; the README in this folder says what each number means.
"""

import argparse
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from throughput_glasshouse import _learn
from throughput_numpy import BOUND, COUPLING, dilemma

from glasshouse import NormalFormGame, ParametricGame
from glasshouse.dynamics import batch_map
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
    options = parser.parse_args()
    starts = tuple(np.random.default_rng(0).normal(size=(2, options.trajectories)))
    game = ParametricGame(NormalFormGame(dilemma()), Logistic((2, 2), COUPLING, BOUND))
    sides = {
        "glasshouse": lambda: batch_map(_learn, starts, game, options.steps),
        f"chunks of {SMALL}": lambda: batch_map(
            _learn, starts, game, options.steps, chunk_size=SMALL
        ),
        "one flat vmap": flat(starts, game, options.steps),
    }
    ends = {name: np.stack(side()) for name, side in sides.items()}  # compiles, too
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
        "times_chunks": median(s[f"chunks of {SMALL}"] / s["glasshouse"] for s in seconds),
        "of_flat": median(s["one flat vmap"] / s["glasshouse"] for s in seconds),
    }
    print(json.dumps(report, indent=2))


def flat(starts: Any, game: ParametricGame, steps: int) -> Callable[[], Any]:
    """The same loop under `jax.vmap` alone, on arrays that are on the device already."""
    with jax.enable_x64(True):
        there = jax.device_put(tuple(jnp.asarray(x) for x in starts))
        learn = jax.jit(jax.vmap(lambda start: _learn(start, game, steps)))

        def side() -> Any:
            with jax.enable_x64(True):
                return jax.block_until_ready(learn(there))

        return side


def check(ends: dict[str, np.ndarray], starts: Any, game: ParametricGame, steps: int) -> None:
    """All sides end where the processor does, from the first starts."""
    few = tuple(x[:CHECKED] for x in starts)
    with jax.default_device(jax.devices("cpu")[0]):
        right = np.stack(batch_map(_learn, few, game, steps))
    for name, found in ends.items():
        apart = np.abs(found[:, :CHECKED] - right).max(axis=0)
        wrong = int((apart > CLOSE).sum())
        if wrong > CHECKED // 1000:  # next to the edge of a basin rounding grows
            raise SystemExit(f"{name}: {wrong} of {CHECKED} ends differ, by up to {apart.max():g}")


def clocked(side: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    side()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
