"""The sceptic's experiment: its searches against other searches, its counts by hand, its folder."""

import csv
import dataclasses
import functools
import json
import math
from pathlib import Path

import jax
import numpy as np
import pytest

from glasshouse.analysis import (
    critical_coupling,
    first_movement_switch,
    first_order_margin,
    margin_by_reader,
    mean_cooperation,
)
from glasshouse.analysis.sceptic.experiment import NETWORK_KINDS, _change, _derivatives
from glasshouse.analysis.sceptic.switches import switches
from glasshouse.dynamics import Learning, batch_map, run
from glasshouse.dynamics.batch import stack
from glasshouse.errors import InputError
from glasshouse.families import GainFamily
from glasshouse.games.registry import from_catalogue
from glasshouse.plots import plot_predictions
from glasshouse.rules import Fixed, Gradient, PerPlayer
from glasshouse.study.sceptic import (
    Agreement,
    Experiment,
    Findings,
    Trial,
    run_experiment,
    write_experiment,
)

SMALL = Experiment(networks=8, seed=3, steps=70, points=17, others=())


@functools.cache
def findings() -> Findings:
    return run_experiment(SMALL)


def family(trial: Trial):
    """The game of a trial at every gain, and its start, built once more from the seed."""
    meaning = NETWORK_KINDS[trial.kind](trial.seed, gain=1.0)
    games = GainFamily(from_catalogue(SMALL.game)(), meaning)
    return games, meaning.initial(trial.seed, trial.start == "equal")


def test_there_is_a_trial_of_each_group_for_every_seed():
    trials = findings().trials
    assert [trial.seed for trial in trials] == list(range(3, 11))
    assert [(t.kind, t.start) for t in trials[::2]] == [
        ("interpreter", "independent"),
        ("interpreter", "equal"),
        ("policies", "independent"),
        ("policies", "equal"),
    ]
    assert sum(bool(trial.predicted) for trial in trials) >= 5
    assert all(trial.roots >= len(trial.predicted or ()) for trial in trials)


@pytest.mark.parametrize("index", [0, 4])
def test_switches_are_those_that_the_general_search_finds(index):
    trial = findings().trials[index]
    games, start = family(trial)
    bracket = (0.0, SMALL.highest)
    predicted = first_movement_switch(games, start, bracket=bracket, points=SMALL.points)
    window, outcome = (
        critical_coupling(
            games,
            start,
            bracket=bracket,
            points=SMALL.points,
            learning=Learning(steps=steps, step_size=SMALL.step_size),
        )
        for steps in (SMALL.window, SMALL.steps)
    )
    spacing = SMALL.highest / (SMALL.points - 1)
    for found, switch in ((trial.predicted, predicted), (trial.window, window),
                          (trial.outcome, outcome)):  # fmt: skip
        assert found is not None
        rising = switch.brackets[::2]  # nobody cooperates more at gain 0, so every other one
        if switch.result == "found":
            assert found == pytest.approx([switch.value], abs=spacing / 256)
        else:
            assert len(found) == len(rising)
        for gain, (low, high) in zip(found, rising, strict=True):
            assert low <= gain <= high


@pytest.mark.parametrize("index", range(8))
def test_below_a_predicted_gain_cooperation_falls_and_above_it_rises(index):
    """Also from equal starts, built once more here."""
    trial = findings().trials[index]
    games, start = family(trial)
    if trial.start == "equal":
        assert all(np.array_equal(a, b) for a, b in zip(*map(jax.tree.leaves, start), strict=True))
    spacing = SMALL.highest / (SMALL.points - 1) / 100
    for gain in (trial.predicted or ())[:1]:
        assert first_order_margin(games(gain - spacing), start) < 0
        assert first_order_margin(games(gain + spacing), start) > 0


