"""Sweeps in shards: by several processes, by Dask's tasks, and from another machine."""

import json
from pathlib import Path

import pytest

from glasshouse.study import recipe as recipe_module
from glasshouse.study import run_study
from glasshouse.study.engines import piece_written
from glasshouse.study.parts import SweepWork
from glasshouse.study.recipe import recipe_of
from glasshouse.study.setting import check_study
from glasshouse.study.shards import ShardStore
from glasshouse.study.store import write_study

STUDY = """
game.name = "stag_hunt"

[learning]
starts = 20
steps = 100
batch = 60  # three couplings in each piece

[sweep]
"semantics.coupling" = { start = 0.0, stop = 0.6, count = 7 }

[analysis]
thresholds = false
portrait = false
tied = false
boundary_test = false
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("shards") / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def whole(study) -> bytes:
    run_study(study, study.parent / "whole")
    return (study.parent / "whole" / "sweep.parquet").read_bytes()


def test_pieces_of_a_sweep_by_many_are_the_run(study, whole, call):
    out = study.parent / "shared"
    words = ("run", str(study), "--out", str(out))
    code, said, _ = call(*words, "--shard", "1/2")
    assert code == 0
    assert said.startswith("shared: of 3 pieces of the sweep 1 fell to this process, and are in")
    told = json.loads(call(*words, "--shard", "0/2", "--json")[1])
    assert told[str(out)] == {"shard": 0, "of": 2, "pieces": 2, "pieces_of_all": 3}
    assert len(list((out / "shards").iterdir())) == 3
    assert "only maps are shown in part" in call("collect", str(out))[2].replace("\n", " ")
    code, _, warned = call(*words)
    assert (code, warned) == (0, "")
    assert (out / "sweep.parquet").read_bytes() == whole
    assert not (out / "shards").exists()


def test_tasks_of_a_cluster_write_the_pieces_that_a_run_takes(study, whole, tmp_path):
    prepared, asked = check_study(study), []

    def elsewhere(work):
        def tables(pieces):
            for piece in pieces:
                name = work.store.path(work.key(piece)).name
                asked.append(tuple(piece))
                assert piece_written(str(tmp_path / "out"), piece, name) == []
                yield work.read(piece)

        return tables

    write_study(prepared, tmp_path / "out", workers=elsewhere)
    assert asked == [(0, 3), (3, 6), (6, 7)]
    assert (tmp_path / "out" / "sweep.parquet").read_bytes() == whole


def test_what_another_machine_has_finished_is_taken_with_a_warning(study, tmp_path, monkeypatch):
    prepared, out = check_study(study), tmp_path / "out"
    monkeypatch.setattr(recipe_module.platform, "platform", lambda: "Plan 9")
    monkeypatch.setattr("glasshouse.study.store._complete", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # with the sweep, and without what follows
        write_study(prepared, out)
    monkeypatch.undo()
    said = []
    write_study(prepared, out, said.append)
    (line,) = said
    assert line.startswith(f"sweep.parquet in {out} were computed elsewhere (platform was 'Plan 9'")
    store = ShardStore(out, recipe_of(prepared), said.append)
    assert SweepWork(prepared, store).read(SweepWork(prepared, store).pieces[0]) is None
