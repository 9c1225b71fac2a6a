"""Learning steps per second: glasshouse, hand-written NumPy, and two exponentials per step.

`python benchmarks/throughput.py`; the README in this folder says what each number means.
"""

import argparse
import dataclasses
import json
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from throughput_numpy import CASES, COUPLING, PROCESSES, Problem, Team, peak_memory

TARGETS = {"shared": {"numpy": 3.0, "ceiling": 0.8}}
TARGETS |= {case: {"numpy": 2.7, "ceiling": 0.7} for case in ("couplings", "payoffs")}
TOLERANCE, NOTICED = 1e-9, 1e-3
CHECKED_STEPS = 100

Side = Callable[[str, Problem, int], Callable[[], np.ndarray]]


def main() -> None:
    options = parsed_options()
    problem = Problem.random(options.trajectories)
    team = Team(problem)  # started before JAX is imported, so that it inherits none of it
    try:
        report = measured(problem, team, options)
    finally:
        team.close()
    print(json.dumps(report, indent=2) if options.json else as_text(report))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trajectories", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def measured(problem: Problem, team: Team, options: argparse.Namespace) -> dict[str, Any]:
    """Everything the benchmark reports; the sides take turns within each repeat."""
    import throughput_glasshouse  # imports JAX, see main

    side, steps = throughput_glasshouse.side, options.steps
    ceiling = side("ceiling", problem, steps)
    glasshouse = {case: side(case, problem, steps) for case in CASES}
    first = {case: clocked(run)["cpu"] for case, run in glasshouse.items()}
    clocked(ceiling)
    memory = peak_memory()
    for case in CASES:
        check(case, problem, team, side, steps)
    chunks = {case: team.best_chunk_size(case) for case in CASES}
    clocks = [
        {
            case: {
                "glasshouse": clocked(glasshouse[case]),
                "numpy": clocked(lambda case=case: team.run(case, steps, chunks[case])[1]),
                "ceiling": clocked(ceiling),
            }
            for case in CASES
        }
        for _ in range(options.repeats)
    ]
    cases = {case: summary([c[case] for c in clocks], problem.count * steps) for case in CASES}
    for case, found in cases.items():
        usual = float(np.median([c[case]["glasshouse"]["cpu"] for c in clocks]))
        found |= {"compile_cpu_seconds": first[case] - usual, "numpy_chunk_size": chunks[case]}
    return {
        "machine": machine(),
        "options": vars(options),
        "cases": cases,
        "peak_memory_MiB": {"glasshouse": memory, "numpy": team.memory},
        "compilations": throughput_glasshouse.compilations(),
    }


def clocked(run: Callable[[], Any]) -> dict[str, float]:
    """Wall and CPU seconds of a run; one in other processes returns their CPU seconds itself."""
    wall, cpu = time.perf_counter(), time.process_time()
    returned = run()
    cpu = time.process_time() - cpu + (returned if isinstance(returned, float) else 0.0)
    return {"wall": time.perf_counter() - wall, "cpu": cpu}


def summary(clocks: list[dict[str, dict[str, float]]], work: int) -> dict[str, Any]:
    """Rates of the three sides and their ratios, from the clocks of every repeat."""

    def spread(values: list[float]) -> dict[str, Any]:
        return {"median": float(np.median(values)), "all": values}

    def ratios(clock: str, other: str) -> dict[str, Any]:
        return spread([c[other][clock] / c["glasshouse"][clock] for c in clocks])

    others = ("numpy", "ceiling")
    sides = ("glasshouse", *others)
    return {
        "steps_per_second": {s: spread([work / c[s]["wall"] for c in clocks]) for s in sides},
        "cpu_ns_per_step": {s: spread([1e9 * c[s]["cpu"] / work for c in clocks]) for s in sides},
        "ratios": {other: ratios("wall", other) for other in others},
        "cpu_ratios": {other: ratios("cpu", other) for other in others},
    }


def check(case: str, problem: Problem, team: Team, side: Side, steps: int) -> None:
    """Both sides agree, and would not if one of them were slightly wrong.

    All trajectories agree after some steps, and all but one in 10 000 after all steps: the others
    start next to the edge of a basin of attraction, where rounding grows exponentially.
    """
    chunk_size = 6000  # does not divide the default number, so the last chunk is checked as well
    for count, share in ((steps, 0.9999), (CHECKED_STEPS, 1.0)):
        ends, _ = team.run(case, count, chunk_size)
        error = np.quantile(np.abs(side(case, problem, count)() - ends), share)
        if not error <= TOLERANCE:
            raise SystemExit(f"{case}: ends differ by {error:.1e} after {count} steps")
    couplings = problem.couplings
    mistakes = {
        "shared": ("couplings", {"couplings": np.where(couplings == 0, 0.0, COUPLING * 1.01)}),
        "couplings": ("couplings", {"couplings": couplings.transpose(0, 2, 1)}),
        "payoffs": ("payoffs", {"tensors": problem.tensors.transpose(0, 1, 3, 2)}),
    }
    like, change = mistakes[case]
    wrong = side(like, dataclasses.replace(problem, **change), CHECKED_STEPS)()
    if np.abs(wrong - ends).max() < NOTICED:
        raise SystemExit(f"{case}: the comparison would not notice a mistake")


def machine() -> dict[str, str | int]:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    versions = {name: metadata.version(name) for name in ("glasshouse", "jax", "numpy")}
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": PROCESSES,
        "python": platform.python_version(),
        **versions,
    }


def as_text(report: dict[str, Any]) -> str:
    machine, options, memory = (report[k] for k in ("machine", "options", "peak_memory_MiB"))
    lines = [
        ", ".join(f"{name} {value}" for name, value in machine.items()),
        f"{options['trajectories']} trajectories of {options['steps']} steps in float64; "
        f"median [lowest, highest] of {options['repeats']} repeats",
    ]
    for case, found in report["cases"].items():
        lines += ["", f"{case}  (tracing and compiling: {found['compile_cpu_seconds']:.2f} s CPU)"]
        for name, rates in found["steps_per_second"].items():
            cpu = found["cpu_ns_per_step"][name]["median"]
            note = f", chunks of {found['numpy_chunk_size']}" if name == "numpy" else ""
            rate = ranged([x / 1e8 for x in rates["all"]])
            lines.append(f"  {name:10} {rate} × 10⁸ steps/s   {cpu:.2f} ns CPU per step{note}")
        for other, target in TARGETS[case].items():
            ratios, cpu = found["ratios"][other], found["cpu_ratios"][other]["median"]
            # Other programs delay the side with larger pieces of work: the smaller ratio counts.
            verdict = "met" if min(ratios["median"], cpu) >= target else "missed"
            each = " ".join(f"{ratio:.2f}" for ratio in ratios["all"])
            lines.append(
                f"  glasshouse / {other:7} {ratios['median']:.2f} of ≥ {target} wanted: {verdict}"
                f"   (each repeat {each}; by CPU time {cpu:.2f})"
            )
    lines += [
        "",
        f"peak resident memory: {memory['glasshouse']:.0f} MiB in glasshouse's process, with "
        f"Python, JAX and the compiler; {memory['numpy']:.0f} MiB in NumPy's processes together",
        f"compilations for five 2×2 games × ten couplings: {report['compilations']} of 1 wanted",
    ]
    return "\n".join(lines)


def ranged(values: list[float]) -> str:
    return f"{np.median(values):5.2f} [{min(values):5.2f}, {max(values):5.2f}]"


if __name__ == "__main__":
    main()
