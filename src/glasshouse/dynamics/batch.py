"""Many independent computations at once: chunks that fit the cache, one thread per core."""

import functools
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PyTree

CHUNK_SIZE = 4096
"""Batch members computed together: a few arrays of this length stay in a core's cache."""


def batch_map(
    function: Callable[..., PyTree],
    batch: PyTree,
    *shared: Any,
    chunk_size: int = CHUNK_SIZE,
) -> PyTree:
    """`function(member, *shared)` for every member along the leading axis of `batch`.

    Compiled once per function, structure and chunk shape: pass a module-level function and put
    what varies into `batch` or `shared`. Chunks run in parallel threads, because one chunk at a
    time leaves cores idle and one large batch leaves the cache.

    **Arguments:** `batch`, a pytree whose arrays share their leading axis; `shared`, the same
    for every member; `chunk_size`, which bounds the memory in use.
    **Returns:** NumPy arrays with the same leading axis.
    **Cost:** exact; the answer does not depend on `chunk_size` or on the number of threads.
    """
    arrays, member_static = eqx.partition(batch, eqx.is_array)
    shared_arrays, shared_static = eqx.partition(shared, eqx.is_array)
    static = _Static((member_static, shared_static))
    compiled = _compiled(jax.default_backend())
    count = _leading_axis(arrays)
    threads = os.cpu_count() or 1
    size = _balanced(count, threads, chunk_size)
    starts = range(0, count, size)
    x64 = jax.dtypes.canonicalize_dtype(float) == np.float64

    def compute(start: int) -> PyTree:
        chunk = jax.tree.map(lambda x: _padded(np.asarray(x)[start : start + size], size), arrays)
        with jax.enable_x64(x64):  # the setting belongs to a thread
            found = compiled(chunk, shared_arrays, function=function, static=static)
            return jax.device_get(found)

    pool = ThreadPoolExecutor(threads)
    try:
        chunks = list(pool.map(compute, starts))
    finally:  # an interrupt does not wait for the chunks under way
        pool.shutdown(wait=False, cancel_futures=True)
    return jax.tree.map(lambda *parts: np.concatenate(parts)[:count], *chunks)


def stack(trees: Sequence[PyTree]) -> PyTree:
    """One pytree whose arrays stack those of `trees`; everything else is the first tree's."""
    arrays = [eqx.filter(tree, eqx.is_array) for tree in trees]
    rest = eqx.filter(trees[0], eqx.is_array, inverse=True)
    return eqx.combine(jax.tree.map(lambda *x: np.stack(x), *arrays), rest)


@functools.cache
def _compiled(platform: str) -> Callable[..., PyTree]:
    # On the CPU, XLA prefers vectors of 256 bits; where the machine has 512 this code is half as
    # fast with them. Other platforms do not know the option.
    options = {"xla_cpu_prefer_vector_width": 512} if platform == "cpu" else None
    return jax.jit(_map_chunk, static_argnames=("function", "static"), compiler_options=options)


def _map_chunk(
    chunk: PyTree, shared: PyTree, *, function: Callable[..., PyTree], static: "_Static"
) -> PyTree:
    member_static, shared_static = static.tree()
    shared = eqx.combine(shared, shared_static)
    return jax.vmap(lambda member: function(eqx.combine(member, member_static), *shared))(chunk)


class _Static:
    """A pytree without arrays, hashable so that it can select a compilation."""

    def __init__(self, tree: PyTree):
        leaves, structure = jax.tree.flatten(tree)
        self._key = (tuple(leaves), structure)

    def tree(self) -> PyTree:
        leaves, structure = self._key
        return jax.tree.unflatten(structure, leaves)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Static) and self._key == other._key


def _leading_axis(arrays: PyTree) -> int:
    lengths = {np.shape(x)[0] for x in jax.tree.leaves(arrays)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"batch arrays need one common leading axis, not lengths {lengths}")
    return lengths.pop()


def _balanced(count: int, threads: int, chunk_size: int) -> int:
    """The chunk size, at most `chunk_size`, that gives every thread the same number of chunks."""
    rounds = math.ceil(count / (threads * chunk_size))
    return math.ceil(count / (threads * rounds))


def _padded(chunk: np.ndarray, size: int) -> np.ndarray:
    """The chunk, its last member repeated up to `size`, so that one compilation serves all."""
    missing = size - len(chunk)
    return np.concatenate([chunk, np.repeat(chunk[-1:], missing, axis=0)]) if missing else chunk
