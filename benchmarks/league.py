"""A league as one compiled program, beside the same pairs as line-ups one by one.

`python benchmarks/league.py`; both sides in one run, compilation included, since it is most of what
a league costs. Pairs one by one are as many as asked for, drawn evenly, and the time of all 144 is
estimated from them.
"""

import argparse
import time

import jax
import numpy as np

from glasshouse import NormalFormGame, ParametricGame, leagues
from glasshouse.analysis.outcomes.comparison import paid_per_round
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.games import RepeatedGame
from glasshouse.leagues import Strategy
from glasshouse.rules import (
    Cgd,
    Consensus,
    Gradient,
    Lola,
    LookAhead,
    Momentum,
    Optimistic,
    PerPlayer,
    Sga,
    Sos,
)
from glasshouse.semantics import Logistic

LEARNERS = {
    "naive": Gradient(),
    "optimistic": Optimistic(),
    "momentum": Momentum(),
    "LookAhead": LookAhead(1.0),
    "LOLA": Lola(1.0),
    "weak LOLA": Lola(0.3),
    "LOLA, original": Lola(1.0, "original"),
    "SOS": Sos(1.0),
    "CGD": Cgd(0.3),
    "SGA": Sga(1.0),
    "consensus": Consensus(0.1),
}
SEEDS, STEPS = 20, 100


def dilemma() -> ParametricGame:
    """The iterated prisoner's dilemma in discounted sums, nobody reading anybody."""
    tensor = [[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]]
    game = RepeatedGame(NormalFormGame(tensor), 0.96, "sum")
    return ParametricGame(game, Logistic(game, 0.0, 8.0))


def clocked(work):
    """What it gives, seconds by the wall and of processors."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4, help="played one by one")
    options = parser.parse_args()
    jax.config.update("jax_enable_compilation_cache", False)  # all results are cold ones
    game = dilemma()
    learning = Learning(step_size=1.0, steps=STEPS)
    everybody = {**LEARNERS, "tft": Strategy("tft")}

    def together():
        return leagues.play(everybody, game, learning=learning, seeds=SEEDS)

    pairs = len(everybody) ** 2
    print(f"{len(everybody)} × {len(everybody)} pairs, {SEEDS} seeds × {STEPS} steps")
    league, wall, cpu = clocked(together)
    print(f"  one program: {wall:.0f} s, {cpu:.0f} s of processors, compilation included")
    _, wall_again, cpu_again = clocked(together)
    print(f"  once compiled: {wall_again:.1f} s, {cpu_again:.1f} s of processors")
    names = list(LEARNERS)
    chosen = np.linspace(1, len(names) ** 2 - 1, options.pairs).round().astype(int)
    alone_wall, alone_cpu, apart = 0.0, 0.0, []
    for k in chosen.tolist():
        row, column = names[k // len(names)], names[k % len(names)]
        rule = PerPlayer((LEARNERS[row], LEARNERS[column]))
        own = Learning(rule, 1.0, STEPS, starts=Starts(SEEDS))
        ends, own_wall, own_cpu = clocked(
            lambda own=own: learn([game], own, paid_per_round, judged=False)
        )
        alone_wall, alone_cpu = alone_wall + own_wall, alone_cpu + own_cpu
        found = league.runs[league.place(row), league.place(column)]
        apart.append(float(np.abs(found - ends.observed[0]).max()))
    share = pairs / options.pairs
    print(
        f"  one by one: {alone_wall * share:.0f} s, {alone_cpu * share:.0f} s of processors, "
        f"estimated from {options.pairs} pairs: {alone_cpu * share / cpu:.1f} × as much"
    )
    print(f"  payoffs of these differ by at most {max(apart):.1g}")


if __name__ == "__main__":
    main()
