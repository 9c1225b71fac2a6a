"""Studies: the folder they write, and that the same study gives the same numbers."""

import hashlib
import json
import math
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from glasshouse.analysis import LogisticFamily, Starts, assess
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.interop import load_game
from glasshouse.plots import Marker, plot_coupling
from glasshouse.study import read_study, run_study

STUDY = """
[game]
name = "prisoners_dilemma"

[learning]
starts = 60
steps = 3000
seed = 7

[sweep]
"semantics.coupling" = { start = 0.2, stop = 1.0, count = 9 }
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("study")
    (folder / "pd.toml").write_text(STUDY)
    run_study(folder / "pd.toml", folder / "out")
    return folder / "pd.toml", folder / "out"


def test_folder_is_complete(written):
    _, out = written
    expected = ["coupling.png", "coupling.svg", "provenance.json", "study.toml"]
    expected += ["summary.json", "sweep.parquet"]
    assert sorted(p.name for p in out.iterdir()) == expected


def test_table_holds_the_theory(written):
    table = pq.read_table(written[1] / "sweep.parquet").to_pydict()
    coupling = np.array(table["coupling"])
    assert coupling == pytest.approx(np.linspace(0.2, 1.0, 9))
    rises = [direction == "rises" for direction in table["first_movement"]]
    assert rises == (coupling > 3 / 7).tolist()
    branch = np.clip((5 * coupling - 1 - coupling) / (1 + coupling), 0, 1)  # p* = (4κ-1)/(1+κ)
    inside = (branch > 0.05) & (branch < 0.95)
    assert inside.sum() == 4
    assert np.array(table["tied_cooperation"])[inside] == pytest.approx(branch[inside], abs=1e-4)
    assert table["boundary_passes"] == (coupling > 0.870467371354).tolist()
    total = sum(np.array(table[f"{name}_share"]) for name in ("cooperation", "exploitation"))
    assert total + np.array(table["defection_share"]) == pytest.approx(np.ones(9))


def test_same_study_gives_the_same_bytes(written, tmp_path):
    study, out = written
    run_study(study, tmp_path / "again")
    run_study(out / "study.toml", tmp_path / "resolved")
    for again in (tmp_path / "again", tmp_path / "resolved"):
        for name in ("sweep.parquet", "summary.json", "study.toml", "coupling.svg"):
            assert (again / name).read_bytes() == (out / name).read_bytes()


def test_written_study_of_a_game_file_runs_again(tmp_path):
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "pd.nfg").write_text(
        'NFG 1 R "x" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n'
    )
    study = STUDY.replace('name = "prisoners_dilemma"', 'file = "game/pd.nfg"')
    (tmp_path / "mine.toml").write_text(study)
    run_study(tmp_path / "mine.toml", tmp_path / "first")
    run_study(tmp_path / "first" / "study.toml", tmp_path / "second")
    first, second = (tmp_path / name / "sweep.parquet" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_resolved_study_has_every_default(written):
    resolved = tomllib.loads((written[1] / "study.toml").read_text("utf-8"))
    assert resolved["learning"]["step_size"] == 0.1
    assert resolved["semantics"]["bound"] == 3.0
    assert resolved["sweep"]["semantics.coupling"] == {"start": 0.2, "stop": 1.0, "count": 9}


def test_provenance_hashes_inputs_and_outputs(written):
    study, out = written
    provenance = json.loads((out / "provenance.json").read_text("utf-8"))
    assert provenance["status"] == "complete"
    assert provenance["seed"] == 7
    assert provenance["inputs"] == {"pd.toml": hashlib.sha256(study.read_bytes()).hexdigest()}
    for name, digest in provenance["outputs"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert set(provenance["outputs"]) | {"provenance.json"} == {p.name for p in out.iterdir()}


def test_claims_name_the_three_things(written):
    claims = json.loads((written[1] / "summary.json").read_text("utf-8"))["claims"]
    assert [claim.split(":")[0].split(" (")[0] for claim in claims] == [
        "First movement",
        "Outcome from unequal starts",
        "Equilibrium",
    ]
    assert "above coupling 0.428571 ± 1e-10 (closed form 0.428571)" in claims[0]
    assert "after 1000 steps of 0.1 above coupling 0.428571" in claims[0]
    assert "0.870467" in claims[2]
    assert "not proved" in claims[2]


def test_figure_is_text_and_marks_the_thresholds(written):
    svg = (written[1] / "coupling.svg").read_text("utf-8")
    assert "<text" in svg
    for said in ("Prisoner's dilemma", "equilibrium threshold", "some exploit others", "seed 7"):
        assert said in svg


def test_interrupted_study_leaves_nothing(tmp_path):
    (tmp_path / "long.toml").write_text(STUDY.replace("steps = 3000", "steps = 10000000"))
    words = ["-m", "glasshouse", "run", "long.toml", "--out", "out"]
    process = subprocess.Popen([sys.executable, *words], cwd=tmp_path, stderr=subprocess.PIPE)
    time.sleep(6)  # well into computing; earlier would be interrupted all the same
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in error
    assert [p.name for p in tmp_path.iterdir()] == ["long.toml"]


def test_game_file_is_relative_to_the_study(tmp_path):
    folder = tmp_path / "nested"
    folder.mkdir()
    (folder / "pd.nfg").write_text('NFG 1 R "mine" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n')
    (folder / "study.toml").write_text('[game]\nfile = "pd.nfg"\n')
    family = read_study(folder / "study.toml").prepare(folder).family
    assert family.game.title == "mine"
    assert np.asarray(family.game.tensor).tolist() == [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]


def test_coupling_pattern_is_multiplied_by_the_swept_values(tmp_path):
    """One-sided reading: only player 2 reads, so only player 1 has the incentive to cooperate."""
    text = '[game]\nname = "donation"\n[semantics]\ncoupling = [[0, 0], [1, 0]]\n'
    (tmp_path / "one_sided.toml").write_text(text)
    family = read_study(tmp_path / "one_sided.toml").prepare(tmp_path).family
    gradients = family(0.6).selfish_gradients((np.array(0.0), np.array(0.0)))
    # θ_1' = v (A + κ B) = (-1 + 0.6 · 3) / 4, θ_2' = v A = -1/4
    assert np.array(gradients) == pytest.approx([0.2, -0.25])
    assert family.symmetric_payoffs is None


def test_given_starts_are_used():
    family = LogisticFamily(load_game("prisoners_dilemma"), bound=3.0)
    starts = Starts(profiles=((1.0, -1.0), (-1.0, 1.0), (1.0, -1.0)))
    (found,) = assess(family, [0.5], starts=starts)
    # At κ = ½ the player who starts more cooperative is the one exploited.
    assert [share.count for share in found.generic.exploited] == [2, 1]
    assert found.generic.detail.startswith("3 given starts")


def test_parts_that_do_not_apply_say_why():
    tensor = np.arange(12.0).reshape(2, 2, 3)
    (found,) = assess(LogisticFamily(NormalFormGame(tensor), bound=2.0), [0.3], steps=50)
    assert found.tied is None
    assert found.boundary is None
    assert found.rest_points is None
    assert any("differ in shape" in note for note in found.notes)
    assert any("2 parameters" in note for note in found.notes)


def test_unwritable_output_is_refused_before_computing(tmp_path):
    (tmp_path / "pd.toml").write_text(STUDY)
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(InputError, match="not a writable folder"):
        run_study(tmp_path / "pd.toml", blocker / "out")


def test_plot_leaves_out_thresholds_beyond_the_couplings():
    family = LogisticFamily(load_game("donation"), bound=3.0)
    found = assess(family, [0.1, 0.2, 0.3], steps=100, starts=Starts(10))
    markers = [Marker(1 / 3, "beyond"), Marker(0.25, "within")]
    figure = plot_coupling(found, markers, "title", "caption")
    upper, lower = figure.axes
    assert [text.get_text() for text in upper.texts] == ["within"]
    assert any(np.all(np.asarray(line.get_xdata()) == 0.25) for line in lower.get_lines())
    assert upper.get_ylabel() == "probability of cooperating"
    assert math.isclose(upper.get_xlim()[1], 0.3)
