"""Who computes the pieces of a study: threads of this process, or the workers of a Dask cluster.

A piece is a task that writes its own shard, of which this process then reads it: what a worker has
finished is there for whoever comes later, and one that is killed costs the shard it was at.
"""

import contextlib
import functools
import importlib.metadata
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax

from glasshouse._foundation.processes import OWN_CORES, usable_cores
from glasshouse._foundation.progress import progress
from glasshouse.analysis.maps.pieces import MapPiece
from glasshouse.errors import InputError, OutputError, unknown_name
from glasshouse.study.folder import STUDY
from glasshouse.study.maps.store import map_work
from glasshouse.study.parts import SweepWork
from glasshouse.study.recipe import PACKAGES, recipe_of
from glasshouse.study.setting import Prepared, check_study
from glasshouse.study.shards import ShardStore, ShardWork, Workers
from glasshouse.study.sweep import SweepPart

THREADS, DASK, GPU = "threads", "dask", "gpu"

ENGINES = (THREADS, DASK, GPU)
"""Names of those who compute; without one, threads do."""

AHEAD = 4
"""Pieces a worker that are asked for before they are needed: no core idles, and what a piece
holds is in memory for few of them."""

KILLED = 100
"""Workers that may be killed at one piece before it is given up."""

ANSWERS_WITHIN = 30
"""Seconds that a scheduler, and the first of its workers, have."""

LOOKS_EVERY, MOST_ALONE = 5, 24
"""Seconds between looks at the workers while a piece is waited for, and how many looks in a row may
find none: others may be starting."""


def check_engine(engine: str, address: str | None, studies: Mapping[Path, Prepared]) -> None:
    """Refuse an engine that is none, or cannot compute these studies here.

    **Raises:** `InputError`.
    """
    if engine not in ENGINES:
        raise unknown_name("engine", engine, ENGINES)
    if address is not None and engine != DASK:
        raise InputError(f"--address {address} is of a Dask scheduler: add --engine {DASK}")
    if engine == GPU and jax.default_backend() not in ("gpu", "cuda", "rocm"):
        raise InputError(
            f"--engine {GPU}: JAX {jax.__version__} finds no GPU here, only "
            f"{jax.devices()[0].platform}: install a JAX for it (jax[cuda13]), or leave --engine "
            "out"
        )
    if engine == DASK:
        _distributed()


@contextlib.contextmanager
def employed(
    engine: str, address: str | None = None, warn: Callable[[str], None] = lambda message: None
) -> Iterator[Callable[[ShardWork], Workers] | None]:
    """Those who compute maps by an engine, as `write_study` takes them.

    **Arguments:** `address` of a Dask scheduler; without one, a process for each core is started
    here; `warn`, called with each line that they have to say.
    **Raises:** `InputError` when there are none, or they have other versions.
    """
    if engine != DASK:
        yield None
        return
    with contextlib.ExitStack() as held:
        client = _client(held, address)
        own = {name: importlib.metadata.version(name) for name in PACKAGES}
        check_versions(_versions_of(client), own)
        yield lambda work: lambda pieces: _patches(client, work, pieces, warn)


def check_versions(workers: Mapping[str, Mapping[str, str]], own: Mapping[str, str]) -> None:
    """Refuse workers whose numbers would be of other shards.

    **Arguments:** versions by package, of each worker by its address, and of this process.
    **Raises:** `InputError` naming both.
    """
    for address, found in workers.items():
        for name, wanted in own.items():
            if found[name] != wanted:
                raise InputError(
                    f"worker {address} has {name} {found[name]}, and this process {name} {wanted}: "
                    "install the same on both"
                )


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(f'--engine {DASK} needs Dask: pip install "glasshouse[maps]"') from error
    return distributed


def _client(held: contextlib.ExitStack, address: str | None) -> Any:
    """A client of a scheduler that has workers, closed with `held`."""
    distributed = _distributed()
    import dask.config

    settings: dict[str, Any] = {
        "distributed.scheduler.allowed-failures": KILLED,
        "distributed.admin.large-graph-warning-threshold": "1TiB",  # what is known of a piece
    }
    held.enter_context(dask.config.set(settings))
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised
    if address is None:
        try:
            cluster = distributed.LocalCluster(
                n_workers=usable_cores(),
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any port; of None it takes one that may be taken
                memory_limit=0,
                silence_logs=logging.CRITICAL,
                env={"NPROC": "1", OWN_CORES: "1"},
            )
        except (OSError, RuntimeError) as error:
            raise OutputError(
                f"Dask's workers cannot be started here ({error}): leave --engine {DASK} out"
            ) from error
        return held.enter_context(distributed.Client(held.enter_context(cluster)))
    try:
        client = held.enter_context(distributed.Client(address, timeout=ANSWERS_WITHIN))
        client.wait_for_workers(1, timeout=ANSWERS_WITHIN)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"--address {address}: no Dask scheduler with a worker answers there within "
            f"{ANSWERS_WITHIN} s"
        ) from error
    return client


