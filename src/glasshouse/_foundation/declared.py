"""What a class says of itself: its name and keys in study files, how its numbers are written."""

import dataclasses
import inspect
import typing
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from glasshouse.errors import InputError

NO_DEFAULT = inspect.Parameter.empty
"""The default of a key that must be given."""

PLAIN_TYPES = (bool, int, float, str)
"""What a study can write of itself; lists of them need a `Key`."""

LAST = 1000
"""Where lists name what does not say its place: after all that do."""


@dataclasses.dataclass(frozen=True, repr=False)
class Key:
    """A setting of a class, as studies write it.

    **Arguments:** `meaning`, a sentence for the reference; `default`, left out where it must be
    given; `kind`, float, int, bool, str or a tuple of the words allowed; `symbol`, such as "κ";
    `axis`, what an axis of a figure is called; `least`, `most` and `above`, of a number;
    `infinite`, whether it may be; `step`, what a whole number is a multiple of; `several`,
    whether it is a list, and then of how many at the `fewest`; `annotation`, in place of the kind,
    a type that pydantic reads, or its place as "module:name".

        import glasshouse as gh

        print(gh.Key("κ, the weight of what one reads.", 0.5, symbol="κ", least=0).default)  # 0.5
    """

    meaning: str
    default: Any = NO_DEFAULT
    kind: type | tuple[str, ...] = float
    symbol: str = ""
    axis: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    infinite: bool = False
    step: int | None = None
    several: bool = False
    fewest: int = 1
    annotation: Any = None

    def __repr__(self) -> str:
        default = "" if self.default is NO_DEFAULT else f", {self.default!r}"
        return f"Key({self.meaning!r:.60}{default})"


@dataclasses.dataclass(frozen=True)
class Strength:
    """Which number of a semantics says how strongly all read each other.

    **Arguments:** `key`; `start`, `stop` and `count` of the values that are studied unless a study
    says others.

        import glasshouse as gh

        print(gh.Strength("coupling", 0.0, 1.2, 61).count)  # 61
    """

    key: str
    start: float
    stop: float
    count: int


class AbstractDeclared:
    """What studies can name: a class that says what it is called there, and what it takes."""

    study_name: ClassVar[str] = ""
    """Its name in study files; that of the class in lower case unless said."""
    in_studies: ClassVar[bool] = True
    """Whether study files can name it: False where it takes what no file can write."""
    keys: ClassVar[Mapping[str, Key]] = MappingProxyType({})
    """What its constructor takes, by name; others are as its signature says."""
    section: ClassVar[Any] = None
    """A model of its table with a way of its own to be built, or its place as "module:name"."""
    listed: ClassVar[int] = LAST
    """Its place where several are named."""


def study_name(cls: Any) -> str:
    """What study files call a class."""
    return cls.study_name or cls.__name__.lower()


def names_of(cls: Any) -> tuple[str, str]:
    """Under which names it is found: its own in lower case, and what study files call it."""
    return cls.__name__.lower(), study_name(cls)


def study_settings(cls: Any, given: frozenset[str] = frozenset()) -> dict[str, Key]:
    """The settings that studies can write of a class; none where they cannot name it."""
    return settings_of(cls, given) if cls.in_studies else {}


def settings_of(cls: Any, given: frozenset[str] = frozenset()) -> dict[str, Key]:
    """The settings of a class by name, `given` to it from elsewhere aside.

    Declared keys come first; where no `section` builds it from them, the rest is read from the
    signature of the constructor.
    """
    found = dict(cls.keys)
    if cls.section is not None:  # which knows how to build it from these
        return found
    try:
        hints = typing.get_type_hints(cls.__init__)
    except Exception:  # names that exist for a type checker alone
        hints = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if name in found or name in given:
            continue
        hint = hints.get(name, parameter.annotation)
        kind = hint if hint in PLAIN_TYPES else type(parameter.default)
        if found.keys() >= _unpacked(hint):  # further keywords, of which all are said
            continue
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if variadic or kind not in PLAIN_TYPES:
            raise InputError(
                f"{cls.__name__} takes {name}, of which studies do not know what it is: annotate "
                f"it as float, int, bool or str, say keys = {{{name!r}: Key(…)}}, or in_studies = "
                "False"
            )
        found[name] = Key(name.replace("_", " "), parameter.default, kind)
    return found


def _unpacked(hint: Any) -> set[str]:
    """The names in `**settings: Unpack[Settings]`; of another annotation one that nobody has."""
    if typing.get_origin(hint) is not typing.Unpack:
        return {""}
    return {*typing.get_args(hint)[0].__annotations__}


def check_declared(cls: Any, what: str, wanted: Mapping[str, type]) -> None:
    """Refuse a class that does not say what it is.

    **Arguments:** `what`, it is: "semantics"; `wanted`, class variables it must have, and of which
    type.
    """
    missing = [name for name, kind in wanted.items() if not _is_said(cls, name, kind)]
    if missing:
        raise InputError(
            f"{what} {cls.__name__} does not say {' and '.join(missing)}: add "
            f"{', '.join(f'{name}: ClassVar[{wanted[name].__name__}] = …' for name in missing)} to "
            "its class, from which reports, lists and studies take it"
        )
    if inspect.isabstract(cls) or getattr(cls, "__abstractvars__", ()):
        kinds = ("__abstractmethods__", "__abstractvars__")
        lacks = sorted({name for kind in kinds for name in getattr(cls, kind, ())})
        raise InputError(f"{what} {cls.__name__} is abstract: it lacks {', '.join(lacks)}")
    if not study_name(cls).isidentifier():
        raise InputError(f"{what} {cls.__name__}: {study_name(cls)!r} is no name for study files")


def _is_said(cls: Any, name: str, kind: type) -> bool:
    value = inspect.getattr_static(cls, name, None)
    return isinstance(value, kind) and (kind is not str or bool(value.strip()))
