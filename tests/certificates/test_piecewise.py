"""Functions of cases and of waves, traced from JAX: their values, slopes, jumps and limits."""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flint import arb, ctx
from tests.certificates.test_tracing import first_of, ranges

import glasshouse as gh
from glasshouse.certificates import intervals as iv
from glasshouse.certificates.program import Machine, Program
from glasshouse.certificates.totals import totals_of
from glasshouse.channels import Box
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Custom

INF = math.inf

CONTINUOUS = {
    "leaky relu": lambda x: jax.nn.leaky_relu(x[0]),
    "steep relu": lambda x: jax.nn.leaky_relu(x[0] - x[1], 3.0),
    "elu": lambda x: jax.nn.elu(x[0] + x[1], 0.7),
    "selu": lambda x: jax.nn.selu(2 * x[0] - 1),
    "celu": lambda x: jax.nn.celu(x[0]),
    "hard tanh": lambda x: jax.nn.hard_tanh(x[0]),
    "relu6": lambda x: jax.nn.relu6(3 * x[0]),
    "larger by choice": lambda x: jnp.where(x[0] > x[1], x[0], x[1]),
    "size by choice": lambda x: jnp.where(x[0] >= 0, x[0], -x[0]) * x[1],
    "tent": lambda x: jnp.where((x[0] < -1) | (x[0] >= 1), 0.0, 1 - jnp.abs(x[0])),
    "square on one side": lambda x: jnp.where(x[1] < x[0], (x[0] - x[1]) ** 2, 0.0),
    "erf": lambda x: jax.scipy.special.erf(x[0] * x[1]),
    "erfc": lambda x: jax.scipy.special.erfc(x[0]),
    "gelu": lambda x: jax.nn.gelu(x[0] - 2 * x[1], approximate=False),
    "gelu by hand": lambda x: x[0] * (1 + jax.scipy.special.erf(x[0] / 2)) / 2,
    "sin": lambda x: jnp.sin(3 * x[0] - x[1]),
    "cos": lambda x: jnp.cos(x[0]) - jnp.cos(-x[0] + x[1]),
    "xlogy": lambda x: jax.scipy.special.xlogy(x[1], jnp.exp(x[0])),
    "entropy": lambda x: jax.scipy.special.xlogy(*[jax.nn.sigmoid(x[0])] * 2),
    "log softmax": lambda x: jax.nn.log_softmax(jnp.append(x, 0.5))[1],
    "log sigmoid": lambda x: jax.nn.log_sigmoid(x[0]),
}
JUMPS = {
    "where": lambda x: jnp.where(x[0] > 0.5, x[0], x[1]),
    "not above": lambda x: jnp.where(x[0] <= x[1], 0.2, 0.7),
    "sign": lambda x: jnp.sign(x[0]) * 0.1,
    "truths as numbers": lambda x: (x[0] > 0.3).astype(float) * x[1],
    "exactly": lambda x: jnp.where(x[0] == 0.25, 1.0, 0.0),
    "any": lambda x: jnp.where(jnp.any(x > 0.4), 1.0, x[0]),
    "all": lambda x: jnp.where(~jnp.all(x > 0.4), 1.0, x[0]),
    "neither": lambda x: jnp.where(~((x[0] > 1) | (x[1] >= 0)), 0.3, -1.0),
    "nested": lambda x: jnp.where(x[0] > 1, x[1], jnp.where(x[0] > 0, 0.3, -1.0)),
}


@functools.cache
def traced(name: str) -> tuple[Program, int, Callable]:
    """A function as a program, where that holds it, and over arrays of points."""
    function = {**CONTINUOUS, **JUMPS}[name]
    program = first_of(function, 2)
    ((register,), *_) = program.outputs
    return program, register, jax.jit(jax.vmap(lambda x: jnp.squeeze(function(x))))


