"""`glasshouse programs`: the answer first, a table that fits, JSON, LaTeX and files, and errors."""

import csv
import json
from pathlib import Path

import pytest

SEVEN = "CooperateBot,DefectBot,CliqueBot,FairBot,PrudentBot,JustBot,OptimisticBot"


@pytest.fixture
def said(call):
    """What a command that succeeds prints."""

    def run(*words: str) -> str:
        code, out, err = call("programs", *words)
        assert (code, err) == (0, "")
        return out

    return run


def test_the_answer_comes_first_and_all_fits_a_screen(said, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    for words in ([], ["--programs", SEVEN]):
        lines = said("prisoners_dilemma", *words).splitlines()
        assert lines[0].startswith("Prisoner's dilemma: both cooperate in ")
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 100
    assert "PrudentBot weakly dominates FairBot" in "\n".join(
        said("prisoners_dilemma").splitlines()
    )


def test_json_has_the_table_the_game_and_its_equilibria(said):
    found = json.loads(said("prisoners_dilemma", "--programs", "DB,FairBot", "--json"))
    assert found["actions"] == [["D", "D"], ["D", "C"]]
    assert [x["name"] for x in found["programs"]] == ["DefectBot", "FairBot"]
    assert found["program_game"]["payoffs"][0] == [[1, 1], [1, 3]]
    assert found["base_game"]["pure_equilibria"] == [[0, 0], [1, 1]]
    assert found["dominance"][0] == {"player": 0, "action": 0, "by": 1, "strict": False}
    assert found["encounters"][-1]["worlds"] == ["CC"]


def test_every_key_is_documented(said):
    page = Path(__file__).parent.parent / "docs" / "reference" / "output.md"
    section = page.read_text("utf-8").split("## `programs --json`")[1].split("\n## ")[0]
    found = json.loads(said("prisoners_dilemma", "--programs", "FB", "--json"))
    assert list(found["dominance"]) == []
    keys = {*found, *found["programs"][0], *found["encounters"][0]}
    assert {key for key in keys if f"`{key}`" not in section} == set()


def test_formulas_stand_beside_names(said):
    found = said("stag_hunt", "--programs", "FB, Mine: box(X = C) or box(X = D)", "--programs", "⊥")
    assert found.startswith("Stag hunt: both do C (stag) in ")
    assert "Mine" in found
    assert "⊥" in found


def test_a_long_formula_without_a_name_has_a_number(said):
    found = said("stag_hunt", "--programs", "FB,box(X = C) and box(X(FairBot) = C)").splitlines()
    head, first, second = found[3:6]
    assert head.split() == ["FB", "#2"]
    assert first.startswith("FB FairBot ")
    assert second.startswith("#2 □(X = C)")
    assert len(head) == len(first) == len(second)


def test_the_only_equilibrium_is_no_example(said):
    found = said("stag_hunt", "--programs", "FB")
    assert "in the only pure equilibrium of these programs, (FairBot, FairBot), which" in found


def test_latex_and_files(said, tmp_path):
    printed = said("chicken", "--latex", "--out", str(tmp_path / "table.tex"))
    assert printed == (tmp_path / "table.tex").read_text("utf-8")
    assert printed.count(r"\begin{tabular}{lllll}") == 2
    stages = said("prisoners_dilemma", "--programs", "DB,FB", "--latex").split("% equilibria\n")
    assert "(DefectBot, DefectBot) & 1, 1 \\\\\n(FairBot, FairBot) & 3, 3 \\\\" in stages[1]
    said("chicken", "--programs", "FB,PB", "--out", str(tmp_path / "table.csv"))
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text("utf-8").splitlines()))
    assert [(x["row_action"], x["column_payoff"]) for x in rows] == [("C", "3.0")] * 4


def test_two_actions_of_a_larger_game_are_asked_about(said, call):
    found = json.loads(said("rock_paper_scissors", "--actions", "rock,1", "--json"))
    assert found["game"]["payoffs"] == [[[0, -1], [1, 0]], [[0, 1], [-1, 0]]]
    code, _, err = call("programs", "rock_paper_scissors")
    assert (code, err.count("\n")) == (2, 1)
    assert "name two, as --actions 'rock,scissors', of which the first is C" in err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--programs", "FB,Mine: box(X = C"], "line 1, column 10: expected"),
        (["--programs", "FB,"], "leave the comma out"),
        (["--programs", "Mine: box(X = high)"], "C or D, whatever a game calls them"),
        (["--programs", "FB,Prudent"], "did you mean 'PrudentBot'"),
        (["--out", "table.pdf"], "must end in .tex or .csv"),
        (["--json", "--latex"], "give one of them"),
        (["--actions", "cooperate,help"], "no action 'help'"),
        (["--actions", "cooperate"], "1×1 actions: take"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(call, words, what):
    code, out, err = call("programs", "prisoners_dilemma", *words)
    assert (code, out) == (2, "")
    assert what in err
    assert err.count("\n") == 1
