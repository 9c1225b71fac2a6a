"""Concrete classes are final, so that what is known of one is never said of another."""

import inspect
from typing import Any


def _refuse_derived(cls: type, **settings: Any) -> None:
    roots = [c for c in cls.__mro__ if vars(c).get("__init_subclass__") is final_unless_abstract]
    for base in [c for c in cls.__mro__[1:] if issubclass(c, roots[-1])]:
        abstract = inspect.isabstract(base) or base.__name__.startswith("Abstract")
        if base.__module__.startswith("glasshouse.") and not abstract:
            kinds = [c.__name__ for c in cls.__mro__[1:] if c.__name__.startswith("Abstract")]
            instead = f"derive from {kinds[0]} and keep" if kinds else "keep"
            raise TypeError(
                f"{base.__name__} is final: its closed forms and certificates need not hold for "
                f"{cls.__name__}; {instead} one in a field"
            )
    super(roots[-1], cls).__init_subclass__(**settings)


final_unless_abstract: Any = classmethod(_refuse_derived)
"""As `__init_subclass__` of an abstract class: what derives from it is abstract, or derived from by
nobody. Closed forms, certificates and reports ask which class something is."""
