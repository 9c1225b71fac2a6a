"""Conversion to and from Nashpy, checked with games whose answers are known."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.interop import from_nashpy, to_nashpy

ROW = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
COLUMN = [[-1.0, 0.5, 1e-300], [7.0, -0.0, 8.0]]

nashpy = pytest.importorskip("nashpy")


def test_from_nashpy_keeps_rows_for_player_one_and_columns_for_player_two():
    game = from_nashpy(nashpy.Game(np.array(ROW), np.array(COLUMN)))
    assert game.actions == (2, 3)
    assert np.asarray(game.tensor)[0, 1, 2] == 6.0
    assert np.asarray(game.tensor)[1, 1, 0] == 7.0
    assert game.labels is None


def test_from_nashpy_reads_one_matrix_as_a_zero_sum_game():
    game = from_nashpy(nashpy.Game([[0, 1], [2, 3]]))
    assert np.array_equal(game.tensor, [[[0, 1], [2, 3]], [[0, -1], [-2, -3]]])


def test_from_nashpy_copies_the_payoffs():
    matrix = np.array(ROW)
    game = from_nashpy(nashpy.Game(matrix, matrix))
    matrix[0, 0] = 99.0
    assert np.asarray(game.tensor)[0, 0, 0] == 1.0


def test_to_nashpy_copies_the_payoffs():
    game = NormalFormGame([ROW, COLUMN])
    to_nashpy(game).payoff_matrices[0][0, 0] = 99.0
    assert np.asarray(game.tensor)[0, 0, 0] == 1.0


def test_to_nashpy_and_back_is_the_same_game_bit_for_bit():
    game = NormalFormGame([ROW, COLUMN])
    back = from_nashpy(to_nashpy(game))
    assert np.asarray(back.tensor).tobytes() == np.asarray(game.tensor).tobytes()


def test_nashpy_solves_a_converted_game():
    # Player 1 makes player 2 indifferent with (4/5, 1/5), player 2 player 1 with (1/2, 1/2).
    pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [4, -4]]])
    ((first, second),) = to_nashpy(pennies).support_enumeration()
    np.testing.assert_allclose(first, [4 / 5, 1 / 5], atol=1e-12)
    np.testing.assert_allclose(second, [1 / 2, 1 / 2], atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 4), (3, 2, 2, 2)])
def test_to_nashpy_refuses_other_numbers_of_players(shape):
    with pytest.raises(InputError, match=f"{shape[0]} player"):
        to_nashpy(NormalFormGame(np.zeros(shape)))


@pytest.mark.parametrize(
    ("matrices", "phrase"),
    [
        (None, "no payoff_matrices"),
        ((np.eye(2),), "1 payoff matrices"),
        ((np.eye(2), np.eye(3)), "ragged"),
        ((np.ones(2), np.ones(2)), "shape"),
        ((np.eye(2), np.full((2, 2), np.nan)), "finite"),
    ],
)
def test_from_nashpy_refuses_what_is_not_a_two_player_game(matrices, phrase):
    game = SimpleNamespace() if matrices is None else SimpleNamespace(payoff_matrices=matrices)
    with pytest.raises(InputError, match=phrase):
        from_nashpy(game)


def test_without_nashpy_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "nashpy", None)
    with pytest.raises(ImportError, match=r'pip install "glasshouse\[nashpy\]"'):
        to_nashpy(NormalFormGame([ROW, COLUMN]))


def test_from_nashpy_does_not_need_nashpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "nashpy", None)
    pair = SimpleNamespace(payoff_matrices=(np.array(ROW), np.array(COLUMN)))
    game = from_nashpy(pair)
    assert game.actions == (2, 3)
