"""The best reply of one player to a mixture of the others, over its whole box."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.optimize import minimize

from glasshouse._foundation.random import Purpose, Seed, uniforms
from glasshouse.analysis.equilibria.facing import Atoms, Shares, bounds_of, others_of, params_of
from glasshouse.analysis.equilibrium.peaks import highest_peak
from glasshouse.dynamics.batch import batch_map
from glasshouse.parametric.dense import DenseGame

PADDED = 8
"""Profiles of the others' atoms are filled up to a multiple of this: programs are compiled once."""

RANDOM_STARTS, MOST_CORNER_STARTS = 16, 16
"""Of ascents over several parameters, beside the atoms and the middle of the box."""


def best_replies(game: DenseGame, atoms: Atoms, shares: Shares, seed: Seed) -> list[np.ndarray]:
    """Every player's best reply found to the mixture of the others.

    With one parameter: peaks seen on a grid over the box, refined by bisection. With more: the
    best end of bounded ascents from the atoms, corners, the middle and random points.
    """
    lower, upper = bounds_of(game)
    replies: list[np.ndarray] = list(lower)
    single = [i for i, own in enumerate(lower) if len(own) == 1]
    if single:
        found = _replies_on_lines(game, atoms, shares, single, (lower, upper))
        for player, t in zip(single, found, strict=True):
            replies[player] = np.array([t])
    for player, own in enumerate(lower):
        if len(own) > 1:
            box = own, upper[player]
            replies[player] = _reply_by_ascent(game, atoms, shares, player, box, seed)
    return replies


def _replies_on_lines(
    game: DenseGame,
    atoms: Atoms,
    shares: Shares,
    players: list[int],
    bounds: tuple[list[np.ndarray], list[np.ndarray]],
) -> np.ndarray:
    members, starts = [], np.cumsum([0, *map(len, bounds[0])])
    for player in players:
        profiles, weights = _padded(atoms, shares, player)
        low, high = (float(ends[player][0]) for ends in bounds)
        members.append((profiles, weights, player, int(starts[player]), low, high))
    size = max(len(member[1]) for member in members)
    columns = zip(*(_filled(member, size) for member in members), strict=True)
    return batch_map(_reply_on_line, tuple(map(np.stack, columns)), game)


def _padded(atoms: Atoms, shares: Shares, player: int) -> tuple[np.ndarray, np.ndarray]:
    profiles, weights = zip(*others_of(atoms, shares, player), strict=True)
    return np.array(profiles), np.array(weights)


def _filled(member: tuple, size: int) -> tuple:
    profiles, weights, *rest = member
    more = -(-size // PADDED) * PADDED - len(weights)
    profiles = np.concatenate([profiles, np.repeat(profiles[:1], more, axis=0)])
    return profiles, np.concatenate([weights, np.zeros(more)]), *map(np.asarray, rest)


def _reply_on_line(member: tuple[Array, ...], game: DenseGame) -> Array:
    """The best reply of a player with one parameter: `place`, where its number stands."""
    profiles, weights, player, place, low, high = member
    here = jnp.arange(profiles.shape[1]) == place

    def payoff(t: Array) -> Array:
        each = jax.vmap(lambda z: game.centred_payoffs(params_of(jnp.where(here, t, z), game)))
        return weights @ each(profiles)[:, player]

    def behaviour(t: Array) -> Array:
        def all_probabilities(z: Array) -> Array:
            played = game.behaviours(params_of(jnp.where(here, t, z), game))
            return jnp.concatenate([jnp.ravel(x) for x in jax.tree.leaves(played)])

        return jnp.ravel(weights[:, None] * jax.vmap(all_probabilities)(profiles))

    return highest_peak(payoff, behaviour, low, low, high)[1]


def _reply_by_ascent(
    game: DenseGame,
    atoms: Atoms,
    shares: Shares,
    player: int,
    box: tuple[np.ndarray, np.ndarray],
    seed: Seed,
) -> np.ndarray:
    low, high = box
    drawn = uniforms(seed, Purpose.DEVIATIONS, RANDOM_STARTS, len(low))
    starts = [*atoms[player], (low + high) / 2, *(low + (high - low) * u for u in drawn)]
    if 2 ** len(low) <= MOST_CORNER_STARTS:
        starts += [np.array(x) for x in itertools.product(*zip(low, high, strict=True))]
    profiles, weights = _padded(atoms, shares, player)
    begin = sum(len(own[0]) for own in atoms[:player])

    def loss(own: np.ndarray) -> tuple[float, np.ndarray]:
        moved = profiles.copy()
        moved[:, begin : begin + len(low)] = own
        payoffs, slopes = batch_map(_payoff_and_slope, moved, game, np.asarray(player))
        slope = weights @ slopes[:, begin : begin + len(low)]
        return -float(weights @ payoffs), -np.asarray(slope)

    ends = [
        minimize(loss, start, jac=True, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)))
        for start in starts
    ]
    return np.clip(min(ends, key=lambda end: end.fun).x, low, high)


def _payoff_and_slope(numbers: Array, game: DenseGame, player: Array) -> tuple[Array, Array]:
    return jax.value_and_grad(lambda z: game.centred_payoffs(params_of(z, game))[player])(numbers)
