"""Inside jit, vmap and grad: what works there, what refuses, and what compiles once outside."""

import jax
import jax.monitoring
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse import ParametricGame, best_deviation, certify
from glasshouse.analysis import first_order_margin, generic_outcomes, sensitivity
from glasshouse.analysis.movement.first_order import mean_cooperation
from glasshouse.dynamics import Learning, Rest, Starts, learn, rest_residual, run
from glasshouse.dynamics.batch import CHUNK_SIZE, chunk_length
from glasshouse.errors import InputError
from glasshouse.games.registry import from_catalogue
from glasshouse.rules import Lola
from glasshouse.semantics import Logistic

PD = from_catalogue("prisoners_dilemma")()


def at(coupling):
    return ParametricGame(PD, Logistic((2, 2), coupling, 3.0))


def params(number):
    return (jnp.asarray(number), jnp.asarray(0.1))


def margin(coupling, number):
    return first_order_margin(at(coupling), params(number))


def test_first_order_margin_is_one_function_of_couplings_and_params_under_every_transformation():
    couplings, numbers = np.array([0.0, 0.5, 1.0]), np.array([-0.4, 0.0, 0.3])
    expected = [margin(k, x) for k, x in zip(couplings, numbers, strict=True)]
    assert all(isinstance(value, float) for value in expected)
    mapped = jax.vmap(margin)(couplings, numbers)
    np.testing.assert_allclose(mapped, expected, rtol=1e-12)
    np.testing.assert_allclose(jax.jit(margin)(0.5, 0.0), expected[1], rtol=1e-12)
    step = 1e-5
    slope = (margin(0.5 + step, 0.2) - margin(0.5 - step, 0.2)) / (2 * step)
    np.testing.assert_allclose(jax.grad(margin)(0.5, 0.2), slope, rtol=1e-8)


def test_a_quantity_made_on_the_spot_gives_what_one_of_the_module_gives():
    game, where = at(0.4), params(0.2)
    own = first_order_margin(game, where, lambda g, p: mean_cooperation(g, p))
    assert own == pytest.approx(first_order_margin(game, where), rel=1e-12)


REFUSED = {
    "best_deviation": lambda x: best_deviation(at(0.5), params(x), 0).gain,
    "certify": lambda x: certify(at(0.5), params(x), 1e-6).verdict,
    "sensitivity": lambda x: sensitivity(at(0.5), params(x)).margin,
}


@pytest.mark.parametrize("transform", [jax.jit, jax.grad])
@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_values_refuses_by_name(name, transform):
    said = rf"^{name} computes with values.*call it outside"
    with pytest.raises(InputError, match=said) as error:
        transform(REFUSED[name])(0.2)
    assert "\n" not in str(error.value)


def end(number, **settings):
    ended = run(at(0.5), params=params(number), step_size=0.1, throw=False, **settings)
    return ended.params[0].sum()


def stopped(x):
    return end(x, steps=40, stop=Rest(every=10))


def test_a_run_that_stops_at_rest_refuses_gradients_and_says_what_gives_them():
    for function in (stopped, jax.jit(stopped)):
        with pytest.raises(InputError, match=r"stops at rest.*leave stop out.*jax\.jacfwd"):
            jax.grad(function)(0.2)
    once, step = jax.jit(stopped), 1e-5
    slope = (once(0.2 + step) - once(0.2 - step)) / (2 * step)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(stopped))(0.2), slope, rtol=1e-8)


@pytest.mark.slow  # by day by a central difference
def test_a_run_that_stops_at_rest_has_these_gradients_in_any_way():
    expected = jax.jit(jax.grad(lambda x: end(x, steps=40)))(0.2)
    np.testing.assert_allclose(jax.jit(jax.jacfwd(stopped))(0.2), expected, rtol=1e-12)
    np.testing.assert_allclose(jax.jacfwd(stopped)(0.2), expected, rtol=1e-12)
    mapped = jax.jit(jax.vmap(jax.jacfwd(stopped)))(jnp.array([0.2, 0.2]))
    np.testing.assert_allclose(mapped, [expected] * 2, rtol=1e-12)


