"""`[semantics]` of a study: one class per kind, each building its semantics."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import jax
import numpy as np
from pydantic import Field, field_validator, model_validator

from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.families.family import AffineFamily, LogisticFamily
from glasshouse.families.linear import LinearFamily
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.semantics.affine import Affine
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.custom import Custom
from glasshouse.semantics.linear import Linear
from glasshouse.semantics.logistic import Logistic
from glasshouse.study.spec.imported import code_file, failure, load_function
from glasshouse.study.spec.values import Matrix, Number, Parameter, Section


class LogisticSpec(Section):
    """Cooperate with probability s(ω θ_i + Σ_j κ_ij θ_j); m actions have m - 1 logits."""

    COUPLING: ClassVar[str | None] = "coupling"
    RANGE: ClassVar[tuple[float, float, int]] = (0.0, 1.2, 61)
    SPREAD: ClassVar[float] = 1.0

    kind: Literal["logistic"] = "logistic"
    """How parameters become mixed actions: "logistic", "affine", "linear" or "custom"."""
    coupling: Number = 0.5
    """κ, the weight with which each reads the others; negative means reacting against them."""
    pattern: Matrix | None = None
    """Who reads whom: entry [i][j] multiplies κ where player i reads j; zeros on the diagonal."""
    bound: Annotated[float, Field(gt=0, strict=True)] = 3.0
    """M: every parameter lies in [-M, M]; inf for no bound."""
    own_weight: Number = 1.0
    """ω, the weight of one's own parameter; closed forms need 1."""

    def build(self, game: NormalFormGame, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players."""
        pattern, players = self.pattern, game.players
        if pattern is not None and len(pattern) != players:
            raise InputError(
                f"pattern has shape {np.shape(pattern)}: it must be {(players, players)} for "
                f"{players} players"
            )
        weights = self.coupling if pattern is None else self.coupling * np.array(pattern)
        return Logistic(game.actions, weights, self.bound, self.own_weight)

    def family(self, game: NormalFormGame, channel: AbstractChannel) -> LogisticFamily:
        """The game at every coupling."""
        pattern = None if self.pattern is None else np.array(self.pattern)
        return LogisticFamily(game, self.bound, pattern, self.own_weight, channel)

    def files(self, folder: Path) -> dict[str, Path]:
        """What it reads beside the study, by name."""
        return {}


class AffineSpec(Section):
    """Cooperate with probability (1-w) θ_i + w θ_j, parameters in [0, 1]; two actions each."""

    COUPLING: ClassVar[str | None] = "weight"
    RANGE: ClassVar[tuple[float, float, int]] = (0.0, 1.0, 51)
    SPREAD: ClassVar[float] = 0.2

    kind: Literal["affine"]
    """How parameters become mixed actions: "logistic", "affine", "linear" or "custom"."""
    weight: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.25
    """w, the weight of what one reads; the weight of one's own parameter is 1 - w."""

    def build(self, game: NormalFormGame, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players."""
        return Affine(game.actions, self.weight)

    def family(self, game: NormalFormGame, channel: AbstractChannel) -> AffineFamily:
        """The game at every weight."""
        return AffineFamily(game, channel)

    def files(self, folder: Path) -> dict[str, Path]:
        """What it reads beside the study, by name."""
        return {}


class LinearSpec(Section):
    """Cooperate with probability s(w·θ_i + κ Σ_j w·θ_j), θ_i of several coordinates."""

    COUPLING: ClassVar[str | None] = "coupling"
    RANGE: ClassVar[tuple[float, float, int]] = (0.0, 1.2, 61)
    SPREAD: ClassVar[float] = 1.0

    kind: Literal["linear"]
    """How parameters become mixed actions."""
    coupling: Number = 0.5
    """κ, the weight with which each reads the others."""
    direction: Annotated[list[Number], Field(min_length=1, max_length=1_000_000)]
    """w, one number per coordinate, not all zero."""
    bound: Annotated[float, Field(gt=0, strict=True)] = 3.0
    """M: every coordinate lies in [-M, M]; inf for no bound."""

    def build(self, game: NormalFormGame, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players."""
        return Linear(game.actions, self.coupling, np.array(self.direction), self.bound)

    def family(self, game: NormalFormGame, channel: AbstractChannel) -> LinearFamily:
        """The game at every coupling."""
        return LinearFamily(game, np.array(self.direction), self.bound, channel)

    def files(self, folder: Path) -> dict[str, Path]:
        """What it reads beside the study, by name."""
        return {}


class CustomSpec(Section):
    """A function of yours: function(params, seen, **parameters) gives everyone's mixed action."""

    COUPLING: ClassVar[str | None] = None
    RANGE: ClassVar[tuple[float, float, int] | None] = None
    SPREAD: ClassVar[float] = 1.0

    kind: Literal["custom"]
    """How parameters become mixed actions: "logistic", "affine", "linear" or "custom"."""
    function: str
    """"file.py:name" beside the study, or "package.module:name"."""
    parameters: dict[str, Parameter] = Field(default={})
    """Numbers the function takes by name; they can be swept."""
    lower: Number = -3.0
    """Smallest value of every parameter of a player."""
    upper: Number = 3.0
    """Largest value of every parameter of a player."""
    size: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    """Length of each player's parameter vector; left out, one plain number."""

    @field_validator("function")
    @classmethod
    def _has_two_parts(cls, value: str) -> str:
        place, separator, name = value.rpartition(":")
        is_place = place.endswith(".py") or all(part.isidentifier() for part in place.split("."))
        if not separator or not is_place or "\0" in place or not name.isidentifier():
            raise ValueError(
                f"must be 'file.py:name' or 'package.module:name', but is {value!r:.60}"
            )
        return value

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "CustomSpec":
        if not self.lower < self.upper:
            raise ValueError(f"lower {self.lower:g} must be below upper {self.upper:g}")
        return self

    def build(self, game: NormalFormGame, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players.

        **Raises:** `InputError` when the function cannot be found or does not work.
        """
        try:
            function = load_function(self.function, folder)
            _check_call(self.function, function, self.parameters)
            return self._custom(function, game)
        except InputError as error:
            raise InputError(f"key 'semantics.function': {error}") from error

    def _custom(self, function: Callable[..., Any], game: NormalFormGame) -> Custom:
        # Arrays inside a pytree, not values in a closure: so that sweeps compile once.
        bound = jax.tree_util.Partial(
            function, **{name: np.asarray(float(x)) for name, x in self.parameters.items()}
        )
        shape = () if self.size is None else (self.size,)
        box = Box(np.full(shape, float(self.lower)), np.full(shape, float(self.upper)))
        try:
            return Custom(bound, (box,) * game.players)
        except (Exception, SystemExit) as failed:
            # In a study boxes are as its keys say, so that only what the function does is of use.
            error = failed.__cause__ if isinstance(failed, InputError) else failed
            if error is None:
                raise
            traced = isinstance(error, jax.errors.ConcretizationTypeError)
            hint = "; write it with jax.numpy, not numpy" * (
                traced or "Tracer" in type(error).__name__
            )
            where = _line_in(error, function)
            raise InputError(f"{self.function} failed{where}: {failure(error)}{hint}") from error

    def family(self, game: NormalFormGame, channel: AbstractChannel) -> None:
        """None: a custom semantics has no coupling that the library knows."""
        return

    def files(self, folder: Path) -> dict[str, Path]:
        """The source of the function and of what it imports, by name."""
        return code_file(self.function, folder)


SemanticsSpec = LogisticSpec | AffineSpec | LinearSpec | CustomSpec
SEMANTICS_SPECS: dict[str, type[SemanticsSpec]] = {
    "logistic": LogisticSpec,
    "affine": AffineSpec,
    "linear": LinearSpec,
    "custom": CustomSpec,
}


def _check_call(reference: str, function: Callable[..., Any], parameters: dict[str, Any]) -> None:
    """Whether it takes what it will be given, and compiled code can be kept for it."""
    try:
        inspect.signature(function).bind((), (), **parameters)
    except (TypeError, ValueError) as error:  # ValueError: a builtin without a signature
        raise InputError(
            f"{reference} is called as function(params, seen, parameters by name), with "
            f"parameters {sorted(parameters)}: {error}"
        ) from error
    try:
        hash(function)
    except TypeError as error:
        raise InputError(
            f"{reference} is an object that cannot be hashed ({error}): name a function that calls "
            "it instead"
        ) from error


def _line_in(error: BaseException, function: Callable[..., Any]) -> str:
    """Where in the function's own file the error arose; nothing for objects without a file."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:
        return ""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            found = f" in line {trace.tb_lineno}"
        trace = trace.tb_next
    return found
