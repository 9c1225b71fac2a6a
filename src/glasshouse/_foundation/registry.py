"""Registries that follow the exports: one line in a folder's `__init__.pyi` adds an entry."""

import inspect
from types import ModuleType
from typing import TypeVar

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
