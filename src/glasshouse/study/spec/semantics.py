"""`[semantics]` of a study: what each kind needs beyond what its class says of itself."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import jax
import numpy as np
from pydantic import field_validator, model_validator

from glasshouse._foundation.declared import settings_of
from glasshouse._foundation.numbers import Numbers
from glasshouse.channels.base import AbstractChannel
from glasshouse.channels.box import Box
from glasshouse.errors import InputError
from glasshouse.families.family import AbstractFamily, AffineFamily, LogisticFamily
from glasshouse.families.linear import LinearFamily
from glasshouse.games.normal_form import is_normal_form
from glasshouse.games.repeated import Played, is_repeated
from glasshouse.parametric import ParametricGame
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.custom import Custom
from glasshouse.semantics.registry import GIVEN, SEMANTICS
from glasshouse.study.spec.declared import Declared, Kinds, made
from glasshouse.study.spec.imported import code_file, failure, load_function
from glasshouse.theory.symmetric import Thresholds

S = TypeVar("S")

Said = tuple[str, dict[str, Any]]
"""Words for the report, and the numbers that stand in their braces by name."""


class SemanticsSection(Declared):
    """What a parameter means, by a class that says what it takes."""

    COUPLING: ClassVar[str | None] = None
    """Which number says how strongly all read each other."""
    RANGE: ClassVar[tuple[float, float, int] | None] = None
    """Where it is studied: from, to, and at how many values."""
    SPREAD: ClassVar[float] = 1.0
    """Standard deviation of starts unless said."""
    CODE: ClassVar[str | None] = None
    """The key that names Python code, where one does."""

    @classmethod
    def declare(cls) -> None:
        strength = cls.MADE.strength
        cls.SPREAD = cls.MADE.spread
        if strength is not None:
            cls.COUPLING = strength.key
            cls.RANGE = (strength.start, strength.stop, strength.count)

    def build(self, game: Played, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players."""
        return self.built(game, self.settings())

    def built(self, game: Played, settings: dict[str, Any]) -> AbstractSemantics:
        """The semantics with these settings, given the game's actions where it takes them."""
        taken = GIVEN & set(inspect.signature(self.MADE).parameters)
        return made(self.MADE, {**dict.fromkeys(taken, game.actions), **settings})

    def family(self, game: Played, built: ParametricGame) -> AbstractFamily | None:
        """The game at every strength of reading, or None where it has none; `built` is at one."""
        return None if self.COUPLING is None else StrengthFamily(game, self, built.channel)

    def files(self, folder: Path) -> dict[str, Path]:
        """What it reads beside the study, by name."""
        return {}

    def said(self, game: Played, spaces: tuple[Box, ...]) -> Said:
        """What it does, for the report."""
        keys = settings_of(self.MADE, GIVEN)
        numbers = [f"{key.symbol or name} = {{{name}}}" for name, key in keys.items()]
        return f"{self.MADE.formula}; {', '.join([_where(spaces), *numbers])}", self.settings()


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class StrengthFamily(AbstractFamily):
    """A game under a semantics of a section, as a function of its strength of reading."""

    symbol: ClassVar[str] = "x"

    game: Played
    section: SemanticsSection
    channel: AbstractChannel

    def __call__(self, coupling: Numbers) -> ParametricGame:
        settings = {**self.section.settings(), str(self.section.COUPLING): coupling}
        return ParametricGame(self.game, self.section.built(self.game, settings), self.channel)

    @property
    def lowest(self) -> float:
        return self._range[0]

    @property
    def highest(self) -> float:
        return self._range[1]

    @property
    def _range(self) -> tuple[float, float, int]:
        found = self.section.RANGE
        assert found is not None  # a strength has one
        return found

    def closed_form(self) -> Thresholds:
        raise InputError(f"no closed form is known for {self.section.MADE.words} semantics")


class LogisticSection(SemanticsSection):
    """Cooperate with probability s(ω θ_i + Σ_j κ_ij θ_j); m actions have m - 1 logits."""

    def built(self, game: Played, settings: dict[str, Any]) -> AbstractSemantics:
        """The semantics for this game's players, the coupling multiplying the pattern."""
        pattern, players = settings["pattern"], game.players
        if pattern is not None and len(pattern) != players:
            raise InputError(
                f"pattern has shape {np.shape(pattern)}: it must be {(players, players)} for "
                f"{players} players"
            )
        coupling = settings["coupling"]
        weights = coupling if pattern is None else coupling * np.array(pattern)
        own = (settings["bound"], settings["own_weight"])
        return self.MADE(game, weights, *own, reading=settings["reading"])

    def family(self, game: Played, built: ParametricGame) -> LogisticFamily:
        """The game at every coupling."""
        own = self.settings()
        pattern = None if own["pattern"] is None else np.array(own["pattern"])
        reading = own["reading"]
        return LogisticFamily(
            game, own["bound"], pattern, own["own_weight"], built.channel, reading
        )

    def said(self, game: Played, spaces: tuple[Box, ...]) -> Said:
        """What it does, for the report."""
        own = self.settings()
        several = " (with more than two actions, one such logit for each but one of them)"
        pattern = f" times the pattern {own['pattern']}, entry [i][j] for player i reading player j"
        return (
            f"{self.MADE.formula}{several * (max(game.actions) > 2)}; parameters "
            f"{_bound(own['bound'])}, ω = {{own_weight}}, κ = {{coupling}}{_over_states(game, own)}"
            f"{'' if own['pattern'] is None else pattern}"
        ), own


