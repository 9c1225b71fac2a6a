"""A rest point of a plane, and whether it attracts."""

import dataclasses
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Inexact

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.evidence import Evidenced

Place: TypeAlias = Literal["interior", "edge", "corner"]
Stability: TypeAlias = Literal["stable", "saddle", "unstable", "undecided"]

STRICT = 1e-8
"""A relative gradient must push outward by more than this to hold a point against a bound."""

DECIDED = 1e-6
"""Eigenvalues below this share of the Jacobian are zero: at a double root, so is its error."""


@dataclasses.dataclass(frozen=True, repr=False)
class PlaneRestPoint(Evidenced):
    """A point where projected selfish gradient ascent stands still, and whether it attracts.

    **Arguments:** `params`, `cooperation` (probability of action 0) and `payoffs` of both players;
    `place`: "interior"; "edge", one parameter held against a bound; "corner", both;
    `stability` under the projected flow: "stable" (attracts), "saddle", "unstable" (repels in every
    direction), or "undecided" (an eigenvalue without real part, or a gradient that vanishes
    where it should push against a bound); `eigenvalues` of the Jacobian of the joint selfish
    gradient in the free directions, rates per unit time (none at a corner); `index`, +1 or -1,
    the sign of det(-J) in the free directions, or None where it is degenerate.
    """

    params: tuple[float, float]
    cooperation: tuple[float, float]
    payoffs: tuple[float, float]
    place: Place
    stability: Stability
    eigenvalues: tuple[complex, ...]
    index: int | None


class LocalValues(NamedTuple):
    """What decides about one point: arrays of JAX where they are computed, then of NumPy."""

    relative: Any
    relative_jacobian: Any
    jacobian: Any
    scales: Any
    cooperation: Any
    payoffs: Any


def judged_point(
    params: np.ndarray, local: LocalValues, free: np.ndarray, held: bool, widths: np.ndarray
) -> PlaneRestPoint:
    """A rest point and its stability in the `free` directions.

    **Arguments:** `held`, whether it is pushed strictly against its bounds, if any.
    """
    place: Place = ("corner", "edge", "interior")[int(free.sum())]
    jacobian = local.jacobian[np.ix_(free, free)]
    finite_scales = local.scales[np.isfinite(local.scales)]
    unit = max(np.abs(local.jacobian).max(), *(finite_scales / widths.max()), 0.0)
    known = bool(np.isfinite(jacobian).all())
    eigenvalues = np.linalg.eigvals(jacobian) if known else np.full(len(jacobian), np.nan)
    stability = stability_of(eigenvalues, held, place == "interior", unit)
    regular = held and bool(np.all(np.abs(eigenvalues) > DECIDED * unit))
    return PlaneRestPoint(
        params=_pair(params),
        cooperation=_pair(local.cooperation),
        payoffs=_pair(local.payoffs),
        place=place,
        stability=stability,
        eigenvalues=tuple(complex(x) for x in eigenvalues),
        index=int(np.sign(np.linalg.det(-jacobian))) if regular else None,
    )


def stability_of(
    eigenvalues: Inexact[np.ndarray, "free"], held: bool, interior: bool, unit: float
) -> Stability:
    """What the eigenvalues in the free directions say of a rest point of the projected flow.

    **Arguments:** `held`, whether it is pushed strictly against its bounds, if any; `unit`, the
    size of the Jacobian, below a share of which an eigenvalue is zero.
    """
    real = np.real(eigenvalues)
    if held and np.all(real < -DECIDED * unit):
        return "stable"
    if held and np.all(np.abs(real) > DECIDED * unit):
        # What is held against a bound attracts in that direction, so that only interior points
        # repel in all of them.
        return "unstable" if np.all(real > 0) and interior else "saddle"
    return "undecided"


def _pair(numbers: RealArray) -> tuple[float, float]:
    first, second = map(float, numbers)
    return first, second
