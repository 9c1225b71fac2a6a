"""Line-ups in trainings, from files to curves, reports and leagues; and who is met in these."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from tests.trainings import BEGINNING, STAGE

import glasshouse as gh
from glasshouse._foundation.random import Purpose, uniforms
from glasshouse.dynamics.training import Training, initial_params, train
from glasshouse.errors import InputError
from glasshouse.games.stochastic import CoinGame, Commons, IteratedMatrix, StepLeague, exact_payoffs
from glasshouse.rules import Fixed, PerPlayer
from glasshouse.rules.sampled import Reinforce
from glasshouse.semantics.policies import MirroredWeights, Scripted, TablePolicy
from glasshouse.study.training import check_training, store, train_study
from glasshouse.study.training.result import training_result

GAME = IteratedMatrix(STAGE, horizon=8)

FILE = (
    BEGINNING
    + """[[learning.players]]
rule = "alignment"
beta = 2.0
step_size = 0.1
policy = { kind = "mlp", width = 4, depth = 1 }
[[learning.players]]
strategy = { strategy = "gtft", generosity = 0.5 }
[league]
against = ["tft", "alld", { strategy = [0.25, 0.25, 0.25, 0.25, 0.25], name = "a quarter" }]
"""
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    found = tmp_path_factory.mktemp("line_up") / "study.toml"
    found.write_text(FILE)
    return found


@pytest.fixture(scope="module")
def whole(file):
    """The folder and the result of the whole training."""
    return file.parent / "whole", train_study(file, file.parent / "whole")


def test_a_line_up_goes_to_curves_report_and_json(whole, call):
    """Each is paid -2, less 1 if it cooperates, and 2 more if the other does."""
    folder, result = whole
    curves = result.curves
    cooperation, reward = curves.measured["cooperation"], curves.measured["reward"]
    assert np.allclose(reward, -2 - cooperation + 2 * cooperation[..., ::-1], atol=1e-5)
    assert [x.shape for x in jax.tree.leaves(curves.params[1])] == [(3, 0)]
    found = json.loads((folder / "summary.json").read_text("utf-8"))
    assert found["training"]["players"] == ["player 1", "player 2 (gtft)"]
    assert "player 2 (gtft) -" in found["headline"]
    said = " ".join(found["claims"])
    assert "player 2 plays gtft, and does not learn" in said
    assert "learns by advantage alignment (" in said
    assert "with steps of 0.1, a network" in said
    report = (folder / "report.html").read_text("utf-8")
    assert "EpisodeStep" not in report  # a name of the program
    for words in ("Advantage alignment", "player 2 (gtft)", "a quarter", "α-Rank", "a script"):
        assert words.lower() in report.lower()
    code, printed, _ = call("train", str(folder.parent / "study.toml"), "--out", str(folder))
    assert code == 0
    assert "ALPHA-RANK" in printed
    assert "is rated highest: " in " ".join(printed.split())
    code, printed, _ = call(
        "train", str(folder.parent / "study.toml"), "--out", str(folder), "--json"
    )
    assert json.loads(printed)["league"]["alpha_rank"]["form"] == "one"


def test_exact_players_are_paid_what_is_known_of_them(whole):
    """Tit for tat loses the first round of eight to who defects; of who draws, within 4 errors."""
    met = whole[1].league
    assert met.entrants == ("trained 1", "tft", "alld", "a quarter")
    assert met.of("tft", "alld") == pytest.approx((-2 - 1 / 8, -2 + 2 / 8), abs=1e-6)
    assert met.of("tft", "tft") == pytest.approx((-1, -1), abs=1e-6)
    k, m = met.entrants.index("a quarter"), met.entrants.index("alld")
    off = met.payoffs[m, k] - [-2 + 2 / 4, -2 - 1 / 4]
    assert np.all(np.abs(off) < 4 * met.errors[m, k])


def test_what_was_written_is_read_again_as_it_was(whole):
    folder, result = whole
    again = check_training(folder / "study.toml")
    assert again.study.to_toml() == result.prepared.study.to_toml()
    assert again.recipe.identity["study"] == result.prepared.recipe.identity["study"]


def test_an_interrupted_line_up_goes_on_to_the_same_bytes(whole, file, monkeypatch):
    real, taken, out = store.RunFolder.kept, [], file.parent / "out"

    def stopping(folder, name, *rest):
        if len(taken) == 5:
            raise KeyboardInterrupt
        taken.append(name)
        return real(folder, name, *rest)

    monkeypatch.setattr(store.RunFolder, "kept", stopping)
    with pytest.raises(KeyboardInterrupt):
        store.write_training(check_training(file), out)
    monkeypatch.undo()
    train_study(file, out)
    for name in ("summary.json", "curves.parquet", "players.npz", "report.html", "training.svg"):
        assert (out / name).read_bytes() == (whole[0] / name).read_bytes()


def test_seeds_that_failed_are_in_no_league(whole):
    curves = whole[1].curves
    lost = {name: np.array(x) for name, x in curves.measured.items()}
    for values in lost.values():
        values[-1, 1] = np.nan
    found = training_result(whole[1].prepared, dataclasses.replace(curves, measured=lost))
    assert curves.seeds[1] == 8
    assert found.notes[0] == "seed 8 left the real numbers, and is in no mean"
    assert found.league is not None
    assert found.league.seeds == 2
    assert np.isfinite(found.league.payoffs).all()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('rule = "alignment"', 'rule = "alinment"', "did you mean 'alignment'"),
        ("beta = 2.0", "betta = 2.0", "1st [[learning.players]]: unknown key"),
        ("beta = 2.0", "betta = 2.0", "did you mean 'beta'"),
        ("width = 4", "widht = 4", "did you mean 'width'"),
        ('kind = "mlp"', 'kind = "mpl"', "did you mean 'mlp'"),
        ('"gtft"', '"gtf"', "did you mean 'gtft'"),
        ("generosity = 0.5", "generous = 0.5", "it takes generosity"),
        ('strategy = { strategy = "gtft", generosity = 0.5 }', "strategy = 3", 'as "tft", or [1.0'),
        (
            'strategy = { strategy = "gtft", generosity = 0.5 }',
            'strategy = "tft"\nstep_size = 0.1',
            "step_size belongs to those who learn",
        ),
        (
            'strategy = { strategy = "gtft", generosity = 0.5 }',
            'strategy = "tft"\nrule = "ppo"',
            "not both",
        ),
        ("[league]", '[[learning.players]]\nstrategy = "tft"\n[league]', "lists 3, and"),
        ("seed = 7", 'seed = 7\nrule = "ppo"', "give either rule, for everybody, or players"),
        ("seed = 7", "seed = 7\ntied = true", "leave tied or players out"),
        (
            'rule = "alignment"\nbeta = 2.0\nstep_size = 0.1\n',
            'rule = "fixed"\n',
            "nobody of players learns",
        ),
        ("[league]", '[transparency]\nkind = "mirrored"\ncoupling = 0.5\n[league]', "scripts"),
        ("0.25, 0.25, 0.25, 0.25, 0.25", "0.25, 0.25", "for each of 5 situations"),
        ("0.25, 0.25, 0.25, 0.25, 0.25", "0.25, 0.25, 0.25, 0.25, 1.25", "no probabilities"),
        (', name = "a quarter"', ', name = "tft"', "there is another 'tft'"),
        (', name = "a quarter"', ', name = "trained 1"', "there is another 'trained 1'"),
        ("[league]", "[league]\nalpha = -1.0", "league.alpha"),
    ],
)
def test_what_is_wrong_in_a_line_up_is_said_in_one_line(before, after, said, tmp_path):
    assert before in FILE
    (tmp_path / "study.toml").write_text(FILE.replace(before, after, 1))
    with pytest.raises(InputError) as refused:
        check_training(tmp_path / "study.toml")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_own_step_sizes_hold_through_adam_and_who_is_fixed_stays():
    """Adam's first step is as long as the step size in every coordinate that is not at rest."""
    game = Commons(3, horizon=4)
    sampled = gh.SampledParametricGame(game, TablePolicy(game), episodes=16)
    rule = PerPlayer([Reinforce(), Reinforce(), Fixed()], [1.0, 0.25, 1.0])
    ends = train(sampled, Training(rule, 0.1, updates=1, every=1, seeds=1, first=5, adam=True))
    start = initial_params(sampled, 5)
    moved = [np.abs(end[0] - own).max() for end, own in zip(ends.params, start, strict=True)]
    assert moved == pytest.approx([0.1, 0.025, 0.0], abs=1e-5)


