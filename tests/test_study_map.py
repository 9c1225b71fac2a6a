"""Studies with a map: shards by anybody in any order, interrupted, damaged, collected, refused."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import glasshouse as gh
from glasshouse import InputError
from glasshouse._foundation.files import this_process, write_file
from glasshouse.study import collect, run_study
from glasshouse.study import shards as shards_module
from glasshouse.study.maps.field import StudyField
from glasshouse.study.maps.store import MAP
from glasshouse.study.setting import prepare
from glasshouse.study.spec.toml import parse_study
from glasshouse.theory.registry import value_of

STUDY = """
game.name = "prisoners_dilemma"
semantics.bound = 3.0

[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.5, count = 270 }
"game.parameters.T" = { start = 3.2, stop = 7.0, count = 33 }

[learning]
starts = 2
steps = 200

[map]
coarse = 16
audit = 40
seed = 3
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("map") / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def whole(study):
    return run_study(study, study.parent / "whole"), contents(study.parent / "whole")


def test_how_many_runs_came_to_rest_is_said(study, whole):
    """Counted in the table: 2 starts in each computed cell."""
    table = pq.read_table(study.parent / "whole" / MAP).to_pandas()
    computed = table[table["computed"]]
    told = f"{computed['at_rest'].sum():.0f} of {2 * len(computed)} runs in computed cells came"
    assert told in str(whole[0].to_dict()["claims"])


def contents(folder: Path) -> dict[str, bytes]:
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: p.read_bytes() for name, p in files.items() if name != "provenance.json"}


def test_the_map_says_what_was_computed_and_how_far_it_holds(study, whole):
    result, files = whole
    summary = json.loads(files["summary.json"])
    told = summary["map"]
    assert told["cells"] == 270 * 33 == told["there"]
    assert told["computed"] < 0.3 * told["cells"]
    assert told["steps_of_grid"] == 270 * 33 * 2 * 200
    assert told["audit"]["cells"] == 40
    assert told["audit"]["wrong"] == 0
    assert told["audit"]["bound"] == pytest.approx(1 - 0.05 ** (1 / 40))
    assert "every 16th value" in told["guarantee"]
    assert summary["axes"] == []  # nothing is swept point by point
    table = pq.read_table(study.parent / "whole" / MAP)
    assert table.num_rows == told["cells"]
    assert table.column("computed").to_numpy().sum() == told["computed"]
    assert table.column("semantics.coupling").to_pylist()[:2] == [0.0, round(1.5 / 269, 12)]
    report = files["report.html"].decode()
    assert f"{told['computed']} of {told['cells']} cells computed" in report
    assert "map.svg" in files or "map.svg" in report
    assert result.map.facts == {k: told[k] for k in result.map.facts}


def test_cells_are_what_single_studies_find(study, whole):
    result, _ = whole
    values = {"semantics.coupling": 1.5 * 150 / 269, "game.parameters.T": 3.2 + 3.8 * 20 / 32}
    own = STUDY.partition("[sweep]")[0] + "sweep = {}\nlearning = { starts = 2, steps = 200 }"
    single = parse_study(own).at(values)
    point = prepare(single).base
    (alone,) = gh.generic_outcomes([point.parametric], learning=point.learning)
    for name in ("cooperation", "exploitation", "defection"):
        share = result.map.shares[f"{name}_share"][20, 150]
        assert share == getattr(alone, name).value


def test_shards_by_many_in_any_order_are_the_run(study, whole, call):
    out = study.parent / "shared"
    arguments = ("run", str(study), "--out", str(out), "--shard")
    assert call(*arguments, "1/2")[0] == 0
    code, said, _ = call("collect", str(out))
    assert code == 0
    assert "cells are there" in said.splitlines()[0]
    partial = json.loads((out / "summary.json").read_text())["map"]
    assert partial["there"] == 14 * 33
    assert partial["audit"] is None
    code, said, _ = call(*arguments, "0/2", "--json")
    assert json.loads(said)[str(out)] == {"shard": 0, "of": 2, "pieces": 1, "pieces_of_all": 2}
    told = json.loads(call("collect", str(out), "--json")[1])
    assert told["map"]["there"] == told["map"]["cells"]
    assert not told["map"]["complete"]  # seams and audit are left
    assert told["map"]["guarantee"].startswith("nothing yet")
    assert any("still to be computed" in note for note in told["notes"])
    assert call("run", str(study), "--out", str(out))[0] == 0
    assert contents(out) == whole[1]
    assert "already holds this study, complete" in call("collect", str(out))[2]


