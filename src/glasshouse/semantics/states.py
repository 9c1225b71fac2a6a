"""The logistic semantics in repeated games: a logit for each information state."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from glasshouse.errors import InputError
from glasshouse.games.behaviour import count_states, own_frame
from glasshouse.games.repeated import RepeatedGame
from glasshouse.semantics.probabilities import sigmoid_pair, softmax

if TYPE_CHECKING:
    from glasshouse.semantics.logistic import Logistic

READINGS = ("situation", "state")


def checked_reading(game: Any, reading: str | None) -> str | None:
    """In which state of the other one reads; None for one-shot games, which have one.

    **Raises:** `InputError` for other words, for a one-shot game, and for situations that players
    with different actions do not share.
    """
    if not isinstance(game, RepeatedGame):
        if reading is not None:
            raise InputError(
                f"reading={reading!r:.40} is about the states of a repeated game: give the "
                "RepeatedGame itself, as Logistic(game, coupling, reading=…)"
            )
        return None
    reading = "situation" if reading is None else reading
    if reading not in READINGS:
        raise InputError(f"reading={reading!r:.40} must be 'situation' or 'state'")
    if reading == "situation" and len(set(game.actions)) > 1:
        raise InputError(
            f"players with {game.actions} actions are never in the same situation: take "
            "reading='state'"
        )
    return reading


def shape_of_logits(actions: tuple[int, ...], player: int) -> tuple[int, ...]:
    """The shape of a player's parameters: a logit for each state and action but the last."""
    states, count = count_states(actions), actions[player]
    return (states,) if count == 2 else (states, count - 1)


def state_logits(
    semantics: "Logistic", player: int, own: ArrayLike, seen: Any
) -> Float[Array, "states actions"]:
    """One player's probabilities in every state."""
    states, count = count_states(semantics.actions), semantics.actions[player] - 1
    logits = semantics.weight(player, player) * jnp.reshape(jnp.asarray(own), (states, count))
    for owner in range(len(semantics.actions)):
        if owner != player:
            read = jnp.reshape(jnp.asarray(seen[owner]), (states, -1))[:, :count]
            if semantics.reading == "state":
                own_rows, rows = (own_frame(semantics.actions, i) for i in (player, owner))
                read = read[rows[np.argsort(own_rows)]]  # of each row, the one that is its state
            if read.shape[1] < count:
                read = jnp.pad(read, ((0, 0), (0, count - read.shape[1])))
            logits = logits + semantics.weight(player, owner) * read
    if count == 1:
        return jnp.stack(jax.vmap(sigmoid_pair)(logits[:, 0]), axis=1)
    return jax.vmap(softmax)(jnp.concatenate([logits, jnp.zeros((states, 1))], axis=1))
