"""What every game in steps offers: a state, how it moves, and what each player sees of it."""

import abc
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, TypeAlias, TypedDict

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from glasshouse._foundation.arrays import NotRealError, RealArray, as_array
from glasshouse._foundation.declared import AbstractDeclared, Key
from glasshouse._foundation.final import final_unless_abstract
from glasshouse._foundation.numbers import Numbers, Whole, number_within, whole
from glasshouse._foundation.random import key_uniforms
from glasshouse._foundation.results import described
from glasshouse.errors import InputError

State: TypeAlias = PyTree
"""Where a game stands: arrays of whole numbers."""

Events: TypeAlias = dict[str, Float[Array, "players"]]
"""What happened in a step to each player, by name: 1 where it did."""

ENDINGS = ("truncated", "ended")
"""What the end of an episode means: it was only cut off there, or nothing comes after."""

MOST_STEPS_PLAYED = 100_000
"""Steps of an episode, at most."""

OWN, SHARED_REWARDS = "own", "shared"
"""Who gets what a player is paid: itself, or all of them together."""

EPISODE_KEYS: Mapping[str, Key] = {
    "horizon": Key("Steps of an episode.", 50, int, symbol="T", least=1, most=MOST_STEPS_PLAYED),
    "discount": Key("γ, the discount of a step.", 0.96, symbol="γ", least=0, most=1),
    "ending": Key(
        'What its end means: "truncated", cut off there, or "ended", nothing comes after.',
        "truncated",
        ENDINGS,
    ),
    "rewards": Key(
        'Who gets what a player is paid: "own", itself, or "shared", all of them together.',
        OWN,
        (OWN, SHARED_REWARDS),
    ),
}
"""What all games in steps take in study files."""


class EpisodeSettings(TypedDict, total=False):
    """What all games in steps take beside their own settings; see `Episode`."""

    horizon: Whole
    discount: Numbers
    ending: str
    rewards: Any


class Cases(NamedTuple):
    """All that chance can do: which random numbers stand for each case, and how likely it is.

    **Arguments:** `uniforms`, a row for each case; `weights`, which sum to 1; a case of weight 0
    may be any.
    """

    uniforms: Float[Array, "cases draws"]
    weights: Float[Array, "cases"]


class Observation(NamedTuple):
    """What players see of a state.

    **Arguments:** `features`, a row of numbers for each player, its own things first;
    `situations`, the same as a number from 0 on, or None where there are too many.
    """

    features: Float[Array, "*batch players features"]
    situations: Int[Array, "*batch players"] | None

    def of(self, player: int) -> "Observation":
        """What one player sees."""
        situations = None if self.situations is None else self.situations[player]
        return Observation(self.features[player], situations)


class Episode(eqx.Module):
    """How long a game is played, and what its payments count.

    **Arguments:** `players`, how many; `horizon` T ≥ 1, steps, by default 50; `discount` γ in
    [0, 1], by default .96; `ending`, "truncated" (an estimate of what would come after is fair) or
    "ended" (it is 0); `rewards`, "own", "shared" (everybody gets the sum), or a matrix W whose row
    i says how much player i gets of each player's payment.
    **Raises:** `InputError` for what cannot be.
    """

    horizon: int = eqx.field(static=True)
    discount: float = eqx.field(static=True)
    ending: str = eqx.field(static=True)
    weights: tuple[tuple[float, ...], ...] | None = eqx.field(static=True)

    __pdoc__ = described

    def __init__(
        self,
        players: int,
        horizon: Whole = 50,
        discount: Numbers = 0.96,
        ending: str = ENDINGS[0],
        rewards: Any = OWN,
    ):
        self.horizon = whole(horizon, "horizon", least=1, most=MOST_STEPS_PLAYED)
        self.discount = float(number_within(discount, "discount", most=1.0))
        if ending not in ENDINGS:
            raise InputError(
                f"ending={ending!r:.40} must be 'truncated', cut off by the horizon, or 'ended', "
                "after which nothing comes"
            )
        self.ending = ending
        self.weights = _weights(rewards, players)

    def shares(self) -> Float[np.ndarray, "steps"]:
        """γ^t over their sum: how much each step counts in payoffs per step."""
        powers = self.discount ** np.arange(self.horizon, dtype=np.float64)
        return powers / powers.sum()


