"""The games of a study's map, as arrays made from those along each axis."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Int, PyTree

from glasshouse.analysis.maps.cells import CellGroup, check_coded, learned_by
from glasshouse.analysis.predictions import closed_form_along
from glasshouse.dynamics.batch import batch_map, stack
from glasshouse.dynamics.games import Games
from glasshouse.errors import InputError
from glasshouse.parametric import ParametricGame
from glasshouse.rules.base import check_direction
from glasshouse.study.building import Builder, Setting
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import named

CROSSED_AXES = 6
"""Axes of whose corners all are built for control: 64."""

BETWEEN = 8
"""Points between that are."""

MOST_PROBES = 17
"""Values of an axis at which the game is built, both ends among them, if what it moves is the
number itself; else it is built at all of them. What a game refuses between probes is not seen."""

MOST_CURVE_POINTS = 65
"""Values of an axis at which closed forms are asked where along the other something switches:
between these, curves are followed by codes."""

MOST_HELD = 500_000_000
"""Runs of all cells together; some ten bytes each are held."""


class StudyField:
    """What `[sweep]` of a study with `[map]` spans.

    The game is built at values of each axis while the others stand at their first; of a cell each
    number of payoffs, semantics and channel is taken from the axis that moves it. Where that is not
    what building gives at the corners and at points between (numbers that two axes move together),
    games are built one by one.

    **Raises:** `InputError` naming the key, for what a study refuses at one of these points, axes
    along which a game's structure or the starts change, and more runs than are held.
    """

    def __init__(self, study: Study, folder: Path):
        self._study, self._folder, self._axes = study, folder, study.swept
        self.shape = tuple(len(axis.values) for axis in reversed(self._axes))
        self._builder = Builder(study, folder)
        first = self._setting(self._builder, [0] * len(self._axes))
        check_coded(first.parametric)
        self._starts, self.players = first.learning.starts, first.parametric.players
        self.starts = self._starts.runs
        if self.starts * np.prod(self.shape, dtype=float) > MOST_HELD:
            raise InputError(
                f"key 'map': {self.starts} starts in each of {np.prod(self.shape):.0f} cells are "
                f"more than {MOST_HELD} runs: take fewer"
            )
        leaves, self._structure = jax.tree.flatten(_sources(first))
        self._leaves = [np.asarray(x) if eqx.is_array(x) else x for x in leaves]
        self._moved: list[dict[int, np.ndarray]] = []
        self._learning_axes: list[int] = []
        for k in range(len(self._axes)):
            self._look_along(k)
        with named("map"):
            self.steps, self.detail = learned_by([x.learning for x in self._ways()])
        self.separable = self._is_separable()

    @property
    def axes(self) -> dict[str, np.ndarray]:
        """Values by key."""
        return {axis.key: np.array(axis.values) for axis in self._axes}

    @property
    def seeds(self) -> Int[np.ndarray, "cells axes"]:
        """Cells to compute in any case, the first axis last: those beside closed-form curves."""
        return self._beside_curves

    @functools.cached_property
    def _beside_curves(self) -> Int[np.ndarray, "cells axes"]:
        """Cells on both sides of the couplings at which something switches in closed form, at some
        values of the other axis of each plane."""
        found: list[list[int]] = []
        first = self._setting(self._builder, [0] * len(self._axes))
        keys = [axis.key for axis in self._axes[:2]]
        along = next((k for k, key in enumerate(keys) if first.own_family(key) is not None), None)
        values = np.array(self._axes[along or 0].values)
        if along is None or not (np.diff(values) > 0).all():
            return np.empty((0, len(self._axes)), dtype=int)
        across = np.linspace(0, len(self._axes[1 - along].values) - 1, MOST_CURVE_POINTS)
        lengths = [range(len(axis.values)) for axis in self._axes[2:]]
        for outer in itertools.product(*lengths):
            for place in np.unique(across.round().astype(int)).tolist():
                at = [place, place, *outer]
                at[along] = 0
                for value in _switches(self._setting(self._builder, at), keys[along]):
                    beyond = int(np.searchsorted(values, value))
                    if 0 < beyond < len(values):
                        for at[along] in (beyond - 1, beyond):
                            found.append(at[::-1])
        return np.array(found, dtype=int).reshape(-1, len(self._axes))

    def groups(self, cells: Int[np.ndarray, "cells axes"]) -> Iterator[CellGroup]:
        """All of these cells, by how they are learned in."""
        places = cells[:, ::-1]
        ways = places[:, self._learning_axes]
        kinds, which = np.unique(ways, axis=0, return_inverse=True)
        for k, kind in enumerate(kinds.tolist()):
            rows = np.flatnonzero(which.ravel() == k)
            yield CellGroup(rows, self._games(places[rows]), self._way(kind).learning)

    def _way(self, places: Sequence[int]) -> Setting:
        """The setting at these places along the axes of learning, the others at their first."""
        at = [0] * len(self._axes)
        for axis, place in zip(self._learning_axes, places, strict=True):
            at[axis] = place
        return self._setting(self._builder, at)

    def _ways(self) -> Iterator[Setting]:
        lengths = [len(self._axes[k].values) for k in self._learning_axes]
        return map(self._way, itertools.product(*map(range, lengths)))

    def _setting(self, builder: Builder, places: Sequence[int]) -> Setting:
        return builder.setting(
            {axis.key: axis.values[k] for axis, k in zip(self._axes, places, strict=True)}
        )

    def _alone(self, k: int, place: int) -> Setting:
        """The setting at a value of one axis, the others standing at their first."""
        at = [place if axis == k else 0 for axis in range(len(self._axes))]
        return self._setting(self._builder, at)

    def _look_along(self, k: int) -> None:
        """Which numbers of the game an axis moves, and whether it changes how is learned."""
        axis = self._axes[k]
        values = np.array(axis.values)
        probes = np.unique(np.linspace(0, len(values) - 1, MOST_PROBES).round().astype(int))
        settings = [self._alone(k, place) for place in probes.tolist()]
        if any(x.learning.starts != self._starts for x in settings):
            raise InputError(
                f"key 'sweep.{axis.key}' changes the starts, and every cell of a map has the same: "
                "leave it out, or sweep it without [map]"
            )
        if len({id(x.study.learning) for x in settings}) > 1:
            self._learning_axes.append(k)
        moved = self._moved_by(settings, axis.key)
        if len(probes) < len(values):
            if all(_is_value_itself(x, values[probes]) for x in moved.values()):
                # Where the number itself stands in the game, the game need not be built for it.
                moved = {n: _value_itself(x, values) for n, x in moved.items()}
            else:
                every = [self._alone(k, place) for place in range(len(values))]
                moved = self._moved_by(every, axis.key)
        self._moved.append(moved)

    def _moved_by(self, settings: Sequence[Setting], key: str) -> dict[int, np.ndarray]:
        """By their place the arrays that differ along these settings."""
        columns = zip(*(self._checked_leaves(x, key) for x in settings), strict=True)
        arrays = {n: np.stack(x) for n, x in enumerate(columns) if eqx.is_array(x[0])}
        return {n: x for n, x in arrays.items() if not _same(x, x[0])}

    def _checked_leaves(self, setting: Setting, key: str) -> list[Any]:
        leaves, structure = jax.tree.flatten(_sources(setting))
        shapes = [np.shape(x) for x in leaves]
        if structure != self._structure or shapes != [np.shape(x) for x in self._leaves]:
            raise InputError(
                f"key 'sweep.{key}' changes what the game is made of (players, actions, networks), "
                "which a map cannot hold together: sweep it without [map], or write one study for "
                "each value"
            )
        return [np.asarray(x) if eqx.is_array(x) else x for x in leaves]

    def _is_separable(self) -> bool:
        """Whether each number is moved by one axis, as far as corners and points between show."""
        lengths = [len(axis.values) for axis in self._axes]
        ends = [(0, n - 1) for n in lengths[:CROSSED_AXES]]
        rest = [(0,)] * (len(lengths) - len(ends))
        corners = list(itertools.product(*ends, *rest))
        # Of no regular grid, so that what is periodic does not hide.
        between = [
            [int((k * 0.618034 * (axis + 1) + 0.3) % 1 * n) for axis, n in enumerate(lengths)]
            for k in range(1, BETWEEN + 1)
        ]
        places = np.array([*map(list, corners), *between])
        built = [_sources(self._setting(self._builder, row)) for row in places.tolist()]
        composed = self._composed(places)
        if composed is None:
            return False
        wanted = zip(*map(jax.tree.leaves, built), strict=True)
        return all(
            not eqx.is_array(column[0]) or _same(np.asarray(x), np.stack(column))
            for x, column in zip(jax.tree.leaves(composed), wanted, strict=True)
        )

    def _games(self, places: np.ndarray) -> Games:
        found = self._composed(places) if self.separable else None
        if found is None:
            builder = Builder(self._study, self._folder)  # keeps what it builds as long as it lives
            made = [self._setting(builder, row).parametric for row in places.tolist()]
            return Games(stack(made), len(made))
        return Games(jax.tree.map(_once, batch_map(_put_together, found)), len(places))

    def _composed(self, places: np.ndarray) -> Any:
        """Payoffs, semantics and channel at these places, or None where axes move the same."""
        leaves = []
        for n, first in enumerate(self._leaves):
            moving = [k for k, moved in enumerate(self._moved) if n in moved]
            if not eqx.is_array(first) or not moving:
                shape = (len(places), *np.shape(first))
                leaves.append(np.broadcast_to(first, shape) if eqx.is_array(first) else first)
                continue
            whole = np.array(np.broadcast_to(first, (len(places), *first.shape)))
            taken = np.zeros(first.shape, bool)
            for k in moving:
                values = self._moved[k][n]
                mask = ~np.array(np.all(_equal(values, first), axis=0))
                if (mask & taken).any():
                    return None
                whole[:, mask] = values[places[:, k]][:, mask]
                taken = taken | mask
            leaves.append(whole)
        return jax.tree.unflatten(self._structure, leaves)


def _switches(setting: Setting, key: str) -> list[float]:
    """Couplings at which something switches in closed form; none where nothing is known."""
    try:
        rule = check_direction(setting.learning.rule, "a first movement")
        family = setting.own_family(key)
        closed = None if family is None else closed_form_along(family, rule)[0]
    except InputError:  # of a rule that is no direction
        return []
    rows = [] if closed is None else closed.kinds
    return [row["value"] for row in rows if row["value"] is not None]


def _sources(setting: Setting) -> tuple[Any, Any, Any]:
    """What a game in parameters is made from; all else in it follows."""
    parametric = setting.parametric
    return parametric.game, parametric.semantics, parametric.channel


def _put_together(sources: tuple[Any, Any, Any]) -> PyTree:
    return ParametricGame(*sources)


def _once(x: Any) -> Any:
    """An array whose members are the same as one that repeats the first."""
    if eqx.is_array(x) and len(x) > 1 and _same(x, x[0]):
        return np.broadcast_to(x[0], x.shape)
    return x


def _is_value_itself(moved: np.ndarray, values: np.ndarray) -> bool:
    """Whether all that moves along an axis is equal to its value."""
    column = values.reshape(-1, *[1] * (moved.ndim - 1))
    return bool(np.all(_equal(moved, moved[0]).all(axis=0) | (moved == column).all(axis=0)))


def _value_itself(moved: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What moves along an axis, at these values of it."""
    column = values.reshape(-1, *[1] * (moved.ndim - 1))
    return np.where(_equal(moved, moved[0]).all(axis=0), moved[0], column)


def _equal(values: Any, first: Any) -> Any:
    """Which numbers are the same, NaN being the same as NaN."""
    return (values == first) | ((values != values) & (first != first))


def _same(values: Any, first: Any) -> bool:
    return bool(np.all(_equal(values, first)))