class AffineSection(SemanticsSection):
    """Cooperate with probability (1-w) θ_i + w θ_j, parameters in [0, 1]; two actions each."""

    def built(self, game: Played, settings: dict[str, Any]) -> AbstractSemantics:
        """The semantics for this game's players."""
        return self.MADE(game, settings["weight"], reading=settings["reading"])

    def family(self, game: Played, built: ParametricGame) -> AffineFamily:
        """The game at every weight."""
        return AffineFamily(game, built.channel, self.settings()["reading"])

    def said(self, game: Played, spaces: tuple[Box, ...]) -> Said:
        """What it does, for the report."""
        own = self.settings()
        states = _over_states(game, own, "such probability")
        return f"{self.MADE.formula}; {_where(spaces)}, w = {{weight}}{states}", own


class LinearSection(SemanticsSection):
    """Cooperate with probability s(w·θ_i + κ Σ_j w·θ_j), θ_i of several coordinates."""

    def family(self, game: Played, built: ParametricGame) -> LinearFamily | None:
        """The game at every coupling; none of games that its semantics refuses."""
        if not is_normal_form(game):
            return None
        own = self.settings()
        return LinearFamily(game, np.array(own["direction"]), own["bound"], built.channel)

    def said(self, game: Played, spaces: tuple[Box, ...]) -> Said:
        """What it does, for the report."""
        own = self.settings()
        count, bound = len(own["direction"]), _bound(own["bound"])
        each = bound if own["bound"] == np.inf else f"each {bound}"
        direction = ", w = ({direction})" if count <= MOST_COORDINATES else ""
        return (
            f"{self.MADE.formula}; {count} coordinates per player, {each}, κ = {{coupling}}"
            f"{direction}"
        ), own


def in_two_parts(value: str) -> str:
    """A function's place and its name, or a `ValueError`."""
    place, separator, name = value.rpartition(":")
    is_place = place.endswith(".py") or all(part.isidentifier() for part in place.split("."))
    if not separator or not is_place or "\0" in place or not name.isidentifier():
        raise ValueError(f"must be 'file.py:name' or 'package.module:name', but is {value!r:.60}")
    return value


class CustomSection(SemanticsSection):
    """A function of yours: function(params, seen, **parameters) gives everyone's mixed action."""

    CODE: ClassVar[str | None] = "function"

    _has_two_parts = field_validator("function", check_fields=False)(in_two_parts)

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "CustomSection":
        own = self.settings()
        if not own["lower"] < own["upper"]:
            raise ValueError(f"lower {own['lower']:g} must be below upper {own['upper']:g}")
        return self

    def build(self, game: Played, folder: Path) -> AbstractSemantics:
        """The semantics for this game's players.

        **Raises:** `InputError` when the function cannot be found or does not work.
        """
        own = self.settings()
        if is_repeated(game) and own["size"] is None:
            states = game.behaviour_shapes[0][0]
            raise InputError(
                f"key 'semantics.size' is missing: in this repeated game behaviour has {states} "
                "states, and one plain number for all of them is easily a slip: give "
                f"size = {states} for a number each, or size = 1 for a single one"
            )
        try:
            function = load_function(own["function"], folder)
            check_call(own["function"], function, own["parameters"], ("params", "seen"))
            custom = self._custom(function, game, own)
            check_states(own["function"], custom, game)
            return custom
        except InputError as error:
            raise InputError(f"key 'semantics.function': {error}") from error

    def _custom(self, function: Callable[..., Any], game: Played, own: dict[str, Any]) -> Custom:
        bound = with_numbers(function, own["parameters"])
        shape = () if own["size"] is None else (own["size"],)
        box = Box(np.full(shape, float(own["lower"])), np.full(shape, float(own["upper"])))
        return built_with(own["function"], function, lambda: Custom(bound, (box,) * game.players))

    def files(self, folder: Path) -> dict[str, Path]:
        """The source of the function and of what it imports, by name."""
        return code_file(self.settings()["function"], folder)

    def said(self, game: Played, spaces: tuple[Box, ...]) -> Said:
        """What it does, for the report."""
        own = self.settings()
        numbers = own["parameters"]
        given = ", ".join(f"{name} = {{parameters.{name}}}" for name in numbers)
        size = "one number" if own["size"] is None else f"{own['size']} numbers"
        return (
            f"the function `{own['function']}`{f' with {given}' if given else ''}; {size} per "
            "player in [{lower}, {upper}]"
        ), {**own, **{f"parameters.{name}": x for name, x in numbers.items()}}


