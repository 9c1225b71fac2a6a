"""Players of games in steps meet in samples, the seed being the sampling unit."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PyTree

from glasshouse._foundation.numbers import Numbers, Whole, whole
from glasshouse._foundation.random import Purpose, Seed, key_of, keys
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import AbstractStochasticGame, Episode, Observation
from glasshouse.games.stochastic.episodes import episode_uniforms, play_episodes
from glasshouse.games.stochastic.exact import step_weights
from glasshouse.games.stochastic.league import StepLeague, check_two_seats, players_named

MOST_LEAGUE_SEEDS = 1000


def sampled_league(
    game: AbstractStochasticGame,
    players: Mapping[str, Any] | Sequence[str],
    *,
    seeds: Whole = 10,
    episodes: Whole = 50,
    horizon: Whole | None = None,
    discount: Numbers = 1.0,
    seed: Seed = 0,
) -> StepLeague:
    """What every pair of players is paid per step in both seats, in samples.

    Every seed of the row meets every seed of the column for so many episodes, 10 × 10 × 50 by
    default. Errors are over seeds, of rows and of columns, and not over episodes.

    **Arguments:** `players`, as of `exact_league`; a list of players holds one for each seed, such
    as those learned from it, and others are the same in all; `seeds`; `episodes` of each pair of
    seeds; `horizon`, by default the game's; `discount` with which steps count; `seed` of chance.
    **Raises:** `InputError` for lists of another length, and games not of two players.
    **Cost:** one program; every player is asked in both seats at every step of every pair.

        from glasshouse.games.stochastic import CoinGame, sampled_league

        found = sampled_league(CoinGame(), ["allc", "alld"], seeds=4, horizon=16)
        print(found.payoffs.shape, found.errors.max() < 0.05)  # (2, 2, 2) True
    """
    check_two_seats(game)
    named = players_named(game, players)
    seeds = whole(seeds, "seeds", most=MOST_LEAGUE_SEEDS)
    episodes = whole(episodes, "episodes", most=1_000_000)
    weights = step_weights(game, horizon, discount)
    game = _lasting(game, len(weights))
    everyone = [_of_each_seed(name, player, seeds) for name, player in named.items()]
    key = key_of(keys(seed, Purpose.GAME, 1)[0, 0])
    found = np.asarray(_all_pairs(game, everyone, key, seeds, episodes, weights), np.float64)
    cells = found.reshape(len(named), len(named), seeds, seeds, 2)
    errors = np.array(
        [
            [_errors(cells[i, j], i == j and isinstance(player, list)) for j in range(len(named))]
            for i, player in enumerate(named.values())
        ]
    )
    detail = (
        f"means over {seeds} × {seeds} seeds × {episodes} episodes of each pair; standard errors "
        "over seeds"
    )
    return StepLeague(
        game.name, tuple(named), cells.mean(axis=(2, 3)), errors, len(weights),
        float(np.asarray(discount)), episodes, seeds, "numerical", detail, cells,
    )  # fmt: skip


def _lasting(game: AbstractStochasticGame, horizon: int) -> AbstractStochasticGame:
    """The same game with episodes of so many steps."""
    own = game.episode
    weights = "own" if own.weights is None else own.weights
    other = copy.copy(game)
    lasting = Episode(game.players, horizon, own.discount, own.ending, weights)
    object.__setattr__(other, "episode", lasting)
    return other


def _of_each_seed(name: str, player: Any, seeds: int) -> PyTree:
    """One player for each seed, along a leading axis of all arrays."""
    each = player if isinstance(player, list) else [player] * seeds
    if len(each) != seeds:
        raise InputError(f"{name} has players of {len(each)} seeds, and seeds={seeds}")
    if len({jax.tree.structure(x) for x in each}) > 1:
        raise InputError(f"the players of {name} differ in more than their numbers")

    def stacked(*leaves: Any) -> Any:  # a network's shapes are the same in all
        if not eqx.is_array_like(leaves[0]):
            return leaves[0]
        return jnp.stack([jnp.asarray(x) for x in leaves])

    return jax.tree.map(stacked, *each)


@eqx.filter_jit
def _all_pairs(
    game: AbstractStochasticGame,
    everyone: list[PyTree],
    key: Array,
    seeds: int,
    episodes: int,
    weights: Float[np.ndarray, "steps"],
) -> Float[Array, "row column row_seed column_seed player"]:
    count = len(everyone)

    def act_of(who: Int[Array, "2"], seed: Int[Array, "2"]) -> Any:
        seats = [
            jax.tree.map(lambda x, k=k: x[seed[k]] if eqx.is_array(x) else x, everyone)
            for k in (0, 1)
        ]

        def act(memory: PyTree, seen: Observation) -> tuple[Array, PyTree]:
            rows, remembered = [], []
            for k, own in enumerate(seats):
                all_of = [x.log_mix(memory[k][e], seen.of(k)) for e, x in enumerate(own)]
                rows.append(jnp.stack([x for x, _ in all_of])[who[k]])
                remembered.append(tuple(kept for _, kept in all_of))
            return jnp.stack(rows), tuple(remembered)

        return act, tuple(tuple(x.begin() for x in own) for own in seats)

    def cell(number: Int[Array, ""]) -> Float[Array, "2"]:
        """What is paid in one pair of seeds of one pair of players."""
        pair, seed = number // seeds**2, number % seeds**2
        who = jnp.stack([pair // count, pair % count])
        act, begun = act_of(who, jnp.stack([seed // seeds, seed % seeds]))
        uniforms = episode_uniforms(game, jax.random.fold_in(key, number), episodes, jnp.float32)
        played = play_episodes(game, act, begun, uniforms)
        return jnp.asarray(weights, jnp.float32) @ played.rewards.mean(axis=1)

    numbers = jnp.arange(count**2 * seeds**2, dtype=jnp.uint32)
    return jax.lax.map(cell, numbers, batch_size=seeds)


def _errors(cells: Float[np.ndarray, "rows columns 2"], alike: bool) -> Float[np.ndarray, "2"]:
    """Standard errors of the mean over all pairs of seeds, which rows and columns have effects on.

    The variance of the mean is v_r/n + v_c/n - e/n², v_r and v_c those of the means of rows and of
    columns and e that of what is left, of which each holds e/n; it is at least e/n². Where rows and
    columns are the same players their effects go together.
    """
    n = len(cells)
    if n == 1:
        return np.full(2, np.nan)
    rows, columns = cells.mean(axis=1), cells.mean(axis=0)
    left = cells - rows[:, None] - columns[None] + cells.mean(axis=(0, 1))
    rest = (left**2).sum(axis=(0, 1)) / (n - 1) ** 2 / n**2
    of_seeds = (
        (rows + columns).var(axis=0, ddof=1)
        if alike
        else (rows.var(axis=0, ddof=1) + columns.var(axis=0, ddof=1))
    )
    return np.sqrt(np.maximum(of_seeds / n - rest, rest))
