"""Tables of study files, made of what the classes that they build say of themselves."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, Union

import jax
import numpy as np
from pydantic import Field, GetCoreSchemaHandler, StrictBool, TypeAdapter, create_model
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from glasshouse._foundation.declared import NO_DEFAULT, Key, settings_of, study_name
from glasshouse._foundation.registry import Registry
from glasshouse.errors import InputError
from glasshouse.study.spec.imported import failure
from glasshouse.study.spec.values import Section

LONGEST_LIST = 1_000_000
"""Of a list."""

AS_IT_IS = core_schema.wrap_serializer_function_ser_schema(
    lambda value, further: further(value), schema=core_schema.any_schema()
)
"""Written with all its own keys, whatever the field was declared as."""

S = TypeVar("S", bound="Declared")
C = TypeVar("C")


class Declared(Section):
    """A table whose `kind` names a class, with the settings of it."""

    MADE: ClassVar[Any]
    """The class that it builds."""

    kind: str

    @classmethod
    def declare(cls) -> None:
        """Take over what the class says, once it is known which."""

    def counts(self) -> set[str]:
        """Which of its keys take whole numbers only."""
        return {name for name, key in self.MADE.keys.items() if key.kind is int}

    def settings(self) -> dict[str, Any]:
        """What was given for it, and defaults, by name."""
        return {name: value for name, value in self if name != "kind"}


def made(cls: Callable[..., C], settings: Mapping[str, Any]) -> C:
    """An instance of a class that may be somebody else's, its numbers in arrays.

    Plain floats in fields would be parts of the program, and a sweep over them compiled anew for
    every value.

    **Raises:** `InputError` where it is refused, and where its code fails.
    """
    try:
        return jax.tree.map(_as_array, cls(**settings))
    except InputError:
        raise
    except Exception as error:
        given = ", ".join(f"{name} = {value!r:.40}" for name, value in settings.items())
        raise InputError(f"{cls.__name__}({given}) fails: {failure(error)}") from error


def _as_array(leaf: Any) -> Any:
    return np.asarray(leaf) if isinstance(leaf, float) else leaf


def field(key: Key) -> tuple[Any, FieldInfo]:
    """The type and the field of one key."""
    kind: Any = _loaded(key.annotation) if key.annotation is not None else _plain(key)
    if key.several:
        kind = Annotated[list[kind], Field(min_length=key.fewest, max_length=LONGEST_LIST)]
    if key.default is None:
        kind = kind | None
    default = ... if key.default is NO_DEFAULT else key.default
    return kind, FieldInfo(annotation=kind, default=default, description=key.meaning)


def _plain(key: Key) -> Any:
    if isinstance(key.kind, tuple):
        return Literal[key.kind]
    if key.kind is bool:
        return StrictBool
    if key.kind is str:
        return str
    limits: dict[str, Any] = {"ge": key.least, "gt": key.above, "le": key.most}
    limits |= {"multiple_of": key.step}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    if key.kind is float and not key.infinite:
        limits["allow_inf_nan"] = False
    return Annotated[key.kind, Field(strict=True, **limits)]


def _loaded(place: Any) -> Any:
    """What stands at "module:name"; what is no text as it is."""
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def classes(registry: Registry[Any], own: bool = False) -> dict[str, Any]:
    """What studies can name, by its name there and in the order of lists; the library's `own`."""
    found = registry.own if own else registry
    named = [cls for cls in found.values() if cls.in_studies]
    return {study_name(cls): cls for cls in sorted(named, key=lambda cls: cls.listed)}


class Kinds(Mapping[str, type[S]], Generic[S]):
    """The sections of all registered classes that studies can name, by the names they have there.

    **Arguments:** `base`, of sections that need none of their own; `given`, what constructors take
    from elsewhere; `what`, the kind decides.
    """

    def __init__(self, registry: Registry[Any], base: type[S], given: frozenset[str], what: str):
        self._registry = registry
        self._base = base
        self._given = given
        self._what = what
        self._sections: dict[Any, type[S]] = {}
        self._readers: dict[type[S], TypeAdapter[Any]] = {}

    def own(self) -> list[type[S]]:
        """The sections of the library's own classes."""
        return [self._section(cls) for cls in classes(self._registry, own=True).values()]

    def __getitem__(self, name: str) -> type[S]:
        own = classes(self._registry, own=True)
        return self._section(own[name] if name in own else classes(self._registry)[name])

    def __iter__(self) -> Iterator[str]:
        return iter(classes(self._registry))

    def __len__(self) -> int:
        return len(classes(self._registry))

    __hash__: Any = object.__hash__

    def _section(self, cls: Any) -> type[S]:
        if cls not in self._sections:
            self._sections[cls] = self._made(cls)
        return self._sections[cls]

    def _made(self, cls: Any) -> type[S]:
        base = self._base if cls.section is None else _loaded(cls.section)
        name, first = study_name(cls), cls.listed == 1
        names = list(classes(self._registry, own=True))
        listing = ", ".join(self._quoted(names[:-1])) + f" or {self._quoted(names)[-1]}"
        meaning = f"{self._what}: {listing}." if first else f"{self._what}."
        kind = FieldInfo(default=name if first else ..., description=meaning)
        fields: dict[str, Any] = {"kind": (Literal[name], kind)}
        fields |= {key: field(said) for key, said in settings_of(cls, self._given).items()}
        doc = base.__doc__ if cls.section is not None else (cls.__doc__ or "").partition("\n")[0]
        # There is no source to search for further docstrings, which takes long.
        without = {"use_attribute_docstrings": False}
        found = create_model(
            f"{cls.__name__}Spec", __base__=base, __doc__=doc, __cls_kwargs__=without, **fields
        )
        found.MADE = cls
        found.declare()
        return found

    def _quoted(self, names: list[str]) -> list[str]:
        return [f'"{name}"' for name in names] if self._what.startswith("How") else names

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """As a type of a field: the section of the kind named, looked up when it is read.

        Editors are told of the library's own kinds.
        """
        return core_schema.no_info_wrap_validator_function(
            self._validated,
            handler.generate_schema(_either(self.own())),
            serialization=AS_IT_IS,
        )

    def _validated(self, value: Any, handler: Any) -> Any:
        if isinstance(value, self._base):
            return value
        kind = value.get("kind") if isinstance(value, dict) else None
        if (
            not isinstance(kind, str)
            or kind in classes(self._registry, own=True)
            or kind not in self
        ):
            return handler(value)
        section = self[kind]
        if section not in self._readers:
            self._readers[section] = TypeAdapter(_either([*self.own(), section]))
        return self._readers[section].validate_python(value)


def _either(sections: list[Any]) -> Any:
    """One of them, by its kind."""
    return Annotated[Union[tuple(sections)], Field(discriminator="kind")]  # noqa: UP007
