"""Random games."""

import jax
from jaxtyping import PRNGKeyArray

from glasshouse._numbers import Numbers, action_counts
from glasshouse.errors import InputError
from glasshouse.games.normal_form import NormalFormGame


def random_game(
    key: PRNGKeyArray, actions: Numbers = (2, 2), *, symmetric: bool = False
) -> NormalFormGame:
    """A game whose payoffs are independent and uniform on [0, 1); the same key, the same game.

    **Arguments:** `actions`, number of actions of each player; `symmetric`, for two players
    with equally many actions: draw player 1's payoffs and give player 2 the transposed table.
    **Raises:** `InputError` when a symmetric game is asked for other numbers of actions.
    """
    actions = action_counts(actions)
    if symmetric:
        if len(actions) != 2 or actions[0] != actions[1]:
            raise InputError(
                f"a symmetric random game needs two players with equally many actions, "
                f"not actions={actions}"
            )
        row = jax.random.uniform(key, actions, dtype=float)
        return NormalFormGame(jax.numpy.stack([row, row.T]), player_axis=0)
    payoffs = jax.random.uniform(key, (len(actions), *actions), dtype=float)
    return NormalFormGame(payoffs, player_axis=0)
