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
    default. Errors are over seeds and not over episodes. The k-th players of all lists are of one
    seed, as those are who learned with each other: their effects are not taken to be independent.

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
    errors = np.array([[_errors(both) for both in row] for row in cells])
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


def _errors(cells: Float[np.ndarray, "rows columns 2"]) -> Float[np.ndarray, "2"]:
    """Standard errors of the mean over all pairs of seeds, each seed having effects in both places.

    The variance of the mean is v/n - e/n², v that of the sum of a seed's means as a row and as a
    column, in which what is left, of variance e, counts twice; it is at least e/n². The k-th row
    and the k-th column are of one seed: they may have learned together, and depend on one another.
    Of rows and columns that do not, v is the sum of both variances in expectation.
    """
    n = len(cells)
    if n == 1:
        return np.full(2, np.nan)
    of_seeds = (cells.mean(axis=1) + cells.mean(axis=0)).var(axis=0, ddof=1)
    rest = _variance_left(cells) / n**2
    return np.sqrt(np.maximum(of_seeds / n - rest, rest))


def _variance_left(cells: Float[np.ndarray, "rows columns 2"]) -> Float[np.ndarray, "2"]:
    """What effects of rows and columns leave, of pairs of two seeds; 0 of fewer than three seeds.

    Who learned together may do better or worse with each other than with anybody else: a seed with
    itself is no such pair, and gets the value with which nothing is left of it (Yates 1933).
    """
    n = len(cells)
    if n < 3:
        return np.zeros(2)
    left = _centred(cells)
    own = np.einsum("kkp->kp", left)
    fitted = (own.sum(axis=0) / (n * (n - 1)) - own) * n / (n - 2)
    left = left + _centred(np.eye(n)[..., None] * fitted)
    return (left**2).sum(axis=(0, 1)) / (n * (n - 3) + 1)


def _centred(cells: Float[np.ndarray, "rows columns 2"]) -> Float[np.ndarray, "rows columns 2"]:
    """Less the means of rows and of columns."""
    rows, columns = cells.mean(axis=1), cells.mean(axis=0)
    return cells - rows[:, None] - columns[None] + cells.mean(axis=(0, 1))
