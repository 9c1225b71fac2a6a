"""Programs that run each other: the ε-grounded FairBot, against derived facts and brute force."""

import numpy as np
import pytest

import glasshouse as gh
from glasshouse.errors import InputError
from glasshouse.games import Symmetric2x2
from glasshouse.programs import nested_simulations
from glasshouse.semantics import Affine, Grounded

PD = Symmetric2x2(T=5, R=3, P=1, S=0)
DONATION = Symmetric2x2(T=3, R=2, P=0, S=-1)
SUPERMODULAR = Symmetric2x2(T=4, R=3.5, P=2, S=0)
CHICKEN = Symmetric2x2(T=4, R=3, P=1, S=2)

LARGEST = [(PD, 1 / 3), (DONATION, 2 / 3), (SUPERMODULAR, 0.75), (CHICKEN, None)]


def game_of(payoffs):
    return gh.NormalFormGame(payoffs.tensor(), player_axis=0)


def largest(game):
    found = gh.known("largest epsilon", game)
    assert isinstance(found, gh.Known)
    return found.value


def best_gain(payoffs, epsilon):
    """The most that any program gains against the FairBot, over a fine grid of what it does."""
    q = np.linspace(0, 1, 2001)
    r = epsilon + (1 - epsilon) * q
    T, R, P, S = payoffs
    return float(np.max(q * r * R + q * (1 - r) * S + (1 - q) * r * T + (1 - q) * (1 - r) * P) - R)


@pytest.mark.parametrize(("payoffs", "wanted"), LARGEST)
def test_up_to_which_grounding_fairness_is_an_equilibrium(payoffs, wanted):
    found = largest(game_of(payoffs))
    assert found == (wanted if wanted is None else pytest.approx(wanted, abs=1e-15))
    edge = found or 0.0
    if found is not None:
        assert best_gain(payoffs, edge) <= 1e-12
    assert best_gain(payoffs, edge + 1e-3) > 0


def test_the_formula_holds_in_random_symmetric_games():
    known = 0
    for seed in range(60):
        payoffs = Symmetric2x2(*np.random.default_rng(seed).integers(-9, 10, 4).astype(float))
        found = gh.known("largest epsilon", game_of(payoffs))
        if isinstance(found, gh.Unknown):
            continue
        known += 1
        edge = found.value or 0.0
        for epsilon in np.linspace(0.04, 1, 25):
            if abs(epsilon - edge) > 1e-6:
                assert (best_gain(payoffs, epsilon) <= 1e-9) == (epsilon < edge)
    assert known > 40


@pytest.mark.parametrize(("payoffs", "wanted"), LARGEST[:3])
def test_the_best_deviation_is_that_of_any_program(payoffs, wanted):
    for epsilon in (wanted, wanted + 0.1):
        game = gh.ParametricGame(game_of(payoffs), Grounded((2, 2), epsilon))
        fair = np.array([1.0, 1 - epsilon])
        assert np.array_equal(game.behaviours((fair, fair))[0], [1.0, 0.0])
        found = gh.best_deviation(game, (fair, fair), 0)
        assert found.gain == pytest.approx(max(best_gain(payoffs, epsilon), 0), abs=2e-6)


def test_against_a_fixed_program_it_mostly_does_the_same():
    """ε + (1-ε) q; and both are what runs of one inside of the other come to."""
    game = gh.ParametricGame(game_of(PD), Grounded((2, 2), 0.2))
    found = game.behaviours((np.array([1.0, 0.8]), np.array([0.3, 0.0])))
    assert float(found[0][0]) == pytest.approx(0.2 + 0.8 * 0.3, abs=1e-15)
    assert float(found[1][0]) == pytest.approx(0.3, abs=1e-15)
    exact = nested_simulations((1, 0.8), (0.3, 0))
    assert exact.cooperation == pytest.approx((0.44, 0.3), abs=1e-15)
    assert exact.nested == (0.8, 0)


def test_with_one_probability_of_running_the_other_it_is_affine():
    draw = np.random.default_rng(3)
    for runs in (0.1, 0.5, 0.75):
        mine = gh.ParametricGame(game_of(PD), Grounded((2, 2), 0.25))
        theirs = gh.ParametricGame(game_of(PD), Affine((2, 2), runs / (1 + runs)))
        for own, other in draw.uniform(size=(5, 2)):
            one = mine.payoffs((np.array([own, runs]), np.array([other, runs])))
            assert np.allclose(one, theirs.payoffs((own, other)), rtol=0, atol=1e-14)


def test_their_thresholds_are_hamiltons():
    """w/(1+w) = w_C where w = κ_C: for the donation game that is c/b."""
    for payoffs in (PD, DONATION):
        game = game_of(payoffs)
        coupling = gh.thresholds(game).cooperation.value
        weight = gh.theory.affine_thresholds(game).cooperation.value
        assert coupling is not None
        assert weight == pytest.approx(coupling / (1 + coupling), abs=1e-15)
        assert 1 - largest(game) == pytest.approx(coupling, abs=1e-15)


def test_both_copying_fully_is_an_equilibrium_of_parameters_from_the_coupling_threshold_on():
    """(1, 1), where D ≤ 0: from w = κ_C = 2/3 on."""
    for runs, gains in ((0.6, True), (2 / 3, False), (0.75, False)):
        game = gh.ParametricGame(game_of(PD), Affine((2, 2), runs / (1 + runs)))
        assert (gh.best_deviation(game, (1.0, 1.0), 0).gain > 1e-9) == gains


def test_simulations_nest_as_often_as_a_geometric_number():
    exact = nested_simulations((1, 0.8), (1, 0.8))
    assert exact.nested == pytest.approx(((1 - 0.2) / 0.2,) * 2, abs=1e-14)
    for pair in (((1, 0.8), (1, 0.8)), ((0.9, 0.7), (0.2, 0.4))):
        exact, drawn = nested_simulations(*pair), nested_simulations(*pair, meetings=20_000, seed=1)
        for name in ("cooperation", "nested"):
            errors = getattr(drawn, f"{name}_error")
            apart = np.subtract(getattr(drawn, name), getattr(exact, name))
            assert np.all(np.abs(apart) <= 4 * np.array(errors) + 1e-12)
    assert drawn == nested_simulations(*pair, meetings=20_000, seed=1)
    assert drawn != nested_simulations(*pair, meetings=20_000, seed=2)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Grounded((2, 2), 0.0), "epsilon must be positive"),
        (lambda: Grounded((2, 2), 1.5), "at most 1"),
        (lambda: Grounded((2, 2, 2), 0.5), "two players with two actions"),
        (lambda: nested_simulations((1, 1), (1, 1)), "never end"),
        (lambda: nested_simulations((1, 2), (1, 1)), "each of first=2"),
        (lambda: nested_simulations(1, (1, 1)), "must be a pair"),
    ],
)
def test_what_does_not_fit_is_refused(build, words):
    with pytest.raises(InputError, match=words):
        build()
