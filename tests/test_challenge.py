"""The challenge: games and networks by seed, predictions filed first, switches measured, scores."""

import csv
import dataclasses
import functools
import hashlib
import itertools
import json
import math
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import cooperation, mean_cooperation
from glasshouse.analysis.challenge import (
    Challenge,
    ChallengeFindings,
    forecast_challenge,
    run_challenge,
)
from glasshouse.analysis.challenge.networks import drawn_game, even_threshold
from glasshouse.analysis.challenge.scores import best_constant, first_switch, is_right, scored
from glasshouse.analysis.challenge.settings import Forecasts, all_parts, parts_with
from glasshouse.dynamics import run
from glasshouse.errors import InputError
from glasshouse.families import LogisticFamily
from glasshouse.games import RepeatedGame
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.semantics import Interpreter, Mirrored
from glasshouse.semantics.policies import TablePolicy
from glasshouse.study.challenge import ChallengeFolder

SMALL = Challenge(
    seeds=3, seed=4, parts=parts_with("mirrored-once-independent-p0.2"), windows=(5, 50), points=41
)
"""The part with payoffs that vary, and the one of the standard game."""


@functools.cache
def findings() -> ChallengeFindings:
    return run_challenge(SMALL)


def test_there_are_48_parts_with_payoffs_that_vary_and_9_of_the_standard_game():
    names = list(all_parts())
    assert len(set(names)) == 57
    assert len(parts_with("standard")) == 9
    assert parts_with("mirrored-repeated-random") == (
        "mirrored-repeated-independent-random",
        "mirrored-repeated-equal-random",
    )
    assert parts_with("tied-p0.01") == ("mirrored-once-tied-p0.01-standard",)
    assert parts_with("two networks, once, equal, 0.2") == ("policies-once-equal-p0.2",)
    assert parts_with("one-network-repeated-0.05") == parts_with("interpreter-repeated-p0.05")


def test_parts_played_in_episodes_are_taken_by_their_word_alone():
    names = parts_with("sampled")
    assert names == (
        "mirrored-sampled-independent-random",
        "mirrored-sampled-independent-p0.2",
        "mirrored-sampled-independent-p0.05",
        "mirrored-sampled-independent-p0.01",
    )
    assert not set(names) & set(all_parts())
    assert not set(names) & set(parts_with("mirrored-independent-random"))


def test_switches_estimated_from_episodes_are_near_those_of_the_game_that_goes_on_for_ever():
    """Of the same tables: a long episode, discounted, is nearly the whole repeated game."""
    (part,) = parts_with("sampled-random")
    settings = Challenge(seeds=2, seed=2, parts=(part,), points=9, highest=1.6, windows=(5,))
    found = run_challenge(settings)
    for trial in found.trials:
        stage = drawn_game(trial.forecast.seed)
        drawn = TablePolicy(IteratedMatrix(stage)).initials(trial.forecast.seed, 2)
        family = LogisticFamily(RepeatedGame(stage, 0.96), bound=9.0)
        exact = gh.first_movement(family, tuple(x[:, 0] for x in drawn), bracket=(0.0, 1.6))
        assert trial.forecast.predicted == pytest.approx(exact.value, rel=0.15)
        assert trial.measured[0] == pytest.approx(exact.value, rel=0.15)
    assert found.score(part, 5).right.count == 2


@pytest.mark.parametrize("seed", [*range(6), 1000, 1023])
def test_drawn_games_have_the_threshold_that_first_movement_finds(seed):
    game = drawn_game(seed)
    threshold = even_threshold(game)
    assert 0.1 - 1e-12 < threshold < 1.6
    found = gh.first_movement(LogisticFamily(game, bound=3.0), bracket=(0.0, 3.0))
    assert found.value == pytest.approx(threshold, abs=1e-8)
    row, column = np.asarray(game.tensor)
    assert np.allclose(row, column.T) == (seed % 2 == 0)
    for own in (row, column.T):
        assert np.all(own[1] > own[0])  # defection pays, whatever the other does
        assert np.all(own[:, 0] > own[:, 1])  # and the other's cooperation is welcome


