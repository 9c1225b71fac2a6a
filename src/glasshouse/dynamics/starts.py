"""Where learning starts."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import jax
import numpy as np

from glasshouse._foundation.numbers import (
    HeldFloat,
    HeldInt,
    HeldRows,
    Numbers,
    number,
    number_array,
    whole,
)
from glasshouse._foundation.random import Purpose, laid_out, normals
from glasshouse._foundation.results import Result
from glasshouse.dynamics.doors import check_params
from glasshouse.dynamics.games import Games
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, Params

START_KINDS = ("normal", "grid", "neutral", "initial", "given")

MOST_STARTS = 10_000_000
"""More starts than this are taken for a slip of the finger; their ends are kept in memory."""


@dataclasses.dataclass(frozen=True, repr=False)
class Starts(Result):
    """Where learning starts.

    **Arguments:** `kind`: "normal" draws `count` profiles N(neutral, `spread`²), clipped to the
    boxes, by `seed`, start k being the same for any count and under any setting of JAX; "grid" puts
    `count` profiles at the midpoints of equal cells of the boxes, so that shares of runs are shares
    of the parameter space; "neutral" is the neutral profile alone; "initial" draws `count` profiles
    by the initialisers of a semantics that has networks, also by `seed`; "given" takes `profiles`,
    one tuple of parameters per run (one number per player).
    **Raises:** `InputError` when the count or the spread is not positive, or profiles are missing.
    """

    count: HeldInt = 200
    spread: HeldFloat = 1.0
    seed: HeldInt = 0
    profiles: HeldRows | None = None
    kind: Literal["normal", "grid", "neutral", "initial", "given"] = "normal"

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
        if self.kind not in START_KINDS:
            raise InputError(f"kind={self.kind!r:.40} must be one of {', '.join(START_KINDS)}")
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
        if self.kind == "initial":
            return f"{self.count} starts by the networks' own initialisers, seed {self.seed}"
        return f"{self.count} starts N(neutral, {self.spread:g}²), seed {self.seed}"


def check_starts(game: AbstractParametricGame, starts: Starts) -> None:
    """Refuse starts that do not fit the game's boxes.

    **Raises:** `InputError` naming the start and the player, or what a grid lacks.
    """
    if starts.kind == "grid":
        _cells(game, starts)
    if starts.kind == "initial":
        _initialised(game)
    counts = [box.size for box in game.spaces]
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


def starting_points(games: Sequence[AbstractParametricGame], starts: Starts) -> Params:
    """The starts of all games in a row, checked; drawn once for all games with the same boxes."""
    if isinstance(games, Games) and games.alike(lambda game: game.spaces):
        first = starting_points([games[0]], starts)
        return jax.tree.map(lambda x: np.tile(x, (len(games), *[1] * (x.ndim - 1))), first)
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
    if starts.kind == "initial":
        return _initialised(game).initials(starts.seed, starts.count)
    leaves, structure = jax.tree.flatten(neutral)
    if starts.kind == "grid":
        points = np.meshgrid(*_cells(game, starts), indexing="ij")
        return jax.tree.unflatten(structure, [x.reshape(-1) for x in points])
    columns = sum(np.size(leaf) for leaf in leaves)
    drawn = laid_out(normals(starts.seed, Purpose.STARTS, starts.count, columns), neutral)
    return jax.tree.map(lambda x, z: np.asarray(x) + starts.spread * z, neutral, drawn)


def _initialised(game: AbstractParametricGame) -> Any:
    """The semantics of a game, which draws networks for its players.

    **Raises:** `InputError` where it does not, or the players choose something else.
    """
    semantics: Any = getattr(game, "semantics", None)
    if not hasattr(semantics, "initials"):
        raise InputError(
            "starts of the kind 'initial' are drawn by a semantics that has networks, such as "
            "Modules or Policies, for players that learn apart: draw 'normal' starts"
        )
    shapes = [jax.tree.map(np.shape, box.lower) for box in game.spaces]
    if shapes != [jax.tree.map(np.shape, box.lower) for box in semantics.spaces]:
        raise InputError(
            "starts of the kind 'initial' are networks, and with this channel players learn more "
            "than that: draw 'normal' starts"
        )
    return semantics


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
