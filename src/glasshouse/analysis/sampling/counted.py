"""What is counted in episodes, by the names that exact analyses and studies have for it."""

from collections.abc import Callable
from typing import Any, cast

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.episodes import Episodes
from glasshouse.parametric.observable import WELFARE, Observable, is_in_place, observable

EachStep = Callable[[Episodes], Float[Array, "steps episodes"]]
"""What is counted at each step of each episode."""


def each_step_of(quantity: Any, game: AbstractStochasticGame) -> EachStep:
    """What is counted at each step, by its name.

    **Arguments:** `quantity`, the name of an event, the mean over players; "welfare", what all are
    paid together; "payoff of 1" and "probability of ACTION", as studies observe them; or a function
    of `Episodes` that gives a number for each step and episode.
    **Raises:** `InputError` for what is neither, and for players and actions that there are not.
    """
    if callable(quantity):
        return cast(EachStep, quantity)
    if not isinstance(quantity, str):
        raise InputError(
            f"quantity={quantity!r:.60} must name what is counted in episodes, such as "
            f"{WELFARE!r}, or be a function of them"
        )
    named = None
    if is_in_place(quantity):
        players = range(game.players)
        names = [f"player {i + 1}" for i in players]
        named = observable(quantity, names, [game.action_names for _ in players])
    return eqx.Partial(_counted, quantity, named)


def quantity_called(quantity: str | EachStep) -> str:
    """What it is called in sentences."""
    if isinstance(quantity, str):
        return quantity
    name = getattr(quantity, "__name__", "")
    return name if name.isidentifier() else "what is counted"


def _counted(
    quantity: str, named: Observable | None, played: Episodes
) -> Float[Array, "steps episodes"]:
    if quantity in played.events:
        return jnp.asarray(played.events[quantity]).mean(axis=-1)
    if named is None:
        raise InputError(
            f"there is no {quantity!r:.60} in what happens in this game: give as quantity one of "
            f"{', '.join((*played.events, WELFARE))}, payoff of PLAYER or probability of ACTION"
        )
    each = jnp.asarray(played.rewards)[..., jnp.asarray(named.players)]
    if named.actions:
        taken = jnp.asarray(played.actions)[..., jnp.asarray(named.players)]
        each = jnp.asarray(taken == jnp.asarray(named.actions), each.dtype)
    return each.sum(axis=-1) if named.summed else each.mean(axis=-1)
