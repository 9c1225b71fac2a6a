"""Every network game keeps its promises: effects are derivatives, ranges are exact."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse.games import AbstractNetworkGame
from glasshouse.games.network.registry import NETWORK_GAMES

each_game = pytest.mark.parametrize("name", sorted(NETWORK_GAMES))


def example(name: str) -> AbstractNetworkGame:
    return NETWORK_GAMES[name].example()


def random_mixes(game: AbstractNetworkGame, seed: int = 0) -> jax.Array:
    rng = np.random.default_rng(seed)
    return jnp.asarray(rng.dirichlet(np.ones(game.actions), game.players))


def all_pairs(players: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(list(itertools.permutations(range(players), 2)))
    return pairs[:, 0], pairs[:, 1]


def test_there_are_network_games_to_look_at():
    assert {"pairwisegame", "globalpublicgoods", "neighbourhoodpublicgoods"} <= set(NETWORK_GAMES)


@each_game
def test_payoffs_are_those_of_pure_profiles_averaged(name):
    game = example(name)
    mixes = random_mixes(game)
    expected = np.zeros(game.players)
    for profile in itertools.product(range(game.actions), repeat=game.players):
        weight = np.prod([mixes[i, a] for i, a in enumerate(profile)])
        expected += weight * np.asarray(game.payoffs(jnp.eye(game.actions)[np.array(profile)]))
    assert np.allclose(game.payoffs(mixes), expected, rtol=1e-12, atol=1e-13)


@each_game
def test_effects_are_differences_of_payoffs(name):
    """Payoffs are linear in one player's mix, so that whole steps give the derivative exactly."""
    game = example(name)
    mixes = random_mixes(game, 1)
    own, cross = game.own_effects(mixes), game.cross_effects(mixes)
    payees, movers = all_pairs(game.players)
    met = dict(zip(zip(payees, movers, strict=True), game.meetings(payees, movers), strict=True))
    for j in range(game.players):
        for a in range(1, game.actions):
            first, other = (mixes.at[j].set(jnp.eye(game.actions)[b]) for b in (0, a))
            change = game.payoffs(first) - game.payoffs(other)
            assert float(own[j, 0] - own[j, a]) == pytest.approx(float(change[j]), abs=1e-12)
            for i in set(range(game.players)) - {j}:
                expected = met[i, j] * (cross[i, 0] - cross[i, a])
                assert float(expected) == pytest.approx(float(change[i]), abs=1e-12)


@each_game
def test_payoff_ranges_are_those_over_all_pure_profiles(name):
    game = example(name)
    profiles = np.array(list(itertools.product(range(game.actions), repeat=game.players)))
    paid = jax.vmap(game.payoffs)(jnp.eye(game.actions)[profiles])
    expected = paid.max(axis=0) - paid.min(axis=0)
    assert np.allclose(game.payoff_ranges, expected, rtol=1e-12)


@each_game
def test_a_game_works_without_its_numbers_being_known(name):
    """Under jit everything about it is traced but the numbers of players and actions."""
    game = example(name)
    mixes = random_mixes(game)
    found = jax.jit(lambda game, x: (game.payoffs(x), game.payoff_ranges))(game, mixes)
    assert np.allclose(found[0], game.payoffs(mixes), rtol=1e-12)
    assert np.allclose(found[1], game.payoff_ranges, rtol=1e-12)
