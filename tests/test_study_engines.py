"""Who computes a map: shards by Dask's workers, and what goes wrong with disks and companions."""

import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from glasshouse import InputError
from glasshouse._foundation.files import this_process, write_file
from glasshouse.analysis.maps.pieces import MapPiece
from glasshouse.errors import OutputError
from glasshouse.study import check_study, query, read_map
from glasshouse.study.engines import check_versions, employed, piece_written
from glasshouse.study.folder import RunFolder
from glasshouse.study.maps.store import map_table, map_work, piece_key, study_map
from glasshouse.study.recipe import recipe_of
from glasshouse.study.shards import SHARDS, ShardStore, computed_share
from glasshouse.study.store import write_study

STUDY = """
game.name = "prisoners_dilemma"
semantics.bound = 3.0
[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.5, count = 270 }
"game.parameters.T" = { start = 3.2, stop = 7.0, count = 5 }
[learning]
starts = 1
steps = 40
[map]
coarse = 16
audit = 20
[analysis]
portrait = false
certify = false
boundary_test = false
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("engines") / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def prepared(study):
    return check_study(study)


def begun(prepared, out):
    """The folder of a run that somebody has begun, and what there is to do in it."""
    recipe = recipe_of(prepared)
    RunFolder(out, recipe, print).join()
    work = map_work(prepared, ShardStore(out, recipe, print))
    work.store.make()
    return work


def shards(out: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (out / SHARDS).iterdir()}


@pytest.fixture(scope="module")
def whole(prepared, tmp_path_factory):
    """The map that this process computes, and its folder."""
    out = tmp_path_factory.mktemp("whole")
    return study_map(prepared, begun(prepared, out)), out


def test_a_folder_of_shards_is_read_as_a_map_a_table_and_a_dataset(whole, tmp_path):
    found, out = whole
    again = read_map(out)
    assert (again.codes == found.codes).all()
    assert again.facts == found.facts
    table = map_table(found)
    asked = query(out, "select sum(cooperation_share) as s, count(*) as n from map").to_pylist()
    assert asked[0]["n"] == found.cells == 270 * 5
    assert asked[0]["s"] == pytest.approx(np.sum(table["cooperation_share"].to_numpy()))
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    dataset = again.to_xarray()
    dataset.to_zarr(tmp_path / "map.zarr", zarr_format=2)
    with xarray.open_zarr(tmp_path / "map.zarr") as kept:
        assert kept.identical(dataset)
        at = kept.sel({"semantics.coupling": 1.5, "game.parameters.T": 3.2})
        assert float(at["cooperation_share"]) == found.shares["cooperation_share"][0, -1]


@pytest.mark.filterwarnings("ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_workers_in_one_process_write_the_shards_that_this_one_writes(prepared, whole, tmp_path):
    """The cluster's own way to talk, without what it costs to start processes."""
    distributed = pytest.importorskip("distributed")
    found, out = whole
    work = begun(prepared, tmp_path)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        employed("dask", cluster.scheduler_address) as workers,
    ):
        assert workers is not None
        drawn = study_map(prepared, work, workers(work))
    gc.collect()  # sockets that Dask has left open are noticed here
    assert shards(tmp_path) == shards(out)
    assert (drawn.codes == found.codes).all()


def test_a_worker_writes_the_shard_it_is_asked_for_and_no_other(prepared, whole, tmp_path):
    work = begun(prepared, tmp_path)
    piece = MapPiece(work.plan.tiles[1])
    name = work.store.path(piece_key(piece)).name
    assert piece_written(str(tmp_path), piece, name) == []
    assert shards(tmp_path) == {name: shards(whole[1])[name]}
    with pytest.raises(InputError, match="a worker finds another study in"):
        piece_written(str(tmp_path), piece, "0" * 32 + ".parquet")
    with pytest.raises(InputError, match=r"a worker finds no .*a disk that all workers share"):
        piece_written(str(tmp_path / "elsewhere"), piece, name)
    assert list(shards(tmp_path)) == [name]


def test_workers_of_other_versions_are_named():
    own = {"glasshouse": "0.1.0", "jax": "0.10.2"}
    check_versions({"tcp://a:1": own}, own)
    with pytest.raises(InputError) as error:
        check_versions({"tcp://a:1": own, "tcp://b:2": {**own, "jax": "0.9.0"}}, own)
    assert str(error.value) == (
        "worker tcp://b:2 has jax 0.9.0, and this process jax 0.10.2: install the same on both"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engine", "thread"), "unknown engine 'thread': did you mean 'threads'"),
        (("--engine", "gpu"), "finds no GPU here, only cpu"),
        (("--address", "tcp://a:1"), "add --engine dask"),
        (("--engine", "dask", "--shard", "0/2"), "leave one out"),
    ],
)
def test_who_cannot_compute_is_refused_before_anything(study, tmp_path, call, words, said):
    out = tmp_path / "out"
    code, _, error = call("run", str(study), "--out", str(out), *words)
    assert (code, error.count("\n")) == (2, 1)
    assert said in error
    assert not out.exists()


