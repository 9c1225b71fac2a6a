"""Random games."""

import math

import numpy as np

from glasshouse._foundation.numbers import Numbers, action_counts
from glasshouse._foundation.random import Purpose, Seed, uniforms
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame


def random_game(key: Seed, actions: Numbers = (2, 2), *, symmetric: bool = False) -> NormalFormGame:
    """A game whose payoffs are independent and uniform on (0, 1); the same key, the same game.

    **Arguments:** `key`, a whole-number seed, or a JAX key, whose words are the seed; `actions`,
    number of actions of each player; `symmetric`, for two players with equally many actions: draw
    player 1's payoffs and give player 2 the transposed table.
    **Raises:** `InputError` for a key that is neither, or when a symmetric game is asked for other
    numbers of actions.
    """
    actions = action_counts(actions)
    if symmetric:
        if len(actions) != 2 or actions[0] != actions[1]:
            raise InputError(
                f"a symmetric random game needs two players with equally many actions, "
                f"not actions={actions}"
            )
        row = _table(key, actions)
        return NormalFormGame(np.stack([row, row.T]), player_axis=0)
    return NormalFormGame(_table(key, (len(actions), *actions)), player_axis=0)


def _table(key: Seed, shape: tuple[int, ...]) -> np.ndarray:
    return uniforms(key, Purpose.GAME, 1, math.prod(shape)).reshape(shape)
