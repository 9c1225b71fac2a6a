"""Every public analysis of one game, one network and one family, as plain numbers.

`python tests/everything.py` runs them in a fresh process, in an order and under settings of JAX
that are given, and prints the numbers exactly; see `test_settings.py`.
"""

import json
import sys

import jax
import numpy as np

import glasshouse as gh
from glasshouse import analysis
from glasshouse.dynamics import Learning, Rest, rest_residual
from glasshouse.games import NeighbourhoodPublicGoods
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.rules import Fixed, Gradient
from glasshouse.rules.sampled import NoisyCritic
from glasshouse.semantics import Logistic, Reading
from glasshouse.semantics.policies import TablePolicy

START = (0.4, -0.3)

PD = gh.NormalFormGame([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])
GAME = gh.ParametricGame(PD, Logistic((2, 2), 0.5, 3.0))
FAMILY = gh.LogisticFamily(PD, 3.0)


def network():
    import networkx

    ring = networkx.cycle_graph(4)
    game = NeighbourhoodPublicGoods(ring, multiplier=2.0)
    return gh.NetworkParametricGame(game, Reading.from_graph(ring), 3.0, coupling=0.4)


NETWORK = network()
ROUNDS = IteratedMatrix(PD, horizon=2)
PLAYED = gh.SampledParametricGame(ROUNDS, TablePolicy(ROUNDS))
FEW = {"steps": 20, "step_size": 0.1}


def path():
    found = gh.run(GAME, params=START, save="path", **FEW).path
    assert found is not None
    return found


ANALYSES = {
    "run": lambda: gh.run(GAME, params=START, stop=Rest(every=5), throw=False, **FEW),
    "run, path": lambda: gh.run(GAME, params=START, save="path", **FEW),
    "run of a network": lambda: gh.run(NETWORK, **FEW),
    "flow": lambda: gh.flow(GAME, params=START, time=20.0),
    "payoffs": lambda: GAME.payoffs(START),
    "cooperation": lambda: analysis.cooperation(GAME, START),
    "mean_cooperation": lambda: analysis.mean_cooperation(GAME, START),
    "selfish_gradients": lambda: GAME.selfish_gradients(START),
    "gradient_scales": lambda: GAME.gradient_scales(START),
    "rest_residual": lambda: rest_residual(GAME, START),
    "neutral": lambda: GAME.neutral(),
    "first_order_margin": lambda: gh.first_order_margin(GAME, START),
    "sensitivity": lambda: analysis.sensitivity(GAME, START),
    "margin_by_reader": lambda: analysis.margin_by_reader(GAME, START),
    "sensitivity_path": lambda: analysis.sensitivity_path(GAME, path()),
    "assess": lambda: analysis.assess(
        [GAME], learning=Learning(starts=analysis.Starts(16), steps=20)
    ),
    "phase_portrait": lambda: analysis.phase_portrait(
        GAME, resolution=9, cells=4, trajectories=2, learning=Learning(steps=20)
    ),
    "deviation_curve": lambda: analysis.deviation_curve(GAME, START, 0, np.array([-1.0, 1.0])),
    "best_deviation": lambda: gh.best_deviation(GAME, START, 0),
    "boundary_test": lambda: gh.boundary_test(GAME),
    "generic_outcomes": lambda: gh.generic_outcomes(
        [GAME], learning=Learning(starts=analysis.Starts(16), steps=20, step_size=0.1)
    ),
    "periods": lambda: analysis.periods(
        [GAME], Learning(starts=analysis.Starts(16), steps=20, step_size=0.1), longest=4
    ),
    "reached_rest_points": lambda: analysis.reached_rest_points(
        GAME, learning=Learning(starts=analysis.Starts(16), steps=100)
    ),
    "certify": lambda: gh.certify(GAME, (3.0, 3.0), 1e-6).to_dict(),
    "find_equilibria": lambda: gh.find_equilibria(GAME).to_dict(),
    "certify_mixture": lambda: analysis.certify_mixture(
        GAME, ((3.0, -2.0), (3.0,)), ((0.25, 0.75), (1.0,)), 1e-6
    ).to_dict(),
    "mixed_equilibrium": lambda: gh.mixed_equilibrium(GAME).to_dict(),
    "existence": lambda: gh.existence(GAME).to_dict(),
    "quasi_concavity_threshold": lambda: analysis.quasi_concavity_threshold(
        FAMILY, tolerance=0.2
    ).to_dict(),
    "feasible_set": lambda: analysis.feasible_set(PD).to_dict(),
    "attraction": lambda: analysis.attraction(FAMILY(0.0), (-3.0, -3.0)).to_dict(),
    "selection": lambda: analysis.selection(
        GAME, [(3.0, 3.0)], learning=Learning(starts=analysis.Starts(8), steps=20)
    ).to_dict(),
    "turns": lambda: analysis.turns(np.array([[1.0, 0.0], [2.0, 3.0], [2.0, 1.0]])),
    "survey": lambda: analysis.survey(
        GAME, Learning(starts=analysis.Starts(8), steps=20), equilibria=False, mixed=True
    ),
    "certified_threshold": lambda: gh.certified_threshold(FAMILY, tolerance=0.01),
    "equilibrium_curve": lambda: analysis.equilibrium_curve(FAMILY, [2.0], tolerance=0.1),
    "thresholds": lambda: gh.thresholds(PD),
    "long_run_switch": lambda: gh.long_run_switch(
        FAMILY, learning=Learning(steps=20, step_size=None), points=9, tolerance=1e-3
    ),
    "measured_first_movement": lambda: gh.measured_first_movement(FAMILY, points=9),
    "first_movement": lambda: gh.first_movement(FAMILY, points=9),
    "predict": lambda: analysis.predict(FAMILY, certify=False),
    "equilibrium_threshold": lambda: gh.equilibrium_threshold(FAMILY, points=9, tolerance=1e-3),
    "player_thresholds": lambda: analysis.player_thresholds(FAMILY),
    "league": lambda: gh.leagues.play(
        {"naive": Gradient(), "still": Fixed()}, GAME, learning=Learning(steps=20), seeds=3
    ),
    "outcome_map": lambda: analysis.outcome_map(
        gh.Family(
            gh.Setup(GAME, Learning(steps=20, starts=gh.dynamics.Starts(2))),
            gh.Axis("κ", [0.1, 0.4, 0.9], at=lambda setup: setup.game.semantics.coupling),
            gh.Axis("η", [0.1, 0.2], at=lambda setup: setup.learning.step_size),
        ),
        coarse=2,
    ),
    "manipulation": lambda: analysis.manipulation(
        PLAYED, Fixed(), betas=[1.0], critics=[NoisyCritic(0.5)], updates=2, seeds=3
    ),
    "selfish_parts": lambda: analysis.selfish_parts(
        PLAYED, PLAYED.neutral(), key=jax.random.key(0), episodes=64
    ),
    "stackelberg": lambda: analysis.stackelberg(PD, 0),
    "fair_leaders": lambda: analysis.fair_leaders(PD),
    "mixed_simulation": lambda: analysis.mixed_simulation(PD, 0, 0.1),
    "dominance": lambda: analysis.dominance(PD),
    "ways_to_be_transparent": lambda: analysis.ways_to_be_transparent(PD).to_dict(),
    "game_of_parameters": lambda: analysis.finite.game_of_parameters(
        GAME, [[-3.0, 0.0, 3.0], [-1.0, 2.0]]
    ).to_dict(),
    "actions_needed": lambda: analysis.finite.actions_needed(PD),
    "correlated_equilibrium": lambda: analysis.finite.correlated_equilibrium(PD).to_dict(),
    "branches": lambda: gh.branches(FAMILY, between=(0.0, 1.0), most=8),
    "network margin": lambda: gh.first_order_margin(NETWORK, NETWORK.neutral()),
}
"""Each by its name; the small ones are those that no loop of ours makes slow uncompiled."""

