"""Uncertain access: parameters that are seen by chance, or through noise."""

import itertools
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, PyTree

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, number_within, whole
from glasshouse._foundation.random import Purpose, normals
from glasshouse.channels.base import AbstractAccess, Views
from glasshouse.channels.box import Box
from glasshouse.errors import InputError

MOST_VIEWS = 1024
"""Combinations of what a player may see; each costs one evaluation of the semantics."""

NODES = {1: 129, 2: 33}
"""Points for each noisy number, by how many numbers are noisy."""

NOISE_REACH = 8.5
"""Noise is integrated up to so many standard deviations; beyond lies 1e-17 of it."""

MOST_NOISY = 2
"""With more noisy numbers per reader than this, noise is drawn instead of integrated."""

MOST_DRAWN = 1 << 26
"""More random numbers at once than this are refused: 512 MiB in 64 bits, and copies of them."""


class Probabilistic(AbstractAccess):
    """Every reader sees every owner's parameters with probability λ, else the neutral ones.

    Whether it sees is decided anew in every play, for each reader and owner by itself. Behaviour is
    the exact expectation over all that a reader may see.

    **Arguments:** `probability` λ in [0, 1], a number.
    **Raises:** `InputError` for a λ that is no such number and, in a game, for so many players that
    a reader has more than 1024 views.
    **Cost:** 2^(players - 1) evaluations of the semantics, and the time to compile and the memory
    grow with them: convenient up to some eight players.
    """

    has_one_switch = True
    stays_in_boxes = True
    meaning: ClassVar[str] = (
        "in every play, for each reader and owner by itself; what is not seen looks neutral"
    )
    listed: ClassVar[int] = 4
    keys: ClassVar[Mapping[str, Key]] = {
        "probability": Key(
            "λ, from 0 to 1, the same for all readers and owners.",
            symbol="λ",
            axis="probability λ of being seen",
            least=0,
            most=1,
        )
    }

    probability: Float[RealArray, ""]

    @property
    def words(self) -> str:
        return f"seen with probability {float(np.asarray(self.probability)):.6g}"

    def __init__(self, probability: Numbers):
        self.probability = number_within(probability, "probability", most=1.0)

    def check(self, boxes: tuple[Box, ...]) -> None:
        if 2 ** (len(boxes) - 1) > MOST_VIEWS:
            raise InputError(
                f"with {len(boxes)} players a reader has {2 ** (len(boxes) - 1)} views of who is "
                f"visible, and at most {MOST_VIEWS} are averaged: take fewer players"
            )

    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        others = len(params) - 1
        visible = np.array(list(itertools.product((True, False), repeat=others)))
        seen_at = jnp.asarray(self.probability)
        weights = jnp.prod(jnp.where(visible, seen_at, 1 - seen_at), axis=1)
        neutral = tuple(box.neutral() for box in boxes)

        def view(own: PyTree, hidden: PyTree, column: np.ndarray) -> PyTree:
            def shown(x: ArrayLike, h: RealArray) -> Array:
                return jnp.where(column.reshape(-1, *(1 for _ in np.shape(x))), x, h)

            return jax.tree.map(shown, own, hidden)

        def of_reader(reader: int) -> tuple[PyTree, ...]:
            columns = np.insert(visible, reader, True, axis=1).T  # who sees itself
            return tuple(map(view, params, neutral, columns))

        return Views(tuple(of_reader(i) for i in range(len(params))), weights)

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Probabilistic":
        return cls(0.7)


