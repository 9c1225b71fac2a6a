"""The semantics by name; contract tests run over all of them."""

from typing import Any

from glasshouse import semantics
from glasshouse._foundation.declared import study_settings
from glasshouse._foundation.registry import Registry, declared_classes
from glasshouse.errors import InputError
from glasshouse.semantics.base import AbstractSemantics

GIVEN = frozenset({"actions"})
"""What the constructor of a semantics is given by the game, where it takes it."""


def _has_its_strength(cls: Any) -> None:
    settings = study_settings(cls, GIVEN)
    if cls.in_studies and cls.strength is not None and cls.strength.key not in settings:
        raise InputError(
            f"semantics {cls.__name__} says that its strength is {cls.strength.key!r}, which is "
            f"none of its settings: {', '.join(settings) or 'it has none'}"
        )


SEMANTICS: Registry[type[AbstractSemantics]] = declared_classes(
    "semantics",
    "semantics",
    AbstractSemantics,
    semantics,
    says={"words": str, "formula": str},
    given=GIVEN,
    further=_has_its_strength,
)
