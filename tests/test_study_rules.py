"""Studies in which players learn by other rules than the selfish gradient."""

import json
import math

import numpy as np
import pytest
from tests.oracles.test_rules import lola_by_matrices

import glasshouse as gh
from glasshouse.dynamics import Rest
from glasshouse.errors import InputError
from glasshouse.rules import Gradient, Lola, PerPlayer
from glasshouse.study import read_study, run_study
from glasshouse.study.setting import prepare
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.store import compute

SMALL = """
[game]
name = "prisoners_dilemma"

[semantics]
coupling = 0.5
bound = 3.0

[analysis]
portrait = false
thresholds = {thresholds}

[sweep]
"{axis}" = [{values}]

[learning]
starts = 20
steps = 3000
seed = 4
"""


def small(learning, thresholds=False, axis="semantics.coupling", values="0.45, 0.55"):
    text = SMALL.replace("{thresholds}", str(thresholds).lower())
    return text.replace("{axis}", axis).replace("{values}", values) + learning


def margin_by_matrices(coupling, look_ahead):
    """How fast mean cooperation changes where neutral, LOLA's direction from whole matrices."""
    game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(coupling)
    import jax

    with jax.enable_x64(True):
        towards = lola_by_matrices(game, (0.0, 0.0), look_ahead)
    return float(np.mean(0.25 * (1 + coupling) * towards))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lola")
    (folder / "study.toml").write_text(small('rule = "lola"\nlook_ahead = 1.0\n', True))
    out = folder / "out"
    return run_study(folder / "study.toml", out), out


def test_lola_goes_through_to_the_report(written):
    result, out = written
    moves = result.predictions.first_movement
    low, high = (margin_by_matrices(end, 1.0) for end in moves.bracket)
    assert low < 0 < high
    assert moves.value == pytest.approx(0.49507, abs=1e-4)  # 3/7 under selfish gradients
    assert result.predictions.measured_first_movement.value == pytest.approx(moves.value, abs=1e-4)
    assert result.predictions.long_run_switch.value == pytest.approx(moves.value, abs=1e-3)
    assert result.predictions.closed_form is None
    assert "selfish gradients only, not LOLA" in result.predictions.reason
    html = (out / "report.html").read_text("utf-8")
    assert "learners by LOLA (look-ahead 1)" in html
    assert "selfish learners" not in html
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert "LOLA (look-ahead 1)" in summary["base"]["generic"]["detail"]
    assert any("no tied outcome: LOLA" in note for note in summary["notes"])
    learning = read_study(out / "study.toml").resolved()["learning"]
    assert learning["look_ahead"] == 1.0


def test_the_rest_points_certified_are_those_of_the_rule(written):
    result, _ = written
    points = [p for p in result.certificates if p.reached is not None]
    assert points
    game = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.5)
    for point in points:
        params = tuple(float(x[0]) for x in point.certificate.params)
        assert gh.dynamics.rest_residual(game, params, Lola(1.0)) < 1e-6
        inside = all(abs(x) < 2.9 for x in params)
        assert not inside or gh.dynamics.rest_residual(game, params) > 1e-3


def test_the_look_ahead_can_be_swept():
    text = small('rule = "lola"\n', axis="learning.look_ahead", values="0.0, 0.5, 1.0")
    result = compute(prepare(parse_study(text.replace("coupling = 0.5", "coupling = 0.45"))))
    margins = result.column("first_movement_margin")
    assert margins == pytest.approx([margin_by_matrices(0.45, a) for a in (0.0, 0.5, 1.0)])
    assert margins[0] > 0 > margins[2]
    claims = result.to_dict()["claims"]
    assert "learners by LOLA, as swept," in claims[0]


def test_a_line_up_learns_each_by_its_own_rule():
    players = (
        '[[learning.players]]\nrule = "lola"\nlook_ahead = 2.0\n'
        '[[learning.players]]\nrule = "gradient"\nstep_size = 0.05\n'
    )
    study = parse_study(small(players))
    rule = study.learning.build(1.0).rule
    assert isinstance(rule, PerPlayer)
    assert isinstance(rule.rules[0], Lola)
    assert isinstance(rule.rules[1], Gradient)
    assert float(rule.rules[0].look_ahead) == 2.0
    assert np.asarray(rule.step_sizes).tolist() == [1.0, 0.5]
    result = compute(prepare(study))
    (first, *_) = result.to_dict()["claims"]
    assert "a line-up (LOLA (look-ahead 2), selfish gradients, step-sizes × 1, 0.5)" in first
    assert math.isfinite(result.base.first_movement.margin)
    assert parse_study(study.to_toml()) == parse_study(study.to_toml())


