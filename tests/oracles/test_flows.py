"""Flows against closed forms, quadrature and many small steps; what they, and runs, end in."""

import math
from typing import Any, ClassVar

import jax
import numpy as np
import optax
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import softmax
from tests.contracts.test_capabilities import DRAWN
from tests.oracles.test_rules import LINE, TANDEM

import glasshouse as gh
from glasshouse.channels import Box
from glasshouse.dynamics import RESULTS, Solution, ending
from glasshouse.errors import InputError
from glasshouse.parametric import DifferentiableGame
from glasshouse.rules import (
    AbstractMemoryless,
    Fixed,
    Gradient,
    Lola,
    MagneticMirror,
    Momentum,
    Optimistic,
    PerPlayer,
    Transformed,
)
from glasshouse.semantics import Logistic

COINS = gh.NormalFormGame([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
PD = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])
HIGH = 3.0


def pennies(bound=math.inf):
    return gh.LogisticFamily(COINS, bound)(0.0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def period(amplitude):
    """Of matching pennies through (amplitude, 0).

    With payoffs ± tanh(x/2) tanh(y/2) the flow keeps cosh x + cosh y, and a quarter turn takes the
    integral of dx / x' over the orbit; as sin of an angle, x has no singularity at its end.
    """

    def pace(angle):
        x = amplitude * math.sin(angle)
        gap = 2 * math.sinh((amplitude + x) / 2) * math.sinh((amplitude - x) / 2)
        slope = math.sqrt((gap + 2) / gap) * (1 + math.cosh(x))
        return slope * amplitude * math.cos(angle)

    return 4 * quad(pace, 0, math.pi / 2, epsabs=1e-12, epsrel=1e-12)[0]


def small_steps(velocity, start, time, steps):
    """Runge and Kutta's method of order 4 in NumPy."""
    x, h = np.asarray(start), time / steps
    for _ in range(steps):
        a = velocity(x)
        b = velocity(x + h / 2 * a)
        c = velocity(x + h / 2 * b)
        x = x + h / 6 * (a + 2 * b + 2 * c + velocity(x + h * c))
    return x


@pytest.mark.parametrize("amplitude", [0.01, 0.5, 2.0])
def test_matching_pennies_goes_round_in_the_period_of_its_orbit(amplitude):
    found = gh.flow(pennies(), params=(amplitude, 0.0), time=150)
    assert np.sum(np.cosh(found.params)) == pytest.approx(math.cosh(amplitude) + 1, abs=1e-8)
    assert found.ending.kind == "cycle"
    assert found.ending.period == pytest.approx(period(amplitude), rel=1e-8)
    if amplitude == 0.01:  # the linear flow turns by ω = 1/4
        assert found.ending.period == pytest.approx(8 * math.pi, rel=1e-4)


def test_at_a_bound_players_slide_and_leave_it_where_the_direction_turns():
    """Along x = 3, y' = -tanh(3/2)/(1 + cosh y): y + sinh y falls evenly, down to 0."""
    y, time = 2.0, 3.0
    fallen = y + math.sinh(y) - math.tanh(HIGH / 2) * time
    wanted = brentq(lambda z: z + math.sinh(z) - fallen, 0, y, xtol=1e-14)
    found = gh.flow(pennies(HIGH), params=(HIGH, y), time=time)
    assert found.params == pytest.approx((HIGH, wanted), abs=1e-9)
    # From outside of it, it comes to the orbit that touches the box, in finite time and for good.
    late = gh.flow(pennies(HIGH), params=(2.5, 2.9), time=300)
    assert np.sum(np.cosh(late.params)) == pytest.approx(math.cosh(HIGH) + 1, abs=1e-7)
    assert (late.ending.kind, late.ending.unit) == ("cycle", "time")
    assert late.ending.period == pytest.approx(period(HIGH), rel=1e-8)


def test_the_flow_of_the_dilemma_is_that_of_many_small_steps():
    def velocity(x, coupling=0.5):
        p = sigmoid(x + coupling * x[::-1])
        slopes = p * (1 - p)
        q = np.array([p, 1 - p])
        own = np.array([(PD[0, 0] - PD[0, 1]) @ q[:, 1], (PD[1, :, 0] - PD[1, :, 1]) @ q[:, 0]])
        others = np.array([(PD[0, :, 0] - PD[0, :, 1]) @ q[:, 0], (PD[1, 0] - PD[1, 1]) @ q[:, 1]])
        return own * slopes + coupling * others * slopes[::-1]

    game = gh.LogisticFamily(gh.NormalFormGame(PD), math.inf)(0.5)
    found = gh.flow(game, params=(0.3, -0.2), time=8.0)
    assert found.params == pytest.approx(small_steps(velocity, (0.3, -0.2), 8.0, 2000), abs=1e-8)
    assert found.ending.kind == "moving"
    coarse, fine = (
        np.stack(gh.run(game, params=(0.3, -0.2), steps=n, step_size=8 / n).params)
        for n in (400, 800)
    )
    # Steps of run are off by a multiple of their size: twice the finer less the coarser is not.
    assert 2 * fine - coarse == pytest.approx(np.stack(found.params), abs=1e-4)


def cubes(params):
    x, y, z = params
    return [x**3 / 3 + x * y - x, x * y * z - y**2, x * z - z]


CUBES = DifferentiableGame(cubes, [LINE] * 3)
LINE_UP = PerPlayer((Gradient(), Gradient(), Fixed()), (1.0, 0.25, 2.0))


def test_players_keep_their_paces_and_the_path_is_as_exact_as_the_end():
    def velocity(params):
        x, y, z = params
        return np.array([x**2 + y - 1, 0.25 * (x * z - 2 * y), 0.0])

    start, times = (0.5, -0.25, 0.1), [0.0, 2.0, 7.0]
    found = gh.flow(CUBES, LINE_UP, start, time=9.0, save="path", times=times)
    assert found.path is not None
    path = np.stack(found.path, axis=1)
    for point, time in zip(path, times, strict=True):
        assert point == pytest.approx(small_steps(velocity, start, time, 800), abs=1e-8)
    end = np.stack(found.params)
    assert end == pytest.approx(small_steps(velocity, start, 9.0, 800), abs=1e-8)
    assert found.to_dict()["times"] == times
    assert found.ending.kind == "moving"


def test_a_flow_that_ends_badly_says_so():
    """x' = x² - 1 from 2 leaves the reals at log(3)/2."""
    settings = {"time": 2.0, "save": "path", "times": [0.1, 0.5, 2.0], "throw": False}
    start = (2.0, 0.0, 0.0)
    found = gh.flow(CUBES, LINE_UP, start, **settings)
    assert (found.result, found.ending.kind) == ("not_finite", "moving")
    assert found.path is not None
    # Before, x = -coth(t - log(3)/2).
    assert found.path[0][:2] == pytest.approx(
        [-1 / math.tanh(t - math.log(3) / 2) for t in (0.1, 0.5)], rel=1e-8
    )
    assert np.isnan(found.path[0][2])
    with pytest.raises(RuntimeError, match=r"changes too fast .* Or pass throw=False"):
        gh.flow(CUBES, LINE_UP, start, **{**settings, "throw": True})


@pytest.mark.slow  # a number of steps is a program of its own
def test_a_flow_that_takes_too_many_steps_says_so():
    few = gh.flow(CUBES, LINE_UP, (0.5, 0.0, 0.0), time=2.0, max_steps=2, throw=False)
    assert few.result == "steps_exhausted"
    assert "raise `max_steps`" in few.message


def test_lola_spirals_into_the_middle_of_matching_pennies():
    """Its linear flow is x' = y/4 - α x/8, y' = -x/4 - α y/8."""
    found = gh.flow(pennies(), Lola(1.0), (0.01, 0.0), time=40)
    assert np.hypot(*found.params) == pytest.approx(0.01 * math.exp(-5), rel=1e-3)
    assert found.ending.kind == "moving"
    slow = gh.flow(pennies(), Lola(1e-5), (0.5, 0.0), time=200)
    assert slow.ending.kind == "moving"
    end = gh.flow(pennies(), Lola(1.0), (0.5, 0.0), time=240)
    assert end.ending.kind == "rest"
    assert end.params == pytest.approx((0, 0), abs=1e-8)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Momentum(), "a flow needs .* alone, and momentum .*remembers earlier ones"),
        (Optimistic(), "optimistic gradients remembers"),
        (Transformed(Gradient(), optax.scale_by_adam()), "an Optax transformation .*remembers"),
        (PerPlayer((Gradient(), Momentum())), "a line-up .*remembers"),
        (Gradient, "a rule such as Gradient"),
        ((0.1, 0.2), "give the start as params"),
    ],
)
def test_rules_whose_direction_is_not_all_are_refused(rule, said):
    with pytest.raises(InputError, match=said):
        gh.flow(pennies(), rule, time=1.0)


