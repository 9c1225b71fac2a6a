"""Studies that compare learners: rows by hand, references, runs that fail, and what cannot be."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from glasshouse.analysis.outcomes.comparison import ComparedRow, Comparison, Reference, Spread
from glasshouse.dynamics import Starts
from glasshouse.errors import InputError
from glasshouse.study import compute, prepare, read_study, run_study
from glasshouse.study.report.figures import study_figures
from glasshouse.study.report.page import report_html
from glasshouse.study.spec.toml import parse_study
from glasshouse.study.words.compared import comparison_brief, learning_words, references_words
from glasshouse.study.words.headlines import brief
from glasshouse.study.words.sentences import claims

EXAMPLES = Path(__file__).parent.parent / "examples"

TINY = """
[game]
payoffs = [[[3.0, 0.0], [5.0, 1.0]], [[3.0, 4.0], [0.0, 1.0]]]

[semantics]
coupling = 0.0
bound = inf

[learning]
start = [[0.5, -0.25], [1.0, 2.0], [-0.5, 0.0]]
steps = 1
step_size = 0.4

[comparison]
quantity = "loss"
threshold = -2.0

[[compare]]
name = "naive"
reference = { mean = -2.2, std = 0.3, seeds = 9 }

[[compare]]
players = [{ rule = "fixed" }, { rule = "gradient", step_size = 0.8 }]
at = { "semantics.coupling" = 0.5 }
"""

IPD = """
[game]
title = "Iterated prisoner's dilemma"
payoffs = [[-1, -3], [0, -2]]
repeated = { discount = 0.96, unit = "sum" }

[semantics]
coupling = 0.3
bound = inf

