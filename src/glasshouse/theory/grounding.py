"""How little grounding FairBots that run each other need to be an equilibrium."""

from typing import Any

import numpy as np

from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.symmetric import Symmetric2x2
from glasshouse.theory.registry import Known, Unknown, knows

GROUNDING_CONDITIONS = (
    "symmetric game of two players with two actions each; both play the ε-grounded FairBot, and "
    "any program may be played instead: it is an equilibrium for every ε up to this one, and for "
    "no larger one up to 1"
)
GROUNDING_SOURCE = "Oesterheld 2019, Robust program equilibrium; derived for every program"


@knows("largest epsilon", NormalFormGame)
def _largest_epsilon(game: Any) -> Known | Unknown:
    """Up to which ε the grounded FairBot is an equilibrium with itself; None where for none.

    Who cooperates with probability q against it is met with ε + (1-ε) q, so what is asked is
    whether u(q, ε + (1-ε) q) ≤ R for all q. That is a quadratic of leading term D (1-ε): for D > 0
    it is largest at an end, for D ≤ 0 the slope at q = 1 must not fall.
    """
    own = Symmetric2x2.from_tensor(np.asarray(game.tensor))
    if own is None:
        return Unknown(f"{game.title} is no symmetric game of two players with two actions each")
    if own.interaction > 0:
        found = _up_to(own.R - own.P, own.T - own.P)
    else:
        found = _up_to(2 * own.R - own.T - own.S, own.R - own.S)
    if found is None:
        return Unknown("larger ε help here, so that none is the largest one of an interval from 0")
    value = found if found > 0 else None
    return Known(value, GROUNDING_CONDITIONS, GROUNDING_SOURCE)


def _up_to(most: float, slope: float) -> float | None:
    """Up to which ε ≤ 1 slope·ε ≤ most; 0 where for none, None where that is for large ε alone."""
    if slope > 0:
        return min(max(most / slope, 0.0), 1.0)
    if most >= 0:
        return 1.0
    return None if slope <= most else 0.0
