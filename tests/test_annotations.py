"""Annotations hold: a study from file to report, and some analyses, checked at run time.

In a process of its own: in all tests, which `make nightly` checks, that takes a tenth longer.
"""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKED = ("analysis", "cli", "dynamics", "interop", "plots", "rules", "study")

NAMES = ("run of a network", "deviation_curve", "feasible_set")

MORE = (
    "run",
    "sensitivity_path",
    "boundary_test",
    "generic_outcomes",
    "first_movement",
    "find_equilibria",
)

STUDY = """
game.file = "game.nfg"
learning = { rule = "lola", starts = 4, steps = 20 }
sweep."semantics.coupling" = [0.3, 0.9]
analysis = { thresholds = false, portrait = false, tied = false }
"""

GAME = 'NFG 1 R "A game" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n'

CODE = """
import sys
from jaxtyping import TypeCheckError, install_import_hook
packages, names, study, out = eval(sys.argv[1])
install_import_hook([f"glasshouse.{name}" for name in packages], "beartype.beartype")
from tests import everything
assert len(everything.answers(names)) == len(names)
from glasshouse.dynamics import stack
try:
    stack(3)
except TypeCheckError:
    print("checked")
from glasshouse.cli.main import main
sys.argv = ["glasshouse", "run", study, "--out", out]
try:
    main()
except SystemExit as stop:
    print("ended with", stop.code or 0)
"""


@pytest.mark.parametrize("names", [NAMES, pytest.param(NAMES + MORE, marks=pytest.mark.slow)])
def test_annotations_hold(names, tmp_path):
    (tmp_path / "game.nfg").write_text(GAME)
    (tmp_path / "study.toml").write_text(STUDY)
    asked = CHECKED, names, str(tmp_path / "study.toml"), str(tmp_path / "out")
    words = [sys.executable, "-c", CODE, repr(asked)]
    root = Path(__file__).parent.parent
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert (first, last) == ("checked", "ended with 0"), done.stdout
    assert (tmp_path / "out" / "report.html").is_file()
