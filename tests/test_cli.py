"""The command line: what it prints, and one clear line for every kind of bad input."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.loading import loaded_by

CONSTRAINTS = str(Path(__file__).parents[1] / "constraints.txt")
PD_STUDY = '[game]\nname = "prisoners_dilemma"\n'
SMALL = """
[learning]
starts = 20
steps = 200
[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.0, count = 3 }
[analysis]
thresholds = false
portrait = false
"""


def test_help_and_catalogue_do_not_import_jax():
    for word in ("--help", "games"):
        assert not {"jax", "flint"} & loaded_by(word).modules


def test_a_study_loads_only_what_it_asks_for(tmp_path):
    """Of all a study could ask for, what takes long to load: each is loaded by those that do."""
    unasked = {
        "networkx",
        "optax",
        "optimistix",
        "lineax",
        "diffrax",
        "pandas",
        "scipy",
        "sympy",
        "matplotlib.pyplot",
        "glasshouse.analysis.continuation.follow",
        "glasshouse.analysis.continuation.states",
        "glasshouse.analysis.equilibria.existence",
        "glasshouse.analysis.equilibria.find",
        "glasshouse.analysis.equilibria.mixed.mixtures",
        "glasshouse.analysis.equilibria.points",
        "glasshouse.certificates.count",
        "glasshouse.certificates.mixture",
    }
    study = tmp_path / "plain.toml"
    study.write_text(
        """
