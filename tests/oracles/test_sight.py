"""Learners who do not see exactly where the others are, against what they are told to see."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtri
from tests.oracles.test_rules import TANDEM

import glasshouse as gh
from glasshouse._foundation.random import key_normals, key_uniforms
from glasshouse.dynamics import Learning, Rest, Starts, learn
from glasshouse.games import NormalFormGame, RepeatedGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import (
    FittedView,
    FullView,
    Gradient,
    GuessedView,
    Lola,
    NoisyView,
    NoView,
    PerPlayer,
    Seeing,
)
from glasshouse.semantics import Logistic

KEY = jax.random.key(3, impl="threefry2x32")
HERE = (0.7, -0.4)


@eqx.filter_jit
def directions(rule, game, params, key):
    state = rule.init(game, params, key)
    return jnp.stack(rule.direction(game, params, state, key)[0])


def directed(rule, game=TANDEM, params=HERE, key=None):
    with jax.enable_x64(True):
        return np.asarray(directions(rule, game, tuple(map(jnp.asarray, params)), key))


def tandem_lola(x, y, alpha=0.1):
    """ξ + α H_o ξ + α χ by hand: U_i = -(x + y)² + 2θ_i, so ξ_i = 2 - 2z and H_o = -2."""
    z = x + y
    return 2 - 2 * z + alpha * -2 * (2 - 2 * z) + alpha * -2 * (-2 * z)


def test_numbers_of_a_key_depend_on_nothing_else():
    """Neither on how many are asked for, nor on how JAX draws arrays."""
    with jax.enable_x64(True):
        many = np.asarray(key_uniforms(KEY, 4000))
        np.testing.assert_array_equal(key_uniforms(KEY, 7), many[:7])
        usual = jax.config.jax_threefry_partitionable  # pyright: ignore[reportAttributeAccessIssue]
        with jax.threefry_partitionable(not usual):
            np.testing.assert_array_equal(jax.jit(key_uniforms, static_argnums=1)(KEY, 7), many[:7])
        np.testing.assert_allclose(key_normals(KEY, 7), ndtri(many[:7]), rtol=1e-12)
    assert 0 < many.min() < 1e-2 < 1 - 1e-2 < many.max() < 1
    assert abs(many.mean() - 0.5) < 4 / np.sqrt(12 * 4000)
    assert abs(np.corrcoef(many[1:], many[:-1])[0, 1]) < 4 / np.sqrt(4000)


def test_each_learns_as_if_the_others_were_where_it_sees_them():
    x, y = HERE
    full = directed(Seeing(Lola(0.1), FullView()))
    np.testing.assert_allclose(full, [tandem_lola(x, y)] * 2, rtol=0, atol=1e-14)
    none = directed(Seeing(Lola(0.1), NoView()))
    np.testing.assert_allclose(none, [tandem_lola(x, 0), tandem_lola(0, y)], rtol=0, atol=1e-14)
    for still in (NoisyView(0.0), NoisyView(0.0, "once"), GuessedView(0.0)):
        found = directed(Seeing(Lola(0.1), still), key=KEY)
        right = none if isinstance(still, GuessedView) else full
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-14)


def noise_seen(view, keys):
    """What tandem's players take the other's parameter for, from their gradients 2 - 2(x + y)."""
    rule = Seeing(Gradient(), view)
    with jax.enable_x64(True):
        each = jax.vmap(lambda key: directions(rule, TANDEM, tuple(map(jnp.asarray, HERE)), key))
        return (2 - np.asarray(each(keys))) / 2 - np.sum(HERE)


def test_noise_is_independent_and_scales():
    keys = jax.random.split(KEY, 400)
    drawn = noise_seen(NoisyView(1.0), keys)
    np.testing.assert_allclose(noise_seen(NoisyView(2.0), keys), 2 * drawn, rtol=0, atol=1e-13)
    assert np.abs(drawn.mean(0)).max() < 4 / np.sqrt(400)
    assert np.abs(drawn.var(0) - 1).max() < 4 * np.sqrt(2 / 400)
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(400)


def test_what_is_drawn_once_stays_and_may_rest():
    """Noise b in what each sees shifts where it rests: 2 - 2(x + y + b) = 0 where all see alike."""
    rule = Seeing(Gradient(), NoisyView(1.0, "once"))
    with jax.enable_x64(True):
        params = tuple(map(jnp.asarray, HERE))
        state = rule.init(TANDEM, params, KEY)
        steps = [rule.direction(TANDEM, params, state, jax.random.fold_in(KEY, k)) for k in (0, 1)]
        rest = np.stack(rule.resting_direction(TANDEM, params, state, None))
    np.testing.assert_array_equal(np.stack(steps[0][0]), np.stack(steps[1][0]))
    np.testing.assert_array_equal(np.stack(steps[0][0]), rest)
    anew = Seeing(Gradient(), NoisyView(1.0))
    truth = anew.resting_direction(TANDEM, HERE, anew.init(TANDEM, HERE, KEY))
    np.testing.assert_allclose(np.stack(truth), [2 - 2 * sum(HERE)] * 2, rtol=0, atol=1e-14)


@pytest.mark.parametrize("view", [NoisyView(1.0), GuessedView(1.0)])
def test_a_run_draws_the_same_however_many_there_are(view):
    line_up = PerPlayer((Seeing(Lola(0.1), view), Gradient()))

    def ends(runs, seed=5):
        return learn([TANDEM], Learning(line_up, 0.1, 5, starts=Starts(runs), seed=seed)).params

    few, many, other = ends(3), ends(9), ends(3, 6)
    for one, same, different in zip(few, many, other, strict=True):
        np.testing.assert_array_equal(one, same[:, :3])
        assert np.abs(one - different).max() > 1e-3


def matching(coupling=0.0, discount=None):
    game: Any = NormalFormGame([[[1.0, -1.0], [0.0, 2.0]], [[0.0, 1.0], [1.0, 0.0]]])
    game = game if discount is None else RepeatedGame(game, discount)
    return ParametricGame(game, Logistic(game, coupling, 8.0))


@eqx.filter_jit
def looked(view, game, params):
    seen = view.look(game, params, None, KEY)
    return [seen[i][1 - i] for i in (0, 1)]


def seen(view, game, params):
    with jax.enable_x64(True):
        return [np.asarray(x) for x in looked(view, game, tuple(map(jnp.asarray, params)))]


def test_many_episodes_show_where_the_other_is():
    """To within what the number of visits allows, also for who is read by the other."""
    first, second = np.array([0.4, 1.0, -0.5, 0.3, -1.0]), np.array([-0.2, 0.5, 0.8, -0.6, 0.1])
    for game, params in (
        (matching(0.5), (0.7, -0.4)),
        (matching(0.5, 0.8), (first, second)),
    ):
        found = seen(FittedView(20_000), game, params)
        for one, right in zip(found, params[::-1], strict=True):
            np.testing.assert_allclose(one, right, rtol=0, atol=0.12)
    game = ParametricGame(
        matching(0.0, 0.8).game, Logistic(matching(0.0, 0.8).game, 0.3, 8.0, reading="state")
    )
    for one, right in zip(
        seen(FittedView(20_000), game, (first, second)), (second, first), strict=True
    ):
        np.testing.assert_allclose(one, right, rtol=0, atol=0.12)


def test_what_is_never_visited_looks_neutral():
    """At discount 0 only the start is; and one episode there is one action, which counts as 1 of
    1½, so that a logit is ±log 2."""
    params = (np.full(5, 1.5), np.full(5, -1.5))
    for found in seen(FittedView(1), matching(0.0, 0.0), params):
        np.testing.assert_allclose(np.abs(found), [np.log(2), 0, 0, 0, 0], rtol=0, atol=1e-15)


def test_what_cannot_be_seen_or_drawn_is_said():
    text: Any = "noisy"
    anew = Seeing(Lola(), NoisyView())
    family = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)
    for wrong, said in (
        (lambda: gh.run(TANDEM, anew, steps=1, step_size=0.1), r"LOLA sees \(noise\) is drawn"),
        (lambda: gh.first_movement(family, rule=anew), "no key to draw with"),
        (lambda: Learning(anew, stop=Rest()), "draws at every step, and so never rests"),
        (lambda: Seeing(Lola(), text), "view must say what players see"),
        (lambda: NoisyView(drawn="often"), "must be 'every step' or 'once'"),
        (lambda: NoisyView(-1.0), "scale"),
        (lambda: FittedView(0), "episodes"),
        (lambda: directed(Seeing(Lola(), FittedView()), key=KEY), "DifferentiableGame is not"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()
    Learning(Seeing(Lola(), NoisyView(1.0, "once")), stop=Rest())
