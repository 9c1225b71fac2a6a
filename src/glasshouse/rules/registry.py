"""The rules by name; contract tests run over all of them."""

from glasshouse import rules
from glasshouse._foundation.registry import Registry, declared_classes
from glasshouse.rules import sampled
from glasshouse.rules.base import AbstractRule
from glasshouse.rules.views import AbstractView

SAID = {"words": str, "formula": str, "cost": str, "keeps_rest_points": bool}
"""What a rule says of itself, and `glasshouse rules` prints."""

VIEWS: Registry[type[AbstractView]] = declared_classes(
    "view", "views", AbstractView, rules, says={"words": str}
)
"""What learners may see of the others."""

RULES: Registry[type[AbstractRule]] = declared_classes(
    "rule", "rules", AbstractRule, rules, sampled, says=SAID
)
