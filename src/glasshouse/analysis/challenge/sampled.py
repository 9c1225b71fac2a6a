"""The challenge where payoffs are drawn: tables that are read, games played in episodes."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.random import KEYS_OF
from glasshouse.analysis.challenge.networks import even_threshold, stage_of
from glasshouse.analysis.challenge.scores import ChallengeTrial, first_switch
from glasshouse.analysis.challenge.settings import Challenge, Forecast, Forecasts, Part
from glasshouse.analysis.sampling.counted import each_step_of
from glasshouse.analysis.sampling.estimates import products_of_means
from glasshouse.analysis.sampling.parts import PARTED, grouped, kernels_of
from glasshouse.dynamics.batch import batch_map, repeat, stack
from glasshouse.games.stochastic.episodes import episode_uniforms
from glasshouse.games.stochastic.iterated import IteratedMatrix
from glasshouse.parametric import Params, SampledParametricGame
from glasshouse.parametric.measure import COOPERATION
from glasshouse.semantics.policies import MirroredWeights, TablePolicy

HORIZON = 32
"""Rounds of an episode."""

PLAYED = 128
"""Of a learning step."""

LOOKS = 2048
"""Episodes by which cooperation is measured, and the first movement estimated."""

TRAINING_STEP = 1.0
"""Twenty times that of learning: payoffs per step move tables slowly, and training only says where
learning starts."""

LONGEST_SAMPLED_TRAINING = 2000
"""Steps, after which training is given up."""

CHANCE = {"training": 1, "predicting": 2, "learning": 3, "measuring": 4, "rates": 5}
"""Each has chance of its own; the same for all gains of a seed."""

Member = tuple[tuple[SampledParametricGame, Params, Array], Array]
"""A game with the start of learning in it and its seed, and the gain at which it is looked at."""

GROUP_BATCH = 64
"""Members computed at once: each holds its episodes."""


def tables_of(part: Part, settings: Challenge) -> tuple[Any, Bool[np.ndarray, "seeds"]]:
    """All pairs of a part, stacked, and which of them start where they were asked to."""
    pairs = []
    for seed in range(settings.seed, settings.seed + settings.seeds):
        game = IteratedMatrix(stage_of(part, seed), horizon=HORIZON, discount=settings.discount)
        policy = TablePolicy(game)
        played = SampledParametricGame(game, policy, MirroredWeights(0.0), episodes=PLAYED)
        drawn = policy.initials(seed, 2)
        pairs.append((played, (drawn[0], drawn[1]), np.asarray(seed, np.uint32)))
    tables = stack(pairs)
    if part.rate is None:
        return tables, np.ones(settings.seeds, bool)
    members = tables, np.zeros(settings.seeds)
    params, arrived = batch_map(_trained, members, np.asarray(part.rate), chunk_size=GROUP_BATCH)
    return (tables[0], params, tables[2]), np.asarray(arrived)


def forecasts_by_sampling(
    part: Part, tables: Any, trained: np.ndarray, settings: Challenge
) -> list[Forecast]:
    """From which gain on the first movement is positive, as estimated from episodes."""
    members = repeat(tables, settings.points), np.tile(settings.gains, settings.seeds)
    kernels = batch_map(_kernels, members, chunk_size=GROUP_BATCH)
    margins = products_of_means(kernels)[0].reshape(settings.seeds, settings.points)
    rates = batch_map(_rates, (tables, np.zeros(settings.seeds)), chunk_size=GROUP_BATCH)
    found = []
    for k, seed in enumerate(range(settings.seed, settings.seed + settings.seeds)):
        signs = margins[k] > 0
        found.append(
            Forecast(
                part=part.name,
                seed=seed,
                symmetric=seed % 2 == 0,
                threshold=even_threshold(stage_of(part, seed)),
                rates=tuple(float(x) for x in rates[k]),  # pyright: ignore[reportArgumentType]
                trained=bool(trained[k]),
                predicted=first_switch(settings.gains, margins[k]),
                roots=int(np.sum(signs[1:] != signs[:-1])),
            )
        )
    return found


def measured_by_sampling(
    part: Part, tables: Any, forecasts: Forecasts
) -> tuple[ChallengeTrial, ...]:
    """From which gain on mean cooperation has risen after learning from episodes."""
    settings, all_of_part = forecasts.settings, forecasts.of(part.name)
    chosen = np.flatnonzero([forecast.trained for forecast in all_of_part])
    if not len(chosen):
        return ()
    tables = jax.tree.map(lambda x: x[chosen] if eqx.is_array(x) else x, tables)
    members = repeat(tables, settings.points), np.tile(settings.gains, len(chosen))
    step_size = np.asarray(settings.step_size)
    changes = batch_map(_changes, members, settings.windows, step_size, chunk_size=GROUP_BATCH)
    changes = changes.reshape(len(chosen), settings.points, -1)
    return tuple(
        ChallengeTrial(
            all_of_part[k],
            tuple(first_switch(settings.gains, row[:, w]) for w in range(row.shape[1])),
        )
        for k, row in zip(chosen, changes, strict=True)
    )


def played_at_gain(member: Member) -> tuple[SampledParametricGame, Params, Array]:
    """The game at the member's gain, where learning starts, and the key of its seed."""
    (game, start, seed), gain = member
    game = eqx.tree_at(lambda g: g.transparency.coupling, game, gain)
    return game, start, jax.random.key(seed, impl=KEYS_OF)


