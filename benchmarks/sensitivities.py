"""Sensitivities of two networks that read each other: seconds, against a dense Jacobian.

`python benchmarks/sensitivities.py`; the README in this folder says what each number means.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from glasshouse import ParametricGame
from glasshouse.analysis import sensitivity
from glasshouse.games import catalogue
from glasshouse.semantics import Policies

WANTED_S = 2.0
"""What is wanted of 1e5 weights per player, as a median after compilation."""

LARGE, SMALL = 315, 35
"""Units in each of two hidden layers: 101 431 and 1471 weights."""


def main() -> None:
    options = parsed_options()
    jax.config.update("jax_enable_x64", True)
    report = {"large": large(options.repeats), "small": small(options.repeats)}
    print(json.dumps(report, indent=2) if options.json else as_text(report))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def policies(width: int, seed: int) -> tuple[ParametricGame, Any, int]:
    network = Policies.random(seed, gain=0.8, features=4, width=width, depth=2)
    game = ParametricGame(catalogue.prisoners_dilemma(), network)
    return game, network.initial(seed + 1), network.weights


def large(repeats: int) -> dict[str, Any]:
    """First call and later ones, each with networks that it has not seen."""
    games = [policies(LARGE, seed) for seed in range(0, 2 * repeats + 2, 2)]
    seconds = [
        timed(lambda game=game, start=start: sensitivity(game, start)) for game, start, _ in games
    ]
    return {
        "weights": games[0][2],
        "first_s": seconds[0],
        "median_s": statistics.median(seconds[1:]),
        "slowest_s": max(seconds[1:]),
        "peak_MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def small(repeats: int) -> dict[str, Any]:
    """The same beside dense Jacobians in both directions, in turn, where they fit."""
    game, start, weights = policies(SMALL, 0)
    sides: dict[str, Callable[[], Any]] = {"vector products": lambda: sensitivity(game, start)}
    for name, jacobian in (("jax.jacrev", jax.jacrev), ("jax.jacfwd", jax.jacfwd)):
        sides[name] = dense(game, start, jacobian)
    check(sides)
    times = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            times[name].append(timed(side))
    return {"weights": weights, **{name: statistics.median(found) for name, found in times.items()}}


def dense(game: ParametricGame, start: Any, jacobian: Callable) -> Callable[[], np.ndarray]:
    """Norms by owner and reader from all derivatives of all behaviours."""

    @jax.jit
    def norms(params):
        found = jacobian(game.cooperation)(params)

        def norm(own, reader):
            return jnp.sqrt(sum(jnp.sum(x[reader] ** 2) for x in jax.tree.leaves(own)))

        return jnp.stack([jnp.stack([norm(own, j) for j in (0, 1)]) for own in found])

    params = jax.tree.map(jnp.asarray, start)
    return lambda: np.asarray(norms(params))


def check(sides: dict[str, Callable]) -> None:
    """Compile all sides, and stop if their norms differ."""
    found = [side() for side in sides.values()]
    for other in found[1:]:
        assert np.allclose(found[0].norms, other, rtol=1e-10, atol=0)


def timed(function: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def as_text(report: dict[str, Any]) -> str:
    large, small = report["large"], report["small"]
    return "\n".join(
        [
            f"two networks of {large['weights']} weights: {large['median_s']:.3f} s "
            f"(slowest {large['slowest_s']:.3f} s, with compiling {large['first_s']:.2f} s); "
            f"wanted: below {WANTED_S:g} s",
            f"peak resident memory {large['peak_MiB']:.0f} MiB",
            "",
            f"two networks of {small['weights']} weights, ms:",
            *(f"  {name:16s} {1e3 * s:9.2f}" for name, s in small.items() if name != "weights"),
        ]
    )


if __name__ == "__main__":
    main()
