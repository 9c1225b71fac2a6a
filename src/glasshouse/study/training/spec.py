"""The file of a training: what is played, by which policies, who reads whom, and how they learn."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field, StrictBool, model_validator

from glasshouse._foundation.registry import Registry
from glasshouse.dynamics.training import Training
from glasshouse.games.stochastic.base import AbstractStochasticGame
from glasshouse.games.stochastic.registry import STOCHASTIC
from glasshouse.parametric.sampled import MOST_EPISODES_PLAYED
from glasshouse.rules.registry import RULES
from glasshouse.semantics.policies.base import AbstractPolicy
from glasshouse.semantics.policies.registry import OF_THE_GAME, POLICIES, TRANSPARENCIES
from glasshouse.semantics.policies.transparency import AbstractTransparency
from glasshouse.study.spec.declared import Declared, Kinds, made
from glasshouse.study.spec.rules import ByRule, RuleSection
from glasshouse.study.spec.values import Plugins, Positive, Section
from glasshouse.study.training.environments import ENVIRONMENT_SPECS, EnvironmentSection


class PolicySection(Declared):
    """What a player's parameters are, by a class that says what it takes."""

    def build(self, game: AbstractStochasticGame) -> AbstractPolicy:
        """The policy for this game.

        **Raises:** `InputError` where it does not fit.
        """
        return made(self.MADE, {"game": game, **self.settings()})


class TransparencySection(Declared):
    """What of the others' weights enters play, by a class that says what it takes."""

    def build(self) -> AbstractTransparency:
        """The way of reading."""
        return made(self.MADE, self.settings())


POLICY_SPECS: Kinds[PolicySection] = Kinds(
    POLICIES, PolicySection, OF_THE_GAME, "What parameters are"
)
TRANSPARENCY_SPECS: Kinds[TransparencySection] = Kinds(
    TRANSPARENCIES, TransparencySection, frozenset(), "What of weights enters play"
)

TRAINING_KINDS: Mapping[str, Mapping[str, Any]] = {
    "game": ENVIRONMENT_SPECS,
    "policy": POLICY_SPECS,
    "transparency": TRANSPARENCY_SPECS,
}
"""Tables of several kinds, and the model of each kind."""


class TrainingSpec(RuleSection):
    """How players are trained, and from which seeds."""

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

    def build(self) -> Training:
        """How players are trained."""
        rule, seeds = self.build_rule(), (self.seeds, self.seed)
        return Training(
            rule, self.step_size, self.updates, self.every, *seeds, self.tied, self.adam
        )


class MeetingsSpec(Section):
    """Whom the players meet once they are trained, each seed every other."""

    against: tuple[str, ...] = ()
    """Scripts of the game, such as "allc", "alld" and "random" of the Coin Game."""
    naive: StrictBool = False
    """Whether players are trained beside them that follow their own rewards alone, all else being
    the same, to see what others gain by meeting the ones and not the others."""
    episodes: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 50
    """Episodes of each pair of seeds."""

    @model_validator(mode="after")
    def _somebody_to_meet(self) -> "MeetingsSpec":
        if not self.against and not self.naive:
            raise ValueError('names nobody to meet: give against = ["random"], or naive = true')
        return self


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
        learning = self.learning.with_defaults()
        found = self.model_copy(update={"learning": learning}).model_dump(exclude_none=True)
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
        yield POLICIES, self.policy.MADE
        yield TRANSPARENCIES, self.transparency.MADE
        yield RULES, self.learning.made

    def to_toml(self) -> str:
        """The resolved study as the text of a study file."""
        return tomli_w.dumps(self.resolved())
