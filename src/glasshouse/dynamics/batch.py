"""Many independent computations at once: on a CPU chunks that fit the cache, a thread per core."""

import functools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PyTree

from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import fresh
from glasshouse._foundation.processes import usable_cores, warn_if_forked
from glasshouse._foundation.programs import inside_program
from glasshouse._foundation.progress import progress
from glasshouse.dynamics.games import Games, repeats
from glasshouse.errors import InputError

CHUNK_SIZE = 4096
"""Batch members computed together: a few arrays of this length stay in a core's cache."""

SIZES = ((0, 8), (256, 64), (2048, 512), (65_536, CHUNK_SIZE))
"""From so many members on, chunks have this size. They are few, so that what is compiled for a
sweep serves its single points; multiples of 8, the numbers of 64 bits that the widest processors
compute with at once; and the same whatever the number of cores, so that results are."""

STRIP_SIZE = 256
"""On a CPU, members of a chunk that go through the computation together: XLA spreads operations on
longer arrays over threads of its own, in every step of a loop, and waits for them while chunks keep
all cores busy. A step of the logistic dilemma then takes three times as long."""

SMALL = 1024
"""A lone member of fewer numbers is computed as a whole chunk, whose program others share."""

BATCH_BYTES = 2**30
"""Bytes of members that are computed in one batch on a GPU, where small chunks leave it idle."""

SHRUNK = 1024
"""Small members that are left of ever fewer: a GPU takes as long for fewer."""

PROGRAMS = 1024
"""Functions whose programs are kept."""


def batch_map(
    function: Callable[..., PyTree],
    batch: PyTree,
    *shared: Any,
    chunk_size: Whole | None = None,
    shrinking: bool = False,
) -> PyTree:
    """`function(member, *shared)` for every member along the leading axis of `batch`.

    Computed in 64 bits, whatever JAX is set to, and
    compiled once per function, structure and chunk shape: pass a module-level function and put
    what varies into `batch` or `shared`. Chunks run in parallel threads, because one chunk at a
    time leaves cores idle and one large batch leaves the cache. Arrays that repeat one member
    without storing it again (from `stack` or `np.broadcast_to`) are computed with only once.

    **Arguments:** `batch`, a pytree whose arrays share their leading axis; `shared`, the same
    for every member; `chunk_size`, which bounds the memory in use (None: 4096 members on a CPU, a
    gibibyte of them elsewhere); `shrinking`, whether it is called again and again with ever fewer
    members, so that a GPU's sizes should be few.
    **Returns:** NumPy arrays with the same leading axis.
    **Cost:** the answer does not depend on `chunk_size` or on the number of threads, but for
    rounding.
    """
    batch = jax.tree.map(lambda x: np.asarray(x) if eqx.is_array(x) else x, batch)
    count = _leading_axis(batch)
    most = None if chunk_size is None else whole(chunk_size, "chunk_size")
    varying, fixed = eqx.partition(batch, lambda x: eqx.is_array(x) and not repeats(x))
    fixed = jax.tree.map(lambda x: x[0] if eqx.is_array(x) else x, fixed)
    arrays, static = eqx.partition((fixed, fresh(shared)), eqx.is_array)
    backend = jax.default_backend()
    compiled, static = _compiled(function, backend), _Static(static)
    warn_if_forked()
    threads = usable_cores()
    held = sum(x.nbytes for x in jax.tree.leaves(varying)) // count
    numbers = held // 8 + sum(x.size for x in jax.tree.leaves(arrays))
    about = {"member_bytes": held, "is_small": numbers < SMALL, "shrinking": shrinking}
    size = chunk_length(count, most, backend, **about)

    def compute(start: int) -> PyTree:
        chunk = jax.tree.map(lambda x: _padded(x[start : start + size], size), varying)
        with jax.enable_x64(True):  # the setting belongs to a thread
            found = compiled(chunk, arrays, static=static, size=size)
            return jax.device_get(found)

    pool, begins = ThreadPoolExecutor(threads), range(0, count, size)
    chunks = []
    try:
        with progress("computing", len(begins)) as advance:
            for chunk in pool.map(compute, begins):
                chunks.append(chunk)
                advance()
    finally:  # an interrupt does not wait for the chunks under way
        pool.shutdown(wait=False, cancel_futures=True)
    return jax.tree.map(lambda *parts: np.concatenate(parts)[:count], *chunks)


def stack(trees: Sequence[PyTree]) -> PyTree:
    """One pytree whose arrays stack those of `trees`; everything else is the first tree's.

    Arrays that are the same in all trees are repeated without being stored again.

    **Raises:** `InputError` when the trees differ in structure, or in something that is no array.
    """
    if isinstance(trees, Games):
        return trees.tree
    flat = [jax.tree.flatten(tree) for tree in trees]
    first, structure = flat[0]
    for leaves, other in flat[1:]:
        if other != structure or any(
            not eqx.is_array(x) and (eqx.is_array(y) or x != y)
            for x, y in zip(first, leaves, strict=True)
        ):
            raise InputError(
                "these games differ in something that is not an array, such as the function or a "
                "number captured in it: keep what varies in array fields of an Equinox module"
            )
    columns = zip(*(leaves for leaves, _ in flat), strict=True)
    stacked = [_stacked(column) if eqx.is_array(column[0]) else column[0] for column in columns]
    return jax.tree.unflatten(structure, stacked)