def test_thresholds_of_seeds_in_a_row_are_spread_evenly_on_a_logarithmic_scale():
    for first in (0, 1000):
        each = [even_threshold(drawn_game(seed)) for seed in range(first, first + 24)]
        places = [math.log(threshold / 0.1, 16) for threshold in each]
        for half in (places[::2], places[1::2]):
            apart = [abs(x - (k + 0.5) / 12) for k, x in enumerate(sorted(half))]
            assert max(apart) < 0.11
        places.sort()
        assert max(b - a for a, b in itertools.pairwise(places)) < 0.1


def test_predictions_for_the_trained_standard_game_are_those_of_the_closed_form():
    """κ = κ*(s((1+κ) logit p)), whatever the networks: to 1e-6."""
    settings = Challenge(seeds=3, seed=7, parts=parts_with("standard-independent"))
    forecasts = forecast_challenge(settings)
    for rate, expected in ((0.2, 0.296091), (0.05, 0.257564), (0.01, 0.250994)):
        found = forecasts.of(f"mirrored-once-independent-p{rate:g}-standard")
        assert len(found) == 3
        for forecast in found:
            assert forecast.trained
            assert forecast.rates == pytest.approx((rate, rate), rel=1e-8)
            assert forecast.predicted is not None
            assert forecast.predicted == pytest.approx(expected, abs=1e-6)
            p = 1 / (1 + math.exp(-(1 + forecast.predicted) * math.log(rate / (1 - rate))))
            assert forecast.predicted == pytest.approx((1 + p) / (4 - p), abs=1e-7)
            assert forecast.threshold == pytest.approx(3 / 7)
            assert forecast.roots == 1 or rate == 0.01  # there it fades below what counts


def test_a_measured_switch_is_where_a_line_crosses_first():
    gains = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert first_switch(gains, np.array([-1.0, -1.0, 3.0, -1.0, 2.0])) == pytest.approx(1.25)
    assert first_switch(gains, np.array([1.0, -1.0, -1.0, -1.0, 3.0])) == pytest.approx(3.25)
    assert first_switch(gains, np.array([-1.0, 0.0, 2.0, 2.0, 2.0])) == pytest.approx(1.0)
    assert first_switch(gains, np.array([1.0, 1.0, 1.0, 1.0, 1.0])) is None
    assert first_switch(gains, np.array([1.0, 1.0, 0.5, -1.0, -1.0])) is None
    assert first_switch(gains, np.array([-1.0, np.nan, 3.0, 3.0, 3.0])) is None


def test_scores_of_made_up_pairs():
    rows = [
        (0.2, 0.2, 0.4),  # right and close
        (0.4, 0.79, 0.4),  # right
        (0.4, 0.81, 0.4),  # wrong by a factor of more than two
        (0.01, 0.04, 0.1),  # right and close: both below .05
        (0.04, 0.09, 0.1),  # wrong
        (None, 0.5, 1.5),  # one found
        (0.5, None, 0.5),
        (None, None, 1.0),  # neither
    ]
    score = scored("mirrored-once-equal-random", 5, rows)
    assert (score.pairs, score.neither) == (8, 1)
    assert (score.right.count, score.right.runs) == (3, 7)
    assert score.close.count == 2
    # .2, .79, .81, .04, .09 and .5 were measured: .4 is right for .2, .79 and .5, .0499… for two.
    assert score.constant == pytest.approx(0.4)
    assert score.by_constant.count == 3
    assert is_right(0.4, 0.79)
    # κ_½ is right for .2, .79 and .09.
    assert score.by_threshold.count == 3
    # Gains below .05 are not told apart.
    pairs = np.array([(0.2, 0.2), (0.4, 0.79), (0.4, 0.81), (0.05, 0.05), (0.05, 0.09)])
    halves = np.array([0.4, 0.4, 0.4, 0.1, 0.1])[:, None]
    assert score.correlation == pytest.approx(np.corrcoef(np.log(pairs).T)[0, 1])
    assert score.added == pytest.approx(np.corrcoef(np.log(pairs / halves).T)[0, 1])
    alike = scored("", 5, [(0.2 + 1e-9 * k, 0.2 + 0.01 * k, 0.4) for k in range(5)])
    assert alike.correlation is None
    nobody = scored("", 5, [(None, None, 1.0)])
    assert (nobody.neither, nobody.right.runs, nobody.constant) == (1, 0, None)