def test_rules_that_only_some_games_suit_flow_in_these():
    """Rock, paper, scissors with unequal stakes: the logit equilibrium, softmax of its worth."""
    table = np.array([[0.0, -1.0, 3.0], [1.0, 0.0, -1.0], [-3.0, 1.0, 0.0]])
    unread, read = (
        gh.ParametricGame(gh.NormalFormGame([table, table.T]), Logistic((3, 3), coupling))
        for coupling in (0.0, 0.4)
    )
    start = (np.array([0.1, 0.2]), np.array([0.3, -0.1]))
    end = gh.flow(unread, MagneticMirror(1.0), start, time=60.0)
    mixes = np.stack([unread.behaviours(end.params)[i] for i in (0, 1)])
    assert end.ending.kind == "rest"
    assert mixes == pytest.approx(softmax(mixes[::-1] @ table.T, axis=1), abs=1e-7)
    with pytest.raises(InputError, match="needs players whose probabilities are their own"):
        gh.flow(read, MagneticMirror(1.0), start, time=60.0)


class Wavering(AbstractMemoryless):
    """The gradient and a draw."""

    words: ClassVar[str] = "wavering"
    keeps_rest_points: ClassVar[bool] = False
    formula: ClassVar[str] = "ξ + noise"
    cost: ClassVar[str] = "one gradient"

    def towards(self, game, params, key=None) -> Any:
        noise = 0.0 if key is None else jax.random.normal(key)
        return tuple(x + noise for x in game.selfish_gradients(params))

    @classmethod
    def example(cls):
        return cls()


