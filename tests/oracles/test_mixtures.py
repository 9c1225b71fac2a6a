"""Mixed equilibria over parameters: against numbers to 30 digits, brute force, and exact games."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

import glasshouse as gh
from glasshouse import InputError, LogisticFamily, NormalFormGame, ParametricGame, load_game
from glasshouse.analysis.equilibria import (
    extreme_equilibria,
    mixed_equilibrium,
    symmetric_equilibria,
)
from glasshouse.analysis.equilibria.mixed.restricted import zero_sum_equilibrium
from glasshouse.semantics import Logistic

PD = LogisticFamily(load_game("prisoners_dilemma"), bound=3.0)

TABLE = {
    0.5: (-2.04321663802, 0.140687622471, 1.51049464913),
    0.7: (-2.39660067601, 0.568800872499, 2.38393225402),
    0.8: (-1.96459349394, 0.886535269321, 2.89753725947),
    0.85: (-1.45345007754, 0.978182956465, 2.98539069768),
}
"""By coupling: the atom below 3, the probability of 3, and the payoff."""


def pd_payoff(a, b, coupling):
    """The payoff of parameter a against b in the prisoner's dilemma (5, 3, 1, 0), by definition."""
    p, q = (1 / (1 + np.exp(-(x + coupling * y))) for x, y in ((a, b), (b, a)))
    return 3 * p * q + 5 * (1 - p) * q + (1 - p) * (1 - q)


@pytest.mark.parametrize("coupling", TABLE)
def test_symmetric_mixtures_of_the_prisoners_dilemma(coupling):
    at, share, payoff = TABLE[coupling]
    found = mixed_equilibrium(PD(coupling))
    assert found.symmetric
    assert found.verdict == "certified"
    assert found.epsilon == 1e-9
    for own, weights in zip(found.atoms, found.weights, strict=True):
        assert own == pytest.approx((at, 3.0), abs=1e-9)
        assert weights == pytest.approx((1 - share, share), abs=1e-9)
    assert found.payoffs == pytest.approx((payoff, payoff), abs=1e-9)
    # And nothing on a grid gains more, by the definition of the payoff.
    grid = np.linspace(-3, 3, 20_001)
    paid = np.sum(
        [
            w * pd_payoff(grid, x, coupling)
            for w, x in zip(found.weights[1], found.atoms[1], strict=True)
        ],
        axis=0,
    )
    assert paid.max() - payoff < 1e-10


def test_where_no_pure_equilibrium_is_there_is_a_mixed_one():
    """κ = .5: on a grid every profile has somebody who gains .0029 at least, all over the box."""
    grid = np.linspace(-3, 3, 601)
    table = pd_payoff(grid[:, None], grid[None], 0.5)
    gain = table.max(axis=0)[None] - table
    least = np.maximum(gain, gain.T).min()
    assert least > 1e-3
    found = mixed_equilibrium(PD(0.5), symmetric=False)
    assert not found.symmetric
    assert found.verdict == "certified"
    assert [len(own) for own in found.atoms] == [2, 2]


def test_pure_equilibria_are_mixtures_of_one_atom():
    for coupling, at in ((0.2, -3.0), (0.3, -1.311344686337), (0.9, 3.0)):
        found = mixed_equilibrium(PD(coupling))
        assert found.verdict == "certified"
        assert found.weights == ((1.0,), (1.0,))
        assert found.atoms[0] == pytest.approx((at,), abs=1e-9)


def test_an_asymmetric_mixture_is_found_and_proved():
    """Matching pennies with reading: a zero-sum game in the parameters, three atoms against two."""
    table = np.array([[1.0, -1.0], [-1.0, 1.0]])
    game = ParametricGame(NormalFormGame(np.stack([table, -table])), Logistic((2, 2), 0.5, 3.0))
    found = mixed_equilibrium(game)
    assert found.verdict == "certified"
    assert sorted(map(len, found.atoms)) == [2, 3]
    # The value of the game on a grid, by linear programming: more atoms are of no use to either.
    grid = np.linspace(-3, 3, 81)
    p, q = (
        1 / (1 + np.exp(-(x + 0.5 * y)))
        for x, y in ((grid[:, None], grid[None]), (grid[None], grid[:, None]))
    )
    values = (2 * p - 1) * (2 * q - 1)
    x, y = zero_sum_equilibrium(values)
    low, high = (x @ values).min(), (values @ y).max()
    assert high - low < 1e-7
    assert found.payoffs[0] == pytest.approx(low, abs=1e-3)
    assert found.payoffs[0] == pytest.approx(-found.payoffs[1], abs=1e-12)


