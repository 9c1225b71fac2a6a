"""How many programs a study compiles, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "prisoners_dilemma.toml"

SMALL = """
[game]
name = "stag_hunt"
[learning]
starts = 40
steps = 50
[sweep]
"semantics.coupling" = { start = 0.0, stop = 1.0, count = 9 }
[analysis]
thresholds = false
certify = false
portrait = false
"""

COUNTED = """
import sys
import jax.monitoring
names = []
def listen(event, seconds, **about):
    if event.endswith("backend_compile_duration"):
        names.append(about.get("fun_name"))
jax.monitoring.register_event_duration_secs_listener(listen)
from glasshouse.study import run_study
run_study(*sys.argv[1:])
print(*names)
"""


def programs(study: Path, out: Path) -> list[str]:
    words = [sys.executable, "-c", COUNTED, str(study), str(out)]
    done = subprocess.run(words, env=dict(os.environ), capture_output=True, text=True, check=True)
    return done.stdout.replace("jit(", "").replace(")", "").split()


@pytest.mark.slow
def test_the_example_study_compiles_at_most_twenty_programs(tmp_path):
    found = programs(EXAMPLE, tmp_path / "out")
    assert 10 <= len(found) <= 20, found


def test_a_study_of_outcomes_compiles_each_of_its_programs_for_base_and_sweep_once(tmp_path):
    (tmp_path / "study.toml").write_text(SMALL)
    found = programs(tmp_path / "study.toml", tmp_path / "out")
    drawn = ["one_dimensional", "payoff_at"]  # in the figure of deviations, for one player alone
    learned = ["learn", "learn"]  # from all starts, and tied
    tested = ["at_corner", "cooperation_margin", "one_dimensional"]
    assert sorted(found) == sorted([*drawn, *learned, *tested])
