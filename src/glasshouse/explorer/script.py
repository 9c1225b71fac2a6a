"""A scene as a Python script that computes its portrait and its thresholds again."""

import importlib.metadata

from glasshouse.explorer.building import (
    BASIN_CELLS,
    SETTLING_STEPS,
    channel_of,
    offered_rules,
    rule_of,
)
from glasshouse.explorer.protocol import Scene

SCRIPT = '''"""{title}: {what}, computed by glasshouse {version}."""

import numpy as np

import glasshouse as gh
from glasshouse.analysis import {analyses}
from glasshouse.channels import {channel_class}
from glasshouse.dynamics import Learning, Rest, Starts
from {rule_module} import {rule_class}
from glasshouse.semantics import Logistic

# payoffs[i][a][b]: of player i + 1, player 1 doing a and player 2 doing b; action 0 cooperates.
payoffs = np.array({payoffs})
game = gh.NormalFormGame(payoffs, player_axis=0){again}
coupling = np.array({coupling})  # row i: with what weight player i + 1 reads the other
bound, rule, channel = {bound!r}, {rule}, {channel}
shown = gh.ParametricGame(game, Logistic(game, coupling, bound), channel)

if __name__ == "__main__":
{main}'''

MAIN_ONCE = """    learning = Learning(rule, {step_size!r}, 600)  # where runs settle comes below
    portrait = phase_portrait(shown, cells={cells}, learning=learning)
    for point in portrait.rest_points:
        print(point.stability, point.params, "paid", point.payoffs)
    starts = Learning(rule, {step_size!r}, {steps}, Rest(), Starts(256))
    print(*gh.generic_outcomes([shown], learning=starts))
    # Three different things, of one coupling that both share.
    print(predict(gh.LogisticFamily(game, bound, channel=channel), rule=rule))
    print("cooperative corner:", gh.boundary_test(shown))
    print(gh.find_equilibria(shown, rule=rule))
"""

MAIN_AGAIN = """    # From where cooperation starts to rise, and where it stands after a long run.
    print(predict(gh.LogisticFamily(game, bound, channel=channel), rule=rule))
    starts = Learning(rule, {step_size!r}, {steps}, Rest(), Starts(256))  # takes a minute
    print(*gh.generic_outcomes([shown], learning=starts))
"""


def script_of(scene: Scene) -> str:
    """The text of the script."""
    first, second = scene.coupling
    rule, channel = type(rule_of(scene)), type(channel_of(scene.access))
    ours = rule.__module__.startswith("glasshouse.")
    again = scene.repeated
    once = again is None
    main = (MAIN_ONCE if once else MAIN_AGAIN).format(
        step_size=scene.step_size, steps=SETTLING_STEPS, cells=BASIN_CELLS
    )
    return SCRIPT.format(
        main=main,
        what="portrait, outcomes and thresholds" if once else "thresholds and outcomes",
        analyses="phase_portrait, predict" if once else "predict",
        again="" if once else f"\ngame = gh.games.RepeatedGame(game, {again.discount!r})",
        title=_plain(scene.title) or "A game of two players",
        version=importlib.metadata.version("glasshouse"),
        payoffs=[[list(row) for row in table] for table in scene.payoffs],
        coupling=[[0.0, first], [second, 0.0]],
        bound=scene.bound,
        rule_module="glasshouse.rules" if ours else rule.__module__,
        rule_class=rule.__name__,
        rule=f"{rule.__name__}({_look_ahead(scene)})",
        channel_class=channel.__name__,
        channel=f"{channel.__name__}({_numbers(scene)})",
    )


def _plain(title: str) -> str:
    """A title, of which no part can end the text that it stands in."""
    return " ".join(title.replace("\\", "/").replace('"', "'").split())


def _look_ahead(scene: Scene) -> str:
    looks = offered_rules()[scene.rule].looks_ahead
    return f"look_ahead={scene.look_ahead!r}" if looks else ""


def _numbers(scene: Scene) -> str:
    access = scene.access
    return {
        "one_sided": repr(tuple(sorted(set(access.readers)))),
        "probabilistic": repr(access.probability),
        "noisy": repr(access.scale),
    }.get(access.kind, "")
