"""The share of the machine that this process may use, and whether it can compute at all."""

import os
import platform
import warnings
from collections.abc import Mapping
from pathlib import Path

OWN_CORES = "GLASSHOUSE_CORES"
"""What a user, or the process that has started this one, says it may use."""

ALLOTTED = (OWN_CORES, "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE")
"""The variables that say it, SLURM's for its tasks; the first that is there counts."""

VECTOR_FLAGS = ("avx", "fma", "sse4", "asimd", "sve")
"""How the names of instructions begin that compiled code may or may not use."""

CONTROL_GROUPS = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")

_computing: int | None = None
"""The process that has computed something, which a forked child has inherited and is not."""


def usable_cores(environment: Mapping[str, str] = os.environ) -> int:
    """How many computations this process should run at once, at least one.

    The least of: the processors it may run on (its affinity, or `PYTHON_CPU_COUNT`), what
    `GLASSHOUSE_CORES` says, else what SLURM allots to its task, and the share of time its
    container has, rounded up. No number depends on it.
    """
    found = [_processors(), _allotted(environment), _quota(CONTROL_GROUPS, OWN_GROUP)]
    return max(1, min(count for count in found if count is not None))


def processor_features(info: Path = Path("/proc/cpuinfo")) -> str:
    """What of this machine decides how compiled code rounds: its kind and vector instructions."""
    try:
        lines = info.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = next((x for x in lines if x.partition(":")[0].strip() in ("flags", "Features")), "")
    flags = found.partition(":")[2].split()
    kept = sorted({x for x in flags if x.startswith(VECTOR_FLAGS)})
    return " ".join([platform.machine(), *kept])


def warn_if_forked() -> None:
    """Warn where this process is a copy of one that has computed: compiled code may hang in it.

    Every driver of computations calls this first. JAX's threads are not copied by a fork, and
    what waits for them waits for ever; JAX itself can only warn whoever forks, not who computes.
    """
    global _computing
    own = os.getpid()
    before, _computing = _computing, own
    if before not in (None, own):
        warnings.warn(
            f"this process was forked from process {before}, which had already computed: compiled "
            "code has lost its threads here and may hang; start processes with "
            'multiprocessing.get_context("spawn")',
            RuntimeWarning,
            stacklevel=3,
        )


def _processors() -> int:
    """The processors that the operating system lets this process run on."""
    process_cpu_count = getattr(os, "process_cpu_count", None)  # from Python 3.13 on
    if process_cpu_count is not None:
        return process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _allotted(environment: Mapping[str, str]) -> int | None:
    """What somebody or SLURM says, which does not always enforce it; None where nobody does, or
    for what is no number.
    """
    given = next((environment[name] for name in ALLOTTED if name in environment), "")
    return int(given) if given.isdecimal() and given.isascii() and int(given) > 0 else None


def _quota(root: Path, own: Path) -> int | None:
    """The processors' worth of time that control groups (version 2) leave, where they limit it."""
    try:
        line = next(x for x in own.read_text("utf-8").splitlines() if x.startswith("0::"))
        group = root / line.removeprefix("0::").strip("/")
    except (OSError, ValueError, StopIteration):
        return None
    limits = []
    while group.is_relative_to(root):  # every group above limits as well
        try:
            quota, period = map(int, (group / "cpu.max").read_text("utf-8").split())
            limits.append(max(1, -(-quota // period)))
        except (OSError, ValueError, ZeroDivisionError):
            pass  # "max": no limit here; or hidden from this process
        group = group.parent
    return min(limits, default=None)
