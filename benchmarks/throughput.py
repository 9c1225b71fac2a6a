"""Learning steps per second: glasshouse, hand-written NumPy, and two exponentials per step.

Run it with `python benchmarks/throughput.py`; README.md in this folder explains the numbers.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from throughput_numpy import CASES, COUPLING, Problem, Team, peak_memory

SIDES = ("glasshouse", "numpy", "ceiling")
TARGETS = {"numpy": 1.5, "ceiling": 0.38}
TOLERANCE = 1e-9
CHECKED_STEPS = 100
UNSTABLE_SHARE = 1e-4
"""Of the trajectories may differ after all steps: next to a basin's edge rounding grows."""


def main() -> None:
    options = parsed_options()
    problem = Problem.random(options.trajectories)
    team = Team(problem)  # before JAX, whose threads and memory the processes must not inherit
    try:
        report = measured(problem, team, options)
    finally:
        numpy_memory = team.close()
    report["peak_memory_MiB"] = {"glasshouse": peak_memory(), "numpy": numpy_memory}
    print(json.dumps(report, indent=2) if options.json else as_text(report))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def measured(problem: Problem, team: Team, options: argparse.Namespace) -> dict[str, Any]:
    import throughput_glasshouse  # late, see main

    checks = {case: checked(case, problem, team, options.steps) for case in CASES}
    runs = {
        (case, name): throughput_glasshouse.side(
            case if name == "glasshouse" else "ceiling", problem, options.steps
        )
        for case in CASES
        for name in ("glasshouse", "ceiling")
    }