def test_chance_is_refused():
    with pytest.raises(InputError, match=r"a flow needs .* without chance, and wavering draws"):
        gh.flow(pennies(), Wavering(), time=1.0)
    with pytest.raises(InputError, match="a flow needs exact payoffs, and Drawn has none"):
        gh.flow(DRAWN, time=1.0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"time": 0.0}, "time=0 must be finite and above 0"),
        ({"time": math.nan}, "time=nan must be"),
        ({"save": "all"}, "save='all' must be 'end' or 'path'"),
        ({"times": [0.5]}, "times are those of a path: add save='path'"),
        ({"save": "path", "times": [0.5, 0.5]}, "times must rise"),
        ({"save": "path", "times": [0.5, 1.5]}, "at most time=1"),
        ({"save": "path", "times": [[0.5]]}, "times must be a row of finite numbers"),
        ({"tolerance": 0.0}, "tolerance=0 must be"),
        ({"max_steps": 0}, "max_steps=0 must be a positive whole number"),
        ({"params": (0.1,)}, "params must be a tuple of one entry for each of 2 players"),
        ({"params": (9.0, 0.0)}, "outside"),
    ],
)
def test_what_cannot_be_integrated_is_said(settings, said):
    with pytest.raises(InputError, match=said):
        gh.flow(pennies(HIGH), **{"time": 1.0, **settings})


