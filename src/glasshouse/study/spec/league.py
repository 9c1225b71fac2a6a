"""`[league]` of a study: who meets whom, from how many starts, and how they are rated."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from glasshouse.errors import near_miss
from glasshouse.games.strategies import STRATEGIES, named_strategy
from glasshouse.leagues.rating import POPULATION
from glasshouse.leagues.strategy import Strategy
from glasshouse.rules.base import AbstractDirection
from glasshouse.rules.registry import RULES
from glasshouse.study.spec.declared import classes
from glasshouse.study.spec.rules import ByRule, RuleSection
from glasshouse.study.spec.values import Number, Positive, Section, is_number

SEEDS = 20
"""Starts of each pair, unless said otherwise."""

Selection = Annotated[
    Positive | None,
    Field(
        description="Strength of selection in α-Rank, per unit of payoff; default 1 / the range of "
        "payoffs."
    ),
]
PopulationSize = Annotated[
    int,
    Field(ge=2, le=1_000_000, strict=True, description="Players of a population in α-Rank."),
]
Populations = Annotated[
    Literal["one", "several"],
    Field(description='Of α-Rank: "one" population, or "several", one for each seat.'),
]

OF_STRATEGIES = tuple(dict.fromkeys(key for _, takes in STRATEGIES.values() for key in takes))
"""Keys that are settings of some strategy."""


def _strategy(value: object) -> Any:
    """A name in short, or probabilities; or a `ValueError`."""
    if isinstance(value, str):
        known = named_strategy(value)
        if known is not None:
            return known
        if value in classes(RULES):
            raise ValueError(f"{value!r} is a rule of learning: write rule = {value!r}")
        listed = f": choose {', '.join(STRATEGIES)}, or give probabilities"
        raise ValueError(f"{value!r:.40} is no strategy{near_miss(value, STRATEGIES) or listed}")
    rows = value if isinstance(value, list | tuple) and value else [value]
    numbers = [x for row in rows for x in (row if isinstance(row, list | tuple) else [row])]
    if not all(is_number(x) and 0 <= x <= 1 for x in numbers):
        raise ValueError(
            f"must be a name, such as 'tft', or probabilities between 0 and 1, but is {value!r:.40}"
        )
    return value


class EntrantSpec(RuleSection):
    """One who takes part: a learner by its `rule` and the numbers of that, or a `strategy`."""

    INHERITS: ClassVar[bool] = True

    name: Annotated[str, Field(min_length=1)] | None = None
    """What to call it; default its rule in words, or its strategy."""
    strategy: Annotated[str | list[Any] | float | int, BeforeValidator(_strategy)] | None = None
    """In place of a rule what it plays whomever it meets: a name, as "tft", or probabilities."""
    p: Number | None = None
    """Of the strategy "random": how likely it is to cooperate; default 0.5."""
    generosity: Number | None = None
    """Of "gtft": how likely it is to forgive; default 1/3."""
    factor: Number | None = None
    """Of "extort" and "generous": χ; default 3 and 2."""
    scale: Number | None = None
    """Of these two: φ; default the middle of what is possible."""
    start: Number | None = None
    """Of these two: how likely they are to cooperate at the start."""

    @model_validator(mode="after")
    def _learns_or_plays(self) -> "EntrantSpec":
        given = self.model_fields_set
        if ("rule" in given) == (self.strategy is not None):
            has = "has both" if self.strategy is not None else "has neither"
            raise ValueError(
                f"give rule, by which it learns, or strategy, which it plays: it {has}"
            )
        wrong = [key for key in given if key in (self.KEYS if self.strategy else OF_STRATEGIES)]
        if self.strategy is None and wrong:
            raise ValueError(f"{wrong[0]} belongs to strategies, and this one learns: leave it out")
        if wrong:
            raise ValueError(f"{wrong[0]} belongs to rules, and a strategy keeps to what it plays")
        takes = STRATEGIES[self.strategy][1] if isinstance(self.strategy, str) else ()
        strange = sorted((given & {*OF_STRATEGIES}) - {*takes})
        if strange:
            allowed = f"it takes {', '.join(takes)}" if takes else "it takes none"
            raise ValueError(f"{strange[0]} is no setting of this strategy: {allowed}")
        return self

    def build(self) -> AbstractDirection | Strategy:
        """The rule, or the strategy."""
        if self.strategy is None:
            return self.build_rule()
        settings = {key: getattr(self, key) for key in OF_STRATEGIES}
        return Strategy(self.strategy, **{k: x for k, x in settings.items() if x is not None})

    def written(self) -> dict[str, Any]:
        """What was given, with every number of its rule."""
        if self.strategy is not None:
            return self.model_dump(exclude_none=True, exclude={"rule"})
        return self.with_defaults().model_dump(exclude_none=True)


Entrants = tuple[Annotated[EntrantSpec, ByRule()], ...]


class LeagueSpec(Section):
    """Everybody meets everybody, itself included, from the same starts."""

    entrants: Entrants
    """Who takes part, a table for each: { rule = "lola", look\\_ahead = 0.3 } or
    { strategy = "tft" }."""
    seeds: Annotated[int, Field(le=1_000_000, strict=True)] = SEEDS
    """From how many starts each pair plays: draws of [learning], the same for all pairs."""
    alpha: Selection = None
    population: PopulationSize = POPULATION
    form: Populations = "one"

    @field_validator("seeds")
    @classmethod
    def _more_than_one(cls, value: int) -> int:
        if value < 2:
            raise ValueError(
                f"must be at least 2, for one start tells nothing of chance, but is {value}"
            )
        return value

    @field_validator("entrants")
    @classmethod
    def _somebody_to_meet(cls, value: Entrants) -> Entrants:
        if len(value) < 2:
            raise ValueError(
                f"lists {len(value)}, and a league has two or more: "
                'entrants = [{ rule = "lola" }, { strategy = "tft" }]'
            )
        return value

    def written(self) -> dict[str, Any]:
        """With every default written out."""
        found = self.model_dump(exclude_none=True, exclude={"entrants"})
        return {**found, "entrants": [entrant.written() for entrant in self.entrants]}


def with_its_starts(data: dict[str, Any], league: Any) -> dict[str, Any]:
    """A study whose learning draws as many starts as its league plays from, unless it says."""
    learning = data.get("learning", {})
    seeds = league.get("seeds", SEEDS) if isinstance(league, dict) else league.seeds
    if isinstance(learning, dict):
        told = isinstance(seeds, int) and seeds > 0  # else what is wrong with it is said
        return {**data, "learning": {**({"starts": seeds} if told else {}), **learning}}
    given = "starts" in learning.model_fields_set
    return {
        **data,
        "learning": learning if given else learning.model_copy(update={"starts": seeds}),
    }
