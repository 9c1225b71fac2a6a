"""What is seen of play round after round, and parameters that play a strategy of a name."""

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.games import RepeatedGame, random_game, strategy
from glasshouse.parametric import ParametricGame, Tied
from glasshouse.rules import Fixed, Gradient, Lola, PerPlayer
from glasshouse.semantics import Logistic

TURNS = np.array([[[3.0, 0.0], [7.0, 1.0]], [[3.0, 7.0], [0.0, 1.0]]])
"""A prisoner's dilemma in which taking turns pays 3.5 and mutual cooperation 3."""

FIRST, SECOND = [1, 1, 0, 1, 0], [0, 1, 0, 1, 0]
"""Each does what the other did; only one begins by cooperating."""


def test_taking_turns_is_seen():
    """CD, DC, CD, …: discounted rates 1/(1+γ) and γ/(1+γ)."""
    game = RepeatedGame(gh.NormalFormGame(TURNS), 0.8)
    behaviours = game.checked([FIRST, SECOND])
    found = game.observables(behaviours)
    assert found["rate CD"] == pytest.approx([1 / 1.8, 0.8 / 1.8], abs=1e-15)
    assert found["rate DC"] == pytest.approx([0.8 / 1.8, 1 / 1.8], abs=1e-15)
    assert found["rate CC"] == pytest.approx([0, 0], abs=1e-15)
    assert found["P(C | start)"] == pytest.approx([1, 0])
    assert found["P(C | DC)"] == pytest.approx([1, 1])
    assert found["P(C | CD)"] == pytest.approx([0, 0])
    after = [f"P(C | {state})" for state in ("start", "CC", "CD", "DC", "DD")]
    assert list(found) == ["rate CC", "rate CD", "rate DC", "rate DD", *after]
    learned = ParametricGame(game, Logistic(game, 0.0))
    assert list(learned.observables(learned.neutral())) == ["cooperation", *found]


@pytest.mark.parametrize("actions", [(2, 2, 2), (3, 3), (2, 3)])
def test_they_are_of_any_players_and_actions(actions):
    """Rates with the own action first; where actions differ, all in the order of player 1."""
    game, generator = RepeatedGame(random_game(1, actions), 0.7), np.random.default_rng(3)
    states = 1 + int(np.prod(actions))
    mixes = [generator.dirichlet(np.ones(m), states) for m in actions]
    rates, found = game.rates(mixes), game.observables(game.checked(mixes))
    players, alike = len(actions), len(set(actions)) == 1
    for profile in itertools.product(*map(range, actions)):
        letters = actions == (2, 2, 2)
        name = "".join("CD"[a] for a in profile) if letters else ",".join(map(str, profile))
        for i in range(players):
            # The own action is the first of the name, then those of i+1, …, i-1.
            physical = [0] * players
            for k, action in enumerate(profile):
                physical[(i + k) % players if alike else k] = action
            assert found[f"rate {name}"][i] == pytest.approx(rates[tuple(physical)], abs=1e-15)
            own = [physical[(i + k) % players] for k in range(players)]
            counts = [actions[(i + k) % players] for k in range(players)]
            row = 1 + int(np.ravel_multi_index(own, counts))
            action = "C" if letters else "0"
            assert found[f"P({action} | {name})"][i] == pytest.approx(mixes[i][row, 0], abs=1e-15)
    total = sum(value for name, value in found.items() if name.startswith("rate"))
    assert total == pytest.approx(np.ones(players), abs=1e-14)


def test_one_shot_games_have_none_and_say_so():
    game = gh.LogisticFamily(gh.load_game("chicken"), 3.0)(0.2)
    assert set(game.observables((0.0, 0.0))) == {"cooperation"}
    with pytest.raises(gh.InputError, match=r"'rate CD' is of games that are played again and"):
        gh.generic_outcomes([game], observe="rate CD")
    repeated = RepeatedGame(gh.load_game("chicken"), 0.5)
    again = ParametricGame(repeated, Logistic(repeated, 0.2, 3.0))
    with pytest.raises(gh.InputError, match=r"unknown observable 'P\(C \| CE\)': did you mean 'P"):
        gh.generic_outcomes([again], observe="P(C | CE)")


