"""Networks of many players: milliseconds of a learning step, set-up, memory against edges.

`python benchmarks/networks.py`; the README in this folder says what each number means.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

PLAYERS = 100_000
NEIGHBOURS = 10
STEPS = 20
WANTED_MS = 100.0
SIZES = (10_000, 30_000, 100_000)
KINDS = ("neighbourhood public goods", "donation with every neighbour", "global public goods")


def main() -> None:
    options = parsed_options()
    if options.memory_of is not None:
        print(json.dumps(memory_of_one(options.memory_of)))
        return
    # First, while this process is small: a new process counts what the one it came from held.
    memory = [in_a_process_of_its_own(size) for size in SIZES]
    report = {
        "steps": {kind: learning(kind, options.players, options.repeats) for kind in KINDS},
        "players": options.players,
        "memory": memory,
    }
    print(json.dumps(report, indent=2) if options.json else as_text(report))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--players", type=int, default=PLAYERS)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def random_regular_graph(players: int) -> Any:
    import networkx

    return networkx.random_regular_graph(NEIGHBOURS, players, seed=0)


def set_up(kind: str, graph: Any) -> Any:
    """The parametric game, from the graph."""
    from glasshouse import NetworkParametricGame
    from glasshouse.games import GlobalPublicGoods, NeighbourhoodPublicGoods, PairwiseGame
    from glasshouse.games.catalogue import donation
    from glasshouse.semantics import Reading

    if kind == KINDS[0]:
        game = NeighbourhoodPublicGoods(graph, multiplier=3.0)
    elif kind == KINDS[1]:
        game = PairwiseGame(donation(b=3.0, c=1.0), graph)
    else:
        game = GlobalPublicGoods(len(graph), multiplier=3.0)
    return NetworkParametricGame(game, Reading.from_graph(graph), bound=3.0, coupling=0.8)


def learning(kind: str, players: int, repeats: int) -> dict[str, Any]:
    """Seconds of setting up and compiling, milliseconds of a step, and a check of the threshold."""
    import equinox as eqx
    import jax

    jax.config.update("jax_enable_x64", True)
    graph = random_regular_graph(players)
    begun = time.perf_counter()
    game = set_up(kind, graph)
    setting_up = time.perf_counter() - begun
    start = (0.5 * np.random.default_rng(0).normal(size=players),)

    @eqx.filter_jit
    def learn(game: Any, start: Any) -> Any:
        from glasshouse import run

        return run(game, params=start, steps=STEPS, step_size=0.01, throw=False).params

    def once() -> float:
        begun = time.perf_counter()
        jax.block_until_ready(learn(game, start))
        return time.perf_counter() - begun

    first = once()
    seconds = [once() for _ in range(repeats)]
    check(game)
    return {
        "set_up_seconds": setting_up,
        "compile_seconds": first - float(np.median(seconds)),
        "step_ms": [1e3 * x / STEPS for x in seconds],
    }


def check(game: Any) -> None:
    """Gradients at the neutral profile are those of the definition, for one player."""
    h, player = 1e-5, 1234
    (theta,) = game.neutral()
    up, down = (game.payoffs((theta.at[player].set(x),))[player] for x in (h, -h))
    found, wanted = float(game.selfish_gradients((theta,))[0][player]), float(up - down) / (2 * h)
    if not abs(found - wanted) < 1e-6 * max(1.0, abs(wanted)):
        raise SystemExit(f"the gradient is {found:.9g}, differences of payoffs say {wanted:.9g}")


def in_a_process_of_its_own(players: int) -> dict[str, Any]:
    command = [sys.executable, str(Path(__file__)), "--memory-of", str(players)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory_of_one(players: int) -> dict[str, Any]:
    """What the arrays hold, what a step takes beside them, and the peak of the process."""
    import jax

    jax.config.update("jax_enable_x64", True)
    graph = random_regular_graph(players)
    before = peak()
    game = set_up(KINDS[0], graph)
    edges = int(game.reading.weights.size)
    held = sum(np.asarray(x).nbytes for x in jax.tree.leaves(game))
    compiled = jax.jit(lambda game, x: game.selfish_gradients(x)).lower(game, game.neutral())
    analysis = compiled.compile().memory_analysis()
    assert analysis is not None
    jax.block_until_ready(game.selfish_gradients(game.neutral()))
    return {
        "players": players,
        "edges": edges,
        "held_bytes_per_edge": held / edges,
        "step_bytes_per_edge": float(analysis.temp_size_in_bytes) / edges,
        "peak_MiB": {"with the graph": before / 2**20, "in all": peak() / 2**20},
    }


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def as_text(report: dict[str, Any]) -> str:
    lines = [f"{report['players']} players on a random {NEIGHBOURS}-regular graph, in float64"]
    for kind, found in report["steps"].items():
        each = found["step_ms"]
        verdict = "met" if np.median(each) <= WANTED_MS else "missed"
        lines.append(
            f"  {kind:30} {np.median(each):6.2f} [{min(each):.2f}, {max(each):.2f}] ms a step, "
            f"≤ {WANTED_MS:g} wanted: {verdict}; set up {found['set_up_seconds']:.1f} s, "
            f"compiled {found['compile_seconds']:.1f} s"
        )
    lines.append(f"memory of {KINDS[0]}, bytes for each pair that reads")
    for found in report["memory"]:
        lines.append(
            f"  {found['edges']:8} pairs: held {found['held_bytes_per_edge']:.1f}, beside it in a "
            f"step {found['step_bytes_per_edge']:.1f}; the process at most "
            f"{found['peak_MiB']['with the graph']:.0f} MiB with the graph and "
            f"{found['peak_MiB']['in all']:.0f} MiB in all"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
