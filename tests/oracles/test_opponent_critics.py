"""Opponent critics: what they make of advantages, and how much of them survives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.dynamics import Training, train, train_each
from glasshouse.errors import InputError
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.rules.sampled import (
    AdvantageAlignment,
    CoarseCritic,
    FaithfulCritic,
    MistakenCritic,
    NoisyCritic,
    alignment_term,
    discounted_returns,
    fidelity_of_critic,
)
from glasshouse.rules.sampled.report import new_report
from glasshouse.semantics.policies import TablePolicy

STAGE = gh.NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
GAME = IteratedMatrix(STAGE, horizon=20)
SAMPLED = gh.SampledParametricGame(GAME, TablePolicy(GAME), episodes=64, precision="double")
PARAMS = tuple(np.random.default_rng(k).normal(size=(5, 1)) for k in (3, 4))
KEY = jax.random.key(5)


def judged(critic, key=KEY):
    """True sums of the others' advantages, and what a critic makes of them."""
    played = SAMPLED.estimates(PARAMS, KEY)
    advantages = jnp.asarray(played.rewards) - jnp.asarray(played.rewards).mean(axis=(0, 1))
    return advantages[..., ::-1], critic.judged(SAMPLED, played, advantages, key), played


@pytest.mark.parametrize("asked", [1.0, 0.9, 0.7, 0.5, 0.0])
def test_noise_leaves_the_share_of_variance_that_was_asked_for(asked):
    true, found, _ = judged(NoisyCritic(asked))
    # Correlations c of n pairs have a standard error of (1 - c²)/√n; c|c| one of 2|c| times that.
    error = 2 * np.sqrt(asked) * (1 - asked) / np.sqrt(true[..., 0].size) + 3 / true[..., 0].size
    assert np.all(np.abs(fidelity_of_critic(true, found) - asked) <= 4 * error + 1e-12)
    assert np.allclose(found.std(axis=(0, 1)), true.std(axis=(0, 1)), rtol=0.1)
    pairs, by_hand = true[..., 0].size, []
    for i in (0, 1):
        c = np.corrcoef(true[..., i].ravel(), found[..., i].ravel())[0, 1]
        by_hand.append(np.sign(c) * (1 - (1 - c**2) * (pairs - 1) / (pairs - 2)))
    assert np.allclose(fidelity_of_critic(true, found), by_hand)


@pytest.mark.parametrize("asked", [0.25, 0.1])
def test_few_pairs_of_numbers_explain_nothing_by_chance(asked):
    """Of 60 pairs, a c² of 1/60 too much would be seen 4000 times over."""
    draw = np.random.default_rng(7).normal
    true = draw(size=(5, 12, 4000))
    found = np.sqrt(asked) * true + np.sqrt(1 - asked) * draw(size=true.shape)
    each = np.asarray(fidelity_of_critic(jnp.asarray(true), jnp.asarray(found)))
    assert abs(each.mean() - asked) < 4 * each.std() / np.sqrt(4000)


def test_fidelity_is_told_of_all_steps_and_not_of_the_last_ones():
    report, values = new_report(1, float), np.random.default_rng(2).normal(size=(200, 1))
    for value in values:
        report = report.noted(jnp.asarray(value), jnp.asarray(value), jnp.asarray(value))
    assert np.allclose(report.fidelity, values.mean(), atol=1e-6)
    assert not np.allclose(report.explained, values.mean(), atol=1e-2)


def test_with_all_of_its_fidelity_a_critic_is_the_rules_own_to_the_last_bit():
    whole = (None, FaithfulCritic(), NoisyCritic(1.0), MistakenCritic(0.0), NoisyCritic(0.5))
    _, _, played = judged(FaithfulCritic())
    advantages = jnp.asarray(played.rewards) - 1.7
    first, *others, noisy = [
        AdvantageAlignment(3.0, others=x).shaping(SAMPLED, played, advantages, KEY).added
        for x in whole
    ]
    assert np.array_equal(first, 3.0 * alignment_term(advantages, advantages, 0.96))
    assert all(np.array_equal(other, first) for other in others)
    assert not np.array_equal(noisy, first)


