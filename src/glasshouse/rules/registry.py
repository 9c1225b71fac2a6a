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

# Those of samples are loaded with the others, 0.1 s of the 3 s in which a command begins: every
# study's [learning] may have the numbers of any rule.
RULES: Registry[type[AbstractRule]] = declared_classes(
    "rule", "rules", AbstractRule, rules, sampled, says=SAID
)
