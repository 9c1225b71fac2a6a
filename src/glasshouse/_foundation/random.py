"""The library's own random numbers: no setting of JAX, no thread and no worker changes one."""

import enum
from typing import Any, SupportsIndex, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, UInt32

from glasshouse._foundation.arrays import RealArray, is_traced
from glasshouse._foundation.numbers import whole
from glasshouse.errors import InputError

Seed: TypeAlias = SupportsIndex | PRNGKeyArray
"""A whole number from 0 on, or a JAX key, which counts as the number that its words make."""

BLOCK = 4096
"""Rows that one generator draws, so that what comes late is drawn without what comes before."""

GENERATOR = f"PCG64(SeedSequence([seed, purpose, block])), blocks of {BLOCK}, uniforms of 53 bits"
NORMAL = "scipy.special.ndtri"

KEYS_OF = "threefry2x32"
"""Of JAX's generators, the one whose keys somebody else's code gets, whatever JAX is set to."""


class Purpose(enum.IntEnum):
    """What numbers are drawn for; each purpose has a stream of its own.

    The values are part of what a seed means: none is ever changed or given to something else.
    """

    STARTS = 1
    DEVIATIONS = 2
    NOISE = 3
    NETWORK = 4
    PROJECTION = 5
    PROFILE = 6
    GAME = 7
    DIRECTIONS = 8
    RESAMPLES = 9
    LEARNING = 10
    AUDIT = 11
    ORDERS = 12
    MEETINGS = 13


