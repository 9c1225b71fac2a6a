"""What a league found: who is paid what against whom, and how sure that is."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from glasshouse._foundation.evidence import Evidenced
from glasshouse._foundation.numbers import Whole, whole
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import few
from glasshouse._foundation.tabular import html_cell, html_table
from glasshouse.dynamics.doors import innermost
from glasshouse.dynamics.driver import run
from glasshouse.dynamics.solution import Solution
from glasshouse.dynamics.starts import starting_points
from glasshouse.errors import InputError, nearest
from glasshouse.families import Axis, Family, Setup
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.leagues.entrants import Entrant
from glasshouse.leagues.meta import (
    Choices,
    Estimated,
    Leaving,
    choices_of,
    estimated,
    leaving_of,
    meta_game_of,
)
from glasshouse.leagues.payoffs import mean_payoffs
from glasshouse.leagues.shaping import Shaping, mean_and_interval, shaping_of
from glasshouse.leagues.strategy import parameters_of
from glasshouse.rules.per_player import PerPlayer

WIDEST_MATRIX = 16
"""Leagues of more entrants are shown pair by pair."""


class LeagueSetup(NamedTuple):
    """What was played, for who plays one of it again.

    **Arguments:** `entrants`; `setup`, the game and how it is learned, from as many starts;
    `axes`.
    """

    entrants: tuple[Entrant, ...]
    setup: Setup
    axes: tuple[Axis, ...]

    def at(self, values: dict[str, float]) -> Setup:
        """The setup at these values of the axes, all of which must be given."""
        if not self.axes and not values:
            return self.setup
        names = [axis.name for axis in self.axes]
        missing = [name for name in names if name not in values]
        if missing:
            raise InputError(f"this league has axes {', '.join(names)}: give {missing[0]}=…")
        return Family(self.setup, *self.axes).at(**values) if self.axes else self._none(values)

    def _none(self, values: dict[str, float]) -> Setup:
        raise InputError(f"this league has no axis {sorted(values)[0]!r}: leave it out")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class League(Evidenced):
    """What every pair of learners and strategies is paid, and how sure that is.

    A pair any of whose runs left the reals has NaN for payoffs, and so has every mean that it is
    part of: it is shown, and never averaged over.

    **Arguments:** `entrants`, names in order of rows and columns; `axes`, values by name, whose
    axes come first in all arrays; `payoffs`, of each player of each pair, the mean over starts, per
    round; `interval`, 95 % of that by Student's t; `failed`, how many runs left the reals;
    `shaping`; `seeds`, how many starts; `unit` of payoffs in which steps count, None in games
    played once; `runs`, payoffs of each run, NaN for both where it failed; `origin`, what was
    played; `method`, `detail`.
    """

    entrants: tuple[str, ...]
    axes: dict[str, list[float]]
    payoffs: Float[np.ndarray, "*points row column player"]
    interval: Float[np.ndarray, "*points row column player 2"]
    failed: Int[np.ndarray, "*points row column"]
    shaping: Shaping
    seeds: int
    unit: str | None
    method: str
    detail: str
    runs: Float[np.ndarray, "*points row column seed player"] = dataclasses.field(repr=False)
    origin: LeagueSetup = dataclasses.field(repr=False)

    ROWS = "cells"
    HEADINGS: ClassVar = {
        "row": "row",
        "column": "column",
        "payoff": "payoff of row (per round)",
        "interval": "95 % interval (per round)",
        "failed": "failed runs",
    }

    @property
    def means(self) -> Float[np.ndarray, "*points entrants"]:
        """What each is paid on average over all it meets, itself included, and both seats."""
        return mean_payoffs(self.payoffs)

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Every pair at every point as plain data: payoffs of both players, and failed runs."""
        found = []
        for where in itertools.product(*(range(k) for k in self.failed.shape)):
            at = {
                name: values[k] for (name, values), k in zip(self.axes.items(), where, strict=False)
            }
            *_, row, column = where
            (payoff, other), (own, others) = self.payoffs[where], self.interval[where]
            found.append(
                {
                    **at,
                    "row": self.entrants[row],
                    "column": self.entrants[column],
                    "payoff": float(payoff),
                    "interval": own.tolist(),
                    "other_payoff": float(other),
                    "other_interval": others.tolist(),
                    "failed": int(self.failed[where]),
                    "seeds": self.seeds,
                }
            )
        return found

    def place(self, name: str) -> int:
        """Which row and column an entrant has.

        **Raises:** `InputError` for a name that nobody has.
        """
        if name not in self.entrants:
            raise InputError(f"nobody is called {name!r:.60}: {nearest(str(name), self.entrants)}")
        return self.entrants.index(name)

    @in_float64
    def paths(self, row: str, column: str, seed: Whole = 0, **at: float) -> Solution:
        """The whole path of one run, played again as it was in the league.

        **Arguments:** `row` and `column`, names; `seed`, the number of the start, from 0; `at`, the
        value of every axis.
        **Returns:** a `Solution` with its `path`; what is paid at its end is in `runs`.
        **Raises:** `InputError` for other names, starts and axes.
        """
        start = whole(seed, "seed", least=0, most=self.seeds - 1)
        pair = [self.origin.entrants[self.place(name)] for name in (row, column)]
        setup = self.origin.at(at)
        game, learning = setup.game, setup.learning
        drawn = starting_points([game], learning.starts)
        params = []
        for i, (own, box, entrant) in enumerate(zip(drawn, game.spaces, pair, strict=True)):
            place = box.project(jax.tree.map(lambda x: x[start], own))
            if entrant.strategy is not None:
                place, _ = parameters_of(entrant.strategy, game, i)
            params.append(place)
        return run(
            game,
            PerPlayer([entrant.rule for entrant in pair]),
            tuple(params),
            steps=learning.steps,
            step_size=learning.step_size_for(1.0),
            stop=learning.stop,
            save="path",
            throw=False,
        )

    def meta_game(self, without: Sequence[str] = (), **at: float) -> NormalFormGame:
        """The game of choosing a learner: entrants are actions, payoffs the estimated means.

        Where the seats are alike, payoffs are means over both, and the game is symmetric.

        **Arguments:** `without`, names of entrants that are left out; `at`, the value of every
        axis.
        **Raises:** `InputError` where a run failed that counts, naming the pair.
        """
        return meta_game_of(self.estimated(without, **at))

    def choices(self, without: Sequence[str] = (), **at: float) -> Choices:
        """The equilibria of choosing a learner, pure ones with what leaving them gains.

        Mixed ones are sought among up to six learners that are left when those go who are paid
        less than another whomever they meet.

        **Arguments, Raises:** as `meta_game`.
        """
        return choices_of(self.estimated(without, **at))

    def leaving(self, row: str, column: str, without: Sequence[str] = (), **at: float) -> Leaving:
        """Whether anybody gains by choosing another learner than in this profile.

        **Arguments:** `row` and `column`, names; `without` and `at`, as of `meta_game`.
        **Raises:** `InputError` for names that nobody has.
        """
        found = self.estimated(without, **at)
        places = []
        for name in (row, column):
            self.place(name)
            if name not in found.entrants:
                raise InputError(f"{name!r} is left out, and cannot be left")
            places.append(found.entrants.index(name))
        return leaving_of(found, *places)

    def estimated(self, without: Sequence[str] = (), **at: float) -> Estimated:
        """What choosing a learner pays, start by start, of which the three above are made.

        **Arguments, Raises:** as `meta_game`, but a pair with a failed run has NaN here.
        """
        names = (without,) if isinstance(without, str) else tuple(without)
        for name in names:
            self.place(name)
        where = []
        setup = self.origin.at(at)
        for name, values in self.axes.items():
            if at[name] not in values:
                raise InputError(f"{name}={at[name]:g} was not played: it is one of {few(values)}")
            where.append(values.index(at[name]))
        return estimated(self.entrants, self.runs[tuple(where)], setup.game, names)

    def _repr_html_(self) -> str:
        """For notebooks: what the row is paid against the column, as a matrix."""
        if self.axes or len(self.entrants) > WIDEST_MATRIX:
            return self.as_table.html("League")
        head = ["", *self.entrants]
        rows = [
            [html_cell(name), *(html_cell(float(x), "payoff") for x in own)]
            for name, own in zip(self.entrants, self.payoffs[..., 0], strict=True)
        ]
        title = "League: mean payoff of the row against the column, per round"
        return html_table(title, [html_cell(name) for name in head], rows, "l" + "r" * len(rows))


def league_of(
    origin: LeagueSetup,
    paid: Float[np.ndarray, "*points everybody everybody seed player"],
    naive: int,
    detail: str,
) -> League:
    """The league of the payoffs of all runs; who stands after the entrants is not shown."""
    names = tuple(entrant.name for entrant in origin.entrants)
    count = len(names)
    runs = paid[..., :count, :count, :, :]
    payoffs, interval = mean_and_interval(np.moveaxis(runs, -2, -1))
    naive_name = names[naive] if naive < count else "a naive learner, who takes no other part"
    return League(
        entrants=names,
        axes={axis.name: axis.numbers.tolist() for axis in origin.axes},
        payoffs=payoffs,
        interval=interval,
        failed=np.isnan(runs[..., 0]).sum(axis=-1),
        shaping=shaping_of(names, paid, naive, naive_name),
        seeds=runs.shape[-2],
        unit=innermost(origin.setup.game).counted_in,
        method="learned",
        detail=detail,
        runs=runs,
        origin=origin,
    )
