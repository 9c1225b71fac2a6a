"""Branch and bound: brackets of the best gain, and the covers that prove them."""

import dataclasses
import heapq
import itertools
import math
from collections.abc import Iterator, Sequence

from flint import arb, ctx

from glasshouse.certificates.covers import LEAF, Region, can_split, halves
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.intervals import Interval
from glasshouse.certificates.payoff import Table
from glasshouse.certificates.program import Machine, Program

MOST_CORNERS = 64
"""Of boxes with more corners than this, none is tried before the search."""

LEAST_PRECISION, MOST_PRECISION = 96, 4096
"""Bits: enough for gains near rounding in float64, and where every probability is saturated."""

FAR = 50.0
"""How far beyond its finite end an unbounded range is looked at to choose the precision."""


@dataclasses.dataclass(frozen=True)
class Bracket:
    """Rigorous bounds on the best gain of one player, and what proves them.

    **Arguments:** `lower` and `upper`, doubles rounded outward; `witness`, the deviation that
    gains at least `lower`, in the limit where its numbers are infinite (the profile itself where
    none is known to gain); `finite`, the same among finite deviations; `cover`, which proves
    `upper`; `boxes`, how many were looked at; `precision` in bits.
    """

    lower: float
    upper: float
    witness: tuple[float, ...]
    finite: tuple[float, tuple[float, ...]]
    cover: tuple[str, ...]
    boxes: int
    precision: int


class _Tree:
    """A cover as it grows: leaves by number, each with its region, its bound and its best axis."""

    def __init__(self):
        self.children: list[tuple[int, int, int] | None] = []
        self.waiting: list[tuple[float, int, Region, int]] = []
        self.settled = -math.inf
        """The highest upper bound among leaves that cannot be split."""

    def add(self, region: Region, upper: float, axis: int | None) -> int:
        node = len(self.children)
        self.children.append(None)
        if axis is None or not can_split(region[axis]):
            self.settled = max(self.settled, upper)
        else:
            heapq.heappush(self.waiting, (-upper, node, region, axis))
        return node

    def upper(self) -> float:
        return max(self.settled, -self.waiting[0][0] if self.waiting else -math.inf)

    def written(self) -> Iterator[str]:
        nodes = [0]
        while nodes:
            split = self.children[nodes.pop()]
            if split is None:
                yield LEAF
            else:
                axis, lower, upper = split
                yield str(axis)
                nodes += [upper, lower]


def best_gain(
    program: Program,
    payoffs: Table,
    profile: Sequence[float],
    region: Region,
    *,
    epsilon: float,
    width: float | None,
    budget: int,
) -> Bracket:
    """Bound the best gain of deviating from `profile`, splitting where most may be gained.

    Ends as soon as it is known whether the gain is above `epsilon` and, unless `width` is None,
    the bracket is as narrow as that; or when `budget` boxes have been looked at, or none is left
    that can be split.
    """
    precision = needed_precision(program, region, profile, epsilon)
    with ctx.workprec(precision):
        gain = Gain(program, payoffs, profile)
        lowers = _Lowers(gain.profile, len(region))
        for deviation in _corners(region):
            lowers.offer(deviation, gain.at(deviation))
        tree, boxes = _Tree(), 0

        def look(part: Region) -> int:
            bound = gain.bound(part)
            lowers.offer(bound.candidate, bound.gain)
            return tree.add(part, up(bound.upper), bound.axis)

        look(region)
        boxes = 1
        while boxes < budget and not lowers.decide(max(tree.upper(), 0.0), epsilon, width):
            if not tree.waiting or -tree.waiting[0][0] < tree.settled:
                break  # what is in the way cannot be split
            _, node, part, axis = heapq.heappop(tree.waiting)
            first, second = halves(part, axis)
            tree.children[node] = (axis, look(first), look(second))
            boxes += 2
    return Bracket(
        lower=max(lowers.finite, lowers.limit),
        upper=max(tree.upper(), 0.0),
        witness=lowers.at_limit if lowers.limit > lowers.finite else lowers.at_finite,
        finite=(lowers.finite, lowers.at_finite),
        cover=tuple(tree.written()),
        boxes=boxes,
        precision=precision,
    )


class _Lowers:
    """The best deviations met so far, among finite ones and in the limit."""

    def __init__(self, profile: tuple[float, ...], length: int):
        self.finite = self.limit = 0.0
        self.at_finite = self.at_limit = profile

    def offer(self, deviation: tuple[float, ...], gain: Interval) -> None:
        lower = down(gain[0])
        if all(map(math.isfinite, deviation)):
            if lower > self.finite:
                self.finite, self.at_finite = lower, deviation
        elif lower > self.limit:
            self.limit, self.at_limit = lower, deviation

    def decide(self, upper: float, epsilon: float, width: float | None) -> bool:
        decided = upper <= epsilon or self.finite > epsilon
        return decided and (width is None or upper - max(self.finite, self.limit) <= width)


def needed_precision(
    program: Program, region: Region, profile: Sequence[float], epsilon: float
) -> int:
    """Bits with which e to the power of every number the program meets can be told from zero."""
    inputs = []
    for k, (low, high) in enumerate(region):
        about = profile[k] if k < len(profile) else 0.0
        low = low if math.isfinite(low) else min(about, high) - FAR
        high = high if math.isfinite(high) else max(about, low) + FAR
        inputs.append((arb(low), arb(high)))
    largest = Machine(program).largest(inputs)
    small = max(0.0, -math.log2(epsilon)) if epsilon > 0 else 0.0
    bits = LEAST_PRECISION + 3.0 * min(largest, MOST_PRECISION) + small
    return int(min(32 * math.ceil(bits / 32), MOST_PRECISION))


def up(number: arb) -> float:
    """The number as a double, rounded up."""
    found = float(number.upper())
    return found if arb(found) >= number else math.nextafter(found, math.inf)


def down(number: arb) -> float:
    """The number as a double, rounded down; -∞ where it is not known."""
    if number.is_nan():
        return -math.inf
    found = float(number.lower())
    return found if arb(found) <= number else math.nextafter(found, -math.inf)


def _corners(region: Region) -> Iterator[tuple[float, ...]]:
    """The corners of a box, as far as there are few."""
    ends = [sorted(set(values)) for values in region]
    return itertools.product(*ends) if math.prod(map(len, ends)) <= MOST_CORNERS else iter(())
