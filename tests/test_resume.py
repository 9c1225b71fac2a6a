"""Interrupted runs: what they leave, and that going on gives the bytes of an uninterrupted run."""

import functools
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import filelock
import pyarrow.parquet as pq
import pytest

from glasshouse.errors import InputError, OutputError
from glasshouse.study import check_study, run_study
from glasshouse.study import folder as folder_module
from glasshouse.study import shards as shards_module
from glasshouse.study.folder import as_json
from glasshouse.study.recipe import recipe_of
from glasshouse.study.report import figures as report_figures
from glasshouse.study.report.finished import StudyFigure
from glasshouse.study.result import StudyResult
from glasshouse.study.store import write_study

STUDY = """
[game]
name = "prisoners_dilemma"

[learning]
starts = 20
steps = 400
batch = 40          # two points of the sweep in each part

[sweep]
"semantics.coupling" = { start = 0.1, stop = 0.6, count = 11 }

[analysis]
thresholds = false
portrait = false
tied = false
boundary_test = false
"""
PARTS = 6


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the provenance, which tells when and where."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    return {name: p.read_bytes() for name, p in files.items() if name != "provenance.json"}


def shards(folder: Path) -> list[Path]:
    """Finished parts of the sweep, the oldest first."""
    found = (folder / "shards").glob("[!.]*.parquet")
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def provenance(folder: Path) -> dict:
    return json.loads((folder / "provenance.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("resume") / "study.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def whole(study) -> dict[str, bytes]:
    run_study(study, study.parent / "whole")
    return contents(study.parent / "whole")


@pytest.fixture(scope="module", autouse=True)
def drawn_once():
    """Figures are drawn once for each result that they show, which takes most of a run's time."""
    draw, drawn = report_figures.study_figures, {}

    def figures(result: StudyResult) -> tuple[Drawn, ...]:
        told = as_json({**result.to_dict(), **recipe_of(result.prepared).identity})
        shown = (told, *(column.to_pylist() for column in result.table.columns))
        if repr(shown) not in drawn:
            drawn[repr(shown)] = tuple(Drawn(**vars(figure)) for figure in draw(result))
        return drawn[repr(shown)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report_figures, "study_figures", figures)
        yield


class Drawn(StudyFigure):
    """A figure whose files are written more than once."""

    @functools.cached_property
    def _png(self) -> bytes:
        return super().png()

    def png(self) -> bytes:
        return self._png


class Stop(BaseException):
    """Stands for whatever ends a process between two writes."""


@pytest.fixture
def stopping(monkeypatch):
    """Let the run end just before, or halfway through, its n-th write."""

    def arrange(writes: int, *, halfway: bool = False) -> None:
        write, left = folder_module.write_file, [writes]

        def counted(path: Path, content: bytes, *writer: str) -> None:
            left[0] -= 1
            if left[0] < 0:
                if halfway:
                    path.with_name(f".{path.name}.partial").write_bytes(
                        content[: len(content) // 2]
                    )
                raise Stop
            write(path, content, *writer)

        for module in (folder_module, shards_module):
            monkeypatch.setattr(module, "write_file", counted)

    yield arrange
    monkeypatch.undo()


@pytest.mark.parametrize("halfway", [False, True])
@pytest.mark.parametrize("writes", [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14])
def test_stopped_before_any_write_it_goes_on_to_the_same_bytes(
    study, whole, tmp_path, stopping, monkeypatch, writes, halfway
):
    out = tmp_path / "out"
    stopping(writes, halfway=halfway)
    with pytest.raises(Stop):
        run_study(study, out)
    monkeypatch.undo()
    assert not (out / "report.html").exists() or writes > 12
    left = provenance(out) if writes else {"status": "interrupted", "tables": {}}
    assert left["status"] == "interrupted"
    for name in left["tables"]:
        assert len(pq.read_table(out / name)) == 11
    assert len(shards(out)) == (min(max(writes - 2, 0), PARTS) if writes < 10 else 0)
    assert all(len(pq.read_table(shard)) in (1, 2) for shard in shards(out))
    run_study(study, out)
    assert contents(out) == whole
    assert provenance(out)["status"] == "complete"


@pytest.mark.parametrize("size", [10, 4_000, 30_000])
def test_on_a_full_disk_it_stops_with_one_sentence_and_goes_on_to_the_same_bytes(
    study, whole, tmp_path, call, size
):
    resource = pytest.importorskip("resource", reason="the system has no limits to set")
    largest = max(map(len, whole.values()))
    assert size < largest
    words = ("run", str(study), "--out", str(tmp_path / "out"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        code, _, error = call(*words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert error.startswith("glasshouse: ")
    assert error.count("\n") == 1
    assert "File too large" in error
    assert "run it again to go on" in error
    assert not list((tmp_path / "out").rglob("*.partial"))
    assert call(*words)[0] == 0
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("name", ["shards", "report.html"])
def test_a_place_that_is_taken_in_mid_run_is_one_sentence(
    study, whole, tmp_path, stopping, monkeypatch, name
):
    """As when a permission is lost, which the superuser never loses."""
    out = tmp_path / "out"
    stopping(1)  # before the first part
    with pytest.raises(Stop):
        run_study(study, out)
    monkeypatch.undo()
    (out / name).symlink_to("/dev/null") if name == "shards" else (out / name).mkdir()
    with pytest.raises(OutputError, match=f"{name}.*cannot be written.*run it again to go on"):
        run_study(study, out)
    (out / name).unlink() if name == "shards" else (out / name).rmdir()
    run_study(study, out)
    assert contents(out) == whole


def test_finished_parts_are_not_computed_again(study, whole, tmp_path, stopping, monkeypatch):
    stopping(5)  # the first record, the study, and then a shard for each part
    with pytest.raises(Stop):
        run_study(study, tmp_path / "out")
    monkeypatch.undo()
    done = shards(tmp_path / "out")
    assert len(done) == 3
    computed = []
    original = shards_module.ShardStore.keep

    def keep(self, part, compute):
        return original(self, part, lambda: computed.append(part["sweep"]) or compute())

    monkeypatch.setattr(shards_module.ShardStore, "keep", keep)
    run_study(study, tmp_path / "out")
    assert computed == [[6, 8], [8, 10], [10, 11]]
    assert contents(tmp_path / "out") == whole


@pytest.mark.parametrize("damage", ["changed", "truncated", "swapped", "removed"])
def test_a_table_that_is_not_what_was_recorded_is_named_and_computed_again(
    study, whole, tmp_path, stopping, monkeypatch, damage
):
    out = tmp_path / "out"
    stopping(5)
    with pytest.raises(Stop):
        run_study(study, out)
    monkeypatch.undo()
    first, part, _ = shards(out)
    if damage == "changed":
        table = pq.read_table(part)
        changed = table.set_column(0, table.column_names[0], [[0.9, 0.95]])
        pq.write_table(changed, part)
    elif damage == "truncated":
        part.write_bytes(part.read_bytes()[:100])
    elif damage == "swapped":
        part.write_bytes(first.read_bytes())
    else:
        part.unlink()
    said = []
    run_study(study, out, warn=said.append)
    assert contents(out) == whole
    if damage == "removed":  # nothing there to mistrust
        assert said == []
    else:
        (line,) = said
        assert str(part) in line
        assert "is damaged, and left out" in line


def test_another_study_does_not_go_on_in_that_folder(study, tmp_path, stopping, monkeypatch):
    stopping(9)
    with pytest.raises(Stop):
        run_study(study, tmp_path / "out")
    monkeypatch.undo()
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace("steps = 400", "steps = 401"))
    with pytest.raises(InputError, match=r"learning\.steps was 400, now 401"):
        run_study(other, tmp_path / "out")
    record = provenance(tmp_path / "out")
    record["versions"]["jax"] = "0.1"
    (tmp_path / "out" / "provenance.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="versions: jax"):
        run_study(study, tmp_path / "out")


def test_what_another_generator_drew_is_not_gone_on_with(study, tmp_path, stopping, monkeypatch):
    stopping(9)
    with pytest.raises(Stop):
        run_study(study, tmp_path / "out")
    monkeypatch.undo()
    record = provenance(tmp_path / "out")
    for other, message in (
        ({**record["random"], "normal": "jax.random.normal"}, "random: normal"),
        (None, "random was None"),
    ):
        changed = {**record, "random": other}
        (tmp_path / "out" / "provenance.json").write_text(json.dumps(changed))
        with pytest.raises(InputError, match=message):
            run_study(study, tmp_path / "out")


def test_another_version_of_a_function_does_not_go_on(tmp_path, stopping, monkeypatch):
    code = "def own(params, seen):\n    return [[0.5, 0.5], [0.5, 0.5]]\n"
    (tmp_path / "own.py").write_text(code)
    path = tmp_path / "study.toml"
    custom = '[semantics]\nkind = "custom"\nfunction = "own.py:own"\n'
    path.write_text(STUDY.split("[sweep]")[0] + custom + '[sweep]\n"learning.steps" = [1, 2]\n')
    stopping(5)
    with pytest.raises(Stop):
        run_study(path, tmp_path / "out")
    monkeypatch.undo()
    assert (tmp_path / "out" / "own.py").read_text() == code
    (tmp_path / "own.py").write_text(code + "\n")
    with pytest.raises(InputError, match=r"inputs: own\.py"):
        run_study(path, tmp_path / "out")


def test_the_study_is_compared_again_when_the_folder_is_taken(
    study, tmp_path, stopping, monkeypatch
):
    """Another study may have come between the check and the work."""
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace("steps = 400", "steps = 20"))
    prepared = check_study(other)
    stopping(9)
    with pytest.raises(Stop):
        run_study(study, tmp_path / "out")
    monkeypatch.undo()
    before = contents(tmp_path / "out")
    with pytest.raises(InputError, match=r"learning\.steps was 400, now 20"):
        write_study(prepared, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_a_complete_study_is_said_to_be_there(study, whole):
    with pytest.raises(InputError, match=r"already holds this study, complete: see .*report\.html"):
        run_study(study, study.parent / "whole")


def test_the_command_says_again_what_a_complete_study_has_found(study, whole, tmp_path, call):
    """It computes nothing and writes nothing; what is not as it was written is no answer."""
    out = tmp_path / "out"
    shutil.copytree(study.parent / "whole", out)
    before = contents(out)
    code, said, _ = call("run", str(study), "--out", str(out))
    assert code == 0
    assert "computed before, and complete" in said
    assert contents(out) == before
    code, said, _ = call("run", str(study), "--out", str(out), "--json")
    assert code == 0
    assert json.loads(said)[str(out)] == json.loads(before["summary.json"])
    (out / "report.html").write_text("another", "utf-8")
    code, _, said = call("run", str(study), "--out", str(out))
    assert code == 2
    assert "holds this study, but its report.html is not what was recorded" in " ".join(
        said.split()
    )


def test_two_runs_do_not_write_into_one_folder(study, tmp_path, stopping, monkeypatch):
    stopping(9)
    with pytest.raises(Stop):
        run_study(study, tmp_path / "out")
    monkeypatch.undo()
    with (
        filelock.FileLock(tmp_path / "out" / ".lock"),
        pytest.raises(InputError, match="another run is writing"),
    ):
        run_study(study, tmp_path / "out")


def start(study: Path, out: Path) -> subprocess.Popen:
    words = [sys.executable, "-m", "glasshouse", "run", str(study), "--out", str(out)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_and_go_on(study: Path, out: Path, signals: Sequence[int], seed: int) -> None:
    """End the run at random moments, each a little further on, and let it finish at last."""
    moments = random.Random(seed)
    for k, ending in enumerate(signals):
        process = start(study, out)
        wanted = min(k // 2, PARTS - 1)
        while len(shards(out)) < wanted and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.5))
        process.send_signal(ending)
        _, error = process.communicate(timeout=120)
        if process.returncode == 0:  # it was faster than the signal
            break
        # Before the command has been imported, Python itself answers.
        assert process.returncode in ((-9,) if ending == signal.SIGKILL else (1, -ending)), error
        assert not (out / "report.html").exists()
        if (out / "provenance.json").exists():
            assert provenance(out)["status"] == "interrupted"
        assert ("interrupted" in error) == (process.returncode == 1)
    if not (out / "report.html").exists():
        process = start(study, out)
        _, error = process.communicate(timeout=120)
        assert process.returncode == 0, error


def test_killed_runs_go_on_to_the_same_bytes(study, whole, tmp_path):
    signals = [signal.SIGKILL, signal.SIGTERM]  # SIGINT: test_cli_certificates.py
    kill_and_go_on(study, tmp_path / "out", signals, seed=1)
    assert contents(tmp_path / "out") == whole


@pytest.mark.slow
def test_killed_ten_times_it_goes_on_to_the_same_bytes(study, whole, tmp_path):
    signals = [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL] * 2
    kill_and_go_on(study, tmp_path / "out", signals, seed=2)
    assert contents(tmp_path / "out") == whole
