"""Every policy and every way of reading weights keeps to what it says, and to given seeds."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.games.stochastic import CoinGame, IteratedMatrix
from glasshouse.semantics.policies import GruPolicy, TablePolicy
from glasshouse.semantics.policies.base import count_logits, log_mix
from glasshouse.semantics.policies.registry import POLICIES, TRANSPARENCIES

GAMES = {"two actions": IteratedMatrix.example(), "four": CoinGame.example()}

each_policy = pytest.mark.parametrize("policy_name", sorted(POLICIES))
each_game = pytest.mark.parametrize("game_name", GAMES)
each_way = pytest.mark.parametrize("way", sorted(TRANSPARENCIES))


@functools.cache
def some(game_name):
    """A few things that a player may see."""
    game = GAMES[game_name]
    return jax.vmap(lambda key: game.observe(game.reset(key)).of(0))(
        jax.random.split(jax.random.key(1), 5)
    )


def leaves(tree):
    return [np.asarray(x) for x in jax.tree.leaves(tree)]


@each_policy
def test_the_kth_start_is_the_same_however_many_there_are(policy_name):
    policy = POLICIES[policy_name].example(GAMES["four"])
    few, many = policy.initials(3, 2), policy.initials(3, 5)
    assert jax.tree.structure(few) == jax.tree.structure(policy.space.lower)
    for some, more, low in zip(leaves(few), leaves(many), leaves(policy.space.lower), strict=True):
        assert some.shape == (2, *low.shape)
        assert np.array_equal(some, more[:2])
    others = [np.array_equal(x[0], x[1]) for x in leaves(many) if x.size]
    assert not others or not all(others)
    assert policy.space.contains(jax.tree.map(lambda x: x[0], many))


@each_policy
@each_game
def test_logits_give_probabilities_and_memory_keeps_its_form(policy_name, game_name):
    policy, game = POLICIES[policy_name].example(GAMES[game_name]), GAMES[game_name]
    weights = jax.tree.map(lambda x: x[0], policy.initials(4, 1))

    def once(seen):
        logits, memory = policy.logits(weights, policy.begin(), seen)
        again, later = policy.logits(weights, memory, seen)
        return logits, again, memory, later

    logits, _, memory, later = jax.vmap(once)(some(game_name))
    assert logits.shape == (5, count_logits(game.actions[0]))
    assert np.allclose(np.exp(log_mix(logits)).sum(axis=-1), 1.0, rtol=0, atol=1e-6)
    begun = policy.begin()
    for kept in (memory, later):
        assert jax.tree.structure(kept) == jax.tree.structure(begun)
        shapes = [(5, *np.shape(x)) for x in jax.tree.leaves(begun)]
        assert [x.shape for x in leaves(kept)] == shapes


@each_way
@pytest.mark.parametrize("kind", [TablePolicy, GruPolicy])
def test_weights_move_whom_they_are_said_to_move(way, kind):
    """Another's weights move my logits where weights are read, and nowhere else."""
    game, transparency = GAMES["two actions"], TRANSPARENCIES[way].example()
    sampled = gh.SampledParametricGame(game, kind.example(game), transparency, episodes=2)
    params = tuple(jax.tree.map(lambda x: x[1], kind.example(game).initials(k, 2)) for k in (0, 1))
    key = jax.random.key(2)
    played = sampled.estimates(params, key)
    changed = (params[0], jax.tree.map(lambda x: x + 0.5, params[1]))
    before, after = (np.asarray(sampled.log_mixes(x, played)) for x in (params, changed))
    assert np.array_equal(before[:, :, 0], after[:, :, 0]) != transparency.reads
    assert not np.array_equal(before[:, :, 1], after[:, :, 1])
    begun = transparency.begin(sampled.policies)
    own = tuple(map(functools.partial(jax.tree.map, jnp.asarray), params))
    seen = jax.tree.map(lambda x: jnp.asarray(x[0, 0]), played.observations)
    logits, kept = transparency.logits(sampled.policies, own, (own, own), begun, seen)
    assert logits.shape == (2, 1)
    assert jax.tree.structure(kept) == jax.tree.structure(begun)
