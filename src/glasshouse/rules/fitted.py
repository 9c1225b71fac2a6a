"""Seeing the others through what they did: parameters fitted to some episodes of play."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.random import key_words
from glasshouse.channels.full import Full
from glasshouse.errors import InputError
from glasshouse.games.behaviour import own_frame
from glasshouse.games.repeated import is_repeated
from glasshouse.parametric.capabilities import AbstractDense
from glasshouse.parametric.dense import DenseGame
from glasshouse.parametric.protocol import AbstractParametricGame, Params, RandomKey
from glasshouse.rules.base import ANEW
from glasshouse.rules.views import AbstractView
from glasshouse.semantics.logistic import Logistic
from glasshouse.semantics.states import matching_rows

HALF_SEEN = 0.5
"""For how many times an action counts that was never seen: its logit stays finite."""

LONGEST_EPISODE = 100_000
"""Of an episode, however near to 1 the discount is."""

MOST_EPISODES = 1_000_000
"""That a player may look at before a step."""


class FittedView(AbstractView):
    """The most likely parameters of the other after some episodes, played anew before every step.

    Definition: all play N episodes by their true behaviour, each going on after a round with
    probability γ. In each state the frequencies of the other's actions are the most likely
    probabilities; an action never seen there counts as half seen, so that logits are finite and a
    state never visited means ½. From them follows θ_j for who knows the semantics and its own θ_i.
    Both look at the same episodes; slips count as meant. Rest is judged as if they saw the truth.

    **Arguments:** `episodes` N.
    **Raises:** `InputError` for numbers that cannot be, and but for two players of logistic
    semantics who see each other fully.
    **Cost:** N random numbers and table look-ups for each round of the longest episode.
    """

    episodes: int = eqx.field(static=True)

    words: ClassVar[str] = "play"
    study_name: ClassVar[str] = "fitted"
    listed: ClassVar[int] = 3
    keys: ClassVar[Mapping[str, Key]] = {
        "episodes": Key(
            "How many episodes are played before every step; default 16.",
            16,
            int,
            least=1,
            most=MOST_EPISODES,
        )
    }

    def __init__(self, episodes: Whole = 16):
        self.episodes = whole(episodes, "episodes", least=1, most=MOST_EPISODES)

    @property
    def draws(self) -> str:
        return ANEW

    def begin(self, game: AbstractParametricGame, params: Params, key: RandomKey) -> Any:
        if not (
            isinstance(game, AbstractDense)
            and isinstance(game.semantics, Logistic)
            and isinstance(game.channel, Full)
            and game.players == 2
        ):
            raise InputError(
                "parameters are fitted to play where two players of logistic semantics see each "
                f"other fully, which this {type(game).__name__} is not: take NoisyView or NoView"
            )

    def look(
        self, game: AbstractParametricGame, params: Params, drawn: Any, key: RandomKey = None
    ) -> tuple[Params, ...]:
        if key is None:
            return (params,) * len(params)
        dense = cast(DenseGame, game)
        counts = _seen(dense, params, self.episodes, key)
        first, second = (_fitted(dense, taken, params[1 - i], i) for i, taken in enumerate(counts))
        return (params[0], second), (first, params[1])

    @classmethod
    def example(cls) -> "FittedView":
        return cls(4)


def _fitted(game: DenseGame, taken: Array, read: Array, player: int) -> Array:
    """The most likely parameters of a player who took its actions so often."""
    counts = jnp.maximum(taken, HALF_SEEN)
    logits = jnp.log(counts[:, :-1]) - jnp.log(counts[:, -1:])
    return game.spaces[player].project(_explained(game, logits, read, player))


def _explained(game: DenseGame, logits: Array, read: Array, player: int) -> Array:
    """The parameters that give a player these logits, in which it reads the other's."""
    semantics = cast(Logistic, game.semantics)
    theirs = jnp.reshape(jnp.asarray(read), (len(logits), -1))[:, : logits.shape[1]]
    if semantics.reading == "state":
        theirs = theirs[matching_rows(semantics.actions, player, 1 - player)]
    if theirs.shape[1] < logits.shape[1]:
        theirs = jnp.pad(theirs, ((0, 0), (0, logits.shape[1] - theirs.shape[1])))
    own = logits - semantics.weight(player, 1 - player) * theirs
    shape = np.shape(game.spaces[player].lower)
    return jnp.reshape(own / semantics.weight(player, player), shape)


def _seen(
    game: DenseGame, params: Params, episodes: int, key: Any
) -> tuple[Float[Array, "states actions"], ...]:
    """How often each player took each action in each of its states."""
    played, behaviours = game.game, game.behaviours(params)
    players = range(game.players)
    rows, going_on = _play(played, [behaviours[i] for i in players])
    counts = _counted(rows, going_on, episodes, key)
    mixes = counts.reshape(len(counts), *played.actions)
    each = []
    for player in players:
        taken = mixes.sum(axis=tuple(1 + i for i in players if i != player))
        frame = np.argsort(own_frame(played.actions, player)) if len(taken) > 1 else [0]
        each.append(taken[np.asarray(frame)])
    return tuple(each)


def _play(game: Any, mixes: list[Any]) -> tuple[Float[Array, "states profiles"], Any]:
    """The distribution of joint actions in each state, in the order of player 1, and γ."""
    if is_repeated(game):
        return game.joint(mixes), game.discount
    joint = jnp.ones((1, 1))
    for mix in mixes:
        joint = (joint[:, :, None] * mix[None, None, :]).reshape(1, -1)
    return joint, 0.0


def _counted(
    rows: Float[Array, "states profiles"], going_on: Any, episodes: int, key: Any
) -> Float[Array, "states profiles"]:
    """How often each joint action was taken in each state, in all episodes together.

    Of each round and episode two words of 32 bits are drawn: for what is done, and for whether it
    goes on. Sums over episodes, not scatters: in a batch these are computed one by one.
    """
    limits, (states, profiles) = jnp.cumsum(rows, axis=1)[:, :-1], rows.shape

    def is_played(carry: tuple) -> Array:
        return jnp.any(carry[1]) & (carry[3] < LONGEST_EPISODE)

    def played(carry: tuple) -> tuple:
        where, alive, counts, taken = carry
        words = key_words(jax.random.fold_in(key, taken), episodes)
        first, second = (words[:, k].astype(rows.dtype) * 2.0**-32 for k in (0, 1))
        done = jnp.sum(first[:, None] >= limits[where], axis=1)
        one = jax.nn.one_hot(where * profiles + done, states * profiles, dtype=rows.dtype)
        counts = counts + jnp.sum(jnp.where(alive[:, None], one, 0.0), axis=0)
        onward = jnp.minimum(done + 1, states - 1)
        return onward, alive & (second < going_on), counts, taken + 1

    begin = (
        jnp.zeros(episodes, dtype=int),
        jnp.ones(episodes, dtype=bool),
        jnp.zeros(states * profiles, dtype=rows.dtype),
        jnp.asarray(0),
    )
    return jax.lax.while_loop(is_played, played, begin)[2].reshape(states, profiles)
