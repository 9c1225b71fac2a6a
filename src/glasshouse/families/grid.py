"""Games and learnings over any number of axes."""

import contextlib
import dataclasses
import inspect
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, final

import jax
import numpy as np
import wadler_lindig as wl

from glasshouse._foundation.numbers import Numbers
from glasshouse._foundation.precision import in_float64
from glasshouse._foundation.results import Readable, call
from glasshouse.dynamics import Ends, Games, Learning, stack
from glasshouse.dynamics.batch import taken_from
from glasshouse.errors import InputError, nearest
from glasshouse.families.along import games_along, games_over
from glasshouse.families.axis import Axis, Setup, built, checked_value, fingerprint, setter
from glasshouse.parametric import AbstractParametricGame

MOST_CHECKED = 1000
"""Values of an axis at which a setup is built with every check; of longer axes so many, evenly
spread, both ends among them."""

MOST_DETAILS = 4
"""Of what was learned in so many ways, the others are counted."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class FamilyPart(Readable):
    """The points of a family that are computed together: one way of learning, games alike.

    **Arguments:** `values`, of the axes along which that changes; `index`, of its points in arrays
    of the family's shape; `games`, in the order of these points; `learning`.
    """

    values: dict[str, float]
    index: tuple[Any, ...]
    games: Games
    learning: Learning


@final
class Family(Readable):
    """A setup over any number of axes: every combination of their values is a point.

    Games are built as arrays, for all points at once. Axes along which learning changes (its rule,
    its step size, its steps) or the game's structure does (players, actions) are an outer loop:
    `loops` names them. A new number there uses the same compiled program, a new structure is
    compiled anew.

    **Arguments:** `setup`; `axes`, at most one of which has `build`; places are those in what it
    builds.
    **Raises:** `InputError` naming the axis and the value: for names that stand twice, places that
    lead to no number, and values that a game, semantics or rule refuses (each axis is tried value
    by value while the others stand at their first).

        import glasshouse as gh
        from glasshouse.dynamics import Learning, Starts
        from glasshouse.rules import Lola

        game = gh.load_game("prisoners_dilemma")
        learning = Learning(Lola(1.0), steps=200, starts=Starts(10))
        start = gh.families.Setup(gh.LogisticFamily(game, 3.0)(0.5), learning)
        family = gh.Family(
            start,
            gh.Axis("coupling", [0.3, 0.5, 0.7], at=lambda s: s.game.semantics.coupling),
            gh.Axis("look_ahead", [0.0, 1.0], at=lambda s: s.learning.rule.look_ahead),
        )
        print(family.each(gh.generic_outcomes).shape)  # (3, 2)
    """

    setup: Setup
    axes: tuple[Axis, ...]
    loops: tuple[str, ...]

    def __init__(self, setup: Setup, *axes: Axis):
        if not axes:
            raise InputError('a family needs at least one axis: Axis("coupling", values, at=…)')
        names = [axis.name for axis in axes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"two axes are called {twice!r}: give each a name of its own")
        builders = [axis for axis in axes if axis.build is not None]
        if len(builders) > 1:
            raise InputError(
                f"axes {builders[0].name!r} and {builders[1].name!r} both build, and one would "
                "replace what the other built: reach one of them by its place, at="
            )
        self.setup, self.axes = setup, axes
        self._builder = builders[0] if builders else None
        first = setup
        if self._builder is not None:
            value = float(self._builder.numbers[0])
            with _named(self._builder, value):
                first = built(self._builder, setup, value)
        self._setters = {
            axis.name: setter(axis, first) for axis in axes if axis is not self._builder
        }
        self._structures, learnings = self._changing()
        self.loops = tuple(n for n in names if n in self._structures or n in learnings)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(map(len, self.axes))

    @property
    def size(self) -> int:
        """How many points there are."""
        return math.prod(self.shape)

    def at(self, **values: Numbers) -> Setup:
        """The setup at these values, which need not be among those of the axes.

        Axes left out stand as in the setup given.

        **Raises:** `InputError` for a name that is no axis, and values that cannot be.
        """
        by_name = {axis.name: axis for axis in self.axes}
        for name in values:
            if name not in by_name:
                raise InputError(f"no axis is called {name!r}: {nearest(name, by_name)}")
        numbers = {name: checked_value(by_name[name], x) for name, x in values.items()}
        found, builder = self.setup, self._builder
        if builder is not None and builder.name in numbers:
            found = built(builder, found, numbers[builder.name])
        for name, put in self._setters.items():
            if name in numbers:
                found = put(found, numbers[name])
        return found

    def __call__(self, value: Numbers) -> Any:
        """The game at a value of the only axis, so that switches can be searched along it.

        **Raises:** `InputError` where there are more axes, or the only one is about learning.
        """
        if len(self.axes) != 1:
            raise InputError(
                f"this family has {len(self.axes)} axes, and a function of one number is wanted: "
                "use family.at(…), or a family of one axis"
            )
        (axis,) = self.axes
        if axis.name in self.loops and axis.name not in self._structures:
            raise InputError(f"the game does not change along {axis.name!r}: learning does")
        return self.at(**{axis.name: value}).game

    @property
    def lowest(self) -> float:
        """Switches along an only axis are searched from here unless the caller says otherwise."""
        return float(np.min(self.axes[0].numbers))

    @property
    def highest(self) -> float:
        """Switches along an only axis are searched up to here unless the caller says otherwise."""
        return float(np.max(self.axes[0].numbers))

    def __iter__(self) -> Iterator[Any]:
        raise InputError(
            "a family is no list of games: family.each(generic_outcomes) asks an analysis of every "
            "point, and family.games() are its games"
        )

    def points(self) -> dict[str, np.ndarray]:
        """The value of every axis at every point, of the family's shape."""
        grids = np.meshgrid(*(axis.numbers for axis in self.axes), indexing="ij")
        return {axis.name: grid for axis, grid in zip(self.axes, grids, strict=True)}

    def games(self) -> Games:
        """The games of all points, the last axis running fastest, as arrays.

        **Raises:** `InputError` where they differ in structure: take them from `programs`.
        """
        if self._structures:
            raise InputError(
                f"games along {', '.join(map(repr, self._structures))} differ in structure, and "
                "no array holds them together: take them from family.programs(), one by one"
            )
        return self._games({}, list(self.axes))

    def programs(self) -> Iterator[FamilyPart]:
        """What is computed together, one part after another; all of it is a loop over `loops`."""
        outer = [axis for axis in self.axes if axis.name in self.loops]
        inner = [axis for axis in self.axes if axis.name not in self.loops]
        for where in itertools.product(*(range(len(axis)) for axis in outer)):
            at = {axis.name: k for axis, k in zip(outer, where, strict=True)}
            values = {axis.name: float(axis.numbers[at[axis.name]]) for axis in outer}
            index = tuple(at.get(axis.name, slice(None)) for axis in self.axes)
            learning = self._first(values).learning
            yield FamilyPart(values, index, self._games(values, inner), learning)

    def each(self, analysis: Callable[..., Any], **settings: Any) -> Any:
        """What an analysis of many games says of every point.

        **Arguments:** `analysis(games, learning=…, **settings)`, which gives an entry for each game
        (`generic_outcomes`, `assess`) or is `learn`.
        **Returns:** an array of the family's shape; from `learn`, an `Ends` whose arrays begin with
        that shape.
        **Cost:** that of the analysis once for each of `programs()`.
        """
        parameters = inspect.signature(analysis).parameters
        if "learning" in settings:
            raise InputError("learning is that of the family: leave it out, or change its setup")
        found = []
        for program in self.programs():
            own = {"learning": program.learning} if "learning" in parameters else {}
            found.append((program.index, analysis(program.games, **own, **settings)))
        return _joined(found, self.shape)

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        facts: dict[str, Any] = {"setup": self.setup}
        facts["axes"] = {axis.name: f"{len(axis)} values" for axis in self.axes}
        return call("Family", [*facts.items(), ("loops", self.loops)], **settings)

    def _first(self, values: dict[str, float]) -> Setup:
        """The setup at these values, the other axes at their first."""
        first = {axis.name: float(axis.numbers[0]) for axis in self.axes}
        return self.at(**{**first, **values})

    def _changing(self) -> tuple[set[str], set[str]]:
        """Names of the axes along which the structure of games changes, and those of learning."""
        structures, learnings = set(), set()
        for axis in self.axes:
            chosen = np.linspace(0, len(axis) - 1, min(len(axis), MOST_CHECKED)).round()
            kinds = []
            for value in axis.numbers[chosen.astype(int)].tolist():
                with _named(axis, value):
                    kinds.append(fingerprint(self._first({axis.name: value})))
            for k, names in enumerate((structures, learnings)):
                if any(kind[k] != kinds[0][k] for kind in kinds):
                    names.add(axis.name)
        return structures, learnings

    @in_float64
    def _games(self, fixed: dict[str, float], inner: list[Axis]) -> Games:
        """The games over the axes `inner`, the others being `fixed`."""
        count = math.prod(map(len, inner))
        grids = np.meshgrid(*(np.arange(len(axis)) for axis in inner), indexing="ij")
        rows = {axis.name: grid.ravel() for axis, grid in zip(inner, grids, strict=True)}
        builder = self._builder
        places = [
            axis
            for axis in inner
            if axis is not builder and self._setters[axis.name].steps[0].of == "game"
        ]
        if builder is not None and builder.name in rows:
            made = games_along(lambda value: self._based(fixed, value), builder.numbers)
            base = taken_from(made, rows[builder.name])
        else:
            single = self._based(fixed, None if builder is None else fixed[builder.name])
            base = stack([single] * count)
        if not places:
            return Games(base, count)

        def build(*row: Any) -> AbstractParametricGame:
            found = dataclasses.replace(self.setup, game=row[-1])
            for axis, value in zip(places, row[:-1], strict=True):
                found = self._setters[axis.name](found, value)
            return found.game

        columns = [taken_from(axis.numbers, rows[axis.name]) for axis in places]
        return Games(games_over(build, [*columns, base]), count)

    def _based(self, fixed: dict[str, float], value: Any) -> AbstractParametricGame:
        """The game that the builder makes, where there is one, numbers of outer loops set."""
        found = self.setup
        if self._builder is not None:
            found = built(self._builder, found, value)
        for name, put in self._setters.items():
            if name in fixed and put.steps[0].of == "game":
                found = put(found, fixed[name])
        return found.game


