"""Registries: what a folder's `__init__.pyi` exports, what is registered, what is installed."""

import importlib.metadata
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse.errors import InputError

T = TypeVar("T")


def exported_instances(module: ModuleType, kind: type[T]) -> dict[str, T]:
    """Exported objects of that kind, by name."""
    found = {name: getattr(module, name) for name in module.__all__}
    return {name: value for name, value in found.items() if isinstance(value, kind)}


def exported_classes(module: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """Exported concrete subclasses of `base`, by their name in lower case."""
    classes = exported_instances(module, type)
    return {
        name.lower(): value
        for name, value in classes.items()
        if issubclass(value, base) and not inspect.isabstract(value)
    }


class Registry(Mapping[str, T], Generic[T]):
    """All things of one kind by name: the library's own, and those added since, in this order.

    More of them are in installed packages, as entry points of the group "glasshouse.rules" or
    whatever they are: these are loaded when one is asked for that is not there, or all are.

    **Arguments:** `what` they are, "rule"; `group`, what several of them are called, "rules";
    `base`, of which they are subclasses, or instances where it is no abstract class; `own`, the
    library's; `check(thing)`, raising an `InputError` for one that cannot be registered;
    `names(thing)`, under which it is found: the first is its key here.
    """

    def __init__(
        self,
        what: str,
        group: str,
        base: type,
        own: Mapping[str, T],
        check: Callable[[Any], None],
        names: Callable[[Any], tuple[str, ...]],
    ):
        self.what = what
        self.own = dict(own)
        self.base = base
        self.group = f"glasshouse.{group}"
        self._check = check
        self._names = names
        self._added: dict[str, T] = {}
        self._is_searched = False
        self._installed: list[tuple[T, str, str]] = []

    def add(self, thing: Any) -> None:
        """Register one more; the same one again, or a newer edition of it, is no second one."""
        if not self.takes(thing):
            derived, base = inspect.isabstract(self.base), self.base.__name__
            how = f"derive a class from {base}" if derived else f"make a {base}"
            shown = thing.__name__ if inspect.isclass(thing) else f"{thing!r:.60}"
            raise InputError(f"{shown} is no {self.what}: {how}")
        self._check(thing)
        names = self._names(thing)
        for key, other in {**self.own, **self._added}.items():
            if other is thing or not {*names} & {*self._names(other)}:
                continue
            content, same_place = _content(thing), _place(thing) == _place(other)
            copied = content is not None and content == _content(other)
            if key in self._added and (same_place or copied):
                if not same_place:
                    return  # a copy of its file, as beside results: the first one serves
                del self._added[key]
                break
            raise InputError(
                f"the name {names[-1]!r} is taken by the {self.what} {_described(other)}: give "
                f"{_described(thing)} another name"
            )
        self._added[names[0]] = thing

    def takes(self, thing: Any) -> bool:
        """Whether this is one of its kind."""
        if inspect.isclass(thing):
            return inspect.isabstract(self.base) and issubclass(thing, self.base)
        return not inspect.isabstract(self.base) and isinstance(thing, self.base)

    def package(self, thing: Any) -> dict[str, str]:
        """The version of the installed package whose entry point this is, by its name; or nothing.

        Whoever has the thing has found it here, so that entry points have been searched.
        """
        return {name: version for known, name, version in self._installed if known is thing}

    def __getitem__(self, name: str) -> T:
        if name in self.own:
            return self.own[name]
        if name not in self._added:
            self._search()
        return self._added[name]

    def __iter__(self) -> Iterator[str]:
        self._search()
        return iter((*self.own, *self._added))

    def __len__(self) -> int:
        self._search()
        return len(self.own) + len(self._added)

    __eq__ = object.__eq__
    __hash__: Any = object.__hash__

    def __repr__(self) -> str:
        return f"{{{', '.join(self)}}}"

    def _search(self) -> None:
        """Load the entry points, once; a package that is broken is said so and left out."""
        if self._is_searched:
            return
        self._is_searched = True
        for entry in importlib.metadata.entry_points(group=self.group):
            try:
                thing = entry.load()
                self.add(thing)
                if entry.dist is not None:
                    self._installed.append((thing, entry.dist.name, entry.dist.version))
            except (Exception, SystemExit) as error:
                where = entry.value if entry.dist is None else f"the package {entry.dist.name}"
                said = f"the {self.what} {entry.name!r} of {where} is left out: {error}"
                warnings.warn(said, stacklevel=2)


def declared_classes(
    what: str,
    group: str,
    base: type[T],
    *modules: ModuleType,
    says: Mapping[str, type],
    given: frozenset[str] = frozenset(),
    further: Callable[[Any], None] = lambda cls: None,
    names: Callable[[Any], tuple[str, ...]] = names_of,
) -> Registry[type[T]]:
    """The registry of classes that say what they are: those that these modules export, and others.

    **Arguments:** `says`, class variables that each must have, and of which type; `given`, what its
    constructor takes that no study writes; `further(cls)`, raising an `InputError` where something
    else is amiss; `names(cls)`, as of `Registry`.
    """

    def check(cls: Any) -> None:
        check_declared(cls, what, says)
        study_settings(cls, given)  # which refuses what studies could not write
        further(cls)

    own = {name: cls for module in modules for name, cls in exported_classes(module, base).items()}
    return Registry(what, group, base, own, check, names)


def _source(thing: Any) -> Any:
    """The class, or the function that a game of the catalogue is made of."""
    return thing if inspect.isclass(thing) else getattr(thing, "function", thing)


def _place(thing: Any) -> str:
    """Where it was defined."""
    source = _source(thing)
    module = sys.modules.get(getattr(source, "__module__", ""))
    file = getattr(module, "__file__", None)
    where = str(Path(file).resolve()) if file else getattr(source, "__module__", "")
    return f"{where}:{getattr(source, '__qualname__', '')}"


def _content(thing: Any) -> tuple[str, str] | None:
    """What the file of a study held when it was read, and the name there; None for others."""
    module = sys.modules.get(getattr(_source(thing), "__module__", ""))
    known = getattr(module, "__digest__", None)
    return None if known is None else (known, getattr(_source(thing), "__qualname__", ""))


def _described(thing: Any) -> str:
    source = _source(thing)
    return f"{getattr(source, '__qualname__', thing)} of {getattr(source, '__module__', '…')}"
