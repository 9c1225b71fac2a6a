"""What a study says in words follows from its numbers, and says what it does not know."""

import numpy as np
import pytest

from glasshouse.analysis import boundary_test, equilibrium_threshold
from glasshouse.analysis.equilibrium.deviations import boundary_tests
from glasshouse.analysis.predictions import slices
from glasshouse.errors import InputError
from glasshouse.families import LogisticFamily
from glasshouse.interop import load_game
from glasshouse.study import claims, compute, prepare, run_study
from glasshouse.study.spec.toml import parse_study

PD = '[game]\nname = "prisoners_dilemma"\n'
SHORT = "[learning]\nstarts = 9\nsteps = 40\n"
UNPROVED = "thresholds = false\ncertify = false\n"
ONLY_MOVEMENT = (
    "[analysis]\nportrait = false\noutcomes = false\ntied = false\nboundary_test = false\n"
)


def computed(text, folder=None):
    return compute(prepare(parse_study(text), *([] if folder is None else [folder])))


def test_swept_learning_is_not_said_to_be_at_its_own_value():
    text = (
        PD
        + SHORT
        + '[sweep]\n"learning.steps" = [10, 20]\n[analysis]\nportrait = false\n'
        + UNPROVED
    )
    said = claims(computed(text))
    assert "40 steps of 0.1, but learning.steps as swept" in said[1]
    assert said[0].startswith("First movement: ")


def test_slices_on_which_cooperation_never_rises_are_counted_apart():
    """κ_½ = (T - 2) / (T + 2): below .35 only for T < 4.15."""
    text = PD + '[sweep]\n"semantics.coupling" = [0.0, 0.1, 0.2, 0.3, 0.35]\n'
    text += '"game.parameters.T" = [3.5, 4.0, 6.0, 7.0]\n' + ONLY_MOVEMENT
    result = computed(text)
    assert [s.moves for s in result.slices] == ["from a value on"] * 2 + ["nowhere"] * 2
    (said,) = claims(result)
    assert "at 2 of 4 values of T" in said
    assert "; at no coupling tried, at 2" in said


def test_a_slice_says_between_which_points_it_turns_and_from_where_on_half_cooperate():
    margins = np.array([[-3.0, 1.0, 2.0], [-1.0, -1.0, -1.0]])
    cooperate = np.array([[True, False, True], [False, True, False]])
    passes = np.zeros((2, 3), dtype=object)
    others = [(1.0, 5.0), (2.0, 5.0)]
    turns, never = slices(
        [0.0, 0.4, 0.8], others, margins, passes, cooperate, [None] * 2, falling=False
    )
    assert turns.first_movement == pytest.approx(0.3)  # three quarters of the way
    assert turns.between == (0.0, 0.4)
    assert turns.cooperation == 0.8  # not at 0, above which it fails again
    assert (never.moves, never.between, never.cooperation) == ("nowhere", None, None)


def test_along_a_payoff_it_may_only_stop_rising():
    text = (
        PD + '[sweep]\n"game.parameters.T" = [4.0, 5.0, 6.0]\n"semantics.coupling" = [0.2, 0.4]\n'
    )
    result = computed(text + ONLY_MOVEMENT)
    assert [s.moves for s in result.slices] == ["nowhere", "elsewhere"]


def test_what_is_studied_is_searched():
    """Stag hunt: cooperation rises above 1/5, and below -1, where own and others' reading fight."""
    text = '[game]\nname = "stag_hunt"\n' + SHORT + ONLY_MOVEMENT
    result = computed(
        text + '[sweep]\n"semantics.coupling" = { start = -3, stop = -0.5, count = 6 }\n'
    )
    assert result.predictions is not None
    assert result.predictions.first_movement.searched == (-3.0, 3.0)
    assert result.predictions.first_movement.result == "several switches"
    assert "rises" in result.column("first_movement").tolist()


def test_runs_that_left_the_reals_are_counted_and_not_judged(tmp_path):
    (tmp_path / "gap.py").write_text(
        "import jax.numpy as jnp\n\n"
        "def gap(params, seen):\n"
        "    p = [jnp.where(jnp.abs(x - 1) < 0.5, jnp.nan, 0.5 + x / 10) for x in params]\n"
        "    return [jnp.stack([x, 1 - x]) for x in p]\n"
    )
    text = PD + '[semantics]\nkind = "custom"\nfunction = "gap.py:gap"\n[sweep]\n'
    text += "[learning]\nsteps = 3\nstart = [[1.0, 0.0], [-1.0, -1.0]]\n"
    text += "[analysis]\nportrait = false\ntied = false\nboundary_test = false\n"
    result = computed(text + UNPROVED, tmp_path)
    assert result.column("not_finite").tolist() == [1]
    assert result.base.generic is not None
    assert result.base.generic.defection.runs == 1
    assert "1 runs left the reals and are not counted" in claims(result)[1]


