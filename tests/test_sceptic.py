"""The sceptic's experiment: its searches against other searches, its counts by hand, its folder."""

import csv
import functools
import json
import math

import jax
import numpy as np
import pytest

from glasshouse.analysis import critical_coupling, first_movement_switch
from glasshouse.errors import InputError
from glasshouse.games.registry import from_catalogue
from glasshouse.parametric import ParametricGame
from glasshouse.plots import plot_predictions
from glasshouse.study.sceptic import (
    Agreement,
    Experiment,
    Findings,
    Trial,
    run_experiment,
    write_experiment,
)
from glasshouse.study.sceptic.experiment import KINDS

SMALL = Experiment(networks=8, seed=3, steps=100, points=33)


@functools.cache
def findings() -> Findings:
    return run_experiment(SMALL)


def family(trial: Trial):
    """The game of a trial at every gain, and its start, built once more from the seed."""
    key, start_key = jax.random.split(jax.random.key(trial.seed))
    game = from_catalogue(SMALL.game)()

    def at(gain):
        return ParametricGame(game, KINDS[trial.kind](key, gain=gain))

    meaning = KINDS[trial.kind](key, gain=1.0)
    return at, meaning.initial(start_key, trial.start == "equal")


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
            steps=steps,
            step_size=SMALL.step_size,
        )
        for steps in (SMALL.window, SMALL.steps)
    )
    spacing = SMALL.highest / (SMALL.points - 1)
    for found, switch in ((trial.predicted, predicted), (trial.window, window),
                          (trial.outcome, outcome)):  # fmt: skip
        assert found is not None
        if switch.result == "found":
            assert found == pytest.approx([switch.value], abs=spacing / 256)
        elif switch.result == "several switches":
            assert len(found) == len(switch.brackets)
            for gain, (low, high) in zip(found, switch.brackets, strict=True):
                assert low <= gain <= high
        else:
            assert found == ()


def test_the_derivative_is_that_of_the_flow():
    assert 0 < findings().derivative_error < 1e-6


def test_the_same_seeds_give_the_same_findings():
    again = run_experiment(SMALL)
    assert again.trials == findings().trials


def trial(predicted, window, outcome=(), kind="interpreter", turned=(False, False)):
    return Trial(kind, "equal", 0, predicted, window, outcome, *turned)


def test_errors_shares_and_reasons_are_counted():
    found = Findings(
        {},
        (
            trial((1.0,), (1.0,)),
            trial((1.0,), (1.04,)),
            trial((1.0, 2.0), (1.5,)),
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
    policies = found.agreement("window", kind="policies")
    assert (policies.networks, policies.predicted, policies.close.count) == (5, 2, 0)
    nobody = found.agreement("outcome", start="independent")
    assert nobody == Agreement(0, 0, None, None, nobody.close, nobody.rough, nobody.neither, {})
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
        assert int(row["roots_predicted"]) == len(found.predicted)
        if found.predicted:
            assert float(row["predicted"]) == found.predicted[0]
        if row["error_window"]:
            assert float(row["error_window"]) == found.error("window")
    written = json.loads((out / "findings.json").read_text())
    assert written["settings"]["seed"] == 3
    assert len(written["trials"]) == 8
    with pytest.raises(InputError, match="there already"):
        write_experiment(findings(), out)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"networks": 10}, "multiple of 4"),
        ({"networks": 0}, "multiple of 4"),
        ({"seed": -1}, "seed"),
        ({"points": 2}, "points"),
        ({"highest": math.inf}, "highest"),
        ({"window": 5000}, "window"),
        ({"game": "public_goods"}, "two players"),
        ({"game": "prisoners_dillema"}, "prisoners_dilemma"),
    ],
)
def test_experiments_that_cannot_be_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Experiment(**settings)


def test_the_command_prints_what_it_found(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from glasshouse.study import sceptic

    monkeypatch.setattr(sceptic.experiment, "run_experiment", lambda settings: findings())
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
    assert "there already" in said
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


@pytest.mark.slow
def test_the_whole_experiment_finds_what_the_documentation_says():
    found = run_experiment()
    window, outcome = found.agreement("window"), found.agreement("outcome")
    assert (window.networks, window.predicted) == (120, 103)
    assert (window.close.count, window.rough.count) == (83, 97)
    assert (outcome.close.count, outcome.rough.count) == (11, 59)
    assert found.derivative_error < 1e-6
