"""The rarer rules, against matrices of derivatives, closed forms, and what they do not keep."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.oracles.test_rules import PENNIES, TANDEM, three, three_tensor
from tests.oracles.test_shaping import Dense, directed, directed_by, random_games
from tests.reference import random_tensor, sigmoid, so_many

import glasshouse as gh
from glasshouse._foundation.programs import inside_program
from glasshouse.channels import Box, Misreport
from glasshouse.dynamics import RESULTS, Learning, Rest, Starts, learn, rest_residual
from glasshouse.parametric import DifferentiableGame, ParametricGame, Tied
from glasshouse.rules import (
    Cgd,
    Extragradient,
    Gradient,
    Leader,
    LevelK,
    Lola,
    LookAhead,
    Lss,
    MagneticMirror,
    MeanFieldLola,
    Mirror,
    OptimisticCgo,
    PerPlayer,
    Transformed,
)
from glasshouse.rules.base import in_words
from glasshouse.semantics import Logistic

LINE = Box(-np.inf, np.inf)
PLANE = Box(np.full(2, -np.inf), np.full(2, np.inf))
SADDLE = DifferentiableGame(lambda p: [p[0] * p[1], -p[0] * p[1]], [LINE, LINE])
SHARED = DifferentiableGame(lambda p: [p[0] * p[1]] * 2, [LINE, LINE])

RULES = {
    "optimistic CGO": lambda: OptimisticCgo(0.7, 0.4),
    "LSS": Lss,
    "level 1": lambda: LevelK(0.7, 1),
    "level 2": lambda: LevelK(0.7, 2),
    "level 4": lambda: LevelK(0.7, 4),
    "leader": lambda: Leader(1),
    "leader, damped": lambda: Leader(0, 0.3),
}


def by_matrices(name, dense):
    """The direction of a rule written out with matrices, for players with one parameter each."""
    xi, H, E, x = dense.xi, dense.H, dense.E, dense.params
    n = len(xi)
    players = np.arange(n)
    if name == "optimistic CGO":
        there = x + 0.4 * np.linalg.solve(np.eye(n) - 0.7 * dense.off, xi)
        ahead = Dense(dense.game, there)
        return np.linalg.solve(np.eye(n) - 0.7 * ahead.off, ahead.xi)
    if name == "LSS":
        return 0.5 * (np.eye(n) + H.T @ np.linalg.inv(H)) @ xi
    if name.startswith("leader"):
        first, damping = (1, 0.0) if name == "leader" else (0, 0.3)
        rest = players[players != first]
        answers = np.linalg.inv(H[np.ix_(rest, rest)] - damping * np.eye(n - 1)) @ H[rest, first]
        found = xi.copy()
        found[first] -= E[first, rest] @ answers
        return found
    found = np.zeros(n)
    for _ in range(int(name[-1])):  # Δ^k / α from Δ^{k-1} / α
        there = [np.where(players == i, x, x + 0.7 * found) for i in range(n)]
        found = np.array([dense.at(there[i])[0][i] for i in range(n)])
    return found


@pytest.fixture(scope="module")
def denses():
    """Twenty games and "three", in batches, and the matrices of each."""
    batches = []
    for players in (2, 3):
        game, tensors, weights, params = random_games(players, 10)
        if players == 3:
            tensors = np.concatenate([tensors, three_tensor()[None]])
            weights = np.concatenate([weights, np.zeros((1, 3, 3))])
            params = np.concatenate([params, [(0.3, -0.2, 0.1)]])
        members = zip(tensors, weights, params, strict=True)
        matrices = [Dense(game(tensor, weight), x) for tensor, weight, x in members]
        batches.append((game, (tensors, weights, params), matrices))
    return batches


@pytest.mark.parametrize("players", [pytest.param(2, marks=pytest.mark.slow), 3])
def test_directions_are_what_matrices_give(players, denses):
    game, batch, matrices = denses[players - 2]

    def towards(tensor, weight, x):
        made, params = game(tensor, weight), tuple(x)
        rules = [make() for make in RULES.values()]
        return [jnp.stack(rule.direction(made, params, None)[0]) for rule in rules]

    with jax.enable_x64(True), inside_program():  # as what learns does
        found = jax.jit(jax.vmap(towards))(*batch)
    for name, each in zip(RULES, found, strict=True):
        right = [by_matrices(name, dense) for dense in matrices]
        np.testing.assert_allclose(each, right, rtol=1e-9, atol=1e-12, err_msg=name)


def test_cgo_contracts_where_twice_its_look_ahead_exceeds_the_step():
    """On f = xy the square of the distance grows by 1 - 2ηα/(1+α²) + η²/(1+α²) a step."""
    for step, ahead, growth in ((0.1, 0.1, 0.9900990099), (0.1, 0.049, 1.00019952)):
        end = np.stack(gh.run(SADDLE, Cgd(ahead), (1.0, 0.5), steps=4, step_size=step).params)
        assert (end @ end / 1.25) ** (1 / 4) == pytest.approx(growth, abs=5e-9)


def test_optimistic_cgo_contracts_where_cgo_does_not():
    """On f = xy, z = x + iy, c(z) = μz with μ = (-α - i)/(1 + α²): a step is z + ηc(z + η'c(z))."""
    turn = (-0.04 - 1j) / (1 + 0.04**2)
    once, twice = 1 + 0.1 * turn, 1 + 0.1 * turn * (1 + 0.1 * turn)
    assert abs(twice) < 1 < abs(once)
    rule = OptimisticCgo(0.04, 0.1)
    x, y = gh.run(SADDLE, rule, (1.0, 0.5), steps=3, step_size=0.1).params
    assert complex(x, y) == pytest.approx((1 + 0.5j) * twice**3, abs=1e-13)


@pytest.mark.slow  # by day matrices and sums say it of other games
def test_without_an_extrapolation_or_a_look_ahead_it_is_a_rule_known_before():
    game, x = PENNIES, (0.3, -0.2)
    pairs = [
        (OptimisticCgo(0.7, 0.0), Cgd(0.7)),
        (OptimisticCgo(0.0, 0.4), Extragradient(0.4)),
        (LevelK(0.7, 1), Gradient()),
        (LevelK(0.0, 3), Gradient()),
    ]
    found, right = (directed_by(list(rules), game, x) for rules in zip(*pairs, strict=True))
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-14)


