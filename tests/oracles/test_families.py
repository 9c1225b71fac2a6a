"""Families over axes are what the games are that one builds by hand, to the bit."""

import itertools
import re

import equinox as eqx
import jax
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.analysis import assess
from glasshouse.channels import Box
from glasshouse.dynamics import Games, Learning, Starts, learn, stack
from glasshouse.families import AffineFamily
from glasshouse.games.catalogue import prisoners_dilemma, public_goods
from glasshouse.rules import Gradient, Lola, PerPlayer
from glasshouse.semantics import Custom, Logistic

COUPLINGS, TEMPTATIONS, LOOK_AHEADS = [0.2, 0.45, 0.8], [4.0, 4.7, 5.0, 6.3], [0.0, 1.0]
LEARNING = Learning(Lola(0.5), steps=60, starts=Starts(12, seed=3))


def dilemma(temptation, coupling=0.5):
    """T stands in two entries of the tensor: no place reaches it."""
    table = [[[3.0, 0.0], [temptation, 1.0]], [[3.0, temptation], [0.0, 1.0]]]
    game = gh.NormalFormGame(table, player_axis=0)
    return gh.ParametricGame(game, Logistic((2, 2), coupling, 3.0))


TENSOR = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])


def coupling(values=COUPLINGS, name="coupling"):
    return gh.Axis(name, values, at=lambda setup: setup.game.semantics.coupling)


def look_ahead(values=LOOK_AHEADS):
    return gh.Axis("look-ahead", values, at=lambda setup: setup.learning.rule.look_ahead)


def start(learning=LEARNING):
    return gh.Setup(dilemma(5.0), learning)


def family_of_three():
    temptation = gh.Axis("T", TEMPTATIONS, build=dilemma)
    return gh.Family(start(), look_ahead(), coupling(), temptation)


def same(one, other):
    (first, structure), (second, another) = map(jax.tree.flatten, (one, other))
    return structure == another and all(
        np.array_equal(x, y) if eqx.is_array(y) else x == y
        for x, y in zip(first, second, strict=True)
    )


def by_hand():
    return [dilemma(t, kappa) for kappa, t in itertools.product(COUPLINGS, TEMPTATIONS)]


def test_three_axes_are_games_built_by_hand_to_the_bit():
    family = family_of_three()
    found = family.each(gh.generic_outcomes)
    assert found.shape == family.shape == (2, 3, 4)
    for k, ahead in enumerate(LOOK_AHEADS):
        learning = Learning(Lola(ahead), steps=60, starts=Starts(12, seed=3))
        wanted = gh.generic_outcomes(by_hand(), learning=learning)
        assert found[k].ravel().tolist() == wanted


def test_assessments_and_ends_of_a_family():
    learning = Learning(steps=30, starts=Starts(4))
    sizes = gh.Axis("step size", [0.05, 0.1], at=lambda setup: setup.learning.step_size)
    temptation = gh.Axis("T", TEMPTATIONS, build=dilemma)
    family = gh.Family(start(learning), sizes, coupling(), temptation)
    found = family.each(assess, tied=False, boundary=False, outcomes=False)
    wanted = assess(by_hand(), learning=learning, tied=False, boundary=False, outcomes=False)
    assert found[1].ravel().tolist() == wanted
    ends = family.each(learn)
    assert ends.params[0].shape == ends.residuals.shape == (2, 3, 4, 4)
    for k, size in enumerate((0.05, 0.1)):
        each = learn(by_hand(), Learning(step_size=size, steps=30, starts=Starts(4)))
        for one, other in zip(ends.params, each.params, strict=True):
            assert np.array_equal(one[k].reshape(12, 4), other)
        assert each.detail in ends.detail


def test_games_come_in_the_order_of_points_whatever_the_order_of_axes():
    places = {"coupling": coupling(), "T": gh.Axis("T", TEMPTATIONS, build=dilemma)}
    for names in itertools.permutations(places):
        family = gh.Family(start(), *(places[name] for name in names))
        points = {name: grid.ravel() for name, grid in family.points().items()}
        games = family.games()
        each = [dilemma(t, k) for t, k in zip(points["T"], points["coupling"], strict=True)]
        assert same(games.tree, stack(each))
        assert same(games[5], each[5])


