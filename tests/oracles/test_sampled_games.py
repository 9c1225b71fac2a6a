"""Games played in samples against exact ones: payoffs, probabilities, and what is read."""

import itertools
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.errors import InputError
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.games.stochastic.episodes import Episodes, episode_uniforms
from glasshouse.semantics.policies import (
    AbstractPolicy,
    GruPolicy,
    MirroredWeights,
    MlpPolicy,
    Opaque,
    Scripted,
    TablePolicy,
)

STAGE = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
WAYS = {"opaque": Opaque(), "mirrored": MirroredWeights(0.7)}


def sampled(horizon: int, way: str, **settings) -> gh.SampledParametricGame:
    game = IteratedMatrix(STAGE, horizon=horizon, discount=0.9)
    return gh.SampledParametricGame(game, TablePolicy(game), WAYS[way], **settings)


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(5, 1)), rng.normal(size=(5, 1))


def by_hand(params, coupling: float, horizon: int, discount: float) -> np.ndarray:
    """Payoffs per step by going through all sequences of joint actions; no code is shared."""
    own = [np.asarray(x)[:, 0] for x in params]
    logits = [own[0] + coupling * own[1], own[1] + coupling * own[0]]
    first = [1 / (1 + np.exp(-x)) for x in logits]
    mirrored = {0: 0, 1: 1, 2: 3, 3: 2, 4: 4}  # states as player 2 sees them
    paid = {(0, 0): (-1, -1), (0, 1): (-3, 0), (1, 0): (0, -3), (1, 1): (-2, -2)}
    total = np.zeros(2)
    for sequence in itertools.product(paid, repeat=horizon):
        state, chance, value = 0, 1.0, np.zeros(2)
        for t, (a, b) in enumerate(sequence):
            p, q = first[0][state], first[1][mirrored[state]]
            chance *= (p if a == 0 else 1 - p) * (q if b == 0 else 1 - q)
            value += discount**t * np.array(paid[a, b])
            state = 1 + 2 * a + b
        total += chance * value
    return total / sum(discount**t for t in range(horizon))


