"""A commons: a stock that grows back, if enough of it is left."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Unpack

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Numbers, Whole, not_negative, number_within, whole
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import (
    EPISODE_KEYS,
    AbstractStochasticGame,
    Cases,
    Episode,
    EpisodeSettings,
    Events,
    Observation,
)
from glasshouse.games.stochastic.players import AbstractPlayer, always

CAPACITY = 12
"""The largest stock, and the first."""

MOST_SHARERS = 64
"""Players of a commons, at most."""


class Commons(AbstractStochasticGame):
    """Players take from a stock of 0 … 12 that grows back, restrained (0) or exploiting (1).

    Definition: with demands d_i = takes[a_i] / players, D = Σ d_i and stock s, player i is paid
    d_i min(1, s / D). What is left, r = s - min(D, s), grows to x = min(12, r + g r (1 - r/12)).
    The next stock is x rounded up with the probability of its fraction, by the step's only draw,
    and down otherwise. Stock 0 stays 0.

    **Arguments:** `players`; `takes`, what all together want, all restrained and all exploiting;
    `growth` g; `horizon`, `discount`, `ending` and `rewards` as in `Episode`.
    **Raises:** `InputError` for what cannot be.
    **Source:** logistic growth with a proportional share: Gordon 1954, Clark 1990; the numbers are
    chosen here, so that exploiting those who restrain themselves pays, and all are worst off when
    all exploit.

        from glasshouse.games.stochastic import Commons, exact_payoffs

        print(exact_payoffs(Commons(), ["restrain", "exploit"]).round(3))  # [0.115 0.461]
    """

    episode: Episode
    takes: Float[RealArray, "2"]
    growth: Float[RealArray, ""]
    sharers: int = eqx.field(static=True)

    words: ClassVar[str] = "a commons"
    study_name: ClassVar[str] = "commons"
    listed: ClassVar[int] = 3
    keys: ClassVar[Mapping[str, Key]] = {
        "players": Key("How many take from it.", 2, int, least=1, most=MOST_SHARERS),
        **EPISODE_KEYS,
        "takes": Key(
            "What all together want, restrained and exploiting.", [0.8, 3.2], several=True, least=0
        ),
        "growth": Key("g, how fast a small stock grows.", 0.5, symbol="g", least=0),
    }
    scripts: ClassVar[Mapping[str, Callable[..., AbstractPlayer]]] = {
        "restrain": lambda game: always(game, 0),
        "exploit": lambda game: always(game, 1),
    }

    def __init__(
        self,
        players: Whole = 2,
        *,
        takes: Any = (0.8, 3.2),
        growth: Numbers = 0.5,
        **episode: Unpack[EpisodeSettings],
    ):
        self.sharers = whole(players, "players", least=1, most=MOST_SHARERS)
        self.episode = Episode(self.sharers, **episode)
        self.takes = not_negative(takes, "takes", shapes=[(2,)])
        if isinstance(self.takes, np.ndarray) and not 0 < self.takes[0] < self.takes[1]:
            raise InputError(
                f"takes={takes!r:.40} must be positive, the restrained one the smaller"
            )
        self.growth = number_within(growth, "growth")

    @property
    def name(self) -> str:
        return "commons-v0"

    @property
    def title(self) -> str:
        return f"Commons of {self.sharers}"

    @property
    def action_names(self) -> tuple[str, ...]:
        return "restrain", "exploit"

    @property
    def actions(self) -> tuple[int, ...]:
        return (2,) * self.sharers

    @property
    def features(self) -> int:
        return CAPACITY + 1

    @property
    def situations(self) -> int:
        return CAPACITY + 1

    @property
    def states(self) -> int:
        return CAPACITY + 1

    @property
    def draws(self) -> tuple[int, int]:
        return 0, 1

    def begin(self, uniforms: Float[Array, "0"]) -> Int[Array, ""]:
        return jnp.asarray(CAPACITY, jnp.int32)

    def move(
        self,
        state: Int[Array, ""],
        actions: Int[Array, "players"],
        uniforms: Float[Array, "1"],
    ) -> tuple[Int[Array, ""], Float[Array, "players"], Events]:
        demands, share, grown = self._grown(state, actions, uniforms.dtype)
        whole_part = jnp.floor(grown)
        stock = whole_part + (uniforms[0] < grown - whole_part)
        exploits = (actions == 1).astype(uniforms.dtype)
        return stock.astype(jnp.int32), demands * share, {"exploits": exploits}

    def observe(self, state: Int[Array, ""]) -> Observation:
        one = jax.nn.one_hot(state, self.features)
        situations = jnp.broadcast_to(state, (self.sharers,))
        return Observation(jnp.broadcast_to(one, (self.sharers, self.features)), situations)

    def beginnings(self) -> Cases:
        return Cases(jnp.zeros((1, 0)), jnp.ones(1))

    def branches(self, state: Int[Array, ""], actions: Int[Array, "players"]) -> Cases:
        *_, grown = self._grown(state, actions, jnp.result_type(float))
        fraction = grown - jnp.floor(grown)
        uniforms = jnp.stack([fraction / 2, (1 + fraction) / 2])
        return Cases(uniforms[:, None], jnp.stack([fraction, 1 - fraction]))

    def index(self, state: Int[Array, ""]) -> Int[Array, ""]:
        return state

    def state_at(self, index: Int[Array, ""]) -> Int[Array, ""]:
        return jnp.asarray(index, jnp.int32)

    @classmethod
    def example(cls) -> "Commons":
        return cls(players=3, horizon=8)

    def _grown(
        self, state: Int[Array, ""], actions: Int[Array, "players"], dtype: Any
    ) -> tuple[Float[Array, "players"], Float[Array, ""], Float[Array, ""]]:
        """What players want, which share of it they get, and to what the rest grows."""
        demands = jnp.asarray(self.takes, dtype)[actions] / self.sharers
        stock, wanted = state.astype(dtype), demands.sum()
        left = jnp.maximum(stock - wanted, 0.0)
        grown = left + jnp.asarray(self.growth, dtype) * left * (1 - left / CAPACITY)
        return demands, jnp.minimum(1.0, stock / wanted), jnp.minimum(grown, float(CAPACITY))
