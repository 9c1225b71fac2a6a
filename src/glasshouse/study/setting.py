"""From a study to games: everything it needs, built and checked before anything is computed."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pydantic
import wadler_lindig as wl

from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Readable, call, plain
from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.starts import check_starts
from glasshouse.errors import InputError
from glasshouse.families.family import AbstractFamily
from glasshouse.games.base import AbstractGame
from glasshouse.games.labels import on_one_line
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.repeated import Played, is_repeated
from glasshouse.leagues.entrants import Entrant
from glasshouse.parametric import AbstractParametricGame, Layout, ParametricGame, Tied
from glasshouse.parametric.capabilities import capabilities
from glasshouse.parametric.dense import check_channel
from glasshouse.parametric.measure import check_observable
from glasshouse.parametric.observable import Observable, is_in_place, observable
from glasshouse.rules.base import APART, AbstractRule, drawn_by, in_words
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.study.entrants import check_league, league_entrants, of_entrant
from glasshouse.study.spec.comparison import EntrySpec
from glasshouse.study.spec.hints import in_its_table
from glasshouse.study.spec.imported import check_place
from glasshouse.study.spec.plugins import load_plugins, plugin_files
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import first_error, named, read_study


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Setting(Readable):
    """A study at one point of its sweep, built.

    **Arguments:** `values`, of the swept numbers; `study`, without a sweep; `game`, with its
    labels; `played`, the same or how it is repeated; `parametric`, the game in parameters;
    `learning`.
    """

    values: dict[str, float]
    study: Study
    game: NormalFormGame
    played: Played
    parametric: ParametricGame
    learning: Learning

    @property
    def title(self) -> str:
        """What the game is called: as the study says, or as it is played."""
        return on_one_line(self.study.game.title or "") or self.played.title

    @property
    def observable(self) -> Observable | None:
        """What is looked at in place of cooperation; None where that is looked at.

        **Raises:** `InputError` where the game has no such player or action.
        """
        name, game = self.study.analysis.observe, self.game
        if not is_in_place(name):
            return None
        return observable(name, game.player_names, game.action_names)

    @property
    def steady(self) -> NormalFormGame:
        """The game of doing the same in every round, whose payoffs compare with what is learned."""
        return self.played.steady() if is_repeated(self.played) else self.game

    @property
    def learning_written(self) -> dict[str, Any]:
        """How players learn, for JSON, and of repeated games in which unit of payoffs."""
        unit = self.played.counted_in
        written = plain(self.study.settings()["learning"])
        return written if unit is None else {**written, "unit": unit}

    def own_family(self, key: str) -> AbstractFamily | None:
        """The game at every strength of reading, where `key` is that of this semantics."""
        semantics = self.study.semantics
        if key != f"semantics.{semantics.COUPLING}":
            return None
        return semantics.family(self.played, self.parametric)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Prepared(Readable):
    """A checked study: `base`, its own values; `points` of the sweep, the first axis running
    fastest; `inputs`, the contents of the files it reads by name, as they were when it was built;
    `compared`, the learners to compare; `title`, what tells it from other studies of a run;
    `entrants` of its league.
    """

    study: Study
    folder: Path
    base: Setting
    points: tuple[Setting, ...]
    inputs: dict[str, bytes]
    compared: tuple[Setting, ...] = ()
    title: str = ""
    entrants: tuple[Entrant, ...] = ()

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        axes = {axis.key: f"{len(axis.values)} values" for axis in self.study.axes}
        facts = {"game": self.base.title, "axes": axes, "points": len(self.points)}
        return call("Prepared", [*facts.items(), ("inputs", tuple(self.inputs))], **settings)

    def along(self, key: str) -> Callable[[float], ParametricGame]:
        """The game as a function of the number at a dotted key, all else at its own values."""
        builder = _Builder(self.study, self.folder)
        return lambda value: builder.setting({key: float(value)}).parametric


def check_study(path: str | Path, *, trust: bool = False) -> Prepared:
    """The study in a file and all it needs; this runs its Python file, where it names one.

    **Arguments:** `trust`, whether that file may lie outside the study's folder.
    **Raises:** `InputError` naming the file and the key.
    """
    path = Path(path)
    study = read_study(path, trust=trust)
    try:
        return prepare(study, path.parent, trust=trust)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def prepare(study: Study, folder: Path = Path(), *, trust: bool = False) -> Prepared:
    """Build and check the game at every point of the sweep; files are relative to `folder`.

    **Arguments:** `trust`, whether a Python file may be run that lies outside `folder`.
    **Raises:** `InputError` naming the key, when the game, the semantics or a start cannot be used.
    """
    if study.semantics.CODE is not None and not trust:
        with named(f"semantics.{study.semantics.CODE}"):
            check_place(study.semantics.settings()[study.semantics.CODE], folder)
    load_plugins(study.plugins, folder, trust=trust)
    _check_effects(study)
    _check_branches(study)
    builder = _Builder(study, folder)
    base = builder.setting({})
    keys = [axis.key for axis in study.axes]
    grid = list(itertools.product(*(axis.values for axis in reversed(study.axes))))
    points = []
    with progress("checking the points", len(grid)) as advance:
        for values in grid:
            points.append(builder.setting(dict(zip(keys, reversed(values), strict=True))))
            advance()
    entrants = league_entrants(study)
    for k, entrant in enumerate(entrants):
        with of_entrant(study, k):
            builder.check_rule(entrant.rule, base.parametric)
    check_league(study, entrants, [(point.parametric, point.learning) for point in points])
    files = {**study.game.files(folder), **study.semantics.files(folder)}
    files |= plugin_files(study.plugins, folder)
    inputs = {name: file.read_bytes() for name, file in files.items()}
    compared = _compared(study, folder)
    return Prepared(study, folder, base, tuple(points), inputs, compared, entrants=entrants)


def _compared(study: Study, folder: Path) -> tuple[Setting, ...]:
    """What `[[compare]]` lists, each built and checked."""
    found = []
    for k in range(len(study.compare)):
        try:
            with named(f"compare.{k}"):
                setting = _compared_one(study, k, folder)
        except InputError as error:
            raise InputError(in_its_table(str(error), {"compare": study.compare})) from error
        asked = None if study.comparison is None else study.comparison.player
        if asked is not None and asked > setting.game.players:
            raise InputError(
                f"key 'comparison.player': player {asked} does not exist, {setting.title} has "
                f"{setting.game.players}: {', '.join(setting.game.player_names)}"
            )
        found.append(setting)
    _check_names(study, found)
    return tuple(found)


def _compared_one(study: Study, k: int, folder: Path) -> Setting:
    try:
        return _Builder(study.compared(k), folder).setting({})
    except pydantic.ValidationError as error:
        said = first_error(error).removeprefix("key 'learning': ")
        raise InputError(said) from error


def entry_name(entry: EntrySpec, setting: Setting) -> str:
    """What a line-up is called: as the study says, or else by its rules and what is its own."""
    values = changes_in_words(entry.at)
    called = rules_called(setting.learning.rule) + (f" at {values}" if values else "")
    return entry.name or called


def changes_in_words(at: Mapping[str, float | int | str]) -> str:
    """What differs from the study: "semantics.coupling = 0.3"."""
    return ", ".join(f"{key} = {x if isinstance(x, str) else f'{x:g}'}" for key, x in at.items())


def rules_called(rule: AbstractRule) -> str:
    """A rule in words, or those of a line-up: "LOLA (look-ahead 1) against no learning"."""
    return " against ".join(map(in_words, getattr(rule, "rules", (rule,))))


def _check_names(study: Study, settings: Sequence[Setting]) -> None:
    """Refuse two learners of one name, whom nobody could tell apart."""
    names = [entry_name(*pair) for pair in zip(study.compare, settings, strict=True)]
    for k, name in enumerate(names):
        if name in names[:k]:
            raise InputError(
                f"key 'compare.{k}.name': {name!r:.60} is what compare.{names.index(name)} is "
                "called: give each learner a name of its own"
            )


def _check_effects(study: Study) -> None:
    """Refuse to sweep what changes nothing."""
    learning = study.learning
    own = "on the sweep: proofs are about the study's own values"
    without = {"learning.batch": "on the numbers", "analysis.certify": own}
    start = learning.start if isinstance(learning.start, str) else "a list"
    idle = () if start == "normal" else ("learning.spread",)
    idle += () if start in ("normal", "initial") else ("learning.seed",)
    without |= dict.fromkeys(idle, f"with start = {start!r}")
    if start in ("neutral", "a list"):
        without["learning.starts"] = f"with start = {start!r}"
    for axis in study.axes:
        if axis.key in without:
            raise InputError(f"key 'sweep.{axis.key}' has no effect {without[axis.key]}")


def _check_branches(study: Study) -> None:
    """Refuse to follow rest points along what is no axis of the semantics."""
    swept = {axis.key: len(axis.values) for axis in study.axes}
    for key in study.analysis.branches:
        if swept.get(key, 0) < 2:
            raise InputError(
                f"key 'analysis.branches': {key!r:.60} is not swept over two values or more: name "
                f"an axis of [sweep] ({', '.join(swept) or 'there is none'})"
            )
        if not key.startswith("semantics."):
            raise InputError(
                f"key 'analysis.branches': {key!r:.60} is no number of the semantics, such as "
                "'semantics.coupling': rest points are followed along those alone"
            )


class _Builder:
    """Builds settings; what has been built for some numbers once is used again.

    Every part of a study (its game, its semantics, …) is read once for each combination of the
    numbers that are swept in it, and built once for each part that it is built from.
    """

    def __init__(self, study: Study, folder: Path):
        self._study = study
        self._folder = folder
        self._own = study.at({})
        self._parts: dict[tuple[str, tuple[float, ...]], Any] = {}
        self._built: dict[tuple[int, ...], tuple[tuple[Any, ...], Any]] = {}
        self._actions: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._rules: set[tuple] = set()

    def setting(self, values: dict[str, float]) -> Setting:
        where = ", ".join(f"{key} = {value:g}" for key, value in values.items())
        try:
            return self._setting(values)
        except pydantic.ValidationError as error:
            raise InputError(f"key 'sweep': at {where}: {first_error(error)}") from error
        except InputError as error:
            raise InputError(
                f"key 'sweep': at {where}: {error}" if values else str(error)
            ) from error

    def _setting(self, values: dict[str, float]) -> Setting:
        study = self._at(values)
        with named("game"):
            game = self._once(study.game, build=lambda: study.game.build(self._folder))
        with named("game.repeated"):
            played = self._once(study.game, game, build=lambda: study.game.played(game))
        with named("semantics"):
            if game.players < 2:
                raise InputError(f"{game.title}: one player has nobody to read; give at least two")
            semantics = self._once(
                study.semantics, played, build=lambda: study.semantics.build(played, self._folder)
            )
        parametric = self._once(
            study.access, semantics, played, build=lambda: _parametric(study, played, semantics)
        )
        # Boxes depend on how many actions a game has, and on nothing else of it.
        actions = self._actions.setdefault(game.actions, game.actions)
        parts = study.learning, study.semantics, study.access, actions
        learning = self._once(*parts, build=lambda: self._learning(study, game, parametric))
        return Setting(values, study, game, played, parametric, learning)

    def _at(self, values: dict[str, float]) -> Study:
        """The study at these values, part by part."""
        of_part: dict[str, dict[str, float]] = {}
        for key, value in values.items():
            of_part.setdefault(key.partition(".")[0], {})[key] = value
        parts = {}
        for name, own in of_part.items():
            key = name, tuple(own.values())
            if key not in self._parts:
                part, as_it_is = getattr(self._study.at(own), name), getattr(self._own, name)
                self._parts[key] = as_it_is if part == as_it_is else part
            parts[name] = self._parts[key]
        return self._own.model_copy(update=parts)

    def _once(self, *made_from: Any, build: Callable[[], Any]) -> Any:
        """What is built from these things, which are kept, so that each is known by its place."""
        key = tuple(map(id, made_from))
        if key not in self._built:
            self._built[key] = made_from, build()
        return self._built[key][1]

    def _learning(self, study: Study, game: NormalFormGame, parametric: ParametricGame) -> Learning:
        with named("learning.tied"):
            learned = Tied(parametric) if study.learning.tied else parametric
        learning = study.learning.build(study.semantics.SPREAD)
        starts = learning.starts
        with named("analysis.observe"):
            check_observable(study.analysis.observe, learned)
            _check_in_place(study, game, parametric)
        with named("learning.players" if study.learning.players else "learning.rule"):
            self.check_rule(learning.rule, learned)
        with named("learning.start" if starts.kind == "given" else "learning.starts"):
            check_starts(learned, starts)
            if starts.runs > study.learning.batch:
                raise InputError(
                    f"{starts.runs} starts are more than learning.batch = {study.learning.batch} "
                    "trajectories held at once: raise it (about 70 bytes each), or take fewer"
                )
        return learning

    def check_rule(self, rule: AbstractRule, game: AbstractParametricGame) -> None:
        """Refuse a rule that cannot learn in the game, once for games that are alike."""
        if APART in rule.needs and game.layout is not Layout.separate:
            raise InputError(
                f"{rule.words} needs each player's parameters apart: leave learning.tied out, or "
                'use rule = "gradient"'
            )
        kind = (jax.tree.structure(rule), game.players, game.layout)
        if kind not in self._rules:
            here = game.neutral()
            size = np.array(0.1)
            key = jax.random.key(0) if drawn_by(rule) else None
            jax.eval_shape(lambda x: rule.step(game, x, rule.init(game, x, key), size, key), here)
            self._rules.add(kind)


def _check_in_place(study: Study, game: NormalFormGame, parametric: ParametricGame) -> None:
    """Refuse to look at what a game lacks in place of cooperation."""
    name = study.analysis.observe
    if not is_in_place(name):
        return
    found = observable(name, game.player_names, game.action_names)
    if found.actions and "dense" not in capabilities(parametric):
        raise InputError(
            f"observable {name!r:.60} is of games that are played once: in many rounds observe "
            'rates such as "rate CD"'
        )


def _parametric(study: Study, game: AbstractGame, semantics: AbstractSemantics) -> ParametricGame:
    with named(f"access.{study.access.SETTING}"):
        channel = study.access.build(semantics.spaces)
        check_channel(semantics, channel)
    with named("semantics"):
        return ParametricGame(game, semantics, channel)
