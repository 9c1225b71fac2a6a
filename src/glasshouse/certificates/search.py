"""Branch and bound: brackets of the best gain, and the covers that prove them."""

import dataclasses
import heapq
import itertools
import math
from collections.abc import Sequence

from flint import arb

from glasshouse.certificates.charts import Conflict, fold_of
from glasshouse.certificates.covers import (
    FOLD,
    Chart,
    Piece,
    Region,
    both_parts,
    tokens_of,
    towards,
)
from glasshouse.certificates.gain import Gain
from glasshouse.certificates.intervals import Interval, precision
from glasshouse.certificates.leaves import Leaf, down, improper_players, is_attained, leaf_of
from glasshouse.certificates.payoff import Table
from glasshouse.certificates.program import Machine, Program
from glasshouse.errors import InputError

MOST_CORNERS_TRIED = 64
"""Of boxes with more corners than this, none is tried before the search."""

DOUBLE = 53
"""Bits with which the precision needed is found."""

LEAST_PRECISION, MOST_PRECISION = 96, 4096
"""Bits: enough for gains near rounding in float64, and where every probability is saturated."""

FARTHEST, NEARLY = 60, 0.999
"""On the way to a limit, deviations up to 2 to this power are tried, until one gains this share."""

FARTHEST_FOLDED = 20
"""The same where coordinates are sums of parameters, whose differences must not be rounded away."""

LOOKED_BEYOND = 50.0
"""How far beyond its finite end an unbounded range is looked at to choose the precision."""


SETTLING = 200
"""Boxes looked at after the verdict to narrow the gain of a refutation, and to see whether some
deviation attains the best gain."""

HOPELESS = 50
"""Boxes looked at, for a refutation, after outputs were met that are no probabilities."""

FIRST = 16
"""Boxes in which a point whose outputs are no probabilities refuses the program: who makes such a
semantics has made a mistake. Where only a needle hides one, the verdict is that nothing is known.
"""

NARROW = 1e-6
"""Such a bracket is narrow enough when its width is this share of the gain."""


@dataclasses.dataclass(frozen=True)
class Bracket:
    """Rigorous bounds on the best gain of one player, and what proves them.

    **Arguments:** `lower` and `upper`, doubles rounded outward; `best`, the deviation that gains at
    least `lower`, in the limit where its numbers are infinite (the profile itself where none is
    known to gain); `finite`, what the finite deviation `witness` gains at least; `attained`,
    whether some finite deviation gains as much as any, None where that is not known; `cover`,
    which proves `upper`; `boxes`, how many were looked at; `precision` in bits; `improper`, the
    players whose outputs are not shown to be probabilities by it.
    """

    lower: float
    upper: float
    best: tuple[float, ...]
    finite: float
    witness: tuple[float, ...]
    attained: bool | None
    cover: tuple[str, ...]
    boxes: int
    precision: int
    improper: tuple[int, ...]