def test_levels_expand_to_look_ahead_and_end_at_the_semi_proximal_point():
    game, x, a = three(), (0.3, -0.2, 0.1), 1e-4
    second, ahead, selfish = directed_by([LevelK(a, 2), LookAhead(a), Gradient()], game, x)
    assert np.abs(second - ahead).max() < 10 * a**2
    assert np.abs(second - selfish).max() > 100 * a**2
    limit = directed(LevelK(0.7, 200), game, x)
    fixed = [Dense(game, np.where(np.arange(3) == i, x, x + 0.7 * limit)).xi[i] for i in range(3)]
    np.testing.assert_allclose(limit, fixed, rtol=0, atol=1e-13)
    found = directed_by([LevelK(0.7, 200), Cgd(0.7)], SADDLE, (1.0, 0.5))
    np.testing.assert_allclose(*found, rtol=0, atol=1e-14)  # bilinear: Σ (αH_o)^m ξ


def test_surgery_is_selfish_in_potential_games_and_still_where_all_is_rotation():
    bowl = DifferentiableGame(lambda p: [p[0] * p[1] - p[0] ** 2 - 2 * p[1] ** 2] * 2, [LINE] * 2)
    found, selfish = directed_by([Lss(), Gradient()], bowl, (0.4, -0.7))
    np.testing.assert_allclose(found, selfish, rtol=0, atol=1e-14)
    assert np.abs(directed(Gradient(), SADDLE, (1.0, 0.5))).min() > 0.4
    np.testing.assert_allclose(directed(Lss(), SADDLE, (1.0, 0.5)), 0, rtol=0, atol=1e-14)
    assert np.isnan(directed(Lss(), TANDEM, (0.75, 0.5))).all()  # a singular Jacobian
    np.testing.assert_array_equal(directed(Lss(), TANDEM, (0.75, 0.25)), 0.0)  # unless ξ = 0