@pytest.mark.parametrize("index", [1, 6])
def test_a_turn_is_seen_by_looking_at_every_step(index):
    trial = findings().trials[index]
    games, start = family(trial)
    game = games(trial.predicted[0] if trial.predicted else 1.0)
    path = run(game, params=start, steps=SMALL.window, step_size=SMALL.step_size, save="path").path
    signs = []
    for k in range(SMALL.window + 1):
        parts = margin_by_reader(game, jax.tree.map(lambda x, k=k: x[k], path))
        signs.append(np.sign(parts.sum() - np.trace(parts)))
    assert trial.turned_in_window == (len(set(signs)) > 1)


def test_switches_count_where_the_answer_turns_to_yes():
    def holds(gains):
        return ((gains > 0.31) & (gains < 0.8) | (gains > 1.3)).astype(float)

    gains = np.linspace(0.0, 2.0, 9)
    (found,) = switches(holds, 1, gains)
    assert found is not None
    assert found.rises == pytest.approx((0.31, 1.375), abs=0.25 / 256)
    assert found.changes == 3
    assert switches(lambda g: np.where(g > 1.9, np.nan, 0.0), 1, gains) == [None]
    (falling,) = switches(lambda g: (g < 0.9).astype(float), 1, gains)
    assert falling is not None
    assert falling.rises == ()


def test_the_derivative_is_that_of_the_flow():
    assert 0 < findings().derivative_error < 1e-6


def test_the_same_seeds_give_the_same_findings():
    again = run_experiment(SMALL)
    assert again.trials == findings().trials


def trial(predicted, window, outcome=(), kind="interpreter", turned=(False, False), roots=1):
    return Trial(kind, "equal", 0, predicted, window, outcome, (window,), roots, *turned)


def test_errors_shares_and_reasons_are_counted():
    found = Findings(
        {"window": 5, "steps": 9, "others": (7,)},
        (
            trial((1.0,), (1.0,)),
            trial((1.0,), (1.04,)),
            trial((1.0, 2.0), (1.5,), roots=3),
            trial((1.0,), (2.5,), turned=(True, True)),
            trial((1.0,), (), kind="policies"),
            trial((0.5,), (0.3,), kind="policies"),
            trial((), (0.7,), kind="policies"),
            trial((), (), kind="policies"),
            trial(None, (1.0,), kind="policies"),
        ),
        0.0,
    )
    window = found.agreement("window")
    assert (window.networks, window.predicted) == (9, 6)
    assert window.median == pytest.approx(0.4)  # of 0, .04, .4, .5, 1.5 and a missing one
    assert window.percentile_90 is None
    assert (window.close.count, window.rough.count) == (2, 4)
    assert (window.neither.count, window.neither.runs) == (1, 2)
    assert window.reasons == {
        "a root predicted, yet no switch measured": 1,
        "no root predicted, yet a switch measured": 1,
        "numbers not finite": 1,
        "several roots predicted": 1,
        "the cross part of the derivative changes sign on the way": 1,
        "the derivative changes on the way, its cross part keeping its sign": 1,
    }
    assert window.missing == 1
    # The median of 1, 1.04, 1.5, 2.5 and .3 is 1.04: only .3 and 2.5 are further off than twofold.
    assert window.constant.count == 3
    measured = np.array([1.0, 1.04, 1.5, 2.5, 0.3])
    logs = np.log([1.0, 1.0, 1.0, 1.0, 0.5]), np.log(measured)
    assert window.correlation == pytest.approx(np.corrcoef(*logs)[0, 1])
    shares = {steps: share.count for steps, share in found.close_after().items()}
    assert shares == {5: 2, 7: 2, 9: 0}
    policies = found.agreement("window", kind="policies")
    assert (policies.networks, policies.predicted, policies.close.count) == (5, 2, 0)
    nobody = found.agreement("outcome", start="independent")
    none = nobody.close
    assert nobody == Agreement(0, 0, None, None, none, none, 0, None, none, none, {})
    assert nobody.close.runs == 0


def test_nothing_switches_where_nobody_reads():
    for found in findings().trials:
        assert found.predicted is not None
        assert all(gain > 0 for gain in found.predicted)