class _Search:
    """A cover as it grows, and the best deviations met so far."""

    def __init__(
        self, gain: Gain, region: Region, epsilon: float, tried: Sequence[Sequence[float]] = ()
    ):
        self.gain, self.region, self.epsilon = gain, region, epsilon
        self.finite = self.limit = 0.0
        staying = (*gain.profile, *(low for low, _ in region[len(gain.profile) :]))
        self.at_finite = self.at_limit = staying
        self.children: list[tuple[str, int, int] | None] = []
        self.leaves: dict[int, Leaf] = {}
        self.waiting: list[tuple[float, int, Piece, tuple[int, ...]]] = []
        self.settled = -math.inf
        """The highest bound among leaves that cannot be split."""
        self._conflicts: dict[Chart | None, frozenset[Conflict]] = {}
        ends = [sorted(set(values)) for values in region]
        few = math.prod(map(len, ends)) <= MOST_CORNERS_TRIED
        corners = itertools.product(*ends) if few else ()
        for deviation in itertools.chain(map(tuple, tried), corners):
            self._offer(deviation, gain.at(deviation))
        self._look(Piece(region))

    @property
    def lower(self) -> float:
        return max(self.finite, self.limit)

    @property
    def upper(self) -> float:
        """No deviation gains more; staying gains nothing, so this is never below zero."""
        return max(self.settled, -self.waiting[0][0] if self.waiting else 0.0, 0.0)

    def split(self) -> None:
        """Split the leaf where most may be gained."""
        _, node, piece, axes = heapq.heappop(self.waiting)
        del self.leaves[node]
        first, second = both_parts(piece, axes)
        token = FOLD.join(map(str, axes))
        self.children[node] = (token, self._look(first), self._look(second))

    def is_stuck(self) -> bool:
        """Whether what keeps the bound up cannot be split."""
        return not self.waiting or -self.waiting[0][0] < self.settled

    def is_decided(self, width: float | None) -> bool:
        """Whether it is known if some deviation gains more than ε, in a bracket of that width."""
        decided = self.upper <= self.epsilon or self.finite > self.epsilon
        return decided and (width is None or self.upper - self.lower <= width)

    def is_settled(self) -> bool:
        """Whether a few boxes more would add nothing that people ask for."""
        wide = self.lower > self.epsilon and self.upper - self.lower > NARROW * self.lower
        return not (wide and not self.is_stuck()) and self.attained() is not None

    def attained(self) -> bool | None:
        """Whether a finite deviation gains as much as any."""
        return is_attained(self.leaves.values(), self.finite, self.lower)

    def _look(self, piece: Piece) -> int:
        node = len(self.children)
        self.gain.lenient = node >= FIRST
        gain = self.gain.seen_from(piece.chart)
        bound = gain.bound(piece.region)
        self.gain.hopeless |= gain.hopeless
        if piece.chart is None:
            self._offer(bound.candidate, bound.gain)
        elif down(bound.gain[0]) > self.lower:
            self._approach(piece, bound.candidate)
        leaf = leaf_of(piece.region, bound)
        self.children.append(None)
        self.leaves[node] = leaf
        if bound.axis is None:
            self.settled = max(self.settled, leaf.upper)
        else:
            axes = self._fold(piece) or (bound.axis,)
            heapq.heappush(self.waiting, (-leaf.upper, node, piece, axes))
        return node

    def _fold(self, piece: Piece) -> tuple[int, ...] | None:
        """Two coordinates between which a corner at infinity is split, if that may help."""
        corner = sum(towards(values) != 0 for values in piece.region) > 1
        own = zip(self.gain.profile, piece.region, strict=False)
        near = piece.chart is None and all(low <= x <= high for x, (low, high) in own)
        if self.gain.swept or near or not corner:
            return None
        try:
            found = self.conflicts(piece.chart)
            axes = fold_of(piece.region, found)
            if axes is not None:
                for part in both_parts(piece, axes):
                    self.conflicts(part.chart)
        except InputError:
            return None  # too fine for doubles
        return axes

    def conflicts(self, chart: Chart | None) -> frozenset[Conflict]:
        """Pairs of a chart's coordinates that are added or subtracted somewhere."""
        if chart not in self._conflicts:
            self._conflicts[chart] = self.gain.seen_from(chart).conflicts()
        return self._conflicts[chart]

    def _approach(self, piece: Piece, candidate: tuple[float, ...]) -> None:
        """Finite deviations on the way to a point of a folded piece, while they gain more."""
        before = -math.inf
        for k in range(FARTHEST_FOLDED):
            near = _short_of(candidate, piece.region, 2.0**k)
            deviation = tuple(
                min(max(sum(c * x for c, x in zip(row, near, strict=True)), low), high)
                for row, (low, high) in zip(piece.chart or (), self.region, strict=True)
            )
            found = self.gain.at(deviation)
            self._offer(deviation, found)
            now = down(found[0])
            if all(map(math.isfinite, candidate)) or not now > before + NARROW * abs(now):
                break
            before = now

    def _offer(self, deviation: tuple[float, ...], gain: Interval) -> None:
        lower = down(gain[0])
        if all(map(math.isfinite, deviation)):
            if lower > self.finite:
                self.finite, self.at_finite = lower, deviation
        elif lower > self.limit:
            self.limit, self.at_limit = lower, deviation
            self._walk_out(deviation)

    def _walk_out(self, limit: tuple[float, ...]) -> None:
        """Finite deviations on the way to a limit, until one gains nearly as much."""
        for k in range(FARTHEST):
            step = 2.0**k
            near = _short_of(limit, self.region, step)
            self._offer(near, self.gain.at(near))
            if self.finite > self.epsilon and self.finite > NEARLY * self.limit:
                break


