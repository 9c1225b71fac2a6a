"""Finite games in normal form: one payoff for every player and action profile."""

import dataclasses
import sys
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import wadler_lindig as wl
from jaxtyping import Float

from glasshouse._foundation.arrays import RAGGED, NotRealError, RealArray, as_array, is_traced
from glasshouse._foundation.numbers import Numbers, Whole, player_number, shown, whole
from glasshouse._foundation.precision import in_float64_unless_traced
from glasshouse._foundation.results import LINE_WIDTH, call, has_numbers, plain, shortened
from glasshouse._foundation.tabular import MOST_ROWS_IN_HTML, ShownTable
from glasshouse.errors import InputError
from glasshouse.games.base import AbstractGame, AbstractOneShotGame, Product, unrolls
from glasshouse.games.labels import (
    Labels,
    called,
    check_labels,
    default_labels,
    distinct,
    moved_to_front,
    on_one_line,
    shortened_names,
)
from glasshouse.games.multilinear import contracted, differenced, slopes, summed
from glasshouse.games.payoff_table import (
    matrix_html,
    matrix_lines,
    payoff_cells,
    profiles_table,
)
from glasshouse.games.symmetric import is_symmetric
from glasshouse.games.tables import labels_of, unlabelled_payoffs

if TYPE_CHECKING:
    import pandas

LARGEST_TABLE = 6
"""Games with more actions are shown in one line instead of a table of payoffs."""


INSIDE = {"glasshouse", "equinox", "jaxtyping", "beartype"}
"""Packages that make games for others: a warning names the place that asked for it."""


