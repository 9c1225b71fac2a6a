"""The semantics and the channels by name; contract tests run over all of them."""

from glasshouse import semantics
from glasshouse._registry import exported_classes
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.semantics.channel import AbstractChannel

SEMANTICS: dict[str, type[AbstractSemantics]] = exported_classes(semantics, AbstractSemantics)
CHANNELS: dict[str, type[AbstractChannel]] = exported_classes(semantics, AbstractChannel)
