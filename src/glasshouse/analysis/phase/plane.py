"""Two learners with one bounded parameter each: their plane and the gradients on it."""

import abc
import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from glasshouse._foundation.arrays import RealArray, with_nan
from glasshouse._foundation.results import Result
from glasshouse.dynamics.batch import batch_map
from glasshouse.errors import InputError
from glasshouse.parametric import Params, require_exact
from glasshouse.parametric.capabilities import Capability, require_smooth
from glasshouse.parametric.dense import DenseGame
from glasshouse.rules.base import AbstractDirection, velocity
from glasshouse.rules.gradient import Gradient
from glasshouse.rules.residual import relative_gradient


@dataclasses.dataclass(frozen=True, repr=False)
class FieldGrid(Result):
    """Directions of a rule on a grid: entry [i, j] is at θ_1 = `theta_1[i]`, θ_2 = `theta_2[j]`.

    **Arguments:** `gradient`, the direction, which is the selfish gradient unless the rule is
    another: payoff per unit of parameter; `relative`, the same divided by `gradient_scales`,
    NaN where behaviour saturates until gradients are lost; selfish ones lie in [-1, 1].
    """

    theta_1: Float[np.ndarray, "rows"]
    theta_2: Float[np.ndarray, "columns"]
    gradient: Float[np.ndarray, "rows columns 2"]
    relative: Float[np.ndarray, "rows columns 2"]

    def every(self, stride: int) -> "FieldGrid":
        """The grid of every so many points in both directions."""
        cut = slice(None, None, stride)
        gradient, relative = self.gradient[cut, cut], self.relative[cut, cut]
        return FieldGrid(self.theta_1[cut], self.theta_2[cut], gradient, relative)


class AbstractPlane(eqx.Module):
    """Two parameters of a game that learners move, and the rule by which all learn."""

    game: eqx.AbstractVar[DenseGame]
    rule: eqx.AbstractVar[AbstractDirection]

    @abc.abstractmethod
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds of both.

        **Raises:** `InputError` for a game without such a plane.
        """

    @abc.abstractmethod
    def profile(self, point: Float[RealArray, "2"]) -> Params:
        """Everybody's parameters at a point of the plane."""

    @abc.abstractmethod
    def point(self, params: Params) -> Float[Array, "2"]:
        """Both parameters, out of all: of a profile, or of what has its structure."""


class Plane(AbstractPlane):
    """Two learners with one bounded parameter each, and the rule by which both learn."""

    game: DenseGame
    rule: AbstractDirection

    def box(self) -> tuple[np.ndarray, np.ndarray]:
        return box_of_plane(self.game)

    def profile(self, point: Float[RealArray, "2"]) -> Params:
        return as_profile(self.game, point)

    def point(self, params: Params) -> Float[Array, "2"]:
        return _as_point(params)


class CoordinatePlane(AbstractPlane):
    """Two parameters of a game that has more of them; all others are held where they are.

    Arrows, rest points and their stability are those of learners who move these two alone. Where
    the others would move, a rest point of the plane is none of the game.

    **Arguments:** `held`, a profile; `places`, of the two among all numbers of the profile, in the
    order in which they are written, from 0. Both are arrays, so that one program serves all planes.
    """

    game: DenseGame
    rule: AbstractDirection
    held: Params
    places: Int[RealArray, "2"]

    def box(self) -> tuple[np.ndarray, np.ndarray]:
        _check_plane(self.game, "scales", "observables")
        ends = ([getattr(box, end) for box in self.game.spaces] for end in ("lower", "upper"))
        low, high = (_numbers(end)[np.asarray(self.places)] for end in ends)
        if not np.isfinite([low, high]).all() or np.any(low >= high):
            raise InputError(
                f"{PORTRAIT} needs finite bounds, lower ones below upper ones, but both parameters "
                f"have [{low[0]:g}, {high[0]:g}] and [{low[1]:g}, {high[1]:g}]"
            )
        return low, high

    def profile(self, point: Float[RealArray, "2"]) -> Params:
        flat, structured = jax.flatten_util.ravel_pytree(jax.tree.map(_as_float, self.held))
        return structured(flat.at[self.places].set(point))

    def point(self, params: Params) -> Float[Array, "2"]:
        return _as_point(params)[self.places]