game.name = "prisoners_dilemma"
learning = { start = "grid", starts = 4, steps = 20 }
sweep."semantics.coupling" = { start = 0.0, stop = 1.0, count = 2 }
[analysis]
thresholds = false
tied = false
boundary_test = false
portrait = false
certify = false
""",
        "utf-8",
    )
    modules = loaded_by("run", str(study), "--out", str(tmp_path / "out")).modules
    assert "glasshouse.study.report.page" in modules
    assert not unasked & modules


def test_games_lists_the_catalogue(call):
    code, out, _ = call("games", "--json")
    games = {game["name"]: game for game in json.loads(out)}
    assert code == 0
    assert games["prisoners_dilemma"]["parameters"] == {"T": 5.0, "R": 3.0, "P": 1.0, "S": 0.0}
    assert games["prisoners_dilemma"]["condition"] == "T > R > P > S"
    assert all(game["source"] for game in games.values())
    assert "prisoners_dilemma" in call("games")[1]


def test_thresholds_of_the_prisoners_dilemma(call):
    code, out, _ = call("thresholds", "prisoners_dilemma", "--json")
    found = json.loads(out)
    assert code == 0
    closed = found["closed_form"]
    values = [closed[name]["value"] for name in ("defection", "neutral", "cooperation")]
    assert values == pytest.approx([1 / 4, 3 / 7, 2 / 3], rel=1e-12)
    low, high = found["measured"]["bracket"]
    assert high - low <= 1e-6
    assert low - 1e-6 <= 3 / 7 <= high + 1e-6
    fails, holds = found["equilibrium"]["bracket"]
    assert fails < 0.870467371354 < holds < fails + 1.1e-6
    assert found["measured"]["method"] == "learned"
    assert found["measured"] == found["long_run_switch"], "an earlier name"
    for name in ("first_movement", "measured_first_movement", "long_run_switch"):
        switch = found[name]
        assert {"value", "lower", "upper", "method", "settings"} <= set(switch)
        assert switch["lower"] <= 3 / 7 <= switch["upper"]
    assert found["equilibrium"]["method"] == "branch and bound in Arb arithmetic"
    assert found["equilibrium"]["certified"]["couplings"] == [holds, 3.0]
    assert found["equilibrium"]["refuted"]["couplings"] == [fails, fails]


def test_thresholds_of_chicken_print_nothing_that_excludes_zero(call):
    code, out, _ = call("thresholds", "chicken")
    assert code == 0
    for name in ("first movement", "measured", "long run"):
        (line,) = [line for line in out.splitlines() if line.startswith(f"{name} ")]
        assert re.match(rf"{name} +0 ± \d", line), line


def test_thresholds_say_why_there_is_no_closed_form(call):
    code, out, _ = call("thresholds", "matching_pennies", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["closed_form"] is None
    assert "symmetric game" in found["reason"]


def test_check_reports_four_different_things(call):
    code, out, _ = call(
        "check",
        "prisoners_dilemma",
        "--coupling",
        "0.5",
        "--bound",
        "3",
        "--starts",
        "50",
        "--json",
    )
    found = json.loads(out)
    assert code == 0
    # It rises first, ends mixed when tied, in exploitation when not, and is no equilibrium.
    assert found["first_movement"]["direction"] == "rises"
    assert found["tied"]["predicted"] == pytest.approx(2 / 3)
    assert found["tied"]["cooperation"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["generic"]["exploitation"]["share"] == 1.0
    assert not found["boundary"]["passes"]
    assert found["boundary"]["deviations"][0]["gain"] == pytest.approx(0.950157922262, abs=1e-10)
    for switch in ("first_movement", "measured_first_movement", "long_run_switch"):
        assert found[switch]["lower"] <= 3 / 7 <= found[switch]["upper"]
        assert found[switch]["lower"] <= found[switch]["value"] <= found[switch]["upper"]
        assert found[switch]["settings"]["searched"] == [-0.9, 3.0]
    methods = [found[part]["method"] for part in ("first_movement", "tied", "generic", "boundary")]
    assert methods == ["derivative", "learned", "learned", "numerical"]
    (interior,) = [point for point in found["rest_points"] if point["kind"] == "interior"]
    assert interior["attracts_along"]
    assert not interior["attracts"]


def test_check_in_words(call):
    words = ("--coupling", "0.5", "--bound", "3", "--starts", "50")
    code, out, _ = call("check", "prisoners_dilemma", *words)
    assert code == 0
    for said in ("first movement", "tied outcome", "generic outcomes", "boundary test", "0.950158"):
        assert said in out


def test_cooperate_names_the_action(call, tmp_path):
    """Defection first in the file: naming the other action gives the usual thresholds back."""
    file = tmp_path / "swapped.nfg"
    file.write_text('NFG 1 R "swapped" { "a" "b" } { 2 2 }\n\n1 1 0 5 5 0 3 3\n')
    _, out, _ = call("thresholds", str(file), "--cooperate", "2", "--json")
    assert json.loads(out)["closed_form"]["neutral"]["value"] == pytest.approx(3 / 7)
    _, out, _ = call("thresholds", str(file), "--json")
    assert json.loads(out)["closed_form"]["neutral"]["value"] != pytest.approx(3 / 7)


BAD_GAMES = [
    ("stag_hnt", "did you mean 'stag_hunt'?"),
    ("zzz", "choose one of"),
    ("donation:b=1,c=2", "donation needs b > c > 0"),
    ("donation:q=1", "unknown parameter of donation 'q'"),
    ("donation:b", "NAME=NUMBER"),
    ("donation:b=nan", "finite"),
    ("public_goods:n=3.5", "whole number"),
    ("missing.nfg", "missing.nfg: cannot be read"),
]


@pytest.mark.parametrize(("game", "said"), BAD_GAMES)
def test_bad_games_are_one_line(call, game, said):
    for words in (("thresholds", game), ("check", game, "--coupling", "1", "--bound", "3")):
        _one_line(call(*words), said)


def test_bad_options_are_one_line(call):
    check = ("check", "donation", "--coupling")
    feasible = ("figure", "chicken", "--kind", "feasible", "--out", "f.pdf")
    for words, said in [
        (("thresholds",), "Missing argument"),
        (("nonsense",), "No such command"),
        ((*check, "x", "--bound", "3"), "'--coupling'"),
        ((*check, "nan", "--bound", "3"), "coupling must be finite"),
        ((*check, "1"), "--bound"),
        ((*check, "1", "--bound", "0"), "bound must be positive"),
        (
            (*check, "1", "--bound", "3", "--step-size", "-1"),
            "step_size=-1 must be finite and above 0",
        ),
        (("thresholds", "donation", "--cooperate", "give"), "choose one of donate, keep"),
        (("run", "missing.toml"), "missing.toml: cannot read the study file"),
        (("run", "missing.tml"), "studies are .toml files"),
        ((*check, "0,5", "--bound", "3"), "decimals stand after a point: 0.5"),
        (("check", "donation", "--starts", "1e1"), "'1e1' is not a whole number"),
        (("figure", "f.pdf"), "glasshouse figure STUDY --kind KIND --out FILE"),
        (
            ("figure", "f.pdf", "--kind", "along", "--out", "f.pdf"),
            "f.pdf is no file: give a table",
        ),
        (("run", "table.csv"), "write one by glasshouse new table.toml --from table.csv"),
        (("run", "chicken"), "write one by glasshouse new chicken.toml --game chicken"),
        (("run", "."), "is a folder: give a study file"),
        (("new", "s.toml", "--from", "."), "is a folder: give a table"),
        (("new", "s.toml", "--from", __file__), "is neither a table nor a .nfg file"),
        (("new", "s.toml", "--from", "s.toml"), "is a study, where a game is wanted"),
        (("new", "table.csv"), "glasshouse new table.toml --from table.csv"),
        (("new", ""), "glasshouse new mine.toml"),
        (("new", ".."), "glasshouse new ../mine.toml"),
        (("rate", "t.csv", "--seed", "-1"), "'--seed'"),
        ((*feasible, "--style", __file__), "cannot be read as a Matplotlib style"),
        ((*feasible, "--style", CONSTRAINTS), "is no Matplotlib style: Missing colon"),
    ]:
        _one_line(call(*words), said)


BAD_STUDIES = {
    "unknown section": ('[gme]\nname = "chicken"\n', "unknown key 'gme': did you mean 'game'?"),
    "unknown key": ("[game]\nnam = 1\n", "unknown key 'game.nam': did you mean 'name'?"),
    "unknown key of a semantics": (
        PD_STUDY + "[semantics]\nbund = 3.0\n",
        "unknown key 'semantics.bund': did you mean 'bound'?",
    ),
    "key of another semantics": (
        PD_STUDY + '[semantics]\nkind = "affine"\ncoupling = 0.5\n',
        "unknown key 'semantics.coupling': choose one of: kind, reading, weight",
    ),
    "unknown semantics": (
        PD_STUDY + '[semantics]\nkind = "logstic"\n',
        "key 'semantics.kind' must name a semantics: did you mean 'logistic'?",
    ),
    "no game": ("", "key 'game' is missing"),
    "game is no table": ('game = "chicken"\n', "key 'game' must be a table, but is 'chicken'"),
    "two games": ('[game]\nname = "a"\nfile = "b"\n', "exactly one of name, file or payoffs"),
    "unknown game": ('[game]\nname = "chickn"\n', "key 'game': unknown game 'chickn'"),
    "parameter is text": (
        '[game]\nname = "chicken"\nparameters = { T = "5" }\n',
        "key 'game.parameters.T': must be a finite number, but is '5'",
    ),
    "wrong type": (PD_STUDY + "[learning]\nsteps = 1.5\n", "key 'learning.steps'"),
    "text for a number": (PD_STUDY + '[semantics]\nbound = "3"\n', "key 'semantics.bound'"),
    "out of range": (
        PD_STUDY + "[learning]\nstep_size = -0.1\n",
        "key 'learning.step_size' must be greater than 0, but is -0.1",
    ),
    "weight above one": (
        PD_STUDY + '[semantics]\nkind = "affine"\nweight = 1.5\n',
        "key 'semantics.weight' must be less than or equal to 1, but is 1.5",
    ),
    "yes for a number": (PD_STUDY + "[learning]\nseed = true\n", "key 'learning.seed'"),
    "number for yes": (PD_STUDY + "[analysis]\nportrait = 3\n", "key 'analysis.portrait'"),
    "ragged payoffs": ("[game]\npayoffs = [[1, 2], [3]]\n", "key 'game': payoffs are ragged"),
    "payoff not finite": (
        "[game]\npayoffs = [[[1, nan], [3, 4]], [[1, 2], [3, 4]]]\n",
        "key 'game.payoffs': entry [0][0][1] must be a finite number, but is nan",
    ),
    "text among payoffs": (
        '[game]\npayoffs = [[[1, 2], [3, "4"]], [[1, 2], [3, 4]]]\n',
        "entry [0][1][1] must be a finite number, but is '4'",
    ),
    "unknown kind of start": (
        PD_STUDY + '[learning]\nstart = "uniform"\n',
        "key 'learning.start': must be 'normal', 'grid', 'neutral', 'initial' or a list of starts",
    ),
    "start outside the box": (
        PD_STUDY + "[learning]\nstart = [[0.5, 7.0]]\n",
        "key 'learning.start': start 1 of 1: parameter 7 of player 2 lies outside its box [-3, 3]",
    ),
    "start of three players": (PD_STUDY + "[learning]\nstart = [[1, 2, 3]]\n", "learning.start"),
    "uneven grid": (
        PD_STUDY + '[learning]\nstart = "grid"\nstarts = 200\n',
        "key 'learning.starts': 200 starts make no even grid over 2 parameters: try 196 or 225",
    ),
    "pattern of the wrong shape": (
        PD_STUDY + "[semantics]\npattern = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]\n",
        "key 'semantics': pattern has shape (3, 3): it must be (2, 2) for 2 players",
    ),
    "ragged pattern": (
        PD_STUDY + "[semantics]\npattern = [[0, 1], [1]]\n",
        "key 'semantics.pattern': must be a square matrix",
    ),
    "self reading": (PD_STUDY + "[semantics]\npattern = [[1, 1], [1, 0]]\n", "diagonal"),
    "affine with three actions": (
        '[game]\nname = "rock_paper_scissors"\n[semantics]\nkind = "affine"\n',
        "key 'semantics'",
    ),
    "function without a file": (
        PD_STUDY + '[semantics]\nkind = "custom"\nfunction = "mirror"\n',
        "key 'semantics.function': must be 'file.py:name' or 'package.module:name'",
    ),
    "function in no file": (
        PD_STUDY + '[semantics]\nkind = "custom"\nfunction = "mirror.py:mirror"\n',
        "mirror.py: cannot be read",
    ),
    "function in no module": (
        PD_STUDY + '[semantics]\nkind = "custom"\nfunction = "no.such:mirror"\n',
        "cannot import module no.such",
    ),
    "sweep backwards": (
        PD_STUDY + '[sweep]\n"semantics.coupling" = { start = 1, stop = 0, count = 5 }\n',
        "key 'sweep.semantics.coupling': start 1 must be below stop 0",
    ),
    "sweep without an end": (
        PD_STUDY + '[sweep]\n"semantics.coupling" = { start = 1, count = 5 }\n',
        "key 'sweep.semantics.coupling.stop' is missing",
    ),
    "misspelt range": (
        PD_STUDY + '[sweep]\n"semantics.coupling" = { start = 0, stop = 1, cont = 5 }\n',
        "unknown key 'sweep.semantics.coupling.cont': did you mean 'count'?",
    ),
    "sweep of a misspelt key": (
        PD_STUDY + '[sweep]\n"semantics.couplings" = { start = 0, stop = 1, count = 5 }\n',
        "key 'sweep.semantics.couplings' is no number of this study: "
        "did you mean 'semantics.coupling'?",
    ),
    "values out of order": (
        PD_STUDY + '[sweep]\n"semantics.coupling" = [0.5, 0.2]\n',
        "key 'sweep.semantics.coupling': values must increase",
    ),
    "three axes of too many points": (
        PD_STUDY + '[sweep]\n"semantics.coupling" = { start = 0, stop = 1, count = 100 }\n'
        '"semantics.bound" = { start = 1, stop = 3, count = 100 }\n'
        '"game.parameters.T" = [5, 6, 7]\n',
        "sweep has 30000 points: at most 20000 are computed",
    ),
    "sweep beyond the game's condition": (
        PD_STUDY + '[sweep]\n"game.parameters.T" = [4.0, 2.0]\n'.replace("4.0, 2.0", "2.0, 4.0"),
        "at game.parameters.T = 2: key 'game': prisoners_dilemma needs",
    ),
    "sweep of steps in halves": (
        PD_STUDY + '[sweep]\n"learning.steps" = [10, 10.5]\n',
        "at learning.steps = 10.5: key 'learning.steps'",
    ),
    "broken TOML": ("[game\n", "not valid TOML"),
    "wrong payoff condition": (
        '[game]\nname = "chicken"\nparameters = { T = 1 }\n',
        "chicken needs T > R > S > P",
    ),
    "missing game file": ('[game]\nfile = "no.nfg"\n', "no.nfg: cannot be read"),
}


@pytest.mark.parametrize(("text", "said"), BAD_STUDIES.values(), ids=BAD_STUDIES.keys())
def test_bad_studies_are_one_line_and_write_nothing(call, tmp_path, text, said):
    study = tmp_path / "study.toml"
    study.write_text(text)
    out = tmp_path / "out"
    error = _one_line(call("run", str(study), "--out", str(out)), said)
    assert "study.toml" in error
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study.toml"]


def test_malformed_game_file_names_line_and_column(call, tmp_path):
    (tmp_path / "bad.nfg").write_text('NFG 1 R "x" { "a" "b" } { 2 2 }\n\n1 1 0 5 5 oops 3 3\n')
    study = tmp_path / "study.toml"
    study.write_text('[game]\nfile = "bad.nfg"\n')
    error = _one_line(call("run", str(study), "--out", str(tmp_path / "out")), "bad.nfg:3:11")
    assert not (tmp_path / "out").exists()
    assert "study.toml" in error


def test_output_folder_already_there(call, tmp_path):
    study, out = tmp_path / "study.toml", tmp_path / "out"
    study.write_text(PD_STUDY + SMALL)
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    _one_line(call("run", str(study), "--out", str(out)), "is already there")
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_all_studies_are_checked_before_the_first_is_computed(call, tmp_path):
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(PD_STUDY + SMALL)
    bad.write_text("[game]\n")
    _one_line(call("run", str(good), str(bad), "--out", str(tmp_path / "out")), "bad.toml")
    assert not (tmp_path / "out").exists()


def test_run_writes_and_prints_the_same_summary(call, tmp_path):
    study, out = tmp_path / "study.toml", tmp_path / "out"
    study.write_text(PD_STUDY + SMALL)
    code, printed, _ = call("run", str(study), "--out", str(out), "--json")
    assert code == 0
    written = json.loads((out / "summary.json").read_text("utf-8"))
    assert json.loads(printed) == {str(out): written}
    assert not any(isinstance(x, float) and math.isnan(x) for x in _leaves(written))


def test_new_writes_a_study_that_runs(call, tmp_path):
    study = tmp_path / "mine.toml"
    code, printed, _ = call("new", str(study), "--game", "donation:b=4,c=1")
    assert code == 0
    assert f"glasshouse run {study}" in printed
    text = study.read_text("utf-8")
    for long, short in [("# steps = 6000", "steps = 50"), ("count = 61", "count = 3")]:
        text = text.replace(long, short)
    study.write_text(text.replace("# portrait = true", "portrait = false"))
    code, printed, _ = call("run", str(study), "--out", str(tmp_path / "out"))
    assert code == 0
    assert "First movement" in printed
    assert "0.2500 in closed form" in printed  # c/b
    assert (tmp_path / "out" / "report.html").is_file()


def test_new_takes_payoffs_and_files(call, tmp_path):
    assert call("new", str(tmp_path / "own.toml"), "--payoffs", "3 0; 5 1")[0] == 0
    assert "payoffs = [[3.0, 0.0], [5.0, 1.0]]" in (tmp_path / "own.toml").read_text("utf-8")
    (tmp_path / "pd.nfg").write_text('NFG 1 R "pd" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n')
    assert call("new", str(tmp_path / "file.toml"), "--game", str(tmp_path / "pd.nfg"))[0] == 0
    assert 'file = "pd.nfg"' in (tmp_path / "file.toml").read_text("utf-8")


def test_new_overwrites_nothing(call, tmp_path):
    study = tmp_path / "mine.toml"
    study.write_text("mine")
    _one_line(call("new", str(study)), "is already there")
    assert study.read_text() == "mine"
    _one_line(call("new", str(tmp_path / "no" / "mine.toml")), "cannot be written")
    _one_line(call("new", str(tmp_path / "x.toml"), "--game", "chickn"), "did you mean 'chicken'?")
    _one_line(
        call("new", str(tmp_path / "x.toml"), "--payoffs", "1 2 3"), "separated by semicolons"
    )


def test_schema_is_json(call):
    code, printed, _ = call("schema")
    assert code == 0
    assert "game" in json.loads(printed)["properties"]


def _leaves(content: object) -> list:
    if isinstance(content, dict):
        return [leaf for value in content.values() for leaf in _leaves(value)]
    if isinstance(content, list):
        return [leaf for value in content for leaf in _leaves(value)]
    return [content]


def _one_line(done: tuple[int, str, str], said: str) -> str:
    code, out, err = done
    assert (code, out) == (2, ""), err
    assert err.startswith("glasshouse: ")
    assert err.count("\n") == 1
    assert said in err
    return err


def test_module_can_be_run():
    done = subprocess.run(
        [sys.executable, "-m", "glasshouse", "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
    )
    assert done.stdout.startswith("glasshouse 0.")
