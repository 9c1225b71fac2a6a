"""α-Rank against published numbers, closed forms, exact arithmetic and, by night, OpenSpiel."""

import itertools
import math

import mpmath
import numpy as np
import pytest

import glasshouse as gh
from glasshouse.leagues import alpha_rank

R, T, P, S, DELTA, EPS = 1.0, 2.0, 0.0, -1.0, 4.0, 0.25
HAN = [
    [R - EPS / 2, R - EPS, 0, S + DELTA - EPS, R - EPS],
    [R, R, S, S, S],
    [0, T, P, P, P],
    [T - DELTA, T, P, P, P],
    [R, T, P, P, P],
]
"""Commitment before a dilemma: Han et al. 2013, as in OpenSpiel's own test."""

DILEMMA = [[3, 0], [5, 1]]
STAG = [[4, 0], [3, 2]]
SEXES = gh.NormalFormGame([[[3, 0], [0, 2]], [[2, 0], [0, 3]]])
CYCLE = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]


def solved(rates):
    """Stationary shares of a chain by solving its balance in 300 digits."""
    count = len(rates)
    system = mpmath.matrix(count, count)
    for r, s in itertools.permutations(range(count), 2):
        system[s, r] += rates[r][s]
        system[r, r] -= rates[r][s]
    for k in range(count):
        system[count - 1, k] = 1
    right = mpmath.matrix([0] * (count - 1) + [1])
    return [float(x) for x in mpmath.lu_solve(system, right)]


def exact_one(payoffs, alpha, m):
    """The definition of one population, term by term."""
    a = [[mpmath.mpf(float(x)) for x in row] for row in payoffs]
    alpha = mpmath.mpf(alpha)

    def taken_over(r, s):
        total = product = mpmath.mpf(1)
        for k in range(1, m):
            mutant = ((k - 1) * a[s][s] + (m - k) * a[s][r]) / (m - 1)
            resident = (k * a[r][s] + (m - k - 1) * a[r][r]) / (m - 1)
            product *= mpmath.exp(-alpha * (mutant - resident))
            total += product
        return 1 / total

    return solved([[taken_over(r, s) for s in range(len(a))] for r in range(len(a))])


def exact_several(tensor, alpha, m):
    """The definition of several populations, profile by profile."""
    actions = tensor.shape[1:]
    profiles = list(itertools.product(*map(range, actions)))

    def rate(one, other):
        moved = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(moved) != 1:
            return 0
        i = moved[0]
        u = mpmath.mpf(alpha) * (
            mpmath.mpf(float(tensor[i][other])) - mpmath.mpf(float(tensor[i][one]))
        )
        return (1 - mpmath.exp(-u)) / (1 - mpmath.exp(-m * u)) if u else mpmath.mpf(1) / m

    return solved([[rate(one, other) for other in profiles] for one in profiles])


@pytest.mark.parametrize(
    ("self_play", "expected"),
    [
        (True, [0.40966787, 0.07959841, 0.20506998, 0.08505983, 0.2206039]),
        (False, [0.31397677, 0.02477313, 0.27479572, 0.07469292, 0.31176146]),
    ],
)
def test_one_population_is_as_published(self_play, expected):
    """Both of OpenSpiel's models: use_local_selection_model=False and True."""
    found = alpha_rank(HAN, alpha=0.1, population=20, self_play=self_play)
    np.testing.assert_allclose(found.stationary, expected, atol=1e-7)


@pytest.mark.parametrize(
    ("payoffs", "expected"),
    [
        (DILEMMA, [0.02931305, 0.20810292, 0.20810292, 0.55448112]),
        (STAG, [0.22649654, 0.08500667, 0.08500667, 0.60349013]),
    ],
)
def test_several_populations_are_as_published(payoffs, expected):
    found = alpha_rank(payoffs, alpha=0.02, population=50, form="several")
    np.testing.assert_allclose(np.ravel(found.stationary), expected, atol=1e-7)


def test_two_strategies_have_odds_in_closed_form():
    found = alpha_rank(DILEMMA, alpha=0.05, population=10, self_play=False)
    np.testing.assert_allclose(found.stationary, [0.09534946, 0.90465054], atol=1e-7)
    assert found.stationary[1] / found.stationary[0] == pytest.approx(math.exp(0.05 * 9 * 5))


def test_nothing_fails_where_openspiel_finds_two_distributions():
    """Battle of the sexes at α = 1, m = 50; OpenSpiel 2.0.2 raises."""
    found = alpha_rank(SEXES, alpha=1.0, population=50, form="several")
    with mpmath.workdps(300):
        exact = exact_several(np.asarray(SEXES.tensor), 1.0, 50)
    np.testing.assert_allclose(np.ravel(found.stationary), exact, rtol=1e-11)
    assert found.ranking == (("1, 1", "2, 2"), ("1, 2",), ("2, 1",))


