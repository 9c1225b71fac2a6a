"""Rules in study files: their names, and the numbers that belong to them."""

import inspect
from typing import Any, Literal, TypeAlias

from pydantic import model_validator

from glasshouse.rules.base import AbstractDirection, check_direction
from glasshouse.rules.registry import RULES
from glasshouse.study.values import Number, Positive, Section

RuleName: TypeAlias = Literal["gradient", "lola", "optimistic", "fixed"]
"""The rules that a study can name; they take plain numbers only."""

SETTINGS = ("look_ahead", "form")
"""Keys that belong to some rules and not to others."""


class PlayerSpec(Section):
    """How one player of a line-up learns."""

    rule: RuleName = "gradient"
    """Its rule; "fixed" for a player who stays where it starts."""
    look_ahead: Number | None = None
    """Of "lola": how far the others are expected to step; default 1."""
    form: Literal["taylor", "original"] | None = None
    """Of "lola": "taylor" (default), or "original" without the term H_o ξ."""
    step_size: Positive | None = None
    """Parameter units per step and unit of its direction; default that of [learning]."""

    @model_validator(mode="after")
    def _fits(self) -> "PlayerSpec":
        check_settings(self.rule, self)
        return self


def check_settings(name: str, given: Any) -> None:
    """Refuse numbers that the rule does not have.

    **Raises:** `ValueError` naming the key.
    """
    takes = inspect.signature(RULES[name]).parameters
    for key in SETTINGS:
        if getattr(given, key) is not None and key not in takes:
            raise ValueError(f"{key} does not belong to the rule {name!r}: leave it out")


def with_defaults(name: str, given: Any) -> Any:
    """The same table with the rule's numbers written out where they were left to their defaults."""
    takes = inspect.signature(RULES[name]).parameters
    missing = [key for key in SETTINGS if key in takes and getattr(given, key) is None]
    return given.model_copy(update={key: takes[key].default for key in missing})


def build_rule(name: str, given: Any) -> AbstractDirection:
    """The rule of that name, with the numbers that were given."""
    settings = {key: getattr(given, key) for key in SETTINGS if getattr(given, key) is not None}
    return check_direction(RULES[name](**settings), "a study")