def test_nothing_is_integrated_inside_of_transformations():
    flow: Any = gh.flow
    with pytest.raises(InputError, match="flow computes with values"):
        jax.jit(lambda x: gh.flow(pennies(), params=(x, x), time=1.0).params)(0.1)
    with pytest.raises(InputError, match="a flow needs a parametric game, not float"):
        flow(3.0, time=1.0)


# What runs end in.


def a_path(curve, points, dimension=2):
    """A solution that goes along a curve; not at rest."""
    rows = np.stack([np.asarray(curve(t), dtype=float) for t in range(points)])
    path = tuple(rows[:, i] for i in range(dimension))
    end = tuple(x[-1] for x in path)
    return Solution(end, path, np.asarray(points - 1), np.asarray(0.5), RESULTS.completed)


def circle(t, period=37.3, shrink=0.0, centre=5.0):
    angle, radius = 2 * math.pi * t / period, math.exp(-shrink * t / period)
    return centre + radius * math.cos(angle), radius * math.sin(angle)


def test_a_cycle_between_steps_is_found_and_a_spiral_is_none():
    found = ending(a_path(circle, 300))
    assert (found.kind, found.unit) == ("cycle", "steps")
    assert found.period == pytest.approx(37.3, rel=1e-6)
    assert found.distance is not None
    assert found.distance < 1e-6
    for shrink in (1e-1, 1e-4, 1e-5, -1e-5):
        assert ending(a_path(lambda t, s=shrink: circle(t, shrink=s), 300)).kind == "moving"
    # What goes on in one direction, or comes back only twice, is no cycle.
    assert ending(a_path(lambda t: (*circle(t), 0.01 * t), 300, 3)).kind == "moving"
    assert ending(a_path(circle, 100)).kind == "moving"
    assert ending(a_path(circle, 3)).kind == "moving"


def test_a_cycle_that_crosses_its_section_several_times_has_its_whole_period():
    def eight(t, second=2.0):
        angle = 2 * math.pi * t / 91.7
        return math.sin(angle), math.cos(second * angle) * 0.3, math.sin(3 * angle)

    found = ending(a_path(eight, 400, 3))
    assert (found.kind, found.period) == ("cycle", pytest.approx(91.7, rel=1e-6))
    golden = (1 + math.sqrt(5)) / 2
    assert ending(a_path(lambda t: eight(t, golden), 2000, 3)).kind == "moving"


def test_runs_end_in_cycles_of_whole_steps():
    box = Box(-1.0, 2.0)
    game = DifferentiableGame(lambda p: [-(p[0] ** 2), -(p[1] ** 2)], [box, box])
    run = {"params": (0.1, 0.2), "steps": 60, "save": "path"}
    far = gh.run(game, step_size=1.1, **run)  # each step overshoots by a fifth, into the bounds
    assert (ending(far).kind, ending(far).period) == ("cycle", 2.0)
    assert ending(gh.run(game, step_size=0.9999, **run)).kind == "moving"
    assert ending(gh.run(game, step_size=0.4, **run)).kind == "rest"
    near = gh.run(TANDEM, params=(0.5, -0.25), step_size=1e-4, steps=60, save="path")
    assert ending(near).kind == "moving"


def test_the_ending_of_a_run_needs_its_path():
    end = gh.run(TANDEM, params=(0.5, -0.25), step_size=0.1, steps=5)
    with pytest.raises(InputError, match=r"run\(…, save='path'\)"):
        ending(end)
    with pytest.raises(InputError, match="tolerance=0 must be"):
        ending(a_path(circle, 9), tolerance=0.0)
    stuck = a_path(lambda t: (1.0, 1.0), 50)
    assert ending(stuck).kind == "moving"
