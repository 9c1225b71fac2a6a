"""Networks drawn by initialisers of the user's own, by keys of the library's own generator."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.arrays import NotRealError, as_array
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.random import Purpose, Seed, key_of, keys
from glasshouse._foundation.results import shortened
from glasshouse.errors import InputError

TOGETHER = 64
"""So many networks are made at once: programs for other numbers would be compiled anew, and might
round otherwise."""

Maker = Callable[[Any], PyTree]


def drawn_networks(makers: Sequence[Maker], seed: Seed) -> tuple[PyTree, ...]:
    """A network for each player, whole, by the first key of each."""
    words = keys(seed, Purpose.PROFILE, 1, len(makers))
    return tuple(_made(maker, words[0, i], i) for i, maker in enumerate(makers))


def many_networks(
    makers: Sequence[Maker], seed: Seed, count: int, weights: Sequence[PyTree]
) -> tuple[PyTree, ...]:
    """`count` sets of weights for each player, those of a player made at once where they can be.

    Row k does not depend on how many there are, nor on any setting of JAX: keys are the library's
    own, of one generator of JAX, and networks are drawn in 64 bits.

    **Arguments:** `weights`, of networks as they are to be: others are refused.
    """
    words = keys(seed, Purpose.PROFILE, count, len(makers))
    return tuple(
        _fitting(_batch(maker, words[:, i], i), own, count, i)
        for i, (maker, own) in enumerate(zip(makers, weights, strict=True))
    )


@in_float64
def _made(maker: Maker, words: np.ndarray, player: int) -> PyTree:
    with jax.threefry_partitionable(True):
        try:
            return maker(key_of(words))
        except Exception as error:  # whatever somebody else's code does
            raise _failed(player, error) from error


@in_float64
def _batch(maker: Maker, words: np.ndarray, player: int) -> PyTree:
    with jax.threefry_partitionable(True):
        try:
            count, more = len(words), -len(words) % TOGETHER
            padded = np.concatenate([words, np.repeat(words[-1:], more, axis=0)])
            parts = padded.reshape(-1, TOGETHER, *words.shape[1:])
            together = [eqx.filter_vmap(maker)(key_of(part)) for part in parts]
            return jax.tree.map(lambda *x: _joined(np.concatenate, x, count), *together)
        except Exception:  # made one by one, as by those that look at their key, it works, or says
            try:
                return jax.tree.map(
                    lambda *x: _joined(np.stack, x), *(maker(key_of(row)) for row in words)
                )
            except Exception as error:
                raise _failed(player, error) from error


def _joined(join: Callable[..., Any], parts: Sequence[Any], count: int | None = None) -> Any:
    return join(parts)[:count] if is_weight(parts[0]) else parts[0]


def is_weight(leaf: Any) -> bool:
    """Whether this is an array of floats, as Equinox asks, and of NumPy's bfloat16, too."""
    return eqx.is_array(leaf) and jnp.issubdtype(leaf.dtype, jnp.inexact)


def _failed(player: int, error: Exception) -> InputError:
    said = f"{type(error).__name__}: {shortened(str(error), 160)}"
    return InputError(
        f"the initialiser of player {player + 1} failed ({said}): it takes a JAX key, and gives a "
        "network"
    )


def _fitting(drawn: PyTree, weights: PyTree, count: int, player: int) -> PyTree:
    """The weights among what was drawn, in the structure and shapes of those given."""
    who = f"the initialiser of player {player + 1}"
    spec = jax.tree.map(lambda x: x is not None, weights, is_leaf=lambda x: x is None)
    try:
        own = jax.tree.map(as_array, eqx.filter(drawn, spec))
    except (ValueError, TypeError, NotRealError) as error:
        raise InputError(f"{who} gives a network of another structure than its own") from error
    if jax.tree.structure(own) != jax.tree.structure(weights):
        raise InputError(f"{who} gives a network of another structure than its own")
    for (path, x), wanted in zip(
        jax.tree.leaves_with_path(own), jax.tree.leaves(weights), strict=True
    ):
        if x.shape != (count, *wanted.shape):
            raise InputError(
                f"{who} gives {jax.tree_util.keystr(path)} of shape {x.shape[1:]}, but its network "
                f"has {wanted.shape}"
            )
    where = path_of_first(own, lambda x: ~np.isfinite(x))
    if where:
        raise InputError(f"{who} gives weights that are not finite at {where}")
    return own


def path_of_first(tree: PyTree, wrong: Callable[[np.ndarray], np.ndarray]) -> str:
    """Where in a tree the first array with a wrong entry is; nothing where there is none."""
    for path, leaf in jax.tree.leaves_with_path(tree):
        if np.any(wrong(np.asarray(leaf))):
            return jax.tree_util.keystr(path) or "its only array"
    return ""