def test_runs_stop_where_players_rest(tmp_path):
    """What stops at rest ends where all steps lead, and says when it stopped."""
    stopped = small("stop = { tolerance = 1e-9, every = 50 }\n", values="0.5")
    study = parse_study(stopped)
    assert study.learning.build(1.0).stop == Rest(1e-9, 50)
    assert parse_study(study.to_toml()) == parse_study(study.to_toml())
    (tmp_path / "study.toml").write_text(stopped)
    result = run_study(tmp_path / "study.toml", tmp_path / "out")
    generic = result.base.generic
    assert generic is not None
    assert generic.at_rest.value > 0.9
    assert generic.detail.endswith("at most 3000 steps of 0.1, stopped at rest to 1e-09")
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "at most 3000 steps of 0.1" in html
    assert ", stopped at rest to " in html
    assert read_study(tmp_path / "out" / "study.toml").learning.stop == study.learning.stop


@pytest.mark.parametrize(
    ("learning", "said"),
    [
        ('rule = "lolla"\n', "learning.rule"),
        ("stop = { tolerance = 1.0 }\n", "key 'learning.stop.tolerance' must be less than 1"),
        ("stop = { toleranc = 1e-8 }\n", "learning.stop.toleranc"),
        ("stop = 1e-8\n", "key 'learning.stop' must be a table"),
        ("look_ahead = 1.0\n", "look_ahead does not belong to the rule 'gradient'"),
        ('rule = "optimistic"\nform = "taylor"\n', "form does not belong to the rule"),
        ('rule = "lola"\nform = "third"\n', "learning.form"),
        ('rule = "lola"\nlook_ahead = nan\n', "learning.look_ahead"),
        ('rule = "sos"\nbelieved_step_sizes = [1, 1, 1]\n', "one number for each of 2 players"),
        (
            'rule = "lola"\ntied = true\n',
            "key 'learning.rule': LOLA needs each player's parameters apart",
        ),
        ('rule = "mirror"\n', "key 'learning.rule': mirror ascent needs players whose prob"),
        ('rule = "leader"\nleader = 2\n', "leader=2 must be the number of one of 2 players"),
        ('rule = "lola"\n[[learning.players]]\n[[learning.players]]\n', "either rule"),
        ("[[learning.players]]\n", "learning.players"),
        ("[[learning.players]]\n" * 3, "key 'learning.players': the line-up has 3 rules"),
        ("[[learning.players]]\nstep_size = 0.0\n[[learning.players]]\n", "step_size"),
    ],
)
def test_what_cannot_be_learned_is_said_with_its_key(learning, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        prepare(parse_study(small(learning)))


def test_rules_are_listed(call):
    code, out, _ = call("rules", "--json")
    found = {rule["name"]: rule for rule in json.loads(out)}
    assert code == 0
    assert {"gradient", "lola", "optimistic", "fixed", "perplayer", "transformed"} <= set(found)
    rarer = {"ocgo", "lss", "levelk", "leader", "mirror", "magnetic", "meanfield"}
    assert rarer <= set(found)  # as studies write them
    assert {name for name in rarer if found[name]["keeps_rest_points"]} == {
        "ocgo",
        "lss",
        "levelk",
        "mirror",
    }
    assert found["lola"]["keeps_rest_points"] is False
    unsaid = {"order": None, "believed_step_sizes": None}
    assert found["lola"]["parameters"] == {"look_ahead": 1.0, "form": "taylor", **unsaid}
    code, out, _ = call("rules")
    assert code == 0
    assert out.splitlines()[0].split()[0] == "RULE"
    assert "look_ahead=1.0" in out


ACCESS = """
[game]
name = "donation"

[semantics]
kind = "affine"
weight = 0.3

[access]
kind = "probabilistic"
probability = 0.9

[learning]
starts = 20
steps = 500

[analysis]
certify = false
"""


def test_commands_take_a_study_with_its_semantics_access_and_rule(call, tmp_path):
    (tmp_path / "access.toml").write_text(ACCESS)
    study = str(tmp_path / "access.toml")
    code, out, _ = call("thresholds", study, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["semantics"]["kind"] == "affine"
    closed = found["closed_form"]["neutral"]["value"]
    assert found["first_movement"]["value"] == pytest.approx(closed, abs=1e-8)
    assert closed > 0.25  # where everybody is read for certain
    code, out, _ = call("thresholds", study)
    assert code == 0
    assert "WEIGHT" in out
    assert out.splitlines()[0].endswith(f"the own values of {study}; cooperation is donate")


@pytest.mark.slow  # by day a study of somebody else's things is checked, in test_outsider.py
def test_check_takes_a_study_with_its_access_and_learning(call, tmp_path):
    (tmp_path / "access.toml").write_text(ACCESS)
    code, out, _ = call("check", str(tmp_path / "access.toml"), "--json")
    found = json.loads(out)
    assert code == 0
    assert found["access"]["kind"] == "probabilistic"
    assert "500 steps" in found["generic"]["detail"]
    assert (found["epsilon"], found["certificates"]) == (None, [])


def test_commands_say_what_a_study_says_itself(call, tmp_path):
    (tmp_path / "study.toml").write_text(ACCESS)
    study = str(tmp_path / "study.toml")
    for words, said in (
        (("check", study, "--coupling", "1"), "--coupling belongs to a game named on"),
        (("check", study, "--bound", "1", "--seed", "2"), "--bound and --seed belong to"),
        (("thresholds", study, "--bound", "2"), "--bound belongs to"),
        (("check", "donation", "--coupling", "1"), "check needs --bound for a game"),
        (("check", "donation"), "check needs --coupling and --bound"),
        (("check", "missing.toml"), "missing.toml"),
    ):
        code, _, err = call(*words)
        assert code == 2
        assert said in err


GAP = """
import jax.numpy as jnp

def gap(params, seen, gain):
    p = [0.5 + x / 10 - gain * seen[i][1 - i] / 40 for i, x in enumerate(params)]
    lost = (gain > 1) & (jnp.abs(params[0] - 1) < 0.5)
    p = [jnp.where(lost, jnp.nan, x) for x in p]
    return [jnp.stack([x, 1 - x]) for x in p]
"""


def test_who_leaves_the_reals_at_one_point_changes_no_other_by_a_bit(tmp_path):
    (tmp_path / "gap.py").write_text(GAP)
    tables = []
    for last in (0.9, 2.0):
        text = (
            '[game]\nname = "donation"\n[semantics]\nkind = "custom"\nfunction = "gap.py:gap"\n'
            'parameters = { gain = 0.5 }\n[learning]\nrule = "lola"\nsteps = 20\n'
            "start = [[1.2, 0.0], [-1.0, 0.5], [2.0, -1.0]]\n"
            "[analysis]\nportrait = false\ncertify = false\nboundary_test = false\ntied = false\n"
            f'[sweep]\n"semantics.parameters.gain" = [0.1, 0.5, {last}]\n'
        )
        tables.append(compute(prepare(parse_study(text), tmp_path)).table)
    alone, together = (table.slice(0, 2) for table in tables)
    assert alone.equals(together)
    assert [table["not_finite"].to_pylist() for table in tables] == [[0, 0, 0], [0, 0, 1]]
    assert tables[1]["at_rest_share"].to_pylist()[2] is not None


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('[learning]\nrule = "lla"\nlook_ahead = 1.0\n', r"'learning.rule' .* mean 'lola'\?$"),
        ('[learning]\nrule = "LOLA"\nfoo = 1.0\n', r"'learning.rule' .* mean 'lola'\?$"),
        (
            '[[learning.players]]\nrule = "soss"\na = 0.5\n[[learning.players]]\n',
            r"'learning.players.0.rule' .* mean 'sos'\?$",
        ),
        (
            '[learning]\nrule = "CGO"\n',
            r"'learning.rule' .*: 'cgd' is CGO wherever its look_ahead is not the step size$",
        ),
        (
            '[learning]\nrule = "lola"\ntemperature = 1.0\n',
            r"temperature does not belong to the rule 'lola'",
        ),
        (
            '[sweep]\n"learning.look_ahead" = [0.0, 1.0]\n',
            r"the rule 'gradient' has no look_ahead, which 'lola', .* and 'loladice' have$",
        ),
        (
            '[learning]\nrule = "lola"\n[sweep]\n"learning.decay" = [0.0, 0.5]\n',
            "the rule 'lola' has no decay, which 'momentum', 'loladice' and 'loqa' have$",
        ),
        (
            '[learning]\nrule = "lola"\n[sweep]\n"learning.lookahead" = [0.0, 1.0]\n',
            r"no number of this study: did you mean 'learning.look_ahead'\?$",
        ),
    ],
)
def test_a_slip_in_a_rule_is_answered_by_what_was_meant(tables, said):
    with pytest.raises(InputError, match=said):
        parse_study('[game]\nname = "prisoners_dilemma"\n' + tables)
