"""A league is its pairs one by one; it is shown as it is, and refuses what cannot be played."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse import InputError, leagues
from glasshouse.analysis.outcomes.comparison import paid_per_round
from glasshouse.channels import Box, OneSided
from glasshouse.dynamics import Learning, Rest, Starts, learn
from glasshouse.games import RepeatedGame, catalogue, strategy
from glasshouse.leagues import Strategy
from glasshouse.rules import Fixed, Gradient, Lola, LookAhead, Momentum, Optimistic, PerPlayer, Sos
from glasshouse.semantics import Custom, Linear, Logistic

DILEMMA = gh.load_game("prisoners_dilemma")
READING = gh.LogisticFamily(DILEMMA, 3.0)(0.3)
LEARNERS = {"naive": Gradient(), "LOLA": Lola(1.0), "weak LOLA": Lola(0.3), "fast": Momentum()}
LEARNING = Learning(step_size=0.3, steps=30, starts=Starts(seed=3))


ROUNDS = RepeatedGame(
    gh.NormalFormGame([[[-1, -3], [0, -2]], [[-1, 0], [-3, -2]]]), discount=0.96, unit="sum"
)


def iterated(bound=8.0):
    return gh.ParametricGame(ROUNDS, Logistic(ROUNDS, 0.0, bound))


@pytest.fixture(scope="module")
def league():
    return leagues.play(LEARNERS, READING, learning=LEARNING, seeds=10)


def one_by_one(game, row, column, learning, seeds):
    """A pair as a line-up of its own."""
    starts = dataclasses.replace(learning.starts, count=seeds)
    alone = dataclasses.replace(learning, rule=PerPlayer((row, column)), starts=starts)
    return learn([game], alone, paid_per_round, judged=False).observed[0]


PAIRS = [("LOLA", "naive"), ("weak LOLA", "fast"), ("fast", "LOLA"), ("naive", "weak LOLA")]


@pytest.mark.parametrize(("row", "column"), PAIRS)
def test_every_pair_is_paid_as_a_line_up_of_its_own(league, row, column):
    found = league.runs[league.place(row), league.place(column)]
    alone = one_by_one(READING, LEARNERS[row], LEARNERS[column], LEARNING, 10)
    np.testing.assert_allclose(found, alone, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_repeated_games_with_stops_are_paid_as_line_ups_of_their_own():
    rules = [Optimistic(), LookAhead(0.5), Sos(1.0), Lola(1.0, "exact")]
    learning = Learning(step_size=1.0, steps=12, stop=Rest(1e-3, every=4), starts=Starts(seed=1))
    found = leagues.play(rules, iterated(), learning=learning, seeds=3)
    for i, row in enumerate(rules):
        alone = one_by_one(iterated(), row, rules[i - 1], learning, 3)
        np.testing.assert_allclose(found.runs[i, i - 1], alone, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_others_gain_by_meeting_who_shapes_them():
    """Theory's measure of 32 starts, to three standard errors of both: LOLA .40, SOS .39,
    LookAhead .08."""
    rules = {"naive": Gradient(), "LookAhead": LookAhead(), "LOLA": Lola(), "SOS": Sos()}
    learning = Learning(step_size=1.0, steps=100)
    found = leagues.play(rules, iterated(bound=math.inf), learning=learning, seeds=32).shaping
    half = (found.interval[:, 1] - found.interval[:, 0]) / 2
    errors = half / 2.0395134  # Student's t, 31 degrees of freedom
    assert np.all(np.abs(found.mean - [0.0, 0.08, 0.40, 0.39]) <= 3 * math.sqrt(2) * errors)


def test_one_run_can_be_played_again(league):
    found = league.paths("LOLA", "fast", 4)
    assert found.path is not None
    assert found.path[0].shape == (31,)
    paid = READING.payoffs(found.params)
    np.testing.assert_allclose(paid, league.runs[1, 3, 4], rtol=0, atol=1e-12)


def test_means_and_intervals_are_those_of_runs(league):
    """Student's t with 9 degrees of freedom: 97.5 % lie below 2.262157."""
    runs = league.runs[1, 2, :, 0]
    half = 2.2621571628 * runs.std(ddof=1) / math.sqrt(10)
    assert league.payoffs[1, 2, 0] == pytest.approx(runs.mean(), abs=1e-14)
    np.testing.assert_allclose(
        league.interval[1, 2, 0], [runs.mean() - half, runs.mean() + half], atol=1e-9
    )


