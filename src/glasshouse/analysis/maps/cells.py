"""Cells of a map: the games and the learning there, and how the runs from all starts end."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, UInt16

from glasshouse.analysis.outcomes.generic import AT_REST, check_ends, seen
from glasshouse.dynamics.batch import taken_from
from glasshouse.dynamics.games import Games
from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.settling import settle, stopping
from glasshouse.errors import InputError
from glasshouse.parametric import AbstractParametricGame, require_exact

NOT_FINITE_CODE = np.uint16(0xFFFF)
"""Of runs that left the reals; of others bit i says whether player i + 1 cooperates."""

MOST_WAYS = 3
"""Of the ways in which is learned along an axis, so many are told."""

MOST_CODED = 15
"""Players whose cooperation one code says."""

PLACE_STEPS, PLACE_RESTING, PLACE_COOPERATION, PLACE_PAID = range(4)
"""Places among the numbers that are kept of a cell: steps taken by all its runs, how many of them
were at rest, mean cooperation and, from there on, each player's mean payoff."""


class CellGroup(NamedTuple):
    """Cells that are learned in together.

    **Arguments:** `rows`, which of those that were asked for; their `games`; `learning`.
    """

    rows: Int[np.ndarray, "group"]
    games: Games
    learning: Learning


@runtime_checkable
class Field(Protocol):
    """The games of a map, made where they are asked for."""

    shape: tuple[int, ...]
    """Values along each axis, the first axis last."""

    starts: int
    """Runs in each cell."""

    players: int
    """How many."""

    steps: float
    """That a run may take, on the mean over all cells."""

    detail: str
    """From where and how is learned, in words."""

    @property
    def axes(self) -> Mapping[str, np.ndarray]:
        """Values by name."""
        ...

    @property
    def seeds(self) -> Int[np.ndarray, "cells axes"]:
        """Cells to compute in any case, the first axis last: those beside closed-form curves."""
        ...

    def groups(self, cells: Int[np.ndarray, "cells axes"]) -> Iterable[CellGroup]:
        """All of these cells, by how they are learned in together."""
        ...


def learned_by(learnings: Sequence[Learning]) -> tuple[float, str]:
    """Steps that a run may take, on the mean over ways of learning, and the ways in words.

    **Raises:** `InputError` for rules that never rest.
    """
    ways = [stopping(learning) for learning in learnings]
    said = list(dict.fromkeys(way.taken(way.step_size_for(1.0)) for way in ways))
    more = f", and {len(said) - MOST_WAYS} more ways" if len(said) > MOST_WAYS else ""
    steps = sum(way.steps for way in ways) / len(ways)
    return steps, f"{ways[0].starts}, {'; or '.join(said[:MOST_WAYS])}{more}"


def numbers_kept(players: int) -> int:
    """How many numbers are kept of a computed cell."""
    return PLACE_PAID + players


def cells_learned(
    field: Field, cells: Int[np.ndarray, "cells axes"], batch: int
) -> tuple[UInt16[np.ndarray, "cells starts"], Float[np.ndarray, "cells numbers"]]:
    """How learning ends in these cells: a code for each start, and the numbers of each cell.

    **Arguments:** `batch`, the most runs to hold at once.
    """
    codes = np.zeros((len(cells), field.starts), np.uint16)
    numbers = np.zeros((len(cells), numbers_kept(field.players)))
    most = max(1, batch // field.starts)
    for group in field.groups(cells):
        for first in range(0, len(group.rows), most):
            part = np.arange(first, min(first + most, len(group.rows)))
            games = Games(taken_from(group.games.tree, part), len(part))
            rows = group.rows[part]
            codes[rows], numbers[rows] = _learned(games, group.learning)
    return codes, numbers


def check_coded(game: AbstractParametricGame) -> None:
    """Refuse games whose outcomes have no codes.

    **Raises:** `InputError` without exact cooperation, and for too many players.
    """
    require_exact(game, "a map of outcomes", "observables")
    if game.players > MOST_CODED:
        raise InputError(
            f"a map of outcomes says of at most {MOST_CODED} players who cooperates, and "
            f"{game.players} play: sweep it without [map]"
        )


def _learned(games: Games, learning: Learning) -> tuple[np.ndarray, np.ndarray]:
    ends = settle(games, learning, seen)
    cooperates, payoffs = ends.observed
    check_ends(cooperates)
    finite = np.isfinite(cooperates).all(axis=-1)
    bits = (np.nan_to_num(cooperates) > 0.5) << np.arange(cooperates.shape[-1])
    codes = np.where(finite, bits.sum(axis=-1).astype(np.uint16), NOT_FINITE_CODE)
    resting = (ends.residuals <= AT_REST) & finite
    with np.errstate(invalid="ignore", divide="ignore"):  # no run, no mean
        counted = finite.sum(axis=1)
        mean = np.where(finite[..., None], cooperates, 0.0).sum(axis=(1, 2))
        paid = np.where(finite[..., None], payoffs, 0.0).sum(axis=1) / counted[:, None]
        mean = mean / (counted * cooperates.shape[-1])
    columns = [ends.steps.sum(axis=1), resting.sum(axis=1), mean, *paid.T]
    return codes, np.stack(columns, axis=1).astype(float)


def shares_of(codes: UInt16[np.ndarray, "*cells starts"], players: int) -> dict[str, np.ndarray]:
    """Shares of the runs in each cell that end in each of the outcomes, as columns of a table.

    Runs that left the reals are in none, as in `Outcomes`; where all did, shares are NaN.
    """
    everybody = np.uint16((1 << players) - 1)
    finite = codes != NOT_FINITE_CODE
    counted = finite.sum(axis=-1)
    exploits = finite & (codes != 0) & (codes != everybody)
    masks = {
        "cooperation_share": codes == everybody,
        "exploitation_share": exploits,
        "defection_share": codes == 0,
    }
    for player in range(players):
        cooperating = (codes >> np.uint16(player)) & np.uint16(1) == 1
        masks[f"exploited_share_player_{player + 1}"] = exploits & cooperating
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {name: mask.sum(axis=-1) / counted for name, mask in masks.items()}
    return {**found, "not_finite": codes.shape[-1] - counted}