@pytest.mark.parametrize("name", [*CONTINUOUS, *JUMPS])
def test_values_are_those_of_jax(name):
    program, register, function = traced(name)
    placed = [[a, b] for a in (-1.0, 0.0, 0.25, 0.5, 1.0) for b in (0.0, 0.5)]
    points = np.array([*placed, *np.random.default_rng(4).normal(scale=2.0, size=(30, 2))])
    with jax.enable_x64(True):
        expected = np.asarray(function(points))
    with ctx.workprec(128):
        machine = Machine(program)
        for point, value in zip(points, expected, strict=True):
            low, high = machine.held([iv.point(float(x)) for x in point])[register]
            assert float(low) - 1e-12 <= value <= float(high) + 1e-12, point


@pytest.mark.parametrize("name", [*CONTINUOUS, *JUMPS])
def test_ranges_and_differences_hold_on_boxes(name):
    """Between any two points the function changes by no more than its slopes allow, jumps too."""
    program, register, function = traced(name)
    rng = np.random.default_rng(5)
    with ctx.workprec(128), jax.enable_x64(True):
        machine = Machine(program)
        for _ in range(25):
            corner, width = rng.normal(scale=1.5, size=2), rng.choice([0.01, 0.5, 3.0], size=2)
            box = [(arb(a), arb(a) + arb(w)) for a, w in zip(corner, width, strict=True)]
            values, slopes = machine.registers(box)
            low, high = values[register]
            inside = corner + width * rng.random((40, 2))
            found = np.asarray(function(inside))
            assert float(low) - 1e-12 <= found.min()
            assert found.max() <= float(high) + 1e-12
            fall, rise = (
                np.array([float(slopes[register].get(k, iv.NOTHING)[end]) for k in range(2)])
                for end in (0, 1)
            )
            fall, rise = np.where(np.isnan(fall), -INF, fall), np.where(np.isnan(rise), INF, rise)
            step = np.diff(inside, axis=0)
            most = np.where(step > 0, step * rise, step * fall).sum(axis=1)
            least = np.where(step > 0, step * fall, step * rise).sum(axis=1)
            assert np.all(np.diff(found) <= most + 1e-9)
            assert np.all(np.diff(found) >= least - 1e-9)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_branches_that_meet_have_finite_slopes(name):
    program, register, _ = traced(name)
    with ctx.workprec(128):
        machine = Machine(program)
        _, slopes = machine.registers([(arb(-2), arb(2)), (arb(-2), arb(2))])
        assert machine.is_continuous([(arb(-2), arb(2)), (arb(-2), arb(2))])
        assert all(x.is_finite() for slope in slopes[register].values() for x in slope)


@pytest.mark.parametrize("name", JUMPS)
def test_what_may_jump_has_no_finite_slope(name):
    program, register, _ = traced(name)
    box = [(arb(-2), arb(2)), (arb(-2), arb(2))]
    with ctx.workprec(128):
        machine = Machine(program)
        _, slopes = machine.registers(box)
        assert not machine.is_continuous(box)
        assert not all(x.is_finite() for slope in slopes[register].values() for x in slope)


def test_ranges_are_sharp_where_cases_change():
    sharp = [
        (CONTINUOUS["leaky relu"], [(-2.0, 3.0), (0, 0)], (-0.02, 3.0)),
        (CONTINUOUS["hard tanh"], [(-5.0, 0.5), (0, 0)], (-1.0, 0.5)),
        (JUMPS["not above"], [(0.0, 1.0), (2.0, 3.0)], (0.2, 0.2)),
        (CONTINUOUS["gelu by hand"], [(-INF, 0.0), (0, 0)], (-0.24037559, 0.0)),
        (CONTINUOUS["entropy"], [(-INF, INF), (0, 0)], (-math.exp(-1), 0.0)),
    ]
    for function, box, (low, high) in sharp:
        ((least, most),) = ranges(first_of(function, 2), box)
        assert least == pytest.approx(low, abs=1e-8)
        assert most == pytest.approx(high, abs=1e-8)


