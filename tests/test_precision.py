"""Digits: probabilities in both tails, and analyses that do not depend on the caller's setting."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from tests.reference import PD, family, normal_form, parametric, random_tensor

from glasshouse.analysis import (
    best_deviation,
    boundary_test,
    critical_coupling,
    deviation_curve,
    equilibrium_threshold,
    first_order_margin,
    generic_outcomes,
)
from glasshouse.dynamics import Learning, Starts
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.semantics import Logistic
from glasshouse.semantics.probabilities import sigmoid_pair, softmax, softmax_unrolled
from glasshouse.theory import thresholds

START = (0.7, -0.4)


def three_action_deviation():
    game = ParametricGame(NormalFormGame(random_tensor((3, 2), 0)), Logistic((3, 2), 0.7, 3.0))
    found = best_deviation(game, (np.zeros(2), np.zeros(())), 0, starts=8, steps=100)
    return dataclasses.replace(found, best=found.best.tolist())


ANALYSES = {
    "thresholds": lambda: thresholds(normal_form(PD)),
    "critical_coupling": lambda: critical_coupling(
        family(PD), START, learning=Learning(steps=200, step_size=None)
    ),
    "equilibrium_threshold": lambda: equilibrium_threshold(
        family(PD, 3.0), bracket=(0.5, 1.0), points=9, tolerance=1e-9
    ),
    "first_order_margin": lambda: first_order_margin(parametric(PD, 0.3), START),
    "generic_outcomes": lambda: generic_outcomes(
        [parametric(PD, 0.3)], learning=Learning(starts=Starts(10), steps=200)
    ),
    "best_deviation": lambda: best_deviation(parametric(PD, 0.5, 20.0), (-20.0, -20.0), 0),
    "best_deviation of three actions": three_action_deviation,
    "boundary_test": lambda: boundary_test(parametric(PD, 0.5, 3.0)),
    "deviation_curve": lambda: deviation_curve(
        parametric(PD, 0.5), START, 0, np.linspace(-1, 1, 5)
    ).tolist(),
}


@pytest.mark.parametrize("name", sorted(ANALYSES))
def test_analyses_answer_in_64_bits_whatever_the_setting(name):
    """The same answer to the last digit, and the setting as it was."""
    with jax.enable_x64(False):
        narrow = ANALYSES[name]()
        assert jnp.zeros(()).dtype == np.float32
    wide = ANALYSES[name]()
    assert jnp.zeros(()).dtype == np.float64
    assert narrow == wide


def test_a_refusal_leaves_the_setting_as_it_was():
    with jax.enable_x64(False):
        with pytest.raises(InputError):
            best_deviation(parametric(PD, 0.5), START, 7)
        assert jnp.zeros(()).dtype == np.float32


def test_numbers_given_in_64_bits_are_kept_where_jax_computes_in_32():
    with jax.enable_x64(False):
        assert float(np.asarray(Logistic((2, 2), 1 / 3).coupling)) == 1 / 3
        assert np.asarray(NormalFormGame([[1 / 3, 0.1]]).tensor).tolist() == [[1 / 3, 0.1]]


LOGITS = [0.0, 1e-8, 0.5, -0.5, 3.0, -20.0, 36.7, -37.5, 50.0, 300.0, -300.0, 700.0, -700.0]


def relative(found, expected):
    """Relative error, in mpmath."""
    return abs(mpmath.mpf(float(found)) - expected) / abs(expected)


@pytest.mark.parametrize("logit", LOGITS)
def test_sigmoid_pair_and_its_derivative_in_both_tails(logit):
    x = jnp.asarray(logit)
    (first, second), (up, down) = jax.jvp(sigmoid_pair, (x,), (jnp.ones(()),))
    reverse = jax.grad(lambda x: sigmoid_pair(x)[1])(x)
    with mpmath.workdps(50):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(logit)))
        q = 1 / (1 + mpmath.exp(mpmath.mpf(logit)))
        for found, expected in [(first, p), (second, q), (up, p * q), (down, -p * q)]:
            assert relative(found, expected) < 1e-13
        assert relative(reverse, -p * q) < 1e-13


@pytest.mark.parametrize("logit", [0.0, 1e-3, 2.0, -5.9, 6.1, -20.0, 20.0, 400.0, -708.0])
def test_sigmoid_pair_is_right_to_rounding_twice_differentiated_too(logit):
    """A twentieth of what the tails' 1e-13 allow, where learning takes millions of steps."""
    x = jnp.asarray(logit)
    first, second = sigmoid_pair(x)
    bent = jax.grad(jax.grad(lambda x: sigmoid_pair(x)[0]))(x)
    with mpmath.workdps(50):
        p, q = (1 / (1 + mpmath.exp(sign * mpmath.mpf(logit))) for sign in (-1, 1))
        assert max(relative(first, p), relative(second, q)) < 2e-15
        assert abs(mpmath.mpf(float(bent)) - p * q * (q - p)) < 5e-15 * p * q


def test_sigmoid_pair_beyond_its_range():
    """It stops shrinking, in 32 bits too, and what is no number stays none."""
    for logit in (709.0, 1e4, np.inf):
        for sign in (-1, 1):
            pair = [float(x) for x in sigmoid_pair(jnp.asarray(sign * logit))]
            assert 2e-308 < min(pair) < 1e-307
            assert pair[0 if sign > 0 else 1] == 1.0
    assert all(np.isnan(float(x)) for x in sigmoid_pair(jnp.asarray(np.nan)))
    single = [float(x) for x in sigmoid_pair(jnp.asarray(200.0, dtype=jnp.float32))]
    assert 0 < single[1] < 1e-37


VECTORS = [
    (0.0, 0.0, 0.0),
    (1.0, -2.0, 0.5),
    (40.0, 0.0, 0.0),
    (40.0, 39.0, 0.0),
    (-40.0, 0.0, -80.0),
    (350.0, -350.0, 0.0),
    (700.0, 0.0, 1.0),
    (-700.0, 0.0, -1.0),
    (-650.0, 3.0, 0.0, 2.0),
]


@functools.partial(jax.jit, static_argnums=0)
def with_jacobians(form, logits):
    """Probabilities, and their Jacobian in forward and in reverse mode."""

    def probabilities(x):
        if form == "stacked":
            return softmax(x)
        return jnp.stack(softmax_unrolled(tuple(x[a] for a in range(len(x)))))

    jacobians = jax.jacfwd(probabilities)(logits), jax.jacrev(probabilities)(logits)
    return probabilities(logits), *jacobians


@pytest.mark.parametrize("form", ["stacked", "unrolled"])
@pytest.mark.parametrize("logits", VECTORS, ids=str)
def test_softmax_and_its_derivatives_keep_their_digits(logits, form):
    found, *jacobians = with_jacobians(form, jnp.asarray(logits))
    with mpmath.workdps(50):
        powers = [mpmath.exp(mpmath.mpf(value)) for value in logits]
        exact = [power / sum(powers) for power in powers]
        for a, p in enumerate(exact):
            assert relative(found[a], p) < 1e-13
            for b, q in enumerate(exact):
                if p * q < mpmath.mpf(1e-300):
                    continue  # below what float64 resolves
                others = sum(r for c, r in enumerate(exact) if c != a)
                expected = p * others if a == b else -p * q
                for jacobian in jacobians:
                    assert relative(jacobian[a, b], expected) < 1e-13
