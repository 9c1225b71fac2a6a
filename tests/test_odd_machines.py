"""Disks without room, outputs nobody reads, files that are none: one sentence each."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glasshouse import load_game
from glasshouse._foundation.files import write_file
from glasshouse.certificates.checker import verify
from glasshouse.errors import InputError, OutputError
from glasshouse.interop.nfg import read_nfg, write_nfg
from glasshouse.study import check_study, read_study
from glasshouse.study.folder import LOCK, PROVENANCE, check_new, check_out
from glasshouse.study.recipe import SCHEMA_VERSION, recipe_of

resource = pytest.importorskip("resource", reason="the system has no limits to set")

STUDY = '[game]\nname = "donation"\n[sweep]\n"semantics.coupling" = [0.5]\n'


@contextlib.contextmanager
def largest_file(size: int):
    """No file of this process may have more bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def one_line(found: tuple[int, str, str], code: int, *said: str) -> None:
    assert found[0] == code
    assert found[1] == ""
    assert found[2].startswith("glasshouse: ")
    assert found[2].count("\n") == 1
    for text in said:
        assert text in found[2]


@pytest.fixture
def prepared(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    return check_study(tmp_path / "study.toml")


# --- no room


def test_a_new_study_that_does_not_fit_is_not_there(call, tmp_path):
    with largest_file(100):
        one_line(call("new", str(tmp_path / "a.toml")), 1, "a.toml", "File too large")
    assert list(tmp_path.iterdir()) == []


def test_a_game_that_does_not_fit_leaves_the_old_one(tmp_path):
    path = tmp_path / "game.nfg"
    write_nfg(load_game("donation"), path)
    before = path.read_bytes()
    with largest_file(10), pytest.raises(OutputError, match="File too large"):
        write_nfg(load_game("stag_hunt"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
@pytest.mark.parametrize("words", [["games"], ["games", "--json"], ["--help"], ["schema"]])
def test_output_that_cannot_be_written_is_no_traceback(monkeypatch, capsys, words):
    from glasshouse.cli.main import main

    with open("/dev/full", "w", encoding="utf-8") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["glasshouse", *words])
        patch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as stop:
            main()
        assert stop.value.code == 1
    assert capsys.readouterr().err == (
        "glasshouse: output cannot be written: No space left on device\n"
    )


SHELL = """
glasshouse=$1
$glasshouse games | head -n 1 >&2; test ${PIPESTATUS[0]} = 0 -o ${PIPESTATUS[0]} = 1 || exit 11
$glasshouse games >&- || exit 12
$glasshouse no_such_command 2>&-; test $? = 2 || exit 13
unset HOME; export TERM=dumb NO_COLOR=1 COLUMNS=20
$glasshouse games stag_hunt <&- | grep -q stag || exit 14
"""


def test_streams_may_be_closed_or_read_in_part():
    words = ["bash", "-c", SHELL, "bash", f"{sys.executable} -m glasshouse"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("GAME")
    assert done.stderr.count("\n") == 1


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", ["0", "1", "20", "many"])
@pytest.mark.parametrize("words", ["games", "games stag_hunt", "games public_goods", "run --help"])
def test_terminals_of_any_width_are_written_to(monkeypatch, columns, words):
    from glasshouse.cli.main import main

    shown = io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", columns)
        patch.setenv("TERM", "dumb")
        patch.setattr(sys, "argv", ["glasshouse", *words.split()])
        patch.setattr(sys, "stdout", Terminal(shown, "utf-8"))
        with pytest.raises(SystemExit) as stop:
            main()
        sys.stdout.flush()
        assert not stop.value.code
        assert shown.getvalue()


@pytest.mark.parametrize("name", [300 * "a", 5000 * "a/", "a\0b", ""])
def test_names_that_no_file_can_have_are_unknown_games(name):
    with pytest.raises(InputError):
        load_game(name)


# --- folders of runs


def record(prepared, **changes: object) -> str:
    kept = {"status": "interrupted", "tables": {}, **recipe_of(prepared).identity, **changes}
    return json.dumps({key: value for key, value in kept.items() if value is not ...})


DAMAGED = {
    "tables missing": {"tables": ...},
    "tables a list": {"tables": ["sweep.parquet"]},
    "tables of numbers": {"tables": {"sweep.parquet": 1}},
    "no status": {"status": ...},
    "status of another kind": {"status": [1]},
}
DIFFERENT = {
    "versions a list": {"versions": []},
    "versions missing": {"versions": ...},
    "inputs a number": {"inputs": 3},
    "another schema": {"schema_version": {"a": SCHEMA_VERSION}},
    "seed a long text": {"seed": 1000 * "x"},
}
NO_RECORD = {
    "no JSON": b"{",
    "no object": b"[1]",
    "no text": b"\xff\xfe",
    "nested": 5000 * b"[" + 5000 * b"]",
    "empty": b"",
    "a long number": b"1" * 5000,
}


@pytest.mark.parametrize("case", [*DAMAGED, *DIFFERENT, *NO_RECORD])
def test_a_damaged_record_is_one_sentence(prepared, tmp_path, case):
    out = tmp_path / "out"
    out.mkdir()
    if case in NO_RECORD:
        (out / PROVENANCE).write_bytes(NO_RECORD[case])
    else:
        changes = {**DAMAGED, **DIFFERENT}[case]
        (out / PROVENANCE).write_text(record(prepared, **changes))
    said = "something else" if case in DIFFERENT else "is damaged"
    with pytest.raises(InputError, match=said) as error:
        check_out(out, recipe_of(prepared))
    assert len(str(error.value)) < 400 + len(str(out))
    assert "\n" not in str(error.value)


def test_a_record_that_is_a_folder_is_damaged(prepared, tmp_path):
    (tmp_path / "out" / PROVENANCE).mkdir(parents=True)
    with pytest.raises(InputError, match="is damaged"):
        check_out(tmp_path / "out", recipe_of(prepared))


OURS = ([], [LOCK], [f".{PROVENANCE}.partial"], [LOCK, f".{PROVENANCE}.partial"])
THEIRS = (["notes.txt"], [LOCK, "notes.txt"], [".hidden"], ["a.partial"], ["study.toml"])


@pytest.mark.parametrize("names", OURS)
def test_a_run_that_ended_before_its_first_record_can_go_on(prepared, tmp_path, names):
    out = tmp_path / "out"
    out.mkdir()
    for name in names:
        (out / name).write_bytes(b"half of it")
    check_out(out, recipe_of(prepared))


@pytest.mark.parametrize("names", THEIRS)
def test_other_folders_are_left_alone(prepared, tmp_path, names):
    out = tmp_path / "out"
    out.mkdir()
    for name in names:
        (out / name).write_bytes(b"mine")
    for check in (lambda: check_out(out, recipe_of(prepared)), lambda: check_new(out)):
        with pytest.raises(InputError, match="already there"):
            check()
    (tmp_path / "folder" / f".{PROVENANCE}.partial").mkdir(parents=True)
    with pytest.raises(InputError, match="already there"):
        check_out(tmp_path / "folder", recipe_of(prepared))


def test_a_link_in_the_output_folder_leads_no_writer_elsewhere(tmp_path):
    (tmp_path / "theirs").write_bytes(b"mine")
    (tmp_path / ".new.json.partial").symlink_to(tmp_path / "theirs")
    write_file(tmp_path / "new.json", b"{}")
    assert (tmp_path / "theirs").read_bytes() == b"mine"
    assert (tmp_path / "new.json").read_bytes() == b"{}"
    assert not (tmp_path / "new.json").is_symlink()


@pytest.mark.parametrize("command", [("run",), ("certify",)])
def test_outputs_that_cannot_be_made_are_refused_before_anything(call, tmp_path, command):
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "file").write_text("")
    words = (*command, str(tmp_path / "study.toml"), "--out")
    for out in ("file", "file/deeper", 300 * "x", "a/" + 300 * "x"):
        one_line(call(*words, str(tmp_path / out)), 2, "output folder")
    one_line(call("sceptic", "--out", str(tmp_path / (300 * "x"))), 2, "output folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "study.toml"]


# --- what is no file, or too large


READERS = {"study": (read_study, "toml"), "game": (read_nfg, "nfg"), "proof": (verify, "json")}


@pytest.mark.parametrize("kind", READERS)
def test_what_is_no_file_is_said_to_be_none(tmp_path, kind):
    read, suffix = READERS[kind]
    os.mkfifo(tmp_path / f"pipe.{suffix}")
    (tmp_path / f"folder.{suffix}").mkdir()
    (tmp_path / f"empty.{suffix}").write_bytes(b"")
    (tmp_path / f"binary.{suffix}").write_bytes(bytes(range(256)))
    (tmp_path / f"loop.{suffix}").symlink_to(f"loop.{suffix}")
    paths = [*tmp_path.iterdir(), tmp_path / f"missing.{suffix}", f"null\0.{suffix}", "/dev/zero"]
    assert len(paths) == 8
    for path in paths:
        with pytest.raises(InputError) as error:
            read(path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", READERS)
def test_large_files_are_refused_by_their_size(tmp_path, kind):
    read, suffix = READERS[kind]
    path = tmp_path / f"large.{suffix}"
    with open(path, "wb") as file:
        file.truncate(10**9)  # takes no room
    with pytest.raises(InputError, match="1000000000 bytes") as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_study_of_2_500_000_payoffs_is_refused_at_once(call, tmp_path):
    path = tmp_path / "large.toml"
    row = f"[{', '.join(1118 * ['0.5'])}]"
    path.write_text(f"[game]\npayoffs = [{', '.join(2236 * [row])}]\n")
    one_line(call("run", str(path)), 2, "more than 1000000 are not read", "game.file")


def test_a_game_of_more_than_a_million_payoffs_is_refused_at_its_header(tmp_path):
    path = tmp_path / "large.nfg"
    for body in ("{ 1000 1000 } " + 2_000_000 * "1 ", "{ 1500 1500 } { {} } " + 2_250_000 * "1 "):
        path.write_text('NFG 1 R "" { "a" "b" } ' + body)
        with pytest.raises(InputError, match=r"large\.nfg:1:\d+"):
            read_nfg(path)


def test_many_points_do_not_copy_a_long_table(tmp_path):
    table = [[float(i + j) for j in range(40)] for i in range(40)]
    (tmp_path / "s.toml").write_text(f"[game]\npayoffs = {table}\n")
    study = read_study(tmp_path / "s.toml")
    assert study.at({"semantics.coupling": 0.25}).game is study.game
    assert study.at({"semantics.coupling": 0.25}).semantics.model_dump()["coupling"] == 0.25
    changed = study.at({"game.payoffs.0.1": 7.5})
    assert (changed.game.payoffs or [])[0][1] == 7.5
    assert (study.game.payoffs or [])[0][1] == 1.0


# --- nested too deeply, numbers too long


def nested(opening: str, closing: str, depth: int) -> str:
    return depth * opening + "1" + depth * closing


TOO_DEEP = {
    "lists": f"x = {nested('[', ']', 3000)}",
    "tables": f"x = {nested('{a=', '}', 3000)}",
    "payoffs": f"[game]\npayoffs = {nested('[', ']', 3000)}",
    "payoffs, 400": f"[game]\npayoffs = {nested('[', ']', 400)}",
    "payoffs, 70": f"[game]\npayoffs = {nested('[', ']', 70)}",
    "starts": f'[game]\nname = "donation"\n[learning]\nstart = {nested("[", "]", 800)}',
    "keys": f'[game]\nname = "donation"\n[sweep{3000 * ".a"}]\nx = 1',
    "kept keys": f'[game]\nname = "donation"\n[sweep]\nx{3000 * ".a"} = 1',
    "a long number": f"x = {5000 * '1'}",
}


@pytest.mark.parametrize("case", TOO_DEEP)
def test_studies_nested_too_deeply_are_one_sentence(call, tmp_path, case):
    path = tmp_path / "deep.toml"
    path.write_text(TOO_DEEP[case])
    one_line(call("run", str(path)), 2, "deep.toml")


def test_other_files_nested_too_deeply_are_one_sentence(call, tmp_path):
    (tmp_path / "deep.json").write_text(nested("[", "]", 100_000))
    code, out, err = call("verify", str(tmp_path / "deep.json"))
    assert (code, err, out.count("REJECTED")) == (1, "", 1)
    inside = {"format": "glasshouse certificate", "schema_version": 1, "problem": ...}
    text = json.dumps({**inside, "problem": "x"}).replace('"x"', nested('{"payoffs":', "}", 800))
    (tmp_path / "inside.json").write_text(text)
    code, out, err = call("verify", str(tmp_path / "inside.json"))
    assert (code, err, out.count("REJECTED")) == (1, "", 1)
    (tmp_path / "deep.nfg").write_text('NFG 1 R "" { "a" "b" } ' + nested("{", "}", 30_000))
    one_line(call("games", str(tmp_path / "deep.nfg")), 2, "deep.nfg:1:")
