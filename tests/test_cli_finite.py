"""`glasshouse finite`: the answer first, ranges and profiles, JSON, LaTeX, files, odd games."""

import csv
import json
from pathlib import Path

import pytest

AUMANN = "chicken:T=7,R=6,P=0,S=2"


@pytest.fixture
def said(call):
    """What a command that succeeds prints."""

    def run(*words: str) -> str:
        code, out, err = call("finite", *words)
        assert (code, err) == (0, "")
        return out

    return run


def test_the_answer_comes_first_and_all_fits_a_screen(said, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    lines = said(AUMANN).splitlines()
    assert lines[0].startswith("Chicken: correlation raises welfare to 10.5, from 9.33333 in the")
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 30
    text = "\n".join(lines)
    assert "7.2 to 10.5" in text
    assert "player 1 first: straight; player 2 replies swerve; pays player 1 7" in text


def test_json_holds_known_numbers(said):
    """Aumann's chicken; the dilemma's programs: nobody need see anybody."""
    found = json.loads(said(AUMANN, "--json"))
    assert found["correlated"]["value"] == 10.5
    assert found["paid"][0]["correlated"] == pytest.approx([7.2, 10.5], abs=1e-12)
    assert found["paid"][1]["equilibria"] == [2, 7]
    assert {x["profile"]: x["told"] for x in found["profiles"]}["swerve, swerve"] == 0.5
    assert [x["needed"] for x in found["needed"]] == [[1], [0]]
    assert [x["value"] for x in found["shapley"]["values"]] == pytest.approx([6, 6])
    found = json.loads(said("prisoners_dilemma", "--programs", "FB,PB,DB", "--json"))
    assert [x["needed"] for x in found["needed"]] == [[], []]
    assert found["paid"][0]["coarse"] == [2, 6]


def test_every_key_is_documented(said):
    page = Path(__file__).parent.parent / "docs" / "reference" / "output.md"
    section = page.read_text("utf-8").split("## `finite --json`")[1].split("\n## ")[0]
    found = json.loads(said("prisoners_dilemma", "--json"))
    parts = (found["paid"], found["profiles"], found["needed"], [found["leaders"]])
    keys = {*found, *(key for part in parts for one in part for key in one)}
    assert {key for key in keys if f"`{key}`" not in section} == set()


def test_latex_and_files(said, tmp_path):
    printed = said(AUMANN, "--latex", "--out", str(tmp_path / "table.tex"))
    assert printed == (tmp_path / "table.tex").read_text("utf-8")
    assert printed.count(r"\begin{tabular}{llll}") == 1
    assert "7.2 to 10.5" in printed
    said(AUMANN, "--out", str(tmp_path / "table.csv"))
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text("utf-8").splitlines()))
    assert [x["told"] for x in rows] == ["0.5", "0.25", "0.25", "0.0"]


@pytest.mark.parametrize(
    ("game", "words"),
    [
        ("rock_paper_scissors", ["better replies go on for ever among 9 profiles"]),
        ("public_goods:n=3", ["mixed equilibria of 3 players are not sought", "of two players"]),
        ("public_goods:n=7", ["better replies end in (", "players are more than 6"]),
    ],
)
def test_what_is_not_sought_is_said(said, game, words):
    found = said(game)
    assert [word for word in words if word not in found] == []


def test_games_of_equal_payoffs_and_of_one_choice(said, tmp_path):
    flat = 'NFG 1 R "Flat" { "a" "b" } { 2 2 }\n\n1 1 1 1 1 1 1 1\n'
    (tmp_path / "flat.nfg").write_text(flat, "utf-8")
    found = said(str(tmp_path / "flat.nfg"))
    assert "correlation adds nothing to the best equilibrium, whose welfare is 2" in found
    assert "end in 4 pure equilibria" in found
    assert "all payoffs are equal" in found


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--json", "--latex"], "give one of them"),
        (["--law", "gains"], "'--law': 'gains' is not one of 'uniform', 'gain'"),
        (["--out", "table.pdf"], "must end in .tex or .csv"),
        (["--law", "most"], "law"),
        (["--alpha", "-1"], "alpha"),
        (["--programs", "FB,FairBott"], "did you mean 'FairBot'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(call, words, what):
    code, out, err = call("finite", "prisoners_dilemma", *words)
    assert (code, out) == (2, "")
    assert what in err
    assert err.count("\n") == 1
