"""Every catalogue game keeps its promises; games from anywhere are checked on the way in."""

import math

import jax
import numpy as np
import pytest

from glasshouse.errors import InputError
from glasshouse.games import Labels, NormalFormGame, random_game
from glasshouse.games.registry import CATALOGUE, from_catalogue

BROKEN = {
    "battle_of_the_sexes": [{"a": 2.0}, {"a": 1.0}, {"b": 0.0}, {"d": 2.5}],
    "chicken": [{"T": 3.0}, {"R": 2.0}, {"S": 1.0}, {"P": 5.0}],
    "deadlock": [{"T": 3.0}, {"P": 2.0}, {"R": 1.0}, {"S": 9.0}],
    "donation": [{"b": 1.0}, {"c": 0.0}, {"c": -1.0}, {"c": 4.0}],
    "matching_pennies": [{"win": -1.0}, {"lose": 1.0}, {"lose": 2.0}],
    "prisoners_dilemma": [{"T": 3.0}, {"R": 1.0}, {"P": 0.0}, {"S": 4.0}],
    "public_goods": [
        {"r": 1.0},
        {"r": 4.0},
        {"c": 0.0},
        {"n": 1},
        {"n": 2.5},
        {"n": 17},
        {"n": 2},
    ],
    "stag_hunt": [{"R": 3.0}, {"T": 1.0}, {"S": 2.0}],
}

DEFAULT_ROWS = {
    "chicken": [[3, 2], [4, 1]],
    "deadlock": [[2, 1], [4, 3]],
    "donation": [[2, -1], [3, 0]],
    "prisoners_dilemma": [[3, 0], [5, 1]],
    "stag_hunt": [[4, 0], [3, 2]],
    "battle_of_the_sexes": [[3, 0], [0, 2]],
    "matching_pennies": [[1, -1], [-1, 1]],
}

BREAKING = [(name, parameters) for name, rows in BROKEN.items() for parameters in rows]

each_game = pytest.mark.parametrize("name", sorted(CATALOGUE))


def test_the_table_of_broken_conditions_covers_the_catalogue():
    assert set(BROKEN) == set(CATALOGUE)


@each_game
def test_defaults_build_a_labelled_finite_game(name):
    game = CATALOGUE[name]()
    assert game.title == CATALOGUE[name].title
    assert np.all(np.isfinite(game.tensor))
    assert game.tensor.shape == (game.players, *game.actions)
    assert game.labels is not None
    assert tuple(map(len, game.labels.actions)) == game.actions


@each_game
def test_a_game_names_its_title_condition_and_source(name):
    entry = CATALOGUE[name]
    assert entry.name == name
    for text in (entry.title, entry.condition, entry.source):
        assert text.strip()
    assert any(parameter in entry.condition for parameter in entry.defaults)
    assert any(character.isdigit() for character in entry.source), "a source has a year"


@pytest.mark.parametrize(("name", "parameters"), BREAKING)
def test_values_that_break_the_condition_are_refused(name, parameters):
    with pytest.raises(InputError, match=name):
        CATALOGUE[name](**parameters)


@each_game
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "three", True, None])
def test_parameters_that_are_no_finite_numbers_are_refused(name, value):
    for parameter in CATALOGUE[name].defaults:
        with pytest.raises(InputError, match=rf"{name}: {parameter}="):
            CATALOGUE[name](**{parameter: value})


@each_game
def test_unknown_parameters_are_refused_by_name(name):
    with pytest.raises(InputError, match="zeta"):
        CATALOGUE[name](zeta=1.0)


def test_an_unknown_game_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="prisoners_dilemma"):
        from_catalogue("prisoner_dilemma")


@pytest.mark.parametrize("name", sorted(DEFAULT_ROWS))
def test_default_payoffs_of_player_one(name):
    assert np.array_equal(CATALOGUE[name]().tensor[0], DEFAULT_ROWS[name])