PORTRAIT = "a phase portrait"


def _check_plane(game: Any, *needed: Capability) -> None:
    require_exact(game, PORTRAIT, *needed)
    require_smooth(game, PORTRAIT)


def _numbers(tree: PyTree) -> np.ndarray:
    return np.concatenate([np.ravel(x) for x in jax.tree.leaves(tree)])


def _as_float(x: Any) -> Array:
    return jnp.asarray(x, dtype=float)


def box_of_plane(game: DenseGame) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of θ_1 and θ_2."""
    _check_plane(game, "dense", "scales", "observables")
    spaces = game.spaces
    if len(spaces) != 2:
        raise InputError(f"a phase portrait needs two players, but the game has {len(spaces)}")
    bounds = np.empty((2, 2))
    for i, box in enumerate(spaces):
        count = sum(np.size(x) for x in jax.tree.leaves(box.lower))
        if count != 1:
            raise InputError(
                f"player {i + 1} has {count} parameters: a phase portrait needs one per player"
            )
        for k, bound in enumerate((box.lower, box.upper)):
            bounds[k, i] = next(np.ravel(x)[0] for x in jax.tree.leaves(bound) if np.size(x))
        if not np.all(np.isfinite(bounds[:, i])):
            raise InputError(
                f"player {i + 1} has an unbounded box: a phase portrait needs finite bounds; "
                "set the semantics' bound"
            )
        if bounds[0, i] == bounds[1, i]:
            raise InputError(
                f"the box of player {i + 1} is the single point {bounds[0, i]:g}: a phase portrait "
                "needs a lower bound below the upper one"
            )
    return bounds[0], bounds[1]


def as_profile(game: DenseGame, point: Float[RealArray, "2"]) -> Params:
    """θ_1 and θ_2 in the structure of the players' parameters."""
    return tuple(
        jax.tree.map(lambda x, t=point[i]: jnp.broadcast_to(t, jnp.shape(x)), box.lower)
        for i, box in enumerate(game.spaces)
    )


def field_grid(game: DenseGame, resolution: int, rule: AbstractDirection = Gradient()) -> FieldGrid:
    """Directions of a rule on `resolution` × `resolution` points, the bounds included."""
    return grid_of(Plane(game, rule), resolution)


def grid_of(plane: AbstractPlane, resolution: int) -> FieldGrid:
    """The same of any plane."""
    axes, points = grid_points(*plane.box(), resolution)
    gradient, relative, _ = batch_map(gradients_at, points, plane)
    return as_grid(axes, gradient, relative)


def grid_points(
    low: Float[np.ndarray, "2"], high: Float[np.ndarray, "2"], resolution: int
) -> tuple[tuple[np.ndarray, ...], Float[np.ndarray, "points 2"]]:
    """The values along both axes of a box, and all points of the grid, the bounds included."""
    axes = tuple(np.linspace(low[i], high[i], resolution) for i in range(2))
    return axes, np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def as_grid(axes: tuple[np.ndarray, ...], gradient: Any, relative: Any) -> FieldGrid:
    """Directions at these points, one row for each, as a grid."""
    shape = (*map(len, axes), 2)
    directions = np.asarray(gradient).reshape(shape), with_nan(relative).reshape(shape)
    return FieldGrid(axes[0], axes[1], *directions)


def gradients_at(point: Float[RealArray, "2"], plane: AbstractPlane) -> tuple[Array, Array, Array]:
    """Both directions at a point, as `relative_gradient` tells them, and their scales."""
    params = plane.profile(point)
    gradient = plane.point(velocity(plane.game, params, plane.rule))
    scale = plane.point(plane.game.gradient_scales(params))
    return gradient, relative_gradient(gradient, scale), scale


def _as_point(params: Params) -> Float[Array, "numbers"]:
    return jnp.concatenate([jnp.ravel(x) for x in jax.tree.leaves(params)])
