"""Studies: seconds of a two-axis map, throughput against the bare loop, memory by batch.

`python benchmarks/studies.py`; with `--against PATH`, the example study from the command line, cold
and warm, beside the sources in another folder. The README here says what each number means.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MAP = """
[game]
name = "prisoners_dilemma"
[learning]
start = "grid"
starts = 16
steps = 2000
[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.2, count = 64 }
"game.parameters.T" = { start = 3.1, stop = 6.0, count = 64 }
"""
WANTED_SECONDS = 20.0

OUTCOMES = """
[game]
name = "prisoners_dilemma"
[learning]
starts = 1000
steps = 1000
[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.2, count = 100 }
[analysis]
thresholds = false
tied = false
boundary_test = false
portrait = false
"""
WANTED_SHARE = 0.9
CASES = ((10, 10_000, 1000), (100, 1000, 1000), (100, 1000, 6000))

BATCHES = (10_000, 100_000, 1_000_000)

HERE = Path(__file__).resolve().parent.parent
EXAMPLE = HERE / "examples" / "prisoners_dilemma.toml"
WANTED_RATIOS = {"cold": 0.6, "warm": 0.5}


def main() -> None:
    options = parsed_options()
    if options.memory_of:
        print(peak_memory(options.memory_of))
        return
    if options.against:
        found = beside(options.against, options.repeats)
        print(json.dumps(found, indent=2) if options.json else ratios_as_text(found))
        return
    # First, while this process is small: a new process counts what the one it came from held.
    memory = {size: memory_of(size) for size in BATCHES}
    report = {
        "map": map_seconds(options.repeats),
        "throughput": [throughput(options.repeats, *case) for case in CASES],
        "peak_memory_MiB": memory,
    }
    print(json.dumps(report, indent=2) if options.json else as_text(report))


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--against", type=Path, metavar="PATH", help="another folder of sources")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def map_seconds(repeats: int) -> dict[str, list[float]]:
    """Everything about a 64 × 64 map of 16 starts and 2000 steps, the first time and later ones."""
    from glasshouse.study import compute, prepare
    from glasshouse.study.spec.toml import parse_study

    def whole() -> None:
        result = compute(prepare(parse_study(MAP)))
        lines = [(s.first_movement, s.predicted) for s in result.slices]
        error = np.abs(np.diff(np.array(lines, dtype=float), axis=1)).max()
        if not error < 0.01:
            raise SystemExit(f"the map misses the closed form by {error:.2g}")

    return {"first": [seconds(whole)], "later": [seconds(whole) for _ in range(min(repeats, 3))]}


def throughput(repeats: int, couplings: int, starts: int, steps: int) -> dict[str, Any]:
    """Steps per second of a study that only learns, and of the loop without the study, in turn."""
    import jax

    from glasshouse.dynamics.batch import batch_map, repeat, stack
    from glasshouse.study import prepare
    from glasshouse.study.parts import part_table
    from glasshouse.study.spec.toml import parse_study
    from glasshouse.study.sweep import sweep_parts

    text = OUTCOMES.replace("steps = 1000", f"steps = {steps}")
    text = text.replace("starts = 1000", f"starts = {starts}").replace(
        "= 100 }", f"= {couplings} }}"
    )
    prepared = prepare(parse_study(text))
    (part,) = sweep_parts(prepared)
    games = repeat(stack([setting.parametric for setting in prepared.points]), starts)
    count = couplings * starts
    keys = jax.random.split(jax.random.key(0), 2)
    with jax.enable_x64(True):
        begin = tuple(np.asarray(jax.random.normal(k, (count,), float)) for k in keys)

        def bare() -> None:
            batch_map(bare_loop, (games, begin), steps, np.asarray(0.1))

        sides = {"study": lambda: part_table(prepared, part), "bare": bare}
        for run in sides.values():
            run()
        clocks = [{name: clocked(run) for name, run in sides.items()} for _ in range(repeats)]
    rates = {name: [count * steps / c[name][0] for c in clocks] for name in sides}
    return {
        "case": f"{couplings} couplings × {starts} starts × {steps} steps",
        "steps_per_second": rates,
        "shares": [c["bare"][0] / c["study"][0] for c in clocks],
        "cpu_shares": [c["bare"][1] / c["study"][1] for c in clocks],
    }


def bare_loop(member: Any, steps: int, step_size: Any) -> Any:
    from glasshouse.dynamics import run

    game, start = member
    return run(game, params=start, steps=steps, step_size=step_size, throw=False).params


def peak_memory(size: int) -> float:
    """MiB of this process after a study of a million trajectories, so many at once."""
    from glasshouse.study import compute, prepare
    from glasshouse.study.spec.toml import parse_study

    text = OUTCOMES.replace("starts = 1000", f"starts = 10000\nbatch = {size}")
    compute(prepare(parse_study(text.replace("steps = 1000", "steps = 10"))))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_of(size: int) -> float:
    words = [sys.executable, str(Path(__file__)), "--memory-of", str(size)]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def beside(other: Path, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds of the example study, cold elsewhere, cold and warm here, in turn."""
    found: dict[str, list[tuple[float, float]]] = {"other, cold": [], "cold": [], "warm": []}
    # A fixed number of steps: older sources stop nowhere.
    text = re.sub(r"stop = \{.*\n", "\n", EXAMPLE.read_text("utf-8").replace("100_000", "6000"))
    for source in (other, HERE / "src"):  # Python keeps what it has parsed
        command(source, "--help")
    for _ in range(repeats):
        for source, cases in ((other, ("other, cold",)), (HERE / "src", ("cold", "warm"))):
            with tempfile.TemporaryDirectory() as cache:
                study = Path(cache, EXAMPLE.name)
                study.write_text(text, "utf-8")
                for case in cases:
                    out = str(Path(cache, case))
                    found[case].append(
                        command(source, "run", str(study), "--out", out, cache=cache)
                    )
    return found


