"""From a study to games: everything it needs, built and checked before anything is computed."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic
import wadler_lindig as wl

from glasshouse._foundation.progress import progress
from glasshouse._foundation.results import Readable, call
from glasshouse.errors import InputError
from glasshouse.leagues.entrants import Entrant
from glasshouse.parametric import ParametricGame
from glasshouse.rules.base import AbstractRule, in_words
from glasshouse.study.building import Builder
from glasshouse.study.building import Setting as Setting
from glasshouse.study.entrants import check_league, league_entrants, of_entrant
from glasshouse.study.maps.field import StudyField
from glasshouse.study.spec.comparison import EntrySpec
from glasshouse.study.spec.hints import in_its_table
from glasshouse.study.spec.imported import check_place
from glasshouse.study.spec.plugins import load_plugins, plugin_files
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import first_error, named, read_study


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Prepared(Readable):
    """A checked study: `base`, its own values; `points` of the sweep, the first axis running
    fastest; `inputs`, the contents of the files it reads by name, as they were when it was built;
    `compared`, the learners to compare; `title`, what tells it from other studies of a run;
    `entrants` of its league; `field`, the games of its map, or None.
    """

    study: Study
    folder: Path
    base: Setting
    points: tuple[Setting, ...]
    inputs: dict[str, bytes]
    compared: tuple[Setting, ...] = ()
    title: str = ""
    entrants: tuple[Entrant, ...] = ()
    field: StudyField | None = None

    def __pdoc__(self, **settings: Any) -> wl.AbstractDoc:
        axes = {axis.key: f"{len(axis.values)} values" for axis in self.study.axes}
        facts = {"game": self.base.title, "axes": axes, "points": len(self.points)}
        return call("Prepared", [*facts.items(), ("inputs", tuple(self.inputs))], **settings)

    def along(self, key: str) -> Callable[[float], ParametricGame]:
        """The game as a function of the number at a dotted key, all else at its own values."""
        builder = Builder(self.study, self.folder)
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
    builder = Builder(study, folder)
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
    field = None if study.map is None else StudyField(study, folder)
    return Prepared(study, folder, base, tuple(points), inputs, compared, "", entrants, field)


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
        return Builder(study.compared(k), folder).setting({})
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
    for axis in study.swept:
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
