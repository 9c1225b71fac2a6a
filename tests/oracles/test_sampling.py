"""First movements, sensitivities and access by sampling against exact ones by enumeration."""

import functools
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse import analysis
from glasshouse.analysis.sampling.estimates import jackknifed, products_of_means
from glasshouse.channels import OneSided
from glasshouse.errors import InputError
from glasshouse.games.stochastic import CoinGame, IteratedMatrix
from glasshouse.rules import Lola
from glasshouse.semantics.policies import (
    AbstractTransparency,
    GruPolicy,
    MirroredWeights,
    Opaque,
    ProjectedWeights,
    TablePolicy,
)

STAGE = gh.load_game("prisoners_dilemma")
SHARES = 0.96 ** np.arange(4) / np.sum(0.96 ** np.arange(4))
SEEN_BY_OTHER = np.array([0, 1, 3, 2, 4])
KAPPA = 0.5


def sampled(transparency: AbstractTransparency = MirroredWeights(KAPPA), horizon=4, **settings):
    game = IteratedMatrix(STAGE, horizon=horizon)
    return gh.SampledParametricGame(game, TablePolicy(game), transparency, **settings)


@functools.cache
def drawn(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(5, 1)), rng.normal(size=(5, 1))


def followed(logits):
    """Payoffs, mean cooperation and visits through all states; no code is shared."""
    p, q = (jax.nn.sigmoid(x) for x in logits)
    q = q[SEEN_BY_OTHER]
    joint = jnp.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=1)
    at, paid, cooperation, visits = jnp.eye(5)[0], jnp.zeros(2), 0.0, jnp.zeros(5)
    for share in SHARES:
        done = at @ joint
        paid += share * jnp.asarray(STAGE.tensor).reshape(2, 4) @ done
        cooperation += share * at @ (p + q) / 2
        visits += share * at
        at = jnp.concatenate([jnp.zeros(1), done])
    return paid, cooperation, visits


@functools.cache
def exact(seed=0, kappa=KAPPA):
    """The parts of all selfish gradients and of the first movement, owners and readers."""
    with jax.enable_x64(True):
        own = [jnp.asarray(x[:, 0]) for x in drawn(seed)]
        logits = (own[0] + kappa * own[1], own[1] + kappa * own[0])
        paid = jax.jacrev(lambda x: followed(x)[0])(logits)
        rises = jax.grad(lambda x: followed(x)[1])(logits)
        moves = np.array([[1, kappa], [kappa, 1]])
        through = np.array([[moves[i, j] * paid[j][i] for j in range(2)] for i in range(2)])
        steepest = np.array([sum(moves[i, j] * rises[j] for j in range(2)) for i in range(2)])
        visits = np.asarray(followed(logits)[2])
        slopes = [np.asarray(jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)) for x in logits]
    return through, np.einsum("is,ijs->ij", steepest, through), visits, slopes


def test_first_movement_and_its_parts_are_the_exact_ones_within_four_standard_errors():
    _, margins, visits, slopes = exact()
    found = analysis.sensitivity(sampled(), drawn(), key=jax.random.key(1))
    assert np.all(np.abs(found.margins - margins) < 4 * found.margin_errors)
    assert abs(found.margin.value - margins.sum()) < 4 * found.margin.standard_error
    assert np.all(np.abs(margins) > 8 * found.margin_errors)  # each is told from zero
    assert found.movement == "rises"
    seen = [visits, visits[SEEN_BY_OTHER]]
    moves = np.array([[1, KAPPA], [KAPPA, 1]])
    norms = [[moves[i, j] * np.sqrt(seen[j] @ slopes[j] ** 2) for j in range(2)] for i in range(2)]
    assert np.all(np.abs(found.norms - norms) < 4 * found.norm_errors)
    assert np.allclose(found.access, moves, atol=1e-6)
    assert np.allclose(found.fidelity, 1.0, atol=1e-6)
    assert len(found.pairs) == 4


def test_selfish_gradients_are_told_apart_by_reader_within_four_standard_errors():
    through = exact()[0]
    found = analysis.selfish_parts(sampled(), drawn(), key=jax.random.key(2), episodes=16_384)
    pairs = [(found.own, found.own_errors, 0), (found.reading, found.reading_errors, 1)]
    for parts, errors, k in pairs:
        for i in range(2):
            wanted = through[i, i if k == 0 else 1 - i]
            assert np.all(np.abs(parts[i][:, 0] - wanted) < 4 * errors[i][:, 0])
            assert np.max(np.abs(wanted) / errors[i][:, 0]) > 20
    blind = analysis.selfish_parts(sampled(Opaque()), drawn(), key=jax.random.key(2), episodes=64)
    assert not any(np.any(x) for x in (*blind.reading, *blind.reading_errors))


def test_intervals_hold_the_exact_value_as_often_as_they_say():
    wanted = exact()[1].sum()
    margins = [
        gh.first_order_margin(sampled(), drawn(), key=jax.random.key(k), episodes=1024)
        for k in range(200)
    ]
    values, errors = np.array([[x.value, x.standard_error] for x in margins]).T
    hits = np.abs(values - wanted) < 2 * errors
    assert 180 <= hits.sum() <= 199  # 191 are expected, and fewer than 180 in one of 10^4
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)
    assert abs(np.mean(values) - wanted) < 4 * np.std(values) / np.sqrt(200)


