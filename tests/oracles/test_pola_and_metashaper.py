"""Proximal and meta-shaping against games written out in NumPy, which knows complex steps."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from tests.oracles.test_rules import TANDEM, three, three_tensor
from tests.reference import random_tensor

import glasshouse as gh
from glasshouse.dynamics import Learning, Starts, learn
from glasshouse.games import NormalFormGame
from glasshouse.parametric import ParametricGame
from glasshouse.rules import Lola, MetaShaper, Pola
from glasshouse.semantics import Logistic

LETTERS = "abc"


class Written:
    """Two-action players of logits Wθ, in arithmetic that takes complex numbers."""

    def __init__(self, tensor, weights, bound=np.inf):
        self.tensor, self.W, self.n = np.asarray(tensor), weights, len(weights)
        self.bound = bound

    def chances(self, x):
        return 1 / (1 + np.exp(-self.W @ x))

    def expected(self, payoffs, mixes):
        n = LETTERS[: self.n]
        return np.einsum(f"{n},{','.join(n)}->", payoffs, *mixes)

    def payoff(self, i, x):
        return self.expected(self.tensor[i], [np.array([p, 1 - p]) for p in self.chances(x)])

    def selfish(self, x):
        p = self.chances(x)
        mixes = [np.array([q, 1 - q]) for q in p]
        found = []
        for j in range(self.n):
            total: Any = 0
            for k in range(self.n):
                moved = [*mixes[:k], np.array([1, -1]), *mixes[k + 1 :]]
                slope = self.expected(self.tensor[j], moved)
                total += p[k] * (1 - p[k]) * self.W[k, j] * slope
            found.append(total)
        return np.array(found)

    def learned(self, i, x, alpha, horizon):
        """What i is paid on average while the others take so many steps."""
        x, paid = np.array(x), []
        for _ in range(horizon):
            steps = alpha * self.selfish(x)
            x = np.where(np.arange(self.n) == i, x, self.inside(x + steps))
            paid.append(self.payoff(i, x))
        return sum(paid) / horizon

    def inside(self, x):
        """Clipped to the box; what is outside moves no more."""
        out = np.abs(x.real) > self.bound
        return np.where(out, self.bound * np.sign(x.real), x)

    def slope(self, i, x, alpha, horizon):
        """The derivative by θ_i of the same, by a complex step: no difference is taken."""
        moved = np.array(x, dtype=complex)
        moved[i] += 1e-30j
        return self.learned(i, moved, alpha, horizon).imag / 1e-30

    def proximal(self, i, x, alpha, beta):
        """The best of what i can move to, by search."""
        old = self.chances(np.array(x))[i]

        def lost(mine):
            there = np.where(np.arange(self.n) == i, mine, x)
            new = self.chances(there)[i]
            kl = old * np.log(old / new) + (1 - old) * np.log((1 - old) / (1 - new))
            return beta * kl - self.learned(i, there, alpha, 1)

        near = minimize_scalar(lost, bounds=(x[i] - 3, x[i] + 3), options={"xatol": 1e-11})
        return near.x  # pyright: ignore[reportAttributeAccessIssue]


def games(players):
    """Ten random ones whose players read each other; of three players "three" is the first."""
    rng = np.random.default_rng(players)
    apart = 1 - np.eye(players)
    tensors = [np.asarray(random_tensor((2,) * players, seed)) for seed in range(10)]
    weights = np.eye(players) + rng.uniform(-0.5, 1, (10, players, players)) * apart
    params = rng.normal(size=(10, players))
    if players == 3:
        tensors[0] = three_tensor()
        weights[0], params[0] = np.eye(3), (0.3, -0.2, 0.1)
    return np.stack(tensors), weights, params


def made(tensor, weights, bound=np.inf):
    apart = weights - np.eye(len(weights))
    return ParametricGame(NormalFormGame(tensor), Logistic((2,) * len(weights), apart, bound))


@eqx.filter_jit
def directions(rules, game, params):
    return [jnp.stack(rule.towards(game, params)) for rule in rules]


def directed(rules, game, x):
    with jax.enable_x64(True):
        return np.asarray(directions(rules, game, tuple(map(jnp.asarray, x))))


def directed_in_all(rules, batch, bound=np.inf):
    """Directions of rules in all games, in one program."""

    def towards(tensor, weight, x):
        return directions(rules, made(tensor, weight, bound), tuple(x))

    with jax.enable_x64(True):
        return [np.asarray(each) for each in jax.jit(jax.vmap(towards))(*batch)]


def by_day(count):
    """So many players by day, by night two and three."""
    marked = [pytest.param(n, marks=() if n == count else pytest.mark.slow) for n in (2, 3)]
    return pytest.mark.parametrize("players", marked)


@by_day(2)
@pytest.mark.parametrize("bound", [np.inf, 3.0])
def test_meta_shaping_is_the_derivative_of_what_learning_pays(players, bound):
    """In steps that are unrolled and in a loop; the bound is one at which some of them end."""
    batch, alpha = games(players), 0.7 if bound == np.inf else 4.0
    found = directed_in_all([MetaShaper(alpha, 1), MetaShaper(alpha, 4)], batch, bound)
    for k, (tensor, weights, x) in enumerate(zip(*batch, strict=True)):
        written = Written(tensor, weights, bound)
        for each, horizon in zip(found, (1, 4), strict=True):
            right = [written.slope(i, x, alpha, horizon) for i in range(players)]
            np.testing.assert_allclose(each[k], right, rtol=0, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("players", [2, 3])
def test_looking_one_step_ahead_is_exact_lola(players):
    """Which test_shaping.py compares with matrices."""
    one, exact = directed_in_all([MetaShaper(0.7, 1), Lola(0.7, "exact")], games(players))
    np.testing.assert_allclose(one, exact, rtol=0, atol=1e-12)


@by_day(2)
def test_pola_moves_to_the_best_point_and_by_the_natural_gradient_of_lola(players):
    """Where the penalty is strong, the objective has one maximum near the start."""
    tensors, weights, params = games(players)
    alpha, betas = 0.7, np.repeat([3.0, 1e5], len(params))

    def towards(tensor, weight, x, beta):
        rule = Pola(alpha, beta, inner_step=2 / beta, tolerance=1e-24, most_steps=2000)
        return directions([rule], made(tensor, weight), tuple(x))[0]

    twice = [np.concatenate([x, x]) for x in (tensors, weights, params)]
    with jax.enable_x64(True):
        found = np.asarray(jax.jit(jax.vmap(towards))(*twice, betas))
    for k, (tensor, weight, x) in enumerate(zip(tensors, weights, params, strict=True)):
        written = Written(tensor, weight)
        right = [written.proximal(i, x, alpha, 3.0) - x[i] for i in range(players)]
        np.testing.assert_allclose(found[k], right, rtol=0, atol=3e-7)  # of a search by values
        p = written.chances(x)
        natural = [written.slope(i, x, alpha, 1) / (p[i] * (1 - p[i])) for i in range(players)]
        np.testing.assert_allclose(1e5 * found[k + 10], natural, rtol=0, atol=3e-4)


@pytest.mark.slow
def test_believing_that_nobody_learns_leaves_nothing_to_shape():
    game, x = three(), (0.3, -0.2, 0.1)
    nobody: dict[str, Any] = {"believed_step_sizes": (0.0, 0.0, 0.0)}
    found, selfish = directed([MetaShaper(0.7, 3, **nobody), MetaShaper(0.0, 3)], game, x)
    np.testing.assert_allclose(found, np.stack(game.selfish_gradients(x)), rtol=0, atol=1e-13)
    np.testing.assert_allclose(selfish, found, rtol=0, atol=1e-13)


def test_what_meta_shaping_and_pola_do_not_keep():
    """Where every selfish gradient vanishes both move on: the mixed equilibrium of a coordination
    game in which the sides want different outcomes."""
    game = ParametricGame(NormalFormGame([[[3, 0], [0, 1]], [[1, 0], [0, 2]]]), Logistic((2, 2), 0))
    rest = (np.log(2.0), np.log(1 / 3))
    assert np.abs(np.stack(game.selfish_gradients(rest))).max() < 1e-15
    for found in directed([MetaShaper(1.0, 5), Pola(1.0, 1.0)], game, rest):
        assert np.abs(found).max() > 1e-2


def test_expected_learning_stays_in_its_box():
    """At the upper end, a step that would leave moves nobody: one is paid as if they stood."""
    tensor = random_tensor((2, 2), 3)
    game = ParametricGame(NormalFormGame(tensor), Logistic((2, 2), 0.0, bound=0.5))
    selfish = np.stack(game.selfish_gradients((0.1, 0.1)))
    ends = (0.1, 0.5 * float(np.sign(selfish[1])))
    (found,) = directed([MetaShaper(1.0, 3)], game, ends)
    assert found[0] == pytest.approx(float(game.selfish_gradients(ends)[0]), abs=1e-14)


def test_games_without_behaviour_have_no_proximal_step():
    with pytest.raises(gh.InputError, match=r"POLA compares what players do .* DifferentiableGame"):
        gh.run(TANDEM, Pola(), steps=1, step_size=1.0)
    for wrong, said in (
        (lambda: Pola(penalty=-1.0), "penalty"),
        (lambda: Pola(inner_step=0.0), "inner_step must be positive"),
        (lambda: Pola(tolerance=0.0), "tolerance must be positive"),
        (lambda: Pola(most_steps=0), "most_steps"),
        (lambda: MetaShaper(horizon=0), "horizon"),
    ):
        with pytest.raises(gh.InputError, match=said):
            wrong()


def paid(game, params):
    return game.payoffs(params)


@pytest.mark.slow
def test_pola_finds_tit_for_tat_from_policies_near_one_half():
    """As its authors define it: 20 of 20 from a spread of 0.1, few from 1."""
    factor = 1.33
    sucker, best = factor / 2 - 1, factor / 2
    table = np.array([[factor - 1, sucker], [best, 0.0]])
    again = gh.games.RepeatedGame(NormalFormGame([table, table.T]), 0.96, "sum")
    game = ParametricGame(again, Logistic(again, 0.0, math.inf))
    rule = Pola(5.0, penalty=0.1, inner_step=0.3)
    counts = []
    for spread in (0.1, 1.0):
        learning = Learning(rule, 1.0, 2, starts=Starts(20, spread, seed=0))
        ends = learn([game], learning, paid, judged=False)
        each = [1 / (1 + np.exp(-np.asarray(x)[0])) for x in ends.params]
        answers = np.all([(p[:, 2] < 0.65) & (p[:, 4] < 0.65) for p in each], axis=0)
        counts.append(int(np.sum(answers & (ends.observed[0].mean(1) / 25 > 0.8 * table[0, 0]))))
    assert counts[0] == 20
    assert counts[1] <= 10
