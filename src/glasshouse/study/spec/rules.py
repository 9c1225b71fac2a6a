"""Rules in study files: their names, and the numbers that belong to them."""

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import model_validator

from glasshouse.rules.base import AbstractDirection, check_direction
from glasshouse.rules.registry import RULES
from glasshouse.study.spec.values import Number, Positive, Section

RuleName: TypeAlias = Literal["gradient", "lola", "optimistic", "fixed"]
"""The rules that a study can name; they take plain numbers only."""


class RuleSection(Section):
    """A table that names a rule, with the numbers that belong to it."""

    SETTINGS: ClassVar[tuple[str, ...]] = ("look_ahead", "form")

    rule: RuleName = "gradient"
    """By which rule to learn; `glasshouse rules` lists them, "fixed" being not to learn."""
    look_ahead: Number | None = None
    """Of "lola": how far the others are expected to step; default 1."""
    form: Literal["taylor", "original"] | None = None
    """Of "lola": "taylor" (default), or "original" without the term H_o ξ."""

    @model_validator(mode="after")
    def _settings_belong_to_the_rule(self) -> "RuleSection":
        for key in self.SETTINGS:
            if getattr(self, key) is not None and key not in self._takes:
                raise ValueError(f"{key} does not belong to the rule {self.rule!r}: leave it out")
        return self

    @property
    def _takes(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(RULES[self.rule]).parameters

    def with_defaults(self) -> Any:
        """The same with the rule's numbers written out where they were left to their defaults."""
        missing = [k for k in self.SETTINGS if k in self._takes and getattr(self, k) is None]
        return self.model_copy(update={key: self._takes[key].default for key in missing})

    def build_rule(self) -> AbstractDirection:
        """The rule, with the numbers that were given."""
        given = {key: getattr(self, key) for key in self.SETTINGS}
        settings = {key: value for key, value in given.items() if value is not None}
        return check_direction(RULES[self.rule](**settings), "a study")


class PlayerSpec(RuleSection):
    """How one player of a line-up learns."""

    step_size: Positive | None = None
    """Parameter units per step and unit of its direction; default that of [learning]."""