def test_a_damaged_shard_is_computed_again(study, whole, call):
    out = study.parent / "damaged"
    assert call("run", str(study), "--out", str(out), "--shard", "0/1")[0] == 0
    shard = max((out / "shards").iterdir(), key=lambda p: p.stat().st_size)
    content = bytearray(shard.read_bytes())
    content[len(content) // 3] ^= 1
    shard.write_bytes(content)
    (out / "shards" / "unknown.parquet").write_bytes(b"of another version")
    code, _, warned = call("run", str(study), "--out", str(out))
    assert code == 0
    assert f"{shard} is damaged, and left out" in warned.replace("\n", " ")
    (out / "shards" / "unknown.parquet").unlink()
    assert contents(out) == whole[1]


def test_shards_of_other_machines_are_taken_with_a_warning(study, whole, monkeypatch, call):
    out = study.parent / "elsewhere"
    monkeypatch.setattr(shards_module, "processor_features", lambda: "riscv64")
    assert call("run", str(study), "--out", str(out), "--shard", "0/2")[0] == 0
    monkeypatch.undo()
    code, _, warned = call("run", str(study), "--out", str(out))
    assert code == 0
    assert "1 shards in" in warned
    assert "machines of another type" in " ".join(warned.split())
    assert contents(out)[MAP] == whole[1][MAP]


def test_of_another_study_or_version_nothing_is_mixed_in(study, call):
    out = study.parent / "other"
    assert call("run", str(study), "--out", str(out), "--shard", "0/2")[0] == 0
    changed = study.parent / "changed.toml"
    changed.write_text(STUDY.replace("seed = 3", "seed = 4"))
    code, _, said = call("run", str(changed), "--out", str(out), "--shard", "0/2")
    assert code == 2
    assert "holds a run of something else (map.seed was 3, now 4)" in " ".join(said.split())
    assert len(list((out / "shards").iterdir())) == 1


def test_processes_may_be_killed_at_any_moment(study, whole):
    """Two at a time, as a cluster runs them; whoever is left over goes on."""
    out = study.parent / "killed"
    command = [sys.executable, "-m", "glasshouse", "run", str(study), "--out", str(out)]
    environment = {**os.environ, "COLUMNS": "100"}
    for seconds in (1.5, 3.0, 4.5):
        both = [subprocess.Popen([*command, "--shard", f"{k}/2"], env=environment) for k in (0, 1)]
        time.sleep(seconds)
        for process in both:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(command, check=True, env=environment, capture_output=True)
    assert contents(out) == whole[1]


def field_of(toml: str) -> StudyField:
    field = prepare(parse_study(toml)).field
    assert field is not None
    return field


def refused(toml: str) -> str:
    with pytest.raises(InputError) as error:
        prepare(parse_study(toml))
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"game.parameters.T"', "# ", "needs two axes or more, and \\[sweep\\] has 1"),
        ("coarse = 16", "coarse = 1", "key 'map.coarse' must be greater than or equal to 2"),
        ("count = 270", "count = 100000", None),
        ("[map]", "[map]\nadptive = true", "unknown key 'map.adptive'"),
        ("steps = 200", 'steps = 200\nrule = "lola"\nsees = { kind = "noisy" }', "never rests"),
        ("[map]", '[analysis]\nobserve = "welfare"\n[map]', "a map shows who cooperates"),
        ("seed = 3", 'seed = 3\n[[compare]]\nrule = "lola"', "are two questions"),
        ("start = 3.2", "start = 2.5", "T > R > P > S"),
        ('"game.parameters.T"', '"learning.seed"', "must|changes the starts"),
        ("starts = 2\n", "starts = 100000\n", "more than 500000000 runs"),
    ],
)
def test_what_is_no_map_is_refused_before_anything_is_computed(old, new, said):
    toml = STUDY.replace(old, new)
    if said is None:
        assert field_of(toml).shape == (33, 100_000)
        return
    assert re.search(said, refused(toml))


def test_axes_that_change_what_a_game_is_made_of_are_refused():
    toml = """
    game.name = "public_goods"
    [sweep]
    "game.parameters.n" = [3, 4]
    "semantics.coupling" = [0.1, 0.2]
    [map]
    """
    assert "changes what the game is made of" in refused(toml)


def test_two_payoffs_are_moved_apart():
    toml = STUDY.replace("semantics.coupling", "game.parameters.R").replace("1.5", "3.1")
    field = field_of(toml.replace("start = 0.0", "start = 2.0"))
    assert field.separable
    (group,) = field.groups(np.array([[32, 269], [0, 0]]))
    for game, (T, R) in zip(group.games, ((7.0, 3.1), (3.2, 2.0)), strict=True):
        np.testing.assert_array_equal(game.game.tensor[0], [[R, 0.0], [T, 1.0]])
        np.testing.assert_allclose(game.midpoints, [T / 2, T / 2])


