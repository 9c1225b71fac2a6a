"""The semantics by name; contract tests run over all of them."""

from typing import Any

from glasshouse import semantics
from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.errors import InputError
from glasshouse.semantics.base import AbstractSemantics

GIVEN = frozenset({"actions"})
"""What the constructor of a semantics is given by the game, where it takes it."""


def _check(cls: Any) -> None:
    check_declared(cls, "semantics", {"words": str, "formula": str})
    settings = study_settings(cls, GIVEN)
    if cls.in_studies and cls.strength is not None and cls.strength.key not in settings:
        raise InputError(
            f"semantics {cls.__name__} says that its strength is {cls.strength.key!r}, which is "
            f"none of its settings: {', '.join(settings) or 'it has none'}"
        )


SEMANTICS: Registry[type[AbstractSemantics]] = Registry(
    "semantics",
    AbstractSemantics,
    own=exported_classes(semantics, AbstractSemantics),
    check=_check,
    names=names_of,
)