def test_the_folder_holds_every_network(tmp_path):
    out = tmp_path / "new" / "sceptic"
    write_experiment(findings(), out)
    names = sorted(path.name for path in out.iterdir())
    assert names == ["findings.json", "networks.csv", "predictions.png", "predictions.svg"]
    rows = list(csv.DictReader((out / "networks.csv").read_text().splitlines()))
    assert [int(row["seed"]) for row in rows] == list(range(3, 11))
    for row, found in zip(rows, findings().trials, strict=True):
        assert found.predicted is not None
        assert int(row["roots_predicted"]) == found.roots
        if found.predicted:
            assert float(row["predicted"]) == found.predicted[0]
        if row["error_window"]:
            assert float(row["error_window"]) == found.error("window")
    written = json.loads((out / "findings.json").read_text())
    assert written["settings"]["seed"] == written["random"]["seed"] == 3
    assert written["random"]["normal"] == "scipy.special.ndtri"
    assert len(written["trials"]) == 8
    with pytest.raises(InputError, match="already there"):
        write_experiment(findings(), out)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"networks": 10}, "multiple of 4"),
        ({"networks": 0}, "networks=0 must be a positive whole number"),
        ({"seed": -1}, "seed"),
        ({"points": 2}, "points"),
        ({"highest": math.inf}, "highest"),
        ({"window": 5000}, "window"),
        ({"game": "public_goods"}, "two players"),
        ({"game": "matching_pennies"}, "symmetric"),
        ({"others": (0,)}, "others"),
        ({"game": "prisoners_dillema"}, "prisoners_dilemma"),
    ],
)
def test_experiments_that_cannot_be_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Experiment(**settings)


def test_learning_is_given_as_one_value_or_by_its_numbers():
    open_size = Learning(step_size=None, steps=70)  # ½ over the largest payoff range, which is 5
    found = Experiment(networks=8, window=5, learning=open_size)
    assert (found.step_size, found.steps) == (0.1, 70)
    assert found.learning == Learning(step_size=0.1, steps=70)
    assert Experiment(steps=70).learning == Learning(step_size=0.02, steps=70)
    assert dataclasses.replace(SMALL, networks=4).steps == SMALL.steps
    with pytest.raises(InputError, match="steps=60 and learning with steps=70: give one"):
        Experiment(steps=60, learning=open_size)
    with pytest.raises(InputError, match="does not know tied players"):
        Experiment(learning=Learning(tied=True))


def test_the_rule_of_learning_is_the_one_that_is_predicted_and_learned_by():
    """Player 2 stands still: the flow, the derivative and the steps are those of player 1 alone."""
    semantics = NETWORK_KINDS["interpreter"](3, gain=1.0)
    game, start = (
        GainFamily(from_catalogue(SMALL.game)(), semantics)(0.8),
        semantics.initial(3, False),
    )
    rule = PerPlayer((Gradient(), Fixed()))
    member = (stack([(game, start)]), np.array([0.8]))
    (predicted,), (flow,) = batch_map(_derivatives, member, rule)
    (change,) = batch_map(_change, member, rule, 3, np.asarray(0.02))
    margin = first_order_margin(game, start, rule=rule)
    assert abs(margin - first_order_margin(game, start)) > 1e-4
    assert float(predicted) == pytest.approx(margin, rel=1e-9)
    assert float(flow) == pytest.approx(margin, abs=1e-6)
    end = run(game, rule, start, steps=3, step_size=0.02).params
    risen = mean_cooperation(game, end) - mean_cooperation(game, start)
    assert float(change) == pytest.approx(float(risen), rel=1e-9)