@pytest.mark.parametrize("alpha", [0.01, 1.0, 30.0])
def test_random_games_agree_with_exact_arithmetic(alpha):
    rng = np.random.default_rng(3)
    matrix, tensor = rng.normal(size=(4, 4)), rng.normal(size=(3, 2, 3, 2))
    with mpmath.workdps(2000 if alpha > 1 else 50):
        one, several = exact_one(matrix, alpha, 12), exact_several(tensor, alpha, 12)
    np.testing.assert_allclose(alpha_rank(matrix, alpha, 12).stationary, one, rtol=1e-10)
    found = alpha_rank(np.moveaxis(tensor, 0, -1), alpha, 12, "several").stationary
    np.testing.assert_allclose(np.ravel(found), several, rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("actions", [(2, 3), (3, 2, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize("alpha", [0.003, 0.4, 1e4])
def test_potential_games_have_a_closed_form(actions, alpha):
    """π ∝ e^{α (m-1) Φ}, since the odds of a step and its reverse are e^{α (m-1) ΔΦ}."""
    rng = np.random.default_rng(len(actions))
    potential, m = rng.normal(size=actions), 40
    tensor = [
        potential + np.expand_dims(rng.normal(size=np.delete(actions, i)), i)
        for i in range(len(actions))
    ]
    game = gh.NormalFormGame(np.stack(tensor), player_axis=0)
    logs = alpha * (m - 1) * potential
    expected = np.exp(logs - np.logaddexp.reduce(logs, axis=None))
    found = alpha_rank(game, alpha, m, "several")
    np.testing.assert_allclose(found.stationary, expected, rtol=1e-9 * max(1, alpha), atol=0)
    best = np.unravel_index(np.argmax(potential), actions)
    assert found.ranking[0] == (", ".join(str(k + 1) for k in best),)
    assert [len(place) for place in found.ranking] == [1] * potential.size


@pytest.mark.parametrize("alpha", [0.01, 1.0, 1e5])
def test_a_cycle_is_played_evenly_and_ties(alpha):
    one = alpha_rank(CYCLE, alpha, 50)
    np.testing.assert_allclose(one.stationary, 1 / 3, atol=1e-9)
    assert one.ranking == (("1", "2", "3"),)
    assert {row["rank"] for row in one.rows} == {1}
    nobody_else = alpha_rank(CYCLE, alpha, 50, self_play=False)
    np.testing.assert_allclose(nobody_else.stationary, 1 / 3, atol=1e-9)


def test_strong_selection_plays_what_nothing_takes_over():
    """Its share is 1 in doubles, and the order of the others is known all the same."""
    found = alpha_rank([[2, 1, 0], [3, 1, 0], [3, 2, 1]], alpha=1e4, population=1000)
    assert found.ranking[0] == ("3",)
    assert len(found.ranking) == 3
    np.testing.assert_array_equal(found.stationary, [0, 0, 1])


def test_units_and_what_is_paid_to_all_do_not_matter():
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(5, 5))
    found = alpha_rank(matrix, 0.3, 30).stationary
    np.testing.assert_allclose(alpha_rank(100 * matrix - 7, 0.003, 30).stationary, found, rtol=1e-9)


def test_one_population_takes_either_seat():
    """Of a game of two unlike seats: the mean of what both pay."""
    paid = np.random.default_rng(1).normal(size=(3, 3, 2))
    matrix = (paid[..., 0] + paid[..., 1].T) / 2
    found = alpha_rank(paid, 0.5, 20)
    np.testing.assert_allclose(found.stationary, alpha_rank(matrix, 0.5, 20).stationary)
    assert "both seats" in found.detail


WRONG = {
    "not square": (([[1, 2, 3], [4, 5, 6]], 1, 10), r"shape \(2, 3\)"),
    "nan": (([[1, math.nan], [4, 5]], 1, 10), r"at \[0, 1\] are nan"),
    "one strategy": (([[1]], 1, 10), "at least two"),
    "no selection": ((DILEMMA, 0, 10), "alpha=0 must be finite and above 0"),
    "infinite": ((DILEMMA, math.inf, 10), "alpha=inf must be finite"),
    "rounding would decide": ((DILEMMA, 1e12, 50), r"alpha of at most 4\.08e\+05"),
    "one player": ((DILEMMA, 1, 1), "population=1 must be a whole number from 2"),
    "half a player": ((DILEMMA, 1, 2.5), "population=2.5"),
    "other form": ((DILEMMA, 1, 10, "both"), "form='both' must be 'one' or 'several'"),
    "three players": ((np.ones((2, 2, 2, 3)), 1, 10), "form='several'"),
    "many profiles": ((np.ones((40, 40, 2)), 1, 10, "several"), "1600 profiles"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_said(arguments, said):
    with pytest.raises(gh.InputError, match=said):
        alpha_rank(*arguments)


def test_several_populations_meet_no_kind_of_their_own():
    with pytest.raises(gh.InputError, match="self_play=False is for one population"):
        alpha_rank(DILEMMA, 1, 10, "several", self_play=False)


@pytest.mark.slow
def test_openspiel_says_the_same():
    alpharank = pytest.importorskip("open_spiel.python.egt.alpharank")
    rng = np.random.default_rng(0)
    for actions in ((3, 2), (2, 2, 3)):
        tensor = rng.normal(size=(len(actions), *actions))
        theirs = alpharank.compute(list(tensor), m=15, alpha=0.3)[2]
        ours = alpha_rank(np.moveaxis(tensor, 0, -1), 0.3, 15, "several").stationary
        np.testing.assert_allclose(np.ravel(ours), theirs, atol=1e-10)
    matrix = rng.normal(size=(5, 5))
    for own in (True, False):
        theirs = alpharank.compute([matrix], m=15, alpha=0.3, use_local_selection_model=not own)[2]
        ours = alpha_rank(matrix, 0.3, 15, self_play=own).stationary
        np.testing.assert_allclose(ours, theirs, atol=1e-10)
