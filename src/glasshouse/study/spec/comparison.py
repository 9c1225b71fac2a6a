"""`[comparison]` and `[[compare]]` of a study: which learners are compared, and by what."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from glasshouse.study.spec.dotted import flat
from glasshouse.study.spec.learning import LearningSpec
from glasshouse.study.spec.rules import RuleSection
from glasshouse.study.spec.values import Number, Positive, Section, is_number

UNASKED = dict.fromkeys(
    ("thresholds", "tied", "outcomes", "boundary_test", "portrait", "certify"), False
)
"""What a comparison does not need of `[analysis]`."""


class ReferenceSpec(Section):
    """A number that somebody else has published, to compare with."""

    mean: Number
    """Mean over runs, in what is compared."""
    std: Annotated[Number, Field(ge=0)]
    """Standard deviation over runs."""
    seeds: Annotated[int, Field(ge=1, strict=True)]
    """Over how many runs."""


class ComparisonSpec(Section):
    """By what learners are compared: always per round."""

    quantity: Literal["payoff", "loss"] = "payoff"
    """Of each run its "payoff", or its "loss", which is minus that."""
    player: Annotated[int, Field(ge=1, strict=True)] | None = None
    """Whose, counted from 1; default the mean of all players."""
    threshold: Number | None = None
    """`share` is that of the runs with a payoff above it, or a loss below it."""
    within: Positive = 3.0
    """How many combined standard errors a mean may be away from its reference."""

    def written(self) -> dict[str, Any]:
        """With every default written out."""
        return self.model_dump(exclude_none=True)


def _places(value: object) -> object:
    """Numbers and words by dotted key."""
    if not isinstance(value, dict):
        return value
    found = flat(value, "at", lambda entry: isinstance(entry, dict))
    for name, entry in found.items():
        if not (isinstance(entry, str) or is_number(entry)):
            raise ValueError(f"{name} must be a number or a word, but is {entry!r:.40}")
    return found


def some(value: object) -> object:
    """A list that is not empty, or a `ValueError`."""
    if isinstance(value, list | tuple) and not value:
        raise ValueError("lists no learner: give a table [[compare]] for each")
    return value


class EntrySpec(LearningSpec):
    """One learner, or line-up of learners: keys of [learning] in place of those of the study."""

    INHERITS: ClassVar[bool] = True

    name: Annotated[str, Field(min_length=1)] | None = None
    """What to call it; default its rule."""
    reference: ReferenceSpec | None = None
    """A published number to compare with: { mean = 1.05, std = 0.2, seeds = 50 }."""
    at: Annotated[dict[str, float | int | str], BeforeValidator(_places)] = Field(default={})
    """Other values of the study for it alone, by dotted key: { "semantics.coupling" = 0.3 }."""

    def over(self, learning: LearningSpec) -> dict[str, Any]:
        """`[learning]` with what is given here; others bring their own numbers."""
        own = self._own()
        inherited = _given(learning)
        if "players" in own or own.get("rule", learning.rule) != learning.rule:
            of_rules = {"rule", "players", *RuleSection.KEYS, *learning.KEYS}
            inherited = {key: x for key, x in inherited.items() if key not in of_rules}
        return {**inherited, **own}

    def given(self) -> dict[str, Any]:
        """What was given."""
        return {
            **({"name": self.name} if self.name else {}),
            **self._own(),
            **({"reference": self.reference.model_dump()} if self.reference else {}),
            **({"at": dict(self.at)} if self.at else {}),
        }

    def _own(self) -> dict[str, Any]:
        return {k: x for k, x in _given(self).items() if k not in ("name", "reference", "at")}


def _given(table: LearningSpec) -> dict[str, Any]:
    """What was given in a table, its defaults left out."""
    return table.model_dump(exclude_unset=True, exclude_none=True)