def _short_of(limit: Sequence[float], region: Region, step: float) -> tuple[float, ...]:
    """A finite point of a region on the way to one that may be infinite."""
    return tuple(
        x if math.isfinite(x) else max(low, step) if x > 0 else min(high, -step)
        for x, (low, high) in zip(limit, region, strict=True)
    )


def best_gain(
    program: Program,
    payoffs: Table,
    profile: Sequence[float],
    region: Region,
    *,
    epsilon: float,
    width: float | None = None,
    budget: int = 100_000,
    proper: bool = True,
    settle: bool = True,
    tried: Sequence[Sequence[float]] = (),
) -> Bracket:
    """Bound the best gain of deviating from `profile`, splitting where most may be gained.

    Ends soon after it is known whether some deviation gains more than `epsilon` and, unless `width`
    is None, the bracket is as narrow as that; or when `budget` boxes have been looked at, or
    splitting helps no more.

    **Arguments:** `program`, `payoffs`, `profile`, `proper` as in `Gain`; `region`, all deviations
    (and the couplings of a claim about an interval); `epsilon` and `width` in units of payoff;
    `tried`, deviations in it to begin with, as a search found them.
    """
    bits = needed_precision(program, region, profile, epsilon)
    with precision(bits):
        search = _Search(Gain(program, payoffs, profile, proper), region, epsilon, tried)
        decided = False
        while len(search.children) < budget and search.waiting:
            if not decided and (search.is_decided(width) or search.gain.hopeless):
                more = HOPELESS if search.gain.hopeless else SETTLING
                decided, budget = True, min(budget, len(search.children) + more)
            if not settle and search.is_decided(width):
                break
            if search.is_settled() if decided else search.is_stuck():
                break
            search.split()
    return Bracket(
        lower=search.lower,
        upper=search.upper,
        best=search.at_limit if search.limit > search.finite else search.at_finite,
        finite=search.finite,
        witness=search.at_finite,
        attained=search.attained(),
        cover=tuple(tokens_of(search.children)),
        boxes=len(search.children),
        precision=bits,
        improper=improper_players(search.leaves.values()),
    )


def needed_precision(
    program: Program, region: Region, profile: Sequence[float], epsilon: float
) -> int:
    """Bits with which e to the power of every number the program meets can be told from zero."""
    inputs = []
    for k, (low, high) in enumerate(region):
        about = profile[k] if k < len(profile) else 0.0
        low = low if math.isfinite(low) else min(about, high) - LOOKED_BEYOND
        high = high if math.isfinite(high) else max(about, low) + LOOKED_BEYOND
        inputs.append((arb(low), arb(high)))
    with precision(DOUBLE):
        largest = Machine(program).largest(inputs)
    small = max(0.0, -math.log2(epsilon)) if epsilon > 0 else 0.0
    bits = LEAST_PRECISION + 3.0 * min(largest, MOST_PRECISION) + small
    return int(min(32 * math.ceil(bits / 32), MOST_PRECISION))