def test_three_players_who_are_interchangeable_mix_alike():
    """Public goods, r = 2, κ = .3: weight on 3 and on another atom; on a grid nothing pays more."""
    table = np.zeros((3, 2, 2, 2))
    for acts in np.ndindex(2, 2, 2):
        given = 2 * acts.count(0) / 3
        for i in range(3):
            table[(i, *acts)] = given - (acts[i] == 0)
    game = ParametricGame(NormalFormGame(table), Logistic((2, 2, 2), 0.3, 3.0))
    found = mixed_equilibrium(game)
    assert found.verdict == "certified"
    assert found.symmetric
    assert len(found.atoms[0]) == 2
    grid = np.linspace(-3, 3, 2001)
    paid = np.zeros_like(grid)
    for j, k in itertools.product(range(2), repeat=2):
        share = found.weights[0][j] * found.weights[0][k]
        at = [grid, found.atoms[0][j], found.atoms[0][k]]
        p = [1 / (1 + np.exp(-(0.7 * at[i] + 0.3 * sum(at)))) for i in range(3)]
        paid += share * (2 * sum(p) / 3 - p[0])
    assert paid.max() - found.payoffs[0] < 1e-9


def test_several_parameters_are_searched_and_proved():
    table = np.random.default_rng(11).uniform(-1, 1, size=(2, 3, 3)).round(2)
    game = ParametricGame(NormalFormGame(table), Logistic((3, 3), 0.3, 1.0))
    found = mixed_equilibrium(game, epsilon=1e-3)
    assert found.verdict == "certified"
    assert "ascents" in found.detail


def test_results_say_from_where_they_were_found():
    found = mixed_equilibrium(PD(0.9), start=[(1.0, 1.0), (-3.0, -3.0)])
    assert [tuple(map(float, profile)) for profile in found.start] == [(1.0, 1.0), (-3.0, -3.0)]
    assert found.restricted >= 1
    assert "2 profiles" in found.detail
    assert f"{found.restricted} extreme symmetric" in found.detail
    assert found.evidence.method == "certified"


@pytest.mark.parametrize(
    ("family", "settings", "words"),
    [
        (LogisticFamily(load_game("prisoners_dilemma"), np.inf), {}, "bound"),
        (PD, {"start": (4.0, 0.0)}, "box"),
        (PD, {"start": []}, "at least, but has 0"),
        (PD, {"start": [(0.1 * k, 0.0) for k in range(9)]}, "at most 8 profiles"),
    ],
)
def test_what_cannot_be_searched_is_refused(family, settings, words):
    with pytest.raises(InputError, match=words):
        mixed_equilibrium(family(0.5), **settings)


@pytest.mark.parametrize("count", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_mixtures_of_random_games_are_found_and_no_deviation_on_a_grid_gains(count):
    """Payoffs U(-1, 1), κ U(-.5, 1.5), M = 3: payoffs from their definition, in NumPy alone."""
    rng, grid = np.random.default_rng(20), np.linspace(-3, 3, 2001)
    for k in range(count):
        table, coupling = rng.uniform(-1, 1, size=(2, 2, 2)), rng.uniform(-0.5, 1.5)
        if k % 2:  # interchangeable players
            table[1] = table[0].T
        found = mixed_equilibrium(
            ParametricGame(NormalFormGame(table), Logistic((2, 2), coupling, 3.0))
        )
        assert found.verdict == "certified"
        assert found.symmetric == bool(k % 2)
        for i in (0, 1):
            (a, b), (c, d) = table[i] if i == 0 else table[i].T
            paid = np.zeros_like(grid)
            for w, x in zip(found.weights[1 - i], found.atoms[1 - i], strict=True):
                p, q = (1 / (1 + np.exp(-(y + coupling * z))) for y, z in ((grid, x), (x, grid)))
                paid += w * (p * (q * a + (1 - q) * b) + (1 - p) * (q * c + (1 - q) * d))
            assert paid.max() == pytest.approx(found.payoffs[i], abs=1e-5)
            assert paid.max() <= found.payoffs[i] + 1e-9


def test_games_that_are_played_again_and_again_are_refused():
    again = LogisticFamily(gh.games.RepeatedGame(load_game("prisoners_dilemma"), 0.9), 3.0)
    with pytest.raises(InputError, match="played once"):
        mixed_equilibrium(again(0.5))


def test_players_who_are_not_interchangeable_do_not_mix_alike():
    table = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 2.0]]])
    game = ParametricGame(NormalFormGame(table), Logistic((2, 2), 0.2, 3.0))
    with pytest.raises(InputError, match="interchangeable"):
        mixed_equilibrium(game, symmetric=True)
    assert not mixed_equilibrium(game).symmetric


