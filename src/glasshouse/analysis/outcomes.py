"""Where learning ends from generic, unequal starts."""

import dataclasses
import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse.analysis.first_order import cooperation
from glasshouse.analysis.precision import in_float64
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.dynamics.driver import check_options, check_params, run
from glasshouse.errors import InputError
from glasshouse.parametric import ParametricGame, Params
from glasshouse.rules.gradient import Gradient

AT_REST = 1e-6
"""A run counts as at rest when its relative gradient (`rest_residual`) is below this."""


MOST_STARTS = 10_000_000
"""More starts than this are taken for a slip of the finger; their ends are kept in memory."""


@dataclasses.dataclass(frozen=True)
class Starts:
    """Where learning starts: drawn from a normal distribution, or given.

    **Arguments:** `count` draws N(0, `spread`²) of every parameter, clipped to the box, by `seed`;
    or `profiles`, one tuple of parameters per run (one number per player), which are then used
    instead.
    **Raises:** `InputError` when the count or the spread is not positive.
    """

    count: int = 200
    spread: float = 1.0
    seed: int = 0
    profiles: tuple[tuple[float, ...], ...] | None = None

    def __post_init__(self):
        if not isinstance(self.count, int) or not self.count <= MOST_STARTS:
            raise InputError(f"starts {self.count} must be a whole number up to {MOST_STARTS}")
        if self.count < 1 or not 0 < self.spread < math.inf or self.profiles == ():
            raise InputError("starts need a positive count and spread, and at least one profile")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed {self.seed} must lie between 0 and {2**32 - 1}")

    def __str__(self) -> str:
        if self.profiles is not None:
            return f"{len(self.profiles)} given starts"
        return f"{self.count} starts N(0, {self.spread:g}²), seed {self.seed}"


@dataclasses.dataclass(frozen=True)
class Share:
    """A share of runs with its 95 % Wilson interval."""

    count: int
    runs: int

    @property
    def value(self) -> float:
        """The share itself; NaN where no run counted."""
        return self.count / self.runs if self.runs else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson score interval (Wilson 1927), 95 %; all of [0, 1] where no run counted."""
        return wilson_interval(self.count, self.runs) if self.runs else (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """How runs from random starts ended, by who cooperates with probability above ½.

    **Arguments:** `cooperation`, everybody does; `exploitation`, some do and some do not;
    `defection`, nobody does; `exploited`, for each player, the share of runs in which it
    cooperates while another does not; `mean_cooperation`, over runs and players; `at_rest`, runs
    whose end is a rest point to 1e-6; `not_finite`, runs that left the reals and are in none of
    the shares; `method`, `detail`: start distribution, step size, steps.
    """

    cooperation: Share
    exploitation: Share
    defection: Share
    exploited: tuple[Share, ...]
    mean_cooperation: float
    at_rest: Share
    not_finite: int
    method: str
    detail: str


def wilson_interval(count: int, runs: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson score interval for a share of `count` in `runs`; z = 1.96 for 95 %.

    **Source:** Wilson 1927, Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22.
    """
    share = count / runs
    centre = share + z * z / (2 * runs)
    spread = z * math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    scale = 1 + z * z / runs
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@in_float64
def generic_outcomes(
    games: Sequence[ParametricGame],
    *,
    starts: Starts = Starts(),
    steps: int = 6000,
    step_size: float = 0.1,
) -> list[Outcomes]:
    """Outcomes of selfish gradient learning from unequal starts, for each game.

    All games are played from the same starts, so that they differ by the game alone.

    **Arguments:** `games`, alike in structure (one game at many couplings, say); `starts`;
    `steps`, `step_size`.
    **Raises:** `InputError` when there is no game, or a given start lies outside a box.
    **Cost:** games × starts × steps learning steps.
    """
    if isinstance(games, ParametricGame) or not games:
        raise InputError("generic_outcomes needs a list of parametric games, at least one")
    check_options(steps, step_size)
    check_starts(games[0], starts)
    for game in games[1:]:
        if not eqx.tree_equal(game.spaces, games[0].spaces):
            check_starts(game, starts)
    drawn = _drawn(games[0], starts) if starts.profiles is None else _given(starts.profiles)
    count = starts.count if starts.profiles is None else len(starts.profiles)
    games_each = repeat(stack(games), count)
    starts_each = jax.tree.map(lambda x: np.concatenate([x] * len(games)), drawn)
    ends, residuals = batch_map(_learn, (games_each, starts_each), steps, np.asarray(step_size))
    detail = f"{starts}, {steps} steps of {step_size:g}"
    ends = ends.reshape(len(games), count, -1)
    residuals = residuals.reshape(len(games), count)
    return [_classified(p, r, detail) for p, r in zip(ends, residuals, strict=True)]


def check_starts(game: ParametricGame, starts: Starts) -> None:
    """Refuse given starts that do not fit the game or lie outside its boxes.

    **Raises:** `InputError` naming the start and the player.
    """
    for k, profile in enumerate(starts.profiles or ()):
        try:
            check_params(game, tuple(profile))
        except InputError as error:
            raise InputError(f"start {k + 1} of {len(starts.profiles or ())}: {error}") from error


def _learn(
    member: tuple[ParametricGame, Params], steps: int, step_size: Array
) -> tuple[Float[Array, "players"], Float[Array, ""]]:
    game, start = member
    start = tuple(box.project(x) for box, x in zip(game.spaces, start, strict=True))
    solution = run(game, Gradient(), start, steps=steps, step_size=step_size, throw=False)
    return cooperation(game, solution.params), solution.residual


def _drawn(game: ParametricGame, starts: Starts) -> Params:
    leaves, structure = jax.tree.flatten(game.neutral())
    keys = jax.random.split(jax.random.key(starts.seed), len(leaves))
    drawn = [
        starts.spread * np.asarray(jax.random.normal(key, (starts.count, *jnp.shape(leaf)), float))
        for key, leaf in zip(keys, leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, drawn)


def _given(profiles: Sequence[Sequence[float]]) -> Params:
    return tuple(np.asarray(column, dtype=np.float64) for column in zip(*profiles, strict=True))


def _classified(ends: np.ndarray, residuals: np.ndarray, detail: str) -> Outcomes:
    finite = np.all(np.isfinite(ends), axis=1)
    runs = int(finite.sum())
    cooperates = np.asarray(ends[finite] > 0.5)
    cooperators = cooperates.sum(axis=1)
    some = (cooperators > 0) & (cooperators < ends.shape[1])

    def share(mask: np.ndarray) -> Share:
        return Share(int(mask.sum()), runs)

    return Outcomes(
        cooperation=share(cooperators == ends.shape[1]),
        exploitation=share(some),
        defection=share(cooperators == 0),
        exploited=tuple(share(some & cooperates[:, i]) for i in range(ends.shape[1])),
        mean_cooperation=float(ends[finite].mean()) if finite.any() else math.nan,
        at_rest=share(residuals[finite] <= AT_REST),
        not_finite=int((~finite).sum()),
        method="learned",
        detail=detail,
    )
