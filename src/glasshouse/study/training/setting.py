"""From the file of a training to what is trained, checked before anything is computed."""

import contextlib
import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pydantic

from glasshouse._foundation.results import Readable
from glasshouse.dynamics.training import Training, check_trainable
from glasshouse.errors import InputError
from glasshouse.games.stochastic.league import check_two_seats
from glasshouse.parametric import SampledParametricGame
from glasshouse.rules.base import AbstractRule
from glasshouse.study.recipe import Recipe, identity_of, packages_of
from glasshouse.study.spec.hints import in_its_table
from glasshouse.study.spec.plugins import load_plugins, plugin_files
from glasshouse.study.spec.toml import PLUGINS, first_error, named, study_text
from glasshouse.study.training.spec import TRAINING_KINDS, MeetingsSpec, TrainingStudy


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class PreparedTraining(Readable):
    """A checked training: `game`, played in samples; `training`; `inputs`, the contents of the
    files it reads by name, as they were when it was built.
    """

    study: TrainingStudy
    folder: Path
    game: SampledParametricGame
    training: Training
    inputs: dict[str, bytes]

    @property
    def beside(self) -> dict[str, Training]:
        """How others are trained whom the players meet, by name."""
        meetings = self.study.league
        if meetings is None:
            return {}
        return meetings.trained_beside(self.study.learning, self.training)

    @property
    def called(self) -> tuple[str, ...]:
        """What players are called: by their places, and what they play where they do not learn."""
        plays = [getattr(x, "strategy", None) for x in self.study.learning.players or ()]
        plays = plays or [None] * self.game.players
        return tuple(
            f"player {i + 1}" + (f" ({own.called})" if own is not None else "")
            for i, own in enumerate(plays)
        )

    @property
    def rules(self) -> tuple[AbstractRule, ...]:
        """By which rule each player learns; one for all, if they learn alike."""
        rule: Any = self.training.rule
        return rule.rules if self.study.learning.players is not None else (rule,)

    @property
    def formulas(self) -> tuple[str, ...]:
        """Those of the rules by which anybody learns."""
        learns = [x.learns for x in self.study.learning.players or ()] or [True]
        found = [rule.formula for rule, own in zip(self.rules, learns, strict=True) if own]
        return tuple(dict.fromkeys(found))

    def entrants(self, trained: str = "trained") -> tuple[str, ...]:
        """What those are called in the league who have parameters; nobody where nothing learns.

        **Arguments:** `trained`, whoever learned.
        """
        if self.training.tied:
            return (trained,)
        learns = [x.learns for x in self.study.learning.players or ()]
        learns = learns or [True] * self.game.players
        return tuple(f"{trained if own else 'fixed'} {i + 1}" for i, own in enumerate(learns))

    @property
    def title(self) -> str:
        """What it is called: as the study says, or its game and rules."""
        learns = [x.learns for x in self.study.learning.players or ()] or [True]
        named = [rule.words for rule, own in zip(self.rules, learns, strict=True) if own]
        words = " and ".join(dict.fromkeys(named))
        return self.study.title or f"{self.game.game.title}: {words}"

    @property
    def recipe(self) -> Recipe:
        """What its numbers depend on."""
        toml, learning = self.study.to_toml(), self.study.learning
        identity = identity_of(
            toml, self.inputs, learning.seed, packages_of(self.study.named()), learning.precision
        )
        return Recipe(toml, self.study.resolved(), self.inputs, identity)


def check_training(path: str | Path, *, trust: bool = False) -> PreparedTraining:
    """The training in a file and all it needs; this runs the plugins that it names.

    **Arguments:** `trust`, whether these may lie outside its folder.
    **Raises:** `InputError` naming the file and the key.
    """
    path = Path(path)
    text = study_text(path)
    try:
        return _prepared(_parsed(text, path.parent, trust), path.parent)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _parsed(text: str, folder: Path, trust: bool) -> TrainingStudy:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not valid TOML: {error}") from error
    with contextlib.suppress(pydantic.ValidationError):  # the study says what is wrong with them
        load_plugins(PLUGINS.validate_python(content.get("plugins", [])), folder, trust=trust)
    game = content.get("game")
    if isinstance(game, dict) and "kind" not in game:
        raise InputError(
            "key 'game.kind' is missing: a training is of a game in steps, such as "
            'kind = "iterated", and [game.stage] says what is played in each; other studies are '
            "computed by glasshouse run"
        )
    try:
        return TrainingStudy.model_validate(content)
    except pydantic.ValidationError as error:
        said = first_error(error, content, TrainingStudy, TRAINING_KINDS)
        raise InputError(in_its_table(said, content)) from error


def _prepared(study: TrainingStudy, folder: Path) -> PreparedTraining:
    with named("game"):
        game = study.game.build(folder)
    learning = study.learning
    policies = learning.policies(game, study.policy)
    with named("transparency"):
        sampled = SampledParametricGame(
            game,
            policies,
            study.transparency.build(),
            episodes=learning.episodes,
            precision=learning.precision,
        )
    with named("learning"):
        training = learning.build()
        check_trainable(sampled, training)
    if study.league is not None:
        with named("league"):
            _check_meetings(sampled, study.league)
        for k, beside in enumerate(study.league.trained_beside(learning, training).values()):
            with named(f"league.beside.{k - study.league.naive}"):
                check_trainable(sampled, beside)
    files = {**study.game.files(folder), **plugin_files(study.plugins, folder)}
    inputs = {name: file.read_bytes() for name, file in files.items()}
    return PreparedTraining(study, folder, sampled, training, inputs)


def _check_meetings(sampled: SampledParametricGame, meetings: MeetingsSpec) -> None:
    """Refuse scripts that the game has no names for, before anything is computed."""
    check_two_seats(sampled.game)
    if sampled.transparency.reads:
        raise InputError(
            f"players who read weights ({sampled.transparency.words}) cannot meet those who have "
            "none: leave [league] or [transparency] out"
        )
    for k, one in enumerate(meetings.named.values()):
        with named(f"league.against.{k}"):
            one.build(sampled.game)
