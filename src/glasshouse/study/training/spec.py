"""The file of a training: what is played, by which policies, who reads whom, and how they learn."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import tomli_w
from pydantic import Field, StrictBool, model_validator

from glasshouse._foundation.registry import Registry
from glasshouse.dynamics.training import Training
from glasshouse.errors import InputError
from glasshouse.games.stochastic.base import MOST_STEPS_PLAYED, AbstractStochasticGame
from glasshouse.games.stochastic.registry import STOCHASTIC
from glasshouse.leagues.rating import POPULATION
from glasshouse.parametric.sampled import MOST_EPISODES_PLAYED
from glasshouse.rules.fixed import Fixed
from glasshouse.rules.per_player import PerPlayer
from glasshouse.rules.registry import RULES
from glasshouse.rules.sampled.reinforce import Reinforce
from glasshouse.semantics.policies.base import AbstractPolicy
from glasshouse.semantics.policies.registry import POLICIES, TRANSPARENCIES
from glasshouse.semantics.policies.transparency import AbstractTransparency
from glasshouse.study.spec.declared import Declared, Kinds, made
from glasshouse.study.spec.league import Populations, PopulationSize, Selection
from glasshouse.study.spec.rules import ByRule, LineUpSection
from glasshouse.study.spec.toml import named
from glasshouse.study.spec.values import Plugins, Positive, Section
from glasshouse.study.training.environments import ENVIRONMENT_SPECS, EnvironmentSection
from glasshouse.study.training.players import (
    POLICY_SPECS,
    BesideSpec,
    Plays,
    PlaysSpec,
    PolicySection,
    TrainedPlayerSpec,
)

TAKEN = re.compile(r"(trained|naive|fixed)( \d+)?$")
"""What those are called who were trained."""


class TransparencySection(Declared):
    """What of the others' weights enters play, by a class that says what it takes."""

    def build(self) -> AbstractTransparency:
        """The way of reading."""
        return made(self.MADE, self.settings())


TRANSPARENCY_SPECS: Kinds[TransparencySection] = Kinds(
    TRANSPARENCIES, TransparencySection, frozenset(), "What of weights enters play"
)

TRAINING_KINDS: Mapping[str, Mapping[str, Any]] = {
    "game": ENVIRONMENT_SPECS,
    "policy": POLICY_SPECS,
    "transparency": TRANSPARENCY_SPECS,
}
"""Tables of several kinds, and the model of each kind."""


class TrainingSpec(LineUpSection):
    """How players are trained, and from which seeds."""

    players: (
        Annotated[tuple[Annotated[TrainedPlayerSpec, ByRule()], ...], Field(min_length=1)] | None
    ) = None
    """A line-up in place of `rule`: one table for each player."""
    step_size: Positive = 0.05
    """Parameter units per update and unit of direction."""
    updates: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)] = 500
    """Updates of every seed; a multiple of `every`."""
    every: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 10
    """After so many of them play is measured."""
    episodes: Annotated[int, Field(ge=2, le=MOST_EPISODES_PLAYED, strict=True)] = 128
    """Episodes of an update."""
    seeds: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 10
    """How many seeds are trained."""
    seed: Annotated[int, Field(ge=0, lt=2**32 - 100_001, strict=True)] = 0
    """The first of them; the others follow."""
    tied: StrictBool = False
    """Whether all players share one set of parameters, each adding its own gradient."""
    adam: StrictBool = True
    """Whether directions are scaled by Adam."""
    precision: Literal["single", "double"] = "single"
    """Of episodes; parameters are kept in double precision."""

    @model_validator(mode="after")
    def _the_end_is_measured(self) -> "TrainingSpec":
        if self.updates % self.every:
            raise ValueError(
                f"updates = {self.updates} must be a multiple of every = {self.every}, so that the "
                "end is measured"
            )
        return self

    @model_validator(mode="after")
    def _somebody_learns(self) -> "TrainingSpec":
        if self.players is not None and not any(player.learns for player in self.players):
            raise ValueError('nobody of players learns: give one a rule, such as "reinforce"')
        return self

    @model_validator(mode="after")
    def _who_share_learn_alike(self) -> "TrainingSpec":
        if self.tied and self.players is not None:
            raise ValueError(
                "tied players share one set of parameters and one rule: leave tied or players out"
            )
        return self

    def build(self) -> Training:
        """How players are trained."""
        rule, seeds = self.build_learners(self.step_size), (self.seeds, self.seed)
        return Training(
            rule, self.step_size, self.updates, self.every, *seeds, self.tied, self.adam
        )

    def beside(self, training: Training, rule: Any, step_size: float | None = None) -> Training:
        """The same where all who learn do it by this rule; with steps of theirs, or these."""
        if self.players is not None:
            each = [rule if player.learns else Fixed() for player in self.players]
            sizes = cast(PerPlayer, training.rule).step_sizes
            rule = PerPlayer(each, sizes if step_size is None else [1.0] * len(each))
        size = training.step_size if step_size is None else step_size
        return dataclasses.replace(training, rule=rule, step_size=size)

    def policies(
        self, game: AbstractStochasticGame, usual: PolicySection
    ) -> AbstractPolicy | list[AbstractPolicy]:
        """How everybody plays, `usual` being what [policy] says.

        **Raises:** `InputError` naming the table of a player.
        """
        if self.players is None:
            with named("policy"):
                return usual.build(game)
        if len(self.players) != game.players:
            raise InputError(
                f"key 'learning.players' lists {len(self.players)}, and {game.name} has "
                f"{game.players} players: give one table for each"
            )
        found = []
        for k, player in enumerate(self.players):
            part = "strategy" if player.strategy is not None else "policy"
            where = f"learning.players.{k}.{part}" if getattr(player, part) else "policy"
            with named(where):
                found.append(player.built(game, usual))
        return found


