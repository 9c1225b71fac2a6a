"""Rules that learn from episodes, against enumerated games and exact derivatives."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import glasshouse as gh
from glasshouse.dynamics import Learning, Rest, Starts, Training, learn, train_each
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.stochastic import IteratedMatrix
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric import SampledParametricGame, Tied
from glasshouse.rules import Gradient, Lola, PerPlayer, Transformed
from glasshouse.rules.base import EPISODES, drawn_by
from glasshouse.rules.registry import RULES
from glasshouse.rules.sampled import (
    ActorCritic,
    AdvantageAlignment,
    LolaDice,
    Ppo,
    QLearning,
    Reinforce,
    aligned,
    alignment_term,
    cautions,
    clipped_weights,
    dice,
    discounted_returns,
    estimated_advantages,
    loaded_dice,
    softmax_factors,
)
from glasshouse.rules.sampled.report import Report
from glasshouse.semantics.policies import GruPolicy, MirroredWeights, Opaque, TablePolicy

ROW = np.array([[-1.0, -3.0], [0.0, -2.0]])
IPD = NormalFormGame(np.stack([ROW, ROW.T]))
PAID = jnp.asarray([ROW.ravel(), ROW.T.ravel()])
OTHERS_FRAME = np.array([0, 1, 3, 2, 4])
"""Where player 2 finds itself when player 1 is at the start, CC, CD, DC, DD."""

DISCOUNT = 0.96
LEARNS = sorted(name for name, cls in RULES.items() if EPISODES in cls.needs)


def logits_of(params, coupling=0.0):
    """Both players' logits in player 1's order of situations; each runs the other's table on what
    itself sees."""
    first, second = (jnp.asarray(x)[:, 0] for x in params)
    return first + coupling * second, (second + coupling * first)[OTHERS_FRAME]


def joint(params, coupling=0.0):
    """The probability of CC, CD, DC, DD in each of five situations."""
    one, other = (jax.nn.sigmoid(x) for x in logits_of(params, coupling))
    rows = [one * other, one * (1 - other), (1 - one) * other, (1 - one) * (1 - other)]
    return jnp.stack(rows, axis=-1)


def values(params, horizon, coupling=0.0):
    """Discounted sums of both from each step on, in each situation: backwards from the end."""
    chances, onward = joint(params, coupling), jnp.zeros((2, 5))
    found = [onward]
    for _ in range(horizon):
        onward = jnp.einsum("sa,pa->ps", chances, PAID + DISCOUNT * onward[:, 1:])
        found.append(onward)
    return found[::-1]


def value(params, horizon, coupling=0.0):
    return values(params, horizon, coupling)[0][:, 0]


def sampled(horizon=3, transparency: Any = Opaque(), episodes=64, precision="double", **settings):
    game = IteratedMatrix(IPD, horizon=horizon, discount=DISCOUNT, **settings)
    return SampledParametricGame(
        game, TablePolicy(game), transparency, episodes=episodes, precision=precision
    )


def random_tables(seed, spread=1.0):
    drawn = np.random.default_rng(seed).normal(size=(2, 5, 1)) * spread
    return tuple(drawn)


def every_course(horizon):
    """All joint actions of all steps, as numbers from 0, CC, to 3, DD, and where players were."""
    taken = np.array(list(itertools.product(range(4), repeat=horizon))).T
    return taken, np.concatenate([np.zeros_like(taken[:1]), taken[:-1] + 1])


def enumerated(game, params, coupling=0.0):
    """Every course of an episode as if it had been played, and how likely each is."""
    taken, where = every_course(game.game.horizon)
    chances = np.asarray(joint(params, coupling))[where, taken].prod(axis=0)
    seen = jax.vmap(jax.vmap(game.game.observe))(jnp.asarray(where))
    after = jax.vmap(game.game.observe)(jnp.asarray(taken[-1] + 1))
    actions = np.stack([taken // 2, taken % 2], axis=-1)
    paid = np.moveaxis(np.asarray(PAID)[:, taken], 0, -1)
    return Episodes(seen, jnp.asarray(actions), jnp.asarray(paid), {}, after), chances


@pytest.mark.parametrize(
    ("transparency", "coupling"), [(Opaque(), 0.0), (MirroredWeights(0.6), 0.6)]
)
def test_scores_of_all_courses_sum_to_the_gradient(transparency, coupling):
    game, params = sampled(3, transparency), random_tables(1)
    played, chances = enumerated(game, params, coupling)
    weights = discounted_returns(played.rewards, DISCOUNT) * chances[:, None] * len(chances)
    weights = weights * DISCOUNT ** np.arange(3)[:, None, None]
    found = jax.jit(lambda x, weights: game.scores(x, played, weights))(params, weights)
    right = jax.jit(jax.jacrev(lambda x: value(x, 3, coupling)))(params)
    for i in range(2):
        np.testing.assert_allclose(found[i], right[i][i], rtol=0, atol=1e-12)


def test_dice_has_all_derivatives_within_four_standard_errors():
    """40 000 games: value, gradient, the other's gradient and the mixed Hessian of player 1."""
    horizon, groups = 4, 40
    game, params = sampled(horizon, episodes=40_000), random_tables(2)
    played = game.estimates(params, jax.random.key(3))
    parts = jax.tree.map(
        lambda x: jnp.moveaxis(x.reshape(-1, groups, 1000, *x.shape[2:]), 1, 0),
        (played.observations, played.actions, played.rewards),
    )
    exact = jax.jit(values, static_argnums=1)(params, horizon)
    baseline = jnp.stack([jnp.asarray(x).T for x in exact[:-1]])

    def estimates(part):
        seen, actions, rewards = part
        group = Episodes(seen, actions, rewards, {}, played.last)
        steps = jnp.arange(horizon)[:, None]
        where = seen.situations[..., 0]
        expected = baseline[steps, where]
        gained = discounted_returns(rewards, DISCOUNT) - expected

        def mean(flat, kind):
            both = tuple(flat.reshape(2, 5, 1))
            logs = game.log_probabilities(both, group)
            by = {
                "dice": lambda: dice(logs, rewards, DISCOUNT),
                "baseline": lambda: dice(logs, rewards, DISCOUNT, expected),
                "loaded": lambda: loaded_dice(logs, gained, DISCOUNT),
            }
            return by[kind]()[:, 0].mean()

        at = jnp.concatenate([jnp.ravel(x) for x in params])
        return {
            kind: (mean(at, kind), jax.grad(mean)(at, kind), jax.hessian(mean)(at, kind)[:5, 5:])
            for kind in ("dice", "baseline", "loaded")
        }

    found = jax.jit(jax.vmap(estimates))(parts)
    at = jnp.concatenate([jnp.ravel(x) for x in params])

    def truth(flat):
        return value(tuple(flat.reshape(2, 5, 1)), horizon)[0]

    all_of_it = jax.jit(lambda x: (truth(x), jax.grad(truth)(x), jax.hessian(truth)(x)[:5, 5:]))
    right = all_of_it(at)
    spreads = {}
    for kind, parts in found.items():
        spreads[kind] = [float(np.var(x, axis=0).sum()) for x in parts]
        for k, (each, exactly) in enumerate(zip(parts, right, strict=True)):
            if kind == "loaded" and k == 0:
                np.testing.assert_allclose(each, 0.0, atol=1e-15)  # its derivatives alone
                continue
            error = np.std(each, axis=0, ddof=1) / np.sqrt(groups)
            assert np.all(np.abs(np.mean(each, axis=0) - exactly) <= 4 * error + 1e-12)
            assert np.max(error) < 0.1
    # What baselines and Loaded DiCE are for.
    assert spreads["baseline"][1] < spreads["dice"][1]
    assert spreads["loaded"][2] < spreads["dice"][2] / 2


