"""The commands about certificates: what they say, exit codes, and one line for bad input."""

import contextlib
import copy
import io
import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.loading import loaded_by

from glasshouse._foundation.digits import plus_minus
from glasshouse.analysis.equilibria.find import find_equilibria
from glasshouse.analysis.equilibrium.certification import certify
from glasshouse.certificates.document import digest_of
from glasshouse.channels.box import Box
from glasshouse.cli.main import main
from glasshouse.families.family import LogisticFamily
from glasshouse.games import catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.custom import Custom

THRESHOLD = 0.870467371354
"""From here on the corner is an equilibrium of the prisoner's dilemma, M = 3."""

LEAVING = 0.950157922262
"""What leaving that corner gains at κ = 0.5 …"""
DIGITS = 5e-13
"""As far as it is known."""
LEAVING_TO = -2.9523542
"""… by moving here."""

TIED = math.log(2) / 1.5
"""Where tied learning rests at κ = 0.5: p* = 2/3, and θ (1 + κ) is its logit."""

STUDY = """
[game]
name = "prisoners_dilemma"
[semantics]
coupling = 0.5
bound = 3.0
[learning]
starts = 20
steps = 300
[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.0, count = 3 }
"""
UNSWEPT = STUDY.partition("[sweep]")[0] + "[sweep]\n"


def dilemma(coupling: float, bound: float = 3.0) -> ParametricGame:
    return LogisticFamily(catalogue.prisoners_dilemma(), bound)(coupling)


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def gain_from_tied_point() -> float:
    """What moving alone from the tied rest point to 3 gains at κ = 0.5."""

    def paid(theta: float) -> float:
        p, q = logistic(theta + 0.5 * TIED), logistic(TIED + 0.5 * theta)
        return 3 * p * q + 5 * (1 - p) * q + 1 * (1 - p) * (1 - q)

    return paid(3.0) - paid(TIED)


def tanh_reader(params, seen):
    p = [0.5 + 0.4 * jnp.tanh(params[i] + 0.5 * seen[i][1 - i]) for i in (0, 1)]
    return [jnp.stack([x, 1 - x]) for x in p]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A folder of certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    corner, program = (3.0, 3.0), Custom(tanh_reader, [Box(-2.0, 2.0)] * 2)
    custom = ParametricGame(catalogue.stag_hunt(), program)
    for name, certificate in {
        "certified": certify(dilemma(0.9), corner, 1e-6),
        "refuted": certify(dilemma(0.5), corner, 1e-6),
        "exact": certify(dilemma(0.9), corner, 0.0),
        "interval": certify(dilemma(1.0), corner, 0.0, couplings=(0.871, 3.0)),
        "fails": certify(dilemma(1.0), corner, 0.0, couplings=(0.87, 0.87)),
        "unknown": certify(dilemma(0.5), corner, 0.9502, budget=3),
        "unbounded": certify(dilemma(0.3, math.inf), (-1.3, -1.3), 0.0),
        "program": certify(custom, (2.0, 2.0), 1e-6),
        "all": find_equilibria(dilemma(0.6)),
        "none": find_equilibria(dilemma(0.5)),
        "cut short": find_equilibria(dilemma(0.5), budget=1),
    }.items():
        certificate.write(folder / f"{name}.json")
    return folder


SAID = {
    "certified": ("certified: no player gains more than 1e-06 (2e-07 of the payoff range)", "0.9"),
    "refuted": ("refuted: player 1 gains at least 0.950157 by moving to -2.95235", "[-3, 3]"),
    "exact": ("certified: no player gains anything\n",),
    "interval": ("certified: no player gains anything, for every coupling in [0.871, 3]",),
    "fails": ("refuted: player 1 gains at least", "at coupling 0.87"),
    "unknown": ("unknown: the best gain of player 1 lies in [0.9",),
    "unbounded": ("no deviation of player 1 gains as much as some limit", "without bounds"),
    "all": (
        "exactly 2 equilibria in pure parameters of the game\n",
        "one with θ_1 = 3, θ_2 in [-2.737170613, -2.737170612]\n",
        "parameters in [-3, 3]×[-3, 3]; 2 players, 2×2 actions, logistic semantics at coupling 0.6",
    ),
    "none": ("exactly 0 equilibria in pure parameters of the game\n",),
    "cut short": ("unknown how many equilibria", "in which nothing is known"),
    "program": ("certified about this program: no player gains more than 1e-06",),
}