SEMANTICS_SPECS: Kinds[SemanticsSection] = Kinds(
    SEMANTICS, SemanticsSection, GIVEN, "How parameters become mixed actions"
)
"""The tables of all kinds by name, registered ones too."""

MOST_COORDINATES = 12
"""As many coordinates of a direction are in the report."""


def _over_states(game: Played, own: dict[str, Any], each: str = "such logit") -> str:
    if not is_repeated(game):
        return ""
    read = own["reading"] or "situation"
    return f"; one {each} for each information state, read in the same {read}"


def _bound(bound: float) -> str:
    return "unbounded" if bound == np.inf else "in [−{bound}, {bound}]"


def _where(spaces: tuple[Box, ...]) -> str:
    """In which boxes parameters lie, in words."""
    leaves = [(np.asarray(x) for x in jax.tree.leaves((b.lower, b.upper))) for b in spaces]
    sizes = [box.size for box in spaces]
    numbers = np.concatenate([np.ravel(x) for found in leaves for x in found])
    low, high = numbers.min(), numbers.max()
    ends = f"{low:g}, {high:g}".replace("-", "−").replace("inf", "∞")
    where = "unbounded" if np.isinf(low) and np.isinf(high) else f"in [{ends}]"
    return f"parameters {where}" if max(sizes) == 1 else f"{max(sizes)} numbers per player, {where}"


def with_numbers(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """The function with numbers that it takes by name.

    Arrays inside a pytree, not values in a closure: so that sweeps compile once.
    """
    numbers = {name: np.asarray(float(x)) for name, x in parameters.items()}
    return jax.tree_util.Partial(function, **numbers)


def built_with(reference: str, function: Callable[..., Any], build: Callable[[], S]) -> S:
    """What is built with a function of somebody else's, which is told where it fails.

    **Raises:** `InputError` with the line of its file.
    """
    try:
        return build()
    except (Exception, SystemExit) as failed:
        # In a study all else is as its keys say, so that only what the function does is of use.
        error = failed.__cause__ if isinstance(failed, InputError) else failed
        if error is None:
            raise
        traced = isinstance(error, jax.errors.ConcretizationTypeError)
        hint = "; write it with jax.numpy, not numpy" * (traced or "Tracer" in type(error).__name__)
        where = _line_in(error, function)
        raise InputError(f"{reference} failed{where}: {failure(error)}{hint}") from error


def check_call(
    reference: str, function: Callable[..., Any], parameters: dict[str, Any], given: Sequence[str]
) -> None:
    """Whether it takes what it will be given, and compiled code can be kept for it.

    **Arguments:** `given`, the names of what it is given by place.
    """
    try:
        inspect.signature(function).bind(*given, **parameters)
    except (TypeError, ValueError) as error:  # ValueError: a builtin without a signature
        raise InputError(
            f"{reference} is called as function({', '.join(given)}, parameters by name), with "
            f"parameters {sorted(parameters)}: {error}"
        ) from error
    try:
        hash(function)
    except TypeError as error:
        raise InputError(
            f"{reference} is an object that cannot be hashed ({error}): name a function that calls "
            "it instead"
        ) from error


def check_states(reference: str, custom: AbstractSemantics, game: Played) -> None:
    """Whether it gives a row for each state of a repeated game, and of others a vector."""
    params = tuple(box.neutral() for box in custom.spaces)
    given = jax.eval_shape(lambda p: custom.behaviours(p, (p,) * len(p)), params).shapes
    wanted = game.behaviour_shapes
    if max(map(len, given)) > 1 and len(wanted[0]) == 1:
        raise InputError(
            f"{reference} returns rows for several states, of shapes {given}, but this game is "
            "played once: add repeated = { discount = 0.9 } to [game], or return one vector of "
            "probabilities for each player"
        )
    if len(wanted[0]) > 1 and [x[:-1] for x in given] != [x[:-1] for x in wanted]:
        raise InputError(
            f"{reference} returns probabilities of shapes {given}, but this game is repeated: "
            f"return a row for each of {wanted[0][0]} states, so of shapes {wanted}"
        )


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