def test_cases_of_probabilities_add_up_to_one():
    def cases(x):
        return jnp.stack([jnp.where(x[0] > 0.3, 0.25, 0.75), jnp.where(x[0] > 0.3, 0.75, 0.25)])

    def waves(x):
        return jnp.stack([0.5 + jnp.sin(x[0]) / 2, 0.5 + jnp.sin(-x[0]) / 2])

    def errors(x):
        return jnp.stack([jax.scipy.special.erfc(x[0]) / 2, jax.scipy.special.erfc(-x[0]) / 2])

    for function in (cases, waves, errors):
        program = first_of(function, 1)
        assert totals_of(program)[0] == (1, 0)


# Certificates


def game_of(probability, bound=3.0):
    """Matching the other's first action pays; each plays it with a probability of its own."""

    def function(params, _):
        p, q = probability(params[0][0]), jax.nn.sigmoid(params[1][0])
        return jnp.stack([p, 1 - p]), jnp.stack([q, 1 - q])

    boxes = [Box([-bound], [bound]), Box([-1.0], [1.0])]
    payoffs = np.array([[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])
    return ParametricGame(NormalFormGame(payoffs, player_axis=0), Custom(function, boxes))


def best(probability, at, **settings):
    game = game_of(probability)
    return gh.certify(game, ([at], [0.0]), epsilon=0.0, **settings)


def test_a_jump_that_gains_is_found_and_one_that_is_no_maximum_is_not_said_to_be_attained():
    # The best is 0.4 just below 1, where it is left.
    def sawtooth(x):
        return jnp.where(x < 1.0, 0.1 * (x + 3.0), 0.05)

    found = best(sawtooth, -3.0, width=1e-6, budget=4000)
    assert found.verdict == "refuted"
    gain = found.gains[0]
    assert gain.lower <= 0.4 <= gain.upper <= gain.lower + 1e-5
    assert gain.attained is not True

    # With the end, it is attained.
    def closed(x):
        return jnp.where(x <= 1.0, 0.1 * (x + 3.0), 0.05)

    gain = best(closed, -3.0, width=1e-6, budget=4000).gains[0]
    assert gain.lower <= 0.4 <= gain.upper <= gain.lower + 1e-5
    assert gain.witness == pytest.approx((1.0,), abs=1e-5)


def test_a_needle_made_by_cases_is_not_overlooked():
    def needle(x):
        return jnp.where((x > 0.4321) & (x < 0.4322), 0.9, 0.1)

    found = best(needle, 0.0, budget=4000)
    assert found.verdict == "refuted"
    assert 0.4321 < found.gains[0].witness[0] < 0.4322


def test_piecewise_semantics_are_certified_and_replayed(tmp_path):
    functions = {
        "elu": lambda x: jax.nn.sigmoid(jax.nn.elu(x)),
        "selu": lambda x: jax.nn.sigmoid(-jax.nn.selu(x)),
        "gelu": lambda x: jax.nn.sigmoid(jax.nn.gelu(x, approximate=False)),
        "sine": lambda x: 0.5 + 0.4 * jnp.sin(x),
        "erf": lambda x: jax.scipy.special.erfc(x) / 2,
    }
    grid = np.linspace(-3, 3, 60001)
    for name, function in functions.items():
        game = game_of(function)
        gains = np.asarray(jax.vmap(function)(grid)) - float(function(0.3))
        for factor, verdict in ((0.8, "refuted"), (1.2, "certified")):
            epsilon = float(factor * gains.max())
            found = gh.certify(game, ([0.3], [0.0]), epsilon=epsilon)
            assert found.verdict == verdict, name
            found.write(tmp_path / "file.json")
            assert gh.verify(tmp_path / "file.json").accepted


def test_an_infinite_case_is_refused():
    with pytest.raises(InputError, match="infinite"):
        first_of(lambda x: jnp.where(x[0] > 0, x[0], -jnp.inf))
