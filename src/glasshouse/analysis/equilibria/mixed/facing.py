"""What finite mixtures pay: payoffs and their derivatives at every profile of atoms."""

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.precision import in_float64
from glasshouse.dynamics.batch import batch_map
from glasshouse.parametric import Params
from glasshouse.parametric.dense import DenseGame

Atoms = list[np.ndarray]
"""For every player an array of shape (atoms, numbers): its parameters at each atom, in order."""

Shares = list[np.ndarray]
"""For every player the probabilities of its atoms."""


class Local(NamedTuple):
    """Everyone's payoffs at some profiles, with first and second derivatives by all parameters.

    **Arguments:** `payoffs`, shape (profiles, players), counted from the middle of each player's;
    `slopes`, (profiles, players, numbers); `curvatures`, (profiles, players, numbers, numbers).
    """

    payoffs: np.ndarray
    slopes: np.ndarray
    curvatures: np.ndarray


def numbers_of(params: Params) -> list[np.ndarray]:
    """Every player's parameters in one array, leaf after leaf."""
    return [
        np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(own)])
        if jax.tree.leaves(own)
        else np.zeros(0)
        for own in params
    ]


def params_from(numbers: Array | np.ndarray, game: DenseGame) -> Params:
    """A profile in the structure of the game's boxes, from everyone's numbers in one array."""
    profile, begin = [], 0
    for box in game.spaces:
        leaves, structure = jax.tree.flatten(box.lower)
        own = []
        for leaf in leaves:
            size = int(np.size(leaf))
            own.append(numbers[begin : begin + size].reshape(np.shape(leaf)))
            begin += size
        profile.append(jax.tree.unflatten(structure, own))
    return tuple(profile)


def bounds_of(game: DenseGame) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The lower and the upper ends of every player's box."""
    lower, upper = (tuple(getattr(b, end) for b in game.spaces) for end in ("lower", "upper"))
    return numbers_of(lower), numbers_of(upper)


def profiles_of(atoms: Atoms) -> np.ndarray:
    """All profiles of atoms, the last player's changing fastest: shape (profiles, numbers)."""
    return np.array([np.concatenate(chosen) for chosen in itertools.product(*atoms)])


def payoffs_at(game: DenseGame, profiles: np.ndarray) -> np.ndarray:
    """Everyone's payoffs at some profiles, counted from the middle of each player's."""
    return batch_map(_payoffs, profiles, game)


def table_of(game: DenseGame, atoms: Atoms) -> np.ndarray:
    """Everyone's payoffs at every profile of atoms: shape (players, *atoms)."""
    found = payoffs_at(game, profiles_of(atoms))
    return np.moveaxis(found.reshape(*map(len, atoms), len(atoms)), -1, 0)


@in_float64
def locally(game: DenseGame, profiles: np.ndarray) -> Local:
    """Payoffs, slopes and curvatures at some profiles."""
    return Local(*batch_map(_derivatives, profiles, game))


def expected(table: np.ndarray, shares: Sequence[np.ndarray], player: int) -> np.ndarray:
    """What each of a player's atoms is paid, the others mixing; `table`, of this player."""
    for j in reversed(range(len(shares))):
        if j != player:
            table = np.tensordot(table, shares[j], axes=(j, 0))
    return table


def others_of(atoms: Atoms, shares: Shares, player: int) -> Iterator[tuple[np.ndarray, float]]:
    """Every profile of the others' atoms, the player's own being its first, and its probability."""
    ranges = [range(1) if j == player else range(len(own)) for j, own in enumerate(atoms)]
    for chosen in itertools.product(*ranges):
        share = np.prod([shares[j][k] for j, k in enumerate(chosen) if j != player])
        yield np.concatenate([own[k] for own, k in zip(atoms, chosen, strict=True)]), float(share)


def _payoffs(numbers: RealArray, game: DenseGame) -> RealArray:
    return game.centred_payoffs(params_from(jnp.asarray(numbers), game))


def _derivatives(numbers: Array, game: DenseGame) -> tuple[Array, Array, Array]:
    def payoffs(z: Array) -> Array:
        return jnp.asarray(game.centred_payoffs(params_from(z, game)))

    slopes = jax.jacrev(payoffs)
    return payoffs(numbers), slopes(numbers), jax.jacfwd(slopes)(numbers)
