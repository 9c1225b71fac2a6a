"""Concrete classes are final, so that what is known of one is never said of another."""

import inspect
from typing import Any


def _refuse_derived(cls: type, **settings: Any) -> None:
    for base in cls.__mro__[1:]:
        if base.__module__.startswith("glasshouse.") and not _is_abstract(base):
            kind = next(c.__name__ for c in cls.__mro__[1:] if c.__name__.startswith("Abstract"))
            raise TypeError(
                f"{base.__name__} is final: its closed forms and certificates need not hold for "
                f"{cls.__name__}; derive from {kind} and keep a {base.__name__} in a field"
            )


final_unless_abstract: Any = classmethod(_refuse_derived)
"""As `__init_subclass__` of an abstract class: what derives from it is abstract, or derived from by
nobody. Closed forms, certificates and reports ask which class something is."""


def _is_abstract(cls: type) -> bool:
    return inspect.isabstract(cls) or cls.__name__.startswith("Abstract")
