"""What a learning step costs under each rule, in units of a step along selfish gradients.

`python benchmarks/rules.py`; all rules in one run, taking turns, medians of CPU time.
"""

import argparse
import time

import jax
import numpy as np

from glasshouse import LogisticFamily, NormalFormGame, load_game
from glasshouse.dynamics import batch_map, run
from glasshouse.rules import Gradient, Lola, Optimistic, PerPlayer

RULES = {
    "gradient": lambda players: Gradient(),
    "optimistic": lambda players: Optimistic(),
    "lola": lambda players: Lola(0.5),
    "lola, original": lambda players: Lola(0.5, "original"),
    "half lola": lambda players: PerPlayer((Lola(0.5), *[Gradient()] * (players - 1))),
}


def games():
    """Two and three players; the second of random payoffs."""
    three = np.random.default_rng(0).normal(size=(3, 2, 2, 2))
    yield "prisoner's dilemma", LogisticFamily(load_game("prisoners_dilemma"), 3.0)(0.5)
    yield "three players", LogisticFamily(NormalFormGame(three), 3.0)(0.3)


def learned(start, game, rule, steps):
    return run(game, rule, start, steps=steps, step_size=0.01, throw=False).params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    for title, game in games():
        players = game.players
        drawn = np.random.default_rng(1).normal(size=(players, options.trajectories))
        starts = tuple(np.clip(drawn, -3, 3))
        rules = {name: make(players) for name, make in RULES.items()}
        first = {name: seconds(starts, game, rule, options.steps) for name, rule in rules.items()}
        clocks = [
            {name: seconds(starts, game, rule, options.steps) for name, rule in rules.items()}
            for _ in range(options.repeats)
        ]
        print(f"{title}: {options.trajectories} trajectories × {options.steps} steps, medians")
        for name in rules:
            ratio = np.median([clock[name] / clock["gradient"] for clock in clocks])
            usual = np.median([clock[name] for clock in clocks])
            compiling = first[name] - usual
            print(f"  {name:15} {ratio:5.2f} × gradient, compiled in {compiling:.1f} s")


def seconds(starts, game, rule, steps) -> float:
    begin = time.process_time()
    jax.block_until_ready(batch_map(learned, starts, game, rule, steps))
    return time.process_time() - begin


if __name__ == "__main__":
    main()
