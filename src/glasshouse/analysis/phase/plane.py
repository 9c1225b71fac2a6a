"""Two learners with one bounded parameter each: their plane and the gradients on it."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray, with_nan
from glasshouse._foundation.results import Result
from glasshouse.dynamics.batch import batch_map
from glasshouse.errors import InputError
from glasshouse.parametric import Params, require_exact
from glasshouse.parametric.capabilities import require_smooth
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


class Plane(eqx.Module):
    """Two learners with one bounded parameter each, and the rule by which both learn."""

    game: DenseGame
    rule: AbstractDirection


def box_of_plane(game: DenseGame) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of θ_1 and θ_2."""
    require_exact(game, "a phase portrait", "dense", "scales", "observables")
    require_smooth(game, "a phase portrait")
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
    low, high = box_of_plane(game)
    theta_1, theta_2 = (np.linspace(low[i], high[i], resolution) for i in range(2))
    points = np.stack(np.meshgrid(theta_1, theta_2, indexing="ij"), axis=-1)
    gradient, relative, _ = batch_map(gradients_at, points.reshape(-1, 2), game, rule)
    shape = points.shape
    return FieldGrid(theta_1, theta_2, gradient.reshape(shape), with_nan(relative).reshape(shape))


def gradients_at(
    point: Float[RealArray, "2"], game: DenseGame, rule: AbstractDirection
) -> tuple[Array, Array, Array]:
    """Both players' directions at a point, as `relative_gradient` tells them, and their scales."""
    params = as_profile(game, point)
    gradient = _as_point(velocity(game, params, rule))
    scale = _as_point(game.gradient_scales(params))
    return gradient, relative_gradient(gradient, scale), scale


def _as_point(params: Params) -> Float[Array, "2"]:
    return jnp.concatenate([jnp.ravel(x) for x in jax.tree.leaves(params)])