def test_scripts_play_in_place_of_those_who_learn():
    """As the league of scripts says: in the Coin Game, too, with four moves."""
    game = CoinGame(horizon=8)
    sampled = gh.SampledParametricGame(
        game, [Scripted(game, "allc"), Scripted(game, "alld")], episodes=4000
    )
    played = sampled.estimates(sampled.neutral(), jax.random.key(1))
    paid = np.asarray(played.rewards).mean(axis=0)
    exact = exact_payoffs(game, ["allc", "alld"])
    assert np.all(np.abs(paid.mean(axis=0) - exact) < 4 * paid.std(axis=0) / np.sqrt(len(paid)))
    with pytest.raises(InputError, match="cannot meet those who have none"):
        gh.SampledParametricGame(
            GAME, [TablePolicy(GAME), Scripted(GAME, "tft")], MirroredWeights(1.0)
        )


def met(cells):
    """A league of these payoffs [row, column, row's seed, column's seed, player]."""
    names, seeds = tuple("abcdef"[: len(cells)]), cells.shape[2]
    return StepLeague(
        "x", names, cells.mean(axis=(2, 3)), np.ones((*cells.shape[:2], 2)), 8, 1.0, 5, seeds,
        "numerical", "", cells,
    )  # fmt: skip


def test_ratings_over_seeds_are_those_of_tables_of_seeds_drawn_again():
    """By hand: seeds are drawn with replacement, everybody's alike. Of those drawn all pairs of two
    count alike, together as much as they did, and so do seeds with themselves."""
    cells = np.random.default_rng(3).normal(size=(3, 3, 4, 4, 2))
    league = met(cells)
    found = gh.leagues.rate(league, alpha=2.0, population=20, resamples=100, seed=6)
    whole = gh.leagues.alpha_rank(league.payoffs, 2.0, 20).stationary
    assert [row.rating for row in found.entrants] == pytest.approx(list(whole), abs=1e-12)
    drawn = np.floor(4 * uniforms(6, Purpose.RESAMPLES, 100, 4)).astype(int)
    shares = []
    for picked in drawn:
        itself = np.mean([cells[:, :, k, k] for k in picked], axis=0)
        two = [cells[:, :, k, j] for k in picked for j in picked if k != j]
        table = itself if not two else 0.25 * itself + 0.75 * np.mean(two, axis=0)
        shares.append(gh.leagues.alpha_rank(table, 2.0, 20).stationary)
    low, high = np.quantile(shares, [0.025, 0.975], axis=0)
    for k, row in enumerate(found.entrants):
        assert row.interval == pytest.approx((low[k], high[k]), abs=1e-12)
    assert found.detail.startswith("4 seeds")


def test_players_of_a_seed_are_drawn_together():
    """Two who learned together are as strong as their seed is: neither is ever above the other."""
    strength = np.random.default_rng(4).normal(size=6)
    gain = strength[:, None] - strength
    cells = np.broadcast_to(np.stack([gain, -gain], axis=-1), (2, 2, 6, 6, 2))
    found = gh.leagues.rate(met(cells), alpha=1.0, resamples=200)
    for row in found.entrants:
        assert row.interval == pytest.approx((0.5, 0.5), abs=1e-9)
