"""The study file: TOML in, validated and frozen; every error names the key."""

import contextlib
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeGuard

import numpy as np
import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from glasshouse.analysis.family import LogisticFamily
from glasshouse.analysis.outcomes import Starts, check_starts
from glasshouse.errors import InputError, nearest
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.registry import from_catalogue
from glasshouse.interop.nfg import read_nfg


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _rows(value: object, what: str) -> list[list[float]]:
    """Rows of numbers, or a `ValueError` saying which entry is not one."""
    if not isinstance(value, list) or not value or not all(isinstance(row, list) for row in value):
        raise ValueError(f"must be {what}, but is {value!r:.60}")
    for i, row in enumerate(value):
        for j, entry in enumerate(row):
            if not _is_number(entry):
                raise ValueError(f"entry [{i}][{j}] must be a finite number, but is {entry!r:.40}")
    return [[float(entry) for entry in row] for row in value]


def _payoffs(value: object, where: str = "") -> object:
    """Nested lists of numbers, or a `ValueError` saying which entry is not one."""
    if isinstance(value, list):
        return [_payoffs(entry, f"{where}[{k}]") for k, entry in enumerate(value)]
    if where and not _is_number(value):
        raise ValueError(f"entry {where} must be a finite number, but is {value!r:.40}")
    return value


def _cooperate(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"must be an action's label, or an index from 0, but is {value!r:.40}")
    return value


def _coupling(value: object) -> float | list[list[float]]:
    if _is_number(value):
        return float(value)
    rows = _rows(value, "a finite number or a matrix of them")
    if len({len(row) for row in rows} | {len(rows)}) > 1:
        lengths = [len(row) for row in rows]
        raise ValueError(f"must be a square matrix, but has rows of {lengths} numbers")
    return rows


def _start(value: object) -> str | list[list[float]]:
    if value == "normal":
        return "normal"
    return _rows(value, "'normal' or a list of starts, each one number per player")


Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GameSpec(_Section):
    """`[game]`: exactly one of a catalogue `name`, an `.nfg` `file`, or a table of `payoffs`.

    `parameters` belong to a name; `cooperate` names the action (label, or index from 0) that counts
    as cooperation; `file` is relative to the study file.
    """

    name: str | None = None
    parameters: dict[str, Number] = {}
    file: str | None = None
    payoffs: Annotated[list | None, BeforeValidator(_payoffs)] = None
    cooperate: Annotated[str | int | None, BeforeValidator(_cooperate)] = None

    @model_validator(mode="after")
    def _one_source(self) -> "GameSpec":
        given = [key for key in ("name", "file", "payoffs") if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise ValueError(f"give exactly one of name, file or payoffs, not {found}")
        if self.parameters and self.name is None:
            raise ValueError("parameters belong to a catalogue name")
        return self

    def build(self, folder: Path) -> NormalFormGame:
        """The game, files being relative to `folder`."""
        if self.name is not None:
            game = from_catalogue(self.name)(**self.parameters)
        elif self.file is not None:
            game = read_nfg(folder / self.file)
        else:
            game = NormalFormGame(self.payoffs or [])
        return game if self.cooperate is None else game.cooperating(self.cooperate)


class SemanticsSpec(_Section):
    """`[semantics]`: the logistic semantics.

    `coupling` is replaced by the swept values; given as a matrix, it is the pattern of who reads
    whom that the swept values multiply. Parameters lie in [-`bound`, `bound`].
    """

    kind: Literal["logistic"] = "logistic"
    coupling: Annotated[float | list[list[float]], BeforeValidator(_coupling)] = 1.0
    bound: Annotated[float, Field(gt=0, strict=True)] = 3.0
    own_weight: Number = 1.0


class LearningSpec(_Section):
    """`[learning]`: selfish gradients from `start`, "normal" or a list of profiles.

    "normal" draws `starts` profiles N(0, `spread`²) by `seed`; a list gives one profile per run,
    one parameter per player.
    """

    rule: Literal["gradient"] = "gradient"
    step_size: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] = 0.1
    steps: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] = 6000
    start: Annotated[str | list[list[float]], BeforeValidator(_start)] = "normal"
    starts: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 200
    spread: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0

    def build(self) -> Starts:
        """The starts of the generic runs."""
        profiles = None if isinstance(self.start, str) else tuple(map(tuple, self.start))
        return Starts(self.starts, self.spread, self.seed, profiles)