def command(source: Path, *words: str, cache: str = "") -> tuple[float, float]:
    """Wall and CPU seconds of one `glasshouse` command with the sources in a folder."""
    kept = {"GLASSHOUSE_CACHE": "on", "XDG_CACHE_HOME": cache} if cache else {}
    environment = {**os.environ, "PYTHONPATH": str(source.resolve()), **kept}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "glasshouse", *words],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begin, cpu


def ratios_as_text(found: dict[str, list[tuple[float, float]]]) -> str:
    lines = [
        f"{case}: {wall:.1f} s, {cpu:.1f} s of CPU time (medians)"
        for case, clocks in found.items()
        for wall, cpu in [np.median(clocks, axis=0)]
    ]
    for case, wanted in WANTED_RATIOS.items():
        each = np.divide(found[case], found["other, cold"])
        wall, cpu = np.median(each, axis=0)
        enough = "met" if max(wall, cpu) <= wanted else "missed"
        lines.append(
            f"{case} / other, cold: {wall:.2f} of ≤ {wanted} wanted: {enough} (each repeat "
            f"{' '.join(f'{x:.2f}' for x in each[:, 0])}; by CPU time {cpu:.2f})"
        )
    return "\n".join(lines)


def clocked(run: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def seconds(run: Callable[[], Any]) -> float:
    return clocked(run)[0]


def as_text(report: dict[str, Any]) -> str:
    first, later = report["map"]["first"][0], np.median(report["map"]["later"])
    verdict = "met" if later < WANTED_SECONDS else "missed"
    lines = [
        f"64 × 64 map, 16 starts, 2000 steps: {later:.1f} s of < {WANTED_SECONDS:g} wanted: "
        f"{verdict} (the first time, with compiling, {first:.1f} s)",
    ]
    for found in report["throughput"]:
        shares, cpu = found["shares"], float(np.median(found["cpu_shares"]))
        enough = "met" if min(np.median(shares), cpu) >= WANTED_SHARE else "missed"
        rates = {name: np.median(all_) / 1e8 for name, all_ in found["steps_per_second"].items()}
        lines.append(
            f"{found['case']}: through a study {rates['study']:.2f} × "
            f"10⁸ steps/s, bare loop {rates['bare']:.2f}; study / bare {np.median(shares):.2f} of "
            f"≥ {WANTED_SHARE} wanted: {enough} (each repeat "
            f"{' '.join(f'{s:.2f}' for s in shares)}; by CPU time {cpu:.2f})"
        )
    for size, memory in report["peak_memory_MiB"].items():
        lines.append(f"peak resident memory with learning.batch = {size}: {memory:.0f} MiB")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