class NormalFormGame(AbstractOneShotGame):
    """A finite game given by its payoff tensor.

    `tensor[i, a_1, …, a_n]` is the payoff of player i when player j plays action `a_j`. Action 0
    is "cooperate" unless `cooperating` has moved another action to the front.

    **Arguments:** `tensor`, shape `(players, *actions)`, finite numbers of any type; or two
    DataFrames (row player's payoffs, column player's), whose index and columns name the actions; or
    an xarray, whose dimension `player`, else the first, counts the players; `labels`, optional
    names; `player_axis`, which axis counts the players, 0 or -1. Without it the first one does, and
    a warning says so where the game would be symmetric if the last one did.
    **Raises:** `InputError` when the tensor is ragged, not finite, or of the wrong shape.

        import glasshouse as gh

        row, column = [[3, 0], [5, 1]], [[3, 5], [0, 1]]
        print(gh.NormalFormGame([row, column]).actions)  # (2, 2)
    """

    tensor: Float[RealArray, "players *actions"]
    labels: Labels | None = eqx.field(static=True)

    def __init__(
        self, tensor: Numbers, labels: Labels | None = None, *, player_axis: Whole | None = None
    ):
        table = unlabelled_payoffs(tensor)
        array = _numbers(table.payoffs)
        names = table.names
        if player_axis is not None:
            last = whole(player_axis, "player_axis", least=-1, most=0) == -1
            if last and table.told:
                raise InputError(
                    "player_axis=-1 contradicts these tables, which say themselves whose payoffs "
                    "are whose: leave it out"
                )
            array = array.transpose(-1, *range(array.ndim - 1)) if last and array.ndim else array
            names = (*names[-1:], *names[:-1]) if last else names
        self.tensor = array
        _check_shape(self.tensor.shape)
        if not is_traced(self.tensor):
            _check_values(np.asarray(self.tensor))
            if player_axis is None and not table.told:
                _warn_if_last_axis_fits(np.asarray(self.tensor))
        self.labels = labels_of(names, self.actions) if labels is None else labels
        if self.labels is not None:
            check_labels(self.labels, self.actions)

    @property
    def actions(self) -> tuple[int, ...]:
        return tuple(self.tensor.shape[1:])

    @property
    def payoff_ranges(self) -> Float[RealArray, "players"]:
        flat = self.tensor.reshape(self.players, -1)
        return flat.max(axis=1) - flat.min(axis=1)

    @property
    def title(self) -> str:
        """The game's name on one line, or its size where it has none."""
        named = "" if self.labels is None else on_one_line(self.labels.title)
        return named or f"{_size(self.actions)} game"

    @property
    def action_names(self) -> tuple[tuple[str, ...], ...]:
        """The name of each action of each player on one line; "1", "2", … without labels."""
        labels = self.labels or default_labels(self.actions)
        return tuple(distinct(list(map(on_one_line, names))) for names in labels.actions)

    @property
    def player_names(self) -> tuple[str, ...]:
        """What each player is called in words, on one line: its label, else "player 1", …"""
        labels = self.labels or default_labels(self.actions)
        return called(labels.players, "player")

    @property
    def cooperative_actions(self) -> tuple[str, ...]:
        """The name of the action of each player that counts as cooperation, the first."""
        return tuple(names[0] for names in self.action_names)

    @in_float64_unless_traced
    def payoff(self, player: Whole | RealArray, behaviours: Product) -> Float[RealArray, ""]:
        if not is_traced(player):
            player = player_number(player, self.players)
        table = jnp.asarray(self.tensor)[player]
        if unrolls(self.actions):
            return summed(table, [behaviours.entries(i) for i in range(self.players)])
        return contracted(table, [behaviours[i] for i in range(self.players)])

    @in_float64_unless_traced
    def effects(self, behaviours: Product) -> tuple[Product, ...]:
        players = range(self.players)
        if unrolls(self.actions):
            gradient = jax.grad(lambda b, player: self.payoff(player, b))
            return tuple(gradient(behaviours, i) for i in players)
        distributions = [behaviours[i] for i in players]
        gradients = jax.vmap(jax.grad(contracted, argnums=1), (0, None))(
            jnp.asarray(self.tensor), distributions
        )
        return tuple(Product(tuple(g[i] for g in gradients)) for i in players)

    def differences(self) -> Float[RealArray, "players *actions"] | None:
        return differenced(self.tensor) if unrolls(self.actions) else None

    def advantages(self, behaviours: Product, differences: Any) -> tuple[Product, ...]:
        if differences is None:
            return tuple(effect.less_last() for effect in self.effects(behaviours))
        players, tables = range(self.players), jnp.asarray(differences)
        free = [behaviours.entries(i)[:-1] for i in players]
        return tuple(behaviours.over_last(slopes(tables[i], free)) for i in players)

    @property
    def midpoints(self) -> Float[RealArray, "players"]:
        flat = self.tensor.reshape(self.players, -1)
        return 0.5 * flat.max(axis=1) + 0.5 * flat.min(axis=1)  # halved first: no sum overflows

    def centred(self) -> "NormalFormGame":
        shift = self.midpoints.reshape(-1, *(1 for _ in self.actions))
        return NormalFormGame(self.tensor - shift, self.labels, player_axis=0)

    def unlabelled(self) -> "NormalFormGame":
        return type(self)(self.tensor, player_axis=0)

    def cooperating(
        self, action: Whole | str | Sequence[Whole | str], *others: Whole | str
    ) -> "NormalFormGame":
        """The same game with the action that counts as cooperation moved to the front.

        **Arguments:** `action`, an index or a label that every player has; or one for each player,
        in their order, as several arguments or a sequence: `cooperating("share", "trust")`.
        **Raises:** `InputError` when some player has no such action.
        """
        labels = self.labels or default_labels(self.actions)
        several = isinstance(action, list | tuple)
        given: list[Any] = [*action, *others] if several else [action, *others]
        if len(given) == 1 and not several:
            given *= self.players
        if len(given) != self.players:
            raise InputError(
                f"{len(given)} cooperating actions ({', '.join(map(shown, given)):.60}) are given "
                f"for {self.players} players: name one for all, or one for each of "
                f"{', '.join(self.player_names)}"
            )
        order = [
            moved_to_front(own, player, self.player_names, labels.actions)
            for player, own in enumerate(given)
        ]
        tensor = self.tensor
        for axis, indices in enumerate(order, start=1):
            tensor = tensor.take(np.array(indices), axis=axis)
        actions = tuple(
            tuple(names[a] for a in indices)
            for names, indices in zip(labels.actions, order, strict=True)
        )
        moved = dataclasses.replace(labels, actions=actions)
        return type(self)(tensor, moved, player_axis=0)

    def to_dict(self) -> dict[str, Any]:
        """Title, source, players and their names, actions (names, or numbers of actions), which
        action of each counts as cooperation, and payoffs."""
        return {
            "title": self.title,
            "source": self.labels.source if self.labels else "",
            "players": self.players,
            "player_names": list(self.player_names),
            "actions": plain(self.labels.actions if self.labels else self.actions),
            "cooperate": list(self.cooperative_actions),
            "payoffs": plain(self.tensor),
        }

    def to_dataframe(self) -> "pandas.DataFrame":
        """One row for each profile, everybody's action and then payoff; `load_game` reads it back.

        **Raises:** `ImportError` without pandas.
        """
        return self.as_table.dataframe()

    def to_csv(self) -> str:
        """The table of `to_dataframe` as text, every float64 as it is."""
        return self.as_table.csv()

    def to_latex(self) -> str:
        """The same as a LaTeX `tabular`, payoffs to six digits."""
        return self.as_table.latex()

    @property
    def as_table(self) -> ShownTable:
        """What is exported: one row for each profile."""
        labels = self.labels or default_labels(self.actions)
        return profiles_table(labels, np.asarray(self.tensor, dtype=np.float64))

    def _repr_html_(self) -> str | None:
        """For notebooks: the payoffs of two players as a matrix, of more profile by profile."""
        if not _is_one_game(self) or max(self.actions) > LARGEST_TABLE:
            return None
        labels = self.labels or default_labels(self.actions)
        tensor = np.asarray(self.tensor, dtype=np.float64)
        if self.players == 2:
            return matrix_html(self.title, labels, tensor)
        small = tensor[0].size <= MOST_ROWS_IN_HTML
        return profiles_table(labels, tensor).html(self.title) if small else None

    def __repr__(self) -> str:
        if not _is_one_game(self):
            return wl.pformat(self, width=LINE_WIDTH)
        small = self.players == 2 and max(self.actions) <= LARGEST_TABLE
        return "\n".join(_table(self)) if small else _sentence(self)

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        named = [("title", self.labels.title)] if self.labels and self.labels.title else []
        return call("NormalFormGame", [*named, ("tensor", self.tensor)], **settings)