class RangeSpec(_Section):
    """Evenly spaced values, both ends included."""

    start: Number
    stop: Number
    count: Annotated[int, Field(ge=2, le=100_000, strict=True)]

    @model_validator(mode="after")
    def _increasing(self) -> "RangeSpec":
        if not self.start < self.stop:
            raise ValueError(f"start {self.start:g} must be below stop {self.stop:g}")
        if len(set(self.values())) < self.count:
            raise ValueError(f"{self.count} values between {self.start} and {self.stop} coincide")
        return self

    def values(self) -> np.ndarray:
        """The values as float64, rounded to 12 digits so that 0.5 is 0.5."""
        largest = max(abs(self.start), abs(self.stop))
        digits = 12 - math.floor(math.log10(largest))
        return np.round(np.linspace(self.start, self.stop, self.count), digits)


class SweepSpec(_Section):
    """`[sweep]`: the couplings to study."""

    coupling: RangeSpec = Field(
        default=RangeSpec(start=0.0, stop=1.2, count=61), alias="semantics.coupling"
    )


class Study(_Section):
    """One game, one semantics, and a sweep over the coupling.

    Build it from a file with `read_study`, or from the sections in Python.
    """

    game: GameSpec
    semantics: SemanticsSpec = SemanticsSpec()
    learning: LearningSpec = LearningSpec()
    sweep: SweepSpec = SweepSpec()

    @model_validator(mode="after")
    def _coupling_is_used(self) -> "Study":
        given = "coupling" in self.semantics.model_fields_set
        swept = "sweep" in self.model_fields_set
        if given and not swept and isinstance(self.semantics.coupling, float):
            raise ValueError(
                "semantics.coupling is a number, which the sweep replaces: leave it out, or set "
                "[sweep]; glasshouse check answers for a single coupling"
            )
        return self

    def prepare(self, folder: Path = Path()) -> "Prepared":
        """Everything the sweep needs, checked; a game file is relative to `folder`.

        **Raises:** `InputError` naming the key, when the game, the coupling pattern or a given
        start cannot be used.
        """
        with _named("game"):
            game = self.game.build(folder)
        coupling = self.semantics.coupling
        pattern = None if isinstance(coupling, float) else np.array(coupling)
        family = LogisticFamily(game, self.semantics.bound, pattern, self.semantics.own_weight)
        couplings = self.sweep.coupling.values()
        with _named("semantics"):
            first = family(1.0)
        starts = self.learning.build()
        with _named("learning.start"):
            check_starts(first, starts)
        return Prepared(family, couplings, starts)

    def resolved(self) -> dict[str, Any]:
        """The study with every default written out, ready for TOML; a game file by its name."""
        written = self.model_dump(by_alias=True, exclude_none=True)
        if self.game.file is not None:
            written["game"]["file"] = Path(self.game.file).name
        if self.game.name is not None:
            defaults = from_catalogue(self.game.name).defaults
            written["game"]["parameters"] = {**defaults, **self.game.parameters}
        return written


class Prepared(NamedTuple):
    """A validated study: the game at every coupling, the couplings, the starts."""

    family: LogisticFamily
    couplings: np.ndarray
    starts: Starts


def read_study(path: str | Path) -> Study:
    """The study in a TOML file.

    **Raises:** `InputError`, one line naming the file, the key, the rule and what was found.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot read the study file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file in UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    try:
        return Study.model_validate(table)
    except pydantic.ValidationError as error:
        raise InputError(f"{path}: {_first_error(error)}") from error


@contextlib.contextmanager
def _named(key: str) -> Iterator[None]:
    """Prefix an `InputError` with the study key it comes from."""
    try:
        yield
    except InputError as error:
        raise InputError(f"key '{key}': {error}") from error


def _first_error(error: pydantic.ValidationError) -> str:
    """The most telling validation error: dotted key, the rule, what was found, the near miss."""
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"unknown key '{key}': {nearest(str(first['loc'][-1]), _keys(first['loc'][:-1]))}"
    if first["type"] == "missing":
        return f"key '{key}' is missing"
    if first["type"] == "value_error":
        prefix = f"key '{key}': " if key else ""
        return prefix + first["msg"].removeprefix("Value error, ")
    if first["type"] == "model_type":
        return f"key '{key}' must be a table, but is {first['input']!r:.60}"
    rule = first["msg"].removeprefix("Input should be ")
    return f"key '{key}' must be {rule}, but is {first['input']!r:.60}"


def _keys(parent: tuple[int | str, ...]) -> list[str]:
    """The keys a section may have."""
    section: Any = Study
    for part in parent:
        fields = {field.alias or name: field for name, field in section.model_fields.items()}
        section = fields[str(part)].annotation
    return [field.alias or name for name, field in section.model_fields.items()]