def test_who_solves_near_rest_moves_as_its_jacobian_says():
    """At ξ = 0 itself solving is replaced by nothing, but its derivative is not."""
    matrix = np.array([[-1.0, 2.0], [-0.5, -1.5]])

    def payoffs(params):
        x = jnp.stack(params)
        return [x[i] * (matrix[i] @ x) - 0.5 * matrix[i, i] * x[i] ** 2 for i in range(2)]

    game = DifferentiableGame(payoffs, [LINE, LINE])
    symmetric = (matrix + matrix.T) / 2
    with jax.enable_x64(True):
        rule = Lss()
        found = jax.jacfwd(lambda x: jnp.stack(rule.towards(game, tuple(x))))(jnp.zeros(2))
    np.testing.assert_allclose(found, symmetric, rtol=0, atol=1e-14)  # S H^{-1} H


def cournot(quantities):
    price = 1 - sum(quantities)
    return [price * quantity for quantity in quantities]


def test_the_leader_of_a_duopoly_sells_half():
    game = DifferentiableGame(cournot, [Box(0.0, 1.0)] * 2)
    for leader, quantities in ((0, (0.5, 0.25)), (1, (0.25, 0.5))):
        end = gh.run(game, Leader(leader), (0.2, 0.3), steps=2000, step_size=0.2, stop=Rest(1e-12))
        assert end.result == RESULTS.converged
        np.testing.assert_allclose(np.stack(end.params), quantities, rtol=0, atol=1e-10)
        assert game.payoffs(end.params)[leader] == pytest.approx(1 / 8, abs=1e-10)
        assert game.payoffs(end.params)[1 - leader] == pytest.approx(1 / 16, abs=1e-10)
    selfish = (1 / 3, 1 / 3)  # which it does not keep
    np.testing.assert_allclose(game.payoffs(selfish), 1 / 9, rtol=0, atol=1e-15)
    np.testing.assert_allclose(directed(Gradient(), game, selfish), 0, rtol=0, atol=1e-15)
    assert directed(Leader(), game, selfish)[0] == pytest.approx(1 / 6, abs=1e-15)


@pytest.mark.slow  # by day matrices and sums say it of other games
def test_the_leader_of_three_sellers_meets_both_answers():
    """Followers sell (1 - q)/3 each, so that the leader is paid q (1 - q)/3: at most at 1/2."""
    game = DifferentiableGame(cournot, [Box(0.0, 1.0)] * 3)
    end = gh.run(game, Leader(), (0.2, 0.3, 0.1), steps=2000, step_size=0.2).params
    np.testing.assert_allclose(np.stack(end), (1 / 2, 1 / 6, 1 / 6), rtol=0, atol=1e-10)


def test_a_leader_whose_followers_hardly_answer_shapes_as_lola_does():
    """For large λ, (H_ffᵀ - λI)^{-1} is -1/λ."""
    game, x, damping = PENNIES, (0.3, -0.2), 1e6
    led, selfish, shaped = directed_by(
        [Leader(0, damping), Gradient(), Lola(1 / damping, "original")], game, x
    )
    added = shaped[0] - selfish[0]
    assert led[0] - selfish[0] == pytest.approx(added, rel=1e-4)
    np.testing.assert_array_equal(led[1:], selfish[1:])


def test_a_leader_of_followers_without_an_answer_is_undefined():
    """Where the leader mixes evenly the follower here is paid the same whatever it does."""
    game = ParametricGame(gh.NormalFormGame([[[2, 4], [1, 3]], np.eye(2)]), Logistic((2, 2), 0.0))
    assert np.isnan(directed(Leader(), game, (0.0, 0.3))[0])
    assert np.isfinite(directed(Leader(damping=0.1), game, (0.0, 0.3))).all()


