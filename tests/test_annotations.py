"""Annotations hold: a study from file to report, and some analyses, checked at run time.

In a process of its own, for whoever asks for this test alone: `make nightly` checks them in all
tests, which takes a tenth longer. By day the type checker reads them.
"""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKED = ("analysis", "cli", "dynamics", "interop", "plots", "rules", "study")

NAMES = (
    "run",
    "run of a network",
    "sensitivity_path",
    "deviation_curve",
    "boundary_test",
    "generic_outcomes",
    "first_movement",
    "feasible_set",
    "find_equilibria",
)

STUDY = """
game.file = "game.nfg"
learning = { starts = 4, steps = 20 }
sweep."semantics.coupling" = [0.3, 0.9]
[analysis]
thresholds = false
portrait = false
tied = false
boundary_test = false
certify = false
"""

GAME = 'NFG 1 R "A game" { "a" "b" } { 2 2 }\n\n3 3 5 0 0 5 1 1\n'

CODE = """
import sys
from jaxtyping import TypeCheckError, install_import_hook
packages, names, study, out = eval(sys.argv[1])
install_import_hook([f"glasshouse.{name}" for name in packages], "beartype.beartype")
from tests import everything
assert len(everything.answers(names)) == len(names)
from glasshouse.study import prepare
try:
    prepare("no study")
except TypeCheckError:
    print("checked")
from glasshouse.cli.main import main
sys.argv = ["glasshouse", "run", study, "--out", out]
try:
    main()
except SystemExit as stop:
    print("ended with", stop.code or 0)
"""


@pytest.mark.slow
def test_annotations_hold(tmp_path):
    (tmp_path / "game.nfg").write_text(GAME)
    (tmp_path / "study.toml").write_text(STUDY)
    asked = CHECKED, NAMES, str(tmp_path / "study.toml"), str(tmp_path / "out")
    words = [sys.executable, "-c", CODE, repr(asked)]
    root = Path(__file__).parent.parent
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert (first, last) == ("checked", "ended with 0"), done.stdout
    assert (tmp_path / "out" / "report.html").is_file()
