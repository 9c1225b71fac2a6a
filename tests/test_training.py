"""Training in samples: the same numbers however it is computed, failures apart, files and words."""

import csv
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.trainings import BEGINNING, STAGE

import glasshouse as gh
from glasshouse.dynamics.curves import Curves, joined_curves
from glasshouse.dynamics.training import Training, train, trained_players, training_parts
from glasshouse.errors import InputError
from glasshouse.games.stochastic import IteratedMatrix, sampled_league
from glasshouse.rules import Gradient, Lola
from glasshouse.rules.base import AbstractMemoryless
from glasshouse.semantics.policies import TablePolicy
from glasshouse.study.training import check_training, train_study
from glasshouse.study.training.words import paid_in_words

EXAMPLES = Path(__file__).parents[1] / "examples/trainings"
GAME = IteratedMatrix(STAGE, horizon=10)
SAMPLED = gh.SampledParametricGame(GAME, TablePolicy(GAME), episodes=32)
HOW = Training(step_size=0.2, updates=60, every=3, seeds=3, first=7, adam=True)

FILE = (
    BEGINNING
    + """[league]
against = ["allc", "tft"]
"""
)


def whole(training: Training = HOW, game: Any = SAMPLED):
    return train(game, training)


def test_selfish_learners_stop_cooperating_and_all_is_measured_on_the_way():
    curves = whole(Training(step_size=0.3, updates=60, every=20, seeds=3, first=7, adam=True))
    reward, cooperation = (curves.measured[x].mean(axis=(1, 2)) for x in ("reward", "cooperation"))
    assert curves.updates.tolist() == [0, 20, 40, 60]
    assert reward[0] > -1.7 > -1.9 > reward[-1]
    assert cooperation[0] > 0.3 > 0.1 > cooperation[-1]
    # Cooperation of both, c, pays -2 + c each on average, whatever else they do.
    assert np.allclose(reward, -2 + cooperation, atol=1e-5)


def test_a_seed_is_the_same_however_many_there_are():
    three, one = whole(), whole(Training(**{**vars(HOW), "seeds": 1, "first": 8}))
    for name, values in three.measured.items():
        assert np.array_equal(values[:, 1:2], one.measured[name])
    assert three.seeds[1:2] == one.seeds


def test_what_was_kept_is_not_computed_again_and_leads_to_the_same_numbers():
    held, computed = {}, []

    def kept(name, compute, like):
        if name not in held:
            if len(held) == 7:
                raise KeyboardInterrupt
            computed.append(name)
            held[name] = compute()
        return held[name]

    with pytest.raises(KeyboardInterrupt):
        list(training_parts(SAMPLED, HOW, kept))
    first = list(computed)
    del computed[:]
    held_before = dict(held)
    held.clear()
    held |= held_before

    def further(name, compute, like):
        if name not in held:
            computed.append(name)
            held[name] = compute()
        return held[name]

    again = joined_curves(list(training_parts(SAMPLED, HOW, further)), HOW)
    assert first
    assert computed
    assert not set(first) & set(computed)
    at_once = whole()
    assert all(np.array_equal(again.measured[x], at_once.measured[x]) for x in at_once.measured)
    assert jax.tree.all(jax.tree.map(np.array_equal, again.params, at_once.params))


class Breaks(AbstractMemoryless):
    """Leaves the reals where player 1's first logit is above the threshold."""

    threshold: float

    words = "breaking"
    formula = "none"
    cost = "none"
    keeps_rest_points = False

    def towards(self, game, params, key=None):
        lost = jnp.where(params[0][0, 0] > self.threshold, jnp.nan, 0.0)
        return tuple(x * 0 + lost for x in params)

    @classmethod
    def example(cls):
        return cls(0.0)


def test_a_seed_that_leaves_the_reals_is_named_and_leaves_the_others():
    firsts = [TablePolicy(GAME).initials(seed, 1)[0, 0, 0] for seed in (7, 8, 9)]
    limit = float(np.sort(firsts)[1:].mean())
    curves = whole(Training(Breaks(limit), updates=4, every=2, seeds=3, first=7))
    assert curves.failed == (7 + int(np.argmax(firsts)),)
    kept = [k for k in range(3) if 7 + k not in curves.failed]
    assert np.isfinite(curves.measured["payoff"][:, kept]).all()
    mean = curves.measured["payoff"][-1][kept].mean(axis=0)
    assert np.allclose(curves.band("payoff")[-1, :, 0], mean)


def test_shared_parameters_are_one_set():
    curves = whole(Training(updates=4, every=2, seeds=2, tied=True))
    assert [x.shape for x in jax.tree.leaves(curves.params)] == [(2, 5, 1)]


def test_rules_of_exact_games_are_refused():
    with pytest.raises(InputError, match="SampledParametricGame"):
        whole(Training(Lola(), updates=2, every=1))
    family = gh.LogisticFamily(STAGE, bound=3.0)
    with pytest.raises(InputError, match="learn take exact ones"):
        whole(Training(Gradient()), family(0.5))