def expected_of(tensor, i, mixes):
    """What each action of player i pays among the others' mixes, summed over all profiles."""
    paid = np.moveaxis(tensor[i], i, 0)
    for mix in [m for j, m in enumerate(mixes) if j != i]:
        paid = np.tensordot(paid, mix, axes=(1, 0))
    return paid


def softmax(logits):
    powers = np.exp(np.append(logits, 0.0))
    return powers / powers.sum()


def unread(seed, actions):
    tensor = random_tensor(actions, seed)
    game = ParametricGame(gh.NormalFormGame(tensor), Logistic(actions, 0.0))
    rng = np.random.default_rng(seed)
    shapes = [() if count == 2 else count - 1 for count in actions]
    return tensor, game, tuple(rng.normal(size=shape) for shape in shapes)


@eqx.filter_jit
def mirrored(game, params, rules):
    return [rule.direction(game, params, rule.init(game, params))[0] for rule in rules]


@pytest.mark.parametrize("actions", [(2, 3, 2), pytest.param((2, 2), marks=pytest.mark.slow)])
def test_mirror_ascent_is_by_what_actions_are_worth(actions):
    """Sums over profiles, in ten games; one step of it is multiplicative weights."""
    magnet = tuple(0.3 * i for i in range(len(actions)))
    rules = [Mirror(), MagneticMirror(0.4), MagneticMirror(0.4, magnet)]
    for seed in range(10):
        tensor, game, params = unread(seed, actions)
        mixes = [softmax(own) for own in params]
        with jax.enable_x64(True):
            found = mirrored(game, jax.tree.map(jnp.asarray, params), rules)
        for i, own in enumerate(params):
            worth = expected_of(tensor, i, mixes)
            right = np.reshape(worth[:-1] - worth[-1], np.shape(own))
            away = (0 * own, 0.4 * own, 0.4 * (own - magnet[i]))
            for each, less in zip(found, away, strict=True):
                np.testing.assert_allclose(each[i], right - less, rtol=0, atol=1e-13)
            weights = mixes[i] * np.exp(0.2 * worth)
            np.testing.assert_allclose(
                softmax(own + 0.2 * found[0][i]), weights / weights.sum(), rtol=0, atol=1e-14
            )


@pytest.mark.slow  # by day matrices and sums say it of other games
def test_in_three_each_worth_is_by_hand():
    tensor, x = three_tensor(), (0.3, -0.2, 0.1)
    mixes = [np.array([p, 1 - p]) for p in sigmoid(np.array(x))]
    right = [-np.diff(expected_of(tensor, i, mixes))[0] for i in range(3)]
    with jax.enable_x64(True):
        (found,) = mirrored(three(), tuple(map(jnp.asarray, x)), [Mirror()])
        selfish = three().selfish_gradients(x)
    np.testing.assert_allclose(np.stack(found), right, rtol=0, atol=1e-14)
    slopes = np.array([p * (1 - p) for p, _ in mixes])
    np.testing.assert_allclose(np.stack(selfish), slopes * right, rtol=0, atol=1e-14)


ROUNDS = np.array([[0.0, -1.0, 3.0], [1.0, 0.0, -1.0], [-3.0, 1.0, 0.0]])
QUANTAL = {
    1.0: (0.38602209, 0.44028214, 0.17369577),
    0.2: (0.25025848, 0.58361114, 0.16613038),
}


