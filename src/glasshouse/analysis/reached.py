"""The rest points that learning reaches: which they are, and from how many starts."""

import dataclasses
from collections.abc import Sequence
from typing import Literal, overload

import jax
import numpy as np
from jaxtyping import Float

from glasshouse._arrays import RealArray
from glasshouse._numbers import Numbers, Whole, whole
from glasshouse._precision import in_float64
from glasshouse._results import Result
from glasshouse.analysis.assessment import TIED_STEPS
from glasshouse.analysis.first_order import cooperation
from glasshouse.analysis.isolation import RANK, dimensions
from glasshouse.analysis.outcomes import AT_REST, Share, Starts, starting_points
from glasshouse.dynamics.batch import batch_map
from glasshouse.dynamics.driver import known_options, run
from glasshouse.dynamics.rest import Rest, rest_residual
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, ParametricGame, Params, Tied
from glasshouse.rules.gradient import Gradient

MOST_TOLD_APART = 1000
"""Distinct ends that are told apart; of a continuum every run has one of its own."""

SAME = 1e-3
"""Ends are one rest point when no parameter differs by more than this, relative to 1 + its size or,
where that is less, to the side of its box."""


@dataclasses.dataclass(frozen=True, repr=False)
class ReachedPoint(Result):
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


@dataclasses.dataclass(frozen=True, repr=False)
class ReachedRestPoints(Result, Sequence[ReachedPoint]):
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
    game: ParametricGame,
    *,
    starts: Starts = Starts(),
    steps: Whole = 6000,
    step_size: Numbers = 0.1,
    share_parameters: bool = False,
    most: Whole = 8,
) -> ReachedRestPoints:
    """The rest points that selfish gradient learning reaches, the most frequent ones first.

    The tied one, from the neutral start, comes first where the players' parameters have one
    shape. Being reached says nothing of being an equilibrium: see `certify`.

    **Arguments:** `starts`, `steps`, `step_size`, as in `generic_outcomes`; `share_parameters`,
    whether the runs from `starts` share one parameter among all players (each start then has
    one); `most`, how many points from `starts` to return at most.
    **Returns:** a sequence, empty where no run has come to rest to 1e-6. Where rest points are
    not isolated it says so, with the dimension of the set they are samples of, and it counts the
    runs at rest that are not among those listed.
    **Cost:** starts × steps learning steps, and some Jacobians of the gradient at each point.
    """
    steps, step_size = known_options(steps, step_size)
    most = whole(most, "most", least=0)
    learning = Tied(game) if share_parameters else game
    found = _ends(learning, starts, steps, step_size, None)
    detail = f"{starts}, {steps} steps of {step_size:g}"
    tied = _tied(game, TIED_STEPS * steps, step_size)
    generic, resting = _distinct(learning, found, most, detail)
    points = (*tied, *generic)
    sizes = [point.dimension for point in points]
    known = [size for size in sizes if size is not None]
    listed = sum(point.share.count for point in generic if point.share is not None)
    return ReachedRestPoints(
        points=points,
        isolated=all(size == 0 for size in sizes) if sizes else None,
        dimension=max(known) if known and len(known) == len(sizes) else None,
        unlisted=resting - listed,
    )


Ends = tuple[Params, Float[np.ndarray, "runs players"], Float[np.ndarray, "runs"]]
"""Where runs ended, how everyone cooperates there, and what is left of the gradient."""


def _ends(
    game: AbstractParametricGame, starts: Starts, steps: int, step_size: float, stop: Rest | None
) -> Ends:
    drawn = starting_points([game], starts)
    return batch_map(_learn, drawn, game, steps, np.asarray(step_size), stop)


def _learn(
    start: Params, game: AbstractParametricGame, steps: int, step_size: RealArray, stop: Rest | None
) -> tuple[Params, RealArray, RealArray]:
    start = tuple(box.project(x) for box, x in zip(game.spaces, start, strict=True))
    solution = run(
        game, Gradient(), start, steps=steps, step_size=step_size, stop=stop, throw=False
    )
    end = solution.params
    return end, cooperation(game, end), rest_residual(game, end)


def _tied(game: ParametricGame, steps: int, step_size: float) -> tuple[ReachedPoint, ...]:
    """Where all end that share one parameter from the neutral start, if that is possible."""
    try:
        tied = Tied(game)
    except InputError:  # parameters of several shapes cannot be shared
        return ()
    found = _ends(tied, Starts(kind="neutral"), steps, step_size, Rest())
    detail = f"one shared parameter from the neutral start, at most {steps} steps of {step_size:g}"
    points, _ = _distinct(tied, found, 1, detail)
    return tuple(dataclasses.replace(p, starts="tied", share=None) for p in points)


def _distinct(
    game: AbstractParametricGame, found: Ends, most: int, detail: str
) -> tuple[list[ReachedPoint], int]:
    """The most frequent ends at rest, each at the run whose gradient is smallest; all at rest."""
    params, cooperates, residuals = found
    runs = len(residuals)
    numbers = np.concatenate([x.reshape(runs, -1) for x in jax.tree.leaves(params)], axis=1)
    sides = np.concatenate(
        [
            np.ravel(high) - np.ravel(low)
            for box in game.spaces
            for low, high in zip(*map(jax.tree.leaves, (box.lower, box.upper)), strict=True)
        ]
    )
    left = np.flatnonzero((residuals <= AT_REST) & np.isfinite(numbers).all(axis=1))
    resting, clusters = len(left), []
    while len(left) and len(clusters) < MOST_TOLD_APART:
        centre = numbers[left[np.argmin(residuals[left])]]
        same = SAME * np.minimum(1 + np.abs(centre), sides)
        near = np.all(np.abs(numbers[left] - centre) <= same, axis=1)
        members, left = left[near], left[~near]
        k = members[np.argmin(residuals[members])]
        clusters.append((len(members), k))
    clusters = sorted(clusters, key=lambda cluster: -cluster[0])[:most]
    ends = [jax.tree.map(lambda x, k=k: x[k], params) for _, k in clusters]
    points = [
        ReachedPoint(
            params=game.untied(own) if isinstance(game, Tied) else own,
            cooperation=tuple(map(float, cooperates[k])),
            starts="generic",
            share=Share(count, runs),
            residual=float(residuals[k]),
            method="learned",
            detail=detail,
            dimension=dimension,
        )
        for (count, k), own, dimension in zip(clusters, ends, dimensions(game, ends), strict=True)
    ]
    return points, resting