# Restricted games


def supports_of(found, m, n):
    """Pairs of supports with an equilibrium, from extreme equilibria: unions of those of vertices
    that are all equilibria with each other."""
    pairs = {(x, y) for x, y in found}
    firsts, seconds = list({x for x, _ in pairs}), list({y for _, y in pairs})
    reached = set()
    for size in range(1, len(firsts) + 1):
        for xs in itertools.combinations(firsts, size):
            common = [y for y in seconds if all((x, y) in pairs for x in xs)]
            used = frozenset(k for x in xs for k in range(m) if x[k])
            for several in range(1, len(common) + 1):
                for ys in itertools.combinations(common, several):
                    reached.add((used, frozenset(k for y in ys for k in range(n) if y[k])))
    return reached


def subsets(count):
    chosen = (itertools.combinations(range(count), k) for k in range(1, count + 1))
    return [frozenset(x) for size in chosen for x in size]


def is_answered(payoffs, used, best):
    """Whether some mixture of exactly these rows makes exactly these columns best replies, or more:
    a linear program for the largest least weight."""
    n = payoffs.shape[1]
    rows, columns = sorted(used), sorted(best)
    others = [k for k in range(n) if k not in best]
    # Unknowns: weights of the rows, the value, the least weight.
    equal = [np.r_[payoffs[rows, k], -1, 0] for k in columns] + [np.r_[np.ones(len(rows)), 0, 0]]
    less = [np.r_[payoffs[rows, k], -1, 0] for k in others]
    less += [np.r_[-np.eye(len(rows))[k], 0, 1] for k in range(len(rows))]
    found = linprog(
        np.r_[np.zeros(len(rows)), 0, -1], A_ub=less, b_ub=np.zeros(len(less)), A_eq=equal,
        b_eq=np.r_[np.zeros(len(columns)), 1], bounds=[(0, 1)] * len(rows) + [(None, None), (0, 1)],
    )  # fmt: skip
    return found.status == 0 and -found.fun > 1e-7


def brute_force(row, column):
    m, n = row.shape
    forward = {(s, t): is_answered(column, s, t) for s in subsets(m) for t in subsets(n)}
    back = {(s, t): is_answered(row.T, t, s) for s in subsets(m) for t in subsets(n)}
    return {pair for pair in forward if forward[pair] and back[pair]}


def random_game(rng, m, n, kind):
    if kind == "degenerate":  # few payoffs, many ties
        return rng.integers(0, 3, size=(2, m, n)).astype(float)
    return rng.uniform(-1, 1, size=(2, m, n))


@pytest.mark.parametrize(
    ("m", "n", "kind", "seed"),
    [
        *((m, n, "degenerate", k) for k, (m, n) in enumerate([(2, 2), (2, 3), (3, 3), (3, 2)] * 3)),
        *((m, n, "any", k) for k, (m, n) in enumerate([(2, 2), (3, 3), (4, 3)])),
        *(pytest.param(n, n, kind, n, marks=pytest.mark.slow)
          for n in (4, 5, 6) for kind in ("any", "degenerate")),
    ],
)  # fmt: skip
def test_no_equilibrium_of_a_small_game_is_lost(m, n, kind, seed):
    row, column = random_game(np.random.default_rng(seed), m, n, kind)
    assert supports_of(extreme_equilibria(row, column), m, n) == brute_force(row, column)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_extreme_equilibria_are_exact(size):
    rng = np.random.default_rng(size)
    for kind in ("any", "degenerate"):
        row, column = random_game(rng, size, size, kind)
        for x, y in extreme_equilibria(row, column):
            assert sum(x) == sum(y) == 1
            assert min(*x, *y) >= 0
            assert (
                np.max(row @ np.array(y, float)) - np.array(x, float) @ row @ np.array(y, float)
                < 1e-12
            )
            gain = np.max(np.array(x, float) @ column) - np.array(x, float) @ column @ np.array(
                y, float
            )
            assert gain < 1e-12


def test_symmetric_equilibria_are_those_of_the_game_that_are_symmetric():
    rng = np.random.default_rng(0)
    for size in (2, 3, 4, 5):
        payoffs = rng.uniform(-1, 1, size=(size, size))
        both = {x for x, y in extreme_equilibria(payoffs, payoffs.T) if x == y}
        assert set(symmetric_equilibria(payoffs)) == both


def test_a_large_game_is_refused():
    with pytest.raises(InputError, match="at most 8"):
        extreme_equilibria(np.zeros((9, 9)), np.zeros((9, 9)))


def test_the_short_name():
    assert gh.mixed_equilibrium is mixed_equilibrium
