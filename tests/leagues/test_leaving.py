"""What docs/background/leaving.md says: who would leave a pair of shapers, from other starts."""

import pytest

import glasshouse as gh
from glasshouse import leagues
from glasshouse.dynamics import Learning, Starts
from glasshouse.games import RepeatedGame
from glasshouse.leagues import Strategy
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient, Lola, LookAhead, Sos
from glasshouse.semantics import Logistic


@pytest.mark.slow
def test_no_learner_but_tit_for_tat_gains_by_leaving_a_pair_of_shapers():
    """Beyond three standard errors, from 200 starts that the page does not use."""
    stage = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
    again = RepeatedGame(stage, 0.96, "sum")
    game = ParametricGame(again, Logistic(again, 0.0, 8.0))
    learners = {"naive": Gradient(), "LookAhead": LookAhead(), "LOLA": Lola(), "SOS": Sos()}
    league = leagues.play(
        {**learners, "tft": Strategy("tft")},
        game,
        learning=Learning(steps=100, step_size=1.0, starts=Starts(seed=3000)),
        seeds=200,
    )
    for pair in ("LOLA", "SOS"):
        found = league.leaving(pair, pair)
        gains = {x.to: x.in_errors for x in found.departures}
        assert found.verdict == "gains"
        assert gains["tft"] > 3
        assert max(gains["naive"], gains["LookAhead"]) < -3
    assert league.leaving("naive", "naive", without=["tft"]).verdict == "gains"
