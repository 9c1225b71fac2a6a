"""Every game in steps is pure, counts its states rightly, and says truly what chance can do."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse._foundation.declared import settings_of
from glasshouse.games.stochastic import CoinGame, Commons
from glasshouse.games.stochastic.registry import GIVEN_TO_STEPS, STOCHASTIC
from glasshouse.games.stochastic.scripted import scripts_of

COPIES, STEPS = 128, 12

MORE = {
    "double-stay": lambda: CoinGame("double-stay", 2, memory=True, rewards="shared"),
    "single": lambda: CoinGame(grid=4, horizon=8),
    "double": lambda: CoinGame("double", egocentric=False, worths=(1.0, 0.5)),
    "six sharers": lambda: Commons(6, horizon=8),
}
BY_NIGHT = {"single", "double", "six sharers"}
each_game = pytest.mark.parametrize(
    "name",
    [
        pytest.param(x, marks=pytest.mark.slow if x in BY_NIGHT else ())
        for x in (*sorted(STOCHASTIC), *MORE)
    ],
)


@functools.cache
def game_of(name) -> Any:
    return MORE[name]() if name in MORE else STOCHASTIC[name].example()


@functools.cache
def played(name):
    """States, actions, rewards, events and what is seen, of many copies, actions drawn alike."""
    game = game_of(name)

    def step(state, key):
        first, second = jax.random.split(key)
        actions = jax.random.randint(first, (game.players,), 0, game.actions[0])
        moved, paid, events = game.step(state, actions, second)
        return moved, (state, actions, paid, events, game.observe(state), game.index(state))

    def episode(key):
        keys = jax.random.split(key, STEPS + 1)
        return jax.lax.scan(step, game.reset(keys[0]), keys[1:])[1]

    return jax.tree.map(
        np.asarray, jax.jit(jax.vmap(episode))(jax.random.split(jax.random.key(3), COPIES))
    )


def flat_of(tree):
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), tree)


@each_game
def test_what_players_see_and_are_paid_has_the_shapes_and_ranges_it_says(name):
    game = game_of(name)
    _, _, paid, events, seen, index = played(name)
    assert paid.shape == (COPIES, STEPS, game.players)
    assert seen.features.shape == (COPIES, STEPS, game.players, game.features)
    assert all(np.isfinite(x).all() for x in (paid, seen.features, *events.values()))
    assert all(set(np.unique(x)) <= {0.0, 1.0} for x in events.values())
    assert 0 <= seen.situations.min() <= seen.situations.max() < game.situations
    assert 0 <= index.min() <= index.max() < game.states
    assert game.players == len(game.actions)


@each_game
def test_the_number_of_a_situation_says_as_much_as_the_features(name):
    *_, seen, _ = played(name)
    features = seen.features.reshape(-1, seen.features.shape[-1])
    numbers = seen.situations.ravel()
    pairs = {(int(k), row.tobytes()) for k, row in zip(numbers, features, strict=True)}
    assert len(pairs) == len({k for k, _ in pairs}) == len({row for _, row in pairs})


@each_game
def test_numbers_of_states_and_states_are_one_to_one(name):
    game = game_of(name)
    asked = np.unique(np.linspace(0, game.states - 1, 5000).astype(np.int32))
    found = jax.jit(jax.vmap(lambda k: game.index(game.state_at(k))))(asked)
    assert np.array_equal(found, asked)
    states, index = flat_of(played(name)[0]), played(name)[-1].ravel()
    again = jax.jit(jax.vmap(game.state_at))(index)
    assert all(
        np.array_equal(x, y)
        for x, y in zip(jax.tree.leaves(states), jax.tree.leaves(again), strict=True)
    )


@each_game
def test_chance_is_enumerated_as_it_is_drawn(name):
    """Frequencies of next states, within five standard deviations, from where most can happen."""
    game = game_of(name)
    states, actions, *_ = (flat_of(x) for x in played(name)[:2])
    some = jax.tree.map(lambda x: x[:200], (states, actions))
    every = jax.jit(jax.vmap(game.branches))(*some)
    assert np.allclose(every.weights.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert (np.asarray(every.weights) >= 0).all()
    assert every.uniforms.shape[2] == game.draws[1]
    assert ((every.uniforms >= 0) & (every.uniforms < 1)).all()
    widest = int(np.argmax((np.asarray(every.weights) > 0).sum(axis=1)))
    state, action = jax.tree.map(lambda x: jnp.asarray(x[widest]), some)
    advance = jax.jit(jax.vmap(lambda row: game.index(game.advance(state, action, row)[0])))
    wanted = np.bincount(advance(every.uniforms[widest]), every.weights[widest], game.states)
    draws = 4000
    uniforms = np.random.default_rng(5).random((draws, game.draws[1]))
    counts = np.bincount(advance(uniforms), minlength=game.states)
    error = np.sqrt(draws * wanted * (1 - wanted))
    assert (np.abs(counts - draws * wanted) <= 5 * error + 1e-9).all()


@each_game
def test_episodes_begin_as_the_enumeration_says(name):
    game = game_of(name)
    every = game.beginnings()
    assert float(every.weights.sum()) == pytest.approx(1.0, abs=1e-12)
    assert every.uniforms.shape == (len(every.weights), game.draws[0])
    begin = jax.jit(jax.vmap(lambda row: game.index(game.begin(row))))
    wanted = np.bincount(begin(every.uniforms), every.weights, game.states)
    drawn = begin(np.random.default_rng(6).random((4000, game.draws[0])))
    assert (wanted[np.asarray(drawn)] > 0).all()
    assert np.all(wanted <= 1)


@each_game
def test_steps_are_pure(name):
    """The same numbers give the same step, compiled or not, and leave the state as it was."""
    game = game_of(name)
    key = jax.random.key(11)
    state = game.reset(key)
    before = jax.tree.map(np.array, state)
    actions = jnp.zeros(game.players, jnp.int32)
    plain, compiled = game.step(state, actions, key), eqx.filter_jit(game.step)(state, actions, key)
    for x, y in zip(jax.tree.leaves(plain), jax.tree.leaves(compiled), strict=True):
        assert np.array_equal(x, y)
        assert x.dtype == y.dtype
    for x, y in zip(jax.tree.leaves(before), jax.tree.leaves(state), strict=True):
        assert np.array_equal(x, y)


@pytest.mark.parametrize("name", sorted(STOCHASTIC))
def test_studies_can_write_every_setting(name):
    cls = STOCHASTIC[name]
    settings = settings_of(cls, GIVEN_TO_STEPS)
    assert {"horizon", "discount", "ending", "rewards"} <= set(settings)
    assert cls.example().name.endswith("-v0")
    assert "random" in scripts_of(cls.example())
