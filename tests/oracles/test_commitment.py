"""Simulation, mediators and commitment against published and derived facts."""

import itertools

import numpy as np
import pytest
from tests.reference import random_tensor

import glasshouse as gh
from glasshouse.analysis import (
    Dominance,
    base_game,
    dominance,
    fair_leaders,
    mixed_simulation,
    pure_equilibria,
    stackelberg,
)
from glasshouse.analysis.equilibria import extreme_equilibria
from glasshouse.analysis.equilibria.mixed.restricted import zero_sum_equilibrium
from glasshouse.errors import InputError
from glasshouse.games import Symmetric2x2, mediated, restricted, simulated
from glasshouse.study.setting import check_study

PD = gh.load_game("prisoners_dilemma")


def normal(row, column):
    return gh.NormalFormGame([row, column], player_axis=0)


def symmetric(T, R, P, S):
    return gh.NormalFormGame(Symmetric2x2(T=T, R=R, P=P, S=S).tensor(), player_axis=0)


def trust(a, d, e, f):
    return normal([[a, -d], [0, 0]], [[e, f], [0, 0]])


@pytest.mark.parametrize(("a", "d", "e", "f", "c"), [(1, 2, 1, 3, 0.1), (2, 1, 2, 5, 0.25)])
def test_trust_with_simulation_has_three_extreme_equilibria(a, d, e, f, c):
    """Where c < ad/(a + d): one with trust, and both ends of those in which nobody trusts."""
    game = simulated(trust(a, d, e, f), 0, c)
    facts = base_game(game)
    assert facts.pure_equilibria == ((1, 1),)
    assert facts.mixed is not None
    (bad, good) = sorted(facts.mixed, key=lambda x: x.payoffs)
    assert np.allclose(good.weights[0], (e / f, 0, 1 - e / f), rtol=0, atol=1e-15)
    assert np.allclose(good.weights[1], (1 - c / d, c / d), rtol=0, atol=1e-15)
    assert np.allclose(good.payoffs, (a - c * (a + d) / d, e), rtol=0, atol=1e-15)
    assert bad.weights[0] == (0, 1, 0)
    assert np.allclose(bad.weights[1], (c / a, 1 - c / a), rtol=0, atol=1e-15)
    assert game.action_names[0][-1] == "simulate"


def test_the_published_numbers_of_trust():
    facts = base_game(simulated(trust(1, 2, 1, 3), 0, 0.1))
    good = max(facts.mixed or (), key=lambda x: x.payoffs)
    assert np.allclose(good.weights[0], (1 / 3, 0, 2 / 3), rtol=0, atol=1e-15)
    assert good.weights[1][1] == pytest.approx(0.05, abs=1e-15)
    assert good.payoffs == pytest.approx((0.85, 1.0), abs=1e-15)


def test_who_simulates_for_free_in_the_dilemma_defects():
    tensor = np.asarray(simulated(PD, 0, 0).tensor)
    assert np.array_equal(tensor[:, 2], tensor[:, 1])
    other = np.asarray(simulated(PD, 1, 0).tensor)
    assert np.array_equal(other, tensor[::-1].transpose(0, 2, 1))


