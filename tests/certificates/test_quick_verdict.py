"""Verdicts without a proof, and ends that are not learned twice."""

import numpy as np
import pytest

from glasshouse.analysis.equilibrium.certification import certify, quick_verdict
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.dynamics.learning import remembering
from glasshouse.families.family import LogisticFamily
from glasshouse.interop import load_game


@pytest.mark.parametrize("name", ["prisoners_dilemma", "chicken", "stag_hunt"])
def test_a_verdict_is_the_same_with_and_without_a_proof(name):
    game = LogisticFamily(load_game(name), bound=2.0)(1.0)
    for coupling in (-0.5, 0.0, 0.77, 0.79, 1.5):
        asked = {"couplings": (coupling, coupling), "budget": 500}
        proved = certify(game, (2.0, 2.0), 0.0, **asked)
        assert quick_verdict(game, (2.0, 2.0), 0.0, **asked) == proved.verdict


def test_a_game_ends_alone_where_it_ended_among_others():
    family = LogisticFamily(load_game("stag_hunt"), bound=3.0)
    learning = Learning(steps=50, starts=Starts(10))
    with remembering(family(0.2)):
        among = learn([family(0.1), family(0.2)], learning)
        alone = learn([family(0.2)], learning)
        other = learn([family(0.2)], Learning(steps=60, starts=Starts(10)))
    assert np.array_equal(alone.params[0][0], among.params[0][1])
    assert not np.array_equal(other.params[0][0], among.params[0][1])