[learning]
step_size = 0.2
steps = 7
starts = 6
seed = 3
"""


def comparison_of(result) -> Comparison:
    assert result.comparison is not None
    return result.comparison


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x)))


def payoffs_by_hand(coupling, sizes):
    """Payoffs of all runs after one selfish step of these sizes, from derivatives on paper."""
    tensor = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 4.0], [0.0, 1.0]]])

    def paid(a, b):
        p, q = sigmoid(a + coupling * b), sigmoid(b + coupling * a)
        mixed = np.outer([p, 1 - p], [q, 1 - q])
        own = [np.array([1, -1]) @ u @ [q, 1 - q] * p * (1 - p) for u in tensor]
        other = [[p, 1 - p] @ u @ np.array([1, -1]) * q * (1 - q) for u in tensor]
        slopes = (own[0] + coupling * other[0], coupling * own[1] + other[1])
        return [np.sum(u * mixed) for u in tensor], slopes

    found = []
    for a, b in [(0.5, -0.25), (1.0, 2.0), (-0.5, 0.0)]:
        _, (first, second) = paid(a, b)
        found.append(paid(a + sizes[0] * first, b + sizes[1] * second)[0])
    return np.array(found)


@pytest.fixture(scope="module")
def tiny():
    return compute(prepare(parse_study(TINY)))


def test_rows_are_what_is_computed_by_hand(tiny):
    naive, line_up = tiny.comparison.rows
    for row, paid in (
        (naive, payoffs_by_hand(0.0, (0.4, 0.4))),
        (line_up, payoffs_by_hand(0.5, (0.0, 0.8))),
    ):
        losses = -paid.mean(axis=1)
        assert row.mean == pytest.approx(losses.mean(), abs=1e-12)
        assert row.std == pytest.approx(losses.std(ddof=1), abs=1e-12)
        assert row.share == np.mean(losses < -2.0)
        assert [x.mean for x in row.players] == pytest.approx(-paid.mean(axis=0), abs=1e-12)
        assert [x.std for x in row.players] == pytest.approx(paid.std(axis=0, ddof=1), abs=1e-12)
        assert (row.seeds, row.failed) == (3, 0)
    half = 4.302652729911275 * naive.std / math.sqrt(3)  # Student's t with two degrees of freedom
    assert naive.interval == pytest.approx((naive.mean - half, naive.mean + half))
    error = math.sqrt(naive.std**2 / 3 + 0.3**2 / 9)
    assert naive.z == pytest.approx((naive.mean + 2.2) / error)
    assert (line_up.z, line_up.rule) == (None, "fixed, gradient")
    assert line_up.name == "no learning against selfish gradients at semantics.coupling = 0.5"


def test_the_answer_comes_first_and_everywhere(tiny):
    told = json.loads(json.dumps(tiny.to_dict(), allow_nan=False))
    keys = {"name", "rule", "learning", "at", "unit", "mean", "std", "share", "seeds", "failed"}
    assert keys | {"interval", "players", "reference", "z", "met"} == set(told["rows"][0])
    assert told["rows"][0]["reference"] == {"mean": -2.2, "std": 0.3, "seeds": 9}
    first, other = told["rows"]
    assert first["learning"] == "selfish gradients: 1 step of 0.4 from 3 given starts"
    assert other["learning"] == (
        "no learning against selfish gradients: 1 step of 0.4 and 0.8 from 3 given starts"
    )
    assert (first["at"], other["at"]) == ({}, {"semantics.coupling": 0.5})
    assert first["unit"] is None
    assert (told["comparison"]["quantity"], told["comparison"]["unit"]) == ("loss", "step")
    assert told["comparison"]["best"][0] == tiny.comparison.best[0].name
    first = min(tiny.comparison.rows, key=lambda row: row.mean)
    assert brief(tiny).startswith(
        f"2×2 game, 2 learners by loss: {first.name} does best, {first.mean:.1f}"
    )
    (claim,) = claims(tiny)
    assert claim.startswith("Comparison (loss per round, mean of all players")
    figures = study_figures(tiny)
    assert [figure.name for figure in figures] == ["comparison"]
    page = report_html(tiny, figures, {})
    for words in ("Learners compared", "Share below -2", f'value="{first.mean!r}"', "naive"):
        assert words in page


def row(name, runs, starts=Starts(4, seed=1)):
    values = np.array(runs)
    found = Spread.of(values)
    return ComparedRow(
        name,
        "gradient",
        "gradient",
        {},
        None,
        found.mean,
        found.std,
        None,
        len(runs),
        0,
        (),
        None,
        values,
        starts,
    )


def test_line_ups_with_the_same_starts_are_told_apart_in_pairs():
    """Their means are as far apart as their runs are wide, and yet one is better at every start."""
    low, high = row("a", [0.0, 1.0, 2.0, 3.0]), row("b", [0.2, 1.21, 2.19, 3.2])
    found = Comparison((low, high), "payoff", None, None, 3.0)
    assert [x.name for x in found.best] == ["b"]
    others = dataclasses.replace(low, starts=Starts(4, seed=2))
    found = Comparison((others, high), "payoff", None, None, 3.0)
    assert [x.name for x in found.best] == ["b", "a"]


def test_one_run_says_nothing_of_its_spread():
    alone = dataclasses.replace(row("a", [1.0]), reference=Reference(2.0, 0.5, 9))
    assert alone.z is None
    assert all(math.isnan(x) for x in (alone.std, *alone.interval))
    found = Comparison((alone, row("b", [2.0])), "payoff", None, None, 3.0)
    assert [x.name for x in found.best] == ["b", "a"]
    assert found.met(alone) is None
    assert comparison_brief(found) == (
        "b does best, 2 (one run) (not told apart: a 1 (one run)); "
        "1 of 1 references cannot be judged by one run"
    )


def test_a_report_of_a_comparison_is_about_nothing_else(tiny):
    page = report_html(tiny, study_figures(tiny), {})
    for words in ("What transparency changed", "The sweep, point by point", "upper bounds",
                  "Everyone follows the gradient"):  # fmt: skip
        assert words not in page
    assert "As each row of" in page
    assert "no learning against selfish gradients: 1 step of 0.4 and 0.8" in page
    assert page.index(">Met<") < page.index(">How it learns<") < page.index(">Failed<")
    without = TINY.replace("reference = { mean = -2.2, std = 0.3, seeds = 9 }", "")
    assert ">Met<" not in report_html(compute(prepare(parse_study(without))), (), {})


def test_references_are_counted_as_people_count(tiny):
    comparison = comparison_of(tiny)
    far = Reference(-9.0, 0.3, 9)
    near, other = comparison.rows[0], comparison.rows[1]
    assert near.reference is not None
    half = 2.306004135204166 * 0.3 / 3  # Student's t with eight degrees of freedom
    assert near.reference.interval == pytest.approx((-2.2 - half, -2.2 + half))

    def said(*references):
        rows = tuple(dataclasses.replace(other, reference=x) for x in references)
        return references_words(dataclasses.replace(comparison, rows=rows)).partition(" within")[0]

    assert said(far) == "the reference is not met"
    assert said(far, far) == "neither reference is met"
    assert said(far, far, far) == "none of the 3 references is met"
    assert said(far, Reference(other.mean, 0.3, 9)) == "1 of 2 references is not met"


def test_the_unit_of_a_row_is_said():
    text = IPD + '[[compare]]\n[[compare]]\nat = { "game.repeated.unit" = "step" }\n'
    text = text.replace("steps = 7", 'steps = 2\nrule = "extragradient"\nlook_ahead = 0.5')
    found = compute(prepare(parse_study(text)))
    sums, steps = comparison_of(found).rows
    assert (sums.unit, steps.unit) == ("sum", "step")
    assert learning_words(steps).endswith(
        "game.repeated.unit = step; steps count payoffs per round"
    )
    assert any("0.02 for 0.5" in note for note in found.notes)


def test_two_learners_of_one_name_are_refused():
    for text in ('name = "LOLA"', 'rule = "lola"'):
        with pytest.raises(InputError, match=r"key 'compare\.2\.name': 'LOLA.*compare\.0") as error:
            prepare(parse_study(f"{IPD}[[compare]]\n{text}\n[[compare]]\n[[compare]]\n{text}\n"))
        assert "\n" not in str(error.value)


def test_nothing_else_is_computed_unless_asked(tiny):
    assert tiny.axes == ()
    assert tiny.predictions is tiny.portrait is tiny.base.generic is tiny.base.tied is None
    asked = parse_study(TINY + "\n[analysis]\noutcomes = true\n")
    assert asked.analysis.outcomes
    assert not asked.analysis.portrait


def test_a_written_comparison_is_read_again():
    study = parse_study(TINY)
    again = parse_study(study.to_toml())
    assert again.resolved() == study.resolved()
    for k in range(2):
        assert again.compared(k).settings() == study.compared(k).settings()
    assert "compar" not in parse_study('game.name = "stag_hunt"').to_toml()


def test_losses_are_per_round_in_either_unit():
    """In payoffs per round a step is 1 - γ times as long: one 25 times as large is the same."""
    text = IPD + '[[compare]]\nrule = "gradient"\n[[compare]]\nstep_size = 5.0\n'
    text += 'at = { "game.repeated.unit" = "step" }\n'
    first, second = comparison_of(compute(prepare(parse_study(text)))).rows
    assert -3 < first.mean < 0
    assert first.share is None
    assert second.mean == pytest.approx(first.mean, abs=1e-12)
    assert second.std == pytest.approx(first.std, abs=1e-12)
    assert second.seeds == 6


def test_another_rule_brings_its_own_numbers():
    text = IPD + 'rule = "lola"\nlook_ahead = 0.3\n[[compare]]\nlook_ahead = 0.7\n'
    study = parse_study(text + '[[compare]]\nrule = "gradient"\nsteps = 9\n')
    inherits, other = (study.compared(k).learning for k in range(2))
    asked = ("rule", "look_ahead", "steps")
    assert [getattr(inherits, key) for key in asked] == ["lola", 0.7, 7]
    assert [getattr(other, key) for key in asked] == ["gradient", None, 9]


def test_runs_that_fail_are_counted_and_in_no_mean():
    text = TINY.replace("[[0.5, -0.25], ", "[[0.5, 1e300], ")
    text = text.replace('name = "naive"', 'name = "wild"\nrule = "lola"\nlook_ahead = 1e50')
    found = compute(prepare(parse_study(text.replace("step_size = 0.4", "step_size = 1e300"))))
    wild = comparison_of(found).rows[0]
    assert 0 < wild.failed <= wild.seeds == 3
    assert any(f"{wild.failed} of 3 runs of wild left the reals" in x for x in found.notes)
    assert f"{wild.failed} of 6 runs left the reals" in claims(found)[0]
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (told["rows"][0]["mean"] is None) == (wild.failed == 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('rule = "loli"', r"key 'compare.0.rule'.*did you mean 'lola'\?"),
        ("look_ahead = 1.0", "key 'compare.0'.*look_ahead does not belong to the rule 'gradient'"),
        ("reference = { mean = 1.0, seeds = 5 }", "key 'compare.0.reference.std' is missing"),
        ("steps_size = 1.0", r"unknown key 'compare.0.steps_size': did you mean 'step_size'\?"),
        ("reference = { mean = 1, std = 1, seed = 5 }", r"compare.0.reference.seed'.*'seeds'"),
        (
            'at = { semantics = { coupling = 0.1 }, "semantics.coupling" = 0.2 }',
            "at names semantics.coupling twice",
        ),
        ("at = { semantics.coupling = true }", "semantics.coupling must be a number or a word"),
        ("at = { semantics.couplings = 1 }", r"compare.0.at'.*did you mean 'semantics.coupling'\?"),
        ("at = { game.repeated.unit = 2 }", "compare.0.at.game.repeated.unit'.*such as 'sum'"),
        ("at = { game.repeated.discount = 2 }", "key 'compare.0.*discount.*between 0 and 1"),
        (
            "players = [{ rule = 'lola' }]",
            r"1st \[\[compare\]\]: key 'compare.0.players' lists 1, "
            "but must list at least 2, one table for each player: write it as",
        ),
        ("rule = 'naive'", "'gradient' is the naive learner"),
        ("rule = 'tit for tat'", "'tft' is a strategy, and no rule of learning"),
        (
            "[[compare]]\nname = 'mine'\nreference = 2.4",
            r"^2nd \[\[compare\]\] \(mine\): key.*write it as reference = \{ mean = 2.4",
        ),
        ("at = { unit = 'sum' }", "did you mean 'game.repeated.unit'"),
        ("at = { gamma = 0.5 }", "did you mean 'game.repeated.discount'"),
        ("at = { 'learning.look_ahead' = 3.0 }", "write look_ahead = 3.0 in the table itself"),
        ("at = { game.name = 'stag_hunt' }", "write one study for each game"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(text, said):
    with pytest.raises(InputError, match=said) as error:
        prepare(parse_study(f"{IPD}[[compare]]\n{text}\n"))
    assert "\n" not in str(error.value)


def test_there_must_be_somebody_to_compare():
    with pytest.raises(InputError, match="key 'compare': lists no learner"):
        parse_study("compare = []\n" + IPD)
    with pytest.raises(InputError, match=r"'comparison' needs learners.*\[\[compare\]\]"):
        parse_study(IPD + '[comparison]\nquantity = "loss"\n')
    with pytest.raises(InputError, match=r"key 'comparison\.player': player 3 does not exist"):
        prepare(parse_study(IPD + "[comparison]\nplayer = 3\n[[compare]]\n"))


def small(name, starts, kept):
    study = read_study(EXAMPLES / f"{name}.toml")
    learning = study.learning.model_copy(update={"starts": starts})
    compare = tuple(entry for entry in study.compare if entry.name in kept)
    assert len(compare) == len(kept)
    return compute(prepare(study.model_copy(update={"learning": learning, "compare": compare})))


def test_peers_and_the_arms_race_with_few_seeds():
    found = comparison_of(small("peers", 48, ["LOLA", "LookAhead"]))
    assert all(found.met(row) for row in found.rows)
    assert [row.share is not None and row.share > 0.7 for row in found.rows] == [True, False]
    raced = comparison_of(small("arms_race", 48, ["order 0 against 1"]))
    assert raced.met(raced.rows[0])
    assert raced.rows[0].mean < raced.rows[0].players[1].mean  # the selfish one is shaped


@pytest.mark.parametrize("name", ["peers", "arms_race"])
def test_all_that_is_published_is_met(name, tmp_path):
    found = comparison_of(run_study(EXAMPLES / f"{name}.toml", tmp_path / "out"))
    assert all(found.met(row) and not row.failed for row in found.rows)
    if name == "peers":  # the silent rescaling of a step per round
        assert abs(found.rows[-1].mean - 1.920) <= 0.01
