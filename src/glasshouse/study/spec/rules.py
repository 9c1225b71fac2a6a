"""Rules in study files: their names, and the numbers that belong to them."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, GetCoreSchemaHandler, create_model, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from glasshouse._foundation.declared import Key, settings_of
from glasshouse.errors import near_miss
from glasshouse.rules.base import AbstractDirection, check_direction
from glasshouse.rules.per_player import PerPlayer
from glasshouse.rules.registry import RULES
from glasshouse.rules.seeing import Seeing
from glasshouse.study.spec.declared import AS_IT_IS, classes, field, made
from glasshouse.study.spec.hints import rule_hint
from glasshouse.study.spec.sight import SIGHT_SPECS, SightSection
from glasshouse.study.spec.values import Positive, Section

OWN_RULES = classes(RULES, own=True)
"""The library's own rules that studies can name; they take plain numbers only."""


class RuleTable(Section):
    """A table that names a rule, with the numbers that belong to it."""

    KEYS: ClassVar[tuple[str, ...]] = ()
    """Its keys that are numbers of rules, of whichever."""

    INHERITS: ClassVar[bool] = False
    """Whether a table that names no rule may be about that of another table."""

    rule: str = Field(default="gradient", json_schema_extra={"enum": list(OWN_RULES)})
    """By which rule to learn; `glasshouse rules` lists them, "fixed" being not to learn."""
    sees: Annotated[SightSection, SIGHT_SPECS] | None = None
    """What its learner sees of the others, such as { kind = "noisy", scale = 2.0 }; default all."""

    @classmethod
    def keys_with(cls, rule: object) -> list[str]:
        """What may stand in such a table that names this rule, or none that there is."""
        named = classes(RULES).get(rule) if isinstance(rule, str) else None
        own = cls.KEYS if named is None else settings_of(named)
        return [*(key for key in cls.model_fields if key not in cls.KEYS), *own]

    @field_validator("rule")
    @classmethod
    def _is_a_rule(cls, value: str) -> str:
        if value not in OWN_RULES and value not in classes(RULES):
            *others, last = map(repr, classes(RULES))
            names = f"{', '.join(others)} or {last}"
            near = rule_hint(value) or near_miss(value, classes(RULES))
            said = {"names": names, "near": near}
            raise PydanticCustomError("literal_error", "Input should be {names}", said)
        return value

    @model_validator(mode="after")
    def _settings_belong_to_the_rule(self) -> "RuleTable":
        if self.INHERITS and "rule" not in self.model_fields_set:
            return self
        takes = self._takes
        for key in self.KEYS:
            if getattr(self, key) is not None and key not in takes:
                raise ValueError(f"{key} does not belong to the rule {self.rule!r}: leave it out")
        return self

    @property
    def made(self) -> Any:
        """The class of the rule."""
        return OWN_RULES[self.rule] if self.rule in OWN_RULES else classes(RULES)[self.rule]

    @property
    def _takes(self) -> Mapping[str, Key]:
        return settings_of(self.made)

    def _given(self) -> dict[str, Any]:
        found = {key: getattr(self, key) for key in self._takes}
        return {key: value for key, value in found.items() if value is not None}

    def with_defaults(self) -> Any:
        """The same with the rule's numbers written out where they were left to their defaults."""
        given = self._given()
        missing = {key: said.default for key, said in self._takes.items() if key not in given}
        return self.model_copy(update=missing)

    def build_rule(self) -> AbstractDirection:
        """The rule, with the numbers that were given."""
        rule = check_direction(made(self.made, self._given()), "a study")
        return rule if self.sees is None else Seeing(rule, self.sees.build())


def with_keys(table: type[RuleTable], rules: Mapping[str, Any], name: str) -> type[RuleTable]:
    """The table with the numbers of these rules, which are left out where the rule is another.

    Of one rule alone, those without a default must be given.
    """
    keys: dict[str, Key] = {}
    for rule in rules.values():
        for key, said in settings_of(rule).items():
            keys[key] = _together(keys[key], said) if key in keys else said
    found: dict[str, Any] = {}
    for key, said in keys.items():
        kind, info = field(said)
        default = ... if len(rules) == 1 and info.is_required() else None
        found[key] = (kind | None, FieldInfo(default=default, description=info.description))
    # There is no source to search for further docstrings, which takes long; in subclasses there is.
    without = {"use_attribute_docstrings": False}
    model = create_model(
        name, __base__=table, __doc__=table.__doc__, __cls_kwargs__=without, **found
    )
    model.model_config["use_attribute_docstrings"] = True
    model.KEYS = (*table.KEYS, *(key for key in found if key not in table.KEYS))
    return model


def _together(one: Key, other: Key) -> Key:
    """What may stand where two rules have a key of one name; each refuses what it does not take."""
    meaning = one.meaning
    if other.meaning not in meaning:
        meaning = f"{meaning} {other.meaning}"
    words = [key.kind for key in (one, other) if isinstance(key.kind, tuple)]
    if len(words) == 2:  # one sees again what it had of the others before
        several = tuple(dict.fromkeys((*words[0], *words[1])))
        return dataclasses.replace(one, meaning=meaning, kind=several)
    bounds = {
        name: chosen(getattr(one, name), getattr(other, name))
        if None not in (getattr(one, name), getattr(other, name))
        else None
        for name, chosen in (("least", min), ("most", max), ("above", min))
    }
    return dataclasses.replace(one, meaning=meaning, **bounds)


class ByRule:
    """As a type of a field: the table with the numbers of the rule that it names."""

    def __init__(self) -> None:
        self._tables: dict[Any, type[RuleTable]] = {}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def validated(value: Any, further: Any) -> Any:
            name = value.get("rule") if isinstance(value, dict) else None
            if not isinstance(name, str) or name in OWN_RULES or name not in classes(RULES):
                return further(value)
            rule = classes(RULES)[name]
            if rule not in self._tables:
                self._tables[rule] = with_keys(source, {name: rule}, source.__name__)
            return self._tables[rule].model_validate(value)

        own = handler(source)
        return core_schema.no_info_wrap_validator_function(validated, own, serialization=AS_IT_IS)


RuleSection = with_keys(RuleTable, OWN_RULES, "RuleSection")
"""A table that names a rule, with the numbers of all the library's own."""


class PlayerSpec(RuleSection):
    """How one player of a line-up learns."""

    step_size: Positive | None = None
    """Parameter units per step and unit of its direction; default that of [learning]."""


class LineUpSection(RuleSection):
    """How players learn: all by one rule, or each by its own."""

    players: tuple[Any, ...] | None = None
    """A line-up in place of `rule`: one table for each player."""

    @model_validator(mode="after")
    def _rule_or_players(self) -> "LineUpSection":
        if self.players is not None and "rule" in self.model_fields_set and self.rule != "gradient":
            raise ValueError("give either rule, for everybody, or players, one table for each")
        return self

    def written(self) -> Any:
        """The same with every default of its rules written out."""
        if self.players is None:
            return self.with_defaults()
        players = tuple(player.with_defaults() for player in self.players)
        return self.model_copy(update={"players": players})

    def build_learners(self, step_size: float) -> AbstractDirection:
        """The rule, or the line-up, own step sizes being in multiples of this one."""
        if self.players is None:
            return self.build_rule()
        sizes = [(player.step_size or step_size) / step_size for player in self.players]
        return PerPlayer([player.build_rule() for player in self.players], sizes)