class AbstractStochasticGame(AbstractDeclared, eqx.Module):
    """A game in steps: pure functions of a state, everyone's actions and uniform random numbers.

    Every random choice takes one uniform number, so that chance can be enumerated: `branches` says
    which numbers stand for its cases. Nothing restarts inside `step`, and the horizon belongs to
    who plays: a state does not know what time it is.
    """

    episode: eqx.AbstractVar[Episode]

    words: ClassVar[str]
    """What it is called in sentences."""
    scripts: ClassVar[Mapping[str, Callable[..., Any]]] = MappingProxyType({})
    """Players that it has names for beside "random", made from the game and settings."""

    __pdoc__ = described
    __init_subclass__ = final_unless_abstract

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """What it is, and its version, as in "coin-game-single-v0": another one, another game."""

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """What it is called in reports and figures."""

    @property
    @abc.abstractmethod
    def actions(self) -> tuple[int, ...]:
        """How many actions each player has."""

    @property
    @abc.abstractmethod
    def action_names(self) -> tuple[str, ...]:
        """What the actions are called; those of the first player, where others' differ."""

    @property
    @abc.abstractmethod
    def features(self) -> int:
        """How many numbers a player sees."""

    @property
    @abc.abstractmethod
    def situations(self) -> int | None:
        """How many different things a player can see; None where they are not counted."""

    @property
    @abc.abstractmethod
    def states(self) -> int | None:
        """How many states there are; None where they are not counted."""

    @property
    @abc.abstractmethod
    def draws(self) -> tuple[int, int]:
        """How many uniform numbers a beginning takes, and how many a step."""

    @abc.abstractmethod
    def begin(self, uniforms: Float[Array, "draws"]) -> State:
        """A first state."""

    @abc.abstractmethod
    def move(
        self, state: State, actions: Int[Array, "players"], uniforms: Float[Array, "draws"]
    ) -> tuple[State, Float[Array, "players"], Events]:
        """The next state, what each player is paid by itself, and what happened."""

    @abc.abstractmethod
    def observe(self, state: State) -> Observation:
        """What each player sees, its own things first; whatever the precision in use."""

    @abc.abstractmethod
    def beginnings(self) -> Cases:
        """All that chance can do at the beginning."""

    @abc.abstractmethod
    def branches(self, state: State, actions: Int[Array, "players"]) -> Cases:
        """All that chance can do in a step, always as many cases."""

    @abc.abstractmethod
    def index(self, state: State) -> Int[Array, ""]:
        """The number of a state, from 0 on."""

    @abc.abstractmethod
    def state_at(self, index: Int[Array, ""]) -> State:
        """The state of that number."""

    @classmethod
    @abc.abstractmethod
    def example(cls) -> "AbstractStochasticGame":
        """A small instance, for tests and documentation."""

    @property
    def players(self) -> int:
        """How many players there are."""
        return len(self.actions)

    @property
    def horizon(self) -> int:
        """How many steps an episode has."""
        return self.episode.horizon

    @property
    def discount(self) -> float:
        """γ, the discount of a step."""
        return self.episode.discount

    @property
    def ending(self) -> str:
        """What the end of an episode means: "truncated" or "ended"."""
        return self.episode.ending

    def reset(self, key: PRNGKeyArray) -> State:
        """A first state, drawn."""
        return self.begin(key_uniforms(key, self.draws[0]))

    def step(
        self, state: State, actions: Int[RealArray, "players"], key: PRNGKeyArray
    ) -> tuple[State, Float[Array, "players"], Events]:
        """The next state, what everyone gets and what happened, drawn."""
        return self.advance(state, jnp.asarray(actions), key_uniforms(key, self.draws[1]))

    def advance(
        self, state: State, actions: Int[Array, "players"], uniforms: Float[Array, "draws"]
    ) -> tuple[State, Float[Array, "players"], Events]:
        """The next state, what everyone gets once payments are shared, and what happened."""
        moved, paid, events = self.move(state, actions, uniforms)
        # Sums of small integers are wider ones in 64 bits: a state keeps the types it has.
        state = jax.tree.map(lambda new, old: jnp.asarray(new, old.dtype), moved, state)
        # Payments may be whole numbers, or wider than play by a setting of the game.
        paid, events = jax.tree.map(lambda x: jnp.asarray(x, uniforms.dtype), (paid, events))
        weights = self.episode.weights
        return state, paid if weights is None else jnp.asarray(weights, paid.dtype) @ paid, events


def pick(uniform: Float[Array, ""], count: Int[Array, ""] | int) -> Int[Array, ""]:
    """One of so many, all alike, by a uniform number."""
    # A number so near to 1 that the product rounds up would be one too many.
    return jnp.minimum(jnp.floor(uniform * count).astype(jnp.int32), count - 1)


def count_digits(radices: Sequence[int]) -> int | None:
    """How many numbers have such digits; None where they would not fit 32 bits."""
    found = math.prod(radices)
    return found if found < 2**31 else None


def of_digits(digits: Sequence[Int[Array, ""]], radices: Sequence[int]) -> Int[Array, ""]:
    """The number that digits of these radices make, the first counting most."""
    number = jnp.zeros_like(digits[0], jnp.int32)
    for digit, radix in zip(digits, radices, strict=True):
        number = number * radix + digit.astype(jnp.int32)
    return number


def in_digits(number: Int[Array, ""], radices: Sequence[int]) -> list[Int[Array, ""]]:
    """The digits of these radices that make a number."""
    digits = []
    for radix in reversed(radices):
        digits.append((number % radix).astype(jnp.int32))
        number = number // radix
    return digits[::-1]


def only_case(draws: int) -> Cases:
    """Chance does nothing."""
    return Cases(jnp.full((1, draws), 0.5), jnp.ones(1))


def _weights(rewards: Any, players: int) -> tuple[tuple[float, ...], ...] | None:
    if isinstance(rewards, str) and rewards in (OWN, SHARED_REWARDS):
        return None if rewards == OWN else ((1.0,) * players,) * players
    try:
        matrix = np.asarray(as_array(rewards))
    except NotRealError as error:
        raise InputError(
            f"rewards={rewards!r:.40} must be 'own', 'shared' or a matrix: {error}"
        ) from error
    if matrix.shape != (players, players) or not np.all(np.isfinite(matrix)):
        raise InputError(
            f"rewards must be 'own', 'shared', or a matrix of {players} × {players} finite numbers "
            f"whose row i says how much player i gets of each one's payment, not {rewards!r:.60}"
        )
    return tuple(tuple(float(x) for x in row) for row in matrix)


def stacked_states(game: AbstractStochasticGame, purpose: str) -> State:
    """All states of a game, along a leading axis.

    **Raises:** `InputError` where they are not counted.
    """
    if game.states is None:
        raise InputError(
            f"{purpose} goes through all states, and those of {game.name} are not counted: "
            "play it in samples"
        )
    return jax.vmap(game.state_at)(jnp.arange(game.states, dtype=jnp.int32))