def test_alignment_by_hand():
    rows = np.array([[1.0, 3.0], [-2.0, 5.0], [4.0, -1.0]])
    found = aligned(rows, 2.0, 0.5)
    np.testing.assert_allclose(found.T, [[1, 0.5, 4.75], [3, 2, 12]], rtol=0, atol=1e-15)
    # The authors' code: no γ, the mean of what is past; -2 + 2·1·5 and 4 - 2·½·(1 - 2).
    found = aligned(rows, 2.0, 0.5, "mean")
    np.testing.assert_allclose(found.T, [[1, 8, 5], [3, -7, 31]], rtol=0, atol=1e-15)
    three = np.concatenate([rows, rows[:, :1]], axis=1)  # a third who is as the first
    term = alignment_term(three, three, 0.5)
    np.testing.assert_allclose(term[:, 1], 2 * alignment_term(rows, rows, 0.5)[:, 1], atol=1e-15)
    np.testing.assert_allclose(term[1, 0], 0.5 * 0.5 * (5.0 - 2.0), atol=1e-15)
    # The mean opponent of three: of the third step ½·(½·-2 + ¼·1)·½(-1 + 4) for the first.
    mean = alignment_term(three, three, 0.5, "meanfield")
    np.testing.assert_allclose(mean[:, 0], [0, 0.25 * (5 - 2) / 2, -0.375 * 1.5], atol=1e-15)
    np.testing.assert_allclose(mean[:, 1], [0, 0.75 * -2, 0.5 * (2.5 + 0.75) * 4], atol=1e-15)
    two = [alignment_term(rows, rows, 0.5, form) for form in ("meanfield", "paper")]
    np.testing.assert_allclose(*two, rtol=0, atol=0)