def test_places_are_set_by_constructors_and_derive_what_they_derive():
    payoff = gh.Axis("R", [2.0, 3.0, 4.0], at=lambda s: s.game.game.tensor[0, 0, 0])
    games = gh.Family(start(), payoff).games()
    for value, game in zip([2.0, 3.0, 4.0], games, strict=True):
        table = TENSOR.copy()
        table[0, 0, 0] = value
        made = gh.ParametricGame(gh.NormalFormGame(table, player_axis=0), game.semantics)
        assert same(game, made)  # centred payoffs and midpoints, too


WRONG = {
    "finite": lambda: coupling([0.5, np.inf]),
    "row of at least one value": lambda: coupling([[0.5]]),
    "axis 'M' at -1: bound": lambda: gh.Axis("M", [2, -1], at=lambda s: s.game.semantics.bound),
    "axis 'T' at 1: prisoners_dilemma needs": lambda: gh.Axis(
        "T", [5.0, 1.0], build=lambda t: gh.LogisticFamily(prisoners_dilemma(T=t), 3.0)(0.5)
    ),
    "axis 'x': game.semantics has no couplings: did you mean 'coupling'": lambda: gh.Axis(
        "x", [1.0], at=lambda s: s.game.semantics.couplings
    ),
    "game.semantics is no number": lambda: gh.Axis("x", [1.0], at=lambda s: s.game.semantics),
    "name one entry, as in game.game.tensor[0, 0, 0]": lambda: gh.Axis(
        "x", [1.0], at=lambda s: s.game.game.tensor
    ),
    "and nothing else": lambda: gh.Axis("x", [1.0], at=lambda s: 2 * s.game.semantics.coupling),
    "axis 'x' at 1.5: steps": lambda: gh.Axis("x", [1.5], at=lambda s: s.learning.steps),
    "axis 'a' at -1: look_ahead": lambda: gh.Axis(
        "a", [0.0, -1.0], at=lambda s: s.learning.rule.look_ahead
    ),
    "build must give a parametric game": lambda: gh.Axis(
        "x", [1.0], build=lambda x: prisoners_dilemma()
    ),
}


@pytest.mark.parametrize("said", WRONG)
def test_what_cannot_be_an_axis_is_said_with_its_name(said):
    with pytest.raises(gh.InputError, match=re.escape(said)):
        gh.Family(start(), WRONG[said]())


def test_values_are_checked_by_what_they_are_numbers_of():
    axis = gh.Axis("w", [0.5, 1.2], at=lambda setup: setup.game.semantics.weight)
    with pytest.raises(gh.InputError, match=r"axis 'w' at 1\.2: weight"):
        gh.Family(gh.Setup(AffineFamily(prisoners_dilemma())(0.5)), axis)


def test_axes_are_told_apart():
    with pytest.raises(gh.InputError, match="two axes are called 'coupling'"):
        gh.Family(start(), coupling(), coupling())
    builders = [gh.Axis(name, [5.0], build=dilemma) for name in "ab"]
    with pytest.raises(gh.InputError, match="'a' and 'b' both build"):
        gh.Family(start(), *builders)
    with pytest.raises(gh.InputError, match="it has neither"):
        gh.Axis("x", [1.0])
    with pytest.raises(gh.InputError, match="at least one axis"):
        gh.Family(start())
    with pytest.raises(gh.InputError, match="no axis is called 'couplin': did you mean 'coupl"):
        gh.Family(start(), coupling()).at(couplin=0.3)