def uniforms(
    seed: Seed, purpose: Purpose, rows: int, columns: int = 1
) -> Float[np.ndarray, "rows columns"]:
    """Independent numbers in the open interval (0, 1).

    Definition: row k is row k mod 4096 of block k // 4096, and a block is drawn row by row from
    `PCG64(SeedSequence([seed, purpose, block]))`, the first 53 bits of each word being the number.
    So row k depends on how many columns there are, but not on how many rows. Of all results the
    one that would be 0 is 2^-54 instead, between it and the smallest other one.

    **Raises:** `InputError` for a seed that is neither a whole number from 0 on nor one JAX key.
    """
    number = _number(seed)
    drawn = np.empty((rows, columns))
    for first in range(0, rows, BLOCK):
        part = drawn[first : first + BLOCK]
        generator = np.random.PCG64(_sequence(number, purpose, first // BLOCK))
        words = generator.random_raw(part.size)
        np.multiply((words >> 11).reshape(part.shape), 2.0**-53, out=part)
    return np.maximum(drawn, 2.0**-54, out=drawn)


def of_one_block(
    seed: Seed, purpose: Purpose, block: int, count: int
) -> Float[np.ndarray, "count"]:
    """The first numbers of one block of `uniforms`, where blocks are something else than rows."""
    generator = np.random.PCG64(_sequence(_number(seed), purpose, block))
    return np.maximum((generator.random_raw(count) >> 11) * 2.0**-53, 2.0**-54)


def normals(
    seed: Seed, purpose: Purpose, rows: int, columns: int = 1
) -> Float[np.ndarray, "rows columns"]:
    """Independent standard normal numbers: the quantiles at `uniforms`, none beyond 8.3.

    NumPy promises that a bit generator's stream stays as it is, but not how it makes normals of it.
    """
    from scipy.special import ndtri  # takes as long to import as half of glasshouse

    drawn = uniforms(seed, purpose, rows, columns)
    return ndtri(drawn, out=drawn)


def keys(
    seed: Seed, purpose: Purpose, rows: int, columns: int = 1
) -> UInt32[np.ndarray, "rows columns words"]:
    """The words of independent keys of JAX's generator `KEYS_OF`, for code that draws by keys.

    Row k is drawn as in `uniforms`: 64 bits a key, the higher 32 of them first.
    """
    number = _number(seed)
    words = np.empty((rows, columns), np.uint64)
    for first in range(0, rows, BLOCK):
        part = words[first : first + BLOCK]
        generator = np.random.PCG64(_sequence(number, purpose, first // BLOCK))
        part[...] = generator.random_raw(part.size).reshape(part.shape)
    halves = [(words >> np.uint64(32)), words & np.uint64(2**32 - 1)]
    return np.stack(halves, axis=-1).astype(np.uint32)


def key_of(words: UInt32[Any, "words"]) -> PRNGKeyArray:
    """The key of JAX that has these words, traced or not."""
    return jax.random.wrap_key_data(jnp.asarray(words), impl=KEYS_OF)


def key_uniforms(key: PRNGKeyArray, count: int, dtype: Any = None) -> Float[Array, "count"]:
    """Independent numbers in (0, 1) from one JAX key, traced or not, in the precision in use.

    Definition: number k is made of the first bits of `fold_in(key, k)`, and so depends neither on
    how many are asked for nor on how JAX is set to draw arrays.

    **Arguments:** `dtype`, float32 or float64, in place of the precision in use.
    """
    words = key_words(key, count)
    if (jnp.result_type(float) if dtype is None else jnp.dtype(dtype)) == jnp.float64:
        bits = (words[:, 0] >> 5).astype(float) * 2.0**26 + (words[:, 1] >> 6).astype(float)
        return (bits + 0.5) * 2.0**-53
    return ((words[:, 0] >> 9).astype(jnp.float32) + 0.5) * jnp.float32(2.0**-23)


def key_normals(key: PRNGKeyArray, count: int, dtype: Any = None) -> Float[Array, "count"]:
    """Independent standard normal numbers, the quantiles at `key_uniforms`."""
    from jax.scipy.special import ndtri

    return ndtri(key_uniforms(key, count, dtype))


def key_words(key: PRNGKeyArray, count: int) -> UInt32[Array, "count words"]:
    """The first two words of `fold_in(key, k)` for the numbers k that are asked for."""
    each = jax.vmap(lambda k: jax.random.key_data(jax.random.fold_in(key, k)))
    return each(jnp.arange(count, dtype=jnp.uint32))[:, :2]


def laid_out(rows: Float[np.ndarray, "rows columns"], like: PyTree) -> PyTree:
    """The columns in the structure of a tree whose leaves have as many numbers, rows first."""
    leaves, structure = jax.tree.flatten(like)
    ends = np.cumsum([np.size(leaf) for leaf in leaves])[:-1]
    parts = np.split(rows, ends, axis=1) if leaves else []
    shaped = [
        np.ascontiguousarray(part).reshape(len(rows), *np.shape(leaf))
        for part, leaf in zip(parts, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, shaped)


def how_drawn(seed: int) -> dict[str, str | int]:
    """How random numbers of this seed are made, for provenance."""
    return {"generator": GENERATOR, "normal": NORMAL, "seed": seed}


def _number(seed: Any) -> int:
    """The whole number that a seed is, or that the words of a key make, the highest first."""
    if not isinstance(seed, jax.Array | np.ndarray) or not _is_key(seed):
        try:
            return whole(seed, "key", least=0)
        except InputError as error:
            raise InputError(f"{error}, or a JAX key") from error
    if is_traced(seed):
        raise InputError(
            "a key inside jit, vmap or grad has no value from which NumPy could draw: draw outside "
            "of it, and pass on what was drawn"
        )
    words = np.asarray(seed if seed.dtype == np.uint32 else jax.random.key_data(seed))
    if words.ndim != 1:
        raise InputError(f"keys of shape {words.shape[:-1]} are several: give one key, or a seed")
    return sum(int(word) << 32 * k for k, word in enumerate(words[::-1]))


def _is_key(array: RealArray) -> bool:
    """Whether this is a key or several, of today's kind or of the old one, which is its words."""
    is_new = jnp.issubdtype(array.dtype, jax.dtypes.prng_key)
    return is_new or (array.dtype == np.uint32 and array.ndim > 0)


def _sequence(number: int, purpose: Purpose, block: int) -> np.random.SeedSequence:
    """What seeds a block.

    NumPy writes the numbers of a list one after the other in words of 32 bits and fills up with 0,
    so that [2^32 + 3, 2, 0] would be [3, 1, 2]. Numbers of several words, such as keys that were
    split, get the purpose and the block behind a filled pool, where no list of three reaches.
    """
    if number < 2**32:
        return np.random.SeedSequence([number, int(purpose), block])
    return np.random.SeedSequence(number, spawn_key=(int(purpose), block))
