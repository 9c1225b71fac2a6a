"""The share of the machine that is ours, and processes that cannot compute."""

import os
import threading
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse._foundation import processes
from glasshouse._foundation.processes import usable_cores, warn_if_forked
from glasshouse.dynamics import batch_map

needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="the system does not tell"
)


@pytest.fixture
def alone():
    """Run this thread on one processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


@needs_affinity
def test_cores_are_those_the_process_may_run_on(alone):
    assert usable_cores({}) == 1
    assert usable_cores({"SLURM_CPUS_PER_TASK": "64"}) == 1


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, 12),
        ({"SLURM_CPUS_PER_TASK": "3"}, 3),
        ({"SLURM_CPUS_ON_NODE": "5"}, 5),
        ({"SLURM_CPUS_PER_TASK": "2", "SLURM_CPUS_ON_NODE": "5"}, 2),
        ({"SLURM_CPUS_PER_TASK": "400"}, 12),
        ({"GLASSHOUSE_CORES": "1", "SLURM_CPUS_PER_TASK": "3"}, 1),
        *(({"SLURM_CPUS_PER_TASK": x}, 12) for x in ("", "0", "-3", "4(x2)", "²", "many")),
    ],
)
def test_slurm_allots_no_more_than_there_is(monkeypatch, environment, wanted):
    monkeypatch.setattr(processes, "_processors", lambda: 12)
    monkeypatch.setattr(processes, "_quota", lambda root, own: None)
    assert usable_cores(environment) == wanted


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        ({"a/b": "150000 100000"}, 2),
        ({"a": "50000 100000", "a/b": "max 100000"}, 1),
        ({"": "300000 100000", "a": "max 100000"}, 3),
        ({"a/b": "max 100000"}, None),
        ({"a/b": "nonsense"}, None),
        ({"a/b": "1 0"}, None),
        ({}, None),
    ],
)
def test_a_container_has_its_share_of_time(tmp_path, limits, wanted):
    own = tmp_path / "cgroup"
    own.write_text("3:cpu:/old\n0::/a/b\n")
    root = tmp_path / "groups"
    for group, text in limits.items():
        (root / group).mkdir(parents=True, exist_ok=True)
        (root / group / "cpu.max").write_text(text + "\n")
    assert processes._quota(root, own) == wanted
    assert processes._quota(root, tmp_path / "none") is None


def test_batches_take_as_many_threads_as_are_ours_and_the_numbers_stay(monkeypatch):
    """Where no thread can be seen, there are none: two cores, or one, give the same bytes."""
    threads: list[int] = []
    pool = threading.Thread.start

    def counted(self):
        threads[-1] += "ThreadPoolExecutor" in self.name
        pool(self)

    monkeypatch.setattr(threading.Thread, "start", counted)
    found = []
    for cores in (1, 3):
        monkeypatch.setattr("glasshouse.dynamics.batch.usable_cores", lambda cores=cores: cores)
        threads.append(0)
        found.append(batch_map(jnp.sin, np.linspace(0.0, 9.0, 4096), chunk_size=64))
    assert found[0].tobytes() == found[1].tobytes()
    assert threads[0] == 1
    assert 1 <= threads[1] <= 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_is_warned_before_it_computes_and_only_once():
    warn_if_forked()  # as anything that computes does
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX's own warning, to whoever forks
        child = os.fork()
    if not child:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warn_if_forked()
            warn_if_forked()
        said = [str(warning.message) for warning in caught]
        os._exit(0 if len(said) == 1 and 'get_context("spawn")' in said[0] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_forked()  # the parent is not concerned
