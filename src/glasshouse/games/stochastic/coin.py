"""The Coin Game: one's own coins pay, and so do the other's, which cost it twice as much."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, Unpack

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.declared import Key
from glasshouse._foundation.numbers import Whole, not_negative, whole
from glasshouse.errors import InputError, near_miss
from glasshouse.games.stochastic.base import (
    EPISODE_KEYS,
    AbstractStochasticGame,
    Cases,
    Episode,
    EpisodeSettings,
    Events,
    Observation,
    count_digits,
    in_digits,
    of_digits,
    pick,
)
from glasshouse.games.stochastic.players import AbstractPlayer
from glasshouse.games.stochastic.torus import distances_after, moved_by, offset

VARIANTS: Mapping[str, str] = {
    "single": "one coin, whose colour alternates; never under a player; four moves",
    "double": "a coin of each colour, drawn anywhere, also under a player; four moves",
    "double-stay": "as double, and a player may stay where it is",
}
"""Three games that papers call the Coin Game."""

LARGEST_GRID = 16
"""Cells a side, at most."""

COIN_ACTIONS = ("left", "right", "up", "down", "stay")

TIES = {
    "first": "the first of left, right, up, down, stay",
    "vertical": "the first of up, down, left, right, stay",
    "even": "each of them alike, drawn anew in every step",
}
"""Which of several moves that are as good a script makes."""

TAKERS = 4
"""Who took the last coin of a colour: nobody yet, one, the other, both."""


class Board(NamedTuple):
    """Where everything is: cells are numbered row by row.

    **Arguments:** `players`, their cells; `coins`, the one coin's cell, or that of each player's
    colour; `colour`, whose the one coin is, 0 where there are two; `last`, who took the last coin
    of each colour (bit 0, player 1; bit 1, player 2), all 0 in games that do not remember.
    """

    players: Int[Array, "2"]
    coins: Int[Array, "coins"]
    colour: Int[Array, ""]
    last: Int[Array, "2"]


class CoinGame(AbstractStochasticGame):
    """Two players on a torus of `grid` × `grid` cells collect coins of two colours.

    Who steps on a coin takes it and is paid its worth; if it is the other's colour, its owner loses
    twice that. Both may take it at once. A coin that was taken lies elsewhere in the next step.
    Variants: "single" (LOQA, POLA), "double" (M-FOS) and "double-stay" (pax); see `VARIANTS`.

    **Arguments:** `variant`; `grid`, cells a side; `worths` of the coins of each player's colour;
    `memory`, whether who took the last coin of each colour is seen; `egocentric`, whether places
    are seen as steps from oneself, and not as cells, which hold nothing more on a torus; `horizon`,
    `discount`, `ending` and `rewards` as in `Episode`.
    **Raises:** `InputError` for what cannot be.
    **Source:** Lerer & Peysakhovich 2017; Aghajohari et al. 2024 ("single"), Lu et al. 2022
    ("double"), Willi et al. 2023 ("double-stay").

        from glasshouse.games.stochastic import CoinGame

        game = CoinGame("single", memory=True)
        print(game.name, CoinGame().states, game.situations)  # coin-game-single-v0 1458 2592
    """

    episode: Episode
    worths: Float[RealArray, "2"]
    variant: str = eqx.field(static=True)
    grid: int = eqx.field(static=True)
    memory: bool = eqx.field(static=True)
    egocentric: bool = eqx.field(static=True)

    words: ClassVar[str] = "the Coin Game"
    study_name: ClassVar[str] = "coin"
    listed: ClassVar[int] = 2
    keys: ClassVar[Mapping[str, Key]] = {
        "variant": Key("Which of the games of that name.", "single", tuple(VARIANTS)),
        "grid": Key("Cells a side.", 3, int, least=2, most=LARGEST_GRID),
        **EPISODE_KEYS,
        "worths": Key("What each player's coins are worth.", [1.0, 1.0], several=True, least=0),
        "memory": Key("Whether who took the last coins is seen.", False, bool),
        "egocentric": Key("Whether places are seen as steps from oneself.", True, bool),
    }
    scripts: ClassVar[Mapping[str, Callable[..., AbstractPlayer]]] = {
        "allc": lambda game, ties="first": Collector(game, True, ties),
        "alld": lambda game, ties="first": Collector(game, False, ties),
    }

    def __init__(
        self,
        variant: str = "single",
        grid: Whole = 3,
        *,
        worths: Any = (1.0, 1.0),
        memory: bool = False,
        egocentric: bool = True,
        **episode: Unpack[EpisodeSettings],
    ):
        if variant not in VARIANTS:
            raise InputError(
                f"variant={variant!r:.40} is no Coin Game: there are {', '.join(VARIANTS)}"
                f"{near_miss(str(variant), VARIANTS)}"
            )
        self.variant = variant
        self.grid = whole(grid, "grid", least=2, most=LARGEST_GRID)
        self.episode = Episode(2, **episode)
        self.worths = not_negative(worths, "worths", shapes=[(2,)])
        self.memory = bool(memory)
        self.egocentric = bool(egocentric)

    @property
    def name(self) -> str:
        return f"coin-game-{self.variant}-v0"

    @property
    def title(self) -> str:
        return f"Coin Game ({self.variant}, {self.grid} × {self.grid})"

    @property
    def action_names(self) -> tuple[str, ...]:
        return COIN_ACTIONS[: self.actions[0]]

    @property
    def actions(self) -> tuple[int, ...]:
        return (5 if self.variant == "double-stay" else 4,) * 2

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.grid**2

    @property
    def features(self) -> int:
        return self._planes * self.cells + (2 * TAKERS if self.memory else 0)

    @property
    def situations(self) -> int | None:
        return count_digits(self._seen_radices)

    @property
    def states(self) -> int | None:
        return count_digits(self._radices)

    @property
    def draws(self) -> tuple[int, int]:
        return 4, self._coins

    def begin(self, uniforms: Float[Array, "4"]) -> Board:
        players = jnp.stack([pick(uniforms[k], self.cells) for k in (0, 1)])
        if self._single:
            coins = self._free(players, uniforms[2])[None]
            colour = pick(uniforms[3], 2)
        else:
            coins = jnp.stack([pick(uniforms[k], self.cells) for k in (2, 3)])
            colour = jnp.zeros((), jnp.int32)
        return Board(players, coins, colour, jnp.zeros(2, jnp.int32))

    def move(
        self, state: Board, actions: Int[Array, "2"], uniforms: Float[Array, "draws"]
    ) -> tuple[Board, Float[Array, "2"], Events]:
        players, on = self._reached(state, actions)
        taken = on.any(axis=0)
        if self._single:
            is_taken = taken.any()
            coins = jnp.where(is_taken, self._free(players, uniforms[0]), state.coins)
            colour = jnp.where(is_taken, 1 - state.colour, state.colour)
        else:
            drawn = jnp.stack([pick(uniforms[k], self.cells) for k in (0, 1)])
            coins, colour = jnp.where(taken, drawn, state.coins), state.colour
        last = state.last
        if self.memory:
            last = jnp.where(taken, on[0] + 2 * on[1], last)
        own, others = jnp.diagonal(on), jnp.diagonal(on[:, ::-1])
        events = {"own coin": own, "other's coin": others, "lost a coin": others[::-1]}
        events = {name: x.astype(uniforms.dtype) for name, x in events.items()}
        worths = jnp.asarray(self.worths, uniforms.dtype)
        paid = events["own coin"] * worths + events["other's coin"] * worths[::-1]
        return (
            Board(players, coins, colour, last),
            paid - 2 * events["lost a coin"] * worths,
            events,
        )

    def observe(self, state: Board) -> Observation:
        # Both players at once, and planes as one comparison: joined one by one they took half of
        # a step's time.
        places, here = self._places(state)
        planes = (places[..., None] == np.arange(self.cells)) & here[..., None]
        features = planes.astype(float).reshape(2, -1)
        digits = list(places.T)
        if self._single:  # the place of the one coin, and whether it is the other's
            digits = [*digits[:-1], 1 - here[:, -2]]
        else:
            digits = [*digits, jnp.zeros(2, jnp.int32)]
        swapped = state.last // 2 + 2 * (state.last % 2)
        takers = jnp.stack([state.last, swapped[::-1]])  # the bit of one's own first
        if self.memory:
            taken = (takers[..., None] == np.arange(TAKERS)).astype(float)
            features = jnp.concatenate([features, taken.reshape(2, -1)], axis=1)
        if self.situations is None:
            return Observation(features, None)
        return Observation(features, of_digits([*digits, *takers.T], self._seen_radices))

    def offsets(
        self, seen: Observation
    ) -> tuple[tuple[Int[Array, ""], Bool[Array, ""]], tuple[Int[Array, ""], Bool[Array, ""]]]:
        """Where one player's own coin and the other's lie, as steps from itself, and whether."""
        planes = seen.features[: self._planes * self.cells].reshape(self._planes, self.cells)
        own, others = (
            (jnp.argmax(plane).astype(jnp.int32), plane.max() > 0) for plane in planes[-2:]
        )
        if self.egocentric:
            return own, others
        here = jnp.argmax(planes[0])
        return (
            (offset(here, own[0], self.grid), own[1]),
            (offset(here, others[0], self.grid), others[1]),
        )

    def beginnings(self) -> Cases:
        n = self.cells
        if not self._single:
            cells = np.indices((n,) * 4).reshape(4, -1).T
            return Cases(jnp.asarray((cells + 0.5) / n), jnp.full(n**4, n**-4.0))
        rows, weights = [], []
        for first, second, colour in np.ndindex(n, n, 2):
            free = n - len({first, second})
            for k in range(free):
                rows.append([(first + 0.5) / n, (second + 0.5) / n, (k + 0.5) / free, colour / 2])
                weights.append(0.5 / n**2 / free)
        return Cases(jnp.asarray(rows) + jnp.asarray([0, 0, 0, 0.25]), jnp.asarray(weights))

    def branches(self, state: Board, actions: Int[Array, "2"]) -> Cases:
        players, on = self._reached(state, actions)
        if self._single:
            case = jnp.arange(self.cells - 1)
            free = self.cells - 1 - (players[0] != players[1])
            drawn = jnp.where(case < free, 1.0 / free, 0.0)
            weights = jnp.where(on.any(), drawn, case == 0)
            return Cases(((jnp.minimum(case, free - 1) + 0.5) / free)[:, None], weights)
        n = self.cells
        case = np.indices((n, n)).reshape(2, -1).T
        each = jnp.where(on.any(axis=0), 1.0 / n, jnp.asarray(case == 0, float))
        return Cases(jnp.asarray((case + 0.5) / n), each.prod(axis=-1))

    def index(self, state: Board) -> Int[Array, ""]:
        digits = [*state.players, *state.coins, state.colour, *state.last]
        return of_digits(digits, self._radices)

    def state_at(self, index: Int[Array, ""]) -> Board:
        digits = in_digits(index, self._radices)
        players, coins = jnp.stack(digits[:2]), jnp.stack(digits[2 : 2 + self._coins])
        return Board(players, coins, digits[-3], jnp.stack(digits[-2:]))

    @classmethod
    def example(cls) -> "CoinGame":
        return cls(horizon=8, memory=True)

    @property
    def _single(self) -> bool:
        return self.variant == "single"

    @property
    def _coins(self) -> int:
        return 1 if self._single else 2

    @property
    def _radices(self) -> tuple[int, ...]:
        takers = TAKERS if self.memory else 1
        colours = 2 if self._single else 1
        return (*(self.cells,) * (2 + self._coins), colours, takers, takers)

    @property
    def _seen_radices(self) -> tuple[int, ...]:
        return self._radices[1:] if self.egocentric else self._radices

    @property
    def _planes(self) -> int:
        """Of cells: oneself unless places are steps from there, the other, own coin, its coin."""
        return 3 if self.egocentric else 4

    def _reached(
        self, state: Board, actions: Int[Array, "2"]
    ) -> tuple[Int[Array, "2"], Bool[Array, "player colour"]]:
        """Where players come to, and on whose coin."""
        players = moved_by(state.players, actions, self.grid)
        on = players[:, None] == state.coins
        if self._single:
            on = on & (jnp.arange(2) == state.colour)
        return players, on

    def _free(self, players: Int[Array, "2"], uniform: Float[Array, ""]) -> Int[Array, ""]:
        """One of the cells where no player is, all alike."""
        low, high = players.min(), players.max()
        apart = (low != high).astype(jnp.int32)
        cell = pick(uniform, self.cells - 1 - apart)
        cell = cell + (cell >= low)
        return cell + apart * (cell >= high)

    def _places(self, state: Board) -> tuple[Int[Array, "2 planes"], Bool[Array, "2 planes"]]:
        """Where each player sees what its planes show, its own first, and whether it is there."""
        own, other = state.players, state.players[::-1]
        if self._single:  # both colours' place is the same, and it is there in one of them
            coins = [jnp.broadcast_to(state.coins, (2,))] * 2
            mine = state.colour == np.arange(2)
            here = [mine, ~mine]
        else:
            coins, here = [state.coins, state.coins[::-1]], [np.ones(2, bool)] * 2
        places = jnp.stack([other, *coins], axis=1)
        there = jnp.stack([np.ones(2, bool), *here], axis=1)
        if self.egocentric:
            return offset(own[:, None], places, self.grid), there
        places = jnp.concatenate([own[:, None], places], axis=1)
        return places, jnp.concatenate([np.ones((2, 1), bool), there], axis=1)


class Collector(AbstractPlayer):
    """Goes to coins by the shortest way, to its own alone or to any.

    One that collects its own alone comes as near to it as a move can, and of moves that come as
    near takes those that lead farthest from the other's; without an own coin on the board it goes
    away from the other's. One that collects any comes as near as it can to the nearest.

    **Arguments:** `game`; `own`, whether it leaves the other's alone; `ties`, which of moves that
    are as good, one of `TIES`: "first" (of left, right, up, down, stay), "vertical" (POLA's) or
    "even".
    **Raises:** `InputError` for another rule of ties.
    """

    game: CoinGame
    own: bool = eqx.field(static=True)
    ties: str = eqx.field(static=True)

    remembers: ClassVar[bool] = False

    def __init__(self, game: CoinGame, own: bool, ties: str = "first"):
        if ties not in TIES:
            raise InputError(f"ties={ties!r:.40} must be one of {', '.join(TIES)}")
        self.game, self.own, self.ties = game, bool(own), ties

    def begin(self) -> tuple[()]:
        return ()

    def log_mix(
        self, memory: tuple[()], seen: Observation
    ) -> tuple[Float[Array, "actions"], tuple[()]]:
        (mine, is_mine), (its, is_its) = self.game.offsets(seen)
        grid, actions = self.game.grid, self.game.actions[0]
        distances = jnp.asarray(distances_after(grid, actions), jnp.int32)
        far = 2 * grid  # farther than anything
        to_mine = jnp.where(is_mine, distances[mine], far)
        to_its = jnp.where(is_its, distances[its], far)
        cost = far * to_mine - to_its if self.own else jnp.minimum(to_mine, to_its)
        best = cost == cost.min()
        if self.ties != "even":
            places = np.array([2, 3, 0, 1, 4] if self.ties == "vertical" else range(5))[:actions]
            best = best & (places == jnp.where(best, places, 5).min())
        mix = best.astype(seen.features.dtype)
        return jnp.log(mix / mix.sum()), ()
