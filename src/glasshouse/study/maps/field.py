"""The games of a study's map, as arrays made from those along each axis."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from glasshouse.analysis.maps.cells import CellGroup, check_coded
from glasshouse.dynamics.batch import stack
from glasshouse.dynamics.games import Games
from glasshouse.dynamics.settling import stopping
from glasshouse.errors import InputError
from glasshouse.families.along import games_over
from glasshouse.parametric import ParametricGame
from glasshouse.study.building import Builder, Setting
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import named

MOST_CORNERS = 6
"""Axes of whose corners all are built for control: 64."""

BETWEEN = 8
"""Points between that are."""

MOST_PROBES = 17
"""Values of an axis at which the game is built, both ends among them, if what it moves is the
number itself; else it is built at all of them."""


class StudyField:
    """What `[sweep]` of a study with `[map]` spans.

    The game is built at every value of each axis while the others stand at their first; of a cell
    each number is taken from the axis that moves it. Where that is not what building gives at the
    corners and at points between (numbers that two axes move together), games are built one by one.

    **Raises:** `InputError` naming the key, for what a study refuses at one of these points, and
    axes along which a game's structure changes.
    """

    def __init__(self, study: Study, folder: Path):
        self._study, self._folder, self._axes = study, folder, study.swept
        self.shape = tuple(len(axis.values) for axis in reversed(self._axes))
        builder = Builder(study, folder)
        self._builder = builder
        first = self._setting(builder, [0] * len(self._axes))
        self.learning = first.learning
        check_coded(first.parametric)
        with named("map"):
            stopping(first.learning)
        self.starts, self.players = first.learning.starts.runs, first.parametric.players
        leaves, self._structure = jax.tree.flatten(first.parametric)
        self._leaves = [np.asarray(x) if eqx.is_array(x) else x for x in leaves]
        self._moved: list[dict[int, np.ndarray]] = []
        self._learning_axes: list[int] = []
        for k in range(len(self._axes)):
            self._look_along(k)
        self.separable = self._is_separable()

    @property
    def axes(self) -> dict[str, np.ndarray]:
        """Values by key."""
        return {axis.key: np.array(axis.values) for axis in self._axes}

    def groups(self, cells: Int[np.ndarray, "cells axes"]) -> Iterator[CellGroup]:
        """All of these cells, by how they are learned in."""
        places = cells[:, ::-1]
        ways = places[:, self._learning_axes]
        kinds, which = np.unique(ways, axis=0, return_inverse=True)
        for k, kind in enumerate(kinds.tolist()):
            rows = np.flatnonzero(which.ravel() == k)
            at = [0] * len(self._axes)
            for axis, place in zip(self._learning_axes, kind, strict=True):
                at[axis] = place
            learning = self._setting(self._builder, at).learning
            yield CellGroup(rows, self._games(places[rows]), learning)

    def _setting(self, builder: Builder, places: Sequence[int]) -> Setting:
        return builder.setting(
            {axis.key: axis.values[k] for axis, k in zip(self._axes, places, strict=True)}
        )

    def _look_along(self, k: int) -> None:
        """Which numbers of the game an axis moves, and whether it changes how is learned."""
        axis = self._axes[k]
        values = np.array(axis.values)
        probes = np.unique(np.linspace(0, len(values) - 1, MOST_PROBES).round().astype(int))
        settings = [self._alone(k, place) for place in probes.tolist()]
        if len({id(x.study.learning) for x in settings}) > 1:
            if len({x.learning.starts.runs for x in settings}) > 1:
                raise InputError(
                    f"key 'sweep.{axis.key}' changes how many starts there are, and every cell of "
                    "a map has the same: leave it out, or sweep it without [map]"
                )
            self._learning_axes.append(k)
        leaves = [self._checked_leaves(setting, axis.key) for setting in settings]
        if len(probes) < len(values):
            found = _built_over(settings, values[probes], values)
            if found is None:  # no place holds the number itself: the game is built at each value
                every = range(len(values))
                leaves = [self._checked_leaves(self._alone(k, n), axis.key) for n in every]
            else:
                self._moved.append(_moved(jax.tree.leaves(found)))
                return
        columns = zip(*leaves, strict=True)
        self._moved.append(_moved([np.stack(x) if eqx.is_array(x[0]) else x[0] for x in columns]))

    def _alone(self, k: int, place: int) -> Setting:
        """The setting at a value of one axis, the others standing at their first."""
        at = [place if axis == k else 0 for axis in range(len(self._axes))]
        return self._setting(self._builder, at)

    def _checked_leaves(self, setting: Setting, key: str) -> list[Any]:
        leaves, structure = jax.tree.flatten(setting.parametric)
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
        ends = [(0, n - 1) for n in lengths[:MOST_CORNERS]]
        rest = [(0,)] * (len(lengths) - len(ends))
        corners = list(itertools.product(*ends, *rest))
        # Of no regular grid, so that what is periodic does not hide.
        between = [
            [int((k * 0.618034 * (axis + 1) + 0.3) % 1 * n) for axis, n in enumerate(lengths)]
            for k in range(1, BETWEEN + 1)
        ]
        places = np.array([*map(list, corners), *between])
        built = [self._setting(self._builder, row).parametric for row in places.tolist()]
        if self._composed(places) is None:
            return False
        composed = jax.tree.leaves(self._composed(places))
        wanted = zip(*(jax.tree.leaves(game) for game in built), strict=True)
        return all(
            not eqx.is_array(column[0]) or _same(np.asarray(x), np.stack(column))
            for x, column in zip(composed, wanted, strict=True)
        )

    def _games(self, places: np.ndarray) -> Games:
        found = self._composed(places) if self.separable else None
        if found is None:
            builder = Builder(self._study, self._folder)  # keeps what it builds as long as it lives
            made = [self._setting(builder, row).parametric for row in places.tolist()]
            found = stack(made)
        return Games(found, len(places))

    def _composed(self, places: np.ndarray) -> Any:
        """The games at these places along the axes, or None where axes move the same numbers."""
        leaves = []
        for n, first in enumerate(self._leaves):
            if not eqx.is_array(first):
                leaves.append(first)
                continue
            moving = [k for k, moved in enumerate(self._moved) if n in moved]
            if not moving:
                leaves.append(np.broadcast_to(first, (len(places), *first.shape)))
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


def _moved(columns: Sequence[Any]) -> dict[int, np.ndarray]:
    """By their place the arrays of games in a row that differ among them."""
    arrays = {n: np.asarray(x) for n, x in enumerate(columns) if eqx.is_array(x)}
    return {n: x for n, x in arrays.items() if not _same(x, x[0])}


def _built_over(settings: Sequence[Setting], probes: np.ndarray, values: np.ndarray) -> Any:
    """The games at all values, made as one where each place that moves holds the value itself.

    None where some place does not, as far as the `settings` at the `probes` show.
    """
    sources = [(x.parametric.game, x.parametric.semantics, x.parametric.channel) for x in settings]
    flat = [jax.tree.leaves(source) for source in sources]
    first, structure = jax.tree.flatten(sources[0])
    masks: dict[int, np.ndarray] = {}
    for n, column in enumerate(zip(*flat, strict=True)):
        if not eqx.is_array(column[0]):
            continue
        moved = np.stack(column)
        fixed = _equal(moved, moved[0]).all(axis=0)
        itself = (moved == probes.reshape(-1, *[1] * (moved.ndim - 1))).all(axis=0)
        if not (fixed | itself).all():
            return None
        if not fixed.all():
            masks[n] = ~fixed

    def build(value: Any) -> ParametricGame:
        leaves = [jnp.where(masks[n], value, x) if n in masks else x for n, x in enumerate(first)]
        return ParametricGame(*jax.tree.unflatten(structure, leaves))

    with jax.enable_x64(True):
        return games_over(build, [values])


def _equal(values: Any, first: Any) -> Any:
    """Which numbers are the same, NaN being the same as NaN."""
    return (values == first) | ((values != values) & (first != first))


def _same(values: Any, first: Any) -> bool:
    return bool(np.all(_equal(values, first)))
