"""The driver: how runs end, what they save, and many of them at once."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tests.reference import (
    PD,
    STAG_HUNT,
    equal_couplings,
    flat,
    normal_form,
    parametric,
    selfish_field,
)

from glasshouse.channels import Box
from glasshouse.dynamics import RESULTS, Rest, batch_map, rest_residual, run, stack
from glasshouse.errors import InputError
from glasshouse.games import Labels, NormalFormGame
from glasshouse.games.registry import CATALOGUE
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Gradient, Transformed
from glasshouse.semantics import Logistic

START = (0.7, -0.4)


def ascent(payoffs, coupling, start, steps, step_size, bound=math.inf, decay=0.0):
    """All points of projected gradient ascent with momentum, in NumPy."""
    theta, momentum = np.array(start), np.zeros(2)
    points = [theta]
    for _ in range(steps):
        slope = selfish_field(payoffs, equal_couplings(coupling), theta)
        momentum = slope + decay * momentum
        theta = np.clip(theta + step_size * momentum, -bound, bound)
        points.append(theta)
    return np.array(points)


# How runs end


def test_a_run_without_a_criterion_completes():
    solution = run(parametric(PD, 0.5), steps=7, step_size=0.1)
    assert solution.result == RESULTS.completed
    assert int(solution.steps) == 7
    assert solution.path is None


def test_a_run_that_comes_to_rest_converges_and_stops():
    game = parametric(PD, 0.3)
    stop = Rest(tolerance=1e-6, every=50)
    solution = run(game, Gradient(), (0.0, 0.0), steps=100_000, step_size=0.5, stop=stop)
    assert solution.result == RESULTS.converged
    assert 0 < int(solution.steps) < 100_000
    assert int(solution.steps) % 50 == 0
    assert float(solution.residual) <= 1e-6
    expected = math.log(2 / 11) / 1.3
    assert np.allclose(flat(solution.params), expected, rtol=1e-4)


def test_a_start_at_rest_takes_no_step():
    corner = (-5.0, -5.0)
    solution = run(parametric(PD, 0.2), Gradient(), corner, steps=100, step_size=0.1, stop=Rest())
    assert solution.result == RESULTS.converged
    assert int(solution.steps) == 0
    assert flat(solution.params).tolist() == [-5.0, -5.0]


def test_saturation_is_not_rest():
    """At (15, 15) gradients are 1e-10 and point down: -v/2 of at most 15/2 v."""
    game = parametric(PD, 0.5, 20.0)
    start = (15.0, 15.0)
    assert abs(float(game.selfish_gradients(tuple(map(jnp.asarray, start)))[0])) < 1e-9
    stop = Rest()
    solution = run(game, Gradient(), start, steps=300, step_size=0.1, stop=stop, throw=False)
    assert solution.result == RESULTS.steps_exhausted
    assert int(solution.steps) == 300
    assert float(solution.residual) == pytest.approx(1 / 15, rel=1e-6)


def test_an_interior_point_that_does_not_move_is_at_rest():
    theta = jnp.asarray(math.log(2 / 11) / 1.3)
    assert float(rest_residual(parametric(PD, 0.3), (theta, theta))) < 1e-15


@pytest.mark.parametrize(("theta", "at_rest"), [((-5.0, -5.0), True), ((5.0, 5.0), False)])
def test_gradients_that_push_out_of_the_box_do_not_count(theta, at_rest):
    residual = rest_residual(parametric(PD, 0.2), tuple(map(jnp.asarray, theta)))
    assert (float(residual) == 0.0) == at_rest


@pytest.mark.parametrize("theta", [300.0, 460.0, 500.0, 2000.0])
def test_saturation_is_not_rest_however_far_out(theta):
    """1/15 where float64 can tell, infinite where behaviour has stopped moving; never small."""
    game = parametric(PD, 0.5, math.inf)
    residual = float(rest_residual(game, (jnp.asarray(theta), jnp.asarray(theta))))
    assert residual == math.inf or residual == pytest.approx(1 / 15, rel=1e-6)


HUGE = ParametricGame(
    NormalFormGame(1e99 * np.asarray(normal_form(PD).tensor)), Logistic((2, 2), 0.5)
)

HUGE_BOUNDED = ParametricGame(HUGE.game, Logistic((2, 2), 0.5, 5.0))

BAD_ENDS = {
    "steps exhausted": (parametric(PD, 0.3), START, 0.1, Rest(), RESULTS.steps_exhausted),
    "not finite": (HUGE, START, 1e300, None, RESULTS.not_finite),
    "not finite, though projected": (HUGE_BOUNDED, START, 1e300, None, RESULTS.not_finite),
    "not finite, with a criterion": (HUGE, START, 1e300, Rest(), RESULTS.not_finite),
}


@pytest.mark.parametrize("name", sorted(BAD_ENDS))
def test_bad_ends_are_codes_and_exceptions_only_on_demand(name):
    game, start, step_size, stop, expected = BAD_ENDS[name]
    options = {"steps": 5, "step_size": step_size, "stop": stop}
    assert run(game, Gradient(), start, **options, throw=False).result == expected
    with pytest.raises(RuntimeError, match=r"throw=False"):
        jax.block_until_ready(run(game, Gradient(), start, **options).params)


def test_a_traced_start_outside_the_box_is_a_code_of_its_own():
    game = parametric(PD, 0.5, 1.0)
    starts = (jnp.array([0.0, 1.5, 0.0, math.nan]), jnp.array([0.5, 0.0, -1.0, 0.0]))
    results = jax.vmap(
        lambda start: run(game, Gradient(), start, steps=3, step_size=0.1, throw=False).result
    )(starts)
    outside = np.asarray(results == RESULTS.start_outside_box)
    assert outside.tolist() == [False, True, False, True]
    assert np.asarray(results == RESULTS.completed).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ((0.0, 5.1), r"5.1 of player 2 lies outside its box \[-5, 5\]"),
        ((math.nan, 0.0), "nan of player 1"),
        ((0.0,), "2 players"),
        ((0.0, np.zeros(2)), "params of player 2 must be a single number, but are an array of 2"),
        ((0.0, {"theta": 0.0}), "params of player 2 must be a single number, but are a dict"),
    ],
)
def test_starts_that_do_not_fit_are_refused(start, message):
    with pytest.raises(InputError, match=message):
        run(parametric(PD, 0.5), Gradient(), start, steps=3, step_size=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": -0.1}, "step_size"),
        ({"step_size": math.nan}, "step_size"),
        ({"step_size": math.inf}, "step_size"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        run(parametric(PD, 0.5), Gradient(), START, **({"steps": 3, "step_size": 0.1} | options))


@pytest.mark.parametrize("arguments", [{"tolerance": 0.0}, {"tolerance": 1.0}, {"every": 0}])
def test_rest_criteria_that_cannot_be_are_refused(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        Rest(**arguments)


# What they save


def points(solution):
    """The saved path, one row per point and one column per player."""
    return np.stack(jax.tree.leaves(solution.path), axis=1)


@pytest.mark.parametrize("bound", [math.inf, 1.0])
def test_the_path_is_every_point_from_the_start_on(bound):
    game = parametric(PD, 0.45, bound)
    solution = run(game, Gradient(), START, steps=40, step_size=0.5, save="path")
    expected = ascent(PD, 0.45, START, 40, 0.5, bound)
    assert [x.shape for x in jax.tree.leaves(solution.path)] == [(41,), (41,)]
    assert np.allclose(points(solution), expected, rtol=0, atol=1e-12)
    assert np.allclose(flat(solution.params), expected[-1], rtol=0, atol=1e-12)
    end_only = run(game, Gradient(), START, steps=40, step_size=0.5)
    assert np.allclose(flat(end_only.params), flat(solution.params), rtol=0, atol=1e-15)


@pytest.mark.parametrize("steps", [57, 60])
@pytest.mark.parametrize("every", [10, 100])
def test_a_path_that_stops_repeats_its_last_point(steps, every):
    """PD at 0.2 in a box of 1: the lower corner is reached and left no more."""
    game = parametric(PD, 0.2, 1.0)
    stop = Rest(every=every)
    solution = run(game, Gradient(), START, steps=steps, step_size=1.0, stop=stop, save="path")
    path = points(solution)
    expected = ascent(PD, 0.2, START, steps, 1.0, 1.0)
    taken = int(solution.steps)
    assert solution.result == RESULTS.converged
    assert path.shape == (steps + 1, 2)
    assert taken == min(every * math.ceil(arrival(expected) / every), steps)
    assert np.allclose(path, expected, rtol=0, atol=1e-12)
    assert np.array_equal(path[taken:], np.broadcast_to(path[taken], path[taken:].shape))
    assert np.array_equal(flat(solution.params), path[-1])


def arrival(path):
    """The first step after which a path stays where it ends."""
    return int(np.argmax(np.all(path == path[-1], axis=1)))


@pytest.mark.parametrize("steps", [57, 60, 5])
def test_stopping_never_overshoots_the_steps(steps):
    stop = Rest(tolerance=1e-12, every=10)
    options = {"steps": steps, "step_size": 0.1, "throw": False}
    game = parametric(PD, 0.5)
    stopped = run(game, Gradient(), START, stop=stop, **options)
    assert int(stopped.steps) == steps
    assert stopped.result == RESULTS.steps_exhausted
    plain = run(game, Gradient(), START, **options)
    assert np.allclose(flat(stopped.params), flat(plain.params), rtol=0, atol=1e-14)


# Rules from Optax


def test_momentum_is_what_it_is_in_numpy():
    rule = Transformed(Gradient(), optax.trace(decay=0.9))
    game = parametric(STAG_HUNT, 0.4, 2.0)
    solution = run(game, rule, START, steps=60, step_size=0.05, save="path")
    expected = ascent(STAG_HUNT, 0.4, START, 60, 0.05, 2.0, decay=0.9)
    assert np.allclose(points(solution), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("optimiser", [optax.adam(0.1), optax.sgd(0.1), optax.rmsprop(1e-3)])
def test_complete_optimisers_would_descend_and_are_refused(optimiser):
    rule = Transformed(Gradient(), optimiser)
    with pytest.raises(InputError, match="scale_by_"):
        run(parametric(PD, 0.5), rule, START, steps=3, step_size=0.1)


# Many at once


def test_compiled_runs_vary_in_coupling_payoffs_step_size_and_start():
    def learn(coupling, tensor, step_size, start):
        game = ParametricGame(NormalFormGame(tensor), Logistic((2, 2), coupling, 2.0))
        return run(game, Gradient(), start, steps=30, step_size=step_size, throw=False)

    cases = list(itertools.product([0.2, 0.9], [PD, STAG_HUNT], [0.1, 0.8], [START, (0.0, 1.0)]))
    couplings, payoffs, step_sizes, starts = zip(*cases, strict=True)
    batch = (
        jnp.array(couplings),
        jnp.stack([jnp.asarray(normal_form(game).tensor) for game in payoffs]),
        jnp.array(step_sizes),
        tuple(jnp.array(column) for column in zip(*starts, strict=True)),
    )
    solution = jax.jit(jax.vmap(learn))(*batch)
    assert bool(jnp.all(solution.result == RESULTS.completed))
    ends = np.stack(solution.params, axis=1)
    for end, (coupling, game, step_size, start) in zip(ends, cases, strict=True):
        expected = ascent(game, coupling, start, 30, step_size, 2.0)[-1]
        assert np.allclose(end, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stop", [None, Rest(every=20)], ids=["fixed", "stopped"])
def test_one_trajectory_without_numbers_leaves_the_others_as_they_were(stop):
    @jax.jit
    @jax.vmap
    def learn(tensor):
        game = ParametricGame(NormalFormGame(tensor), Logistic((2, 2), 0.3, 3.0))
        start = tuple(map(jnp.asarray, START))
        return run(game, Gradient(), start, steps=205, step_size=0.5, stop=stop, throw=False)

    healthy = np.stack([scale * np.asarray(normal_form(PD).tensor) for scale in (1, 2, 3, 4)])
    broken = healthy.copy()
    broken[2, 0, 0, 0] = np.nan
    before, after = learn(healthy), learn(broken)
    others = [0, 1, 3]
    for x, y in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True):
        assert np.array_equal(np.asarray(x)[others], np.asarray(y)[others])
    assert np.asarray(after.result == RESULTS.not_finite).tolist() == [False, False, True, False]
    if stop is None:
        assert np.all(np.isnan(np.asarray(after.params)[:, 2]))
    else:  # noticed before the first step
        assert int(after.steps[2]) == 0
        assert np.asarray(after.params)[:, 2].tolist() == list(START)


def two_by_two_games():
    chosen = ["battle_of_the_sexes", "chicken", "donation", "prisoners_dilemma", "stag_hunt"]
    games = [CATALOGUE[name]() for name in chosen]
    assert {game.actions for game in games} == {(2, 2)}
    return games


def renamed(game, k):
    labels = Labels((f"a{k}", f"b{k}"), ((f"x{k}", f"y{k}"),) * 2, title=f"game {k}")
    return NormalFormGame(game.tensor, labels)


def test_five_games_at_ten_couplings_compile_once():
    traced = []

    def learn(game):
        traced.append(game)
        return run(game, Gradient(), steps=20, step_size=0.1, throw=False).params

    couplings = np.linspace(0.0, 0.9, 10)
    games = two_by_two_games()
    ends = []
    for labelled in (games, [renamed(game, k) for k, game in enumerate(games)]):
        batch = [
            ParametricGame(game, Logistic((2, 2), coupling, 5.0))
            for game in labelled
            for coupling in couplings
        ]
        ends.append(flat(batch_map(learn, stack(batch))))
    batch_map(learn, stack(batch[::-1]))
    assert len(traced) == 1
    assert np.array_equal(*ends)
    assert len(set(np.round(ends[0], 12))) > 50


def test_a_compiled_function_serves_games_that_differ_in_names_and_numbers():
    traced = []

    @jax.jit
    def payoffs(game, params):
        traced.append(game)
        return game.payoffs(params)

    params = tuple(map(jnp.asarray, START))
    for k, game in enumerate(two_by_two_games()):
        for named in (game, renamed(game, k)):
            payoffs(ParametricGame(named, Logistic((2, 2), 0.1 * k, 5.0)), params)
    assert len(traced) == 1


def learn_shortly(member, steps):
    game, start = member
    solution = run(game, Gradient(), start, steps=steps, step_size=0.3, throw=False)
    return solution.params, solution.residual


def test_batch_map_is_a_loop_whatever_the_chunks():
    rng = np.random.default_rng(5)
    members = [
        (parametric(PD, k, 3.0), (np.asarray(a), np.asarray(b)))
        for k, a, b in zip(np.linspace(0, 1, 23), *rng.normal(size=(2, 23)), strict=True)
    ]
    single = jax.jit(lambda member: learn_shortly(member, 15))
    looped = [single(member) for member in members]
    expected = [np.stack(x) for x in zip(*map(jax.tree.leaves, looped), strict=True)]
    for chunk_size in (1, 4, 7, 4096):
        found = batch_map(learn_shortly, stack(members), 15, chunk_size=chunk_size)
        for x, y in zip(jax.tree.leaves(found), expected, strict=True):
            assert isinstance(x, np.ndarray)
            assert np.allclose(x, y, rtol=0, atol=1e-15)


def twice_and_both(member, factor):
    return factor * member["x"], jnp.stack([member["x"], member["pair"][1]])


def test_many_members_keep_their_order():
    """Large chunks go through a program in strips, and come out as one batch."""
    x = np.arange(66_000.0)
    batch = {"x": x, "pair": np.stack([x, -x], axis=1), "shared": np.broadcast_to(1.0, x.shape)}
    twice, both = batch_map(twice_and_both, batch, 2.0)
    assert np.array_equal(twice, 2 * x)
    assert np.array_equal(both, np.stack([x, -x], axis=1))


def test_the_nearest_point_of_a_box():
    """NumPy's `clip`, also of infinite bounds; what is no number stays none."""
    lower, upper = np.array([-1.0, -np.inf, 0.0, -2.0]), np.array([1.0, 3.0, np.inf, -2.0])
    box = Box(lower, upper)
    for x in ([0.5, -9.0, 4.0, 1.0], [5.0, 5.0, -5.0, -5.0], [-np.inf, np.inf, np.inf, np.nan]):
        with jax.enable_x64(True):
            found = np.asarray(box.project(np.array(x)))
        assert np.array_equal(found, np.clip(x, lower, upper), equal_nan=True)


def test_batch_map_computes_in_64_bits():
    """Its threads do not fall back to the process's own setting, nor to its caller's."""
    for enabled in (False, True):
        with jax.enable_x64(enabled):
            found = batch_map(lambda x: x / 3 + jnp.zeros(()), np.arange(3.0))
            assert found.dtype == np.float64


@pytest.mark.parametrize("count", [1, 2, 5])
def test_batch_map_of_equal_members_gives_equal_answers(count):
    member = (parametric(PD, 0.4, 3.0), (np.asarray(0.3), np.asarray(-0.2)))
    found = batch_map(learn_shortly, stack([member] * count), 15)
    expected = learn_shortly(member, 15)
    for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert x.shape == (count,)
        assert np.allclose(x, y, rtol=0, atol=1e-15)


def test_batch_map_needs_one_leading_axis():
    with pytest.raises(ValueError, match="leading axis"):
        batch_map(lambda member: member[0] + member[1], (np.zeros(3), np.zeros(2)))