LEARNING = Learning(steps=20, starts=Starts(12))
EAGER = {
    "run": lambda x: run(
        at(x), params=params(x), steps=30, step_size=0.1 + x, stop=Rest(), throw=False
    ),
    "run under Lola": lambda x: run(at(x), Lola(0.5), params(x), steps=30, step_size=0.1 + x),
    "learn": lambda x: learn([at(x), at(x + 0.1)], LEARNING),
    "generic_outcomes": lambda x: generic_outcomes([at(x)], learning=LEARNING),
    "first_order_margin": lambda x: first_order_margin(at(x), params(x)),
    "rest_residual": lambda x: rest_residual(at(x), params(x)),
}


@pytest.mark.parametrize("name", EAGER)
def test_a_third_call_with_other_numbers_compiles_and_traces_nothing(name):
    seen = []

    def listen(event, duration_secs, **kwargs):
        seen.append(event)

    EAGER[name](0.1)
    EAGER[name](0.2)
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        EAGER[name](0.3)
        assert not [event for event in seen if event.startswith("/jax/core/compile")]
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def test_batches_of_few_lengths_share_programs_and_fill_a_gpu():
    def length(count, backend="cpu", most=None, held=16, is_small=True, shrinking=False):
        about = {"member_bytes": held, "is_small": is_small, "shrinking": shrinking}
        return chunk_length(count, most, backend, **about)

    assert {length(count) for count in range(1, 256)} == {8}
    assert {length(count) for count in (400, 1000)} == {64}
    assert length(24_400) == length(3_200) == 512
    assert length(10**7) == CHUNK_SIZE
    assert length(3, is_small=False) == 3
    assert length(10, is_small=False) == 5  # two chunks without a member computed in vain
    assert length(100, is_small=False) == 8  # 104
    assert length(300, most=10, is_small=False) == 10
    assert length(24_400, most=100) == 104  # whole vectors
    assert length(10, "gpu") == 10  # whose computation may hold gigabytes
    assert length(24_400, "gpu") == 24_400
    counts = range(1, 2**16)
    left = {n: length(n, "gpu", shrinking=True) for n in counts}
    assert all(n <= size <= max(1024, 1.25 * n) for n, size in left.items())
    assert len(set(left.values())) == 1 + 4 * 6  # 1024, and four an octave
    assert length(9, "gpu", is_small=False, shrinking=True) == 10
    assert length(2**26 - 1, "gpu", shrinking=True) == 2**26  # a gibibyte, and no more
    assert length(1500, "gpu", held=2**20, shrinking=True) == 750
    assert length(1500, "gpu", held=2**20) == 750  # as many as fit, evenly
    assert length(10, "gpu", most=4) == 4


def test_a_batch_of_one_is_repeated_without_being_stored_again():
    batch = gh.dynamics.repeat({"tensor": np.arange(6.0).reshape(1, 2, 3)}, 10**6)
    assert batch["tensor"].shape == (10**6, 2, 3)
    assert batch["tensor"].strides[0] == 0
    several = gh.dynamics.repeat(np.arange(3.0), 2)
    assert several.tolist() == [0, 0, 1, 1, 2, 2]
    found = gh.dynamics.batch_map(scaled, gh.dynamics.repeat(np.array([3.0]), 5), 2.0)
    assert found.tolist() == [6.0] * 5


def scaled(member, factor):
    return member * factor


def test_programs_carry_the_name_of_what_they_compute():
    names = []

    def listen(event, duration_secs, **kwargs):
        names.append(kwargs.get("fun_name"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        gh.dynamics.batch_map(scaled, np.arange(3.0), 2.5)
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert "jit(scaled)" in names