class MeetingsSpec(Section):
    """Whom the players meet once they are trained, each seed every other."""

    against: tuple[Plays, ...] = ()
    """Whom: scripts of the game, as "alld" and "random"; their probabilities in each situation; or
    { strategy = "gtft", generosity = 0.5, name = "forgiving" }."""
    naive: StrictBool = False
    """Whether players are trained beside them that follow their own rewards alone, by REINFORCE
    and without entropy, to see what others gain by meeting the ones and not the others."""
    beside: tuple[Annotated[BesideSpec, ByRule()], ...] = ()
    """Whom else: one table for each rule by which others are trained beside them, from the same
    seeds and for as long."""
    episodes: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 50
    """Episodes of each pair of seeds."""
    horizon: Annotated[int, Field(ge=1, le=MOST_STEPS_PLAYED, strict=True)] | None = None
    """Steps of an episode when they meet; default the game's."""
    alpha: Selection = None
    population: PopulationSize = POPULATION
    form: Populations = "one"

    @model_validator(mode="after")
    def _somebody_to_meet(self) -> "MeetingsSpec":
        if not (self.against or self.naive or self.beside):
            raise ValueError('names nobody to meet: give against = ["random"], or naive = true')
        return self

    def trained_beside(self, learning: TrainingSpec, training: Training) -> dict[str, Training]:
        """How those are trained who are trained beside the players, by name.

        **Raises:** `InputError` where two have one name, and naming the table of a rule.
        """
        found = {"naive": learning.beside(training, Reinforce())} if self.naive else {}
        for k, one in enumerate(self.beside):
            if one.name in found or TAKEN.match(one.name):
                raise InputError(f"key 'league.beside.{k}': there is another {one.name!r:.40}")
            with named(f"league.beside.{k}"):
                found[one.name] = learning.beside(training, one.build_rule(), one.step_size)
        return found

    @property
    def named(self) -> dict[str, PlaysSpec]:
        """Those whom they meet, by name.

        **Raises:** `InputError` where two have one name.
        """
        found: dict[str, PlaysSpec] = {}
        learned = {one.name for one in self.beside}
        for k, one in enumerate(self.against):
            if one.called in {*found, *learned} or TAKEN.match(one.called):
                raise InputError(
                    f"key 'league.against.{k}': there is another {one.called!r:.40}: give it a "
                    f'name, as {{ strategy = {json.dumps(one.strategy)}, name = "…" }}'
                )
            found[one.called] = one
        return found


class TrainingStudy(Section):
    """One game in steps, one kind of policy, who reads what of it, and one way to be trained."""

    plugins: Plugins = ()
    """Python files beside the study, or modules, that register what it names; run when checked."""
    title: str = ""
    """What to call it in the report and the figures; default its game and rule."""
    game: Annotated[EnvironmentSection, ENVIRONMENT_SPECS]
    """What is played."""
    policy: Annotated[PolicySection, POLICY_SPECS] = POLICY_SPECS["table"](kind="table")
    """What a player's parameters are."""
    transparency: Annotated[TransparencySection, TRANSPARENCY_SPECS] = TRANSPARENCY_SPECS["opaque"](
        kind="opaque"
    )
    """What of the others' weights enters play."""
    learning: Annotated[TrainingSpec, ByRule()] = TrainingSpec()
    """How players are trained."""
    league: MeetingsSpec | None = None
    """Whom they meet once they are trained."""

    def resolved(self) -> dict[str, Any]:
        """The study with every default written out, ready for TOML; files by their names."""
        written: dict[str, Any] = {"learning": self.learning.written()}
        if self.league is not None:
            beside = tuple(one.with_defaults() for one in self.league.beside)
            written["league"] = self.league.model_copy(update={"beside": beside})
        found = self.model_copy(update=written).model_dump(exclude_none=True)
        if not self.plugins:
            found.pop("plugins")
        else:
            found["plugins"] = [Path(p).name if p[-3:] == ".py" else p for p in self.plugins]
        stage = found["game"].get("stage")
        if stage is not None and "file" in stage:
            stage["file"] = Path(stage["file"]).name
        return found

    def named(self) -> Iterator[tuple[Registry[Any], Any]]:
        """What it names that may be somebody else's, and in which registry it is found."""
        yield STOCHASTIC, self.game.MADE
        beside = () if self.league is None else self.league.beside
        tables: Any = (*(self.learning.players or (self.learning,)), *beside)
        yield TRANSPARENCIES, self.transparency.MADE
        for section in (self.policy, *(getattr(table, "policy", None) for table in tables)):
            if section is not None:
                yield POLICIES, section.MADE
        for table in tables:
            yield RULES, table.made

    def to_toml(self) -> str:
        """The resolved study as the text of a study file."""
        return tomli_w.dumps(self.resolved())
