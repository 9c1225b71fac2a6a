"""Who would open: the game of being readable, against runs of its own and closed forms."""

import numpy as np
import pytest

import glasshouse as gh
from glasshouse import leagues
from glasshouse.channels import OneSided
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.errors import InputError
from glasshouse.families import Axis
from glasshouse.rules import Gradient, LookAhead
from glasshouse.semantics import Logistic

PD = gh.load_game("prisoners_dilemma")
FAMILY = gh.LogisticFamily(PD, 3.0)
STARTS = Starts(6, seed=1000)
LEARNING = Learning(steps=100, step_size=0.2, starts=STARTS)


def payoffs(game, params):
    return game.payoffs(params)


def reading(first, second):
    """What player 1 reads of 2, and 2 of 1: who is closed looks neutral, which is 0 here."""
    return gh.ParametricGame(PD, Logistic((2, 2), np.array([[0.0, first], [second, 0.0]]), 3.0))


def test_payoffs_are_those_of_learning_where_who_is_closed_is_not_read():
    (point,) = leagues.opening(FAMILY(0.9), [Gradient()], learning=LEARNING).points
    games = [reading(0.9, 0.9), reading(0.0, 0.9), reading(0.9, 0.0), reading(0.0, 0.0)]
    means = np.asarray(learn(games, LEARNING, payoffs).observed).mean(axis=1).reshape(2, 2, 2)
    expected = (means + means.transpose(1, 0, 2)[..., ::-1]) / 2  # the seats are alike
    assert np.array(point.payoffs) == pytest.approx(expected, abs=1e-9)
    price = expected[1, 1, 0] - expected[0, 1, 0]
    assert [one.price for one in point.prices] == pytest.approx([price, price], abs=1e-9)


def test_where_nobody_reads_nothing_depends_on_being_open():
    (point,) = leagues.opening(FAMILY(0.0), [Gradient()], learning=LEARNING).points
    assert np.ptp(np.array(point.payoffs), axis=(0, 1)) == pytest.approx(0.0, abs=1e-12)
    assert [one.price for one in point.prices] == pytest.approx([0.0, 0.0], abs=1e-12)


def test_every_pair_at_every_point_of_the_axes():
    axis = Axis("κ", [0.3, 0.9], at=lambda setup: setup.game.semantics.coupling)
    learners = {"naive": Gradient(), "ahead": LookAhead(1.0)}
    found = leagues.opening(FAMILY(0.5), learners, learning=LEARNING, axes=[axis])
    assert [(one.at["κ"], one.learners) for one in found.points] == [
        (kappa, pair)
        for kappa in (0.3, 0.9)
        for pair in (("naive", "naive"), ("naive", "ahead"), ("ahead", "ahead"))
    ]
    alone = leagues.opening(FAMILY(0.9), {"naive": Gradient()}, learning=LEARNING).points[0]
    assert np.array(found.points[3].payoffs) == pytest.approx(np.array(alone.payoffs), abs=1e-12)
    assert "κ" in str(found.rows[0]["at"])
    heading, row = [line for line in found.to_latex().splitlines() if " & " in line][:2]
    assert r" & at $\kappa$ & " in heading
    assert " & $0.3$ & " in row


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learners": []}, "at least one"),
        ({"learners": [leagues.Strategy("alld")]}, "learns nothing"),
        ({"learning": Learning(rule=LookAhead(1.0))}, "leave rule and tied out"),
        ({"game": gh.LogisticFamily(PD, 3.0, channel=OneSided((0,)))(0.5)}, "under full access"),
        ({"game": gh.LogisticFamily(gh.load_game("public_goods:n=3"), 3.0)(0.5)}, "3 players"),
    ],
)
def test_what_cannot_be_opened_is_refused(arguments, message):
    given = {"game": FAMILY(0.5), "learners": [Gradient()], "learning": LEARNING, **arguments}
    with pytest.raises(InputError, match=message):
        leagues.opening(given.pop("game"), given.pop("learners"), **given)