@pytest.mark.parametrize("name", ["chicken", "deadlock", "prisoners_dilemma", "stag_hunt"])
def test_player_two_sees_the_transposed_table_in_symmetric_games(name):
    tensor = (
        np.asarray(CATALOGUE[name](T=11.0, R=10.5, P=10.2, S=10.1).tensor)
        if (name == "prisoners_dilemma")
        else np.asarray(CATALOGUE[name]().tensor)
    )
    assert np.array_equal(tensor[1], tensor[0].T)


def test_player_two_of_the_asymmetric_games():
    sexes = np.asarray(CATALOGUE["battle_of_the_sexes"]().tensor)
    assert np.array_equal(sexes[1], [[2, 0], [0, 3]])
    pennies = np.asarray(CATALOGUE["matching_pennies"](win=2.0, lose=-1.0).tensor)
    assert np.array_equal(pennies.sum(axis=0), [[1, 1], [1, 1]])
    assert np.array_equal(pennies[1], [[-1, 2], [2, -1]])


@pytest.mark.parametrize(("n", "r", "c"), [(2, 1.5, 1.0), (4, 2.0, 1.0), (5, 3.0, 2.0)])
def test_public_goods_share_the_multiplied_contributions(n, r, c):
    tensor = np.asarray(CATALOGUE["public_goods"](n=n, r=r, c=c).tensor)
    for profile in np.ndindex(*(2,) * n):
        contributors = profile.count(0)
        for i in range(n):
            pays = c if profile[i] == 0 else 0.0
            assert tensor[(i, *profile)] == pytest.approx(r * c * contributors / n - pays)


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], "ragged"),
        ([[["a", 2], [3, 4]], [[1, 2], [3, 4]]], "not all numbers"),
        ([[1, 2], [3, 4]], "shape"),
        ([[[1, 2], [3, 4]]], "shape"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (np.zeros((2, 0, 2)), "shape"),
        ([[[1, 2], [math.nan, 4]], [[1, 2], [3, 4]]], r"player 1 at actions \(1, 0\)"),
        ([[[1, 2], [3, 4]], [[1, 2], [3, -math.inf]]], r"player 2 at actions \(1, 1\)"),
    ],
)
def test_payoffs_that_are_no_game_are_refused(tensor, message):
    with pytest.raises(InputError, match=message):
        NormalFormGame(tensor)


def test_labels_of_other_sizes_are_refused():
    labels = Labels(("a", "b"), (("x", "y"), ("x", "y", "z")))
    with pytest.raises(InputError, match="labels"):
        NormalFormGame(np.zeros((2, 2, 2)), labels)


def test_cooperating_moves_the_action_to_the_front_for_everybody():
    tensor = np.arange(18.0).reshape(2, 3, 3)
    labels = Labels(("a", "b"), (("x", "y", "z"),) * 2)
    moved = NormalFormGame(tensor, labels).cooperating("z")
    order = [2, 0, 1]
    assert np.array_equal(moved.tensor, tensor[:, order][:, :, order])
    assert moved.labels is not None
    assert moved.labels.actions == (("z", "x", "y"),) * 2


@pytest.mark.parametrize("action", ["w", 3, -1])
def test_cooperating_with_an_action_nobody_has_is_refused(action):
    with pytest.raises(InputError, match="no action"):
        NormalFormGame(np.zeros((2, 3, 3))).cooperating(action)


def test_a_random_game_is_a_function_of_its_key():
    first, again = (random_game(jax.random.key(3), (2, 3)).tensor for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, random_game(jax.random.key(4), (2, 3)).tensor)
    assert first.shape == (2, 2, 3)


def test_a_symmetric_random_game_is_symmetric():
    tensor = np.asarray(random_game(jax.random.key(0), (3, 3), symmetric=True).tensor)
    assert np.array_equal(tensor[1], tensor[0].T)
    with pytest.raises(InputError, match="symmetric"):
        random_game(jax.random.key(0), (2, 3), symmetric=True)