def test_starts_are_common_and_blocks_do_not_show():
    """Start k of many is start k of few; more starts than are played together change none."""
    few, many = (
        leagues.play([Gradient()], READING, learning=LEARNING, seeds=n).runs for n in (3, 70)
    )
    np.testing.assert_allclose(many[:, :, :3], few, rtol=0, atol=1e-13)
    alone = one_by_one(READING, Gradient(), Gradient(), LEARNING, 70)
    np.testing.assert_allclose(many[0, 0], alone, rtol=0, atol=1e-12)


def test_strategies_stand_still_where_the_repeated_game_pays_what_it_should():
    """Exact values of theory: tit for tat against itself gets R, against always defect
    P - (1-γ)(P-S); bounded parameters miss both by as much as s(-20) allows."""
    game = iterated(bound=20.0)
    learning = Learning(step_size=1.0, steps=3)
    players = {"tft": Strategy("tit for tat"), "alld": Strategy("alld"), "naive": Gradient()}
    found = leagues.play(players, game, learning=learning, seeds=2)
    assert found.payoffs[0, 0, 0] == pytest.approx(-1.0, abs=1e-6)
    assert found.payoffs[0, 1] == pytest.approx([-2.04, -1.92], abs=1e-6)
    assert "tft by 2.1e-09" in found.detail
    assert np.ptp(found.runs[1, 0], axis=0) == pytest.approx(0.0, abs=1e-15)
    path = found.paths("tft", "naive", 1).path
    assert path is not None
    assert np.all(path[0] == path[0][0])
    assert np.ptp(path[1], axis=0).min() > 0
    met = strategy("tft", ROUNDS)
    replies = 1 / (1 + np.exp(-np.asarray(path[1][-1])))
    paid = ROUNDS.values([met, replies]) * 0.04
    np.testing.assert_allclose(found.runs[0, 2, 1], paid, atol=1e-6)


def test_strategies_of_games_played_once_are_probabilities():
    game = gh.LogisticFamily(DILEMMA, 30.0)(0.0)
    learning = Learning(step_size=0.1, steps=1)
    given = {"C": Strategy("allc"), "half": Strategy(0.5), "D": Strategy([0.0, 1.0])}
    found = leagues.play(given, game, learning=learning, seeds=1)
    np.testing.assert_allclose(
        found.payoffs[..., 0], [[3, 1.5, 0], [4, 2.25, 0.5], [5, 3, 1]], atol=1e-9
    )


def test_what_leaves_the_reals_is_shown_and_never_averaged():
    """Behaviour has no value between -1.2 and -0.8: who steps there is lost."""

    def with_a_hole(params, seen):
        own = [jax.nn.sigmoid(x + 0 * jnp.sqrt((x + 1) ** 2 - 0.04)) for x in params]
        return [jnp.stack([p, 1 - p]) for p in own]

    game = gh.ParametricGame(DILEMMA, Custom(with_a_hole, [Box(-3.0, 3.0)] * 2))
    players = {"naive": Gradient(), "still": Fixed()}
    learning = Learning(step_size=0.5, steps=30, starts=Starts(spread=0.2, seed=0))
    found = leagues.play(players, game, learning=learning, seeds=6)
    assert found.failed[0, 0] > 0
    assert found.failed[1, 1] == 0
    assert np.isnan(found.payoffs[0, 0]).all()
    assert np.isfinite(found.payoffs[1, 1]).all()
    assert np.isnan(found.interval[0, 0]).all()
    assert np.isnan(found.means[0])
    assert np.isnan(found.shaping.mean).all()
    assert found.to_dict()["payoffs"][0][0] == [None, None]
    with pytest.raises(InputError, match="runs of naive against naive left the reals"):
        found.meta_game()
    assert found.meta_game(without="naive").actions == (1, 1)


