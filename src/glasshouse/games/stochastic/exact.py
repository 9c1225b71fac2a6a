"""Games in steps through all their states: chance enumerated, players followed exactly."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import Numbers, Whole, number_within, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import Readable
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import (
    MOST_STEPS_PLAYED,
    AbstractStochasticGame,
    Observation,
    State,
    stacked_states,
)
from glasshouse.games.stochastic.league import StepLeague, check_two_seats, players_named
from glasshouse.games.stochastic.players import AbstractPlayer

MOST_CASES = 200_000_000
"""States × joint actions × cases of chance that are gone through."""

CASES_AT_ONCE = 1 << 20


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Transitions(Readable):
    """All that can happen in a game in steps.

    **Arguments:** `game`, its name; `start`, how likely an episode begins in each state;
    `rewards`, what is expected to be paid, for each state and joint action; `moves`, a sparse
    matrix from pairs of state and joint action, the action counting least, to states; `seen`, what
    players see of each state; `actions`, of each player.
    """

    game: str
    start: Float[np.ndarray, "states"]
    rewards: Float[np.ndarray, "pairs players"]
    moves: Any
    seen: Observation
    actions: tuple[int, ...]

    def mixes(self, player: AbstractPlayer, seat: int) -> Float[np.ndarray, "states actions"]:
        """What a player does in each state, from that seat.

        **Raises:** `InputError` for one that remembers more than it sees.
        """
        if player.remembers:
            raise InputError(
                f"a {type(player).__name__} remembers more than it sees, so that states of "
                f"{self.game} do not say what it does: let it play in samples"
            )
        return _mixes(player, jax.tree.map(lambda x: x[:, seat], self.seen))

    def payoffs(
        self,
        mixes: Sequence[Float[np.ndarray, "states actions"]],
        weights: Float[np.ndarray, "steps"],
    ) -> Float[np.ndarray, "players"]:
        """What each player is paid, each step counting as much as its weight says."""
        together = mixes[0]
        for own in mixes[1:]:
            together = (together[:, :, None] * own[:, None, :]).reshape(len(own), -1)
        reached, paid = self.start, np.zeros(self.rewards.shape[1])
        for weight in weights:
            taken = (reached[:, None] * together).ravel()
            paid = paid + weight * (taken @ self.rewards)
            reached = self.moves.T @ taken
        return paid

    def ceiling(self, weights: Float[np.ndarray, "steps"]) -> float:
        """What all could be paid on average if they did together what is best for all.

        They know the state and how many steps are left; nobody who sees less can do better.

        **Arguments:** `weights` of the steps of an episode, such as `game.episode.shares()`.
        """
        value = np.zeros(len(self.start))
        for weight in weights[::-1]:
            each = weight * self.rewards.mean(axis=1) + self.moves @ value
            value = each.reshape(len(value), -1).max(axis=1)
        return float(self.start @ value)


@in_float64
def transitions(game: AbstractStochasticGame) -> Transitions:
    """All that can happen in a game whose states are counted, every case of chance gone through.

    **Raises:** `InputError` where states are not counted, or where there is too much of it.
    **Cost:** states × joint actions × cases of chance.

        from glasshouse.games.stochastic import CoinGame, transitions

        print(transitions(CoinGame()).moves.shape)  # (23328, 1458)
    """
    from scipy import sparse  # takes as long to import as half of glasshouse

    states = stacked_states(game, "an exact value")
    joint = np.array(list(itertools.product(*(range(k) for k in game.actions))), np.int32)
    first = jax.tree.map(lambda x: x[0], states)
    cases = int(jax.eval_shape(game.branches, first, jnp.asarray(joint[0])).weights.shape[0])
    pairs = len(joint) * math.prod(jax.tree.leaves(states)[0].shape[:1])
    if pairs * cases > MOST_CASES:
        raise InputError(
            f"{game.name} has {pairs * cases:.2g} cases of states, actions and chance, and at most "
            f"{MOST_CASES:.2g} are gone through: take a smaller one, or play it in samples"
        )
    beginnings = game.beginnings()
    begun = np.asarray(_begun(game, beginnings.uniforms))
    start = np.bincount(begun, np.asarray(beginnings.weights), pairs // len(joint))
    size = min(pairs, max(1, CASES_AT_ONCE // cases))
    parts, paid = [], []
    for begin in range(0, pairs, size):
        asked = np.minimum(np.arange(begin, begin + size), pairs - 1)
        found = _happening(game, asked // len(joint), joint[asked % len(joint)])
        targets, weights, rewards = (np.asarray(x)[: pairs - begin] for x in found)
        rows, columns = np.nonzero(weights)
        parts.append((weights[rows, columns], rows + begin, targets[rows, columns]))
        paid.append(rewards)
    weights, origins, targets = (np.concatenate(x) for x in zip(*parts, strict=True))
    moves = sparse.csr_array((weights, (origins, targets)), shape=(pairs, len(start)))
    seen = jax.tree.map(np.asarray, _observed(game, states))
    return Transitions(game.name, start, np.concatenate(paid), moves, seen, game.actions)


def exact_payoffs(
    game: AbstractStochasticGame,
    line_up: Sequence[Any],
    *,
    horizon: Whole | None = None,
    discount: Numbers = 1.0,
) -> Float[np.ndarray, "players"]:
    """What each player of a line-up is paid per step, exactly.

    Definition: E Σ_t γ^t r_i,t / Σ_t γ^t over T steps from the beginning.

    **Arguments:** `line_up`, a player or the name of a script for each seat; `horizon` T, by
    default the game's; `discount` γ, by default 1: the mean over steps.
    **Raises:** `InputError` as `transitions`, and for players who remember more than they see.

        from glasshouse.games.stochastic import CoinGame, exact_payoffs

        print(exact_payoffs(CoinGame(), ["allc", "alld"]).round(4))  # [-0.266   0.6369]
    """
    named = players_named(game, {str(k): player for k, player in enumerate(line_up)})
    if len(named) != game.players:
        raise InputError(f"a line-up of {game.name} has {game.players} players, not {len(named)}")
    weights = step_weights(game, horizon, discount)
    every = transitions(game)
    return every.payoffs([every.mixes(x, k) for k, x in enumerate(named.values())], weights)


def exact_league(
    game: AbstractStochasticGame,
    players: Mapping[str, Any] | Sequence[str],
    *,
    horizon: Whole | None = None,
    discount: Numbers = 1.0,
) -> StepLeague:
    """What every pair of players is paid per step in both seats, exactly.

    **Arguments:** `players`, names of scripts, or players and scripts by the names they get here;
    `horizon`, by default the game's; `discount`, by default 1: the mean over steps, which papers
    report.
    **Raises:** `InputError` as `exact_payoffs`, and for games not of two players.
    **Cost:** all states once, and for each pair the transitions that have a probability, once a
    step.

        from glasshouse.games.stochastic import CoinGame, exact_league

        found = exact_league(CoinGame(), ["allc", "alld", "random"])
        print([round(x, 4) for x in found.of("allc", "alld")])  # [-0.266, 0.6369]
    """
    check_two_seats(game)
    named = players_named(game, players)
    weights = step_weights(game, horizon, discount)
    every = transitions(game)
    by_seat = [[every.mixes(x, seat) for x in named.values()] for seat in (0, 1)]
    payoffs = np.array([[every.payoffs((x, y), weights) for y in by_seat[1]] for x in by_seat[0]])
    detail = f"all {len(every.start)} states of {game.name}, every case of chance"
    return StepLeague(
        game.name, tuple(named), payoffs, np.zeros_like(payoffs), len(weights),
        float(np.asarray(discount)), 0, 0, "numerical", detail,
    )  # fmt: skip


def step_weights(
    game: AbstractStochasticGame, horizon: Whole | None, discount: Numbers
) -> Float[np.ndarray, "steps"]:
    """How much each step counts in payoffs per step."""
    steps = whole(game.horizon if horizon is None else horizon, "horizon", most=MOST_STEPS_PLAYED)
    powers = float(number_within(discount, "discount", most=1.0)) ** np.arange(steps)
    return powers / powers.sum()


@eqx.filter_jit
def _begun(game: AbstractStochasticGame, rows: Float[Array, "cases draws"]) -> Array:
    return jax.vmap(lambda row: game.index(game.begin(row)))(rows)


@eqx.filter_jit
def _observed(game: AbstractStochasticGame, states: State) -> Observation:
    return jax.vmap(game.observe)(states)


@eqx.filter_jit
def _happening(
    game: AbstractStochasticGame,
    states: Int[RealArray, "pairs"],
    actions: Int[RealArray, "pairs players"],
) -> tuple[Int[Array, "pairs cases"], Float[Array, "pairs cases"], Float[Array, "pairs players"]]:
    """Where each case of chance leads, how likely it is, and what is expected to be paid."""

    def one(index: Array, actions: Array) -> tuple[Array, Array, Array]:
        state = game.state_at(index)
        chance = game.branches(state, actions)
        moved, paid, _ = jax.vmap(lambda row: game.advance(state, actions, row))(chance.uniforms)
        return jax.vmap(game.index)(moved), chance.weights, chance.weights @ paid

    return jax.vmap(one)(jnp.asarray(states), jnp.asarray(actions))


@in_float64
def _mixes(player: AbstractPlayer, seen: Observation) -> Any:
    return _mixing(player, seen)


@eqx.filter_jit
def _mixing(player: AbstractPlayer, seen: Observation) -> Float[Array, "states actions"]:
    return jnp.exp(jax.vmap(lambda row: player.log_mix(player.begin(), row)[0])(seen))
