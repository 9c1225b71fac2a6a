"""The logistic semantics in repeated games: a logit for each information state."""

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from glasshouse._foundation.declared import Key
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame
from glasshouse.games.behaviour import count_states, own_frame
from glasshouse.games.repeated import is_repeated
from glasshouse.semantics.probabilities import sigmoid_pairs, softmax

if TYPE_CHECKING:
    from glasshouse.semantics.logistic import Logistic

READINGS = ("situation", "state")

READING = Key(
    'In repeated games: one reads of the other what it does in the same "situation" (the '
    'own action first for either; default) or in the same "state" of play.',
    None,
    READINGS,
)


def checked_reading(game: Any, reading: str | None) -> str | None:
    """In which state of the other one reads; None for one-shot games, which have one.

    **Raises:** `InputError` for other words, for a one-shot game, and for situations that players
    with different actions do not share.
    """
    if not is_repeated(game):
        if reading is not None:
            raise InputError(
                f"reading={reading!r:.40} is about the states of a repeated game: give the "
                "RepeatedGame itself in place of its actions"
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


def counts_of(actions: Any) -> Any:
    """Numbers of actions, given as such or by a game that has them."""
    return actions.actions if isinstance(actions, AbstractGame) else actions


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
                read = read[matching_rows(semantics.actions, player, owner)]
            if read.shape[1] < count:
                read = jnp.pad(read, ((0, 0), (0, count - read.shape[1])))
            logits = logits + semantics.weight(player, owner) * read
    return mixed_in_states(logits)


def mixed_in_states(logits: Float[Array, "states logits"]) -> Float[Array, "states actions"]:
    """The mixed action in every state, the last action being the reference."""
    if logits.shape[1] == 1:
        return jnp.stack(sigmoid_pairs(logits[:, 0]), axis=1)
    return jax.vmap(softmax)(jnp.pad(logits, ((0, 0), (0, 1))))


def matching_rows(actions: tuple[int, ...], player: int, owner: int) -> Int[np.ndarray, "states"]:
    """For each row of the player's behaviour, the row of the owner's that is the same state."""
    return own_frame(actions, owner)[np.argsort(own_frame(actions, player))]