def test_a_semantics_that_leaves_the_unit_interval_is_refused(tmp_path):
    (tmp_path / "line.py").write_text(
        "import jax.numpy as jnp\n\n"
        "def line(params, seen):\n"
        "    return [jnp.stack([0.5 + x / 2, 0.5 - x / 2]) for x in params]\n"
    )
    text = PD + '[semantics]\nkind = "custom"\nfunction = "line.py:line"\n'
    with pytest.raises(InputError, match="at the lower bounds: action probabilities"):
        prepare(parse_study(text), tmp_path)


def test_runs_still_moving_are_noted():
    text = PD + SHORT + "[sweep]\n[analysis]\nportrait = false\ntied = false\n"
    result = computed(text + "boundary_test = false\n" + UNPROVED)
    assert any(
        "1 of 1 points fewer than 95% of the runs had come to rest" in n for n in result.notes
    )


def test_large_steps_anywhere_in_the_sweep_are_noted():
    text = PD + SHORT + '[sweep]\n"game.parameters.T" = [4, 5, 6, 7, 8, 9, 10, 11, 1000]\n'
    result = computed(
        text + "[analysis]\nportrait = false\nthresholds = false\nboundary_test = false\n"
    )
    assert any(note.startswith("at 1 of 9 points the step size is large") for note in result.notes)


def test_one_undecided_corner_keeps_no_other_from_its_test():
    """At ±300 and coupling 1.5 logits pass 700, where slopes vanish in rounding."""
    games = [LogisticFamily(load_game("stag_hunt"), bound)(1.5) for bound in (3.0, 300.0)]
    near, far = boundary_tests(games)
    assert near.passes is True
    assert far.passes is None
    assert "saturates" in far.reason
    with pytest.raises(InputError, match="saturates"):
        boundary_test(games[1])
    with pytest.raises(InputError, match="saturates"):
        equilibrium_threshold(LogisticFamily(load_game("stag_hunt"), 300.0))


def test_the_boundary_test_does_not_depend_on_the_batch():
    text = '[game]\nname = "stag_hunt"\n[sweep]\n"semantics.bound" = [3, 300]\n'
    text += '"semantics.coupling" = [0.5, 1.5]\n[analysis]\nportrait = false\ntied = false\n'
    whole, divided = (
        computed(text + f"[learning]\nsteps = 5\nstarts = 4\nbatch = {batch}\n")
        for batch in (100, 4)
    )
    passes = whole.column("boundary_passes").tolist()
    assert passes == divided.column("boundary_passes").tolist()
    assert None in passes
    assert True in passes
    assert f"tested at {4 - passes.count(None)} of 4 points" in claims(whole)[-1]
    assert any("undecided" in note for note in whole.notes)


def test_an_unbounded_study_runs_to_its_report(tmp_path):
    text = PD + SHORT + '[semantics]\nbound = inf\n[sweep]\n"semantics.coupling" = [0.2, 0.6]\n'
    (tmp_path / "study.toml").write_text(text)
    result = run_study(tmp_path / "study.toml", tmp_path / "out")
    assert (tmp_path / "out" / "report.html").is_file()
    assert any("no phase portrait" in note for note in result.notes)
    assert result.to_dict()["semantics"]["bound"] is None


@pytest.mark.parametrize(
    ("learning", "key", "said"),
    [
        ("", "learning.batch", "has no effect on the numbers"),
        ('start = "grid"\nstarts = 9', "learning.spread", "has no effect with start = 'grid'"),
        ('start = "neutral"', "learning.starts", "has no effect with start = 'neutral'"),
        ("start = [[0.1, 0.2]]", "learning.seed", "has no effect with start = 'a list'"),
    ],
)
def test_sweeping_what_changes_nothing_is_refused(learning, key, said):
    text = PD + f'[learning]\n{learning}\n[sweep]\n"{key}" = [1, 2]\n'
    with pytest.raises(InputError, match=f"key 'sweep.{key}' {said}"):
        prepare(parse_study(text))


def test_more_starts_than_fit_are_refused():
    text = PD + "[learning]\nstarts = 1000\nbatch = 999\n"
    with pytest.raises(InputError, match=r"1000 starts are more than learning\.batch = 999"):
        prepare(parse_study(text))


def test_whole_numbers_are_not_searched_between():
    text = '[game]\nname = "public_goods"\n' + SHORT + '[sweep]\n"game.parameters.n" = [3, 4]\n'
    result = computed(text + ONLY_MOVEMENT)
    assert result.predictions is None
    assert "no switches sought along game.parameters.n: it takes whole numbers only" in result.notes
    assert None not in result.column("first_movement").tolist()
