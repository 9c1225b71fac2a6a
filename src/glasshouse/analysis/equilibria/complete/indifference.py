"""Players paid the same whatever they do: why equilibria are not alone, and some of them."""

import itertools
from collections.abc import Iterator

import numpy as np

from glasshouse.analysis.equilibria.mixed.facing import params_from
from glasshouse.analysis.equilibria.points import EquilibriumPoint, point_at
from glasshouse.analysis.equilibrium.certification import certify
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.covers import Region
from glasshouse.parametric.dense import DenseGame

CORNER_BUDGET = 500
"""Pieces looked at to see whether nobody gains anything at a corner."""


def indifferent(joint: Joint, boxes: Region) -> Iterator[str]:
    """In words which player's payoff does not depend on its own parameter, by the text of the
    program, and where: in all of the box, or along an edge."""
    for player in BOTH:
        if _is_level(joint, boxes, player):
            yield f"player {player + 1} is paid the same whatever it does"
            continue
        other = 1 - player
        for end in boxes[other]:
            edge = [boxes[player], boxes[player]]
            edge[other] = (end, end)
            if _is_level(joint, (edge[0], edge[1]), player):
                where = f"along the edge where player {other + 1} is at {end:g}"
                yield f"player {player + 1} is indifferent {where}"


def certified_corners(game: DenseGame, boxes: Region, epsilon: float) -> list[EquilibriumPoint]:
    """The corners at which it is proved that nobody gains anything, or more than ε where it is
    not decided whether anything."""
    found = []
    for corner in itertools.product(*boxes):
        params = params_from(np.array(corner), game)
        proof = certify(game, params, 0.0, budget=CORNER_BUDGET)
        if proof.verdict == "unknown":
            proof = certify(game, params, epsilon, budget=CORNER_BUDGET)
        if proof.verdict == "certified":
            found.append(point_at(game, params, proof, None))
    return found


def _is_level(joint: Joint, region: Region, player: int) -> bool:
    """Whether a player's slope by its own parameter is zero, not only small."""
    return all(end.is_zero() for end in joint.view(region).slopes[player][player])
