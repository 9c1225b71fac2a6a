"""The rules by name; contract tests run over all of them."""

from typing import Any

from glasshouse import rules
from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.rules.base import AbstractRule

SAID = {"words": str, "formula": str, "cost": str, "keeps_rest_points": bool}
"""What a rule says of itself, and `glasshouse rules` prints."""


def _check(cls: Any) -> None:
    check_declared(cls, "rule", SAID)
    study_settings(cls)  # which refuses what studies could not write


RULES: Registry[type[AbstractRule]] = Registry(
    "rule",
    AbstractRule,
    own=exported_classes(rules, AbstractRule),
    check=_check,
    names=names_of,
)