def test_cooperation_pays_from_three_sevenths_on_at_the_neutral_point():
    found = gh.first_movement(
        lambda coupling: sampled(MirroredWeights(coupling)), key=jax.random.key(3)
    )
    error = found.settings["standard_error"]
    assert found.value is not None
    assert found.lower is not None
    assert found.upper is not None
    assert abs(found.value - 3 / 7) < 4 * error < 0.1
    assert found.holds == "above"
    assert found.lower < 3 / 7 < found.upper
    assert f"± {error:.2g}" in found.detail


def test_too_few_episodes_say_unknown_and_no_bracket():
    found = gh.first_movement(
        lambda coupling: sampled(MirroredWeights(coupling)),
        key=jax.random.key(3),
        episodes=64,
        bracket=(0.3, 0.6),
        points=3,
    )
    assert found.result == "not settled"
    assert found.bracket is None
    margin = gh.first_order_margin(
        sampled(MirroredWeights(3 / 7)), sampled().neutral(), key=jax.random.key(0)
    )
    assert margin.sign == "unknown"
    assert margin.interval[0] < 0 < margin.interval[1]


def test_of_a_projection_access_is_the_coupling_times_the_squared_fidelity():
    transparency = ProjectedWeights(0.6, 2, seed=1)
    rows = np.stack([transparency.read(x.reshape(5, 1)).ravel() for x in np.eye(5)])
    game = sampled(transparency, precision="double")
    found = analysis.sensitivity(game, drawn(), key=jax.random.key(4), episodes=1024)
    assert found.access[0, 1] == pytest.approx(0.6 * found.fidelity[0, 1] ** 2, abs=1e-12)
    assert 0 < found.access_errors[0, 1] < 0.05
    assert np.diagonal(rows).min() < found.access[0, 1] / 0.6 < np.diagonal(rows).max()


def test_who_cannot_read_has_no_access():
    game = sampled(channel=OneSided(0))
    found = analysis.sensitivity(game, drawn(), key=jax.random.key(4), episodes=64)
    assert found.access.round(6).tolist() == [[1.0, 0.0], [0.5, 1.0]]
    assert found.margins[0, 1] == 0
    assert np.isnan(found.fidelity[0, 1])
    assert "owner reader" in str(found)


def test_one_round_has_the_sensitivities_of_the_logistic_game():
    game = sampled(horizon=1)
    found = analysis.sensitivity(game, drawn(), key=jax.random.key(5), episodes=64)
    once = gh.LogisticFamily(STAGE, 9.0)(KAPPA)
    wanted = analysis.sensitivity(once, tuple(float(x[0, 0]) for x in drawn()))
    assert np.allclose(found.norms, wanted.norms, rtol=1e-5)


def test_networks_with_memory_and_games_with_more_actions_are_read_too():
    coins = CoinGame(horizon=3)
    policy = GruPolicy(coins, 2)
    params = tuple(jax.tree.map(lambda x, i=i: x[i], policy.initials(1, 2)) for i in range(2))
    game = gh.SampledParametricGame(coins, policy, MirroredWeights(0.3))
    margin = gh.first_order_margin(
        game, params, "other's coin", key=jax.random.key(0), episodes=256
    )
    assert margin.standard_error > 0
    with pytest.raises(InputError, match="name one of lost a coin"):
        gh.first_order_margin(game, params, key=jax.random.key(0), episodes=64)


KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: gh.first_order_margin(sampled(), drawn()), "needs exact payoffs"),
        (lambda: gh.first_order_margin(sampled(), drawn(), rule=Lola(), key=KEY), "leave rule"),
        (lambda: gh.first_order_margin(sampled(), drawn(), key=KEY, episodes=100), "multiple"),
        (lambda: gh.first_order_margin(sampled(), (0.0, 0.0), key=KEY), "params"),
        (lambda: analysis.selfish_parts(sampled(), drawn(), key=cast(Any, None)), "needs a key"),
        (
            lambda: analysis.sensitivity(gh.LogisticFamily(STAGE, 3.0)(0.5), (0.0, 0.0), key=KEY),
            "exact, and nothing is drawn: leave key out",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_one_line(wrong, said):
    with pytest.raises(InputError, match=said) as error:
        wrong()
    assert "\n" not in str(error.value)


def test_products_of_means_take_no_pair_of_a_group_with_itself():
    """Group by group in loops: the mean over b ≠ c, and the same without each group in turn."""
    kernels = np.random.default_rng(4).normal(size=(2, 5, 5))
    found, without = products_of_means(kernels)

    def by_hand(kernel, left_out=None):
        kept = [b for b in range(5) if b != left_out]
        return np.mean([kernel[b, c] for b in kept for c in kept if b != c])

    np.testing.assert_allclose(found, [by_hand(kernel) for kernel in kernels], rtol=1e-12)
    right = [[by_hand(kernel, left_out) for left_out in range(5)] for kernel in kernels]
    np.testing.assert_allclose(without, right, rtol=1e-12)


def test_without_each_value_in_turn_a_mean_has_its_standard_error():
    values = np.random.default_rng(5).normal(size=7)
    without = np.array([np.delete(values, k).mean() for k in range(7)])
    assert jackknifed(without) == pytest.approx(values.std(ddof=1) / np.sqrt(7), rel=1e-12)
