"""Gradients from episodes, taken apart by through whose behaviour they come, group by group."""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from glasshouse._foundation.arrays import RealArray, as_floats
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import Readable
from glasshouse.analysis.sampling.counted import EachStep, each_step_of
from glasshouse.analysis.sampling.estimates import TOLD_APART, mean_with_error
from glasshouse.dynamics.doors import check_params
from glasshouse.errors import InputError
from glasshouse.games.stochastic.episodes import episode_uniforms
from glasshouse.parametric import AbstractParametricGame, Params, require
from glasshouse.parametric.capabilities import needs_key
from glasshouse.parametric.observable import WELFARE
from glasshouse.parametric.protocol import RandomKey
from glasshouse.parametric.sampled import MOST_EPISODES_PLAYED, others_mean

PARTED = 32
"""Into so many groups episodes are divided, whose differences say how large the errors are."""

ESTIMATE_EPISODES = 4096
"""Episodes of an estimate."""


class Groups(NamedTuple):
    """Estimates from groups of episodes.

    **Arguments:** `frequencies`, what is asked about, per step, for each group; `steepest[i]`, in
    player i's parameters, its derivative; `through[i][j]`, the part of player i's selfish gradient
    that comes through the behaviour of player j; groups first.
    """

    frequencies: Float[Array, "groups"]
    steepest: tuple[PyTree, ...]
    through: tuple[tuple[PyTree, ...], ...]


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class SelfishParts(Readable):
    """Everybody's selfish gradient in two parts, each number with its standard error.

    **Arguments:** `own`, what it would be if nobody read: through one's own behaviour; `reading`,
    what comes through others' behaviour because they read one's parameters; `own_errors` and
    `reading_errors`; all like the parameters. `episodes` in `groups`.
    """

    own: Params
    own_errors: Params
    reading: Params
    reading_errors: Params
    episodes: int
    groups: int


@in_float64
def selfish_parts(
    game: AbstractParametricGame,
    params: Params,
    *,
    key: RandomKey,
    episodes: Whole = ESTIMATE_EPISODES,
) -> SelfishParts:
    """How much of everybody's selfish gradient is there only because others read its parameters.

    Definition: ∂U_i/∂θ_i = Σ_j E Σ_t G_i,t ∇_θi log π_j(a_j,t | o_j,t), G_i,t what i is still paid.
    j = i is its own part, the others are what being read adds.

    **Arguments:** `game`, one that plays episodes; `params`; `key`; `episodes`, a multiple of 32.
    **Returns:** `SelfishParts`, per step, in units of payoff per unit of parameter.
    **Raises:** `InputError` for another kind of game, without a key, and for params that do not
    fit.
    **Cost:** all episodes once, their probabilities differentiated players × players times.

        import glasshouse as gh
        import jax
        from glasshouse.analysis import selfish_parts
        from glasshouse.games.stochastic import IteratedMatrix
        from glasshouse.semantics.policies import MirroredWeights, TablePolicy

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=1)
        read = gh.SampledParametricGame(game, TablePolicy(game), MirroredWeights(0.5))
        parts = selfish_parts(read, read.neutral(), key=jax.random.key(0))
        print(parts.own[0][0].round(1), parts.reading[0][0].round(1))  # [-0.4] [0.4]
    """
    asked = ask(game, "selfish_parts", WELFARE, key, episodes)
    found = asked.groups(params, key)
    players = range(game.players)
    own, own_errors = _summed([found.through[i][i : i + 1] for i in players])
    others = [[x for j, x in enumerate(found.through[i]) if j != i] for i in players]
    reading, reading_errors = _summed(others)
    return SelfishParts(own, own_errors, reading, reading_errors, int(episodes), PARTED)


class Asked(NamedTuple):
    """A game that plays episodes, what is counted in them, and how many each group has."""

    game: Any
    counted: EachStep
    size: int

    def groups(self, params: Params, key: RandomKey) -> Groups:
        """Estimates from `PARTED` groups of episodes.

        **Raises:** `InputError` where params do not fit.
        """
        return grouped(self.game, check_params(self.game, params), key, self.size, self.counted)

    @property
    def how(self) -> str:
        """How it is estimated, in words."""
        return (
            f"{PARTED * self.size} episodes in {PARTED} groups, errors by leaving out one in turn, "
            f"signs beyond {TOLD_APART:g} standard errors"
        )