def test_the_command_prints_what_it_found(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from glasshouse.study import sceptic

    monkeypatch.setattr(sceptic, "run_experiment", lambda settings: findings())
    code, printed, said = call("sceptic", "--networks", "8", "--out", "found")
    assert (code, said) == (0, "")
    window = findings().agreement("window")
    assert f"{window.close.count} of {window.predicted}" in printed
    assert "found/predictions.png" in printed
    assert (tmp_path / "found" / "predictions.png").exists()
    code, _, said = call("sceptic", "--out", "found")
    assert code == 2
    assert said.count("\n") == 1
    assert "already there" in said
    code, printed, _ = call("sceptic", "--rule", "nash", "--out", "other")
    assert code == 2
    code, _, said = call("sceptic", "--networks", "7", "--out", "other")
    assert code == 2
    assert "multiple of 4" in said
    assert not (tmp_path / "other").exists()


def test_points_are_drawn_where_they_are_and_missing_ones_at_the_edge():
    groups = {"a": [[0.5, 0.6], [1.0, np.nan]], "b": [[2.0, 1.0]]}
    ax = plot_predictions(groups, "title")
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    assert np.array_equal(drawn["a"], [[0.5, 0.6]])
    assert np.array_equal(drawn["b"], [[2.0, 1.0]])
    edges = [line.get_xydata() for line in ax.lines if line.get_markerfacecolor() == "none"]
    assert np.array_equal(edges[0], [[1.0, ax.get_ylim()[1]]])
    assert "no switch measured" in ax.get_legend_handles_labels()[1]
    with pytest.raises(InputError, match="not positive"):
        plot_predictions({"a": [[0.0, 1.0]]})
    with pytest.raises(InputError, match="at most 4"):
        plot_predictions({label: [[1.0, 1.0]] for label in "abcde"})


def percent(error):
    return "none measured" if error is None else f"{100 * error:.{2 if error < 0.01 else 0}f} %"


@pytest.mark.slow
def test_the_whole_experiment_finds_what_the_documentation_says():
    found = run_experiment()
    page = (Path(__file__).parent.parent / "docs/background/sceptic.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for what in ("window", "outcome"):
        groups = {f"**{what}, all**": (None, None)}
        for kind, words in (("interpreter", "one network"), ("policies", "two networks")):
            groups |= {f"{words}, {start}": (kind, start) for start in ("independent", "equal")}
        for label, group in groups.items():
            a = found.agreement(what, *group)
            shares = [f"{share.count} of {a.predicted}" for share in (a.close, a.rough)]
            numbers = [percent(a.median), percent(a.percentile_90), *shares]
            cells = [label, f"{a.predicted} of {a.networks}", *numbers]
            assert any(same(row, cells) for row in rows), cells
    window, outcome = (found.agreement(what).reasons for what in ("window", "outcome"))
    for reason in {**window, **outcome}:
        assert f"| {reason} | {window.get(reason, 0)} | {outcome.get(reason, 0)} |" in rows
    for kind, words in (("interpreter", "one network"), ("policies", "two networks")):
        shares = [f"{share.count} of {share.runs}" for share in found.close_after(kind).values()]
        assert f"| {words}, within 5 % | {' | '.join(shares)} |" in rows
    outcome = found.agreement("outcome", "interpreter")
    assert outcome.correlation == pytest.approx(0.59, abs=0.005)
    for start, correlation in (("independent", 0.78), ("equal", 0.34)):
        of_start = found.agreement("outcome", "interpreter", start).correlation
        assert of_start == pytest.approx(correlation, abs=0.005)
    assert (outcome.rough.count, outcome.constant.count) == (58, 57)
    assert found.agreement("outcome").missing == 46
    assert found.agreement("window", "policies").missing == 4
    assert found.derivative_error < 4.05e-7


def same(row: str, cells: list[str]) -> bool:
    """Whether a row of the page has these cells, percentages being rounded to two digits there."""
    shown = [cell.strip() for cell in row.strip("|").split("|")]

    def alike(a: str, b: str) -> bool:
        if a.endswith("%") and b.endswith("%"):
            return float(a[:-1]) == pytest.approx(float(b[:-1]), rel=0.07)
        return a == b

    return len(shown) == len(cells) and all(map(alike, shown, cells))