def test_learning_the_mixed_action_does_not_help_where_the_other_knows():
    found = mixed_simulation(trust(1, 2, 1, 3), 0, 0.1)
    assert found.commitment.strategy == pytest.approx((2 / 3, 1 / 3), abs=1e-15)
    assert found.payoffs == pytest.approx((-0.1, 5 / 3), abs=1e-15)
    assert (found.without, found.helps) == ((0, 0), "no")
    assert mixed_simulation(symmetric(3, 4, 2, 0), 1, 0.1).helps == "depends on the equilibrium"
    pennies = normal([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    assert mixed_simulation(pennies, 0, 0).helps == "no"  # it pays the same
    assert mixed_simulation(normal([[1, 0], [0, 1]], [[1, 0], [0, 1]]), 0, 0.0).payoffs == (1, 1)


def test_it_does_not_help_for_sure_where_the_other_has_several_best_commitments():
    """Player 2 is paid 2 by its first column, and by half of either other one; player 1 then 1 or
    2, and 1 in the equilibria without simulation."""
    game = normal([[1, 1, 3], [1, 2, 2]], [[1, 1, 0], [2, 1, 3]])
    found = mixed_simulation(game, 0, 0.0)
    assert (found.payoffs[1], found.paid, found.without) == (2, (1, 2), (1, 1))
    assert found.helps == "depends on the equilibrium"
    first = mixed_simulation(normal([[1], [1]], [[1], [2]]), 0, 0.0)
    assert (first.paid, first.helps) == ((1, 1), "no")


@pytest.mark.parametrize(("seed", "unit", "level"), [(0, 1, 0), (1, 2.0**-60, 0), (2, 1, 2.0**30)])
def test_linear_programs_find_what_vertices_do(seed, unit, level, monkeypatch):
    tensor = np.random.default_rng(seed).integers(0, 4, (2, 4, 5)) * unit + level
    game = gh.NormalFormGame(tensor, player_axis=0)
    for leader in (0, 1):
        exact = stackelberg(game, leader)
        monkeypatch.setattr("glasshouse.analysis.commitment.commitments.MOST_BASES", 0)
        found = stackelberg(game, leader)
        monkeypatch.undo()
        assert (exact.method, found.method) == ("closed form", "certified")
        assert found.payoffs[leader] == pytest.approx(exact.payoffs[leader], rel=1e-15)
        assert found.follower == pytest.approx(exact.follower, rel=0, abs=1e-6 * unit)


TIED = normal([[1, 0], [1, 2]], [[5, 1], [3, 2]])
"""Both rows are best replies to the first column, and pay the other 5 or 3."""


def test_ties_of_who_simulates_are_explicit():
    with pytest.raises(InputError, match=r"best replies to 1, 1 and 2, .*ties='each'.*2 way"):
        simulated(TIED, 0, 0.5)
    found = simulated(TIED, 0, 0.5, ties="each")
    assert found.action_names[0][2:] == ("simulate: 1 to 1", "simulate: 2 to 1")
    assert np.array_equal(found.tensor[:, 2:], [[[0.5, 1.5]] * 2, [[5, 2], [3, 2]]])
    alike = normal([[1, 0], [1, 2]], [[5, 1], [5, 2]])  # nobody cares which reply it is
    assert simulated(alike, 0, 0.5).actions == (3, 2)
    with pytest.raises(InputError, match="at most 64"):
        simulated(normal(np.zeros((3, 4)), np.arange(12.0).reshape(3, 4)), 0, 0, ties="each")
    with pytest.raises(InputError, match="cost=-1"):
        simulated(PD, 0, -1)


def test_a_mediator_of_the_dilemma():
    game = mediated(PD, ["cooperate", "cooperate"], ["defect", "defect"])
    assert game.tensor[0].tolist() == [[3, 5, 1], [0, 3, 0], [1, 5, 1]]
    assert np.array_equal(game.tensor[1], game.tensor[0].T)
    assert game.action_names[0] == ("mediator", "cooperate", "defect")
    assert {Dominance(0, 1, 0, strict=True), Dominance(0, 2, 0, False)} <= set(dominance(game))
    assert (0, 0) in pure_equilibria(game)
    gains = np.asarray(game.tensor) - np.asarray(game.tensor)[:, :1, :1]
    assert not np.any(np.all(gains > 0, axis=0))  # nor do both gain by leaving together


def test_a_mediator_of_three_plays_what_each_coalition_is_due():
    """Everybody's payoffs from the base game, profile by profile."""
    base = gh.load_game("public_goods:n=3")
    plans = {(0,): [0], (1,): [1], (2,): [0], (0, 1): [1, 0], (0, 2): [1, 1], (1, 2): [0, 1]}
    game = mediated(base, [0, 0, 0], plans)
    for profile in itertools.product(range(3), repeat=3):
        who = tuple(i for i in range(3) if profile[i] == 0)
        played = [a - 1 for a in profile]
        for i, action in zip(who, {**plans, (0, 1, 2): [0] * 3, (): []}[who], strict=True):
            played[i] = action
        assert np.array_equal(game.tensor[(..., *profile)], base.tensor[(..., *played)])
    with pytest.raises(InputError, match=r"player 1 and player 3 alone: add \(0, 2\)"):
        mediated(base, [0, 0, 0], {key: own for key, own in plans.items() if key != (0, 2)})
    with pytest.raises(InputError, match="together must be one action for each of 3 players"):
        mediated(base, [0, 0], plans)


def test_fair_leaders_of_the_battle_of_the_sexes():
    game = normal([[3, 0], [0, 2]], [[2, 0], [0, 3]])
    found = fair_leaders(game)
    assert [own.payoffs for own in found.commitments] == [(3, 2), (2, 3)]
    assert (found.lottery, found.payoffs, found.least) == ((0.5, 0.5), (2.5, 2.5), 2.5)
    assert fair_leaders(PD).lottery == (0.5, 0.5)  # either way, both are paid the same
    mixed = next(iter(base_game(game).mixed or ()))
    assert mixed.payoffs == pytest.approx((1.2, 1.2), abs=1e-15)


@pytest.mark.parametrize(
    ("game", "value", "strategy"),
    [
        (normal([[2, 4], [1, 3]], [[1, 0], [0, 1]]), 3.5, (0.5, 0.5)),
        (PD, 1, (0, 1)),
        (symmetric(4, 3, 1, 2), 4, (0, 1)),
        (symmetric(3, 4, 2, 0), 4, (1, 0)),
    ],
)
def test_what_a_leader_is_paid(game, value, strategy):
    found = stackelberg(game, 0)
    assert (found.payoffs[0], found.strategy, found.method) == (value, strategy, "closed form")


@pytest.mark.parametrize("size", [(2, 2), (3, 4), (4, 3)])
def test_commitment_is_worth_at_least_every_equilibrium(size):
    for seed in range(12):
        tensor = random_tensor(size, seed)
        game = gh.NormalFormGame(tensor, player_axis=0)
        for leader in (0, 1):
            value = stackelberg(game, leader).payoffs[leader]
            for x, y in extreme_equilibria(*tensor):
                paid = np.array(x, float) @ tensor[leader] @ np.array(y, float)
                assert value >= paid - 1e-12


@pytest.mark.parametrize(("size", "method"), [((4, 5), "closed form"), ((12, 11), "certified")])
def test_against_an_enemy_it_is_the_value_of_the_game(size, method):
    row = random_tensor(size, 7)[0]
    x, y = zero_sum_equilibrium(row)
    for leader in (0, 1):
        found = stackelberg(normal(row, -row), leader)
        assert found.method == method
        assert found.payoffs[0] == pytest.approx(float(x @ row @ y), abs=1e-9)


def test_the_goodwill_on_which_a_leader_depends_is_said():
    found = stackelberg(normal([[2, 4], [1, 3]], [[1, 0], [0, 1]]), 0)
    assert (found.reply, found.tied) == (1, (0,))
    assert stackelberg(PD, 1).tied == ()
    with pytest.raises(InputError, match="two players"):
        stackelberg(gh.load_game("public_goods:n=3"), 0)


def setting(tmp_path, text):
    (tmp_path / "study.toml").write_text(text, "utf-8")
    return check_study(tmp_path / "study.toml")


def test_studies_make_games_of_games(tmp_path):
    """The same tensors, cost being swept; who cooperates lets the mediator play."""
    found = setting(
        tmp_path,
        """
        game.payoffs = [[[1, -2], [0, 0]], [[1, 3], [0, 0]]]
        game.simulated = { simulator = "player 1", cost = 0.1 }
        sweep."game.simulated.cost" = [0.25, 0.5]
        """,
    )
    for point, cost in zip((found.base, *found.points), (0.1, 0.25, 0.5), strict=True):
        wanted = simulated(trust(1, 2, 1, 3), 0, cost)
        assert np.array_equal(point.game.tensor, wanted.tensor)
    found = setting(
        tmp_path,
        """
        game.name = "prisoners_dilemma"
        game.mediated = { together = "cooperate", otherwise = ["defect", 1] }
        sweep = {}
        """,
    )
    assert np.array_equal(found.base.game.tensor, mediated(PD, [0, 0], [1, 1]).tensor)
    assert found.base.game.cooperative_actions == ("mediator", "mediator")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            'simulated = { simulator = "3", cost = 0.1 }',
            "game.simulated': simulator='3' is no player",
        ),
        ("simulated = { simulator = 0, cost = -1 }", "game.simulated.cost"),
        ('mediated = { together = "help", otherwise = 1 }', "game.mediated': .*help"),
        (
            "simulated = { simulator = 0, cost = 0.1 }\n"
            "game.mediated = { together = 0, otherwise = 1 }",
            "one of simulated and mediated",
        ),
    ],
)
def test_a_game_that_cannot_be_made_is_refused_by_its_key(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        setting(tmp_path, f'game.name = "prisoners_dilemma"\ngame.{change}\n')


def test_games_with_some_actions_only():
    game = normal(np.arange(9.0).reshape(3, 3), -np.arange(9.0).reshape(3, 3))
    found = restricted(game, [[2, 0], ["2", 2]])
    assert np.array_equal(found.tensor[0], [[7, 8], [1, 2]])
    assert found.action_names == (("3", "1"), ("2", "3"))
    for wrong, words in (([0, 0], "each once"), ("ab", "must be a list"), ([[0]] * 3, "3 lists")):
        with pytest.raises(InputError, match=words):
            restricted(game, wrong)
