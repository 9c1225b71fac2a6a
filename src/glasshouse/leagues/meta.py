"""The game of choosing a learner: its table, its equilibria, and what leaving one of them gains."""

import dataclasses
import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import Result
from glasshouse.analysis.equilibria.mixed.restricted import undominated
from glasshouse.analysis.equilibrium.pure_profiles import base_game
from glasshouse.dynamics.learning import payoff_range
from glasshouse.dynamics.starts import Starts, starting_points
from glasshouse.errors import InputError
from glasshouse.games.labels import Labels
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.leagues.shaping import mean_and_error, mean_and_interval
from glasshouse.parametric import AbstractParametricGame

STANDARD_ERRORS = 3.0
"""Gains that lie further from 0 are told from it."""

SWAPPED_PROFILES = 8
"""Profiles at which payoffs are compared with those of swapped seats."""

SWAPPED_ALIKE = 1e-12
"""Of the payoff range: payoffs that differ by no more are the same."""

SOMEBODY, NOBODY, NOT_TOLD, UNKNOWN = "gains", "nobody gains", "not told apart", "unknown"
"""What is said of leaving; unknown where a run failed that counts, or there is one start alone."""


@dataclasses.dataclass(frozen=True, repr=False)
class Departure(Result):
    """What one player gains by choosing another learner than it has.

    **Arguments:** `player`, 1 or 2, or None where the seats are alike and both have the same
    learner; `to`, the learner chosen instead; `gain`, mean over starts, per round; `error`, its
    standard error by differences start by start.
    """

    player: int | None
    to: str
    gain: float
    error: float

    @property
    def in_errors(self) -> float:
        """The gain in standard errors; NaN where it is not known."""
        if self.error == 0:
            return float(np.sign(self.gain) * np.inf) if self.gain else -np.inf
        return self.gain / self.error


@dataclasses.dataclass(frozen=True, repr=False)
class Leaving(Result):
    """Whether anybody gains by choosing another learner than in a profile.

    Definition: "gains" where one departure gains more than three standard errors, "nobody gains"
    where each loses more than three or changes nothing in any run, "not told apart" otherwise,
    "unknown" where a run failed that counts.

    **Arguments:** `profile`, who learns how; `payoffs` of both, and their 95 % `interval`s, per
    round; `verdict`; `departures`, the best first.
    """

    profile: tuple[str, str]
    payoffs: tuple[float, ...]
    intervals: tuple[tuple[float, ...], ...]
    verdict: str
    departures: tuple[Departure, ...]

    ROWS = "departures"
    HEADINGS: ClassVar = {
        "player": "player",
        "to": "leaves for",
        "gain": "gain (per round)",
        "error": "standard error (per round)",
    }


@dataclasses.dataclass(frozen=True, repr=False)
class MixedChoice(Result):
    """A mixed equilibrium of an estimated table.

    **Arguments:** `weights`, of each player by entrant, zeros left out; `payoffs` of both, with
    these weights, and their 95 % `intervals` over starts, per round.
    """

    weights: tuple[dict[str, float], ...]
    payoffs: tuple[float, ...]
    intervals: tuple[tuple[float, ...], ...]


@dataclasses.dataclass(frozen=True, repr=False)
class Choices(Evidenced):
    """The equilibria of choosing a learner, in the table that the league estimated.

    **Arguments:** `entrants`; `symmetric`, whether the seats are alike, and payoffs are means over
    both; `pure` equilibria, each with what leaving it gains; `mixed` ones, extreme points of all
    others, or None where they were not sought; `dominated`, who was left out because another
    entrant pays more against everybody left; `method`, `detail`.
    """

    entrants: tuple[str, ...]
    symmetric: bool
    pure: tuple[Leaving, ...]
    mixed: tuple[MixedChoice, ...] | None
    dominated: tuple[str, ...]
    method: str
    detail: str


class Estimated(NamedTuple):
    """The payoffs of a league at one point, start by start.

    **Arguments:** `entrants`; `runs`, shape (row, column, start, player), means over both seats
    where those are alike, `symmetric`.
    """

    entrants: tuple[str, ...]
    runs: Float[np.ndarray, "row column start player"]
    symmetric: bool

    @property
    def table(self) -> Float[np.ndarray, "player row column"]:
        """The estimated payoffs.

        **Raises:** `InputError` naming a pair any of whose runs failed.
        """
        failed = np.argwhere(np.isnan(self.runs[..., 0]).any(axis=-1))
        if len(failed):
            row, column = (self.entrants[k] for k in failed[0])
            raise InputError(
                f"runs of {row} against {column} left the reals, and the game of choosing a "
                f"learner has no payoff there: leave one out, as without={row!r}"
            )
        return np.moveaxis(self.runs.mean(axis=2), -1, 0)


