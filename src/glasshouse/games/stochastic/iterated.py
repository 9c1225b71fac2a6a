"""A matrix game played again and again, in samples: each remembers what all did last."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Unpack

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.declared import Key
from glasshouse.errors import InputError
from glasshouse.games.behaviour import count_states, own_frame
from glasshouse.games.labels import called
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.repeated import RepeatedGame
from glasshouse.games.stochastic.base import (
    EPISODE_KEYS,
    AbstractStochasticGame,
    Cases,
    Episode,
    EpisodeSettings,
    Events,
    Observation,
    only_case,
)
from glasshouse.games.stochastic.players import AbstractPlayer, TablePlayer, always
from glasshouse.games.strategies import STRATEGIES, strategy


def _remembering(name: str, game: "IteratedMatrix", **settings: Any) -> AbstractPlayer:
    """A strategy of repeated games, by what happened in the last round."""
    count = game.actions[0]
    if name == "tft" and game.actions == (count, count) and not settings:
        return TablePlayer(np.eye(count)[[0, *np.tile(np.arange(count), count)]])
    if game.actions != (2, 2):
        raise InputError(
            f"the script {name!r} is of games of two players with two actions: take 'allc', 'alld' "
            f"or 'random', or give a row of probabilities for each of {game.situations} situations"
        )
    rows = strategy(name, RepeatedGame(game.stage, game.discount), **settings)
    return TablePlayer(np.stack([rows, 1 - rows], axis=1))


class IteratedMatrix(AbstractStochasticGame):
    """A stage game round after round; a player sees what all did in the last one, itself first.

    A player's situations are those of a `RepeatedGame`: the start, then the joint actions of the
    last round, with two players and two actions CC, CD, DC, DD. Nothing is left to chance but what
    players draw.

    **Arguments:** `stage`, a game in normal form; `horizon`, rounds of an episode, `discount` γ,
    `ending` and `rewards` as in `Episode`.
    **Raises:** `InputError` for what cannot be.

        import glasshouse as gh
        from glasshouse.games.stochastic import IteratedMatrix

        game = IteratedMatrix(gh.load_game("prisoners_dilemma"), horizon=50)
        print(game.name, game.situations)  # iterated-matrix-v0 5
    """

    stage: NormalFormGame
    episode: Episode

    words: ClassVar[str] = "an iterated matrix game"
    study_name: ClassVar[str] = "iterated"
    listed: ClassVar[int] = 1
    keys: ClassVar[Mapping[str, Key]] = EPISODE_KEYS
    section: ClassVar[str] = "glasshouse.study.training.environments:IteratedSection"
    scripts: ClassVar[Mapping[str, Callable[..., AbstractPlayer]]] = {
        **{name: functools.partial(_remembering, name) for name in STRATEGIES if name != "random"},
        "allc": lambda game: always(game, 0),
        "alld": lambda game: always(game, -1),
    }

    def __init__(self, stage: NormalFormGame, **episode: Unpack[EpisodeSettings]):
        if not isinstance(stage, NormalFormGame):
            raise InputError(
                f"the stage of an iterated game is a game in normal form, not "
                f"{type(stage).__name__}"
            )
        self.stage = stage
        self.episode = Episode(len(stage.actions), **episode)

    @property
    def name(self) -> str:
        return "iterated-matrix-v0"

    @property
    def title(self) -> str:
        return f"Iterated {self.stage.title}"

    @property
    def actions(self) -> tuple[int, ...]:
        return self.stage.actions

    @property
    def action_names(self) -> tuple[str, ...]:
        return called(self.stage.action_names[0], "action")

    @property
    def features(self) -> int:
        return count_states(self.actions)

    @property
    def situations(self) -> int:
        return count_states(self.actions)

    @property
    def states(self) -> int:
        return count_states(self.actions)

    @property
    def draws(self) -> tuple[int, int]:
        return 0, 0

    def begin(self, uniforms: Float[Array, "draws"]) -> Int[Array, ""]:
        return jnp.zeros((), jnp.int32)

    def move(
        self,
        state: Int[Array, ""],
        actions: Int[Array, "players"],
        uniforms: Float[Array, "draws"],
    ) -> tuple[Int[Array, ""], Float[Array, "players"], Events]:
        strides = np.cumprod([1, *self.actions[:0:-1]])[::-1].astype(np.int32)
        joint = jnp.sum(actions.astype(jnp.int32) * strides)
        paid = jnp.asarray(self.stage.tensor, dtype=uniforms.dtype)
        table = paid.reshape(self.players, -1)
        first = (actions == 0).astype(paid.dtype)
        return joint + 1, table[:, joint], {"cooperation": first}

    def observe(self, state: Int[Array, ""]) -> Observation:
        frames = np.stack([own_frame(self.actions, i) for i in range(self.players)])
        seen = jnp.asarray(frames.astype(np.int32))[:, state]
        return Observation(jax.nn.one_hot(seen, self.features), seen)

    def beginnings(self) -> Cases:
        return only_case(0)

    def branches(self, state: Int[Array, ""], actions: Int[Array, "players"]) -> Cases:
        return only_case(0)

    def index(self, state: Int[Array, ""]) -> Int[Array, ""]:
        return state

    def state_at(self, index: Int[Array, ""]) -> Int[Array, ""]:
        return jnp.asarray(index, jnp.int32)

    @classmethod
    def example(cls) -> "IteratedMatrix":
        stage = NormalFormGame([[[-1.0, -3.0], [0.0, -2.0]], [[-1.0, 0.0], [-3.0, -2.0]]])
        return cls(stage, horizon=8)