def test_the_best_constant_is_right_more_often_than_any_other():
    measured = np.exp(np.random.default_rng(1).uniform(-3, 1, 40)).tolist()
    best = best_constant(measured)
    tried = np.exp(np.linspace(-4, 2, 601)).tolist()
    counts = [sum(is_right(constant, m) for m in measured) for constant in tried]
    assert sum(is_right(best, m) for m in measured) >= max(counts)


def test_what_was_measured_is_what_runs_of_the_same_networks_show():
    """One by one, built once more from the seed, on both sides of the switch."""
    trial = findings().of("mirrored-once-independent-p0.2")[1]
    forecast = trial.forecast
    assert forecast.seed == 5
    game = drawn_game(5)
    start = Mirrored.tanh(0.0, game).initial(5)
    switch = trial.measured[1]
    assert switch is not None
    closed = gh.ParametricGame(game, Mirrored.tanh(0.0, game))
    # Along the path of selfish learning, here in small steps, until both cooperate so often.
    path = run(closed, params=start, steps=1500, step_size=0.01, save="path").path
    assert path is not None
    rates = np.asarray(jax.vmap(lambda params: cooperation(closed, params))(path))
    reached = np.argmax(rates < 0.2, axis=0)
    assert np.all(reached > 0)
    start = tuple(jax.tree.map(lambda x, k=k: x[reached[k]], path[k]) for k in range(2))
    assert forecast.rates == pytest.approx((0.2, 0.2), rel=1e-8)
    spacing = SMALL.highest / (SMALL.points - 1)
    changes = []
    for gain in (switch - spacing, switch + spacing):
        opened = gh.ParametricGame(game, Mirrored.tanh(gain, game))
        end = run(opened, params=start, steps=50, step_size=SMALL.step_size).params
        changes.append(mean_cooperation(opened, end) - mean_cooperation(opened, start))
    assert changes[0] < 0 < changes[1]


def test_the_standard_game_switches_as_predicted_within_the_window():
    score = findings().score("mirrored-once-independent-p0.2-standard", 50)
    assert (score.close.count, score.close.runs, score.neither) == (3, 3, 0)
    with pytest.raises(InputError, match="was not tried"):
        findings().score("mirrored-once-independent-p0.2-standard", 7)


class Diary:
    """Keeps what it is told, in order."""

    def __init__(self, parts=()):
        self.said, self.parts = [], dict(parts)

    def file(self, forecasts: Forecasts) -> None:
        self.said.append(forecasts.sha256)

    def known(self, part):
        return self.parts.get(part)

    def keep(self, part, trials):
        self.said.append(part)


def test_forecasts_are_filed_before_anybody_learns():
    diary = Diary()
    found = run_challenge(SMALL, diary)
    assert diary.said == [found.sha256, *SMALL.parts]
    part = SMALL.parts[0]
    diary = Diary({part: found.of(part)})
    assert run_challenge(found.settings, diary).trials == found.trials
    assert diary.said == [found.sha256, *SMALL.parts[1:]]


def test_the_hash_is_that_of_settings_and_forecasts(tmp_path):
    forecasts = forecast_challenge(dataclasses.replace(SMALL, parts=SMALL.parts[:1]))
    ChallengeFolder(tmp_path / "new").file(forecasts)
    filed = json.loads((tmp_path / "new" / "forecasts.json").read_text())
    content = {"settings": filed["settings"], "forecasts": filed["forecasts"]}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == filed["sha256"] == forecasts.sha256
    other = dataclasses.replace(forecasts.settings, windows=(3,))
    assert forecast_challenge(other).sha256 != forecasts.sha256


