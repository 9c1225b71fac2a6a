"""A study runs its Python file when it is checked: one from elsewhere only where it is trusted."""

from pathlib import Path

import pytest

from glasshouse.errors import InputError
from glasshouse.study import check_study, prepare, read_study, run_study
from glasshouse.study.store import compute

STUDY = """
[game]
name = "donation"
[semantics]
kind = "custom"
function = {where!r}
[learning]
starts = 2
steps = 2
[analysis]
thresholds = false
portrait = false
certify = false
"""

CODE = """
from pathlib import Path

Path({ran!r}).write_text("ran")


def even(params, seen):
    return [[0.5, 0.5], [0.5, 0.5]]
"""


@pytest.fixture
def place(tmp_path):
    """A folder of studies beside one with code, which says when it has run."""
    for folder in ("studies/inside", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
    code = CODE.format(ran=str(tmp_path / "ran"))
    for file in ("studies/own.py", "studies/inside/own.py", "elsewhere/own.py"):
        (tmp_path / file).write_text(code + f"# {file}\n")
    (tmp_path / "studies" / "link.py").symlink_to(tmp_path / "elsewhere" / "own.py")
    (tmp_path / "studies" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back.py").symlink_to(tmp_path / "studies" / "own.py")
    return tmp_path


def write(place: Path, where: str) -> Path:
    path = place / "studies" / "study.toml"
    path.write_text(STUDY.format(where=f"{where}:even"))
    return path


INSIDE = ("own.py", "inside/own.py", "inside/../own.py", "linked/back.py", "./own.py")
OUTSIDE = ("../elsewhere/own.py", "link.py", "linked/own.py", "inside/../../elsewhere/own.py")


@pytest.mark.parametrize("where", INSIDE)
def test_a_file_in_the_folder_of_the_study_is_run(place, where):
    check_study(write(place, where))
    assert (place / "ran").exists()


@pytest.mark.parametrize("where", [*OUTSIDE, "{place}/elsewhere/own.py", "../elsewhere/none.py"])
def test_a_file_from_elsewhere_is_not_run(place, where, call):
    path = write(place, where.format(place=place))
    for found in (call("run", str(path)), call("certify", str(path))):
        code, out, error = found
        assert (code, out) == (2, "")
        assert error.count("\n") == 1
        assert "semantics.function" in error
        assert "outside the study's folder" in error
        assert "--trust" in error
    for refused in (
        lambda: check_study(path),
        lambda: run_study(path, place / "out"),
        lambda: prepare(read_study(path), path.parent),
    ):
        with pytest.raises(InputError, match="trust=True"):
            refused()
    assert not (place / "ran").exists()
    assert not (place / "out").exists()


@pytest.mark.parametrize("where", OUTSIDE)
def test_trusted_it_is_run(place, where):
    prepared = check_study(write(place, where), trust=True)
    assert (place / "ran").exists()
    (content,) = prepared.inputs.values()
    assert content == (place / "elsewhere" / "own.py").read_bytes()


def test_the_command_takes_trust(place, call):
    path = write(place, "link.py")
    (place / "taken").write_text("")
    code, _, error = call("certify", str(path), "--trust", "--out", str(place / "taken"))
    assert code == 2
    assert "already there" in error  # checked, and so run
    assert (place / "ran").exists()
    found = compute(check_study(path, trust=True))
    assert found.table.num_rows == 1


def test_what_a_trusted_run_copies_needs_no_trust(place):
    run_study(write(place, "../elsewhere/own.py"), place / "out", trust=True)
    (place / "ran").unlink()
    check_study(place / "out" / "study.toml")
    assert (place / "ran").exists()


def test_a_study_by_a_link_or_from_its_own_folder(place, monkeypatch):
    write(place, "own.py")
    monkeypatch.chdir(place / "studies")
    check_study("study.toml")
    (place / "way").symlink_to(place / "studies")
    check_study(place / "way" / "study.toml")
    assert prepare(read_study("study.toml")).inputs
