"""Annotations hold where arrays are computed with: some analyses, checked at run time.

In a process of its own, for by day no other checks those of `analysis` and `dynamics`; all tests
do by night (`make nightly`).
"""

import subprocess
import sys
from pathlib import Path

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

CODE = f"""
from jaxtyping import TypeCheckError, install_import_hook
install_import_hook(["glasshouse.analysis", "glasshouse.dynamics"], "beartype.beartype")
from tests import everything
assert len(everything.answers({NAMES!r})) == {len(NAMES)}
from glasshouse.analysis.movement.first_order import mean_cooperation
try:
    mean_cooperation("no game", everything.START)
except TypeCheckError:
    print("checked")
"""


def test_annotations_of_analyses_hold():
    root = Path(__file__).parent.parent
    words = [sys.executable, "-c", CODE]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "checked\n"), done.stderr
