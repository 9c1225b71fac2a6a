"""The rules by name; contract tests run over all of them."""

from typing import Any

from glasshouse import rules
from glasshouse._foundation.declared import check_declared, names_of, study_settings
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.rules import sampled
from glasshouse.rules.base import AbstractRule
from glasshouse.rules.views import AbstractView

SAID = {"words": str, "formula": str, "cost": str, "keeps_rest_points": bool}
"""What a rule says of itself, and `glasshouse rules` prints."""


def _check(cls: Any) -> None:
    check_declared(cls, "rule", SAID)
    study_settings(cls)  # which refuses what studies could not write


def _check_view(cls: Any) -> None:
    check_declared(cls, "view", {"words": str})
    study_settings(cls)


VIEWS: Registry[type[AbstractView]] = Registry(
    "view",
    AbstractView,
    own=exported_classes(rules, AbstractView),
    check=_check_view,
    names=names_of,
)
"""What learners may see of the others."""


RULES: Registry[type[AbstractRule]] = Registry(
    "rule",
    AbstractRule,
    own=exported_classes(rules, AbstractRule) | exported_classes(sampled, AbstractRule),
    check=_check,
    names=names_of,
)
