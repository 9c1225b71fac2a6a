"""Gains from which on something holds, for many networks at once."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse.analysis.movement.first_order import flow_derivative, mean_cooperation
from glasshouse.parametric import ParametricGame, Params
from glasshouse.rules.base import AbstractDirection

NARROWING = 17
"""Gains tried at once when a switch is narrowed."""

ROUNDS = 2
"""Times a switch is narrowed unless more are asked for: to 1/256 of the spacing of the gains."""

Member = tuple[tuple[ParametricGame, Params], Array]
"""A game with the start of learning in it, and the gain at which it is looked at."""


def at_gain(member: Member) -> tuple[ParametricGame, Params]:
    """The game at the member's gain, and where learning starts."""
    (game, start), gain = member
    start = jax.tree.map(lambda x: jnp.asarray(x, dtype=float), start)
    return eqx.tree_at(lambda g: g.semantics.gain, game, gain), start


def margin_at(member: Member, rule: AbstractDirection) -> Array:
    """The derivative of mean cooperation at the start."""
    return flow_derivative(*at_gain(member), mean_cooperation, rule)


def above(values: np.ndarray, smallest: float | np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Whether values exceed the smallest that counts: 1, 0, or NaN where they are not finite."""
    held = np.where(np.isfinite(values), (values > smallest).astype(float), np.nan)
    return held.reshape(shape)


class Switches(NamedTuple):
    """The gains from which on something holds, the lowest narrowed, and how often it changes."""

    rises: tuple[float, ...]
    changes: int


def switches(
    holds: Callable[[np.ndarray], np.ndarray],
    count: int,
    gains: Float[np.ndarray, "points"],
    rounds: int = ROUNDS,
) -> list[Switches | None]:
    """For each network where `holds` (1, 0 or NaN) changes; None where a number was not finite."""
    values = holds(np.tile(gains, (count, 1)))
    ups = [np.flatnonzero((row[1:] == 1) & (row[:-1] == 0)) for row in values]
    first = np.array([up[0] if len(up) else 0 for up in ups])
    low, high = gains[first], gains[first + 1]
    for _ in range(rounds):
        tried = np.linspace(low, high, NARROWING, axis=1)
        risen = holds(tried) == 1
        risen[:, 0], risen[:, -1] = False, True
        at = np.argmax(risen, axis=1)
        low, high = (tried[np.arange(count), k] for k in (at - 1, at))
    middles, narrowed = 0.5 * (gains[1:] + gains[:-1]), 0.5 * (low + high)
    return [
        None
        if np.isnan(row).any()
        else Switches(
            (float(narrowed[k]), *middles[ups[k][1:]].tolist()) if len(ups[k]) else (),
            int(np.sum(row[1:] != row[:-1])),
        )
        for k, row in enumerate(values)
    ]
