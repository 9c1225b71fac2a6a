"""What tables of meetings are given as, and whose payoffs stand where."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from glasshouse._foundation.numbers import number_array, shown
from glasshouse.errors import InputError
from glasshouse.games.labels import default_labels
from glasshouse.games.normal_form import is_normal_form
from glasshouse.games.tables import is_table

Names = tuple[str, ...]

SAME_PAYOFFS = 1e-12
"""Mean payoffs that differ by less than this part of the largest tie: sums are rounded."""


@runtime_checkable
class Met(Protocol):
    """What entrants were paid when they met: a league, a round robin, a table that was read.

    `payoffs` is [row, column, player], or [row, column, player, run]. What has `runs`, too, gives
    them as [row, column, run, player].
    """

    @property
    def entrants(self) -> Sequence[str]: ...
    @property
    def payoffs(self) -> Any: ...


class Paid(NamedTuple):
    """Payoffs by player and profile, and the names of each player's strategies."""

    tensor: np.ndarray
    names: tuple[Names, ...]


def paid(payoffs: Any) -> Paid:
    """Payoffs of any number of players: finite, and of at least two profiles.

    **Arguments:** `payoffs`, a square matrix (the row's payoffs in a symmetric game), an array
    [strategy of each player, player], a game in normal form, or a table of meetings.
    """
    if is_normal_form(payoffs):
        return Paid(np.asarray(payoffs.tensor), payoffs.action_names)
    names: tuple[Names, ...] | None = None
    if is_table(payoffs) or isinstance(payoffs, str | os.PathLike):
        payoffs = _read(payoffs)
    if isinstance(payoffs, Met):
        names = (tuple(payoffs.entrants),) * 2
        payoffs = payoffs.payoffs
        if np.ndim(payoffs) == 4:
            payoffs = np.mean(payoffs, axis=-1)
    array = np.asarray(number_array(payoffs, "payoffs", shapes=None))
    if array.ndim == 2:
        array = np.stack([array, array.T], axis=-1) if _is_square(array) else array
    if array.ndim < 3 or array.shape[-1] != array.ndim - 1 or not array.size:
        raise InputError(
            f"payoffs have shape {array.shape}: give a square matrix of the row's payoffs, or an "
            "array whose last axis counts the players, [row, column, player], or a game"
        )
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        at = ", ".join(map(str, wrong[0][:-1]))
        value = array[tuple(wrong[0])]
        raise InputError(
            f"payoffs at [{at}] are {value:g} and must be finite: leave the strategy out, or ask "
            "leagues.rate, which shows what is missing"
        )
    usual = default_labels(array.shape[:-1]).actions
    return Paid(np.moveaxis(array, -1, 0), usual if names is None else names)


def of_one_population(given: Paid) -> tuple[Float[np.ndarray, "strategies strategies"], bool]:
    """What each strategy is paid by each, and whether that is the mean over two seats that differ.

    **Raises:** `InputError` unless there are two players with the same strategies.
    """
    tensor, names = given
    counts = tensor.shape[1:]
    if len(tensor) != 2 or counts[0] != counts[1]:
        raise InputError(
            f"one population needs a square table of two players, and these {len(tensor)} have "
            f"{' × '.join(map(str, counts))} strategies: ask for form='several'"
        )
    if names[0] != names[1]:
        raise InputError(
            f"one population needs the same strategies by row and column, and these are "
            f"{shown(names[0])} and {shown(names[1])}: ask for form='several'"
        )
    mirrored = tensor[1].T
    differ = not np.array_equal(tensor[0], mirrored)
    return (tensor[0] / 2 + mirrored / 2 if differ else tensor[0]), differ


class MeetingsGiven(NamedTuple):
    """Names of entrants, and what they were paid, [row, column, player, run]; NaN is missing.

    Where every run of the row meets every run of the column, runs have an axis each.
    """

    entrants: Names
    payoffs: np.ndarray


def meeting_table(source: Any, entrants: Sequence[str] | None) -> MeetingsGiven:
    """A square table of meetings, some of which may be missing.

    **Raises:** `InputError` for other shapes, fewer than two entrants, and names that do not fit.
    """
    if is_normal_form(source):
        tensor, names = paid(source)
        array = np.moveaxis(tensor, 0, -1)
        entrants = names[0] if entrants is None else entrants
    else:
        if is_table(source) or isinstance(source, str | os.PathLike):
            source = _read(source)
        if isinstance(source, Met):
            entrants = source.entrants if entrants is None else entrants
            source = _each_run(source)
        array = np.asarray(number_array(source, "the table", shapes=None))
    given = array.shape
    if _is_square(array):
        array = np.stack([array, array.T], axis=-1)
    array = array[..., None] if array.ndim == 3 else array
    square = array.ndim in (4, 5) and array.shape[0] == array.shape[1] and array.shape[2] == 2
    if not square or not array.size:
        raise InputError(
            f"the table has shape {given}: it must be square, [row, column] with the row's "
            "payoffs, [row, column, player] with both, or [row, column, player, run]; a league "
            "with axes is rated at one point of them"
        )
    return MeetingsGiven(
        _entrants(entrants, len(array)), np.where(np.isfinite(array), array, np.nan)
    )


def _each_run(source: Any) -> Any:
    """Payoffs of each run, or of each run of the row with each of the column; else their means."""
    runs, crossed = np.asarray(getattr(source, "runs", ())), getattr(source, "by_seed", None)
    if runs.ndim >= 4:
        return np.moveaxis(runs, -2, -1)
    return source.payoffs if crossed is None else np.moveaxis(np.asarray(crossed), -1, 2)


def mean_over_runs(payoffs: Float[np.ndarray, "row column player *runs"]) -> np.ndarray:
    """Payoffs [row, column, player]."""
    return payoffs.mean(axis=tuple(range(3, payoffs.ndim)))


def mean_payoffs(
    payoffs: Float[np.ndarray, "*points entrants entrants 2"],
) -> Float[np.ndarray, "*points entrants"]:
    """What each is paid on average over all it meets, itself included, in both seats."""
    return (payoffs[..., 0].mean(axis=-1) + payoffs[..., 1].mean(axis=-2)) / 2


def payoff_tolerance(payoffs: np.ndarray) -> float:
    """Within which mean payoffs are the same but for rounding."""
    return SAME_PAYOFFS * float(np.max(np.abs(payoffs), initial=0.0))


def _is_square(array: np.ndarray) -> bool:
    return array.ndim == 2 and array.shape[0] == array.shape[1]


def _entrants(given: Sequence[str] | None, count: int) -> Names:
    if count < 2:
        raise InputError("a table of one entrant rates nobody: give at least two")
    names = tuple(default_labels((count,)).actions[0] if given is None else map(str, given))
    if len(names) != count or len(set(names)) < count:
        raise InputError(
            f"entrants={shown(names)} must be {count} different names, one for each row"
        )
    return names


def _read(source: Any) -> Met:
    from glasshouse.interop import read_meetings

    return read_meetings(source)
