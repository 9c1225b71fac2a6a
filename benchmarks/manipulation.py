"""What a shaper gains by knowing the other: a map of β × fidelity for each kind of other.

`python benchmarks/manipulation.py [naive aligned …] [--way noisy|fine|coarse|mistaken] [--first
1000] [--seeds 10]`; prints the maps of gain and loss with standard errors over seeds, and CPU time.
See docs/background/manipulation.md, whose numbers these are.
"""

import argparse
import math
import os
import time

import numpy as np

import glasshouse as gh
from glasshouse.analysis import manipulation
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.rules import Fixed, through_adam
from glasshouse.rules.sampled import (
    ActorCritic,
    AdvantageAlignment,
    CoarseCritic,
    MistakenCritic,
    NoisyCritic,
    OtherRegarding,
    QLearning,
)
from glasshouse.semantics.policies import TablePolicy

STEP_SIZE, SLOWER, EPSILON = 0.06, 1 / 3, 0.1
GREEDY = math.log((2 - EPSILON) / EPSILON)
"""Logits of who does what it values most, but for one draw in ten."""

OTHERS = {  # the rule, the pace in multiples of the shaper's step, and the bound of logits
    "naive": (through_adam(ActorCritic(trace=0.0)), SLOWER, math.inf),
    "aligned": (through_adam(AdvantageAlignment(3.0)), SLOWER, math.inf),
    "ε-greedy": (QLearning(rate=0.1, temperature=1e-3), 1 / STEP_SIZE, GREEDY),
    "fixed": (Fixed(), 1.0, math.inf),
    "spiteful": (through_adam(OtherRegarding(-1.0, trace=0.0)), SLOWER, math.inf),
}
WAYS = {
    "noisy": [NoisyCritic(f) for f in (1.0, 0.9, 0.7, 0.5, 0.0)],
    "fine": [NoisyCritic(f) for f in (1.0, 0.25, 0.1, 0.03, 0.01, 0.0)],
    "coarse": [CoarseCritic(k) for k in (20, 6, 4, 2, 1, 0)],
    "mistaken": [MistakenCritic(w) for w in (0.0, -0.25, -0.5, -0.75, -1.0, 0.25, 0.5, 0.75, 1.0)],
}


def met(other: str, critics: list, betas: list[float], seeds: int, first: int):
    """The map against one kind of other."""
    rule, pace, bound = OTHERS[other]
    stage = gh.NormalFormGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]])
    game = IteratedMatrix(stage, horizon=32, discount=0.96)
    policies = TablePolicy(game), TablePolicy(game, bound=bound)
    sampled = gh.SampledParametricGame(game, policies, episodes=32)
    return manipulation(
        sampled, rule, betas=betas, critics=critics, paces=(1.0, pace), step_size=STEP_SIZE,
        updates=1000, seeds=seeds, first=first,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("others", nargs="*", help=f"of {', '.join(OTHERS)}; all by default")
    parser.add_argument("--way", choices=WAYS, default="noisy")
    parser.add_argument("--betas", type=float, nargs="+", default=[0.5, 1, 2, 3, 5, 8])
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    np.set_printoptions(linewidth=160, precision=2, suppress=True)
    for other in given.others or OTHERS:
        begun, wall = time.process_time(), time.perf_counter()
        found = met(other, WAYS[given.way], given.betas, given.seeds, given.first)
        cost = f"{time.process_time() - begun:.0f} CPU s, {time.perf_counter() - wall:.0f} s"
        print(f"== {other}, {given.way}: {cost}, load {os.getloadavg()[0]:.1f}; {found.detail}")
        print("selfish instead:", found.selfish.mean(axis=0), "; β:", found.betas)
        for name in ("fidelity", "gain", "gain_error", "loss", "loss_error"):
            print(name, getattr(found, name), sep="\n")
        with np.printoptions(precision=4):
            print("half of the gain is left at", found.half_gain.T, sep="\n")
            print("between", found.half_gain_between.T, sep="\n")
            print("predicted", found.half_gain_predicted, flush=True, sep="\n")


if __name__ == "__main__":
    main()
