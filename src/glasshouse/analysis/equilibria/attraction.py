"""Whether learning stays near a point: under the flow of a rule, and in steps of finite size."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.programs import program
from glasshouse.analysis.outcomes.isolation import bounds, in_a_row, inward_moves
from glasshouse.analysis.phase.judged import STRICT, Stability, stability_of
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params, require, require_exact
from glasshouse.parametric.capabilities import kinks_of, require_smooth
from glasshouse.rules.base import AbstractDirection, check_direction, velocity
from glasshouse.rules.gradient import Gradient

RESTING = 1e-6
"""A point rests where no relative direction that leads into the box is larger."""


@dataclasses.dataclass(frozen=True, repr=False)
class Attraction(Evidenced):
    """Whether a rest point attracts those who learn nearby.

    **Arguments:** `flow`, in steps that are infinitely small: "stable" (attracts), "saddle",
    "unstable" (repels in every direction) or "undecided" (an eigenvalue without real part, or no
    strict push against a bound); `eigenvalues` of the Jacobian of the rule's direction in the free
    directions, rates per unit of step size (none at a corner); `largest_step`, the step size from
    which on it no longer attracts, 0 where the flow does not lead there, infinite at a corner.
    """

    flow: Stability
    eigenvalues: tuple[complex, ...]
    largest_step: float
    method: str = "numerical"
    detail: str = "eigenvalues of the Jacobian in the directions that no bound holds"

    @property
    def attracts(self) -> bool | None:
        """Whether the flow leads there from nearby, None where that is undecided."""
        return None if self.flow == "undecided" else self.flow == "stable"


@in_float64
def attraction(
    game: AbstractParametricGame, params: Params, *, rule: AbstractDirection = Gradient()
) -> Attraction:
    """Whether a rest point of a rule attracts, by its linearisation.

    Definition: with eigenvalues λ of the Jacobian of the direction in the free directions, the
    projected flow leads there iff every real part is negative, and steps of size h do iff all
    |1 + hλ| < 1, so for h below the smallest -2 Re λ / |λ|². Being an equilibrium and attracting
    are two things: neither implies the other.

    **Arguments:** `params`, one pytree per player, a rest point of `rule`.
    **Raises:** `InputError` where the rule does not rest to 1e-6, or gives no direction.
    **Cost:** a Jacobian in all parameters.

        import glasshouse as gh
        from glasshouse.analysis import attraction

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        print(attraction(family(0.3), (3.0, 3.0)).flow)  # stable
    """
    require_exact(game, "stability", "scales")
    require_smooth(game, "stability")
    rule = check_direction(rule, "stability")
    params = check_params(game, params)
    flat = in_a_row(params)
    moves = inward_moves(game, flat[None], params, rule)[0]
    if not np.all(np.abs(moves) <= RESTING):
        raise InputError(
            f"params do not rest: the largest relative direction is {np.abs(moves).max():.3g}, not "
            f"below {RESTING:g}; learn until rest, or take a point that find_equilibria returns"
        )
    relative, jacobian, unit = map(np.asarray, _linear(jnp.asarray(flat), (game, params, rule)))
    lower, upper = bounds(game)
    bound = (flat <= lower) | (flat >= upper)
    outward = np.where(flat >= upper, relative, -relative)
    own = jacobian[np.ix_(~bound, ~bound)]
    found = np.linalg.eigvals(own) if np.isfinite(own).all() else np.full(len(own), np.nan)
    held = bool(np.all(outward[bound] > STRICT))
    size = max(float(unit), float(np.abs(jacobian).max()))
    flow = stability_of(found, held, not bound.any(), size)
    steps = [-2 * x.real / abs(x) ** 2 for x in found.tolist()] if flow == "stable" else [0.0]
    return Attraction(flow, tuple(map(complex, found)), min(steps, default=math.inf))


def attraction_unless_moving(
    game: AbstractParametricGame, params: Params, rule: AbstractDirection
) -> Attraction | None:
    """Whether a point attracts, or None where the rule does not rest there, or none can be told."""
    if kinks_of(game):
        return None
    moves = inward_moves(game, in_a_row(params)[None], params, rule)[0]
    return attraction(game, params, rule=rule) if np.all(np.abs(moves) <= RESTING) else None


@program
def _linear(
    flat: Float[Array, "n"], point: tuple[AbstractParametricGame, Params, AbstractDirection]
) -> tuple[Array, Array, Array]:
    """Relative directions, the Jacobian of the directions, and the size of its entries."""
    game, template, rule = point
    restored = ravel_pytree(template)[1]

    def direction(x: Array) -> Array:
        return ravel_pytree(velocity(game, restored(x), rule))[0]

    scaled = require(game, "scales", "stability").gradient_scales(restored(flat))
    scales = ravel_pytree(scaled)[0]
    sides = [jax.tree.map(jnp.subtract, box.upper, box.lower) for box in game.spaces]
    sizes = scales / ravel_pytree(tuple(sides))[0]
    unit = jnp.max(jnp.where(jnp.isfinite(sizes), sizes, 0.0))
    move = direction(flat)
    return move / scales, jax.jacfwd(direction)(flat), unit
