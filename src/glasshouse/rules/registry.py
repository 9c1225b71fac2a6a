"""The rules by name; contract tests run over all of them."""

from typing import Any

from glasshouse import rules
from glasshouse._foundation.declared import Key, check_declared, settings_of, study_name
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.rules.base import AbstractRule

SAID = {"words": str, "formula": str, "cost": str, "keeps_rest_points": bool}
"""What a rule says of itself, and `glasshouse rules` prints."""


def rule_settings(cls: Any) -> dict[str, Key]:
    """The numbers of a rule that studies can name; of others, none."""
    return settings_of(cls) if cls.in_studies else {}


def _check(cls: Any) -> None:
    check_declared(cls, "rule", SAID)
    rule_settings(cls)


RULES: Registry[type[AbstractRule]] = Registry(
    "rule",
    AbstractRule,
    own=exported_classes(rules, AbstractRule),
    check=_check,
    names=lambda cls: (cls.__name__.lower(), study_name(cls)),
)