def test_of_earlier_advantages_only_what_had_come_before_counts_in_the_form_past():
    """By loops: A_k = Σ_{l≥k} (γλ)^{l-k} δ_l, of which step t knows the errors before it."""
    discount, trace, steps = 0.9, 0.7, 6
    errors = np.random.default_rng(6).normal(size=(steps, 2))
    fade = discount * trace
    rows = [sum(fade ** (m - k) * errors[m] for m in range(k, steps)) for k in range(steps)]
    found = alignment_term(np.array(rows), np.array(rows), discount, "past", trace)
    for t in range(steps):
        past = sum(
            discount ** (t - k) * fade ** (m - k) * errors[m] for k in range(t) for m in range(k, t)
        )
        wanted = discount * np.broadcast_to(past, 2) * np.asarray(rows[t])[::-1]
        np.testing.assert_allclose(found[t], wanted, atol=1e-12)
    one_step = [alignment_term(errors, errors, discount, form) for form in ("past", "paper")]
    np.testing.assert_allclose(*one_step, rtol=0, atol=0)


def test_what_was_still_to_come_in_past_gains_is_measured_and_warned_of():
    """By how much, by itself: from 8 steps on nearly all of Σ_{k<t} (γ²λ)^{t-k} is there."""
    game = sampled(16, episodes=16)
    rules = [AdvantageAlignment(3.0, trace=trace) for trace in (0.0, 0.95)]
    found = train_each(game, [Training(rule, 0.02, 100, 100, seeds=2) for rule in rules])
    warned = [any("was still to come" in said for said in x.cautions) for x in found]
    assert warned == [False, True]
    honest, ahead = (np.asarray(x.reports[0].ahead) for x in found)
    assert np.all(honest == 0)
    assert np.all((ahead > 0.3) & (ahead < 0.7))


def test_factors_of_the_softmax_to_twelve_digits():
    generator = np.random.default_rng(4)
    worth, taken = generator.normal(size=(50, 3)) * 3, generator.integers(3, size=50)
    found = np.asarray(softmax_factors(worth, taken))
    chances = np.exp(worth) / np.exp(worth).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, 1 - chances[np.arange(50), taken], rtol=1e-12)

    def log_chance(value, row, k):
        return jax.nn.log_softmax(row.at[k].set(value))[k]

    slope = jax.jit(jax.grad(log_chance))
    slopes = [slope(row[k], jnp.asarray(row), k) for row, k in zip(worth, taken, strict=True)]
    np.testing.assert_allclose(found, slopes, rtol=1e-12)


