"""Who plays in a training, and whom its players meet: learners, scripts, given probabilities."""

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_serializer, model_validator

from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.players import AbstractPlayer
from glasshouse.games.stochastic.scripted import player_of
from glasshouse.semantics.policies.base import AbstractPolicy
from glasshouse.semantics.policies.registry import OF_THE_GAME, POLICIES
from glasshouse.semantics.policies.scripted import Scripted
from glasshouse.study.spec.declared import Declared, Kinds, made
from glasshouse.study.spec.rules import PlayerSpec
from glasshouse.study.spec.values import Section

HOW_PLAYED = '"tft", or [1.0, 1.0, 0.0, 1.0, 0.0], or { strategy = "gtft", generosity = 0.5 }'

NOT_LEARNING = "fixed"
"""The rule of those who do not learn."""


class PolicySection(Declared):
    """What a player's parameters are, by a class that says what it takes."""

    def build(self, game: AbstractStochasticGame) -> AbstractPolicy:
        """The policy for this game.

        **Raises:** `InputError` where it does not fit.
        """
        return made(self.MADE, {"game": game, **self.settings()})


POLICY_SPECS: Kinds[PolicySection] = Kinds(
    POLICIES, PolicySection, OF_THE_GAME, "What parameters are"
)


class PlaysSpec(Section):
    """Somebody who does not learn: a script of the game with its settings, or probabilities."""

    model_config = ConfigDict(extra="allow")

    strategy: str | list[Any]
    """A script of the game; or, of each situation, the probability of the first of two actions or
    a row of those of all."""
    name: Annotated[str, Field(min_length=1)] | None = None
    """What to call it; default its script, or its probabilities."""

    @property
    def called(self) -> str:
        """Its name, or what it plays."""
        if self.name is not None or isinstance(self.strategy, str):
            return str(self.name or self.strategy)
        return ", ".join(f"{x}" for x in self.strategy)

    def build(self, game: AbstractStochasticGame) -> AbstractPlayer:
        """The player, in this game.

        **Raises:** `InputError` for scripts and settings that there are not.
        """
        return player_of(game, self.strategy, **(self.model_extra or {}))

    @model_serializer
    def _in_short(self) -> Any:
        """As it is mostly written: a table only where there is more to say."""
        more = {} if self.name is None else {"name": self.name}
        more |= self.model_extra or {}
        return {"strategy": self.strategy, **more} if more else self.strategy


def _as_table(value: Any) -> Any:
    """What is written in short as a table, or a `ValueError`."""
    if isinstance(value, str | list | tuple):
        return {"strategy": value}
    if isinstance(value, PlaysSpec) or (isinstance(value, dict) and "strategy" in value):
        return value
    raise ValueError(f"must say what is played, as {HOW_PLAYED}, but is {value!r:.60}")


Plays = Annotated[PlaysSpec, BeforeValidator(_as_table)]


class TrainedPlayerSpec(PlayerSpec):
    """One player of a line-up: it learns by its `rule`, or plays a `strategy`."""

    strategy: Plays | None = None
    """In place of a rule what it plays: a script of the game, as "tft", or probabilities."""
    policy: Annotated[PolicySection, POLICY_SPECS] | None = None
    """What its parameters are; default those of [policy]."""

    @model_validator(mode="before")
    @classmethod
    def _who_plays_does_not_learn(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("strategy") is None:
            return data
        wrong = sorted({*data} - {"strategy", "rule"})
        if data.get("rule", NOT_LEARNING) != NOT_LEARNING:
            raise ValueError("give rule, by which it learns, or strategy, which it plays, not both")
        if wrong:
            raise ValueError(
                f"{wrong[0]} belongs to those who learn, and this one plays a strategy: leave it "
                f'out, or write a setting as strategy = {{ strategy = "…", {wrong[0]} = … }}'
            )
        return {**data, "rule": NOT_LEARNING}

    @property
    def learns(self) -> bool:
        """Whether its parameters move."""
        return self.rule != NOT_LEARNING

    def built(self, game: AbstractStochasticGame, usual: PolicySection) -> AbstractPolicy:
        """How it plays, `usual` being what [policy] says."""
        if self.strategy is not None:
            return Scripted(game, self.strategy.build(game))
        return (self.policy or usual).build(game)


class BesideSpec(PlayerSpec):
    """Others who are trained beside the players, by a rule of their own."""

    name: Annotated[str, Field(min_length=1)]
    """What they are called in the league; where players share no parameters, with their number."""