def test_magnetic_mirror_ascent_ends_at_quantal_responses_whatever_its_step():
    game = ParametricGame(gh.NormalFormGame([ROUNDS, ROUNDS.T]), Logistic((3, 3), 0.0))
    start = (np.array([0.3, -0.2]), np.array([0.1, 0.5]))
    for temperature, right in QUANTAL.items():
        for step in (0.1, 0.3):
            rule, size = MagneticMirror(temperature), step / (1 + step * temperature)
            end = gh.run(game, rule, start, steps=3000, step_size=size)
            assert end.residual < 1e-13
            for i in range(2):
                mix = np.asarray(game.behaviours(end.params)[i])
                np.testing.assert_allclose(mix, right, rtol=0, atol=5e-9)
                response = np.exp(ROUNDS @ mix / temperature)
                np.testing.assert_allclose(mix, response / response.sum(), rtol=0, atol=1e-13)
    uniform = (np.zeros(2), np.zeros(2))
    turn = np.eye(3)[[1, 2, 0]] - np.eye(3)
    even = ParametricGame(gh.NormalFormGame([turn, -turn]), Logistic((3, 3), 0.0))
    assert rest_residual(even, uniform) < 1e-15


def test_with_nothing_to_gain_a_magnet_is_approached_at_its_rate():
    """In log ratios by 1/(1 + ηλ) a step, and it moves from every rest of selfish learning."""
    game = ParametricGame(gh.NormalFormGame(np.zeros((2, 2, 2))), Logistic((2, 2), 0.0))
    magnet, start, step, pull = np.array([0.5, -1.0]), np.array([2.0, 1.0]), 0.3, 0.7
    rule, size = MagneticMirror(pull, magnet), step / (1 + step * pull)
    end = gh.run(game, rule, tuple(start), steps=7, step_size=size).params
    right = magnet + (start - magnet) / (1 + step * pull) ** 7
    np.testing.assert_allclose(np.stack(end), right, rtol=0, atol=1e-14)
    np.testing.assert_allclose(np.stack(game.selfish_gradients(tuple(start))), 0, rtol=0, atol=0)


def test_mirror_ascent_keeps_rest_points_inside_the_simplex():
    game = ParametricGame(gh.NormalFormGame([ROUNDS, ROUNDS.T]), Logistic((3, 3), 0.0))
    even = np.array([1.0, 3.0, 1.0]) / 5  # where ROUNDS pays 0 whatever one does
    rest = (np.log(even[:2] / even[2]),) * 2
    for rule, rests in ((Gradient(), True), (Mirror(), True), (MagneticMirror(0.2), False)):
        assert (rest_residual(game, rest, rule) < 1e-14) == rests


def test_in_repeated_games_each_state_has_its_own_worth():
    """By differences of values in the probability of action 0 there."""
    again = gh.games.RepeatedGame(gh.load_game("prisoners_dilemma"), 0.9)
    game = ParametricGame(again, Logistic(again, 0.0))
    rng = np.random.default_rng(4)
    params = tuple(rng.normal(size=(2, 5)))
    with jax.enable_x64(True):
        (found,) = mirrored(game, tuple(map(jnp.asarray, params)), [Mirror()])
    mixes = [sigmoid(own) for own in params]
    for i in range(2):
        for state in range(5):
            ends = []
            for move in (1e-6, -1e-6):
                moved = [mix.copy() for mix in mixes]
                moved[i][state] += move
                ends.append(float(again.values(moved)[i]))
            assert found[i][state] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


def read(coupling: Any = 0.5, **settings):
    game = gh.NormalFormGame([ROUNDS, ROUNDS.T])
    return ParametricGame(game, Logistic((3, 3), coupling, **settings))


def test_mirror_ascent_is_refused_under_reading_and_where_nobody_has_logits():
    reading, logits = "others' parameters move them", "are logits of one's own"
    one_sided = [[0.0, 0.5], [0.0, 0.0]]
    unread_game = read(0.0)
    for game, rule, said in (
        (read(), Mirror(), reading),
        (read(one_sided), MagneticMirror(), reading),
        (read(), PerPlayer((Mirror(), Gradient())), reading),
        (read(0.0, own_weight=2.0), Mirror(), logits),
        (ParametricGame(unread_game.game, unread_game.semantics, Misreport(1.0)), Mirror(), logits),
        (TANDEM, Mirror(), "players who mix actions"),
        (Tied(read(0.0)), Mirror(), "one entry for each player"),
    ):
        with pytest.raises(gh.InputError, match=said):
            gh.run(game, rule, steps=2, step_size=0.1)
    with pytest.raises(gh.InputError, match=reading):
        learn([read(0.0), read(0.3)], Learning(Mirror(), steps=2, starts=Starts(3)))
    with pytest.raises(gh.InputError, match=reading):
        rest_residual(read(), (np.zeros(2), np.zeros(2)), Mirror())
    for magnet, said in (((0.0,), "not for 1"), ((0.0, [1.0, 2.0, 3.0]), r"shape \(3,\)")):
        with pytest.raises(gh.InputError, match=said):
            gh.run(read(0.0), MagneticMirror(1.0, magnet), steps=2, step_size=0.1)