def test_advantages_and_clipping_by_hand():
    paid, expected, last = np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 2.0]), np.array(6.0)
    np.testing.assert_allclose(discounted_returns(paid, 0.5), [3.0, 4.0, 4.0])
    np.testing.assert_allclose(discounted_returns(paid, 0.5, last), [3.75, 5.5, 7.0])
    errors = [1 + 0.5 - 3, 2 + 1 - 1, 4 + 3 - 2]
    found = estimated_advantages(paid, expected, last, 0.5, 0.0)
    np.testing.assert_allclose(found, errors)
    found = estimated_advantages(paid, expected, last, 0.5, 1.0)
    np.testing.assert_allclose(found, [3.75 - 3, 5.5 - 1, 7.0 - 2])
    ratios = np.log([1.5, 1.5, 0.5, 0.5, 1.1])
    found = clipped_weights(ratios, np.array([1.0, -1.0, 1.0, -1.0, 2.0]), 0.2)
    np.testing.assert_allclose(found, [0.0, -1.5, 0.5, 0.0, 2.2])

    def surrogate(x, gain):
        ratio = jnp.exp(x)
        return jnp.minimum(ratio * gain, jnp.clip(ratio, 0.8, 1.2) * gain)

    gains = jnp.array([1.0, -1.0, 1.0, -1.0, 2.0])
    np.testing.assert_allclose(found, jax.vmap(jax.grad(surrogate))(ratios, gains), atol=1e-15)


