"""Policies, and ways of reading them, by name; contract tests run over all of them."""

from typing import Any

from glasshouse._foundation.declared import check_declared, names_of, settings_of
from glasshouse._foundation.registry import Registry, exported_classes
from glasshouse.semantics import policies
from glasshouse.semantics.policies.base import AbstractPolicy
from glasshouse.semantics.policies.transparency import AbstractTransparency

OF_THE_GAME = frozenset({"game"})
"""What a policy is made for, besides its own settings."""


def _check_policy(cls: Any) -> None:
    check_declared(cls, "policy", {"words": str, "formula": str})
    settings_of(cls, OF_THE_GAME)  # which refuses what studies could not write


def _check_transparency(cls: Any) -> None:
    check_declared(cls, "transparency", {"words": str, "formula": str})
    settings_of(cls)


POLICIES: Registry[type[AbstractPolicy]] = Registry(
    "policies",
    AbstractPolicy,
    own=exported_classes(policies, AbstractPolicy),
    check=_check_policy,
    names=names_of,
)

TRANSPARENCIES: Registry[type[AbstractTransparency]] = Registry(
    "transparencies",
    AbstractTransparency,
    own=exported_classes(policies, AbstractTransparency),
    check=_check_transparency,
    names=names_of,
)
