"""The card about meeting again: what reciprocity pays, and whether learners find it."""

import numpy as np

from glasshouse.analysis import generic_outcomes
from glasshouse.analysis.outcomes import Outcomes
from glasshouse.dynamics import Learning, Starts
from glasshouse.explorer.building import stage_game
from glasshouse.explorer.frames import RUN_STEPS
from glasshouse.explorer.protocol import Scene
from glasshouse.explorer.told import Fact, Finding, as_percent, ends_told
from glasshouse.families import LogisticFamily
from glasshouse.games import RepeatedGame
from glasshouse.games.strategies import strategy

DISCOUNT = 0.96
"""With what probability there is another round."""

STEP_OF_SUMS = 0.5
"""Of those who meet again, for the sum of what they are paid."""

REMEMBERING = Learning(step_size=STEP_OF_SUMS, steps=1500, starts=Starts(128))
"""How they learn: not all rest after it."""

PER_ROUND = round(STEP_OF_SUMS / (1 - DISCOUNT), 6)
"""The same step size for what they are paid a round, which the sandbox counts."""


def memory_told(scene: Scene) -> Finding:
    """Round after round: what reciprocity pays, and whether learners find it."""
    game = RepeatedGame(stage_game(scene), DISCOUNT)
    answers, skips = strategy("tft", game), strategy("alld", game)
    family = LogisticFamily(RepeatedGame(stage_game(scene), DISCOUNT, "sum"), scene.bound)
    couplings = (0.0, scene.coupling[0])
    found = generic_outcomes([family(x) for x in couplings], learning=REMEMBERING)
    (once,) = ends_told(scene, [scene.coupling[0]])
    shares = {
        "memory": found[0].cooperation.value,
        "reading": once.cooperation.value,
        "together": found[1].cooperation.value,
    }
    facts = {name: as_percent(share) for name, share in shares.items()}
    facts |= {
        "keeps": Fact(float(game.values([answers, answers])[0])),
        "breaks": Fact(float(game.values([skips, answers])[0])),
        "fallen": as_percent(found[1].defection.value),
        "again": as_percent(DISCOUNT),
        "rounds": Fact(1 / (1 - DISCOUNT), 0),
        "runs": Fact(found[0].cooperation.runs, 0),
        "once": Fact(once.cooperation.runs, 0),
        "steps": Fact(REMEMBERING.steps, 0),
        "margin": Fact(np.ceil(100 * max(map(_margin, (*found, once)))), 0),
        "step": Fact(STEP_OF_SUMS, 1),
        "size": Fact(PER_ROUND, 1),
        "shown": Fact(RUN_STEPS, 0),
    }
    share = shares["memory"]
    right = "most" if share > 2 / 3 else "none" if share < 1 / 3 else "half"
    bars = [{"name": name, "value": value} for name, value in shares.items()]
    return Finding(facts, right, more={"bars": bars})


def _margin(found: Outcomes) -> float:
    """How far the ends of an interval are from the share that it is of."""
    share = found.cooperation
    low, high = share.interval
    return max(share.value - low, high - share.value)