class Noisy(AbstractAccess):
    """Readers see parameters plus noise N(0, σ²), independent for each reader, owner, coordinate.

    Drawn anew in every play; behaviour is its expectation: up to two noisy numbers per reader by
    the trapezoidal rule (129 points for one, 33 each for two), beyond that the mean over `draws`
    fixed draws, half of them the negatives of the others: what is computed or certified is about
    this sum. Under the logistic semantics it is within 1e-6 of the expectation for κσ up to 8 for
    one noisy number and 2 for two, within 1e-3 up to 16 and 4, and none beyond.

    **Arguments:** `scale` σ >= 0, the standard deviation in units of the parameter; `draws`, an
    even number; `seed` of the draws, a whole number from 0 on: no setting of JAX changes them.
    **Raises:** `InputError` for numbers that cannot be, and in a game for over 2^26 draws in all.
    **Cost:** as many evaluations of the semantics as there are points or draws, all in memory at
    once: 16 bytes for each number drawn (0.8 GB for two policies of 94 000 weights and 256 draws),
    several times that while learning.
    """

    has_one_switch = True
    meaning: ClassVar[str] = "drawn anew in every play, independently for each reader and owner"
    listed: ClassVar[int] = 5
    keys: ClassVar[Mapping[str, Key]] = {
        "scale": Key(
            "σ, the standard deviation in units of the parameter.",
            symbol="σ",
            axis="noise σ (parameter units)",
            least=0,
        ),
        "draws": Key(
            "How many draws stand for noise in more than two numbers per reader; fewer are "
            "integrated.",
            256,
            int,
            least=2,
            most=1_000_000,
            step=2,
        ),
        "seed": Key(
            "Of these draws: the same seed gives the same noise, whatever JAX's settings.",
            0,
            int,
            least=0,
            most=2**32 - 1,
        ),
    }

    scale: Float[RealArray, ""]
    draws: int = eqx.field(static=True)
    seed: int = eqx.field(static=True)

    @property
    def words(self) -> str:
        return f"seen with noise of standard deviation {float(np.asarray(self.scale)):.6g}"

    def __init__(self, scale: Numbers, draws: Whole = 256, seed: Any = 0):
        self.scale = number_within(scale, "scale")
        self.draws = whole(draws, "draws", least=2)
        if self.draws % 2:
            raise InputError(f"draws={self.draws} must be an even number, at least 2")
        self.seed = whole(seed, "seed", least=0)

    def check(self, boxes: tuple[Box, ...]) -> None:
        most = _most_noisy(tuple(box.lower for box in boxes))
        numbers = len(boxes) * most * self.draws
        if most > MOST_NOISY and numbers > MOST_DRAWN:
            allowed = MOST_DRAWN // (len(boxes) * most) // 2 * 2
            fewer = f"take at most {allowed} draws" if allowed else "too many for any draws"
            raise InputError(
                f"{len(boxes)} readers of {most} noisy numbers with draws={self.draws} need "
                f"{numbers} drawn numbers at once, and at most {MOST_DRAWN} are drawn: {fewer}"
            )

    def look(self, params: tuple[PyTree, ...], boxes: tuple[Box, ...]) -> Views:
        players = range(len(params))
        most = _most_noisy(params)
        if most <= MOST_NOISY:
            points, weights = _quadrature(most)
            noise = [points] * len(params)
        else:
            # Drawn in NumPy: the same for every precision JAX computes in.
            half = normals(self.seed, Purpose.NOISE, self.draws // 2, len(params) * most)
            parts = np.split(half, len(params), axis=1)
            noise = [np.concatenate([part, -part]) for part in parts]
            weights = np.full(self.draws, 1 / self.draws)
        leaves, structure = jax.tree.flatten(params)
        owners = [i for i in players for _ in jax.tree.leaves(params[i])]

        def of_reader(reader: int) -> tuple[PyTree, ...]:
            shown, begin = [], 0
            for owner, leaf in zip(owners, leaves, strict=True):
                size, shape = np.size(leaf), (len(weights), *np.shape(leaf))
                if owner == reader:
                    shown.append(jnp.broadcast_to(jnp.asarray(leaf), shape))
                    continue
                shown.append(
                    leaf + self.scale * noise[reader][:, begin : begin + size].reshape(shape)
                )
                begin += size
            return jax.tree.unflatten(structure, shown)

        return Views(tuple(of_reader(i) for i in players), jnp.asarray(weights))

    @classmethod
    def example(cls, boxes: tuple[Box, ...]) -> "Noisy":
        return cls(0.5, draws=4)


def _most_noisy(params: tuple[PyTree, ...]) -> int:
    """How many noisy numbers a reader sees, where it sees most."""
    sizes = [sum(np.size(x) for x in jax.tree.leaves(own)) for own in params]
    return sum(sizes) - min(sizes)


def _quadrature(dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Points `(points, dimensions)` and weights of the trapezoidal rule for N(0, 1) each.

    For what is smooth it converges faster than any power of the spacing, and for a sigmoid at large
    scales much faster than Gauss-Hermite quadrature with as many points.
    """
    nodes = np.linspace(-NOISE_REACH, NOISE_REACH, NODES.get(dimensions, 1))
    weights = np.exp(-0.5 * nodes**2)
    points = np.array(list(itertools.product(nodes, repeat=dimensions)))
    products = np.prod(list(itertools.product(weights, repeat=dimensions)), axis=1)
    return points, products / products.sum()