def _versions_of(client: Any) -> dict[str, dict[str, str]]:
    """Versions of what numbers depend on, by worker; asked for by what any Python has."""
    found: dict[str, dict[str, str]] = {}
    for name in PACKAGES:
        said = client.run(importlib.metadata.version, name, on_error="return")
        for address, version in said.items():
            found.setdefault(address, {})[name] = version if isinstance(version, str) else "missing"
    return found


def _patches(
    client: Any, work: ShardWork, pieces: Sequence[Any], warn: Callable[[str], None]
) -> Iterator[Any]:
    """What is found in pieces, in their order, each written by a worker and read here."""
    folder = str(work.store.study_folder.absolute())
    most = AHEAD * max(1, len(client.nthreads()))
    asked: deque[tuple[Any, Any]] = deque()
    with progress(work.unit, len(pieces)) as advance:
        for k in range(len(pieces) + most):
            if k < len(pieces):
                name = _name(work, pieces[k])
                future = client.submit(piece_written, folder, pieces[k], name, pure=False)
                asked.append((pieces[k], future))
            if k >= most - 1 and asked:
                piece, future = asked.popleft()
                for line in _said(client, future):
                    warn(line)
                patch = work.read(piece)
                if patch is None:
                    raise OutputError(
                        f"{work.store.path(work.key(piece))} was written by a worker and is not "
                        "here: name an --out on a disk that all workers share"
                    )
                yield patch
                advance()


def _said(client: Any, future: Any) -> list[str]:
    """What a task returns.

    **Raises:** what it raised; `OutputError` where the cluster has lost it, or all its workers.
    """
    distributed = _distributed()
    client_module = distributed.client
    alone = 0
    try:
        while not _is_done(future):
            _revive(client.cluster)
            alone = 0 if client.scheduler_info(n_workers=1)["workers"] else alone + 1
            if alone == MOST_ALONE:
                raise OutputError("no Dask worker is left")
        return future.result()
    except distributed.KilledWorker as error:
        raise OutputError(
            f"workers were killed {KILLED} times at one piece (too little memory?)"
        ) from error
    except (client_module.FutureCancelledError, client_module.FuturesCancelledError) as error:
        raise OutputError("the Dask scheduler has gone away") from error


def _is_done(future: Any) -> bool:
    """Whether a task has ended, in whatever way, before it is time to look at the workers."""
    from distributed import wait

    try:
        wait(future, timeout=LOOKS_EVERY)
    except TimeoutError:
        return False
    return True


def _revive(cluster: Any) -> None:
    """Replace workers of a cluster here that were killed while they started: Dask itself starts
    only those again that were killed later. One at an address is somebody else's to look after.
    """
    if cluster is None:
        return
    dead = [name for name, nanny in cluster.workers.items() if not nanny.is_alive()]
    for name in dead:
        cluster.worker_spec.pop(name, None)
    if dead:
        cluster.scale(usable_cores())


_built: dict[str, "_Works"] = {}
"""In a worker: the last study by its folder. To build one takes as long as a small piece."""

_lines: list[str] = []
"""In a worker: what its store has to say, until the next task hands it over."""

_building = threading.Lock()


def piece_written(folder: str, piece: MapPiece | SweepPart, name: str) -> list[str]:
    """In a worker: see to it that the shard of a piece is there.

    **Arguments:** `folder` of the study; `name` of the shard.
    **Returns:** lines to warn of.
    **Raises:** `InputError` where this worker would write another shard.
    """
    with _building:
        works = _built.get(folder)
        if works is None or _name(works.of(piece), piece) != name:
            _built.clear()
            works = _built[folder] = _Works(Path(folder))
        work = works.of(piece)
    if _name(work, piece) != name:
        raise InputError(
            f"a worker finds another study in {folder}, or has other versions than the process "
            "that asks it: install the same on both"
        )
    work.kept(piece)
    said = _lines.copy()
    _lines.clear()
    return said


def _name(work: ShardWork, piece: Any) -> str:
    return work.store.path(work.key(piece)).name


class _Works:
    """What there is to compute of the study that was copied into a folder."""

    def __init__(self, folder: Path):
        if not (folder / STUDY).is_file():
            raise InputError(
                f"a worker finds no {folder / STUDY}: name an --out on a disk that all workers "
                "share"
            )
        self._prepared = check_study(folder / STUDY)
        self._store = ShardStore(folder, recipe_of(self._prepared), _lines.append)

    def of(self, piece: MapPiece | SweepPart) -> ShardWork:
        """That which a piece is of."""
        return self._map if isinstance(piece, MapPiece) else self._sweep

    @functools.cached_property
    def _map(self) -> ShardWork:
        return map_work(self._prepared, self._store)

    @functools.cached_property
    def _sweep(self) -> ShardWork:
        return SweepWork(self._prepared, self._store)