SMALL = ("run", "run, path", "payoffs", "first_order_margin", "sensitivity", "deviation_curve")


def exactly(found):
    """All numbers in a result, in order, as the bits say them."""
    if isinstance(found, dict):
        return [exactly(x) for x in found.values()]
    if isinstance(found, list | tuple):
        return [exactly(x) for x in found]
    if hasattr(found, "__dataclass_fields__"):
        return [exactly(getattr(found, name)) for name in found.__dataclass_fields__]
    if isinstance(found, np.ndarray | np.generic | jax.Array):
        return [str(found.dtype), [exactly(x) for x in np.asarray(found).ravel().tolist()]]
    return found.hex() if isinstance(found, float) else str(found)


def as_users_do():
    """What a user's own transformations, in the process's precision, do to the same objects."""

    def learned(x):
        return gh.run(GAME, params=(x, -x), stop=Rest(every=5), throw=False, **FEW).params

    jax.jit(learned)(0.3)
    jax.vmap(learned)(np.zeros(2))
    jax.grad(lambda x: GAME.payoffs((x, 0.1)).sum())(0.3)
    jax.jit(lambda theta: gh.run(NETWORK, params=(theta,), **FEW).params)(np.zeros(4))


def answers(names):
    """What each of these analyses finds."""
    return {name: exactly(ANALYSES[name]()) for name in names}


if __name__ == "__main__":
    order = json.loads(sys.argv[1])
    for setting, value in order["settings"].items():
        jax.config.update(setting, value)
    if order["users"]:
        as_users_do()
    print(json.dumps(answers(reversed(ANALYSES) if order["reversed"] else ANALYSES)))