def test_where_no_error_can_tell_directions_are_nan():
    """Of couplings that are traced."""

    def towards(coupling):
        game, rule = read(coupling), Mirror()
        return rule.direction(game, game.neutral(), rule.init(game, game.neutral()))[0][0]

    found = jax.jit(jax.vmap(towards))(jnp.array([0.0, 0.3]))
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def alike(seed, players, coupling):
    """A random game of two actions in which only how many others take action 0 counts."""
    own = np.random.default_rng(seed).normal(size=(2, players))
    tensor = np.empty((players, *(2,) * players))
    for profile in np.ndindex(*(2,) * players):
        for i, action in enumerate(profile):
            tensor[i][profile] = own[action, sum(profile) - action]
    return ParametricGame(gh.NormalFormGame(tensor), Logistic((2,) * players, coupling))


def mean_field_by_matrices(game, params, look_ahead):
    """LOLA's terms of each player where all others are at their mean, from whole matrices."""
    n, xi = len(params), Dense(game, params).xi
    found = xi.copy()
    for i in range(n):
        at = np.full(n, np.delete(params, i).mean())
        at[i] = params[i]
        there, j = Dense(game, at), (i + 1) % n
        ahead, shaping = there.H[i, j] * there.xi[j], there.H[j, i] * there.E[i, j]
        found[i] += look_ahead * (n - 1) * (ahead + shaping)
    return found


@pytest.mark.parametrize(
    "players", [3, pytest.param(4, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
)
def test_mean_field_lola_is_what_matrices_give(players):
    for seed in range(so_many(3, 10)):
        game = alike(seed, players, 0.3)
        params = np.random.default_rng(seed).normal(size=players)
        found = directed(MeanFieldLola(0.7), game, params)
        right = mean_field_by_matrices(game, params, 0.7)
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-12)


def test_mean_field_lola_is_lola_where_the_others_are_equal():
    game, rules = alike(3, 3, 0.3), [MeanFieldLola(0.7), Lola(0.7)]
    mean, lola = directed_by(rules, game, (0.9, -0.4, -0.4))
    assert mean[0] == pytest.approx(lola[0], abs=1e-13)
    assert np.abs(mean[1:] - lola[1:]).min() > 1e-4
    equal = directed_by(rules, game, (0.9,) * 3)
    np.testing.assert_allclose(*equal, rtol=0, atol=1e-13)
    pair = directed_by(rules, TANDEM, (0.9, -0.4))
    np.testing.assert_allclose(*pair, rtol=0, atol=1e-13)


@pytest.mark.slow
def test_of_several_parameters_each_mean_is_met():
    def payoffs(params):
        total = jnp.sum(jnp.stack(params), axis=0)
        return [jnp.sum(jnp.sin(x) * total**2) + x[0] * total[1] for x in params]

    game = DifferentiableGame(payoffs, [PLANE] * 3)
    same = (np.array([0.3, -0.2]), np.array([0.5, 0.1]), np.array([0.5, 0.1]))
    mean, lola = directed_by([MeanFieldLola(0.7), Lola(0.7)], game, same)
    np.testing.assert_allclose(mean[0], lola[0], rtol=0, atol=1e-13)


@pytest.mark.slow  # by day matrices and sums say it of other games
def test_mean_field_lola_rests_where_lola_does_in_tandem():
    end = gh.run(TANDEM, MeanFieldLola(0.1), (0.5, -0.25), steps=10_000, step_size=0.02).params
    assert sum(end) == pytest.approx(4 / 3, abs=1e-6)  # selfish learners at 1


def test_who_cannot_be_exchanged_is_refused():
    other = DifferentiableGame(lambda p: [p[0] * p[1], 2 * p[0] * p[1]], [LINE, LINE])
    narrow = DifferentiableGame(lambda p: [p[0] * p[1]] * 2, [LINE, Box(-1.0, 1.0)])
    alone = DifferentiableGame(lambda p: [-(p[0] ** 2)], [LINE])
    one_sided = alike(0, 3, np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.4, 0.0]]))
    mixed = ParametricGame(gh.NormalFormGame(random_tensor((2, 3), 1)), Logistic((2, 3), 0.1))
    pays = "exchanging two changes more than their payoffs"
    for game, said in (
        (other, pays),
        (one_sided, pays),
        (narrow, "their boxes differ"),
        (alone, "DifferentiableGame has others"),
        (mixed, "only parameters of one shape"),
    ):
        with pytest.raises(gh.InputError, match=said):
            gh.run(game, MeanFieldLola(), steps=2, step_size=0.1)
    assert np.isfinite(
        gh.run(SHARED, MeanFieldLola(), (0.1, 0.2), steps=2, step_size=0.1).params
    ).all()


