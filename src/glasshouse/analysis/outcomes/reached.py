"""The rest points that learning reaches: which they are, and from how many starts."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, NamedTuple, overload

import jax
import numpy as np

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse.analysis.assessment import tied_learning
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.analysis.outcomes.generic import AT_REST, Share, seen
from glasshouse.analysis.outcomes.isolation import RANK, bounds, dimensions
from glasshouse.dynamics.learning import Ends, Learning, check_learning, learn
from glasshouse.parametric import AbstractParametricGame, Params, Tied, require_exact
from glasshouse.parametric.capabilities import kinks_of, require_smooth
from glasshouse.parametric.dense import DenseGame
from glasshouse.parametric.protocol import one_each
from glasshouse.parametric.tied import untieable
from glasshouse.rules.base import APART, AbstractDirection, check_direction

MOST_TOLD_APART = 1000
"""Distinct ends that are told apart; of a continuum every run has one of its own."""

SAME_END = 1e-3
"""Ends are one rest point when no parameter differs by more than this, relative to 1 + its size or,
where that is less, to the side of its box."""


@dataclasses.dataclass(frozen=True, repr=False)
class ReachedPoint(Evidenced):
    """A rest point that learning reaches.

    **Arguments:** `params`, one pytree per player, of the run whose gradient is smallest there;
    `cooperation`, each player's probability of action 0; `starts`: "tied", all players share one
    parameter that starts neutral, or "generic"; `share` of the generic runs that end here, None
    for tied ones; `residual`, the relative gradient that is left; `method`, `detail`; `dimension`
    of the set of rest points around it: 0 where it is isolated, None where that cannot be told.
    """

    params: Params
    cooperation: tuple[float, ...]
    starts: Literal["tied", "generic"]
    share: Share | None
    residual: float
    method: str
    detail: str
    dimension: int | None = None

    HEADINGS: ClassVar = {
        "params": "θ",
        "cooperation": "cooperation of player",
        "starts": "starts",
        "share_share": "share of runs",
        "residual": "residual",
        "dimension": "dimension",
    }

    @property
    def at_rest(self) -> bool:
        """Whether it is a rest point to 1e-6, or merely where runs stand at their end."""
        return self.residual <= AT_REST


@dataclasses.dataclass(frozen=True, repr=False)
class ReachedRestPoints(Evidenced, Sequence[ReachedPoint]):
    """The rest points that learning reaches, as a sequence, and what is not listed.

    **Arguments:** `points`; `isolated`, whether each of them stands alone: where one does not,
    there is a continuum of rest points, of which those listed are samples; `dimension` of the
    largest such set, 0 where all are isolated, None where it cannot be told or no run rests;
    `unlisted`, how many runs from the starts rest at points that are not listed; `method`,
    `detail`, how the dimension was found.
    """

    points: tuple[ReachedPoint, ...]
    isolated: bool | None
    dimension: int | None
    unlisted: int
    method: str = "numerical"
    detail: str = (
        f"free parameters less the rank of the Jacobian of the relative gradient in them, at "
        f"{RANK:g} of its largest singular value; confirmed by rest points nearby"
    )

    ROWS = "points"
    HEADINGS: ClassVar = ReachedPoint.HEADINGS

    @overload
    def __getitem__(self, index: int) -> ReachedPoint: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ReachedPoint, ...]: ...
    def __getitem__(self, index: int | slice) -> ReachedPoint | tuple[ReachedPoint, ...]:
        return self.points[index]

    def __len__(self) -> int:
        return len(self.points)


@in_float64
def reached_rest_points(
    game: DenseGame, *, learning: Learning = Learning(), most: Whole = 8
) -> ReachedRestPoints:
    """The rest points that learning reaches, the most frequent ones first.

    They are rest points of the rule of `learning`. The tied one, from the neutral start, comes
    first where the players' parameters have one shape and the rule can learn so. Being reached says
    nothing of being an equilibrium: see `certify`.

    **Arguments:** `learning`, as in `generic_outcomes`, its rule one that gives a direction;
    `most`, how many points from its starts to return at most.
    **Returns:** a sequence, empty where no run has come to rest to 1e-6. Where rest points are
    not isolated it says so, with the dimension of the set they are samples of, and it counts the
    runs at rest that are not among those listed.
    **Cost:** starts × steps learning steps, and some Jacobians of the gradient at each point.

        import glasshouse as gh
        from glasshouse.analysis import reached_rest_points
        from glasshouse.dynamics import Learning, Starts

        family = gh.LogisticFamily(gh.load_game("stag_hunt"), bound=3.0)
        found = reached_rest_points(family(0.3), learning=Learning(starts=Starts(20)))
        print(len(found), found.isolated)  # 3 True
    """
    most = whole(most, "most", least=0)
    require_exact(game, "telling rest points apart", "observables")
    require_smooth(game, "telling rest points apart")
    return learned_ends(game, learning).rest_points(most)


class LearnedEnds(NamedTuple):
    """Where learning has ended, to be told apart in more than one way.

    **Arguments:** `played`, the game from the study's starts, and `ends` there; `shared`, the game
    of one shared parameter, and `tied`, its end, None where none can be shared; `rule`.
    """

    played: AbstractParametricGame
    ends: Ends
    shared: Tied | None
    tied: Ends | None
    rule: AbstractDirection

    @in_float64
    def rest_points(self, most: int) -> ReachedRestPoints:
        """Those at rest: the tied one, then the most frequent ones, so many at most."""
        generic, resting = _distinct(self.played, self.ends, most, self.rule)
        points = (*self._shared_ends(resting=True), *generic)
        sizes = [point.dimension for point in points]
        known = [size for size in sizes if size is not None]
        listed = sum(point.share.count for point in generic if point.share is not None)
        return ReachedRestPoints(
            points=points,
            isolated=all(size == 0 for size in sizes) if sizes else None,
            dimension=max(known) if known and len(known) == len(sizes) else None,
            unlisted=resting - listed,
        )

    @in_float64
    def all_ends(self, most: int) -> tuple[ReachedPoint, ...]:
        """All, at rest or not: the tied one, then the most frequent ones, so many at most."""
        generic, _ = _distinct(self.played, self.ends, most, self.rule, resting=False)
        return (*self._shared_ends(resting=False), *generic)

    def _shared_ends(self, resting: bool) -> Iterator[ReachedPoint]:
        if self.shared is not None and self.tied is not None:
            points, _ = _distinct(self.shared, self.tied, 1, self.rule, resting)
            yield from (dataclasses.replace(p, starts="tied", share=None) for p in points)


@in_float64
def learned_ends(game: DenseGame, learning: Learning) -> LearnedEnds:
    """Where learning ends from its starts, and with one parameter shared by all.

    **Arguments:** as in `reached_rest_points`.
    """
    check_learning(learning, "reached_rest_points")
    rule = check_direction(learning.rule, "telling rest points apart")
    require_exact(game, "telling rest points apart", "observables")
    ends = learn([game], learning, seen)  # as outcomes are counted, and by the same program
    ends = dataclasses.replace(ends, observed=ends.observed[0])
    apart = APART in rule.needs or untieable(game) or bool(kinks_of(game))
    tied = None if apart else learn([game], tied_learning(learning), cooperation)
    shared = None if apart else Tied(game)
    return LearnedEnds(Tied(game) if learning.tied else game, ends, shared, tied, rule)


def _distinct(
    game: AbstractParametricGame,
    ends: Ends,
    most: int,
    rule: AbstractDirection,
    resting: bool = True,
) -> tuple[list[ReachedPoint], int]:
    """The most frequent ends at rest, each at the run whose gradient is smallest; all at rest.

    **Arguments:** `resting`, False to take all ends, at rest or not.
    """
    params, cooperates, residuals = jax.tree.map(
        lambda x: x[0], (ends.params, ends.observed, ends.residuals)
    )
    runs = len(residuals)
    numbers = np.concatenate([x.reshape(runs, -1) for x in jax.tree.leaves(params)], axis=1)
    lower, upper = bounds(game)
    sides = upper - lower
    rests = residuals <= (AT_REST if resting else np.inf)
    left = np.flatnonzero(rests & np.isfinite(numbers).all(axis=1))
    count_at_rest, clusters = len(left), []
    while len(left) and len(clusters) < MOST_TOLD_APART:
        centre = numbers[left[np.argmin(residuals[left])]]
        same = SAME_END * np.minimum(1 + np.abs(centre), sides)
        near = np.all(np.abs(numbers[left] - centre) <= same, axis=1)
        members, left = left[near], left[~near]
        k = members[np.argmin(residuals[members])]
        clusters.append((len(members), k))
    clusters = sorted(clusters, key=lambda cluster: -cluster[0])[:most]
    found = [jax.tree.map(lambda x, k=k: x[k], params) for _, k in clusters]
    sizes = dimensions(game, found, rule) if resting else [None] * len(found)
    points = [
        ReachedPoint(
            params=one_each(game, own),
            cooperation=tuple(map(float, cooperates[k])),
            starts="generic",
            share=Share(count, runs),
            residual=float(residuals[k]),
            method="learned",
            detail=ends.detail,
            dimension=dimension,
        )
        for (count, k), own, dimension in zip(clusters, found, sizes, strict=True)
    ]
    return points, count_at_rest
