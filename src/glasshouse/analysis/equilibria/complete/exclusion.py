"""The search for the pieces of the box in which there is no equilibrium but those isolated."""

import dataclasses
import heapq

import numpy as np

from glasshouse.analysis.equilibria.complete.floats import Floats
from glasshouse.certificates.count.exclusion import (
    Face,
    contains,
    face_of,
    has_no_inner_zero,
    pays_more,
)
from glasshouse.certificates.count.isolation import Isolation
from glasshouse.certificates.count.joint import BOTH, Joint
from glasshouse.certificates.count.tree import (
    LEFT,
    NO_ZERO,
    SLOPES,
    better_by,
    cut_at,
    found_in,
    parts_of,
)
from glasshouse.certificates.covers import Region

PARAMETERS = 121
"""Parameters of each player that are tried as better replies."""

NEARLY_BETTER = 1e-3
"""Where the best of them misses being one by less than this share of the payoffs' range, finer
ones are tried."""

OFF_CENTRE = 0.4765
"""Where pieces are cut: in the middle, cuts would run through what is symmetric for ever."""

NARROWEST = 2.0**-30
"""Pieces narrower than this share of the ranges are given up."""

SMALL_PIECE = 0.1
"""Pieces below this share of the ranges are looked at with second derivatives as well."""


@dataclasses.dataclass
class Grown:
    """What a search found: the equilibria, the tree as tokens, how many pieces were looked at."""

    isolations: list[Isolation]
    tree: list[str]
    looked: int


class _Node:
    """A piece of the tree: its token, or its cut and both parts."""

    __slots__ = ("above", "below", "piece", "token")

    def __init__(self, piece: Region):
        self.piece, self.token = piece, LEFT
        self.below: _Node | None = None
        self.above: _Node | None = None


class Exclusion:
    """Pieces of the box, excluded one by one, the largest first."""

    def __init__(self, joint: Joint, floats: Floats, isolations: list[Isolation]):
        self.joint, self.floats, self.boxes = joint, floats, floats.boxes
        self.isolations = isolations
        self.looked = 0
        self._rows = [np.linspace(low, high, PARAMETERS) for low, high in self.boxes]
        self._root = _Node(self.boxes)

    def run(self, budget: int) -> Grown:
        """Look at so many pieces at most."""
        waiting = [(0.0, 0, self._root)]
        counter = 0
        while waiting and self.looked < budget:
            _, _, node = heapq.heappop(waiting)
            cut = self._settle(node)
            if cut is None:
                continue
            axis, place = cut
            below, above = parts_of(node.piece, axis, place)
            node.token, node.below, node.above = cut_at(axis, place), _Node(below), _Node(above)
            for part in (node.below, node.above):
                counter += 1
                heapq.heappush(waiting, (-self._size(part.piece), counter, part))
        return Grown(self.isolations, self._tree(), self.looked)

    def _size(self, piece: Region) -> float:
        return max(
            (high - low) / width
            for (low, high), width in zip(piece, self.floats.widths, strict=True)
        )

    def _settle(self, node: _Node) -> tuple[int, float] | None:
        """Name the reason of a piece, or say where it is cut; None also where it is given up."""
        self.looked += 1
        face = face_of(self.joint, self.boxes, node.piece)
        if face.region is None and face.proper:
            node.token = SLOPES
            return None
        region = face.region or node.piece
        for k, isolation in enumerate(self.isolations):
            if face.proper and contains(isolation.around, region):
                node.token = found_in(k)
                return None
        better = self._better(face) if face.proper else None
        if better is not None:
            node.token = better_by(*better)
            return None
        small = face.proper and self._size(region) <= SMALL_PIECE
        if small and has_no_inner_zero(self.joint, self.boxes, region):
            node.token = NO_ZERO
            return None
        return self._cut(region)

    def _better(self, face: Face) -> tuple[int, float] | None:
        """A player, and a parameter that pays it more than all of a face."""
        assert face.region is not None
        for player, parameter in self._promising(face.region):
            if pays_more(self.joint, player, parameter, face.region, face.view):
                return player, parameter
        return None

    def _promising(self, region: Region) -> list[tuple[int, float]]:
        """Who may be paid more by what, as floats say at corners and the middle."""
        found = []
        for player in BOTH:
            rows = self._rows[player]
            margin, parameter = self._best_margin(region, player, rows)
            if -NEARLY_BETTER * self.floats.scale < margin <= 0:
                # Between two of the parameters tried there may be a better one.
                step = rows[1] - rows[0]
                around = np.linspace(parameter - step, parameter + step, len(rows))
                fine = np.clip(around, *self.boxes[player])
                margin, parameter = self._best_margin(region, player, fine)
            if margin > 0:
                found.append((margin, player, parameter))
        return [(player, parameter) for _, player, parameter in sorted(found, reverse=True)]

    def _best_margin(self, region: Region, player: int, tried: np.ndarray) -> tuple[float, float]:
        """By how much the best of some parameters pays a player more than a region at least."""
        low, high = region[1 - player]
        theirs = np.unique([low, (low + high) / 2, high])
        low, high = region[player]
        own = np.unique([low, (low + high) / 2, high])
        at = (np.concatenate([tried, own])[:, None], theirs[None, :])
        payoffs = self.floats.payoffs(*(at if player == 0 else at[::-1]))[player]
        stay = payoffs[len(tried) :].max(axis=0)
        margins = (payoffs[: len(tried)] - stay).min(axis=1)
        margins[(low <= tried) & (tried <= high)] = -np.inf  # nothing pays more than itself
        best = int(np.argmax(margins))
        return float(margins[best]), float(tried[best])

    def _cut(self, region: Region) -> tuple[int, float] | None:
        """Along the edge of an isolated region where that runs through, else off the centre."""
        for isolation in self.isolations:
            around = isolation.around
            if all(
                (a < d and c < b) or a == b for (a, b), (c, d) in zip(region, around, strict=True)
            ):
                for axis in BOTH:
                    for place in around[axis]:
                        if region[axis][0] < place < region[axis][1]:
                            return axis, place
        shares = [
            (high - low) / width
            for (low, high), width in zip(region, self.floats.widths, strict=True)
        ]
        axis = int(np.argmax(shares))
        if shares[axis] < NARROWEST:
            return None
        low, high = region[axis]
        place = low + (high - low) * OFF_CENTRE
        return (axis, place) if low < place < high else None

    def _tree(self) -> list[str]:
        tokens, waiting = [], [self._root]
        while waiting:
            node = waiting.pop()
            tokens.append(node.token)
            if node.below is not None and node.above is not None:
                waiting += [node.above, node.below]
        return tokens
