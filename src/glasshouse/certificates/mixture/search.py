"""Branch and bound against a mixture: brackets of the best gain, and covers that prove them."""

import dataclasses
import heapq
import itertools
import math
from collections.abc import Sequence

from glasshouse.certificates.covers import Region, halves, tokens_of
from glasshouse.certificates.intervals import precision
from glasshouse.certificates.leaves import Leaf, down, improper_players, leaf_of, up
from glasshouse.certificates.mixture.document import MixtureProblem
from glasshouse.certificates.mixture.facing import gain_against
from glasshouse.certificates.mixture.gain import MixtureGain
from glasshouse.certificates.search import MOST_CORNERS_TRIED, SETTLING, needed_precision


@dataclasses.dataclass(frozen=True)
class MixtureBracket:
    """Rigorous bounds on one player's best gain against a mixture, and what proves them.

    **Arguments:** `payoff`, two numbers between which the mixture's payoff lies; `lower` and
    `upper`, doubles rounded outward; `best`, a deviation that gains at least `lower`; `cover`,
    which proves `upper`; `boxes`, how many were looked at; `precision` in bits; `improper`, the
    players whose outputs are not shown to be probabilities by it.
    """

    payoff: tuple[float, float]
    lower: float
    upper: float
    best: tuple[float, ...]
    cover: tuple[str, ...]
    boxes: int
    precision: int
    improper: tuple[int, ...]


class _Covering:
    """A cover as it grows, and the best deviation met so far."""

    def __init__(self, gain: MixtureGain, region: Region, tried: Sequence[tuple[float, ...]]):
        self.gain, self.lower, self.best = gain, 0.0, tried[0]
        self.children: list[tuple[str, int, int] | None] = []
        self.waiting: list[tuple[float, int, Region, int]] = []
        self.leaves: dict[int, Leaf] = {}
        self.settled = -math.inf
        for deviation in tried:
            self._offer(deviation, down(gain.at(deviation)[0]))
        self._look(region)

    @property
    def upper(self) -> float:
        """No deviation gains more; the best atom gains nothing, so this is never below zero."""
        return max(self.settled, -self.waiting[0][0] if self.waiting else 0.0, 0.0)

    def is_stuck(self) -> bool:
        """Whether what keeps the bound up cannot be split."""
        return not self.waiting or -self.waiting[0][0] < self.settled

    def split(self) -> None:
        """Split the leaf where most may be gained."""
        _, node, region, axis = heapq.heappop(self.waiting)
        del self.leaves[node]
        first, second = halves(region, axis)
        self.children[node] = (str(axis), self._look(first), self._look(second))

    def _look(self, region: Region) -> int:
        node, bound = len(self.children), self.gain.bound(region)
        self._offer(bound.candidate, down(bound.gain[0]))
        leaf = leaf_of(region, bound)
        self.children.append(None)
        self.leaves[node] = leaf
        if bound.axis is None:
            self.settled = max(self.settled, leaf.upper)
        else:
            heapq.heappush(self.waiting, (-leaf.upper, node, region, bound.axis))
        return node

    def _offer(self, deviation: tuple[float, ...], gain: float) -> None:
        if gain > self.lower:
            self.lower, self.best = gain, deviation


def best_mixture_gain(
    problem: MixtureProblem, player: int, *, epsilon: float, budget: int
) -> MixtureBracket:
    """Bound the best gain of deviating from a mixture, splitting where most may be gained.

    Ends when it is known whether some deviation gains more than `epsilon` (a gain above it is
    narrowed a little), when `budget` boxes have been looked at, or when splitting helps no more.
    """
    region, atoms = problem.region(player), problem.atoms[player]
    bits = max(needed_precision(p, region, atoms[0], epsilon) for p in problem.programs_of(player))
    few = 2 ** len(region) <= MOST_CORNERS_TRIED
    tried = [*atoms, *(itertools.product(*region) if few else ())]
    with precision(bits):
        gain = gain_against(problem, player)
        search = _Covering(gain, region, tried)
        refuted = False
        while len(search.children) < budget and search.upper > epsilon and not search.is_stuck():
            if not refuted and search.lower > epsilon:
                refuted, budget = True, min(budget, len(search.children) + SETTLING)
            search.split()
        low, high = gain.payoff
    return MixtureBracket(
        payoff=(down(low), up(high)),
        lower=search.lower,
        upper=search.upper,
        best=search.best,
        cover=tuple(tokens_of(search.children)),
        boxes=len(search.children),
        precision=bits,
        improper=improper_players(search.leaves.values()),
    )
