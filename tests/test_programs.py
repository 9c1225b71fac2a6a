"""How many programs a study compiles, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse._foundation.arrays import is_traced
from glasshouse._foundation.programs import traced_once
from glasshouse.channels import Box
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.rules import Gradient, Lola, Sos
from glasshouse.semantics import Custom

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


class Sliding:
    """A function of both players' parameters that counts how often it is traced."""

    coupling = 0.5

    def __init__(self):
        self.calls = 0

    def __call__(self, own, seen):
        self.calls += 1
        values = [jax.nn.sigmoid(x + self.coupling * (seen[0] + seen[1] - x)) for x in seen]
        return tuple(jnp.stack([p, 1 - p]) for p in values)


def sliding() -> tuple[Sliding, gh.ParametricGame]:
    function = Sliding()
    semantics = Custom(lambda params, seen=None: function(params, params), [Box(-2.0, 2.0)] * 2)
    return function, gh.ParametricGame(gh.load_game("stag_hunt"), semantics)


def test_rules_that_take_many_gradients_trace_a_game_as_often_as_those_that_take_one():
    counts = []
    for rule in (Gradient(), Lola(1.0), Sos()):
        function, game = sliding()
        learn([game], Learning(rule, steps=2, step_size=0.1, starts=Starts(2)), judged=False)
        counts.append(function.calls)
    assert counts[0] == counts[1] == counts[2]


def test_somebody_elses_transformation_traces_anew():
    """A function of a notebook may read something that has changed since."""
    function, game = sliding()
    learn([game], Learning(Gradient(), steps=2, step_size=0.1, starts=Starts(2)))
    params = (np.float64(0.3), np.float64(-0.2))
    found = []
    for function.coupling in (0.5, 0.9):
        inside = jax.jit(lambda *x: game.selfish_gradients(x))(*params)
        np.testing.assert_allclose(inside, game.selfish_gradients(params), rtol=1e-12)
        found.append(inside)
    assert abs(found[0][0] - found[1][0]) > 1e-3


def test_what_is_traced_once_is_copied_into_programs_and_compiled_in_none_of_its_own():
    """x² + 1 at 3 and its slope there; derivatives and batches are of the same copy."""
    seen, three = [], jnp.arange(3.0)[-1] + 1

    @traced_once
    def squared(x):
        seen.append(is_traced(x))
        return x * x + 1

    assert float(jax.jit(lambda x: squared(x) + squared(2 * x))(three)) == 47
    assert float(jax.jit(jax.grad(squared))(three)) == 6
    assert jax.jit(jax.vmap(jax.grad(squared)))(jnp.arange(3.0)).tolist() == [0, 2, 4]
    assert seen == [True]
    if jax.__version_info__ < (0, 11):  # later ones leave the copy to the compiler
        assert "jit" not in str(jax.make_jaxpr(squared)(three))
    assert squared(np.float64(3.0)) == 10
    assert seen == [True, False]
