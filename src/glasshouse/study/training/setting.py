"""From the file of a training to what is trained, checked before anything is computed."""

import contextlib
import dataclasses
import tomllib
from pathlib import Path

import pydantic

from glasshouse._foundation.results import Readable
from glasshouse.dynamics.training import Training, check_trainable
from glasshouse.errors import InputError
from glasshouse.games.stochastic.league import check_two_seats
from glasshouse.games.stochastic.scripted import script
from glasshouse.parametric import SampledParametricGame
from glasshouse.rules.sampled.reinforce import Reinforce
from glasshouse.study.recipe import Recipe, identity_of, packages_of
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
    def naive(self) -> Training | None:
        """How those are trained whom the others are compared with, if that is wanted."""
        meetings = self.study.league
        if meetings is None or not meetings.naive:
            return None
        return dataclasses.replace(self.training, rule=Reinforce())

    @property
    def title(self) -> str:
        """What it is called: as the study says, or its game and rule."""
        return self.study.title or f"{self.game.game.title}: {self.training.rule.words}"

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
        raise InputError(first_error(error, content, TrainingStudy, TRAINING_KINDS)) from error


def _prepared(study: TrainingStudy, folder: Path) -> PreparedTraining:
    with named("game"):
        game = study.game.build(folder)
    with named("policy"):
        policy = study.policy.build(game)
    learning = study.learning
    with named("transparency"):
        sampled = SampledParametricGame(
            game,
            policy,
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
    for name in meetings.against:
        script(name, sampled.game)
