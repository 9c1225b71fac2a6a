"""Ten exercises for a class: what each asks the library. Their words are the page's."""

import numpy as np

from glasshouse.analysis import certified_threshold, first_movement, generic_outcomes
from glasshouse.analysis.outcomes import Outcomes
from glasshouse.dynamics import run
from glasshouse.explorer.building import SETTLING_STEPS, family_of, shown_game
from glasshouse.explorer.protocol import AskedAccess, Scene
from glasshouse.explorer.told import (
    MAJORITY,
    SHARE_POINTS,
    SWITCH_TOLERANCE,
    UNTIL_REST,
    Card,
    Fact,
    Finding,
    as_percent,
    band,
    ends_told,
    grid,
    symmetric_scene,
)

BOUNDS_TOLD = (1.0, 3.0, 5.0)
"""Bounds of the exercise about them."""


def _dilemma(**more: object) -> Scene:
    return symmetric_scene(R=3.0, S=0.0, T=5.0, P=1.0, title="Two labs", **more)


def _moves(scene: Scene) -> float:
    """The coupling from which cooperation sets out to rise, or NaN."""
    found = first_movement(family_of(scene), tolerance=SWITCH_TOLERANCE).value
    return np.nan if found is None else found


def _proved(scene: Scene) -> float:
    """The coupling from which mutual cooperation is an equilibrium, or NaN."""
    found = certified_threshold(family_of(scene)).value
    return np.nan if found is None else found


def _shares(found: Outcomes) -> dict[str, Fact]:
    return {
        "both": as_percent(found.cooperation.value),
        "one": as_percent(found.exploitation.value),
        "none": as_percent(found.defection.value),
    }


def _here(scene: Scene) -> Outcomes:
    """Outcomes of this very scene, whoever reads in it."""
    (found,) = generic_outcomes([shown_game(scene)], learning=UNTIL_REST)
    return found


def _favours(scene: Scene) -> Finding:
    return Finding({"first": Fact(_moves(scene), 4), "equilibrium": Fact(_proved(scene), 4)})


def _hunt(scene: Scene) -> Finding:
    return Finding({"first": Fact(_moves(scene), 1)} | _shares(_here(scene)))


def _one_reads(scene: Scene) -> Finding:
    gradients = shown_game(scene).selfish_gradients((0.0, 0.0))
    pulls = {"reader": Fact(gradients[0], 3), "read": Fact(gradients[1], 3)}
    return Finding(pulls | {"first": Fact(_moves(scene), 4)})


def _glimpses(scene: Scene) -> Finding:
    full = scene.model_copy(update={"access": AskedAccess()})
    return Finding({"full": Fact(_moves(full), 4), "half": Fact(_moves(scene), 4)})


def _noise(scene: Scene) -> Finding:
    full = scene.model_copy(update={"access": AskedAccess()})
    return Finding({"full": Fact(_moves(full), 4), "noisy": Fact(_moves(scene), 4)})


def _swapped(scene: Scene) -> Finding:
    """Two runs, of which the second begins where the first did with the players changed over."""
    game = shown_game(scene)
    found = {}
    for name, start in (("a", (0.5, 0.1)), ("b", (0.1, 0.5))):
        end = run(game, params=start, steps=SETTLING_STEPS, step_size=scene.step_size).params
        chances, paid = game.cooperation(end), game.payoffs(end)
        for player in (0, 1):
            found[f"{name}{player + 1}"] = as_percent(chances[player])
            found[f"{name}{player + 1}_pay"] = Fact(float(paid[player]))
    return Finding(found)


def _bounds(scene: Scene) -> Finding:
    found = {
        f"bound{bound:.0f}": Fact(_proved(scene.model_copy(update={"bound": bound})), 4)
        for bound in BOUNDS_TOLD
    }
    for bound in BOUNDS_TOLD:
        game = shown_game(scene.model_copy(update={"bound": bound}))
        coin = (-scene.coupling[0] * bound, bound)  # what it reads brings it back to the middle
        found[f"coin{bound:.0f}"] = as_percent(game.cooperation(coin)[1])
    return Finding(found | {"first": Fact(_moves(scene), 4)})


def _all_at_once(scene: Scene) -> Finding:
    return Finding(_shares(_here(scene)))


def _fine(scene: Scene) -> Finding:
    """With the fine in the payoffs, and without."""
    facts = {}
    for name, there in (("without", _dilemma()), ("with", scene)):
        couplings = grid(SHARE_POINTS)
        both = [x.cooperation.value > MAJORITY for x in ends_told(there, couplings)]
        facts |= {
            f"{name}_first": Fact(_moves(there), 4),
            f"{name}_outcome": Fact(band(couplings, both).first),
            f"{name}_equilibrium": Fact(_proved(there), 4),
        }
    return Finding(facts)


def _road(scene: Scene) -> Finding:
    facts = {"first": Fact(_moves(scene), 1), "equilibrium": Fact(_proved(scene), 4)}
    unread = scene.model_copy(update={"coupling": (0.0, 0.0)})
    return Finding(facts | {"one": as_percent(_here(unread).exploitation.value)})


ONE_READS = AskedAccess(kind="one_sided", readers=(0,))
GLIMPSES = AskedAccess(kind="probabilistic", probability=0.5)
BLURRED = AskedAccess(kind="noisy", scale=1.0)

EXERCISES = {
    card.name: card
    for card in (
        Card("favours", symmetric_scene(2.0, -1.0, 3.0, 0.0, title="Favours"), _favours),
        Card("glimpses", _dilemma(access=GLIMPSES), _glimpses),
        Card("noise", _dilemma(access=BLURRED), _noise),
        Card("one-reads", _dilemma(access=ONE_READS), _one_reads),
        Card("swapped", _dilemma(starts=((0.583, 0.517), (0.517, 0.583))), _swapped),
        Card("hunt", symmetric_scene(4.0, 0.0, 3.0, 2.0, title="Stag hunt"), _hunt),
        Card(
            "all-at-once",
            symmetric_scene(3.5, 0.0, 4.0, 2.0, title="A milder dilemma"),
            _all_at_once,
        ),
        Card("bounds", _dilemma(coupling=(0.8, 0.8)), _bounds),
        Card("fine", symmetric_scene(3.0, 0.0, 4.0, 1.0, title="With a fine"), _fine),
        Card("road", symmetric_scene(3.0, 2.0, 4.0, 1.0, title="A narrow road"), _road),
    )
}
"""In order, from the easiest on."""
