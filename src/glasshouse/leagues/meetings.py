"""Every pair of a league from every start: one program, in which who meets whom is a number."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import sequential_vmap
from jaxtyping import Float

from glasshouse._foundation.arrays import RealArray
from glasshouse.analysis.outcomes.comparison import paid_per_round
from glasshouse.dynamics.batch import batch_map
from glasshouse.dynamics.driver import end_of
from glasshouse.dynamics.games import Games, repeats
from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.rest import Rest
from glasshouse.dynamics.starts import starting_points
from glasshouse.leagues.entrants import Entrant, RuleGroups, kinds_of
from glasshouse.leagues.seats import Seats
from glasshouse.leagues.strategy import parameters_of
from glasshouse.parametric import Params
from glasshouse.rules.base import AbstractDirection

PAIRS_IN_A_ROW = 8
"""Pairs that one thread plays one after the other before its results are kept."""

STARTS_TOGETHER = 64
"""A pair plays so many of its starts at once: whole vectors, few enough for the cache."""

VECTOR = 8
"""Numbers of 64 bits in the widest vectors; other counts would be finished one by one."""

PAIRS_AT_ONCE = 2048
"""So many pairs are laid out at a time, which bounds the memory."""


class Held(NamedTuple):
    """Where strategies stand.

    **Arguments:** `params`, with axes (games, entrants) before their own, neutral for learners;
    None where all learn; `off`, by how much a probability of each strategy is off at most.
    """

    params: Params | None
    off: dict[str, float]


class _Pairs(NamedTuple):
    """Members of a batch: who meets, in which game, from which starts, and who stands where."""

    kind: Any
    number: Any
    game: Any
    starts: Params
    stays: Any
    held: Params | None


def played(
    entrants: Sequence[Entrant],
    games: Games,
    learning: Learning,
    rows: Sequence[int] | None = None,
) -> tuple[Float[np.ndarray, "games rows entrants starts players"], Mapping[str, float]]:
    """What each pair is paid per round where learning ends, from each start, in each game.

    **Arguments:** `learning`, whose starts are the same for all pairs; `rows`, which entrants meet
    all, by default everybody.
    **Returns:** that, NaN for both players where a run left the reals; and by how much a
    probability of each strategy is off at most.
    """
    points, count, runs = len(games), len(entrants), learning.starts.runs
    meeting = np.arange(count) if rows is None else np.asarray(rows)
    held = standing_places(entrants, games)
    kinds = kinds_of([entrant.rule for entrant in entrants])
    stays = np.array([entrant.strategy is not None for entrant in entrants])
    blocks = -(-runs // STARTS_TOGETHER)
    size = -(-runs // (blocks * VECTOR)) * VECTOR
    drawn = starting_points(games, learning.starts)
    starts = jax.tree.map(lambda x: _in_blocks(x, points, blocks, size), drawn)
    shape, size_of_steps = (points, len(meeting), count, blocks), np.asarray(learning.step_size)
    paid = np.empty((math.prod(shape), size, 2))
    for begin in range(0, len(paid), PAIRS_AT_ONCE):
        end = min(begin + PAIRS_AT_ONCE, len(paid))
        point, row, *others = np.unravel_index(np.arange(begin, end), shape)
        at = (point, meeting[row], *others)
        pairs = _laid_out(at, kinds, games, starts, stays, held.params)
        settings = (kinds.rules, learning.steps, size_of_steps, learning.stop)
        paid[begin:end] = batch_map(_met, pairs, *settings, chunk_size=PAIRS_IN_A_ROW)
    runs_of_pairs = paid.reshape(*shape[:3], blocks * size, 2)[:, :, :, :runs]
    ended = np.isfinite(runs_of_pairs).all(axis=-1, keepdims=True)
    return np.where(ended, runs_of_pairs, np.nan), held.off


def standing_places(entrants: Sequence[Entrant], games: Sequence[Any]) -> Held:
    """The parameters with which strategies are played in every game, in either seat.

    **Raises:** `InputError` where there are none.
    """
    if all(entrant.strategy is None for entrant in entrants):
        return Held(None, {})
    off: dict[str, float] = {}

    def place(entrant: Entrant, game: Any, seat: int) -> Any:
        if entrant.strategy is None:
            return game.neutral()[seat]
        found, error = parameters_of(entrant.strategy, game, seat)
        off[entrant.name] = max(error, off.get(entrant.name, 0.0))
        return found

    def stacked(trees: list[Any]) -> Any:
        return jax.tree.map(lambda *x: np.stack([np.asarray(y) for y in x]), *trees)

    seats = (
        stacked([stacked([place(entrant, game, i) for entrant in entrants]) for game in games])
        for i in range(2)
    )
    return Held(tuple(seats), off)


def _in_blocks(x: np.ndarray, points: int, blocks: int, size: int) -> np.ndarray:
    """Starts of each point in blocks of one size, the last start repeated to fill the last."""
    own = x.reshape(points, -1, *x.shape[1:])
    missing = blocks * size - own.shape[1]
    filled = np.concatenate([own, np.repeat(own[:, -1:], missing, axis=1)], axis=1)
    return filled.reshape(points, blocks, size, *x.shape[1:])


def _laid_out(
    at: tuple[np.ndarray, ...],
    kinds: RuleGroups,
    games: Games,
    starts: Params,
    stays: np.ndarray,
    held: Params | None,
) -> _Pairs:
    """Pairs by their places (game, row, column, block); what they share is not stored again."""
    point, row, column, block = at
    both, count = np.stack([row, column], axis=1), len(point)

    def taken(x: Any, *where: np.ndarray) -> Any:
        if not eqx.is_array(x):
            return x
        if all(length == 1 for length in x.shape[: len(where)]) or repeats(x):
            return np.broadcast_to(x[(0,) * len(where)], (count, *x.shape[len(where) :]))
        return x[where]

    return _Pairs(
        kind=kinds.kind[both],
        number=kinds.number[both],
        game=jax.tree.map(lambda x: taken(x, point), games.tree),
        starts=jax.tree.map(lambda x: taken(x, point, block), starts),
        stays=None if held is None else stays[both],
        held=None
        if held is None
        else tuple(
            jax.tree.map(lambda x, i=i: x[point, both[:, i]], own) for i, own in enumerate(held)
        ),
    )


def _met(
    pair: _Pairs,
    rules: tuple[AbstractDirection, ...],
    steps: int,
    step_size: RealArray,
    stop: Rest | None,
) -> Float[RealArray, "starts players"]:
    """What a pair is paid from each of its starts.

    Pairs of a batch are played one after the other, each from all its starts at once: so its
    indices belong to no batch, and of the rules' branches only its own two are computed.
    """
    arrays, static = eqx.partition((pair, rules, step_size), eqx.is_array)

    @sequential_vmap
    def paid(arrays: Any) -> Any:
        pair, rules, step_size = eqx.combine(arrays, static)
        seats = Seats(rules, pair.kind, pair.number)

        def from_start(start: Params) -> Any:
            start = tuple(box.project(x) for box, x in zip(pair.game.spaces, start, strict=True))
            if pair.held is not None:
                start = tuple(
                    jax.tree.map(lambda x, y, i=i: jnp.where(pair.stays[i], y, x), own, held)
                    for i, (own, held) in enumerate(zip(start, pair.held, strict=True))
                )
            end, _ = end_of(pair.game, seats, start, step_size, stop, None, steps)
            return paid_per_round(pair.game, end)

        return jax.vmap(from_start)(pair.starts)

    return paid(arrays)