def test_a_file_is_trained_told_and_trained_no_more(call, tmp_path):
    file, out = tmp_path / "study.toml", tmp_path / "out"
    file.write_text(FILE)
    code, printed, _ = call("train", str(file), "--out", str(out), "--json")
    found = json.loads(printed)
    assert code == 0
    assert found["seeds"] == [7, 8, 9]
    assert found["failed"] == []
    ends = [found["ends"]["payoff"][i]["mean"] for i in range(2)]
    said = float(re.findall(r"paid (-?[\d.]+)", found["headline"])[0])
    assert min(abs(said - ends[0]), abs(said - np.mean(ends))) < 0.06  # the first, or all
    assert {x.name for x in out.iterdir()} == {
        "curves.parquet", "players.npz", "provenance.json", "report.html", "study.toml",
        "summary.json", "tables", "training.png", "training.svg",
    }  # fmt: skip
    rows = list(csv.reader((out / "tables/league_matrix.csv").read_text("utf-8").splitlines()))
    assert rows[0][1:] == found["league"]["entrants"]
    payoffs = np.array(found["league"]["payoffs"])[..., 0]
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], float), payoffs)
    kept = {x.name for x in (out / "tables").iterdir()}
    tables = ("ends", "league", "league_matrix", "ratings")
    assert kept == {f"{name}.{kind}" for name in tables for kind in ("csv", "tex")}
    code, printed, _ = call("train", str(file), "--out", str(out))
    assert code == 0
    assert "computed before, and complete" in printed
    report = (out / "report.html").read_text("utf-8")
    assert "trained 1" in report
    assert "An episode" in report
    with np.load(out / "players.npz") as players:
        assert [players[name].shape for name in players.files] == [(3, 5, 1)] * 2


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("horizon = 8", "horizon = 0", "game.horizon"),
        ('kind = "iterated"', 'kind = "coins"', "did you mean 'coin'"),
        ('kind = "iterated"', "", "kind"),
        ("updates = 40", "updates = 41", "multiple of every"),
        ("episodes = 16", "episode = 16", "did you mean 'episodes'"),
        ("payoffs =", "payoff =", "did you mean 'payoffs'"),
        ('against = ["allc", "tft"]', 'against = ["alc"]', "did you mean 'allc'"),
        ('against = ["allc", "tft"]', "against = []", "names nobody"),
        ("[league]", '[transparency]\nkind = "mirrored"\ncoupling = 0.5\n[league]', "read weights"),
        ("[learning]", '[learning]\nrule = "lola"', 'in files rule = "loladice"'),
        ("[learning]", '[policy]\nkind = "mlp"\nwidth = 1000000\n[learning]', "policy.width"),
        ('"tft"]', '"tft"]\n[[league.beside]]\nname = "tft"\nrule = "ppo"', "another 'tft'"),
        ('"tft"]', '"tft"]\n[[league.beside]]\nname = "naive"\nrule = "ppo"', "another 'naive'"),
        ('"tft"]', '"tft"]\n[[league.beside]]\nname = "x"\nrule = "pp"', "league.beside.0.rule"),
        ('"tft"]', '"tft"]\n[[league.beside]]\nname = "x"\nrule = "lola"', "league.beside.0"),
        ('"tft"]', '"tft"]\nhorizon = 0', "league.horizon"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_in_one_line(before, after, said, call, tmp_path):
    file = tmp_path / "study.toml"
    assert before in FILE
    file.write_text(FILE.replace(before, after, 1))
    code, _, error = call("train", str(file), "--out", str(tmp_path / "out"))
    assert code == 2
    assert said.lower() in error.lower()
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_file_says_how_well_a_shaper_knows_the_others(tmp_path):
    file = tmp_path / "study.toml"
    other = 'rule = "alignment"\nbeta = 3.0\nothers = { kind = "noisy", fidelity = 0.25 }\n'
    file.write_text(FILE.replace("updates = 40", f"{other}updates = 40"))
    prepared = check_training(file)
    rule: Any = prepared.training.rule
    assert float(rule.others.fidelity) == 0.25
    file.write_text(prepared.study.to_toml())
    assert repr(check_training(file).training) == repr(prepared.training)
    file.write_text(FILE.replace("updates = 40", f"{other}updates = 40").replace("noisy", "loud"))
    with pytest.raises(InputError, match=r"others\.kind='loud' must be one of"):
        check_training(file)


def test_how_well_a_shaper_knew_the_others_is_measured_and_told(tmp_path):
    file, out = tmp_path / "study.toml", tmp_path / "out"
    other = 'rule = "alignment"\nbeta = 3.0\nothers = { kind = "noisy", fidelity = 0.25 }\n'
    file.write_text(FILE.replace("updates = 40", f"{other}updates = 40").split("[league]")[0])
    claims = " ".join(train_study(file, out).to_dict()["claims"])
    told = float(re.findall(r"opponent critic explains (\d\.\d+)", claims)[0])
    assert abs(told - 0.25) < 0.1


BESIDE = """
[[league.beside]]
name = "aligned"
rule = "alignment"
beta = 2.0
step_size = 0.1
"""


def test_others_trained_beside_are_those_trained_by_themselves(tmp_path):
    """By the same rule and steps from the same seeds; and all meet, for as long as is said."""
    file, alone = tmp_path / "study.toml", tmp_path / "alone.toml"
    tied = FILE.replace("seeds = 3", "seeds = 3\ntied = true")
    file.write_text(f"{tied}horizon = 4\nepisodes = 3{BESIDE}")
    result = train_study(file, tmp_path / "out")
    by_itself = 'rule = "alignment"\nbeta = 2.0\nstep_size = 0.1\nupdates = 40'
    alone.write_text(tied.replace("updates = 40", by_itself))
    prepared = check_training(alone)
    curves = train(prepared.game, prepared.training)
    players = {
        **trained_players(prepared.game, result.curves),
        **trained_players(prepared.game, curves, ["aligned"]),
        **{name: name for name in ("allc", "tft")},
    }
    found = sampled_league(GAME, players, seeds=3, episodes=3, horizon=4, seed=7)
    assert result.league is not None
    assert result.league.entrants == found.entrants == ("trained", "aligned", "allc", "tft")
    assert np.array_equal(result.league.by_seed, found.by_seed)
    assert not np.array_equal(found.by_seed[0], found.by_seed[1])
    said = "Beside them, aligned: 40 updates of 0.1 by advantage alignment"
    assert said in " ".join(result.to_dict()["claims"])
    again = check_training(tmp_path / "out" / "study.toml")
    assert again.study.to_toml() == result.prepared.study.to_toml()


def test_each_command_says_whose_file_it_is(call, tmp_path):
    file = tmp_path / "study.toml"
    file.write_text(FILE)
    code, _, error = call("run", str(file))
    assert code == 2
    assert "glasshouse train" in error
    file.write_text('game.name = "chicken"\n')
    code, _, error = call("train", str(file))
    assert code == 2
    assert "glasshouse run" in error


def test_pieces_in_a_folder_are_gone_on_with(tmp_path, monkeypatch):
    file = tmp_path / "study.toml"
    file.write_text(FILE)
    prepared = check_training(file)
    from glasshouse.study.training import store

    real, taken = store.RunFolder.kept, []

    def stopping(folder, name, *rest):
        if len(taken) == 5:
            raise KeyboardInterrupt
        taken.append(name)
        return real(folder, name, *rest)

    monkeypatch.setattr(store.RunFolder, "kept", stopping)
    with pytest.raises(KeyboardInterrupt):
        store.write_training(prepared, tmp_path / "out")
    monkeypatch.undo()
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["status"] == "interrupted"
    train_study(file, tmp_path / "out")
    train_study(file, tmp_path / "whole")
    for name in ("summary.json", "curves.parquet", "players.npz", "report.html", "training.svg"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize(
    "name", ["coin_game", "coin_game_league", "coin_game_recurrent", "dilemma"]
)
def test_examples_are_trainings(name):
    check_training(EXAMPLES / f"{name}.toml")


def test_the_league_of_the_coin_game_is_played_as_published():
    """Ten seeds of each meet for 50 episodes of 16 steps; naive, LOQA, aligned; three scripts."""
    prepared = check_training(EXAMPLES / "coin_game_league.toml")
    meetings = prepared.study.league
    assert meetings is not None
    assert (prepared.training.seeds, meetings.episodes, meetings.horizon) == (10, 50, 16)
    assert prepared.training.updates == 900
    assert list(prepared.beside) == ["naive", "LOQA"]
    assert list(meetings.named) == ["allc", "alld", "random"]


@pytest.mark.slow
def test_the_example_of_the_coin_game_leaves_coins_to_their_owners_and_answers_thieves():
    """The file's settings on three of its seeds; exactly, who shares gets .3486."""
    prepared = check_training(EXAMPLES / "coin_game.toml")
    how = dataclasses.replace(prepared.training, seeds=3)
    players = trained_players(prepared.game, train(prepared.game, how))
    scripts = {name: name for name in ("allc", "alld")}
    found = sampled_league(prepared.game.game, {**players, **scripts}, seeds=3, horizon=50)
    assert found.of("trained", "trained")[0] >= 0.32
    assert min(found.of("trained", "allc")) >= 0.30
    each = found.by_seed[0, 2].mean(axis=1)[..., 0]
    assert np.all(each >= -0.06)


@pytest.mark.parametrize(("other", "said"), [(0.0, "each player is paid -1.5 ± 0.5"), (0.1, "")])
def test_what_players_of_a_seed_are_paid_is_not_independent(other, said):
    """Paid alike, the mean of both is as uncertain as either; always paid more is more."""
    paid = np.array([-1.0, -2.0])
    payoffs = np.stack([paid, paid + other], axis=-1)[None]
    curves = Curves(np.array([0]), {"payoff": payoffs}, (), (0, 1), "")
    headline = paid_in_words(curves, ("player 1", "player 2"))
    apart = "player 1 is paid -1.5 ± 0.5, player 2 -1.{} ± 0.5 per step"
    assert headline.startswith(said or apart.format(4))
    unlike = paid_in_words(curves, ("player 1", "player 2"), alike=False)
    assert unlike.startswith(apart.format(round(5 - 10 * other)))