def alignment_direction(params, horizon):
    """What alignment adds for every β, expected: all courses, and exact advantages."""
    taken, where = every_course(horizon)
    onward = jnp.stack(values(params, horizon))
    steps = jnp.arange(horizon)[:, None]
    paid = jnp.moveaxis(PAID[:, taken], 0, -1)
    gained = paid + DISCOUNT * onward[steps + 1, :, taken + 1] - onward[steps, :, where]
    chances = jax.lax.stop_gradient(jnp.prod(joint(params)[where, taken], axis=0))
    weights = jax.lax.stop_gradient(alignment_term(gained, gained, DISCOUNT))

    def scores(both):
        logits = logits_of(both)
        signs = (1 - 2 * (taken // 2), 1 - 2 * (taken % 2))
        logs = [jax.nn.log_sigmoid(s * x[where]) for s, x in zip(signs, logits, strict=True)]
        return jnp.sum(jnp.stack(logs, axis=-1) * weights * chances[None, :, None])

    return jax.grad(scores)(params)


def shaping_terms(params, horizon):
    """χ_i = (∂ξ_j/∂θ_i)ᵀ ∂U_i/∂θ_j, by second derivatives of exact values."""
    flat = jnp.concatenate([jnp.ravel(x) for x in params])

    def paid(x, i):
        return value(tuple(x.reshape(2, 5, 1)), horizon)[i]

    slopes = [jax.grad(paid)(flat, i) for i in range(2)]
    second = [jax.hessian(paid)(flat, i) for i in range(2)]
    return second[1][:5, 5:] @ slopes[0][5:], second[0][5:, :5] @ slopes[1][:5]


def test_alignment_points_where_exact_shaping_does():
    """400 random profiles of the iterated prisoner's dilemma, five rounds."""
    drawn = np.random.default_rng(0).normal(size=(400, 2, 5, 1))
    params = tuple(jnp.asarray(drawn[:, i]) for i in range(2))
    found = jax.jit(jax.vmap(lambda *x: alignment_direction(x, 5)))(*params)
    right = jax.jit(jax.vmap(lambda *x: shaping_terms(x, 5)))(*params)
    one, other = (
        np.concatenate([np.reshape(x, (400, 5)) for x in both], axis=1) for both in (found, right)
    )
    cosines = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    assert abs(np.median(cosines) - 0.87) <= 0.03
    assert np.all(cosines > 0)


def trained(rule, game, steps, seeds, step_size=0.02):
    """Where runs of several seeds end, and what they kept."""
    key = jnp.stack([jax.random.key(seed) for seed in seeds])
    each = [np.random.default_rng(seed).normal(size=(2, 5, 1)) for seed in seeds]
    starts = tuple(jnp.asarray(np.stack(x)) for x in zip(*each, strict=True))
    size = jnp.asarray(step_size)

    def run(start, key):
        def step(carry, k):
            return rule.step(game, *carry, size, jax.random.fold_in(key, k)), None

        return jax.lax.scan(step, (start, rule.init(game, start, key)), jnp.arange(steps))[0]

    return jax.jit(jax.vmap(run))(starts, key)


def paid_for_ever(params):
    """Both players' payoffs per step, and probabilities of cooperating, of each run."""

    def of(*own):
        chances = joint(own)
        visits = jnp.linalg.solve(jnp.eye(4) - DISCOUNT * chances[1:].T, chances[0])
        return (1 - DISCOUNT) * PAID @ visits

    return np.asarray(jax.vmap(of)(*params)), [np.asarray(jax.nn.sigmoid(x)) for x in params]


def adam(rule):
    return Transformed(rule, optax.scale_by_adam())


ALIGNED = AdvantageAlignment(3.0)
GAME = {"horizon": 32, "episodes": 128, "precision": "single"}


# By day a few seeds, by night ten; settings were chosen on seeds 0 to 99.
@pytest.mark.parametrize("count", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_naive_players_defect_and_aligned_ones_cooperate_and_retaliate(count):
    game, seeds = sampled(**GAME), range(1000, 1000 + count)
    paid, _ = paid_for_ever(trained(adam(ActorCritic()), game, 500, seeds)[0])
    assert np.all(paid.mean(axis=1) <= -1.9)
    params, kept = trained(adam(ALIGNED), game, 1000, seeds)
    paid, chances = paid_for_ever(params)
    assert np.sum(paid.mean(axis=1) > -1.2) >= 0.9 * count
    assert np.sum([np.all(x[:, 2, 0] < 0.5) for x in chances]) == 2
    assert not cautions(kept)


@pytest.mark.slow
def test_lola_dice_by_plain_ascent_comes_to_cooperate_and_stays():
    """Settings of docs/background/alignment.md, fixed on seeds 0 to 19."""
    game = sampled(**{**GAME, "episodes": 512})
    rule = LolaDice(3.0, decay=0.95, trace=0.9)
    params, _ = trained(rule, game, 60, range(1000, 1010), 1.0)
    paid, chances = paid_for_ever(params)
    assert np.sum(paid.mean(axis=1) > -1.3) >= 8
    assert np.median(np.concatenate(chances)[:, 4]) < 0.5  # and answers defection


def test_a_critic_that_lags_makes_alignment_fail_and_is_warned_of():
    """λ .95 and a critic that counts in sums, which Adam's steps reach late."""
    game = sampled(**GAME)
    silent = AdvantageAlignment(3.0, trace=0.95, scaled=False, critic_step=0.02)
    params, kept = trained(adam(silent), game, 500, range(1000, 1003))
    paid, _ = paid_for_ever(params)
    assert np.all(paid.mean(axis=1) <= -1.9)
    said = cautions(kept)
    assert {(x.kind, x.player) for x in said} == {("critic", 0), ("critic", 1)}
    assert "player 2 explains -" in said[1].words


def test_shaping_of_nothing_is_said_to_change_nothing():
    small = sampled(8, episodes=16, precision="single")
    _, kept = trained(adam(AdvantageAlignment(1e-3)), small, 150, [0])
    assert [x.player for x in cautions(kept) if x.kind == "shaping"] == [0, 1]
    _, kept = trained(adam(ActorCritic()), small, 150, [0])
    assert not [x for x in cautions(kept) if x.kind == "shaping"]


@pytest.mark.parametrize("name", LEARNS)
def test_rules_of_episodes_refuse_exact_games_in_one_line_and_learn_in_samples(name):
    rule: Any = RULES[name].example()
    exact = gh.LogisticFamily(gh.load_game("prisoners_dilemma"), 3.0)(0.2)
    with pytest.raises(InputError, match="learns from episodes of play") as caught:
        gh.run(exact, rule, steps=2, step_size=0.1)
    assert "\n" not in str(caught.value)
    assert drawn_by(rule) == {"every step"}
    with pytest.raises(InputError, match="never rests"):
        Learning(rule, stop=Rest())
    game, key = sampled(4, episodes=8), jax.random.key(0)
    with pytest.raises(InputError, match="needs a key"):
        rule.direction(game, random_tables(0), rule.init(game, random_tables(0)))
    state = rule.init(game, random_tables(0))
    found, kept = eqx.filter_jit(rule.direction)(game, random_tables(0), state, key)
    assert all(np.all(np.isfinite(x)) for x in found)
    assert np.max(np.abs(found[0])) > 1e-6
    assert jax.tree.structure(kept) == jax.tree.structure(state)
    assert [x.dtype for x in jax.tree.leaves(kept)] == [x.dtype for x in jax.tree.leaves(state)]


def test_line_ups_tied_players_and_networks_learn():
    game, key = sampled(4, episodes=8, precision="single"), jax.random.key(1)
    start = random_tables(3)
    naive, line_up = ActorCritic(), PerPlayer((ALIGNED, ActorCritic()))

    @eqx.filter_jit
    def towards(rule, game, params):
        return rule.direction(game, params, rule.init(game, params), key)[0]

    aligned_both, naive_both = towards(ALIGNED, game, start), towards(naive, game, start)
    found = towards(line_up, game, start)
    np.testing.assert_allclose(found[0], aligned_both[0], atol=1e-6)
    np.testing.assert_allclose(found[1], naive_both[1], atol=1e-6)
    assert not np.allclose(aligned_both[1], naive_both[1])
    (shared,) = towards(ALIGNED, Tied(game), start[:1])
    one, other = towards(ALIGNED, game, start[:1] * 2)
    np.testing.assert_allclose(shared, (one + other) / 2, atol=1e-6)
    end = gh.run(game, line_up, start, steps=1, step_size=0.1, key=key).params
    assert np.max(np.abs(end[0] - start[0])) > 1e-6
    network = SampledParametricGame(game.game, GruPolicy(game.game, 4), episodes=8)
    ends = learn([network], Learning(ALIGNED, 0.1, 2, starts=Starts(2)), judged=False)
    assert all(np.all(np.isfinite(x)) for x in jax.tree.leaves(ends.params))


def test_one_step_by_ppo_is_that_of_actor_and_critic():
    """Before anything has moved all ratios are 1; afterwards the same episodes serve again."""
    game, start, key = sampled(5, episodes=16), random_tables(5), jax.random.key(2)

    @eqx.filter_jit
    def twice(rule):
        first, state = rule.direction(game, start, rule.init(game, start), key)
        moved = tuple(x + 0.5 * d for x, d in zip(start, first, strict=True))
        second, _ = rule.direction(game, moved, state, jax.random.fold_in(key, 1))
        return first[0], second[0]

    (one, onward), (other, anew) = twice(Ppo()), twice(ActorCritic())
    np.testing.assert_allclose(one, other, atol=1e-12)
    assert not np.allclose(onward, anew)
    both = AdvantageAlignment(2.0, "proximal"), AdvantageAlignment(2.0)
    np.testing.assert_allclose(*(twice(rule)[0] for rule in both), atol=1e-12)


def test_reinforce_is_the_gradient_but_for_its_weights():
    """Without a discount every step counts alike, and it is the gradient of payoffs per step."""
    game = IteratedMatrix(IPD, horizon=5, discount=1.0)
    game = SampledParametricGame(game, TablePolicy(game), episodes=16, precision="double")
    start, key = random_tables(6), jax.random.key(3)
    rules = Reinforce(), Gradient()
    directions = jax.jit(lambda x: [rule.direction(game, x, (), key)[0] for rule in rules])
    found, right = directions(start)
    np.testing.assert_allclose(found[0], right[0], atol=1e-12)


def test_lola_dice_points_where_exact_lola_does():
    """In expectation its direction is ∇_i V_i(θ_i, θ_j + α ∇_j V_j), V the discounted sums."""
    game, start = sampled(4, episodes=40_000, ending="ended"), random_tables(7)
    rule = LolaDice(2.0)
    direction = eqx.filter_jit(rule.direction)
    found, _ = direction(game, start, rule.init(game, start), jax.random.key(4))

    def after(own):
        step = jax.grad(lambda x: value((own, x), 4)[1])(jnp.asarray(start[1]))
        return value((own, start[1] + 2.0 * step), 4)[0]

    right = jax.jit(jax.grad(after))(jnp.asarray(start[0]))
    selfish = jax.jit(jax.grad(lambda x: value((x, start[1]), 4)[0]))(jnp.asarray(start[0]))
    assert np.max(np.abs(right - selfish)) > 0.1
    np.testing.assert_allclose(found[0], right, atol=0.05)


def test_the_others_are_guessed_from_what_they_did():
    game, start = sampled(4, episodes=16), random_tables(8, 0.5)
    seen, guess = LolaDice(0.5), LolaDice(0.5, modelled=200_000)
    key = jax.random.key(5)
    one, other = (x.direction(game, start, x.init(game, start), key)[0] for x in (seen, guess))
    np.testing.assert_allclose(one[0], other[0], atol=0.2)
    few = LolaDice(0.5, modelled=4)
    assert not np.allclose(few.direction(game, start, few.init(game, start), key)[0][0], one[0])
    read = sampled(4, MirroredWeights(0.5), episodes=16)
    with pytest.raises(InputError, match="guesses the others' tables"):
        guess.init(read, start)


def test_q_learning_finds_what_actions_are_worth():
    """Against one who stays, with all visits and no noise left: Bellman's equation."""
    game = sampled(30, episodes=256)
    rule = QLearning(0.5, temperature=0.7)
    start = tuple(map(jnp.asarray, random_tables(9, 0.3)))
    key = jax.random.key(6)
    state = rule.init(game, start, key)
    params = start
    for k in range(3):
        params, state = rule.step(game, params, state, jnp.ones(()), jax.random.fold_in(key, k))
        logits = (state.values[..., :1] - state.values[..., 1:]) / 0.7
        np.testing.assert_allclose(np.stack(params), logits, atol=1e-12)
    heavy = QLearning(0.5, momentum=0.9, temperature=0.7)
    before = heavy.init(game, start, key)
    _, after = heavy.learned(game, start, before, key)
    _, again = heavy.learned(game, start, after, key)
    _, plain = rule.learned(game, start, after, key)
    np.testing.assert_allclose(again.change, plain.change * 1.0 + 0.9 * after.change, atol=1e-12)


def test_who_is_no_number_is_refused():
    for make, words in (
        (lambda: AdvantageAlignment(form="other"), "form='other'"),
        (lambda: AdvantageAlignment(float("nan")), "beta"),
        (lambda: ActorCritic(trace=1.5), "trace"),
        (lambda: ActorCritic(targets="mc"), "targets='mc'"),
        (lambda: Ppo(epochs=0), "epochs=0"),
        (lambda: QLearning(temperature=0.0), "temperature"),
        (lambda: LolaDice(-1.0), "look_ahead=-1"),
    ):
        with pytest.raises(InputError, match=words):
            make()
    game = sampled(4, episodes=8)
    with pytest.raises(InputError, match="are drawn"):
        gh.run(game, Lola(0.5), random_tables(0), steps=1, step_size=0.1, key=jax.random.key(0))


def test_a_seed_that_left_the_reals_says_nothing_of_the_critics_of_others():
    explained = np.array([[0.9, 0.9], [np.nan, np.nan], [0.8, 0.7]])
    effect = np.array([[0.5, 0.0], [np.nan, np.nan], [0.5, 0.0]])
    found = cautions(Report(explained, effect, np.full((3, 2), np.nan), np.full(3, 500)))
    assert [(x.kind, x.player) for x in found] == [("shaping", 1)]
