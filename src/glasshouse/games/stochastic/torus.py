"""Cells of a square whose opposite sides are joined, numbered row by row."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from glasshouse._foundation.arrays import RealArray

STEPS_ON_TORUS = np.array([[0, -1], [0, 1], [-1, 0], [1, 0], [0, 0]])
"""Rows and columns that left, right, up, down and staying move."""


def moved_by(
    cells: Int[Array, "players"], actions: Int[Array, "players"], grid: int
) -> Int[Array, "players"]:
    """Where moves lead."""
    steps = jnp.asarray(STEPS_ON_TORUS, jnp.int32)[actions]
    rows = (cells // grid + steps[:, 0] + grid) % grid
    columns = (cells % grid + steps[:, 1] + grid) % grid
    return rows * grid + columns


def offset(here: Int[RealArray, "..."], there: Int[RealArray, "..."], grid: int) -> Array:
    """Rows and columns from one cell to another, as the number of a cell."""
    rows = (there // grid - here // grid + grid) % grid
    columns = (there % grid - here % grid + grid) % grid
    return jnp.asarray(rows * grid + columns)


def distances_after(grid: int, actions: int) -> Int[np.ndarray, "cells actions"]:
    """How many moves something so far off is away after each move."""
    rows, columns = np.divmod(np.arange(grid * grid)[:, None], grid)
    moved = STEPS_ON_TORUS[:actions]
    off = [(x - moved[:, k]) % grid for k, x in enumerate((rows, columns))]
    return np.minimum(off[0], grid - off[0]) + np.minimum(off[1], grid - off[1])