def test_a_folder_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    from glasshouse.analysis.challenge import experiment

    class Interrupted(ChallengeFolder):
        def keep(self, part, trials):
            super().keep(part, trials)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_challenge(SMALL, Interrupted(tmp_path))
    learned = []
    measured = experiment._measured

    def noted(part, *rest):
        learned.append(part.name)
        return measured(part, *rest)

    monkeypatch.setattr(experiment, "_measured", noted)
    folder = ChallengeFolder(tmp_path)
    found = run_challenge(SMALL, folder)
    assert learned == list(SMALL.parts[1:])
    assert found.trials == findings().trials
    folder.write(found)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"forecasts.json", "parts", "findings.json", "scores.csv", "networks.csv",
                     "challenge.svg", "challenge.png"}  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "networks.csv").read_text().splitlines()))
    assert [int(row["seed"]) for row in rows] == 2 * [4, 5, 6]
    assert float(rows[0]["measured_50"]) == found.trials[0].measured[1]
    scores = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    assert [int(row["right"]) for row in scores] == [s.right.count for s in found.scores]
    written = json.loads((tmp_path / "findings.json").read_text())
    assert written["sha256"] == found.sha256
    with pytest.raises(InputError, match="other settings"):
        run_challenge(dataclasses.replace(SMALL, seed=5), ChallengeFolder(tmp_path))
    part = tmp_path / "parts" / f"{SMALL.parts[0]}.json"
    whole = json.loads(part.read_text())
    part.write_text(json.dumps({**whole, "trials": whole["trials"][1:]}))
    with pytest.raises(InputError, match="of each pair of networks"):
        run_challenge(SMALL, ChallengeFolder(tmp_path))
    filed = json.loads((tmp_path / "forecasts.json").read_text())
    filed["forecasts"][0]["predicted"] = 9.9
    (tmp_path / "forecasts.json").write_text(json.dumps(filed))
    with pytest.raises(InputError, match="forecasts are not what was filed under its hash"):
        run_challenge(SMALL, ChallengeFolder(tmp_path))


@pytest.mark.parametrize("kind", ["interpreter", "policies"])
def test_unmirrored_networks_play_repeated_games_by_their_state(kind):
    """Alike in every state they play the stage game for ever, whatever the discount."""
    from glasshouse.analysis.challenge.networks import MAKERS

    stage = drawn_game(3)
    game = RepeatedGame(stage, 0.96)
    semantics = MAKERS[kind](3, game, gain=0.7)
    params = semantics.initial(3)
    opened = gh.ParametricGame(game, semantics)
    mixes = [np.asarray(opened.behaviours(params)[i]) for i in range(2)]
    assert all(mix.shape == (5, 2) for mix in mixes)
    assert min(np.ptp(mix[:, 0]) for mix in mixes) > 1e-3
    if kind == "interpreter":
        network = _blind(semantics.network)
        semantics = Interpreter(game, network, 0.7, semantics.size)
    else:
        params = tuple(map(_blind, params))
    opened = gh.ParametricGame(game, semantics)
    rows = [np.asarray(opened.behaviours(params)[i]) for i in range(2)]
    for row in rows:
        assert np.ptp(row[:, 0]) < 1e-15
    joint = np.outer(rows[0][0], rows[1][0])
    expected = [np.sum(joint * np.asarray(stage.tensor)[i]) for i in range(2)]
    assert np.asarray(opened.payoffs(params)) == pytest.approx(expected, rel=1e-12)


