"""Closed forms of repeated games: where learning starts, at the neutral profile."""

import numpy as np

from glasshouse.games.repeated import RepeatedGame
from glasshouse.theory.registry import Known, Unknown, known, knows
from glasshouse.theory.symmetric import THRESHOLD_MEANINGS, Threshold, Thresholds

ENDS = "nothing is known in closed form of repeated play near pure behaviour"

CONDITIONS = (
    "symmetric stage game with two actions each, any discount; logistic semantics over states in "
    "either reading, own weight 1, everyone reads everyone with the same coupling; all slips and "
    "misperceptions less likely than one half"
)


@knows("thresholds", RepeatedGame)
def _(game: RepeatedGame) -> Known | Unknown:
    """Where all mix evenly, nothing that was done matters, and every round is the stage game.

    ξ_i in state s is then w_s v (A + κB), w_s > 0 the discounted weight of the state and A, B, v
    those of the stage game at p = 1/2; noise multiplies A and B alike.
    """
    if max(float(np.asarray(game.noise)), float(np.asarray(game.misperception))) >= 0.5:
        return Unknown("closed forms need slips and misperceptions less likely than one half")
    found = known("thresholds", game.stage)
    if isinstance(found, Unknown):
        return found
    ends = [Threshold(None, meaning, ENDS) for meaning in THRESHOLD_MEANINGS[::2]]
    thresholds = Thresholds(
        defection=ends[0],
        neutral=found.value.neutral,
        cooperation=ends[1],
        regime="not classified",
        explanation=f"the neutral start is that of the stage game; {ENDS}",
        conditions=CONDITIONS,
    )
    return Known(thresholds, CONDITIONS, found.source)
