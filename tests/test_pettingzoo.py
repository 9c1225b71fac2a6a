"""Games in steps to and from PettingZoo, judged by its own tests."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from glasshouse.errors import InputError
from glasshouse.games.stochastic import CoinGame, Commons, IteratedMatrix
from glasshouse.games.stochastic.episodes import episode_uniforms, play_episodes
from glasshouse.interop import HostGame, to_pettingzoo

pettingzoo: Any = pytest.importorskip("pettingzoo")


@pytest.mark.parametrize(
    "game", [CoinGame(horizon=20), Commons(3, horizon=5, ending="ended")], ids=lambda x: x.name
)
def test_games_pass_the_tests_of_parallel_environments(game):
    from pettingzoo.test import parallel_api_test, parallel_seed_test

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(to_pettingzoo(game), num_cycles=30)
        parallel_seed_test(lambda: to_pettingzoo(game), num_cycles=12)


def test_an_episode_is_over_at_the_horizon_in_the_way_the_game_says():
    for ending, flags in (("truncated", (False, True)), ("ended", (True, False))):
        environment: Any = to_pettingzoo(Commons(horizon=2, ending=ending))
        environment.reset(seed=3)
        greedy = {"player_1": 1, "player_2": 0}
        assert environment.step(greedy)[2:4] == ({"player_1": False, "player_2": False},) * 2
        seen, paid, *ends, infos = environment.step(greedy)
        assert tuple(x["player_1"] for x in ends) == flags
        assert environment.agents == []
        assert paid == pytest.approx({"player_1": 1.6, "player_2": 0.4}, abs=1e-6)
        assert np.argmax(seen["player_1"]) == infos["player_1"]["situation"]
        assert infos["player_1"]["exploits"] == 1.0


def test_there_and_back_is_the_same_game():
    """A stage game and players who look at the last round: nothing is left to chance."""
    game = IteratedMatrix.example()
    host = HostGame(lambda: to_pettingzoo(game), horizon=8)

    def act(memory, seen):  # repeats what the other did last; player 2 begins with action 1
        other = jnp.argmax(seen.features, axis=1) - 1
        first = jnp.where(jnp.arange(2) == 0, 0, 1)
        action = jnp.where(other < 0, first, other % 2)
        return jnp.log(jax.nn.one_hot(action, 2)), memory

    found = []
    for own in (game, host):
        uniforms = episode_uniforms(own, jax.random.key(1), 3, jnp.dtype(jnp.float32))
        found.append(jax.jit(lambda rows, own=own: play_episodes(own, act, (), rows))(uniforms))
    direct, back = found
    assert np.array_equal(direct.actions, back.actions)
    assert np.array_equal(direct.rewards, back.rewards)
    assert np.array_equal(direct.observations.features, back.observations.features)
    assert np.array_equal(direct.actions[:, 0, 0], [0, 1] * 4)


def test_steps_on_the_host_are_pure():
    """The same step from the same state is the same, whatever was asked meanwhile."""
    host = HostGame(lambda: to_pettingzoo(CoinGame()), horizon=6)
    state = host.reset(jax.random.key(2))
    nothing = jnp.zeros(0)
    first = host.move(state, jnp.array([0, 1]), nothing)
    host.move(first[0], jnp.array([2, 2]), nothing)
    host.move(state, jnp.array([3, 1]), nothing)
    again = host.move(state, jnp.array([0, 1]), nothing)
    for x, y in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True):
        assert np.array_equal(x, y)


def leaving(after: int, early: bool = False):
    """An environment whose second agent leaves, or pays what no number is."""
    from gymnasium import spaces

    class Leaving(pettingzoo.ParallelEnv):
        metadata = {"name": "leaving"}  # noqa: RUF012
        possible_agents = ["a", "b"]  # noqa: RUF012

        def observation_space(self, agent):
            return spaces.Discrete(3)

        def action_space(self, agent):
            return spaces.Discrete(2) if not early else spaces.Box(0, 1)

        def reset(self, seed=None, options=None):
            self.agents, self.time = ["a", "b"], 0
            return dict.fromkeys(self.agents, 0), {}

        def step(self, actions):
            self.time += 1
            seen, paid = dict.fromkeys(self.agents, 1), dict.fromkeys(self.agents, 1.0)
            self.agents = ["a"] if self.time >= after else self.agents
            return seen, paid, {}, {}, {}

    return Leaving


def turns():
    """Of the kind in which agents act one after the other."""
    return pettingzoo.utils.conversions.parallel_to_aec(to_pettingzoo(CoinGame()))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: HostGame(leaving(2), 5), r"agents of leaving change, \['b'\] among them"),
        (lambda: HostGame(leaving(9, early=True), 5), "actions that are not counted"),
        (lambda: HostGame(leaving(9), 0), "horizon=0 must be"),
        (lambda: HostGame(turns, 5), "no parallel environment of PettingZoo: take"),
        (lambda: HostGame(leaving(9), 5).beginnings(), "are not counted: play it in samples"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(build, words):
    with pytest.raises(InputError, match=words) as caught:
        build()
    assert "\n" not in str(caught.value)