def chance(key: Any, purpose: str) -> Any:
    """The key of a seed for one of the uses of chance."""
    return jax.random.fold_in(key, CHANCE[purpose])


def frequencies(
    game: SampledParametricGame, params: Params, key: Any, episodes: int = LOOKS
) -> Float[RealArray, "players"]:
    """How often everyone cooperates, as payoffs count steps."""
    uniforms = episode_uniforms(game.game, key, episodes, game.dtype)
    happened = jnp.asarray(game.played(params, uniforms).events[COOPERATION], float).mean(axis=1)
    return jnp.asarray(game.game.episode.shares()) @ happened


def _kernels(member: Member) -> Float[Array, "groups groups"]:
    game, start, key = played_at_gain(member)
    each_step = each_step_of(COOPERATION, game.game)
    found = grouped(game, start, chance(key, "predicting"), LOOKS // PARTED, each_step)
    return kernels_of(found).sum(axis=(0, 1))


def _rates(member: Member) -> Float[RealArray, "players"]:
    game, start, key = played_at_gain(member)
    return frequencies(game, start, chance(key, "rates"))


def _changes(
    member: Member, windows: tuple[int, ...], step_size: RealArray
) -> Float[Array, "windows"]:
    """By how much mean cooperation has changed after every window, by the same chance."""
    game, start, key = played_at_gain(member)
    learning, measuring = chance(key, "learning"), chance(key, "measuring")

    def step(t: Array, params: Params) -> Params:
        moves = game.selfish_gradients(params, jax.random.fold_in(learning, t))
        return jax.tree.map(lambda x, d: x + step_size * d, params, moves)

    def now(params: Params) -> RealArray:
        return frequencies(game, params, measuring).mean()

    ends = jnp.asarray(windows)

    def window(carry: tuple[Params, Array], end: Array) -> tuple[tuple[Params, Array], RealArray]:
        params = jax.lax.fori_loop(carry[1], end, step, carry[0])
        return (params, end), now(params)

    params = jax.tree.map(lambda x: jnp.asarray(x, float), start)
    _, after = jax.lax.scan(window, (params, jnp.zeros_like(ends[0])), ends)
    return jnp.asarray(after - now(start))


def _trained(member: Member, rate: RealArray) -> tuple[Params, Array]:
    """Where both cooperate no more often than asked after selfish learning, and whether they do.

    Everyone takes steps while it cooperates more often in the episodes of the step.
    """
    game, start, key = played_at_gain(member)
    key = chance(key, "training")
    start = jax.tree.map(lambda x: jnp.asarray(x, float), start)

    def step(carry: tuple[Params, Array, Array]) -> tuple[Params, Array, Array]:
        params, count, _ = carry
        now = jax.random.fold_in(key, count)
        above = jnp.asarray(frequencies(game, params, now, PLAYED) > rate)
        moves = game.selfish_gradients(params, now)
        params = tuple(
            jax.tree.map(lambda x, d, k=k: x + TRAINING_STEP * above[k] * d, own, moves[k])
            for k, own in enumerate(params)
        )
        return params, count + 1, ~above.any()

    def goes_on(carry: tuple[Params, Array, Array]) -> Array:
        return (carry[1] < LONGEST_SAMPLED_TRAINING) & ~carry[2]

    begin = start, jnp.asarray(0), jnp.asarray(False)
    params, _, arrived = jax.lax.while_loop(goes_on, step, begin)
    return params, jnp.asarray(arrived)
