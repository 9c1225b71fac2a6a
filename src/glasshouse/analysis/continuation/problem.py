"""The projected selfish field of a game at every value of an axis, in units of its boxes."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from glasshouse._foundation.arrays import RealArray
from glasshouse._foundation.numbers import Numbers, number, number_array
from glasshouse._foundation.results import few
from glasshouse.analysis.movement.first_order import cooperation
from glasshouse.errors import InputError, nearest
from glasshouse.families import Axis, Family
from glasshouse.families.axis import Setup, setter
from glasshouse.families.place import Setter
from glasshouse.parametric import AbstractParametricGame, Params, Tied, require_exact
from glasshouse.parametric.capabilities import AbstractScaled, capabilities, require_smooth

MOST_FOLLOWED = 200
"""More free parameters than this make Jacobians that are not for a loop in Python."""


class _Placed:
    """Sets the number of an axis in a game: alike, and compiled once, for all equal places."""

    def __init__(self, setup: Setup, put: Setter):
        # The game comes in from outside, so that its numbers are arguments of compiled programs.
        self._setup, self._put = setup, put

    def __call__(self, game: AbstractParametricGame, value: Any) -> AbstractParametricGame:
        return self._put(dataclasses.replace(self._setup, game=game), value).game

    def _key(self) -> tuple:
        return self._put.steps, tuple(sorted(self._put._constructs.items(), key=str))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Placed) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._put.steps)


@dataclasses.dataclass(frozen=True)
class _Built:
    """Asks a family for its game at a value; compiled for this family alone."""

    family: Callable[[Any], Any]

    def __call__(self, game: None, value: Any) -> AbstractParametricGame:
        return self.family(value)


class Place(NamedTuple):
    """One point: everything that decides about it, as NumPy arrays.

    **Arguments:** `field`, the selfish gradients in one row; `jacobian` of them, by the
    coordinates in units of the box and last by the axis in units of its range; `scales`, how
    large each gradient could be; `widths` of the box, and its `ends`; `params` in one row;
    `payoffs`; `cooperation`, empty where the game has none.
    """

    field: Any
    jacobian: Any
    scales: Any
    widths: Any
    ends: Any
    params: Any
    payoffs: Any
    cooperation: Any


class AxisProblem(eqx.Module):
    """A game whose number moves along an axis, as F(z) = 0 with z = (u, τ).

    Coordinates u of params run from 0 to 1 in boxes with two ends, from 0 on where there is one,
    and are params themselves where there is none; τ runs from 0 to 1 along the axis.
    """

    game: Any
    low: RealArray
    high: RealArray
    build: Callable[[Any, Any], AbstractParametricGame] = eqx.field(static=True)
    tied: bool = eqx.field(static=True)

    def at(self, value: Any) -> AbstractParametricGame:
        """The game at a value of the axis."""
        game = self.build(self.game, value)
        return Tied(game) if self.tied else game

    def value(self, z: Any) -> Any:
        """The value of the axis."""
        return self.low + (self.high - self.low) * z[-1]

    def params(self, z: Float[RealArray, "unknowns"]) -> tuple[Array, Array]:
        """Params in one row, and how wide their boxes are."""
        base, widths = _frame(self.at(self.value(z)))
        return base + widths * z[:-1], widths

    def field(self, z: Float[RealArray, "unknowns"]) -> Float[Array, "coordinates"]:
        """The selfish gradients, by params and not by units of the box."""
        game = self.at(self.value(z))
        return _row(game.selfish_gradients(_unrow(game, self.params(z)[0])))

    def relative(self, z: Float[RealArray, "unknowns"]) -> Float[Array, "coordinates"]:
        """The same relative to its scale; 0 where behaviour is saturated until both are lost."""
        scales = self.scales(z)
        lost = jnp.isinf(scales) | (scales <= 1024 * jnp.finfo(scales.dtype).tiny)
        return jnp.where(lost, 0.0, self.field(z) / jnp.where(lost, 1.0, scales))

    def scales(self, z: Float[RealArray, "unknowns"]) -> Float[Array, "coordinates"]:
        """How large gradients could be: `gradient_scales`, or 1 of games that do not know."""
        game = self.at(self.value(z))
        params = _unrow(game, self.params(z)[0])
        if isinstance(game, AbstractScaled) and "scales" in capabilities(game):
            return _row(game.gradient_scales(params))
        return jnp.ones(z.shape[0] - 1)


class Places:
    """What decides about points of a problem, which is taken apart once and not at every call."""

    def __init__(self, problem: AxisProblem):
        numbers, rest = eqx.partition(problem, eqx.is_array)
        self._numbers, structure = jax.tree.flatten(numbers)
        self._rest = _Rest(structure, *jax.tree.flatten(rest))

    def __call__(self, z: Float[np.ndarray, "unknowns"]) -> Place:
        return Place(*map(np.asarray, _place(self._numbers, z, self._rest)))


class _Rest:
    """All of a problem but its arrays: alike, and compiled once, for problems of one structure."""

    def __init__(self, numbers: Any, leaves: list, structure: Any):
        self._key = numbers, tuple(leaves), structure
        self._hash = hash(self._key)

    def problem(self, numbers: list) -> AxisProblem:
        """The problem with these arrays."""
        rest = jax.tree.unflatten(self._key[2], self._key[1])
        return eqx.combine(jax.tree.unflatten(self._key[0], numbers), rest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rest) and self._key == other._key

    def __hash__(self) -> int:
        return self._hash


@functools.partial(jax.jit, static_argnums=2)
def _place(numbers: list, z: Float[RealArray, "unknowns"], rest: _Rest) -> Place:
    """Everything that decides about a point, in one program for each structure of game."""
    problem = rest.problem(numbers)
    params, widths = problem.params(z)
    game = problem.at(problem.value(z))
    profile = _unrow(game, params)
    seen = cooperation(game, profile) if "observables" in capabilities(game) else jnp.zeros(0)
    jacobian = jax.jacfwd(problem.field)(z)
    scales = problem.scales(z)
    ends, payoffs = jnp.stack(_ends(game)), game.payoffs(profile)
    return Place(problem.field(z), jacobian, scales, widths, ends, params, payoffs, seen)


def problem_of(family: Any, axis: Any, between: Any) -> tuple[AxisProblem, str]:
    """What is followed along which axis, checked.

    **Raises:** `InputError` for axes that are about learning or change a game's structure, games
    whose payoffs are drawn, and ends that cannot be.
    """
    if isinstance(family, Family):
        build, game, name, ends, tied = _of_axis(family, axis)
    elif hasattr(family, "symbol") and hasattr(family, "lowest"):
        name = axis.name if isinstance(axis, Axis) else axis
        if name not in ("coupling", "weight", family.symbol):
            raise InputError(
                f'{type(family).__name__} has one axis, "coupling", and not {name!r:.40}: for any '
                "other number use gh.Family(gh.Setup(game), gh.Axis(name, values, at=…))"
            )
        ends = (family.lowest, family.highest)
        build, game, tied = _Built(family), None, False
    else:
        raise InputError(
            f"branches needs a Family or a LogisticFamily, say, and not {type(family).__name__}: "
            "gh.Family(gh.Setup(game), gh.Axis(name, values, at=…))"
        )
    low, high = _checked_ends(ends if between is None else between, name)
    problem = AxisProblem(game, np.asarray(low), np.asarray(high), build, tied)
    first, last = (_checked_game(problem, end, name) for end in (low, high))
    if _shapes(first) != _shapes(last):
        raise _changes(name)
    return problem, name


def _of_axis(family: Family, axis: Any) -> tuple:
    """The axis of a family, what sets its number, and its ends."""
    axes = {a.name: a for a in family.axes}
    name = axis.name if isinstance(axis, Axis) else axis
    if name not in axes:
        raise InputError(f"no axis is called {name!r:.40}: {nearest(str(name), axes)}")
    found, setup, tied = axes[name], family.setup, family.setup.learning.tied
    ends = (float(found.numbers.min()), float(found.numbers.max()))
    if found.build is not None:
        return _Built(lambda value: family.at(**{name: value}).game), None, name, ends, tied
    put = setter(found, setup)
    if put.steps[0].of != "game":
        raise InputError(
            f"axis {name!r} is about learning, and rest points of the selfish gradient depend on "
            "the game alone: follow a number of the game, such as setup.game.semantics.coupling"
        )
    put(setup, ends[0])  # finds out, while there are numbers, what makes a game again
    return _Placed(setup, put), setup.game, name, ends, tied


def _checked_ends(ends: Numbers, name: str) -> tuple[float, float]:
    found = np.asarray(number_array(ends, "between", shapes=None))
    if found.shape != (2,) or not found[0] < found[1] or not np.all(np.isfinite(found)):
        raise InputError(
            f"branches are followed between two values of {name!r}, the first below the second, "
            f"not {few(found)}: give the axis two values, or between=(low, high)"
        )
    return number(found[0], "between"), number(found[1], "between")


def _checked_game(problem: AxisProblem, value: float, name: str) -> AbstractParametricGame:
    game = problem.at(value)
    require_exact(game, "branches")
    require_smooth(game, "following branches")
    count = sum(np.size(x) for box in game.spaces for x in jax.tree.leaves(box.lower))
    if not 0 < count <= MOST_FOLLOWED:
        raise InputError(
            f"branches follow at least 1 and at most {MOST_FOLLOWED} parameters, and the "
            f"game at {name} = {value:g} has {count}"
        )
    return game


def _changes(name: str) -> InputError:
    return InputError(
        f"the structure of games changes along {name!r}, or which of their bounds are finite: "
        "branches are followed along numbers"
    )


def _shapes(game: AbstractParametricGame) -> tuple:
    lower, upper = unit_bounds(game)
    return jax.tree.structure(game.spaces), lower.tolist(), upper.tolist()


def unit_bounds(game: AbstractParametricGame) -> tuple[np.ndarray, np.ndarray]:
    """Between which units of the box coordinates lie."""
    low, high = (np.asarray(x, dtype=np.float64) for x in _ends(game))
    lowest = np.where(np.isfinite(low), 0.0, -np.inf)
    highest = np.where(np.isfinite(high), np.where(np.isfinite(low), 1.0, 0.0), np.inf)
    return lowest, highest


def in_units(game: AbstractParametricGame, params: Params) -> np.ndarray:
    """Params in one row, in units of their boxes."""
    base, widths = _frame(game)
    rows = [np.ravel(x) for x in jax.tree.leaves(params)]
    return (np.concatenate(rows) - np.asarray(base)) / np.asarray(widths)


def as_params(game: AbstractParametricGame, row: np.ndarray) -> Params:
    """A row of numbers in the structure of params; single numbers as Python has them."""
    found = jax.tree.map(np.asarray, _unrow(game, np.asarray(row)))
    return jax.tree.map(lambda x: float(x) if x.ndim == 0 else x, found)


def _ends(game: AbstractParametricGame) -> tuple[Any, Any]:
    boxes = game.spaces
    return tuple(
        jnp.concatenate([jnp.ravel(x) for b in boxes for x in jax.tree.leaves(getattr(b, end))])
        for end in ("lower", "upper")
    )  # pyright: ignore[reportReturnType]


def _frame(game: AbstractParametricGame) -> tuple[Array, Array]:
    """Where coordinates are 0, and how far 1 is from there."""
    low, high = _ends(game)
    below, above = jnp.isfinite(low), jnp.isfinite(high)
    base = jnp.where(below, low, jnp.where(above, high, 0.0))
    # Infinities leave before they meet: their difference has no derivative.
    both = below & above
    return base, jnp.where(both, jnp.where(both, high, 1.0) - jnp.where(both, low, 0.0), 1.0)


def _row(params: Params) -> Array:
    return jnp.concatenate([jnp.ravel(x) for x in jax.tree.leaves(params)])


def _unrow(game: AbstractParametricGame, row: Any) -> Params:
    """A row of numbers in the structure of the players' parameters."""
    leaves, structure = jax.tree.flatten(tuple(box.lower for box in game.spaces))
    ends = np.cumsum([np.size(x) for x in leaves])
    starts = [0, *ends[:-1].tolist()]
    cut = [
        row[start:end].reshape(np.shape(x))
        for start, end, x in zip(starts, ends.tolist(), leaves, strict=True)
    ]
    return jax.tree.unflatten(structure, cut)