def turns(game, params):
    found = game.observables(params)
    return jnp.stack([found["rate CD"], found["rate DC"]])


def test_who_look_ahead_learn_to_take_turns_where_that_pays():
    """2R < T + S: selfish learners end in defection, LOLA in turns that pay (T + S)/2 each."""
    game = RepeatedGame(gh.NormalFormGame(TURNS), 0.9, "sum")
    parametric = ParametricGame(game, Logistic(game, 0.0, 8.0))
    shares = []
    for rule in (Gradient(), Lola(0.3)):
        learning = Learning(rule, 0.3, 300, starts=Starts(8, seed=0))
        ends = learn([parametric], learning, observe=turns).observed[0]
        shares.append(np.mean(ends.min(axis=(1, 2)) > 0.4))
    assert shares[0] == 0
    assert shares[1] >= 0.9
    tied = gh.generic_outcomes(
        [Tied(parametric)], learning=Learning(steps=5, starts=Starts(3)), observe="rate CD"
    )[0].observed
    assert tied is not None
    assert tied.players[0] == pytest.approx(tied.players[1], abs=1e-12)  # who act alike never do
    assert tied.words == "discounted rate of CD, the own action first"


def test_a_strategy_is_played_by_its_parameters():
    game = RepeatedGame(gh.load_game("prisoners_dilemma"), 0.96)
    rows = np.array([0.9, 0.8, 0.3, 0.6, 0.01])
    semantics = Logistic(game, [[0.0, 0.7], [0.0, 0.0]], 5.0, own_weight=[1.0, -2.0])
    params = (np.zeros(5), semantics.params_of(rows, player=1))
    played = ParametricGame(game, semantics).behaviours(params)
    assert played[1][:, 0] == pytest.approx(rows, abs=1e-14)
    bounded = Logistic(game, 0.0, 2.0)
    wanted = np.where([1, 1, 0, 1, 0], 2.0, -2.0)
    assert bounded.params_of(strategy("tft", game)) == pytest.approx(wanted, abs=0)
    once = Logistic((3, 2), 0.0, 4.0)
    mix = np.array([0.7, 0.3, 0.0])
    powers = np.exp([*once.params_of(mix), 0.0])
    assert powers[:2] / powers[:2].sum() == pytest.approx(mix[:2], abs=1e-14)
    assert once.params_of(0.5, player=1) == pytest.approx(0.0, abs=0)


def test_lola_meets_tit_for_tat():
    """Against a player who never learns but answers, cooperation pays, and so it is learned."""
    game = RepeatedGame(gh.load_game("prisoners_dilemma"), 0.96)
    semantics = Logistic(game, 0.0, 8.0)
    start: Any = (np.zeros(5), semantics.params_of(strategy("tft", game)))
    parametric = ParametricGame(game, semantics)
    line_up = PerPlayer((Lola(1.0), Fixed()))
    end = gh.run(parametric, line_up, start, steps=3000, step_size=1.0)
    assert np.array_equal(end.params[1], start[1])
    assert parametric.payoffs(end.params)[0] == pytest.approx(3.0, abs=0.01)


def test_parameters_that_play_no_strategy_are_said():
    game = RepeatedGame(gh.load_game("prisoners_dilemma"), 0.96)
    tft = strategy("tft", game)
    for wrong, said in (
        (lambda: Logistic(game, 0.0).params_of(tft), "probabilities of 0 or 1 without a bound"),
        (lambda: Logistic(game, 0.5, 3.0).params_of(tft), "player 1 reads others"),
        (lambda: Logistic(game, 0.0, 3.0).params_of(tft[:4]), r"shape \(4,\)"),
        (lambda: Logistic(game, 0.0, 3.0).params_of(2 * tft), "must be probabilities"),
        (lambda: Logistic(game, 0.0, 3.0, 0.0).params_of(tft), "own_weight is 0"),
        (lambda: Logistic(game, 0.0, 3.0).params_of(tft, player=2), "there is no player 2"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()