@contextlib.contextmanager
def _named(axis: Axis, value: float) -> Iterator[None]:
    """Errors with the axis and the value at which they arose."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"axis {axis.name!r} at {value:g}: {error}") from error


def _joined(found: list[tuple[tuple[Any, ...], Any]], shape: tuple[int, ...]) -> Any:
    """What was found in each part, in one array (or several, of `Ends`) of the family's shape."""
    first = found[0][1]
    if isinstance(first, Ends):
        trees = [(index, (e.params, e.residuals, e.steps, e.observed)) for index, e in found]
        columns = zip(*(jax.tree.leaves(tree) for _, tree in trees), strict=True)
        filled = []
        for column in columns:
            array = np.empty((*shape, *column[0].shape[1:]), column[0].dtype)
            for (index, _), part in zip(trees, column, strict=True):
                array[index] = part.reshape(array[index].shape)
            filled.append(array)
        whole = jax.tree.unflatten(jax.tree.structure(trees[0][1]), filled)
        params, residuals, steps, observed = whole
        details = list(dict.fromkeys(ends.detail for _, ends in found))
        more = [f"and {len(details) - MOST_DETAILS} more"] if len(details) > MOST_DETAILS else []
        return Ends(params, residuals, steps, observed, "; ".join([*details[:MOST_DETAILS], *more]))
    answers = np.empty(shape, dtype=object)
    for index, entries in found:
        part = np.empty(len(entries), dtype=object)
        part[:] = list(entries)
        single = not any(isinstance(k, slice) for k in index)
        answers[index] = part[0] if single else part.reshape(answers[index].shape)
    return answers
