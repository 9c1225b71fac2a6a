"""What the documents say is so: numbers of the front page, and names of all that is written.

That every block of code runs is the business of test_documentation.py.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from glasshouse.study import run_study

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PYTHON = (ROOT / "docs" / "how-to" / "python.md").read_text("utf-8")
STUDIES = (ROOT / "docs" / "reference" / "study.md").read_text("utf-8")
OUTPUT = (ROOT / "docs" / "reference" / "output.md").read_text("utf-8")
END = "-- end of a block --"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


FOUR_ANSWERS = """
import numpy as np
import glasshouse as gh
from glasshouse.analysis import assess
family = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)
print(gh.critical_coupling(family).value, gh.equilibrium_threshold(family).value)
couplings = np.array([0.3, 0.36, 0.4, 0.41, 0.42, 0.43, 0.44, 0.5, 0.6, 0.74, 0.75, 0.76, 0.9])
found = assess([family(k) for k in couplings], tied=False, boundary=False)
exploited = [k for k, a in zip(couplings, found) if a.generic.exploitation.value > 0.5]
print(min(exploited), max(exploited))
"""


def lines_of(*codes: str) -> list[list[str]]:
    """The lines that each of these prints: in one process, where JAX computes in 32 bits as it does
    for readers, but each with a namespace of its own."""
    script = (
        f"for code in {codes!r}:\n    exec(code, {{'__name__': '__main__'}})\n    print({END!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "JAX_ENABLE_X64": "0"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *found, rest = done.stdout.split(f"{END}\n")
    assert (len(found), rest) == (len(codes), "")
    return [text.splitlines() for text in found]


@pytest.fixture(scope="module")
def printed() -> list[list[str]]:
    """Of the first two blocks of the page, and of the front page's."""
    four_questions, semantics, _, _ = blocks(PYTHON, "python")  # the others run by night
    return lines_of(four_questions, semantics, *blocks(README, "python"))


def test_first_block_prints_what_its_comments_say(printed):
    closed, measured, mix, proof, bracket, count, mixed = printed[0]
    assert closed == "0.42857142857142855"
    assert count == "0"
    weights = [float(x) for x in mixed.strip("()").split(",")]
    assert abs(weights[1] - 0.140687622471) < 1e-9
    assert abs(float(measured) - 3 / 7) < 1e-6
    cooperate, defect = map(float, mix.strip("[]").split())
    # From (.3, -.2) at coupling ½ player 1, who starts more cooperative, is exploited.
    assert cooperate > 0.5 > defect
    verdict, gain = proof.split()
    assert verdict == "refuted"
    assert abs(float(gain) - 0.950157922262) < 1e-6
    low, high = map(float, bracket.strip("()").split(","))
    assert low < 0.870467371354 < high < low + 1e-6


def test_second_block_prints_what_its_comments_say(printed):
    margin, gain = map(float, printed[1])
    # b = 3, c = 1, p_i = s(x), x = (θ_1 + θ_2)/2: θ_i' = ½ v (A + B) = ¼ and dp̄/dt = v x' = 1/16.
    assert margin == pytest.approx(1 / 16, rel=1e-6)
    assert gain == 0.0


@pytest.mark.slow  # by day README.md runs until rest, and test_docstrings saves paths
def test_last_block_converges_and_prints_the_start():
    ((first, path),) = lines_of(blocks(PYTHON, "python")[-1])
    converged, steps = first.split()
    assert converged == "True"
    assert 0 < int(steps) < 5000
    assert float(path.strip("[]").split()[0]) == 0.3


def test_the_front_page_prints_what_it_shows(printed):
    (shown,) = blocks(README, "text")
    assert printed[2] == shown.splitlines()


def test_the_front_page_is_short():
    assert len(README.splitlines()) <= 90


STUDY = """
[game]
name = "public_goods"
parameters = { n = 3 }

[learning]
starts = 4
steps = 20

[sweep]
"semantics.coupling" = [0.2, 0.4]
"""

SECOND_AXIS = '"game.parameters.r" = [1.5, 2.0]\n'


@pytest.mark.parametrize(
    "study",
    [
        pytest.param(STUDY, marks=pytest.mark.slow),
        STUDY + SECOND_AXIS,
        pytest.param(
            STUDY.replace("public_goods", "donation").replace("n = 3", "b = 3"),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["players", "axes", "symmetric"],
)
def test_all_that_is_written_is_documented(study, tmp_path):
    (tmp_path / "study.toml").write_text(study)
    run_study(tmp_path / "study.toml", tmp_path / "out")
    assert_documented(tmp_path / "out")


def assert_documented(out: Path) -> None:
    """Every column, key and file of a study's folder has its place in the reference."""
    table = pq.read_table(out / "sweep.parquet")
    columns = {name for name in table.column_names if "." not in name}  # axes go by their keys
    assert {c for c in columns if f"`{_documented(c)}`" not in OUTPUT} == set()
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    documented = OUTPUT + STUDIES
    assert {key for key in _keys(summary) if f"`{key}`" not in documented} == set()
    files = {path.name for path in out.iterdir()}
    assert {name for name in files if f"`{name}`" not in OUTPUT} == set()


def _documented(column: str) -> str:
    """The column as documented: bounds of shares by their suffix, players as i."""
    column = re.sub(r"_player_\d+$", "_player_i", column)
    return re.sub(r"^(cooperation|exploitation|defection|at_rest)(_low|_high)$", r"\2", column)


def _keys(content: object) -> set[str]:
    if isinstance(content, dict):
        return set(content).union(*map(_keys, content.values()))
    if isinstance(content, list):
        return set().union(*map(_keys, content))
    return set()


@pytest.mark.slow  # by day test_cli …thresholds_of_the_prisoners_dilemma, test_headlines …outcomes…
def test_four_answers_of_the_readme():
    """The table of the introduction, computed."""
    (printed,) = lines_of(FOUR_ANSWERS)
    (switch, equilibrium), (low, high) = (map(float, line.split()) for line in printed)
    assert f"up from κ = {switch:.4f} on" in README
    assert f"only from κ = {equilibrium:.4f} on" in README
    assert (round(low, 1), round(high, 2)) == (0.4, 0.75)
    assert "from about 0.4 to 0.75" in README