@pytest.mark.parametrize("name", SAID)
def test_verify_says_what_is_proved(call, files, name):
    path = files / f"{name}.json"
    code, out, err = call("verify", str(path))
    assert (code, err) == (0, "")
    assert out.startswith(f"{path}: accepted\n")
    for said in SAID[name]:
        assert said in out


def test_verify_needs_neither_jax_nor_anything_heavy(files):
    found = loaded_by("verify", *map(str, sorted(files.iterdir())))
    heavy = {"jax", "equinox", "scipy", "matplotlib", "pyarrow", "pandas"}
    assert not heavy & found.modules
    assert found.out.count(": accepted\n") == len(SAID)


def resealed(path: Path, change: Callable[[Any], None], to: Path) -> str:
    """The path of a changed copy with the digest that belongs to it."""
    contents = copy.deepcopy(json.loads(path.read_text("utf-8")))
    change(contents)
    to.write_text(json.dumps({**contents, "digest": digest_of(contents)}), "utf-8")
    return str(to)


def claim_certified(contents: Any) -> None:
    contents["claim"]["verdict"] = "certified"


def claim_less(contents: Any) -> None:
    contents["claim"]["gains"][0]["upper"] = (0.9).hex()


def pay_more(contents: Any) -> None:
    """The temptation is 7 instead of 5, to both."""
    contents["problem"]["payoffs"][0][1][0] = contents["problem"]["payoffs"][1][0][1] = (7.0).hex()


def another_program(contents: Any) -> None:
    contents["problem"]["programs"][0] = contents["problem"]["programs"][1]


