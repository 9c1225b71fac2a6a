"""A setup, and the axes along which one of its numbers varies."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
import numpy as np

from glasshouse._foundation.numbers import HeldVector, Numbers, number_array
from glasshouse._foundation.results import Readable, Result
from glasshouse.dynamics.learning import Learning, check_learning
from glasshouse.errors import InputError
from glasshouse.families.place import Setter, number_at, steps_of
from glasshouse.parametric import AbstractParametricGame
from glasshouse.parametric.capabilities import is_parametric

if TYPE_CHECKING:  # what is held; anything may be given, and is refused with an advice
    HeldGame: TypeAlias = AbstractParametricGame
    HeldLearning: TypeAlias = Learning
else:
    HeldGame = HeldLearning = Any


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Setup(Readable):
    """A game and how it is learned: what places of axes lie in.

    **Arguments:** `game`, a parametric game; `learning`.
    **Raises:** `InputError` for anything else.

        import glasshouse as gh

        game = gh.LogisticFamily(gh.load_game("stag_hunt"), 3.0)(0.5)
        print(gh.Setup(game).learning.steps)  # 6000
    """

    game: HeldGame
    learning: HeldLearning = dataclasses.field(default_factory=Learning)

    def __post_init__(self):
        # While axes are traced, a game may be any pytree of tracers; what it is made of is checked.
        if not is_parametric(self.game):
            raise InputError(f"game must be a parametric game, not {type(self.game).__name__}")
        check_learning(self.learning, "a setup")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Axis(Result):
    """The values of one number of a setup.

    **Arguments:** `name`; `values`, finite numbers in a row; and one of `at`, the place of the
    number (`lambda setup: setup.game.semantics.coupling`, `setup.learning.step_size`), and
    `build`, a function from a value to a game or a `Setup`, for what no single place holds (it is
    traced once where it can be).
    **Raises:** `InputError` for values that are no such numbers, and both or neither of the two.

        import glasshouse as gh

        axis = gh.Axis("coupling", [0.3, 0.5], at=lambda setup: setup.game.semantics.coupling)
        print(axis.values)  # [0.3 0.5]
    """

    name: str
    values: HeldVector
    at: Callable[[Any], Any] | None = None
    build: Callable[[float], Any] | None = None

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            raise InputError(f"the name of an axis must be a text, not {self.name!r:.40}")
        values = np.asarray(number_array(self.values, f"axis {self.name!r}", shapes=None))
        if values.ndim != 1 or not values.size:
            raise InputError(
                f"axis {self.name!r} needs a row of at least one value, not an array of shape "
                f"{values.shape}"
            )
        if not np.all(np.isfinite(values)):
            raise InputError(f"axis {self.name!r} needs finite values, but has {values.tolist()}")
        object.__setattr__(self, "values", values)
        if (self.at is None) == (self.build is None):
            both = "not both" if self.at is not None else "it has neither"
            raise InputError(
                f"axis {self.name!r} needs at=, the place of a number, or build=, a function from "
                f"a value to a game ({both})"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def numbers(self) -> np.ndarray:
        """The values, for computing with."""
        return np.asarray(self.values)


def setter(axis: Axis, setup: Setup) -> Setter:
    """What sets the number of an axis that has a place."""
    assert axis.at is not None
    try:
        steps = steps_of(axis.at)
        number_at(setup, steps)
    except InputError as error:
        raise InputError(f"axis {axis.name!r}: {error}") from error
    return Setter(steps)


def built(axis: Axis, setup: Setup, value: Any) -> Setup:
    """The setup that an axis builds at a value; a game alone is learned as the setup says."""
    assert axis.build is not None
    found = axis.build(value)
    if isinstance(found, Setup):
        return found
    if not is_parametric(found):
        raise InputError(
            f"build must give a parametric game or a Setup, not {type(found).__name__}: for a "
            "table of payoffs, gh.ParametricGame(game, semantics)"
        )
    return dataclasses.replace(setup, game=found)


def fingerprint(setup: Setup) -> tuple[Any, Any]:
    """What games must have in common to be one program, and what learnings must, all of it."""
    leaves, structure = jax.tree.flatten(setup.game)
    game = structure, tuple(np.shape(x) if hasattr(x, "dtype") else x for x in leaves)
    learning = setup.learning
    rule, kind = jax.tree.flatten(learning.rule)
    numbers = tuple((np.shape(x), np.asarray(x).tobytes()) for x in rule)
    rest = dataclasses.replace(learning, rule=type(learning)().rule)
    return game, (kind, numbers, rest.step_size, rest.steps, str(rest.stop), rest.starts, rest.tied)


def checked_value(axis: Axis, value: Numbers) -> Any:
    """A finite number for an axis, or a traced one as it is."""
    array = number_array(value, f"axis {axis.name!r}")
    return float(array) if isinstance(array, np.ndarray | np.generic) else array
