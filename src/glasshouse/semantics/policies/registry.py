"""Policies, and ways of reading them, by name; contract tests run over all of them."""

from glasshouse._foundation.registry import Registry, declared_classes
from glasshouse.semantics import policies
from glasshouse.semantics.policies.base import AbstractPolicy
from glasshouse.semantics.policies.transparency import AbstractTransparency

OF_THE_GAME = frozenset({"game"})
"""What a policy is made for, besides its own settings."""

OF_THEMSELVES = {"words": str, "formula": str}
"""What these classes say of themselves."""

POLICIES: Registry[type[AbstractPolicy]] = declared_classes(
    "policy", "policies", AbstractPolicy, policies, says=OF_THEMSELVES, given=OF_THE_GAME
)

TRANSPARENCIES: Registry[type[AbstractTransparency]] = declared_classes(
    "transparency", "transparencies", AbstractTransparency, policies, says=OF_THEMSELVES
)