def estimated(
    entrants: tuple[str, ...],
    runs: Float[np.ndarray, "row column start player"],
    game: AbstractParametricGame,
    without: Sequence[str] = (),
) -> Estimated:
    """What choosing among the entrants pays, both seats together where they are alike."""
    kept = [k for k, name in enumerate(entrants) if name not in without]
    if not kept:
        raise InputError("nobody is left: without names all entrants")
    chosen, alike = runs[np.ix_(kept, kept)], seats_are_alike(game)
    if alike:
        chosen = (chosen + chosen.transpose(1, 0, 2, 3)[..., ::-1]) / 2
    return Estimated(tuple(entrants[k] for k in kept), chosen, alike)


@in_float64
def seats_are_alike(game: AbstractParametricGame) -> bool:
    """Whether swapping both players' parameters swaps their payoffs, at random profiles.

    That is enough to say over which runs payoffs are averaged; nothing is proved by it.
    """
    drawn = starting_points([game], Starts(SWAPPED_PROFILES, seed=0))
    first, second = (jax.tree.map(np.shape, own) for own in drawn)
    if first != second:
        return False
    found = []
    for k in range(SWAPPED_PROFILES):
        one, other = (
            box.project(jax.tree.map(lambda x, k=k: x[k], own))
            for box, own in zip(game.spaces, drawn, strict=True)
        )
        found.append(
            [np.asarray(game.payoffs((one, other))), np.asarray(game.payoffs((other, one)))[::-1]]
        )
    here, swapped = np.moveaxis(np.array(found), 1, 0)
    return bool(np.abs(here - swapped).max() <= SWAPPED_ALIKE * payoff_range(game))


def meta_game_of(found: Estimated) -> NormalFormGame:
    """The game of choosing a learner, whose payoffs are the estimated means."""
    seats = ("row", "column")
    labels = Labels(seats, (found.entrants, found.entrants), title="Choosing a learner")
    return NormalFormGame(found.table, labels, player_axis=0)


def leaving_of(found: Estimated, row: int, column: int) -> Leaving:
    """What leaving a profile gains, by differences from the same starts."""
    runs, here = found.runs, found.runs[row, column]
    both_alike = found.symmetric and row == column
    departures = []
    for player in range(1 if both_alike else 2):
        for k, name in enumerate(found.entrants):
            if k == (row, column)[player]:
                continue
            there = runs[k, column] if player == 0 else runs[row, k]
            gain, error = mean_and_error(there[:, player] - here[:, player])
            who = None if both_alike else player + 1
            departures.append(Departure(who, name, float(gain), float(error)))
    departures.sort(key=lambda one: -np.nan_to_num(one.gain, nan=np.inf))
    payoffs, intervals = mean_and_interval(here.T)
    return Leaving(
        profile=(found.entrants[row], found.entrants[column]),
        payoffs=tuple(payoffs.tolist()),
        intervals=tuple(map(tuple, intervals.tolist())),
        verdict=_verdict([one.in_errors for one in departures]),
        departures=tuple(departures),
    )


def _verdict(in_errors: list[float]) -> str:
    if any(x > STANDARD_ERRORS for x in in_errors):
        return SOMEBODY
    if any(math.isnan(x) for x in in_errors):
        return UNKNOWN
    return NOBODY if all(x < -STANDARD_ERRORS for x in in_errors) else NOT_TOLD


def choices_of(found: Estimated) -> Choices:
    """The equilibria of the estimated table."""
    table = found.table
    kept = undominated(table)
    reduced = NormalFormGame(table[np.ix_(range(2), *kept)], player_axis=0)
    facts = base_game(reduced)
    pure = tuple(leaving_of(found, kept[0][i], kept[1][j]) for i, j in (facts.pure_equilibria))
    mixed = None
    if facts.mixed is not None:
        mixed = tuple(_mixed_choice(found, kept, profile.weights) for profile in facts.mixed)
    left = {*kept[0], *kept[1]}
    return Choices(
        entrants=found.entrants,
        symmetric=found.symmetric,
        pure=pure,
        mixed=mixed,
        dominated=tuple(x for k, x in enumerate(found.entrants) if k not in left),
        method="numerical",
        detail=(
            f"equilibria of the estimated table, means over {found.runs.shape[2]} starts, not of "
            f"the true one; {facts.mixed_detail}"
        ),
    )


def _mixed_choice(
    found: Estimated, kept: tuple[list[int], list[int]], weights: tuple[tuple[float, ...], ...]
) -> MixedChoice:
    whole = [np.zeros(len(found.entrants)) for _ in range(2)]
    for own, places, all_weights in zip(weights, kept, whole, strict=True):
        all_weights[places] = own
    paid = np.einsum("i,j,ijkp->pk", *whole, found.runs)
    payoffs, intervals = mean_and_interval(paid)
    return MixedChoice(
        weights=tuple(
            {name: float(x) for name, x in zip(found.entrants, own, strict=True) if x}
            for own in whole
        ),
        payoffs=tuple(payoffs.tolist()),
        intervals=tuple(map(tuple, intervals.tolist())),
    )
