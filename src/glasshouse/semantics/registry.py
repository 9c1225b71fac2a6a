"""The semantics by name; contract tests run over all of them."""

from glasshouse import semantics
from glasshouse._foundation.registry import exported_classes
from glasshouse.semantics.base import AbstractSemantics

SEMANTICS: dict[str, type[AbstractSemantics]] = exported_classes(semantics, AbstractSemantics)