@pytest.mark.parametrize("way", WAYS)
def test_estimated_payoffs_are_those_of_all_sequences_within_four_standard_errors(way):
    game, params = sampled(5, way, episodes=40_000), drawn(3)
    coupling = 0.7 if way == "mirrored" else 0.0
    exact = by_hand(params, coupling, 5, 0.9)
    played = game.estimates(params, jax.random.key(4))
    shares = 0.9 ** np.arange(5)
    values = np.tensordot(shares / shares.sum(), played.rewards, axes=1)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert np.all(np.abs(values.mean(axis=0) - exact) < 4 * error)
    assert np.allclose(game.payoffs(params, jax.random.key(4)), values.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_tables_behave_as_the_logistic_semantics_of_the_repeated_game(way):
    coupling = 0.7 if way == "mirrored" else 0.0
    repeated = gh.games.RepeatedGame(STAGE, 0.9)
    family = gh.LogisticFamily(repeated, bound=9.0)
    params = drawn(5)
    behaviours = family(coupling).behaviours(tuple(x[:, 0] for x in params))
    game = sampled(12, way, episodes=64, precision="double")
    played = game.estimates(params, jax.random.key(6))
    seen = np.asarray(played.observations.situations)
    mixes = np.exp(game.log_mixes(params, played))
    for i in range(2):
        assert np.allclose(mixes[..., i, :], np.asarray(behaviours[i])[seen[..., i]], atol=1e-12)


def test_gradients_are_derivatives_of_exact_payoffs_within_four_standard_errors():
    params, draws = drawn(7), 40
    game = sampled(4, "mirrored", episodes=4000)
    estimated = jax.jit(lambda key: game.selfish_gradients(params, key))
    found = np.stack(
        [np.concatenate([np.ravel(x) for x in estimated(jax.random.key(k))]) for k in range(draws)]
    )
    exact = []
    for i, s in itertools.product(range(2), range(5)):
        step = np.zeros((2, 5, 1))
        step[i, s] = 1e-5
        up, down = ([x + sign * d for x, d in zip(params, step, strict=True)] for sign in (1, -1))
        values = [by_hand(x, 0.7, 4, 0.9)[i] for x in (up, down)]
        exact.append((values[0] - values[1]) / 2e-5)
    error = found.std(axis=0, ddof=1) / np.sqrt(draws)
    assert np.all(np.abs(found.mean(axis=0) - exact) < 4 * error)
    assert np.max(np.abs(exact)) > 20 * np.max(error)  # it could be told from zero, and is


@pytest.mark.parametrize("kind", [MlpPolicy, GruPolicy])
def test_networks_probabilities_are_those_with_which_they_played(kind):
    stage = IteratedMatrix(STAGE, horizon=6)
    policy = kind(stage, 5)
    game = gh.SampledParametricGame(stage, policy, MirroredWeights(0.5), precision="double")
    params = tuple(jax.tree.map(lambda x, i=i: x[i], policy.initials(1, 2)) for i in range(2))
    uniforms = episode_uniforms(stage, jax.random.key(2), 50, np.dtype(np.float64))
    played = game.played(params, uniforms)
    first = np.exp(game.log_mixes(params, played))[..., 0]
    # An action is the first one where its uniform number lies below that probability.
    numbers = np.asarray(uniforms).reshape(50, 6, 2).swapaxes(0, 1)
    assert np.array_equal(np.asarray(played.actions) == 0, numbers < first)
    assert 0.05 < np.mean(np.asarray(played.actions)) < 0.95


class Linear(AbstractPolicy):
    """Logits that are linear in features: with one feature for each situation, a table."""

    table: TablePolicy
    actions: int = 2

    words = "linear"
    formula = "o · θ"

    @property
    def space(self):
        return self.table.space

    def begin(self):
        return ()

    def logits(self, weights, memory, seen):
        return seen.features @ jnp.asarray(weights), ()

    def initials(self, seed, count):
        return self.table.initials(seed, count)

    @classmethod
    def example(cls, game):
        return cls(table=TablePolicy(game), actions=2)


@pytest.mark.parametrize("way", WAYS)
def test_tables_made_once_play_as_policies_that_are_asked_at_every_step(way):
    """To the bit, and scripts beside them."""
    game, params = sampled(6, way, episodes=64), drawn(9)
    asked = gh.SampledParametricGame(
        game.game, Linear.example(game.game), game.transparency, episodes=64
    )
    lines = [(game, asked, params)]
    if way == "opaque":
        scripts = [Scripted(game.game, "gtft"), Linear.example(game.game)]
        line_up = (scripts[0], game.policies[1])
        lines += [
            (
                gh.SampledParametricGame(game.game, line_up, episodes=64),
                gh.SampledParametricGame(game.game, scripts, episodes=64),
                (np.zeros(0), params[1]),
            )
        ]
    for one, other, at in lines:
        found = [x.estimates(at, jax.random.key(8)) for x in (one, other)]
        assert jax.tree.all(jax.tree.map(np.array_equal, *found))


def test_shared_rewards_pay_everybody_the_sum():
    own, both = (
        IteratedMatrix(STAGE, horizon=3, rewards=kind) for kind in ("own", [[1, 1], [0, 1]])
    )
    state, actions = own.begin(jnp.zeros(0)), jnp.array([0, 1])
    paid = [game.step(state, actions, jax.random.key(0))[1].tolist() for game in (own, both)]
    assert paid == [[-3.0, 0.0], [-3.0, 0.0]]
    actions = jnp.array([1, 0])
    paid = [game.step(state, actions, jax.random.key(0))[1].tolist() for game in (own, both)]
    assert paid == [[0.0, -3.0], [-3.0, -3.0]]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: IteratedMatrix(STAGE, horizon=0), "horizon"),
        (lambda: IteratedMatrix(STAGE, ending="over"), "'truncated'"),
        (lambda: IteratedMatrix(STAGE, rewards=[[1.0, np.nan], [0, 1]]), "finite"),
        (lambda: IteratedMatrix(STAGE, discount=1.5), "discount"),
        (lambda: IteratedMatrix(cast(Any, "chicken")), "normal form"),
        (lambda: sampled(3, "opaque", episodes=1), "episodes"),
        (lambda: sampled(3, "opaque", precision="half"), "'single' or 'double'"),
        (lambda: sampled(3, "opaque").payoffs(drawn(0)), "needs a key"),
        (lambda: gh.SampledParametricGame(cast(Any, STAGE), ()), "ParametricGame"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(wrong, said):
    with pytest.raises(InputError, match=said) as error:
        wrong()
    assert "\n" not in str(error.value)


def test_exact_analyses_refuse_sampled_games_by_name():
    game = sampled(3, "opaque")
    with pytest.raises(InputError, match="the mean of 128 episodes"):
        gh.analysis.best_deviation(cast(Any, game), drawn(0), 0)


def test_scores_of_enumerated_episodes_are_the_exact_gradient():
    params = drawn(9)
    game = sampled(3, "mirrored", precision="double")
    sequences = np.array(list(itertools.product(itertools.product(range(2), repeat=2), repeat=3)))
    actions = sequences.swapaxes(0, 1)
    stage = game.game
    states = np.zeros((4, len(sequences)), np.int32)
    for t in range(3):
        states[t + 1] = 1 + 2 * actions[t, :, 0] + actions[t, :, 1]
    look = jax.vmap(jax.vmap(stage.observe))
    seen = look(jnp.asarray(states))
    paid = np.asarray(STAGE.tensor)[:, actions[..., 0], actions[..., 1]]
    played = Episodes(
        jax.tree.map(lambda x: x[:3], seen),
        jnp.asarray(actions),
        jnp.asarray(np.moveaxis(paid, 0, -1)),
        {},
        jax.tree.map(lambda x: x[3], seen),
    )
    chance = np.exp(np.asarray(game.log_probabilities(params, played)).sum(axis=(0, 2)))
    assert chance.sum() == pytest.approx(1, abs=1e-13)
    shares = 0.9 ** np.arange(3) / sum(0.9 ** np.arange(3))
    onward = np.cumsum((np.asarray(played.rewards) * shares[:, None, None])[::-1], axis=0)[::-1]
    weights = onward * chance[:, None] * len(sequences)
    found = jax.jit(lambda x: game.scores(params, played, x))(jnp.asarray(weights))

    def value(x, player):  # another path: forward through states, differentiated
        own = [x[0] + 0.7 * x[1], x[1] + 0.7 * x[0]]
        first = [jax.nn.sigmoid(logit[:, 0]) for logit in own]
        q = first[1][jnp.array([0, 1, 3, 2, 4])]
        p = first[0]
        joint = jnp.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=1)
        at, total = jnp.eye(5)[0], 0.0
        for share in shares:
            shares_of_actions = at @ joint
            total += share * shares_of_actions @ jnp.asarray(STAGE.tensor)[player].ravel()
            at = jnp.concatenate([jnp.zeros(1), shares_of_actions])
        return total

    params = tuple(map(jnp.asarray, params))
    slopes = jax.jit(jax.grad(value), static_argnums=1)
    for i in range(2):
        assert np.allclose(found[i], slopes(params, i)[i], atol=1e-12, rtol=0)