def test_steps_of_the_grid_are_those_of_every_way_of_learning():
    field = field_of(
        STUDY.replace("semantics.coupling", "learning.step_size")
        .replace("start = 0.0, stop = 1.5, count = 270", "start = 0.1, stop = 0.2, count = 2")
        .replace(
            '"game.parameters.T" = { start = 3.2, stop = 7.0, count = 33 }',
            '"learning.steps" = [100, 1000]',
        )
    )
    assert field.steps == 550
    assert "100 steps of 0.1" in field.detail
    assert "1000 steps of 0.2" in field.detail or "more ways" in field.detail


def test_many_processes_may_write_one_file(tmp_path):
    """As tasks of a cluster do that begin together."""
    path, content = tmp_path / "shard.parquet", b"x" * 100_000

    def write(_):
        write_file(path, content, this_process())
        return path.read_bytes() == content

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write, range(200)))
    assert [p.name for p in tmp_path.iterdir()] == ["shard.parquet"]


def test_what_is_in_a_folder_of_somebody_else_stays_as_it_is(study, tmp_path, call):
    (tmp_path / "study.toml").write_text("# mine")
    code, _, said = call("run", str(study), "--out", str(tmp_path), "--shard", "0/2")
    assert code == 2
    assert "is already there" in " ".join(said.split())
    assert (tmp_path / "study.toml").read_text() == "# mine"


def test_cells_beside_closed_forms_are_computed_in_any_case():
    """Whose curve is that of theory: thresholds of first movement and of the corners, by T."""
    field = field_of(STUDY)
    couplings, temptations = field.axes.values()
    seeds = field.seeds
    for row, temptation in ((0, 3.2), (16, 5.1), (32, 7.0)):
        family = gh.LogisticFamily(gh.load_game(f"prisoners_dilemma:T={temptation}"), 3.0)
        wanted = [x["value"] for x in value_of(gh.known("thresholds", family)).kinds]
        inside = [x for x in wanted if x is not None and 0 <= x <= 1.5]
        columns = seeds[seeds[:, 0] == row, 1]
        assert temptations[row] == pytest.approx(temptation)
        assert len(columns) == 2 * len(inside) > 0
        for value in inside:
            before = int(np.flatnonzero(couplings < value)[-1])
            assert {before, before + 1} <= set(columns.tolist())
    unknown = field_of(STUDY.replace("[learning]", '[learning]\nrule = "lola"'))
    assert unknown.seeds.shape == (0, 2)


def test_numbers_that_two_axes_move_together_are_built_one_by_one():
    toml = """
    game.name = "donation"
    [sweep]
    "game.parameters.b" = [2.0, 3.0, 4.0]
    "game.parameters.c" = [0.5, 1.0]
    [learning]
    starts = 1
    [map]
    adaptive = false
    """
    field = field_of(toml)
    assert not field.separable
    cells = np.array([[1, 2], [0, 1]])
    (group,) = field.groups(cells)
    for game, (b, c) in zip(group.games, ((4.0, 1.0), (3.0, 0.5)), strict=True):
        np.testing.assert_array_equal(game.game.tensor[0], [[b - c, -c], [b, 0.0]])


def test_a_million_cells_are_prepared_as_arrays():
    toml = STUDY.replace("count = 270", "count = 1000").replace("count = 33", "count = 1000")
    field = field_of(toml)
    assert field.separable
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 1000, (50, 2))
    (group,) = field.groups(cells)
    for game, (row, column) in zip(group.games, cells.tolist(), strict=True):
        T, coupling = 3.2 + 3.8 * row / 999, 1.5 * column / 999
        assert game.game.tensor[0, 1, 0] == pytest.approx(T, abs=1e-11)
        assert float(game.semantics.coupling) == pytest.approx(coupling, abs=1e-11)


@pytest.mark.parametrize("shard", ["2/2", "x", "1", "0/0", "-1/2"])
def test_which_process_it_is_must_be_said(study, call, shard):
    code, _, said = call("run", str(study), "--out", str(study.parent / "no"), "--shard", shard)
    assert code == 2
    assert "--shard" in said
    assert not (study.parent / "no").exists()


def test_what_cannot_be_collected(study, tmp_path, call):
    assert "holds no study.toml" in " ".join(call("collect", str(tmp_path))[2].split())
    (tmp_path / "study.toml").write_text('game.name = "stag_hunt"\nsweep = {}\n')
    assert "has no [map]" in " ".join(call("collect", str(tmp_path))[2].split())
    assert call("run", str(study), "--out", str(tmp_path / "no"), "--shard", "0/2")[0] == 0
    shutil.rmtree(tmp_path / "no/shards")
    with pytest.raises(InputError, match="has no shard of this study and version"):
        collect(tmp_path / "no")