def ask(
    game: AbstractParametricGame,
    who: str,
    quantity: str | EachStep,
    key: RandomKey,
    episodes: Whole | None,
) -> Asked:
    """What is to be estimated, checked.

    **Raises:** `InputError` where the game plays no episodes, without a key, for no quantity, and
    where episodes are too few or do not fill all groups.
    """
    needs_key(game, key, who)
    plays = require(game, "episodes", who)
    count = ESTIMATE_EPISODES if episodes is None else episodes
    count = whole(count, "episodes", least=2 * PARTED, most=MOST_EPISODES_PLAYED)
    if count % PARTED:
        raise InputError(f"episodes={count} must be a multiple of {PARTED}, the groups of them")
    return Asked(plays, each_step_of(quantity, plays.game), count // PARTED)


@eqx.filter_jit
def grouped(game: Any, params: Params, key: Any, size: int, counted: EachStep) -> Groups:
    """Estimates from `PARTED` groups of so many episodes."""
    rows = episode_uniforms(game.game, key, PARTED * size, game.dtype)
    return jax.lax.map(
        lambda uniforms: _of_group(game, as_floats(params), uniforms, counted),
        rows.reshape(PARTED, size, -1),
    )


def _of_group(
    game: Any, params: Params, uniforms: Float[Array, "episodes draws"], counted: EachStep
) -> Groups:
    played = game.played(params, uniforms)
    shares = jnp.asarray(game.game.episode.shares(), game.dtype)[:, None]
    asked = shares * counted(played)
    _, pull_back = jax.vjp(lambda x: game.log_probabilities(x, played), params)
    size, players = uniforms.shape[0], range(game.players)
    onward = _still_to_come(asked[..., None])
    gains = _still_to_come(shares[..., None] * played.rewards)
    # One pass for what is asked, and one for each owner and reader: of what the reader does, only
    # what the owner is paid for it counts. Passes at once compile four times as fast as in turn.
    pairs = [(i, j) for i in players for j in players if i == j or game.transparency.reads]
    weights = [jnp.broadcast_to(onward, gains.shape)]
    weights += [jnp.zeros_like(gains).at[..., j].set(gains[..., i]) for i, j in pairs]
    (found,) = jax.vmap(pull_back)((jnp.stack(weights) / size).astype(game.dtype))
    steepest = tuple(jax.tree.map(lambda x: x[0], own) for own in found)
    through = tuple(
        tuple(
            jax.tree.map(lambda x, k=1 + pairs.index((i, j)): x[k], found[i])
            if (i, j) in pairs
            else jax.tree.map(jnp.zeros_like, params[i])
            for j in players
        )
        for i in players
    )
    return Groups(asked.sum(axis=0).mean(), steepest, through)


def _still_to_come(values: Array) -> Array:
    """What comes from each step on, less its mean over all other episodes."""
    onward = jnp.cumsum(values[::-1], axis=0)[::-1]
    return onward - others_mean(onward)


def kernels_of(found: Groups) -> Float[RealArray, "owners readers groups groups"]:
    """⟨∂m/∂θ_i of group b, the part of ∂U_i/∂θ_i through j of group c⟩, traced or not."""

    def rows(tree: PyTree) -> Float[Array, "groups numbers"]:
        leaves = [jnp.asarray(x, float) for x in jax.tree.leaves(tree)]
        return jnp.concatenate([x.reshape(len(x), -1) for x in leaves], axis=1)

    steepest = [rows(x) for x in found.steepest]
    each = [
        jnp.stack([steepest[i] @ rows(part).T for part in own])
        for i, own in enumerate(found.through)
    ]
    return jnp.stack(each)


def _summed(parts: Any) -> tuple[Params, Params]:
    """Sums over parts of each player, their means over groups and the errors of these."""

    def total(*leaves: Any) -> Any:
        return sum(np.moveaxis(np.asarray(x, np.float64), 0, -1) for x in leaves)

    sums = [jax.tree.map(total, *own) for own in parts]
    means, errors = (
        tuple(jax.tree.map(lambda x, k=k: mean_with_error(x)[k], own) for own in sums)
        for k in range(2)
    )
    return means, errors