def _stacked(leaves: Sequence[Any]) -> np.ndarray:
    first = np.asarray(leaves[0])
    if all(leaf is leaves[0] or np.array_equal(leaf, first) for leaf in leaves):
        return np.broadcast_to(first, (len(leaves), *first.shape))
    return np.stack(leaves)


def repeat(batch: PyTree, times: Whole) -> PyTree:
    """Every member of a batch `times` times in a row."""
    count = whole(times, "times")

    def repeated(x: Any) -> Any:
        if not eqx.is_array(x):
            return x
        if len(x) == 1 or repeats(x):
            return np.broadcast_to(x[0], (len(x) * count, *x.shape[1:]))
        return np.repeat(x, count, axis=0)

    return jax.tree.map(repeated, batch)


def taken_from(batch: PyTree, rows: np.ndarray) -> PyTree:
    """The members of a batch at these places; arrays that repeat one member are not stored anew."""

    def chosen(x: Any) -> Any:
        if not eqx.is_array(x):
            return x
        if len(x) == 1 or repeats(x):
            return np.broadcast_to(x[0], (len(rows), *x.shape[1:]))
        return x[rows]

    return jax.tree.map(chosen, batch)


@functools.lru_cache(maxsize=PROGRAMS)
def _compiled(function: Callable[..., PyTree], platform: str) -> Callable[..., PyTree]:
    def chunk_of(chunk: PyTree, arrays: PyTree, *, static: "_Static", size: int) -> PyTree:
        fixed, shared = eqx.combine(arrays, static.tree())

        def one(member: PyTree) -> PyTree:
            return function(eqx.combine(member, fixed), *shared)

        strip = STRIP_SIZE if platform == "cpu" and not size % STRIP_SIZE else size

        def strip_of(members: PyTree) -> PyTree:
            return jax.vmap(one, axis_size=strip)(members)

        with inside_program():
            if strip == size:
                return strip_of(chunk)
            strips = jax.tree.map(lambda x: x.reshape(-1, strip, *x.shape[1:]), chunk)
            found = jax.lax.map(strip_of, strips)
            return jax.tree.map(lambda x: x.reshape(size, *x.shape[2:]), found)

    # Logs and profilers name a program after what it computes.
    chunk_of.__name__ = getattr(function, "__name__", type(function).__name__).strip("_<>")
    # On the CPU, XLA prefers vectors of 256 bits; where the machine has 512 this code is half as
    # fast with them. Other platforms do not know the option.
    options = {"xla_cpu_prefer_vector_width": 512} if platform == "cpu" else None
    return jax.jit(chunk_of, static_argnames=("static", "size"), compiler_options=options)


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


def _leading_axis(batch: PyTree) -> int:
    lengths = {x.shape[0] for x in jax.tree.leaves(batch) if eqx.is_array(x)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"batch arrays need one common leading axis, not lengths {lengths}")
    return lengths.pop()


def chunk_length(
    count: int,
    most: int | None,
    backend: str,
    *,
    member_bytes: int,
    is_small: bool,
    shrinking: bool = False,
) -> int:
    """How many members of a batch are computed together.

    **Arguments:** `most`, the most that the caller allows, or None; `backend`, as JAX calls it;
    `member_bytes`, what a member holds; `is_small`, whether computing a few members in vain costs
    less than another compilation; `shrinking`, whether fewer and fewer are asked for.
    """
    if backend != "cpu":
        fitting = max(1, BATCH_BYTES // max(member_bytes, 1)) if most is None else most
        if count > fitting:
            return math.ceil(count / math.ceil(count / fitting))
        if shrinking:
            return min(_rounded_up(max(count, SHRUNK if is_small else 1)), fitting)
        return count
    length = next(size for least, size in reversed(SIZES) if count >= least)
    allowed = CHUNK_SIZE if most is None else most
    if not is_small:  # their own arrays are long enough; ten in two chunks of 8 would be sixteen
        length = min(length, max(1, allowed))
        return math.ceil(count / math.ceil(count / length))
    smallest = SIZES[0][1]  # without whole vectors, the end of a chunk is computed one by one
    return min(length, math.ceil(allowed / smallest) * smallest)


def _rounded_up(count: int) -> int:
    """The next of four sizes an octave."""
    finest = max(1, 1 << (count - 1).bit_length() >> 3)
    return math.ceil(count / finest) * finest


def _padded(chunk: np.ndarray, size: int) -> np.ndarray:
    """The chunk, its last member repeated up to `size`, so that one compilation serves all."""
    missing = size - len(chunk)
    return np.concatenate([chunk, np.repeat(chunk[-1:], missing, axis=0)]) if missing else chunk