def test_levels_add_rest_points():
    """On U = xy for both, level 2 is (y + αx, x + αy), which rests on y = -x at α = 1."""
    assert directed(Gradient(), SHARED, (0.5, -0.5)) == pytest.approx([-0.5, 0.5])
    assert directed(LevelK(1.0, 2), SHARED, (0.5, -0.5)) == pytest.approx([0, 0], abs=1e-15)
    assert np.abs(directed(LevelK(1.0, 3), SHARED, (0.5, -0.5))).min() > 0.4


def test_optimistic_cgo_is_stuck_where_the_point_ahead_rests():
    line = DifferentiableGame(lambda params: [-(params[0] ** 2) / 2], [Box(-9, 9)])
    assert directed(OptimisticCgo(0.5, 1.0), line, (3.0,)) == pytest.approx([0.0], abs=1e-15)


@pytest.mark.slow
def test_they_go_into_line_ups_and_transformations():
    import optax

    rule = Transformed(PerPlayer((Leader(0, 0.5), LevelK(0.3, 3))), optax.trace(0.5))
    end = gh.run(TANDEM, rule, (0.5, -0.25), steps=5, step_size=0.05)
    assert np.isfinite(np.stack(end.params)).all()


def test_each_says_its_numbers():
    for rule, said in (
        (
            MagneticMirror(0.5, (0.0, 1.5)),
            "magnetic mirror ascent (temperature 0.5, magnet 0, 1.5)",
        ),
        (LevelK(0.5, 3), "level-k gradients (look-ahead 0.5, level 3)"),
        (Leader(1), "an implicit leader (leader 1, damping 0)"),
        (PerPlayer((Mirror(), Gradient())), "a line-up (mirror ascent, selfish gradients)"),
    ):
        assert in_words(rule) == said


def test_what_they_cannot_be_is_said():
    for wrong, said in (
        (lambda: OptimisticCgo(0.1, -1.0), "extrapolation=-1 must be at least 0"),
        (lambda: LevelK(0.1, 0), "level=0 must be a whole number from 1 to 1000"),
        (lambda: Leader(-1), "leader=-1 must be a whole number from 0"),
        (lambda: Leader(damping=-1.0), "damping=-1 must be at least 0"),
        (lambda: MagneticMirror(-1.0), "temperature=-1 must be at least 0"),
        (lambda: MeanFieldLola(-1.0), "look_ahead=-1 must be at least 0"),
        (lambda: gh.run(TANDEM, Leader(2), steps=1, step_size=0.1), "one of 2 players, from 0"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()
