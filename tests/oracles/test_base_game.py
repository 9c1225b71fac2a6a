"""Pure equilibria and welfare optima against loops, Nashpy and games whose answers are known."""

import itertools
import subprocess
import sys

import nashpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasshouse.analysis import BaseGame, pure_equilibria, welfare_optima
from glasshouse.analysis.equilibrium.pure_profiles import base_game
from glasshouse.errors import InputError
from glasshouse.games import NormalFormGame
from glasshouse.games.registry import CATALOGUE

C, D = 0, 1

KNOWN = {
    "battle_of_the_sexes": ({(0, 0), (1, 1)}, {(0, 0), (1, 1)}, 5.0),
    "chicken": ({(C, D), (D, C)}, {(C, C), (C, D), (D, C)}, 6.0),
    "deadlock": ({(D, D)}, {(D, D)}, 6.0),
    "donation": ({(D, D)}, {(C, C)}, 4.0),
    "hawk_dove": ({(C, D), (D, C)}, {(C, C), (C, D), (D, C)}, 2.0),
    "matching_pennies": (set(), {(0, 0), (0, 1), (1, 0), (1, 1)}, 0.0),
    "prisoners_dilemma": ({(D, D)}, {(C, C)}, 6.0),
    "public_goods": ({(D,) * 4}, {(C,) * 4}, 4.0),  # r = 2 doubles what four give
    "stag_hunt": ({(C, C), (D, D)}, {(C, C)}, 8.0),
    "travellers_dilemma": ({(8, 8)}, {(0, 0)}, 20.0),
}
"""Pure equilibria, welfare optima and the largest sum of payoffs, by hand."""


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_games_whose_answers_are_known(name):
    equilibria, optima, welfare = KNOWN[name]
    found = base_game(CATALOGUE[name]())
    assert set(found.pure_equilibria) == equilibria
    assert set(found.welfare_optima) == optima
    assert found.welfare == welfare
    assert len(found.pure_equilibria) == len(equilibria)


def loop(tensor, tolerance=0.0):
    """Pure equilibria and the largest sums of payoffs, profile by profile."""
    players, *actions = tensor.shape
    equilibria, sums = [], {}
    for profile in itertools.product(*map(range, actions)):
        gains = [
            tensor[(i, *profile[:i], a, *profile[i + 1 :])] - tensor[(i, *profile)]
            for i in range(players)
            for a in range(actions[i])
        ]
        if max(gains) <= tolerance:
            equilibria.append(profile)
        sums[profile] = sum(tensor[(i, *profile)] for i in range(players))
    return equilibria, sums


SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


@given(actions=SHAPES, seed=st.integers(0, 2**32 - 1), ties=st.booleans())
def test_random_games_agree_with_a_loop(actions, seed, ties):
    """Whole payoffs have many ties, and all of them count."""
    rng = np.random.default_rng(seed)
    shape = (len(actions), *actions)
    tensor = rng.integers(-2, 3, shape).astype(float) if ties else rng.normal(size=shape)
    equilibria, sums = loop(tensor)
    game = NormalFormGame(tensor)
    found = base_game(game)
    assert list(found.pure_equilibria) == equilibria
    best = max(sums.values())
    assert found.welfare == pytest.approx(best, abs=1e-12)
    assert list(found.welfare_optima) == [
        profile for profile, total in sums.items() if total > best - 1e-9
    ]
    assert (found.pure_equilibria, (found.welfare_optima, found.welfare)) == (
        pure_equilibria(game),
        welfare_optima(game),
    )
    for profiles, payoffs in (
        (found.pure_equilibria, found.pure_equilibrium_payoffs),
        (found.welfare_optima, found.welfare_optimum_payoffs),
    ):
        assert [tuple(tensor[:, *profile]) for profile in profiles] == list(payoffs)


# Nashpy may lose a mixed equilibrium to rounding and then warns of an even number; pure ones stay.
@pytest.mark.filterwarnings("ignore:\\s*An even number:RuntimeWarning")
@pytest.mark.parametrize("seed", range(10))
def test_nashpy_finds_the_same_pure_equilibria(seed):
    """Support enumeration finds all equilibria of generic games; those of size 1 are the pure."""
    a, b = np.random.default_rng(seed).normal(size=(2, 3, 4))
    equilibria = [list(map(np.asarray, mix)) for mix in nashpy.Game(a, b).support_enumeration()]
    pure = {
        (int(row.argmax()), int(column.argmax()))
        for row, column in equilibria
        if row.max() == 1 and column.max() == 1
    }
    assert set(pure_equilibria(NormalFormGame(np.stack([a, b])))) == pure


@given(
    seed=st.integers(0, 2**32 - 1),
    scales=st.lists(st.sampled_from([1e-200, 1e-3, 1.0, 1e3, 1e200]), min_size=3, max_size=3),
)
def test_equilibria_do_not_depend_on_units(seed, scales):
    """Each player's payoffs may be shifted and scaled by themselves."""
    rng = np.random.default_rng(seed)
    tensor = rng.integers(-3, 4, (3, 2, 3, 2)).astype(float)
    factors = np.array(scales)[:, None, None, None]
    expected = pure_equilibria(NormalFormGame(tensor))
    assert pure_equilibria(NormalFormGame(tensor * factors)) == expected
    assert pure_equilibria(NormalFormGame(tensor + 1000.0)) == expected


def test_rounding_is_a_tie_and_more_is_not():
    """0.1 + 0.2 and 0.3 differ by rounding; a gain of 1e-9 of the range does not."""
    row = np.array([[0.3, 0.0], [0.1 + 0.2, 1.0]])
    assert (0, 0) in pure_equilibria(NormalFormGame(np.stack([row, row.T])))
    row[1, 0] = 0.3 + 1e-9
    assert pure_equilibria(NormalFormGame(np.stack([row, row.T]))) == ((1, 1),)


def test_a_constant_sum_makes_every_profile_a_welfare_optimum():
    """0.1 + 0.9 and 0.7 + 0.3 need not be the same float."""
    row = np.array([[0.1, 0.7], [0.3, 0.2]])
    optima, welfare = welfare_optima(NormalFormGame(np.stack([row, 1 - row])))
    assert len(optima) == 4
    assert welfare == pytest.approx(1.0, abs=1e-12)


def test_what_all_profiles_have_in_common_hides_no_difference():
    """Near 2^50 quarters are floats, but near 3 · 2^50 they are not."""
    tensor = np.full((3, 2, 2, 2), 2.0**50)
    tensor[0, 1, 0, 1] += 0.25
    assert welfare_optima(NormalFormGame(tensor))[0] == ((1, 0, 1),)


def test_an_answer_says_how_it_was_obtained():
    found = base_game(CATALOGUE["public_goods"](n=5))
    assert isinstance(found, BaseGame)
    assert found.method == "closed form"
    assert "32 pure profiles" in found.detail
    assert f"{found.tolerance:g}" in found.detail


def test_payoffs_whose_sums_overflow_are_refused():
    with pytest.raises(InputError, match="rescale"):
        base_game(NormalFormGame(np.array([[[1e308, -1e308], [0, 0]], [[0, 0], [0, 0]]])))


@pytest.mark.parametrize("function", [base_game, pure_equilibria, welfare_optima])
def test_anything_but_a_game_is_refused(function):
    with pytest.raises(Exception, match="game"):
        function("stag_hunt")


def test_the_module_does_not_import_jax():
    code = (
        "import sys, glasshouse.analysis.equilibrium.pure_profiles; assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