def _blind(network):
    """The network without weights from the state, its last five inputs."""
    weight = np.array(network.layers[0].weight)
    weight[:, -5:] = 0.0
    return eqx.tree_at(lambda own: own.layers[0].weight, network, weight)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seeds": 0}, "seeds"),
        ({"seed": -1}, "seed"),
        ({"points": 2}, "points"),
        ({"windows": ()}, "windows"),
        ({"windows": (5, 5)}, "windows"),
        ({"windows": (0, 5)}, "each of windows"),
        ({"discount": 1.0}, "discount"),
        ({"step_size": 0.0}, "step_size"),
        ({"highest": math.inf}, "highest"),
        ({"parts": ()}, "parts has nothing"),
        ({"parts": ("mirrored",)}, "parts has 'mirrored'"),
    ],
)
def test_challenges_that_cannot_be_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Challenge(**settings)


def test_the_command_says_what_it_found_and_files_it(call, tmp_path):
    asked = ("challenge", "--seeds", "2", "--seed", "4", "--steps", "50")
    part = ("--part", "mirrored-once-independent-p0.2-standard")
    out = tmp_path / "found"
    code, printed, said = call(*asked, *part, "--out", str(out))
    assert (code, said) == (0, "")
    assert "2 of 2" in printed
    assert json.loads((out / "forecasts.json").read_text())["sha256"] in "".join(printed.split())
    code, printed, _ = call(*asked, *part, "--out", str(out), "--json")
    assert code == 0
    assert [score["steps"] for score in json.loads(printed)["scores"]] == [5, 50]
    code, printed, said = call("challenge", *part, "--out", str(out))
    assert (code, printed, said.count("\n")) == (2, "", 1)
    assert "other settings" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--part", "mirrored-thrice"), "no part of the challenge has all of 'mirrored-thrice'"),
        (("--seeds", "0"), "seeds=0"),
        (("--steps", "0"), "each of windows"),
        (("--seed", "-3"), "seed"),
    ],
)
def test_bad_input_is_answered_in_one_line(call, tmp_path, arguments, message):
    code, printed, said = call("challenge", *arguments, "--out", str(tmp_path / "new"))
    assert (code, printed) == (2, "")
    assert said.count("\n") == 1
    assert message in said
    assert not (tmp_path / "new").exists()


def test_a_folder_of_something_else_is_refused(call, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Sir")
    code, _, said = call("challenge", "--out", str(tmp_path))
    assert (code, said.count("\n")) == (2, 1)
    assert "already there" in said
    (tmp_path / "forecasts.json").write_text("no JSON")
    with pytest.raises(InputError, match="is no JSON"):
        ChallengeFolder(tmp_path).file(Forecasts(SMALL, ()))


LABELS = {"mirrored": "mirrored", "interpreter": "one network", "policies": "two networks"}


@pytest.mark.slow
def test_the_page_says_what_mirrored_networks_do_in_windows_up_to_500_steps():
    page = (Path(__file__).parent.parent / "docs/background/challenge.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    rows = {label: cells for label, *cells in table}
    found = run_challenge(Challenge(parts=parts_with("mirrored"), windows=(5, 50, 500)))
    for name in found.settings.parts:
        part = all_parts()[name]
        words = [LABELS[part.kind], part.game, part.start, f"{part.rate or 'random'}"]
        row = rows[", ".join([*words, "standard"] if part.standard else words)]
        scores = [found.score(name, steps) for steps in (5, 50, 500)]
        shown = [str(scores[0].pairs), *(f"{s.right.count} of {s.right.runs}" for s in scores)]
        last = scores[-1]
        beside = [str(last.by_constant.count), str(last.by_threshold.count)]
        both = ["–" if x is None else f"{x:.2f}" for x in (last.correlation, last.added)]
        assert [*row[:4], *row[6:]] == [*shown, *beside, *both]
        if part.standard:
            assert all(score.close.count == 24 for score in scores)
    for name in parts_with("mirrored-repeated-random"):
        score = found.score(name, 500)
        assert score.right.count >= 20
        assert (score.correlation or 0.0) >= 0.9
        assert score.by_constant.count <= 15
