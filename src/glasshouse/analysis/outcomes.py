"""Where learning ends from generic, unequal starts."""

import dataclasses
import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import wadler_lindig as wl
from jaxtyping import Float

from glasshouse._arrays import RealArray
from glasshouse._numbers import (
    HeldFloat,
    HeldInt,
    HeldRows,
    Numbers,
    Whole,
    number,
    number_array,
    whole,
)
from glasshouse._precision import in_float64
from glasshouse._random import Purpose, laid_out, normals
from glasshouse._results import Result, call, plain
from glasshouse.analysis.first_order import cooperation
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.dynamics.driver import check_params, known_options, run
from glasshouse.dynamics.rest import rest_residual
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params
from glasshouse.rules.gradient import Gradient
from glasshouse.semantics.probabilities import TOLERANCE

AT_REST = 1e-6
"""A run counts as at rest when its relative gradient (`rest_residual`) is below this."""


MOST_STARTS = 10_000_000
"""More starts than this are taken for a slip of the finger; their ends are kept in memory."""


@dataclasses.dataclass(frozen=True, repr=False)
class Starts(Result):
    """Where learning starts.

    **Arguments:** `kind`: "normal" draws `count` profiles N(neutral, `spread`²), clipped to the
    boxes, by `seed`, start k being the same for any count and under any setting of JAX; "grid" puts
    `count` profiles at the midpoints of equal cells of the boxes, so that shares of runs are shares
    of the parameter space; "neutral" is the neutral profile alone; "given" takes `profiles`, one
    tuple of parameters per run (one number per player).
    **Raises:** `InputError` when the count or the spread is not positive, or profiles are missing.
    """

    count: HeldInt = 200
    spread: HeldFloat = 1.0
    seed: HeldInt = 0
    profiles: HeldRows | None = None
    kind: Literal["normal", "grid", "neutral", "given"] = "normal"

    def __post_init__(self):
        checked = {
            "count": whole(self.count, "the count of starts", most=MOST_STARTS),
            "spread": number(self.spread, "the spread of starts", above=0.0),
            "seed": whole(self.seed, "seed", least=0, most=2**32 - 1),
        }
        if self.profiles is not None:
            checked.update(kind="given", profiles=_profiles(self.profiles))
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.profiles is not None:
            return
        if self.kind == "given":
            raise InputError("given starts need profiles, one tuple of parameters per run")

    @property
    def runs(self) -> int:
        """How many runs they start."""
        if self.profiles is not None:
            return len(self.profiles)
        return 1 if self.kind == "neutral" else self.count

    def __str__(self) -> str:
        if self.kind == "given":
            return f"{self.runs} given starts"
        if self.kind == "neutral":
            return "the neutral start"
        if self.kind == "grid":
            return f"{self.count} starts at the midpoints of a grid over the boxes"
        return f"{self.count} starts N(neutral, {self.spread:g}²), seed {self.seed}"


@dataclasses.dataclass(frozen=True, repr=False)
class Share(Result):
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
        if not self.runs:
            return (0.0, 1.0)
        low, high = wilson_interval(self.count, self.runs)
        return (low if self.count else 0.0, high if self.count < self.runs else 1.0)

    def to_dict(self) -> dict[str, Any]:
        """The `share`, the ends `low` and `high` of its interval, and the `count` of runs."""
        low, high = self.interval
        return {"share": plain(self.value), "low": low, "high": high, "count": self.count}

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        computed = [("value", self.value), ("interval", self.interval)]
        return call("Share", [*computed, ("count", self.count), ("runs", self.runs)], **settings)


@dataclasses.dataclass(frozen=True, repr=False)
class Outcomes(Result):
    """How runs from random starts ended, by who cooperates with probability above ½.

    **Arguments:** `cooperation`, everybody does; `exploitation`, some do and some do not;
    `defection`, nobody does; `exploited`, for each player, the share of runs in which it
    cooperates while another does not; `mean_cooperation`, over runs and players; `payoffs`, each
    player's mean payoff over runs, at the end; `at_rest`, runs whose end is a rest point to 1e-6;
    `not_finite`, runs that left the reals and are in none of the shares; `method`, `detail`: start
    distribution, step size, steps.
    """

    cooperation: Share
    exploitation: Share
    defection: Share
    exploited: tuple[Share, ...]
    mean_cooperation: float
    payoffs: tuple[float, ...]
    at_rest: Share
    not_finite: int
    method: str
    detail: str


