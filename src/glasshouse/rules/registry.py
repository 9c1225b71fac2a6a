"""The rules by name; contract tests run over all of them."""

from glasshouse import rules
from glasshouse._foundation.registry import exported_classes
from glasshouse.rules.base import AbstractRule

RULES: dict[str, type[AbstractRule]] = exported_classes(rules, AbstractRule)
