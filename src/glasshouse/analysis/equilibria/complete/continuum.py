"""Sets of equilibria that are not alone: points along which the Jacobian is singular."""

import numpy as np

from glasshouse.analysis.equilibria.complete.candidates import Candidate
from glasshouse.analysis.equilibria.complete.floats import Floats
from glasshouse.certificates.count.joint import Joint

POINTS = 9
"""Shown of a continuum."""

SINGULAR_IN_ARB = 1e-12
"""A determinant is zero but for the rounding of its point when it is below this share of its
terms; that it is zero exactly is not proved."""

ENOUGH, NEIGHBOURS_APART = 5, 0.02
"""So many points are wanted, neighbours being apart by this share of the ranges: a single point at
which the Jacobian is singular is approached from many sides, and looks like many close by."""


def along_a_continuum(
    joint: Joint, floats: Floats, met: list[Candidate]
) -> list[tuple[float, float]]:
    """Points spread over a set of candidates whose Jacobian may be singular, or none."""
    points = sorted(x.point for x in met if x.held == (0, 0) and not x.regular)
    apart: list[tuple[float, float]] = []
    for point in points:
        last = apart[-1] if apart else point
        steps = np.abs(np.subtract(point, last)) / floats.widths
        if (not apart or steps.max() >= NEIGHBOURS_APART) and _is_singular(joint, point):
            apart.append(point)
    if len(apart) < ENOUGH:
        return []
    chosen = sorted({round(k * (len(apart) - 1) / (POINTS - 1)) for k in range(POINTS)})
    return [apart[k] for k in chosen]


def _is_singular(joint: Joint, point: tuple[float, float]) -> bool:
    """Whether Arb, too, finds the Jacobian singular but for the rounding of the point."""
    x, y = point
    (a, b), (c, d) = (
        [float(entry[0].mid()) for entry in row] for row in joint.curves(((x, x), (y, y)))
    )
    return abs(a * d - b * c) <= SINGULAR_IN_ARB * (abs(a * d) + abs(b * c))