def _profiles(given: Iterable[Numbers]) -> tuple[tuple[float, ...], ...]:
    """Given starts as numbers, one row per run."""
    rows = []
    for k, profile in enumerate(given):
        row = number_array(profile, f"start {k + 1}", shapes=None)
        if row.ndim != 1:
            raise InputError(
                f"start {k + 1} has shape {row.shape}: a given start is one number per player"
            )
        rows.append(tuple(number(x, f"start {k + 1}: each number") for x in row))
    if not rows:
        raise InputError("given starts need at least one profile, a tuple of parameters per run")
    return tuple(rows)


def wilson_interval(
    count: Whole, runs: Whole, z: Numbers = 1.959963984540054
) -> tuple[float, float]:
    """Wilson score interval for a share of `count` in `runs`; z = 1.96 for 95 %.

    **Source:** Wilson 1927, Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22.
    **Raises:** `InputError` for a count above `runs`, or numbers that are no counts.
    """
    runs = whole(runs, "runs")
    count, z = whole(count, "count", least=0, most=runs), number(z, "z", least=0.0)
    share = count / runs
    centre = share + z * z / (2 * runs)
    spread = z * math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    scale = 1 + z * z / runs
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@in_float64
def generic_outcomes(
    games: Sequence[AbstractParametricGame],
    *,
    starts: Starts = Starts(),
    steps: Whole = 6000,
    step_size: Numbers = 0.1,
) -> list[Outcomes]:
    """Outcomes of selfish gradient learning from unequal starts, for each game.

    All games are played from the same starts, so that they differ by the game alone.

    **Arguments:** `games`, alike in structure (one game at many couplings, say; `Tied` games too);
    `starts`; `steps`, `step_size`.
    **Raises:** `InputError` when there is no game, or the starts do not fit its boxes.
    **Cost:** games × starts × steps learning steps.
    """
    if isinstance(games, AbstractParametricGame) or not games:
        raise InputError("generic_outcomes needs a list of parametric games, at least one")
    steps, step_size = known_options(steps, step_size)
    drawn, count = starting_points(games, starts), starts.runs
    games_each = repeat(stack(games), count)
    ends, payoffs, residuals = batch_map(_learn, (games_each, drawn), steps, np.asarray(step_size))
    _check_probabilities(ends)
    detail = f"{starts}, {steps} steps of {step_size:g}"

    def of_each(array: np.ndarray) -> np.ndarray:
        return array.reshape(len(games), count, *array.shape[1:])

    return _classified(of_each(ends), of_each(payoffs), of_each(residuals), detail)


def _check_probabilities(ends: Float[np.ndarray, "runs players"]) -> None:
    """Refuse cooperation outside [0, 1]: a semantics of one's own is not checked everywhere."""
    wrong = np.argwhere((ends < -TOLERANCE) | (ends > 1 + TOLERANCE))
    if len(wrong):
        run, player = (int(k) for k in wrong[0])
        raise InputError(
            f"the semantics gives player {player + 1} cooperation {ends[run, player]:.4g} where "
            "learning ended: make it return probabilities everywhere in the box"
        )


def check_starts(game: AbstractParametricGame, starts: Starts) -> None:
    """Refuse starts that do not fit the game's boxes.

    **Raises:** `InputError` naming the start and the player, or what a grid lacks.
    """
    if starts.kind == "grid":
        _cells(game, starts)
    counts = [sum(np.size(x) for x in jax.tree.leaves(box.lower)) for box in game.spaces]
    if starts.profiles and set(counts) != {1}:
        player = next(i for i, count in enumerate(counts) if count != 1)
        raise InputError(
            f"given starts are one number per player, but player {player + 1} has "
            f"{counts[player]} parameters: draw normal starts"
        )
    for k, profile in enumerate(starts.profiles or ()):
        try:
            check_params(game, tuple(profile))
        except InputError as error:
            raise InputError(f"start {k + 1} of {starts.runs}: {error}") from error


def _learn(
    member: tuple[AbstractParametricGame, Params], steps: int, step_size: RealArray
) -> tuple[Float[RealArray, "players"], Float[RealArray, "players"], Float[RealArray, ""]]:
    game, start = member
    start = tuple(box.project(x) for box, x in zip(game.spaces, start, strict=True))
    solution = run(game, Gradient(), start, steps=steps, step_size=step_size, throw=False)
    end = solution.params
    # In a branch, which is always taken: elsewhere XLA spreads this over threads of its own, and
    # waits for them while batch_map keeps all cores busy.
    residual = jax.lax.cond(
        solution.steps >= 0, lambda x: rest_residual(game, x), lambda x: jnp.array(jnp.inf), end
    )
    return cooperation(game, end), game.payoffs(end), residual


