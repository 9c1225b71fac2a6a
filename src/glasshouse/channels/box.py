"""Parameter boxes: what one player may choose."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, PyTree

from glasshouse._foundation.arrays import NotRealError, RealArray, as_arrays, is_traced
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import shown
from glasshouse._foundation.results import UNLESS_NONE, described, plain
from glasshouse.errors import InputError


class Box(eqx.Module):
    """The parameters one player may choose: an interval for every coordinate.

    **Arguments:** `lower` and `upper`, pytrees of the same structure and shapes as the player's
    parameters (a list of numbers counts as a vector); ±inf where there is no bound. A single number
    on one side, or in place of one of its arrays, bounds all numbers that the other side bounds;
    where both are single numbers, so is the parameter: see `Box.like`. `centre`, the neutral point
    where that is not the middle, such as the weights that a network has.
    **Raises:** `InputError` when the bounds are no numbers, differ in structure or shape, are NaN,
    or cross, and for a centre outside.
    """

    lower: PyTree
    upper: PyTree
    centre: PyTree = eqx.field(default=None, metadata={UNLESS_NONE: True})

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    def __init__(self, lower: PyTree, upper: PyTree, centre: PyTree = None):
        low, high = _bounds(lower, "lower"), _bounds(upper, "upper")
        low, high = _spread(low, high), _spread(high, low)
        if jax.tree.structure(low) != jax.tree.structure(high):
            raise InputError(
                "a box needs lower and upper bounds of the same structure, not "
                f"{shown(lower)} and {shown(upper)}"
            )
        jax.tree.map(_check_bounds, low, high)
        self.lower, self.upper = low, high
        self.centre = None if centre is None else _centre(centre, low, high)

    @classmethod
    def like(cls, params: PyTree, lower: PyTree, upper: PyTree, *, centred: bool = False) -> "Box":
        """The box of a player with such parameters, bounds that are single numbers being all alike.

        **Arguments:** `params`, of one player, such as a network's arrays
        (`eqx.filter(network, eqx.is_inexact_array)`); `lower` and `upper`, numbers or pytrees;
        `centred`, whether the neutral point is `params`.
        **Raises:** `InputError` as for other boxes.
        """
        own = _bounds(params, "those of the params")
        low, high = (_spread(_bounds(bound, "other"), own) for bound in (lower, upper))
        return cls(low, high, own if centred else None)

    @property
    def size(self) -> int:
        """How many numbers a player chooses."""
        return sum(np.size(x) for x in jax.tree.leaves(self.lower))

    def project(self, params: PyTree) -> PyTree:
        """The nearest point of the box; NaN stays NaN."""
        return jax.tree.map(_nearest, params, self.lower, self.upper)

    def contains(self, params: PyTree) -> Bool[Array, ""]:
        """Whether every coordinate lies within its bounds; NaN does not."""
        within = jax.tree.map(
            lambda x, low, high: jnp.all((x >= low) & (x <= high)), params, self.lower, self.upper
        )
        return jnp.all(jnp.stack(jax.tree.leaves(within)))

    def to_dict(self) -> dict[str, Any]:
        """Both bounds as plain data, ready for JSON; where there is none, None."""
        own = {} if self.centre is None else {"centre": plain(self.centre)}
        return {"lower": plain(self.lower), "upper": plain(self.upper), **own}

    def neutral(self) -> PyTree:
        """The centre, if it has one; else every interval's middle, or its point nearest to zero."""
        if self.centre is not None:
            return self.centre
        return jax.tree.map(_middle, self.lower, self.upper)


def _nearest(x: RealArray, lower: RealArray, upper: RealArray) -> RealArray:
    """Between the bounds: what `jnp.clip` gives, whose care for NaN and -0.0 costs XLA as much
    again as all else of a step's end."""
    x = jnp.where(x < lower, lower, x)
    return jnp.where(x > upper, upper, x)


def _middle(lower: RealArray, upper: RealArray) -> RealArray:
    xp = jnp if is_traced(lower, upper) else np
    bounded = xp.isfinite(lower) & xp.isfinite(upper)
    # Halved first, so that no sum overflows; inf - inf is never computed.
    first, second = (xp.where(bounded, 0.5 * x, 0.0) for x in (lower, upper))
    return xp.where(bounded, first + second, xp.clip(xp.zeros_like(lower), lower, upper))


def _centre(tree: PyTree, lower: PyTree, upper: PyTree) -> PyTree:
    """The neutral point, inside of the bounds."""
    centre = _bounds(tree, "middle, which lies between the")
    if jax.tree.structure(centre) != jax.tree.structure(lower):
        raise InputError(
            f"the centre of a box must have the structure of its bounds, but is {shown(tree)}"
        )
    for x, low, high in zip(*map(jax.tree.leaves, (centre, lower, upper)), strict=True):
        if x.shape != low.shape:
            raise InputError(f"a box has a centre {x.shape} but bounds {low.shape}")
        if not is_traced(x, low, high) and not np.all((x >= low) & (x <= high)):
            raise InputError("the centre of a box lies outside its bounds: move it, or widen them")
    return centre


def _bounds(tree: PyTree, side: str) -> PyTree:
    """Bounds as arrays; a list of numbers is one."""
    try:
        return as_arrays(tree)
    except NotRealError as error:
        raise InputError(
            f"the {side} bounds of a box must be numbers, but are {shown(tree)}: {error}"
        ) from error


def _spread(bound: PyTree, over: PyTree) -> PyTree:
    """A single number over all that `over` holds; also number by number in equal structures."""
    if jax.tree.structure(bound) == jax.tree.structure(over):
        return jax.tree.map(_alike, bound, over)
    leaves = jax.tree.leaves(bound)
    if len(leaves) != 1 or leaves[0] is not bound or np.ndim(bound):
        return bound
    return jax.tree.map(lambda y: _alike(bound, y), over)


def _alike(bound: RealArray, other: RealArray) -> RealArray:
    single = np.ndim(other) and not np.ndim(bound)
    return bound + np.zeros(np.shape(other)) if single else bound


def _check_bounds(lower: RealArray, upper: RealArray) -> None:
    if lower.shape != upper.shape:
        raise InputError(f"a box has lower bounds {lower.shape} but upper bounds {upper.shape}")
    if is_traced(lower, upper):
        return
    wrong = np.argwhere(~(np.asarray(lower) <= np.asarray(upper)))
    if len(wrong):
        low, high = (float(bound[tuple(wrong[0])]) for bound in (lower, upper))
        raise InputError(f"a box needs lower <= upper, but {low:g} and {high:g} are not")
