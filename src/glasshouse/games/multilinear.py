"""Expected payoffs as multilinear functions of the probabilities of actions."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.programs import traced_once

Entries = tuple[RealArray, ...]
"""One player's probabilities, as scalars."""


@traced_once
def summed(table: RealArray, entries: list[Entries]) -> RealArray:
    """Expected value of `table`, one scalar multiplication per non-constant term."""
    return _summed(table, entries)


def _summed(table: RealArray, entries: list[Entries]) -> RealArray:
    if not entries:
        return table
    probabilities, rest = entries[0], entries[1:]
    terms = [p * _summed(table[a], rest) for a, p in enumerate(probabilities)]
    return sum(terms[1:], start=terms[0])


def contracted(table: RealArray, distributions: list[RealArray]) -> RealArray:
    """Expected value of `table`, as one product of a matrix with two vectors.

    Each half of the players mixes into one joint vector, so that a batch becomes a large matrix
    product instead of many small ones.
    """
    half = (len(distributions) + 1) // 2
    left, right = (
        functools.reduce(lambda x, y: jnp.outer(x, jnp.asarray(y)).ravel(), part, jnp.ones(1))
        for part in (distributions[:half], distributions[half:])
    )
    return left @ table.reshape(left.size, right.size) @ right


def differenced(tensor: RealArray) -> RealArray:
    """Of each player's payoffs, the coefficients in the probabilities of all actions but the last.

    Along each axis of actions, the last entry stays and is taken from all others: of two players
    with two actions u = P + p (S-P) + q (T-P) + p q (R-S-T+P). Sums of n differences lose one bit
    for each player, so that this is for games that are unrolled.
    """
    numbers = jnp if is_traced(tensor) else np
    found = tensor
    for axis in range(1, found.ndim):
        last = found.take(np.array([-1]), axis)
        free = found.take(np.arange(found.shape[axis] - 1), axis)
        found = numbers.concatenate([free - last, last], axis)
    return found


@traced_once
def slopes(coefficients: RealArray, free: list[Entries]) -> list[Entries]:
    """How a payoff changes with each of these probabilities, last actions making up for it.

    **Arguments:** `coefficients`, as `differenced` gives them; `free`, the probabilities of every
    player's actions but the last.
    """

    def payoff(free: list[Entries]) -> RealArray:
        return _polynomial(coefficients, free)

    return jax.grad(payoff)(free)


def _polynomial(coefficients: RealArray, free: list[Entries]) -> RealArray:
    if not free:
        return coefficients
    last = _polynomial(coefficients[-1], free[1:])
    terms = [p * _polynomial(coefficients[a], free[1:]) for a, p in enumerate(free[0])]
    return sum(terms, start=last)