def starting_points(games: Sequence[AbstractParametricGame], starts: Starts) -> Params:
    """The starts of all games in a row, checked; drawn once for all games with the same boxes."""
    drawn: dict[tuple, Params] = {}
    each = []
    for game in games:
        numbers = [np.asarray(x) for x in jax.tree.leaves(game.spaces)]
        bounds = tuple((x.shape, x.tobytes()) for x in numbers)
        if bounds not in drawn:
            check_starts(game, starts)
            drawn[bounds] = _placed(game, starts)
        each.append(drawn[bounds])
    return jax.tree.map(lambda *parts: np.concatenate(parts), *each)


def _placed(game: AbstractParametricGame, starts: Starts) -> Params:
    """The starts of one game, with a leading axis over runs."""
    if starts.profiles is not None:
        columns = zip(*starts.profiles, strict=True)
        return tuple(np.asarray(column, dtype=np.float64) for column in columns)
    neutral = game.neutral()
    if starts.kind == "neutral":
        return jax.tree.map(lambda x: np.asarray(x)[None], neutral)
    leaves, structure = jax.tree.flatten(neutral)
    if starts.kind == "grid":
        points = np.meshgrid(*_cells(game, starts), indexing="ij")
        return jax.tree.unflatten(structure, [x.reshape(-1) for x in points])
    columns = sum(np.size(leaf) for leaf in leaves)
    drawn = laid_out(normals(starts.seed, Purpose.STARTS, starts.count, columns), neutral)
    return jax.tree.map(lambda x, z: np.asarray(x) + starts.spread * z, neutral, drawn)


def _cells(game: AbstractParametricGame, starts: Starts) -> list[np.ndarray]:
    """For each parameter, the midpoints of equal cells."""
    lower, upper = (
        jax.tree.leaves([getattr(box, side) for box in game.spaces]) for side in ("lower", "upper")
    )
    if any(np.ndim(x) for x in lower) or not np.all(np.isfinite([*lower, *upper])):
        raise InputError(
            "a grid of starts needs one bounded parameter per player: set the bound, or draw "
            "normal starts"
        )
    each = round(starts.count ** (1 / len(lower)))
    if each ** len(lower) != starts.count:
        near = sorted({max(k, 1) ** len(lower) for k in (each, each + 1)})
        raise InputError(
            f"{starts.count} starts make no even grid over {len(lower)} parameters: "
            f"try {' or '.join(map(str, near))}"
        )
    cells = (np.arange(each) + 0.5) / each
    return [low + (high - low) * cells for low, high in zip(lower, upper, strict=True)]


def _classified(
    ends: Float[np.ndarray, "games runs players"],
    payoffs: Float[np.ndarray, "games runs players"],
    residuals: Float[np.ndarray, "games runs"],
    detail: str,
) -> list[Outcomes]:
    """The outcomes of each game, counted for all of them together.

    Player by player: sums over an axis of two numbers are what NumPy is slow at.
    """
    columns = [np.ascontiguousarray(ends[..., i]) for i in range(ends.shape[2])]
    finite = functools.reduce(np.logical_and, [np.isfinite(p) for p in columns])
    runs = finite.sum(axis=1)
    cooperates = [(p > 0.5) & finite for p in columns]
    everybody = functools.reduce(np.logical_and, cooperates)
    somebody = functools.reduce(np.logical_or, cooperates)
    some = somebody & ~everybody
    masks = {
        "cooperation": everybody,
        "exploitation": some,
        "defection": finite & ~somebody,
        "at_rest": (residuals <= AT_REST) & finite,
    }
    counted = {name: np.sum(mask, axis=1).tolist() for name, mask in masks.items()}
    exploited = np.stack([np.sum(some & c, axis=1) for c in cooperates], axis=1).tolist()
    with np.errstate(invalid="ignore"):  # no run, no mean
        totals = [np.sum(p, axis=1, where=finite) for p in columns]
        cooperation = sum(totals[1:], start=totals[0]) / (runs * len(columns))
        paid = [np.sum(payoffs[..., i], axis=1, where=finite) for i in range(payoffs.shape[2])]
        means = np.stack(paid, axis=1) / runs[:, None]
    lost = (ends.shape[1] - runs).tolist()

    def of(k: int, total: int) -> Outcomes:
        return Outcomes(
            **{name: Share(counts[k], total) for name, counts in counted.items()},
            exploited=tuple(Share(count, total) for count in exploited[k]),
            mean_cooperation=float(cooperation[k]),
            payoffs=tuple(means[k].tolist()),
            not_finite=lost[k],
            method="learned",
            detail=detail,
        )

    return [of(k, total) for k, total in enumerate(runs.tolist())]