def test_what_changes_the_program_is_an_outer_loop():
    players = gh.Axis(
        "players",
        [2, 3],
        build=lambda n: gh.LogisticFamily(public_goods(n=int(n), r=1.5), 3.0)(0.5),
    )
    steps = gh.Axis("steps", [5, 10], at=lambda setup: setup.learning.steps)
    learning = Learning(steps=5, starts=Starts(4))
    family = gh.Family(start(learning), coupling(), players, steps)
    assert family.loops == ("players", "steps")
    programs = list(family.programs())
    assert [tuple(p.values.values()) for p in programs] == [(n, s) for n in (2, 3) for s in (5, 10)]
    assert {len(p.games) for p in programs} == {3}
    assert [p.learning.steps for p in programs] == [5, 10] * 2
    with pytest.raises(gh.InputError, match="along 'players' differ in structure"):
        family.games()
    learned = gh.Family(start(learning), coupling(), players).each(gh.generic_outcomes)
    assert learned.shape == (3, 2)
    three = gh.LogisticFamily(public_goods(n=3, r=1.5), 3.0)
    wanted = gh.generic_outcomes([three(kappa) for kappa in COUPLINGS], learning=learning)
    assert learned[:, 1].tolist() == wanted


def test_rules_inside_a_line_up_have_places():
    line_up = PerPlayer((Lola(0.3), Gradient()))
    axis = gh.Axis("first", [0.0, 2.0], at=lambda s: s.learning.rule.rules[0].look_ahead)
    family = gh.Family(start(Learning(line_up)), axis)
    rule = family.at(first=2.0).learning.rule
    assert isinstance(rule, PerPlayer)
    assert isinstance(rule.rules[0], Lola)
    assert float(rule.rules[0].look_ahead) == 2.0
    assert family.loops == ("first",)


def test_a_million_points_make_few_objects(monkeypatch):
    made = []
    check = gh.ParametricGame.__init__

    def counted(self, *args):
        made.append(1)
        check(self, *args)

    monkeypatch.setattr(gh.ParametricGame, "__init__", counted)
    axes = coupling(np.linspace(0, 1, 100)), gh.Axis("T", np.linspace(4, 6, 100), build=dilemma)
    bound = gh.Axis("M", np.linspace(1, 3, 100), at=lambda setup: setup.game.semantics.bound)
    games = gh.Family(start(), *axes, bound).games()
    assert isinstance(games, Games)
    assert len(games) == 1_000_000
    assert len(made) < 2000
    assert float(games[-1].semantics.bound) == 3.0


def test_one_axis_is_a_function_of_one_number():
    family = gh.Family(start(), coupling([0.0, 1.0]))
    usual = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)
    assert gh.first_movement(family, bracket=(0.0, 1.0)).bracket == pytest.approx(
        gh.first_movement(usual, bracket=(0.0, 1.0)).bracket
    )
    assert gh.first_movement(family).value == pytest.approx(3 / 7, abs=1e-6)
    temptation = gh.Family(gh.Setup(dilemma(5.0, 0.5)), gh.Axis("T", [4.0, 7.0], build=dilemma))
    found = gh.first_movement(temptation)  # κ = (T + P - R - S) / (T + R - S - P) = ½ at T = 6
    assert found.value == pytest.approx(6.0, abs=1e-5)
    assert found.holds == "below"
    with pytest.raises(gh.InputError, match="has 2 axes"):
        gh.first_movement(gh.Family(start(), coupling(), look_ahead()))
    with pytest.raises(gh.InputError, match="does not change along 'look-ahead'"):
        gh.first_movement(gh.Family(start(), look_ahead()))
    with pytest.raises(gh.InputError, match=r"family\.each"):
        list(family)


class Mirror(eqx.Module):
    gain: jax.Array

    def __call__(self, params, seen):
        p = [jax.nn.sigmoid(x + self.gain * seen[i][1 - i]) for i, x in enumerate(params)]
        return [jax.numpy.stack([x, 1 - x]) for x in p]


def test_numbers_of_a_function_of_ones_own_are_places():
    def game(gain):
        boxes = [Box(-3.0, 3.0)] * 2
        return gh.ParametricGame(prisoners_dilemma(), Custom(Mirror(jax.numpy.array(gain)), boxes))

    values = [0.1, 0.5, 0.9]
    axis = gh.Axis("gain", values, at=lambda setup: setup.game.semantics.function.gain)
    family = gh.Family(gh.Setup(game(0.5)), axis)
    assert same(family.games().tree, stack([game(value) for value in values]))
    assert float(family(0.7).cooperation((0.0, 1.0))[0]) == pytest.approx(1 / (1 + np.exp(-0.7)))