LIES = {
    "certified": (pay_more, "reason: player 1: "),
    "refuted": (claim_certified, "reason: the bounds do not make the profile certified"),
    "exact": (another_program, "reason: player 1: the program is not that of this semantics"),
    "unknown": (claim_less, "reason: player 1: the cover does not prove that no gain is above 0.9"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_false_claim_with_its_own_digest_is_rejected(call, files, tmp_path, name):
    change, said = LIES[name]
    path = resealed(files / f"{name}.json", change, tmp_path / "lie.json")
    code, out, err = call("verify", path)
    assert (code, err) == (1, "")
    assert out.startswith(f"{path}: REJECTED\n")
    assert said in out
    assert re.search(r"\n  claims (certified|refuted|unknown)", out), "said to be a claim"


def test_no_file_hides_another(call, files, tmp_path):
    """Whatever comes first, each is told, and the worst counts."""
    good, missing = str(files / "certified.json"), str(tmp_path / "no.json")
    lie = resealed(files / "refuted.json", claim_certified, tmp_path / "lie.json")
    for words in ((good, lie, missing), (missing, lie, good), (lie, missing, good)):
        code, out, err = call("verify", *words)
        assert code == 2
        assert f"{good}: accepted" in out
        assert f"{lie}: REJECTED" in out
        assert err == f"glasshouse: cannot read {missing}: No such file or directory\n"
    assert call("verify", good, lie)[0] == 1
    assert call("verify", good, good)[0] == 0
    folder = f"glasshouse: cannot read {tmp_path}: it is a folder: give the files in it\n"
    assert call("verify", str(tmp_path))[::2] == (2, folder)


def test_verify_as_json(call, files, tmp_path):
    good, missing = str(files / "refuted.json"), str(tmp_path / "no.json")
    lie = resealed(files / "refuted.json", claim_certified, tmp_path / "lie.json")
    code, out, err = call("verify", good, lie, missing, "--json")
    found = json.loads(out)
    assert (code, err.count("\n")) == (2, 1)
    assert list(found) == [good, lie]
    assert [found[good]["accepted"], found[lie]["accepted"]] == [True, False]
    assert [found[good]["complete"], found[lie]["complete"]] == [True, True]
    assert found[good]["reason"] == ""
    gain = found[good]["certificate"]["gains"][0]
    assert gain["lower"] - DIGITS <= LEAVING <= gain["upper"] + DIGITS
    assert gain["witness"][0] == pytest.approx(LEAVING_TO, abs=1e-5)


def test_verify_says_what_files_of_version_1_left_out(call):
    """Of a semantics given as a program, the last probability; of the built-in ones nothing."""
    folder = Path(__file__).parent / "certificates" / "version_1"
    paths = [str(folder / f"{name}.json") for name in ("program_needle", "logistic", "affine")]
    code, out, err = call("verify", *paths)
    assert (code, err) == (0, "")
    assert out.count(": accepted\n") == 3
    assert out.count("  note: ") == 1
    assert (
        f"{paths[0]}: accepted\n  note: a file of version 1 leaves out every player's last" in out
    )
    found = json.loads(call("verify", *paths, "--json")[1])
    assert [found[path]["accepted"] for path in paths] == [True] * 3
    assert [found[path]["complete"] for path in paths] == [False, True, True]
    assert ["not read" in found[path]["reason"] for path in paths] == [True, False, False]


def _changed(text: str) -> str:
    """One digit of the first payoff changed, the digest left as it was."""
    number = re.search(r"0x1\.[0-9a-f]+p", text)
    assert number is not None
    return f"{text[: number.start()]}{number[0].replace('0x1.8', '0x1.9')}{text[number.end() :]}"


def _without(key: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        contents = json.loads(text)
        del contents[key]
        return json.dumps(contents)

    return change


def _with(**changes: Any) -> Callable[[str], str]:
    return lambda text: json.dumps({**json.loads(text), **changes})


BAD_FILES = {
    "empty": (lambda text: "", "is no JSON"),
    "not JSON": (lambda text: "[game]\n", "is no JSON"),
    "truncated": (lambda text: text[: len(text) // 2], "is no JSON"),
    "no object": (lambda text: "[]", "is no certificate"),
    "another format": (_with(format="glasshouse study"), "its format is not 'glasshouse certific"),
    "a summary": (lambda text: '{"schema_version": 1}', "is no certificate"),
    "later schema": (_with(schema_version=3), "has schema version 3, but this glasshouse reads"),
    "no schema": (_without("schema_version"), "has schema version None"),
    "schema in words": (_with(schema_version="1"), "has schema version '1'"),
    "a changed digit": (_changed, "is not as it was written: its digest belongs to other contents"),
    "no digest": (_without("digest"), "is not as it was written"),
    "another version": (_with(glasshouse="0.0"), "is not as it was written"),
    "an unknown key": (_with(trust="me"), "is no valid certificate: trust"),
    "no claim": (_without("claim"), "is no valid certificate: claim"),
    "a claim in words": (_with(claim="certified"), "is no valid certificate: claim"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_files_that_are_no_certificates_are_rejected(call, files, tmp_path, kind):
    change, said = BAD_FILES[kind]
    path = tmp_path / "bad.json"
    path.write_text(change((files / "refuted.json").read_text("utf-8")), "utf-8")
    rejected(call, path, said)


def rejected(call: Any, path: Path, said: str) -> None:
    """A file that could be read, but proves nothing: in words and as JSON."""
    code, out, err = call("verify", str(path))
    assert (code, err) == (1, "")
    assert out.startswith(f"{path}: REJECTED\n  reason: ")
    assert said in " ".join(out.split())
    code, out, err = call("verify", str(path), "--json")
    assert (code, err) == (1, "")
    found = json.loads(out)[str(path)]
    assert said in found.pop("reason")
    assert found == {"accepted": False, "complete": False, "certificate": None, "problem": None}


def test_paths_that_hold_no_text_are_one_line(call, tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    one_line(call("verify", str(tmp_path / "no.json")), "No such file")
    one_line(call("verify", str(tmp_path)), "it is a folder")
    rejected(call, tmp_path / "bytes.json", "is no certificate, which is text")
    assert json.loads(call("verify", str(tmp_path / "no.json"), "--json")[1]) == {}
    one_line(call("verify"), "Missing argument")


# Studies


@pytest.fixture(scope="module")
def certified(tmp_path_factory) -> Path:
    """A study, and beside it the folder `out` of its certificates."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "mine.toml").write_text(STUDY)
    words = ["certify", str(folder / "mine.toml"), "--out", str(folder / "out")]
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(sys, "argv", ["glasshouse", *words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code
    (folder / "printed.txt").write_text(printed.getvalue(), "utf-8")
    return folder


def test_certify_writes_certificates_that_verify_accepts(call, certified):
    names = {path.name for path in (certified / "out").iterdir()}
    assert {"corner.json", "threshold_holds.json", "threshold_fails.json"} < names
    assert "tied_rest_point.json" in names
    code, out, err = call("verify", *(str(certified / "out" / name) for name in sorted(names)))
    assert (code, err) == (0, "")
    assert out.count(": accepted\n") == len(names)
    printed = (certified / "printed.txt").read_text("utf-8")
    assert all(name in printed for name in names)


def test_certify_prints_verdicts_of_known_points(certified):
    printed = (certified / "printed.txt").read_text("utf-8")
    rows = {line.split()[-1]: line for line in printed.splitlines() if line.endswith(".json")}
    assert "refuted: player 1 gains at least 0.950157 by moving to -2.95235" in rows["corner.json"]
    tied = math.floor(gain_from_tied_point() * 1e6) / 1e6
    assert f"refuted: player 1 gains at least {tied} by" in rows["tied_rest_point.json"]
    assert "rest point (0.462098, 0.462098), tied" in rows["tied_rest_point.json"]
    holds, fails = rows["threshold_holds.json"], rows["threshold_fails.json"]
    assert "certified: no player gains anything, for every coupling in [0.8704" in holds
    assert "refuted: player 1 gains at least" in fails
    value, error = re.findall(r"threshold (\S+) ± (\S+)", holds)[0]
    assert abs(float(value) - THRESHOLD) <= float(error) < 1e-6


def test_certify_as_json_says_the_same_as_its_files(call, tmp_path):
    study, out = tmp_path / "mine.toml", tmp_path / "out"
    study.write_text(STUDY)
    code, printed, err = call("certify", str(study), "--out", str(out), "--json")
    assert (code, err) == (0, "")
    found = json.loads(printed)[str(out)]
    assert sorted(found["files"]) == sorted(path.name for path in out.iterdir())
    assert found["epsilon"] == 1e-6
    (note,) = found["notes"]  # the tied run rests, at the point among the certificates
    assert note.startswith("no run but the tied came to rest to 1e-6: points are judged where")
    low, high = found["equilibrium"]["bracket"]
    assert low < THRESHOLD < high
    assert found["equilibrium"]["certified"]["couplings"] == [high, 3.0]
    verdicts = {point["name"]: point["certificate"]["verdict"] for point in found["certificates"]}
    for name, verdict in verdicts.items():
        written = json.loads((out / f"{name}.json").read_text("utf-8"))
        assert written["claim"]["verdict"] == verdict
    assert verdicts["corner"] == "refuted"


def test_epsilon_is_the_studys_own_unless_given(call, tmp_path):
    """Between what can be gained at the tied rest point, 0.146, and at the corner, 0.950."""
    study = tmp_path / "mine.toml"

    def verdicts(certificates: str, *words: str) -> tuple[float, str, str]:
        study.write_text(f"{UNSWEPT}[analysis]\noutcomes = false\n{certificates}\n")
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        code, printed, _ = call("certify", str(study), "--out", str(tmp_path / "out"), *words)
        assert code == 0
        found = json.loads(printed)[str(tmp_path / "out")]
        tied, corner = (point["certificate"]["verdict"] for point in found["certificates"])
        return found["epsilon"], tied, corner

    assert verdicts("", "--json") == (1e-6, "refuted", "refuted")
    assert verdicts("certify = 0.2", "--json") == (0.2, "certified", "refuted")
    assert verdicts("certify = 0.2", "--epsilon", "0.1", "--json") == (0.1, "refuted", "refuted")
    assert verdicts("certify = 0.2", "--epsilon", "1", "--json") == (1.0, "certified", "certified")
    assert verdicts("certify = 0.2", "--epsilon", "0", "--json")[0] == 0.0
    assert verdicts("certify = false", "--json") == (1e-6, "refuted", "refuted")


def test_several_studies_get_a_folder_each(call, tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f"{UNSWEPT}[analysis]\noutcomes = false\n")
    words = [str(tmp_path / f"{name}.toml") for name in ("one", "two")]
    code, printed, _ = call("certify", *words, "--out", str(tmp_path / "out"))
    assert code == 0
    for name in ("one", "two"):
        assert (tmp_path / "out" / name / "corner.json").is_file()
    assert printed.count("no equilibrium threshold: the study does not sweep its coupling") == 2


def test_without_out_certificates_go_beside(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(f"{UNSWEPT}[analysis]\noutcomes = false\n")
    code, printed, _ = call("certify", "mine.toml")
    assert code == 0
    assert Path("certificates/mine/corner.json").is_file()
    assert "glasshouse verify certificates/mine/*.json" in printed


@pytest.mark.parametrize("levels", [4, pytest.param(7, marks=pytest.mark.slow)])
def test_games_of_many_actions_are_proved_too_and_ends_that_still_move_say_so(
    levels, call, tmp_path
):
    study, out = tmp_path / "mine.toml", tmp_path / "out"
    few = "[learning]\nstarts = 2\nsteps = 20\n"
    game = f'[game]\nname = "minimum_effort"\nparameters = {{ levels = {levels} }}\n'
    study.write_text(f"{game}{few}[sweep]\n")
    code, printed, err = call("certify", str(study), "--out", str(out))
    assert (code, err) == (0, "")
    assert "Note: no run came to rest to 1e-6" in printed
    assert "end of learning, not at rest, ((" in printed
    assert "rest point (" not in printed
    assert call("verify", *map(str, sorted(out.iterdir())))[0] == 0


def test_an_empty_folder_is_filled(call, tmp_path):
    study, out = tmp_path / "mine.toml", tmp_path / "out"
    study.write_text(f"{UNSWEPT}[analysis]\noutcomes = false\n")
    out.mkdir()
    assert call("certify", str(study), "--out", str(out))[0] == 0
    assert (out / "corner.json").is_file()


BAD_EPSILONS = {
    "-1e-6": "--epsilon -1e-06 must be a finite number of at least 0, in units of payoff",
    "nan": "--epsilon nan must be a finite number",
    "inf": "--epsilon inf must be a finite number",
    "-inf": "--epsilon -inf must be a finite number",
    "small": "Invalid value for '--epsilon'",
    "": "Invalid value for '--epsilon'",
}


@pytest.mark.parametrize("epsilon", BAD_EPSILONS)
def test_bad_epsilons_are_one_line_and_write_nothing(call, tmp_path, epsilon):
    (tmp_path / "mine.toml").write_text(STUDY)
    words = ("certify", str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out"))
    check = ("check", "donation", "--coupling", "1", "--bound", "3")
    for command in (words, check):
        one_line(call(*command, "--epsilon", epsilon), BAD_EPSILONS[epsilon])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


BAD_STUDIES = {
    "missing": (None, "cannot read the study file"),
    "a certificate": ('{"format": "glasshouse certificate"}', "not valid TOML"),
    "no game": ("[semantics]\nbound = 3.0\n", "key 'game' is missing"),
    "a misspelt key": (STUDY.replace("bound", "bond"), "did you mean 'bound'?"),
    "negative epsilon": (f"{STUDY}[analysis]\ncertify = -1\n", "key 'analysis.certify'"),
    "infinite epsilon": (f"{STUDY}[analysis]\ncertify = inf\n", "key 'analysis.certify'"),
    "yes for epsilon": (f"{STUDY}[analysis]\ncertify = true\n", "key 'analysis.certify'"),
}


@pytest.mark.parametrize("kind", BAD_STUDIES)
def test_bad_studies_are_one_line_and_write_nothing(call, tmp_path, kind):
    """Wherever among several studies they stand."""
    text, said = BAD_STUDIES[kind]
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(STUDY)
    if text is not None:
        bad.write_text(text)
    there = sorted(tmp_path.iterdir())
    for studies in ((bad,), (good, bad)):
        words = ("certify", *map(str, studies), "--out", str(tmp_path / "out"))
        assert "bad.toml" in one_line(call(*words), said)
    assert sorted(tmp_path.iterdir()) == there


def test_folders_that_hold_something_are_refused(call, tmp_path):
    study, full, file = tmp_path / "mine.toml", tmp_path / "full", tmp_path / "file"
    study.write_text(STUDY)
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    file.write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for out, said in [
        (full, "is already there"),
        (file, "is already there"),
        (tmp_path / "link", "is already there"),
        (file / "below", "is not a writable folder"),
        (tmp_path / ("x" * 300), "cannot be used: File name too long"),
    ]:
        one_line(call("certify", str(study), "--out", str(out)), said)
    assert [path.name for path in full.iterdir()] == ["mine.txt"]
    assert file.read_text() == "mine"


def test_studies_of_one_name_are_refused(call, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.toml").write_text(STUDY)
    studies = [str(tmp_path / folder / "mine.toml") for folder in ("a", "b")]
    one_line(call("certify", *studies, "--out", str(tmp_path / "out")), "run them apart")
    assert not (tmp_path / "out").exists()


def test_interrupted_before_all_is_proved_nothing_is_written(tmp_path):
    (tmp_path / "mine.toml").write_text(STUDY)
    code = """
import os, signal, sys
from glasshouse.cli.main import main
from glasshouse.study import questions
questions.study_points = lambda *given: os.kill(os.getpid(), signal.SIGINT)
sys.argv = ["glasshouse", "certify", "mine.toml", "--out", "out"]
main()
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "interrupted" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


# One coupling, and thresholds


def checked(call: Callable, *words: str) -> Any:
    code, out, _ = call("check", *words, "--starts", "50", "--json")
    assert code == 0
    return json.loads(out)


def test_check_certifies_the_corner_and_the_points_reached(call):
    found = checked(call, "prisoners_dilemma", "--coupling", "0.5", "--bound", "3")
    points = {point["name"]: point for point in found["certificates"]}
    assert found["epsilon"] == 1e-6
    corner = points["corner"]["certificate"]
    assert points["corner"]["corner"]
    assert corner["verdict"] == "refuted"
    gain = corner["gains"][0]
    assert gain["lower"] - DIGITS <= LEAVING <= gain["upper"] + DIGITS
    tied = points["tied_rest_point"]
    assert tied["certificate"]["verdict"] == "refuted"
    assert [own[0] for own in tied["certificate"]["params"]] == pytest.approx([TIED] * 2, abs=1e-6)
    least = tied["certificate"]["gains"][0]["witness_gain"]
    assert least == pytest.approx(gain_from_tied_point(), abs=1e-6)
    generic = [point["reached"]["share"]["share"] for name, point in points.items() if "_1" in name]
    assert generic[0] > 0.3


def test_check_certifies_what_gains_no_more_than_epsilon(call):
    words = ("prisoners_dilemma", "--coupling", "0.5", "--bound", "3", "--epsilon")
    verdicts = {
        epsilon: {
            point["name"]: point["certificate"]["verdict"]
            for point in checked(call, *words, epsilon)["certificates"]
        }
        for epsilon in ("0.95", "0.951", "0.14", "0.147")
    }
    assert [verdicts[e]["corner"] for e in ("0.95", "0.951")] == ["refuted", "certified"]
    tied = [verdicts[e]["tied_rest_point"] for e in ("0.14", "0.147")]
    assert tied == ["refuted", "certified"]


def test_check_in_words_stands_by_the_boundary_test(call):
    words = ("check", "prisoners_dilemma", "--bound", "3", "--starts", "50")
    _, out, _ = call(*words, "--coupling", "0.5")
    lines = out.splitlines()
    (k,) = [k for k, line in enumerate(lines) if line.startswith("boundary test")]
    assert lines[k + 1].startswith("certificate ")
    assert "refuted: player 1 gains at least 0.950157 by moving to -2.95235" in lines[k + 1]
    assert re.search(r"^rest point reached \(tied\) .*refuted", out, flags=re.MULTILINE)
    shares = re.findall(r"^rest point reached \(([\d.]+)% of runs\)", out, flags=re.MULTILINE)
    assert sum(map(float, shares)) == pytest.approx(100.0)
    _, out, _ = call(*words, "--coupling", "0.9")
    assert re.search(
        r"^certificate .*certified: no player gains more than 1e-06", out, re.MULTILINE
    )
    assert re.search(r"^rest point reached \(tied, .*the cooperative corner", out, re.MULTILINE)


def test_check_certifies_points_of_unbounded_boxes(call):
    found = checked(call, "prisoners_dilemma", "--coupling", "0.3", "--bound", "inf")
    (tied,) = [p for p in found["certificates"] if p["name"] == "tied_rest_point"]
    gain = tied["certificate"]["gains"][0]
    assert tied["certificate"]["verdict"] == "refuted"
    assert gain["attained"] is False
    assert math.isfinite(gain["witness"][0])
    assert not any(point["corner"] for point in found["certificates"])


def test_check_proves_games_of_many_actions(call):
    found = checked(call, "minimum_effort", "--coupling", "1", "--bound", "3", "--steps", "20")
    points = {point["name"]: point["certificate"] for point in found["certificates"]}
    assert points["corner"]["verdict"] == "certified"
    assert {proof["verdict"] for proof in points.values()} == {"certified", "refuted"}


def test_thresholds_in_words_prove_where_the_corner_is_an_equilibrium(call):
    code, out, _ = call("thresholds", "prisoners_dilemma")
    assert code == 0
    for said in ("0.25", "0.428571429", "0.666666667", "closed form", "mixed rest point"):
        assert said in out
    (line,) = [line for line in out.splitlines() if line.startswith("κ_eq")]
    value, error = re.findall(r"κ_eq +(\S+) ± (\S+) ", line)[0]
    assert abs(float(value) - THRESHOLD) <= float(error) < 1e-6
    assert "is an equilibrium, proved for every coupling up to 3" in line
    assert "branch and bound in Arb arithmetic" in line


@given(st.floats(-1e6, 1e6), st.floats(1e-12, 1e3))
def test_what_is_said_of_a_bracket_contains_it(low, width):
    high = low + width
    if low == high:
        return
    value, _, error = plus_minus(low, high).partition(" ± ")
    assert Decimal(value) - Decimal(error) <= Decimal(repr(low))
    assert Decimal(repr(high)) <= Decimal(value) + Decimal(error)
    assert float(error) <= 2 * (high - low), "and not much more"


def one_line(done: tuple[int, str, str], said: str) -> str:
    code, out, err = done
    assert (code, out) == (2, ""), err
    assert err.startswith("glasshouse: ")
    assert err.count("\n") == 1
    assert said in err
    return err