def test_axes_come_first_and_change_game_and_steps():
    axes = [
        gh.Axis("coupling", [0.0, 0.3], at=lambda setup: setup.game.semantics.coupling),
        gh.Axis("step", [0.1, 0.3], at=lambda setup: setup.learning.step_size),
    ]
    two = {"naive": Gradient(), "fast": Momentum()}
    learning = dataclasses.replace(LEARNING, stop=Rest(0.3, every=5))
    found = leagues.play(two, READING, learning=learning, seeds=3, axes=axes)
    assert found.payoffs.shape == (2, 2, 2, 2, 2)
    alone = one_by_one(READING, two["fast"], two["naive"], learning, 3)
    np.testing.assert_allclose(found.runs[1, 1, 1, 0], alone, rtol=0, atol=1e-12)
    assert len(found.cells) == 16
    assert found.cells[-1]["coupling"] == 0.3
    with pytest.raises(InputError, match="axes coupling, step: give coupling="):
        found.meta_game()
    with pytest.raises(InputError, match=r"coupling=0\.2 was not played"):
        found.meta_game(coupling=0.2, step=0.1)


WRONG = {
    "nobody": ({}, {}, "at least one who takes part"),
    "no line-up": ("tft", {}, "dictionary from names to rules and strategies"),
    "a class": ([Gradient], {}, "an entrant must be a rule that gives a direction"),
    "a word": (["lola"], {}, "an entrant must be a rule"),
    "twice": ([Gradient(), Gradient()], {}, "two are called 'selfish gradients'"),
    "no name": ({1: Gradient()}, {}, "name of an entrant must be a text"),
    "seeds": ([Gradient()], {"seeds": 0}, "seeds"),
    "one start": (
        [Gradient()],
        {"learning": Learning(starts=Starts(kind="neutral"))},
        "seeds=3 does not fit the neutral start: say seeds=1",
    ),
    "a rule beside": ([Gradient()], {"learning": Learning(Lola(1.0))}, "who learns how"),
    "a bare rule": ([Gradient()], {"learning": Gradient()}, "learning must be Learning"),
    "tied": ([Gradient()], {"learning": Learning(tied=True)}, "leave tied out"),
    "axes": ([Gradient()], {"axes": [0.3]}, r"axes must be a list of Axis\("),
    "a base game": ([Gradient()], {"game": DILEMMA}, "parametric game"),
    "three": (
        [Gradient()],
        {"game": gh.LogisticFamily(catalogue.public_goods(n=3), 3.0)(0.1)},
        "a league is of pairs, and this game has 3 players",
    ),
    "read": ([Strategy("allc")], {}, "player 1 reads others, whose parameters change"),
    "memory": (
        [Strategy("tft")],
        {"game": gh.LogisticFamily(DILEMMA, 3.0)(0.0)},
        "'tft' is of repeated games",
    ),
    "unbounded": ([Strategy("tft")], {"game": iterated(bound=math.inf)}, "give the semantics one"),
    "no such parameters": (
        [Strategy("allc")],
        {"game": gh.ParametricGame(DILEMMA, Linear((2, 2), 0.0, np.ones(2), 3.0))},
        "Linear does not say which do",
    ),
    "channel": (
        [Strategy("allc")],
        {"game": gh.ParametricGame(DILEMMA, Logistic((2, 2), 0.0, 3.0), OneSided((0,)))},
        "leave the channel out",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_leagues_are_refused_in_words(name):
    line_ups, changed, match = WRONG[name]
    settings = {"game": READING, "learning": LEARNING, "seeds": 3, **changed}
    with pytest.raises(InputError, match=match):
        leagues.play(line_ups, settings.pop("game"), **settings)


def test_wrong_strategies_and_names_are_refused(league):
    with pytest.raises(InputError, match="there is no strategy 'titfortwotats'"):
        Strategy("titfortwotats")
    with pytest.raises(InputError, match="'p' belongs to a name"):
        Strategy([0.5], p=1)
    with pytest.raises(InputError, match="nobody is called 'LOLO'"):
        league.paths("LOLO", "naive")
    with pytest.raises(InputError, match="seed"):
        league.paths("LOLA", "naive", 10)
    with pytest.raises(InputError, match="no axis 'coupling'"):
        league.paths("LOLA", "naive", coupling=0.3)