def _is_one_game(game: NormalFormGame) -> bool:
    """Whether it has payoffs to show: it is neither traced nor a batch."""
    shape = np.shape(game.tensor) if has_numbers(game.tensor) else ()
    if len(shape) < 2 or shape[0] != len(shape) - 1:
        return False
    return game.labels is None or tuple(map(len, game.labels.actions)) == shape[1:]


def _table(game: NormalFormGame) -> list[str]:
    rows, columns = (list(shortened_names(names)) for names in game.action_names)
    row, column = shortened_names(game.player_names)
    return [
        shortened(f"NormalFormGame: {game.title}, {row} by rows, {column} by columns", LINE_WIDTH),
        *matrix_lines(rows, columns, payoff_cells(np.asarray(game.tensor)), LINE_WIDTH),
    ]


def _sentence(game: NormalFormGame) -> str:
    alike = len(set(game.actions)) == 1 and game.players > 1
    counts = f"{game.actions[0]} actions each" if alike else f"{_size(game.actions)} actions"
    players = f"{game.players} player{'s' * (game.players > 1)}"
    text = f"NormalFormGame: {game.title}, {players} with {counts}"
    if game.labels and len(set(game.action_names)) == 1:
        text += f": {', '.join(game.action_names[0])}"
    return shortened(text, LINE_WIDTH)


def is_normal_form(game: Any) -> TypeGuard[NormalFormGame]:
    """Whether the payoffs of its pure profiles, its `tensor`, say all of the game."""
    return type(game) is NormalFormGame


def check_normal_form(game: Any, who: str) -> NormalFormGame:
    """The game, if the payoffs of its pure profiles say all of it.

    **Arguments:** `who` needs it: "limits need".
    """
    if isinstance(game, AbstractGame) and not is_normal_form(game):
        raise InputError(f"{who} a game in normal form, and a {type(game).__name__} is none")
    if not is_normal_form(game):
        raise InputError(f"{who} a game, not {shown(game)}: name or load one")
    return game


def _size(actions: tuple[int, ...]) -> str:
    return "×".join(map(str, actions))


def _numbers(tensor: Numbers) -> RealArray:
    try:
        return as_array(tensor)
    except NotRealError as error:
        reason = "ragged" if str(error) == RAGGED else f"not all numbers ({error})"
        raise InputError(
            f"payoffs are {reason}: give one number for every player and action profile, "
            "an array of shape (players, *actions)"
        ) from error


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) < 2 or shape[0] != len(shape) - 1 or min(shape) < 1:
        last = len(shape) > 1 and shape[-1] == len(shape) - 1
        raise InputError(
            f"payoffs have shape {shape}: the first axis counts the players and one axis of "
            f"actions follows for each, so two players with two actions need shape (2, 2, 2)"
            + "; if the last axis counts them, say player_axis=-1"
            * last
        )


def _check_values(tensor: np.ndarray) -> None:
    bad = np.argwhere(~np.isfinite(tensor))
    if len(bad):
        player, *profile = (int(k) for k in bad[0])
        raise InputError(
            f"payoff of player {player + 1} at actions {tuple(profile)} is "
            f"{tensor[tuple(bad[0])]}: payoffs must be finite numbers"
        )


def _warn_if_last_axis_fits(tensor: np.ndarray) -> None:
    """Say so where the game is symmetric only if the last axis counts the players.

    Both readings have the same shape, and both can be meant: a game is then read as documented.
    """
    if len(set(tensor.shape)) > 1 or tensor.shape[0] < 2:
        return
    half = 0.5 * tensor  # whose range cannot overflow
    if not is_symmetric(half) and is_symmetric(np.moveaxis(half, -1, 0)):
        frame, level = sys._getframe(), 1
        while frame.f_back is not None and frame.f_globals["__name__"].split(".")[0] in INSIDE:
            frame, level = frame.f_back, level + 1
        warnings.warn(
            "these payoffs are read as (player, *actions), and then the players' roles differ; "
            "read as (*actions, player) the game is symmetric. Say which is meant: "
            "NormalFormGame(payoffs, player_axis=0) as they are read, player_axis=-1 otherwise",
            stacklevel=level,
        )
