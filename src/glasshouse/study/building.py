"""A study at one point of its sweep, built part by part; what was built once is used again."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pydantic

from glasshouse._foundation.results import Readable, plain
from glasshouse.dynamics.learning import Learning
from glasshouse.dynamics.starts import check_starts
from glasshouse.errors import InputError
from glasshouse.families.family import AbstractFamily
from glasshouse.games.base import AbstractGame
from glasshouse.games.labels import on_one_line
from glasshouse.games.normal_form import NormalFormGame
from glasshouse.games.repeated import Played, is_repeated
from glasshouse.parametric import AbstractParametricGame, Layout, ParametricGame, Tied
from glasshouse.parametric.capabilities import capabilities
from glasshouse.parametric.dense import check_channel
from glasshouse.parametric.measure import check_observable
from glasshouse.parametric.observable import Observable, is_in_place, observable
from glasshouse.rules.base import APART, AbstractRule, drawn_by
from glasshouse.semantics.base import AbstractSemantics
from glasshouse.study.spec.study import Study
from glasshouse.study.spec.toml import first_error, named


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


class Builder:
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