def test_dask_is_an_extra(study, tmp_path, call, monkeypatch):
    words = ("--engine", "dask", "--out", str(tmp_path / "out"))
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, error = call("run", str(study), *words)
    assert code == 2
    assert error == 'glasshouse: --engine dask needs Dask: pip install "glasshouse[maps]"\n'


def test_on_a_full_disk_one_shard_is_missing_and_no_other(prepared, study, whole, tmp_path, call):
    resource = pytest.importorskip("resource", reason="the system has no limits to set")
    words = ("run", str(study), "--out", str(tmp_path), "--shard")
    assert call(*words, "1/2")[0] == 0
    before = shards(tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limit[1]))
    try:
        code, _, error = call(*words, "0/2")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert (code, error.count("\n")) == (1, 1)
    assert re.search("shards/.*parquet cannot be written: File too large", error)
    assert shards(tmp_path) == before
    assert call(*words, "0/2")[0] == 0
    assert shards(tmp_path).items() <= shards(whole[1]).items()
    assert len(shards(tmp_path)) == 2


def test_a_folder_that_vanishes_ends_the_run_in_one_line(prepared, tmp_path):
    """As a network file system that is lost: nothing is written into what is left in its place."""
    out = tmp_path / "out"

    def lost(work):
        def compute(pieces):
            for piece in pieces:
                yield work.kept(piece)
                shutil.rmtree(out / SHARDS)

        return compute

    with pytest.raises(
        OutputError, match=r"cannot be written: No such file.*run it again to go on"
    ) as error:
        write_study(prepared, out, workers=lost)
    assert "\n" not in str(error.value)
    assert not (out / SHARDS).exists()
    assert '"status": "interrupted"' in (out / "provenance.json").read_text()
    work = begun(prepared, out)
    assert computed_share(work, 0, 1) == (2, 2)  # goes on


def test_a_second_coordinator_is_refused_and_shards_of_others_are_let_be(
    prepared, study, tmp_path, call
):
    recipe = recipe_of(prepared)
    with RunFolder(tmp_path / "out", recipe, print).opened():
        code, _, error = call("run", str(study), "--out", str(tmp_path / "out"))
        assert (code, error.count("\n")) == (2, 1)
        assert "another run is writing to" in error
    versions = {**recipe.identity["versions"], "glasshouse": "0.0.1"}
    older = recipe._replace(identity={**recipe.identity, "versions": versions})
    lines: list[str] = []
    mine, theirs = (ShardStore(tmp_path / "out", x, lines.append) for x in (recipe, older))
    theirs.make()
    part = piece_key(MapPiece(map_work(prepared, mine).plan.tiles[0]))
    table = query(_one_table(tmp_path), "from one")
    theirs.keep(part, lambda: table)
    before = shards(tmp_path / "out")
    assert mine.read(part) is None
    assert theirs.read(part) is not None
    assert shards(tmp_path / "out") == before
    assert lines == []


def _one_table(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "tables").mkdir()
    pq.write_table(pa.table({"x": [1.0]}), folder / "tables" / "one.parquet")
    return folder / "tables"


def test_those_who_write_one_file_do_not_disturb_each_other(tmp_path):
    theirs = tmp_path / ".shard.partial"  # of one who has no name
    theirs.write_bytes(b"half")
    write_file(tmp_path / "shard", b"whole", this_process())
    assert (tmp_path / "shard").read_bytes() == b"whole"
    assert theirs.read_bytes() == b"half"


COMMAND = [sys.executable, "-m", "glasshouse", "run"]


def contents(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "provenance.json"]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.fixture(scope="module")
def run(study):
    out = study.parent / "run"
    subprocess.run([*COMMAND, str(study), "--out", str(out)], check=True, capture_output=True)
    return contents(out)


def test_a_cluster_here_gives_the_bytes_of_one_process(study, run):
    out = study.parent / "dask"
    words = [str(study), "--out", str(out), "--engine", "dask"]
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(line.startswith("glasshouse: study dask") for line in done.stderr.splitlines())
    assert contents(out) == run


def test_workers_may_be_killed_ten_times(study, run):
    out = study.parent / "killed"
    words = [str(study), "--out", str(out), "--engine", "dask"]
    rng = np.random.default_rng(0)
    with subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True) as process:
        killed = 0
        while process.poll() is None and killed < 10:
            time.sleep(0.2)
            workers = [p for p in psutil.Process(process.pid).children() if _is_at_work(p)]
            if workers and (out / "study.toml").exists():
                os.kill(workers[rng.integers(len(workers))].pid, signal.SIGKILL)
                killed += 1
        _, said = process.communicate()
    assert process.returncode == 0, said
    assert killed > 0
    assert contents(out) == run


def _is_at_work(process) -> bool:
    """Whether a process is a worker, and past what it takes to begin."""
    try:
        begun = process.cpu_times().user > 2.5
        return begun and any("spawn_main" in word for word in process.cmdline())
    except psutil.Error:
        return False
