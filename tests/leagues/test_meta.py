"""The game of choosing a learner: equilibria known in closed form, and gains told from chance."""

import math

import numpy as np
import pytest

import glasshouse as gh
from glasshouse import InputError
from glasshouse.games import RepeatedGame
from glasshouse.leagues.meta import Estimated, choices_of, leaving_of, meta_game_of, seats_are_alike
from glasshouse.leagues.shaping import shaping_of
from glasshouse.semantics import Logistic

DILEMMA = np.array([[3.0, 0.0], [5.0, 1.0]])
HAWKS = np.array([[-1.0, 2.0], [0.0, 1.0]])  # V = 2, C = 4: half of all are hawks


def estimates(own, noise=0.0, starts=50, seed=0):
    """Runs of a symmetric game with this table, and noise that all pairs of a start share."""
    drawn = noise * np.random.default_rng(seed).normal(size=starts)
    runs = np.stack([own, own.T], axis=-1)[:, :, None] + drawn[:, None]
    return Estimated(tuple("abcdefgh"[: len(own)]), runs, True)


def test_equilibria_are_those_of_the_table():
    found = choices_of(estimates(DILEMMA))
    (pure,) = found.pure
    assert pure.profile == ("b", "b")
    assert pure.verdict == "nobody gains"
    assert pure.departures[0].gain == -1.0
    assert found.mixed == ()
    assert found.dominated == ("a",)
    hawks = choices_of(estimates(HAWKS))
    assert [one.profile for one in hawks.pure] == [("a", "b"), ("b", "a")]
    assert hawks.mixed is not None
    (mixed,) = hawks.mixed
    assert mixed.weights == ({"a": 0.5, "b": 0.5},) * 2
    assert mixed.payoffs == (0.5, 0.5)
    assert "estimated table, means over 50 starts" in hawks.detail


def test_what_all_runs_have_in_common_makes_no_gain_uncertain():
    """Differences from the same start are exact, whatever moves both."""
    found = leaving_of(estimates(DILEMMA, noise=10.0), 1, 1)
    assert found.departures[0].gain == pytest.approx(-1.0, abs=1e-12)
    assert found.departures[0].error == pytest.approx(0.0, abs=1e-12)
    assert found.intervals[0][1] - found.intervals[0][0] > 4


@pytest.mark.parametrize(
    ("shift", "verdict"),
    [(-1.0, "nobody gains"), (-0.01, "not told apart"), (0.01, "not told apart"), (1.0, "gains")],
)
def test_gains_are_told_from_chance_at_three_standard_errors(shift, verdict):
    """Of 100 alternating gains ±1 + shift the standard error is 1/√99, by hand."""
    runs = np.zeros((2, 2, 100, 2))
    sign = np.tile([1.0, -1.0], 50)
    runs[1, 0, :, 0] = runs[0, 1, :, 1] = sign + shift
    found = leaving_of(Estimated(("a", "b"), runs, True), 0, 0)
    assert found.verdict == verdict
    assert found.departures[0].error == pytest.approx(1 / math.sqrt(99), abs=1e-12)
    assert found.departures[0].player is None
    several = leaving_of(Estimated(("a", "b"), runs, False), 0, 0)
    assert [one.player for one in several.departures] == [1, 2]


def test_failed_and_single_runs_leave_gains_unknown():
    runs = np.array(estimates(DILEMMA).runs)
    runs[0, 1, 3] = np.nan
    found = Estimated(("a", "b"), runs, True)
    assert leaving_of(found, 1, 1).verdict == "unknown"
    with pytest.raises(InputError, match="runs of a against b left the reals"):
        choices_of(found)
    assert leaving_of(estimates(DILEMMA, starts=1), 1, 1).verdict == "unknown"


def test_the_meta_game_has_entrants_for_actions():
    game = meta_game_of(estimates(HAWKS))
    assert game.action_names == (("a", "b"), ("a", "b"))
    np.testing.assert_array_equal(game.tensor, [HAWKS, HAWKS.T])


def test_who_is_worse_against_everybody_hides_no_equilibrium():
    """Rock, paper, scissors and five who lose to all three: the one equilibrium is even."""
    table = np.full((8, 8), -9.0)
    table[:3, :3] = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    table[:3, 3:] = 1.0
    found = choices_of(estimates(table))
    assert found.pure == ()
    assert found.mixed is not None
    (mixed,) = found.mixed
    assert mixed.weights[0] == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert found.dominated == tuple("defgh")


def test_shaping_is_what_meeting_one_adds():
    """Payoffs that are a sum of who one is, who one meets and the start: the second part shows."""
    rng = np.random.default_rng(0)
    own, met, starts = rng.normal(size=3), np.array([0.0, 0.5, -2.0]), rng.normal(size=7)
    first = own[:, None, None] + met[None, :, None] + starts
    runs = np.stack([first, first.transpose(1, 0, 2)], axis=-1)
    found = shaping_of(("naive", "kind", "harsh"), runs, 0, "naive")
    np.testing.assert_allclose(found.mean, met, atol=1e-14)
    np.testing.assert_allclose(found.interval, np.stack([met, met], axis=-1), atol=1e-14)


def test_seats_are_alike_where_swapping_them_swaps_payoffs():
    symmetric = gh.load_game("prisoners_dilemma")
    assert seats_are_alike(gh.LogisticFamily(symmetric, 3.0)(0.4))
    repeated = RepeatedGame(symmetric, 0.9)
    assert seats_are_alike(gh.ParametricGame(repeated, Logistic(repeated, 0.0, math.inf)))
    one_sided = Logistic((2, 2), [[0.0, 0.5], [0.0, 0.0]], 3.0)
    assert not seats_are_alike(gh.ParametricGame(symmetric, one_sided))
    assert not seats_are_alike(gh.LogisticFamily(gh.load_game("matching_pennies"), 3.0)(0.0))