def test_without_fidelity_the_alignment_term_is_zero_in_expectation():
    """Its mean over the noise of 400 keys, in the same episodes: 0 within four standard errors, and
    the faithful term is not."""
    played = SAMPLED.estimates(PARAMS, KEY)
    advantages = jnp.asarray(played.rewards) - jnp.asarray(played.rewards).mean(axis=(0, 1))

    def term(critic, key):
        added = AdvantageAlignment(3.0, others=critic).shaping(SAMPLED, played, advantages, key)
        scores = SAMPLED.scores(PARAMS, played, added.added)
        return jnp.concatenate([x.ravel() for x in scores])

    draw = jax.jit(jax.vmap(lambda key: term(NoisyCritic(0.0), key)))
    drawn = np.asarray(draw(jax.random.split(jax.random.key(11), 400)))
    error = drawn.std(axis=0, ddof=1) / 20
    assert np.all(np.abs(drawn.mean(axis=0)) <= 4 * error)
    faithful = np.abs(term(FaithfulCritic(), KEY))
    assert np.array_equal(faithful > 0, error > 0)  # nothing was gained before the first step
    assert np.mean(faithful > 10 * error) >= 0.5


def test_a_coarse_critic_says_means_of_the_cases_that_explain_most():
    true, found, played = judged(CoarseCritic(3))
    seen, taken = np.asarray(played.observations.situations), np.asarray(played.actions)
    for i in (0, 1):
        case = seen[..., i] * 4 + taken[..., 0] * 2 + taken[..., 1]
        rows = {c: np.asarray(true[..., i])[case == c] for c in np.unique(case)}
        mean = float(true[..., i].mean())
        most = sorted(rows, key=lambda c: -len(rows[c]) * (rows[c].mean() - mean) ** 2)[:3]
        rest = np.concatenate([rows[c] for c in rows if c not in most]).mean()
        wanted = np.full(24, rest)
        wanted[most] = [rows[c].mean() for c in most]
        assert np.allclose(found[..., i], wanted[case])
    # Payments are a matter of the case alone: who has room for all is right, for none, says one
    # number.
    assert np.allclose(judged(CoarseCritic(20))[1], true)
    none = judged(CoarseCritic(0))[1]
    assert np.ptp(np.asarray(none), axis=(0, 1)).max() < 1e-12
    more = [none, judged(CoarseCritic(1))[1], found, judged(CoarseCritic(5))[1]]
    shares = [np.asarray(fidelity_of_critic(true, each)) for each in more]
    assert np.all(np.diff(shares, axis=0) > -1e-12)


def test_a_mistaken_critic_judges_by_other_payments():
    """The returns of payments mixed by hand are what it makes of returns, sums being linear."""
    played = SAMPLED.estimates(PARAMS, KEY)
    own = np.asarray(discounted_returns(played.rewards, 0.96))
    for weight in (-1.0, -0.3, 0.6):
        paid = (1 - abs(weight)) * played.rewards[..., ::-1] + weight * played.rewards
        found = MistakenCritic(weight).judged(SAMPLED, played, own, KEY)
        assert np.allclose(found, discounted_returns(paid, 0.96))


def test_trainings_at_once_are_those_one_by_one():
    small = gh.SampledParametricGame(GAME, TablePolicy(GAME), episodes=8, precision="double")
    rules = [AdvantageAlignment(b, others=NoisyCritic(f)) for b, f in ((0.0, 1.0), (3.0, 0.5))]
    how = {"step_size": 0.1, "updates": 4, "every": 2, "seeds": 3, "first": 5, "adam": True}
    trainings = [Training(rule, **how) for rule in rules]
    for one, training in zip(train_each(small, trainings), trainings, strict=True):
        alone = train(small, training)
        assert one.seeds == alone.seeds
        for name, values in alone.measured.items():
            assert np.allclose(one.measured[name], values, atol=1e-9)
        assert np.allclose(one.reports[0].fidelity, alone.reports[0].fidelity, atol=1e-6)
    with pytest.raises(InputError, match="differ in more than their rules"):
        train_each(SAMPLED, [trainings[0], Training(rules[0])])


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (0.7, "such as NoisyCritic"),
        ({"kind": "noise"}, "did you mean 'noisy'"),
        ({"kind": "noisy", "cases": 2}, "it takes fidelity"),
        ({"kind": "noisy", "fidelity": 1.5}, "fidelity"),
        ({"kind": "coarse", "cases": 1.5}, "cases"),
        ({"kind": "mistaken", "weight": -2}, "weight"),
    ],
)
def test_what_is_no_opponent_critic_is_refused(others, said):
    with pytest.raises(InputError, match=said):
        AdvantageAlignment(3.0, others=others)
